// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {P256Fallback} from "../libraries/P256Fallback.sol";
import {Signers} from "../libraries/Signers.sol";
import {
    Accreditation,
    Anchor,
    BatchRegistration,
    Bundle,
    CustodyEvent,
    KeyAddition,
    KeyEnding,
    Statements,
    Suspension
} from "../types/Statements.sol";
import {Vm} from "./Vm.sol";

/// @notice Reading code as well as what {Vm} offers.
interface VmOfCode is Vm {
    function getCode(string calldata artifact) external view returns (bytes memory creationCode);
}

/// @title The struct hash of each statement, taken from call data as the ledger does
contract Hasher {
    function hashOf(BatchRegistration calldata s) external pure returns (bytes32) {
        return Statements.structHash(s);
    }

    function hashOf(CustodyEvent calldata s) external pure returns (bytes32) {
        return Statements.structHash(s);
    }

    function hashOf(Bundle calldata s) external pure returns (bytes32) {
        return Statements.structHash(s);
    }

    function hashOf(Anchor calldata s) external pure returns (bytes32) {
        return Statements.structHash(s);
    }

    function hashOf(Accreditation calldata s) external pure returns (bytes32) {
        return Statements.structHash(s);
    }

    function hashOf(Suspension calldata s) external pure returns (bytes32) {
        return Statements.structHash(s);
    }

    function hashOf(KeyAddition calldata s) external pure returns (bytes32) {
        return Statements.structHashOfKeyAddition(s.organisation, s.signer, s.purposes, s.validFrom, s.validUntil);
    }

    function hashOf(KeyEnding calldata s) external pure returns (bytes32) {
        return Statements.structHash(s);
    }

    function isSigned(bytes calldata signer, bytes32 digest, bytes calldata signature, address p256Fallback)
        external
        view
        returns (bool)
    {
        return Signers.isValid(signer, digest, signature, p256Fallback);
    }
}

