// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Accreditation, KeyAddition, KeyEnding, Suspension} from "../types/Statements.sol";
import {Purpose, Role} from "../types/Vocabulary.sol";
import {Checks} from "./Checks.sol";

/// @title The organisations of two countries, and what makes, changes and suspends them
/// @notice Organisation n signs with its first key, see {Signing-_secret}.
abstract contract Organisations is Checks {
    uint32 internal constant BELGIUM = 1; // authority and regulator
    uint32 internal constant SINGAPORE = 2; // authority and regulator
    uint32 internal constant MAKER = 3; // BE
    uint32 internal constant CARRIER = 4; // BE
    uint32 internal constant WHOLESALER = 5; // SG
    uint32 internal constant PHARMACY = 6; // SG
    uint32 internal constant CUSTOMS = 7; // SG
    uint32 internal constant PORT_CUSTOMS = 8; // SG
    uint32 internal constant FOREIGN_CUSTOMS = 9; // BE
    uint32 internal constant ORGANISATIONS = 9; // the next has number 10
    uint32 internal constant NOBODY = 99;

    uint64 internal constant PREFIX = 10 ** 7 + 9_506_000; // of the maker alone
    address internal immutable COUNCIL = vm.addr(0xc0);

    function _organise() internal {
        _admit(BELGIUM, "BE");
        _admit(SINGAPORE, "SG");
        _accredit(BELGIUM, MAKER, "BE", Role.MANUFACTURER, _prefixes());
        _accredit(BELGIUM, CARRIER, "BE", Role.CARRIER, new uint64[](0));
        _accredit(SINGAPORE, WHOLESALER, "SG", Role.WHOLESALER, new uint64[](0));
        _accredit(SINGAPORE, PHARMACY, "SG", Role.PHARMACY, new uint64[](0));
        _accredit(SINGAPORE, CUSTOMS, "SG", Role.CUSTOMS, new uint64[](0));
        _accredit(SINGAPORE, PORT_CUSTOMS, "SG", Role.CUSTOMS, new uint64[](0));
        _accredit(BELGIUM, FOREIGN_CUSTOMS, "BE", Role.CUSTOMS, new uint64[](0));
    }

    function _council(bytes memory call) internal {
        vm.prank(COUNCIL);
        _done(call);
    }

    // ---- accreditation ----

    function _prefixes() internal pure returns (uint64[] memory prefixes) {
        prefixes = new uint64[](1);
        prefixes[0] = PREFIX;
    }

    /// @dev What a first key signs.
    function _firstKey(uint32 number, bytes memory signer) internal pure returns (KeyAddition memory) {
        return KeyAddition(number, signer, Purpose.ADMIN | Purpose.EVENTS, 0, 0);
    }

    /// @dev A first key's own signature.
    function _cosignature(uint32 number) internal view returns (bytes memory) {
        return _signature(_secret(number), _digestOf(_firstKey(number, _signer(number))));
    }

    function _admit(uint32 number, bytes2 country) private {
        bytes memory cosignature = _cosignature(number);
        vm.prank(COUNCIL);
        ledger.admitAuthority("Authority", country, 0, Role.REGULATOR, new uint64[](0), _signer(number), cosignature);
    }

    /// @dev Of a new organisation.
    function _accreditation(uint32 authority, bytes2 country, uint8 roles, uint64[] memory prefixes, bytes memory admin)
        internal
        view
        returns (Accreditation memory)
    {
        uint64 sequence = ledger.organisation(authority).sequence;
        bytes32 hash = keccak256(abi.encodePacked(prefixes));
        return Accreditation(authority, 0, sequence, "Organisation", country, 0, roles, hash, admin);
    }

    function _accredit(uint32 authority, uint32 number, bytes2 country, uint8 roles, uint64[] memory prefixes)
        internal
    {
        Accreditation memory a = _accreditation(authority, country, roles, prefixes, _signer(number));
        bytes memory signature = _signature(_secret(authority), _digestOf(a));
        uint32 given = ledger.accredit(a, prefixes, _signer(authority), signature, _cosignature(number));
        vm.assertEq(given, number, "number assigned");
    }

    /// @dev Other roles, all else as before, no key.
    function _amend(uint32 authority, uint32 number, uint8 roles) internal {
        uint64[] memory prefixes = ledger.prefixesOf(number);
        Accreditation memory a = _accreditation(authority, ledger.organisation(number).country, roles, prefixes, "");
        a.organisation = number;
        ledger.accredit(a, prefixes, _signer(authority), _signature(_secret(authority), _digestOf(a)), "");
    }

    function _suspend(uint32 authority, uint32 number) internal {
        Suspension memory s = Suspension(authority, number, ledger.organisation(authority).sequence, true);
        ledger.suspend(s, _signer(authority), _signature(_secret(authority), _digestOf(s)));
    }

    // ---- further keys ----

    function _addKey(uint32 number, uint256 secret, uint8 purposes, uint40 validFrom, uint40 validUntil) internal {
        KeyAddition memory k = KeyAddition(number, _account(secret), purposes, validFrom, validUntil);
        bytes32 digest = _digestOf(k);
        ledger.addKey(k, _signer(number), _signature(_secret(number), digest), _signature(secret, digest));
    }

    function _addP256Key(uint32 number, uint256 secret) internal {
        KeyAddition memory k = KeyAddition(number, _p256Signer(secret), Purpose.EVENTS | Purpose.LABELS, 0, 0);
        bytes32 digest = _digestOf(k);
        ledger.addKey(k, _signer(number), _signature(_secret(number), digest), _p256Signature(secret, digest));
    }

    function _endKey(uint32 number, uint256 secret, uint40 doubtSince) internal {
        KeyEnding memory k = KeyEnding(number, keccak256(_account(secret)), doubtSince);
        ledger.endKey(k, _signer(number), _signature(_secret(number), _digestOf(k)));
    }
}
