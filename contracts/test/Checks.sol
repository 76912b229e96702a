// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {BatchRegistration, CustodyEvent} from "../types/Statements.sol";
import {Kind} from "../types/Vocabulary.sol";
import {Signing} from "./Signing.sol";
import {Vm} from "./Vm.sol";

/// @title What every acceptance and every refusal is held to
/// @dev An acceptance down to its log; a refusal alone and among many, with the same bytes and nothing written.
abstract contract Checks is Signing {
    // ---- accepted ----

    function _accepted(CustodyEvent memory e) internal returns (bytes32) {
        return _accepted(e, "");
    }

    function _accepted(CustodyEvent memory e, bytes memory attachment) internal returns (bytes32 digest) {
        (digest,) = _acceptedLogs(_signed(e, attachment));
    }

    /// @dev Records an event and checks its log to the last field; no other log follows it but those of parts.
    /// @return digest The event's.
    /// @return logs All of them, the event's own first.
    function _acceptedLogs(ICustodyLedger.SignedCustodyEvent memory item)
        internal
        returns (bytes32 digest, Vm.Log[] memory logs)
    {
        digest = _digestOf(item.statement);
        logs = _logsOf(_callOf(item));
        CustodyEvent memory e = item.statement;
        bytes memory data = bytes.concat(
            abi.encode(e.previous, e.kind, e.occurredAt, e.counterparty, e.quantity),
            abi.encode(e.place, e.parts, e.details, keccak256(item.signer))
        );
        bytes32 actor = bytes32(uint256(e.actor));
        _sameLog(logs[0], _topics(ICustodyLedger.CustodyRecorded.selector, digest, e.consignment, actor), data);
        if (Kind.HAS_PARTS >> e.kind & 1 == 0) vm.assertEq(logs.length, 1, "logs");
    }

    /// @dev Registers a batch and checks its log to the last field.
    /// @return id The batch's.
    function _accepted(ICustodyLedger.SignedRegistration memory item) internal returns (bytes32 id) {
        Vm.Log[] memory logs = _logsOf(_callOf(item));
        BatchRegistration memory r = item.statement;
        id = keccak256(abi.encode(r.gtin, r.lot));
        bytes32 manufacturer = bytes32(uint256(r.manufacturer));
        bytes32[] memory topics = _topics(ICustodyLedger.BatchRegistered.selector, _digestOf(r), id, manufacturer);
        _sameLog(logs[0], topics, _factsOf(r, keccak256(item.signer)));
        vm.assertEq(logs.length, 1, "logs");
    }

    function _factsOf(BatchRegistration memory r, bytes32 key) private pure returns (bytes memory) {
        return
            abi.encode(r.gtin, r.lot, r.productClass, r.quantity, r.manufactured, r.expiry, r.unitRoot, r.details, key);
    }

    // ---- refused ----

    function _refused(CustodyEvent memory e, bytes memory attachment, bytes memory fault) internal {
        _refused(_signed(e, attachment), fault);
    }

    function _refused(CustodyEvent memory e, bytes memory fault) internal {
        _refused(_signed(e, ""), fault);
    }

    /// @dev The statement is refused with exactly this error, alone and among many, and nothing changes.
    function _refused(ICustodyLedger.SignedCustodyEvent memory item, bytes memory fault) internal {
        _reverts(_callOf(item), fault);
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](1);
        items[0] = item;
        _refusedAmongMany(abi.encodeCall(ICustodyLedger.recordMany, (items)), _digestOf(item.statement), fault);
    }

    function _refused(ICustodyLedger.SignedRegistration memory item, bytes memory fault) internal {
        _reverts(_callOf(item), fault);
        ICustodyLedger.SignedRegistration[] memory items = new ICustodyLedger.SignedRegistration[](1);
        items[0] = item;
        _refusedAmongMany(abi.encodeCall(ICustodyLedger.registerMany, (items)), _digestOf(item.statement), fault);
    }

    /// @dev The call of one statement as a list succeeds, logs the refusal last, and leaves every slot as it was. (Logs that
    /// were undone are recorded here as well, so that there is no telling that the refusal's is the only one.)
    function _refusedAmongMany(bytes memory call, bytes32 digest, bytes memory fault) private {
        uint256 before = vm.snapshotState();
        vm.record();
        Vm.Log[] memory logs = _logsOf(call);
        _sameLog(logs[logs.length - 1], _topics(ICustodyLedger.Refused.selector, digest), abi.encode(fault));

        (, bytes32[] memory slots) = vm.accesses(address(ledger));
        bytes32[] memory values = _valuesOf(slots);
        vm.revertToState(before);
        vm.assertEq(abi.encode(_valuesOf(slots)), abi.encode(values), "slots that a refused statement touched");
    }

    // ---- calls ----

    function _done(bytes memory call) internal {
        (bool done, bytes memory answer) = address(ledger).call(call);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }

    /// @dev What the call logs, which must succeed.
    function _logsOf(bytes memory call) internal returns (Vm.Log[] memory) {
        vm.recordLogs();
        _done(call);
        return vm.getRecordedLogs();
    }

    function _reverts(bytes memory call, bytes memory fault) internal {
        (bool done, bytes memory answer) = address(ledger).call(call);
        require(!done, "accepted, and should have been refused");
        vm.assertEq(answer, fault, "error");
    }

    // ---- state and logs ----

    function _valuesOf(bytes32[] memory slots) internal view returns (bytes32[] memory values) {
        values = new bytes32[](slots.length);
        for (uint256 i = 0; i < slots.length; ++i) {
            values[i] = vm.load(address(ledger), slots[i]);
        }
    }

    function _sameConsignment(bytes32 id, ICustodyLedger.Consignment memory expected) internal view {
        vm.assertEq(abi.encode(ledger.consignment(id)), abi.encode(expected), "consignment");
    }

    function _sameLog(Vm.Log memory log, bytes32[] memory topics, bytes memory data) internal view {
        vm.assertEq(log.emitter, address(ledger));
        vm.assertEq(abi.encodePacked(log.topics), abi.encodePacked(topics), "topics");
        vm.assertEq(log.data, data, "data");
    }

    function _topics(bytes32 signature) internal pure returns (bytes32[] memory topics) {
        topics = new bytes32[](1);
        topics[0] = signature;
    }

    function _topics(bytes32 signature, bytes32 a) internal pure returns (bytes32[] memory topics) {
        topics = new bytes32[](2);
        (topics[0], topics[1]) = (signature, a);
    }

    function _topics(bytes32 signature, bytes32 a, bytes32 b) internal pure returns (bytes32[] memory topics) {
        topics = new bytes32[](3);
        (topics[0], topics[1], topics[2]) = (signature, a, b);
    }

    function _topics(bytes32 signature, bytes32 a, bytes32 b, bytes32 c)
        internal
        pure
        returns (bytes32[] memory topics)
    {
        topics = new bytes32[](4);
        (topics[0], topics[1], topics[2], topics[3]) = (signature, a, b, c);
    }
}