/// @title The vectors of tests/vectors/typed_data.json, which eth-account, Python and ethers agree on
contract TypedDataTest {
    /// @dev One of the file's cases; the text is shared, not copied.
    struct Case {
        string json;
        uint256 index;
    }

    VmOfCode private constant vm = VmOfCode(address(uint160(uint256(keccak256("hevm cheat code")))));

    Hasher private _hasher;

    function setUp() public {
        _hasher = new Hasher();
    }

    // ---- the tests ----

    function test_everyStatementHashesAsTheVectorsSay() public view {
        Case[] memory cases = _cases();
        for (uint256 i = 0; i < cases.length; ++i) {
            vm.assertEq(_hashOf(cases[i]), _bytes32(cases[i], ".struct_hash"), _string(cases[i], ".name"));
        }
    }

    /// @dev The ledger that stands where the domain says has its separator from the constructor.
    function test_aLedgerDeployedInTheDomainGivesTheDigests() public {
        bytes memory creation = abi.encodePacked(vm.getCode("CustodyLedger.sol:CustodyLedger"), abi.encode(address(1)));
        Case[] memory cases = _cases();
        for (uint256 i = 0; i < cases.length; ++i) {
            address place = _enter(cases[i]);
            if (place.code.length == 0) {
                // the creation code, run at the address, answers the runtime code with its immutables
                vm.etch(place, creation);
                (bool done, bytes memory runtime) = place.call("");
                require(done, "deployed");
                vm.etch(place, runtime);
            }
            _checkDigest(cases[i], place);
        }
    }

    /// @dev A ledger that finds itself on another chain or at another address must not go on with the old separator.
    function test_aLedgerThatAForkMovedIntoTheDomainGivesTheDigests() public {
        bytes memory runtime = vm.deployCode("CustodyLedger.sol:CustodyLedger", abi.encode(address(1))).code;
        Case[] memory cases = _cases();
        for (uint256 i = 0; i < cases.length; ++i) {
            address place = _enter(cases[i]);
            vm.etch(place, runtime);
            _checkDigest(cases[i], place);
        }
    }

    function test_bothSignaturesHoldForTheirDigestAndNoOther() public {
        address p256 = address(new P256Fallback());
        Case[] memory cases = _cases();
        for (uint256 i = 0; i < cases.length; ++i) {
            bytes32 digest = _bytes32(cases[i], ".digest");
            for (uint256 j = 0; j < 2; ++j) {
                string memory path = string.concat(".signatures[", vm.toString(j), "]");
                bytes memory signer = _bytes(cases[i], string.concat(path, ".signer"));
                bytes memory signature = _bytes(cases[i], string.concat(path, ".signature"));
                vm.assertEq(signer.length, j == 0 ? 20 : 64);
                vm.assertTrue(_hasher.isSigned(signer, digest, signature, p256), _string(cases[i], ".name"));
                vm.assertFalse(_hasher.isSigned(signer, ~digest, signature, p256));
            }
        }
    }

    // ---- a ledger in a case's domain ----

    function _enter(Case memory c) private returns (address place) {
        vm.chainId(_uint(c, ".domain.chainId"));
        return vm.parseJsonAddress(c.json, _path(c, ".domain.verifyingContract"));
    }

    /// @dev The ledger tells two digests itself; the others follow from its separator.
    function _checkDigest(Case memory c, address place) private view {
        bytes32 separator = IAccreditation(place).domainSeparator();
        bytes32 kind = keccak256(bytes(_string(c, ".type")));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, _bytes32(c, ".struct_hash")));
        if (kind == keccak256("BatchRegistration")) {
            digest = ICustodyLedger(place).digestOfBatchRegistration(_registration(c));
        } else if (kind == keccak256("CustodyEvent")) {
            digest = ICustodyLedger(place).digestOfCustodyEvent(_event(c));
        }
        vm.assertEq(separator, _bytes32(c, ".domain_separator"), _string(c, ".name"));
        vm.assertEq(digest, _bytes32(c, ".digest"), _string(c, ".name"));
    }

    function _cases() private view returns (Case[] memory cases) {
        string memory json = vm.readFile("tests/vectors/typed_data.json");
        cases = new Case[](vm.parseJsonUint(json, ".count"));
        vm.assertGt(cases.length, 39);
        for (uint256 i = 0; i < cases.length; ++i) {
            cases[i] = Case(json, i);
        }
    }

    // ---- reading a case ----

    function _hashOf(Case memory c) private view returns (bytes32) {
        bytes32 kind = keccak256(bytes(_string(c, ".type")));
        if (kind == keccak256("BatchRegistration")) return _hasher.hashOf(_registration(c));
        if (kind == keccak256("CustodyEvent")) return _hasher.hashOf(_event(c));
        if (kind == keccak256("Bundle")) {
            return _hasher.hashOf(Bundle(_uint32(c, "actor"), _uint32(c, "count"), _field(c, "digests")));
        }
        if (kind == keccak256("Anchor")) {
            uint64 count = uint64(_uint(c, ".message.count"));
            return _hasher.hashOf(Anchor(_uint32(c, "organisation"), count, _field(c, "root"), _field(c, "previous")));
        }
        if (kind == keccak256("Accreditation")) return _hasher.hashOf(_accreditation(c));
        if (kind == keccak256("Suspension")) {
            uint64 sequence = uint64(_uint(c, ".message.sequence"));
            bool suspended = vm.parseJsonBool(c.json, _path(c, ".message.suspended"));
            return _hasher.hashOf(Suspension(_uint32(c, "authority"), _uint32(c, "organisation"), sequence, suspended));
        }
        if (kind == keccak256("KeyAddition")) return _hasher.hashOf(_addition(c));
        require(kind == keccak256("KeyEnding"), "a type of ours");
        return _hasher.hashOf(KeyEnding(_uint32(c, "actor"), _field(c, "key"), _uint40(c, "doubtSince")));
    }

    function _registration(Case memory c) private pure returns (BatchRegistration memory) {
        return BatchRegistration({
            manufacturer: _uint32(c, "manufacturer"),
            gtin: uint64(_uint(c, ".message.gtin")),
            lot: _string(c, ".message.lot"),
            productClass: uint8(_uint(c, ".message.productClass")),
            quantity: _uint32(c, "quantity"),
            manufactured: _uint32(c, "manufactured"),
            expiry: _uint32(c, "expiry"),
            unitRoot: _field(c, "unitRoot"),
            details: _field(c, "details")
        });
    }

    function _event(Case memory c) private pure returns (CustodyEvent memory) {
        return CustodyEvent({
            consignment: _field(c, "consignment"),
            previous: _field(c, "previous"),
            actor: _uint32(c, "actor"),
            kind: uint8(_uint(c, ".message.kind")),
            occurredAt: _uint40(c, "occurredAt"),
            counterparty: _uint32(c, "counterparty"),
            quantity: _uint32(c, "quantity"),
            place: bytes5(_bytes(c, ".message.place")),
            parts: _field(c, "parts"),
            details: _field(c, "details")
        });
    }

    function _accreditation(Case memory c) private pure returns (Accreditation memory) {
        return Accreditation({
            authority: _uint32(c, "authority"),
            organisation: _uint32(c, "organisation"),
            sequence: uint64(_uint(c, ".message.sequence")),
            name: _string(c, ".message.name"),
            country: bytes2(_bytes(c, ".message.country")),
            gln: uint64(_uint(c, ".message.gln")),
            roles: uint8(_uint(c, ".message.roles")),
            prefixes: _field(c, "prefixes"),
            adminKey: _bytes(c, ".message.adminKey")
        });
    }

    function _addition(Case memory c) private pure returns (KeyAddition memory) {
        return KeyAddition({
            organisation: _uint32(c, "organisation"),
            signer: _bytes(c, ".message.signer"),
            purposes: uint8(_uint(c, ".message.purposes")),
            validFrom: _uint40(c, "validFrom"),
            validUntil: _uint40(c, "validUntil")
        });
    }

    function _path(Case memory c, string memory rest) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(c.index), "]", rest);
    }

    function _uint(Case memory c, string memory rest) private pure returns (uint256) {
        return vm.parseJsonUint(c.json, _path(c, rest));
    }

    function _uint32(Case memory c, string memory field) private pure returns (uint32) {
        return uint32(_uint(c, string.concat(".message.", field)));
    }

    function _uint40(Case memory c, string memory field) private pure returns (uint40) {
        return uint40(_uint(c, string.concat(".message.", field)));
    }

    function _string(Case memory c, string memory rest) private pure returns (string memory) {
        return vm.parseJsonString(c.json, _path(c, rest));
    }

    function _bytes(Case memory c, string memory rest) private pure returns (bytes memory) {
        return vm.parseJsonBytes(c.json, _path(c, rest));
    }

    function _bytes32(Case memory c, string memory rest) private pure returns (bytes32) {
        return vm.parseJsonBytes32(c.json, _path(c, rest));
    }

    function _field(Case memory c, string memory field) private pure returns (bytes32) {
        return _bytes32(c, string.concat(".message.", field));
    }
}
