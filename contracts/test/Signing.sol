// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
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
import {ILedger} from "./ILedger.sol";
import {Vm} from "./Vm.sol";

/// @title Test keys, known to everyone, and what they sign
/// @dev The digests are made here by EIP-712 spelled out, and not by the ledger's code.
abstract contract Signing {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 internal constant P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;

    ILedger internal ledger;

    // ---- keys and signatures ----

    /// @dev The secret of an organisation's first key.
    function _secret(uint32 number) internal pure returns (uint256) {
        return 0x1000 + number;
    }

    function _account(uint256 secret) internal pure returns (bytes memory) {
        return abi.encodePacked(vm.addr(secret));
    }

    function _signer(uint32 number) internal pure returns (bytes memory) {
        return _account(_secret(number));
    }

    function _keyOf(uint32 number) internal pure returns (bytes32) {
        return keccak256(_signer(number));
    }

    function _signature(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return abi.encodePacked(r, s, v);
    }

    function _p256Signer(uint256 secret) internal pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(secret);
        return abi.encodePacked(x, y);
    }

    /// @dev Over sha256 of the digest, with low s, as every signer off chain makes them.
    function _p256Signature(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(secret, sha256(abi.encodePacked(digest)));
        if (uint256(s) > P256_ORDER / 2) s = bytes32(P256_ORDER - uint256(s));
        return abi.encodePacked(r, s);
    }

    // ---- signed statements ----

    /// @dev By the first key of its actor.
    function _signed(CustodyEvent memory e, bytes memory attachment)
        internal
        view
        returns (ICustodyLedger.SignedCustodyEvent memory)
    {
        return ICustodyLedger.SignedCustodyEvent(
            e, attachment, _signer(e.actor), _signature(_secret(e.actor), _digestOf(e))
        );
    }

    /// @dev By the first key of its manufacturer.
    function _signed(BatchRegistration memory r) internal view returns (ICustodyLedger.SignedRegistration memory) {
        return ICustodyLedger.SignedRegistration(
            r, _signer(r.manufacturer), _signature(_secret(r.manufacturer), _digestOf(r))
        );
    }

    function _callOf(ICustodyLedger.SignedCustodyEvent memory item) internal pure returns (bytes memory) {
        return abi.encodeCall(ICustodyLedger.record, (item.statement, item.attachment, item.signer, item.signature));
    }

    function _callOf(ICustodyLedger.SignedRegistration memory item) internal pure returns (bytes memory) {
        return abi.encodeCall(ICustodyLedger.register, (item.statement, item.signer, item.signature));
    }

    // ---- digests ----

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", ledger.domainSeparator(), structHash));
    }

    function _digestOf(CustodyEvent memory e) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(Statements.CUSTODY_EVENT, e)));
    }

    function _digestOf(BatchRegistration memory r) internal view returns (bytes32) {
        bytes memory head = abi.encode(Statements.BATCH_REGISTRATION, r.manufacturer, r.gtin, keccak256(bytes(r.lot)));
        bytes memory tail = abi.encode(r.productClass, r.quantity, r.manufactured, r.expiry, r.unitRoot, r.details);
        return _digest(keccak256(bytes.concat(head, tail)));
    }

    function _digestOf(Bundle memory b) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(Statements.BUNDLE, b)));
    }

    function _digestOf(Anchor memory a) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(Statements.ANCHOR, a)));
    }

    function _digestOf(Accreditation memory a) internal view returns (bytes32) {
        bytes memory head =
            abi.encode(Statements.ACCREDITATION, a.authority, a.organisation, a.sequence, keccak256(bytes(a.name)));
        bytes memory tail = abi.encode(a.country, a.gln, a.roles, a.prefixes, keccak256(a.adminKey));
        return _digest(keccak256(bytes.concat(head, tail)));
    }

    function _digestOf(Suspension memory s) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(Statements.SUSPENSION, s)));
    }

    function _digestOf(KeyAddition memory k) internal view returns (bytes32) {
        bytes memory head = abi.encode(Statements.KEY_ADDITION, k.organisation, keccak256(k.signer));
        return _digest(keccak256(bytes.concat(head, abi.encode(k.purposes, k.validFrom, k.validUntil))));
    }

    function _digestOf(KeyEnding memory k) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(Statements.KEY_ENDING, k)));
    }
}
