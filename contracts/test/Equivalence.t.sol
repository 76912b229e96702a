// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {BatchRegistration, CustodyEvent} from "../types/Statements.sol";
import {Kind, Status} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";
import {Vm} from "./Vm.sol";

/// @dev Statements, good and bad, each made for the state that those before it left. Brought singly and as one list they must
/// leave the same slots, the same logs, and the same errors.
contract EquivalenceTest is Fixture {
    uint256 private constant STATEMENTS = 14;
    uint256 private constant ROUNDS = 50;

    uint256 private _seed;
    bytes32[] private _ids;
    uint256[16] private _acceptedOfKind;
    uint256 private _refusals;
    uint256[16] private _acceptedInRound;
    uint256 private _refusalsInRound;

    function testFuzz_recordMany_equalsTheSameStatementsSingly(uint256 seed) public {
        _compareEvents(seed);
    }

    function testFuzz_registerMany_equalsTheSameStatementsSingly(uint256 seed) public {
        _seed = seed;
        ICustodyLedger.SignedRegistration[] memory items = new ICustodyLedger.SignedRegistration[](8);
        bytes[] memory calls = new bytes[](items.length);
        bytes32[] memory digests = new bytes32[](items.length);
        for (uint256 i = 0; i < items.length; ++i) {
            BatchRegistration memory r = _someRegistration();
            items[i] = _signed(r);
            if (_chance(8)) items[i].signature = _signature(_secret(MAKER), 0);
            if (i != 0 && _chance(6)) items[i] = items[_below(i)];
            digests[i] = _digestOf(items[i].statement);
            calls[i] = _callOf(items[i]);
        }
        uint256 before = vm.snapshotState();
        vm.recordLogs();
        vm.record();
        bytes[] memory faults = new bytes[](items.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            faults[i] = _try(calls[i]);
        }
        _compare(before, abi.encodeCall(ICustodyLedger.registerMany, (items)), digests, faults);
    }

    /// @dev The comparison would say nothing if all statements were refused, or none.
    function test_theRandomStatements_areOfEveryKindAndRefusedToo() public {
        for (uint256 round = 0; round < ROUNDS; ++round) {
            uint256 before = vm.snapshotState();
            uint256[16] memory accepted = _acceptedOfKind;
            uint256 refusals = _refusals;
            _compareEvents(uint256(keccak256(abi.encode("round", round))));
            for (uint256 kind = 0; kind < 16; ++kind) {
                accepted[kind] += _acceptedInRound[kind];
            }
            refusals += _refusalsInRound;
            vm.revertToState(before);
            (_acceptedOfKind, _refusals) = (accepted, refusals);
        }
        for (uint256 kind = Kind.SHIP; kind <= Kind.CORRECT; ++kind) {
            require(_acceptedOfKind[kind] != 0, string.concat("never accepted: kind ", vm.toString(kind)));
        }
        require(_refusals > ROUNDS, "hardly any refused");
    }

    function _compareEvents(uint256 seed) private {
        _seed = seed;
        _ids = [batch, _registered("L2"), _registered("L3")];
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](STATEMENTS);
        bytes32[] memory digests = new bytes32[](STATEMENTS);
        bytes[] memory faults = new bytes[](STATEMENTS);
        uint256 before = vm.snapshotState();
        vm.recordLogs();
        vm.record();
        for (uint256 i = 0; i < STATEMENTS; ++i) {
            items[i] = _someEvent(items, i);
            digests[i] = _digestOf(items[i].statement);
            faults[i] = _try(_callOf(items[i]));
            if (faults[i].length == 0) _remember(items[i].statement, digests[i]);
        }
        uint256[16] memory accepted;
        uint256 refusals;
        for (uint256 i = 0; i < STATEMENTS; ++i) {
            if (faults[i].length == 0) ++accepted[items[i].statement.kind];
            else ++refusals;
        }
        _compare(before, abi.encodeCall(ICustodyLedger.recordMany, (items)), digests, faults);
        (_acceptedInRound, _refusalsInRound) = (accepted, refusals);
    }

    /// @dev Undoes what was done singly, does it as a list, and compares.
    function _compare(uint256 before, bytes memory call, bytes32[] memory digests, bytes[] memory faults) private {
        Vm.Log[] memory single = vm.getRecordedLogs();
        (, bytes32[] memory slots) = vm.accesses(address(ledger));
        bytes32[] memory values = _valuesOf(slots);
        vm.revertToState(before);
        vm.recordLogs();
        vm.record();
        _done(call);
        Vm.Log[] memory many = vm.getRecordedLogs();
        vm.assertEq(abi.encode(_valuesOf(slots)), abi.encode(values), "slots written singly");
        (, bytes32[] memory more) = vm.accesses(address(ledger));
        vm.assertEq(_hashOf(more), _hashOf(slots), "slots written");
        _compareLogs(single, many, digests, faults);
    }

    /// @dev A list logs what its statements log, and where one is refused its digest and error.
    function _compareLogs(Vm.Log[] memory single, Vm.Log[] memory many, bytes32[] memory digests, bytes[] memory faults)
        private
        view
    {
        uint256 next;
        uint256 statement;
        for (uint256 i = 0; i < many.length; ++i) {
            if (many[i].topics[0] != ICustodyLedger.Refused.selector) {
                _sameLog(many[i], single[next].topics, single[next].data);
                ++next;
                continue;
            }
            while (faults[statement].length == 0) ++statement;
            vm.assertEq(many[i].topics[1], digests[statement], "digest of the refused");
            vm.assertEq(many[i].data, abi.encode(faults[statement]), "error of the refused");
            ++statement;
        }
        vm.assertEq(next, single.length, "logs");
        while (statement < faults.length) {
            vm.assertEq(faults[statement++], "", "a refusal that the list did not log");
        }
    }

    function _hashOf(bytes32[] memory slots) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(slots));
    }

    function _try(bytes memory call) private returns (bytes memory fault) {
        bool done;
        (done, fault) = address(ledger).call(call);
        if (done) return "";
        require(fault.length != 0, "refused without a reason");
    }

    // ---- random statements ----

    function _random() private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return _seed;
    }

    function _below(uint256 end) private returns (uint256) {
        return _random() % end;
    }

    function _chance(uint256 oneIn) private returns (bool) {
        return _below(oneIn) == 0;
    }

    function _someId() private returns (bytes32) {
        return _chance(20) ? bytes32(_random()) : _ids[_below(_ids.length)];
    }

    function _someNumber() private returns (uint32) {
        return uint32(1 + _below(10)); // the last is nobody
    }

    function _someRegistration() private returns (BatchRegistration memory r) {
        string[4] memory lots = ["L1", "L2", "L3", "no lot~"];
        r = _registration(lots[_below(4)]);
        if (_chance(8)) r.quantity = 0;
        if (_chance(8)) r.expiry = r.manufactured;
        if (_chance(8)) r.gtin = r.gtin + 1;
        if (_chance(3)) r.details = bytes32(_random());
    }

    /// @dev Mostly by the one who may, sometimes with a flaw, sometimes one of the earlier again.
    function _someEvent(ICustodyLedger.SignedCustodyEvent[] memory earlier, uint256 count)
        private
        returns (ICustodyLedger.SignedCustodyEvent memory item)
    {
        if (count != 0 && _chance(12)) return earlier[_below(count)];
        bytes32 id = _someId();
        ICustodyLedger.Consignment memory c = ledger.consignment(id);
        uint8 kind = _someKind(c);
        CustodyEvent memory e = _event(kind, _someActor(kind, c), id);
        e.quantity = _chance(4) ? uint32(_below(c.rest + uint256(2))) : c.rest;
        if (Kind.NAMES_COUNTERPARTY >> kind & 1 == 1) e.counterparty = _someCounterparty(e, c);
        bytes memory attachment = _someAttachment(e, c, earlier, count);
        if (_chance(20)) e.previous = bytes32(_random());
        if (_chance(20)) e.occurredAt -= uint40(_below(60 days));
        if (_chance(20)) e.place = "ZZZZZ";
        if (_chance(30)) e.parts = bytes32(_random());
        if (kind == Kind.HANDOVER) attachment = _cosigned(e, _chance(10) ? _someNumber() : e.counterparty);
        item = _signed(e, attachment);
        if (_chance(16)) item.signature[_below(65)] ^= 0x01;
    }

    /// @dev Any, but what fits the state more often, so that long histories come about.
    function _someKind(ICustodyLedger.Consignment memory c) private returns (uint8) {
        if (_chance(3)) return uint8(_below(17));
        if (c.counterparty != 0) return _chance(4) ? Kind.RETURN : Kind.RECEIVE;
        if (c.heldBy != 0) return [Kind.RELEASE, Kind.RELEASE, Kind.SEIZE, Kind.DESTROY][_below(4)];
        if (c.status & Status.PALLET != 0) return _chance(2) ? Kind.UNPACK : Kind.SHIP;
        if (c.holder == PHARMACY && _chance(2)) return Kind.DISPENSE;
        uint8[8] memory kinds =
            [Kind.SHIP, Kind.SHIP, Kind.HANDOVER, Kind.SPLIT, Kind.PACK, Kind.DESTROY, Kind.HOLD, Kind.CORRECT];
        return kinds[_below(8)];
    }

    function _someActor(uint8 kind, ICustodyLedger.Consignment memory c) private returns (uint32) {
        if (_chance(10) || c.holder == 0) return _someNumber();
        if (kind == Kind.RECALL) return _chance(2) ? MAKER : SINGAPORE;
        if (kind == Kind.DESTROY) return c.heldBy == 0 ? c.holder : c.heldBy;
        if (_isByAuthority(kind)) return c.heldBy == 0 ? CUSTOMS : c.heldBy;
        if (c.counterparty != 0 && (kind == Kind.RECEIVE || _chance(2))) return c.counterparty;
        return c.holder;
    }

    function _someCounterparty(CustodyEvent memory e, ICustodyLedger.Consignment memory c) private returns (uint32) {
        if (_chance(10)) return _someNumber();
        if (e.kind == Kind.RECEIVE || e.actor == c.counterparty) return c.holder;
        if (e.kind == Kind.RETURN) return c.counterparty;
        return uint32(MAKER + _below(4));
    }

    /// @dev Fills the fields that depend on it.
    function _someAttachment(
        CustodyEvent memory e,
        ICustodyLedger.Consignment memory c,
        ICustodyLedger.SignedCustodyEvent[] memory earlier,
        uint256 count
    ) private returns (bytes memory attachment) {
        if (e.kind == Kind.CORRECT) {
            if (count == 0) return "";
            CustodyEvent memory wrong = earlier[_below(count)].statement;
            (e.consignment, e.previous, e.quantity) = (wrong.consignment, _digestOf(wrong), 0);
            if (!_chance(6)) e.actor = wrong.actor;
            return abi.encode(wrong);
        }
        if (e.kind == Kind.SPLIT) {
            uint32 first = uint32(_below(c.rest + uint256(1)));
            uint64 sscc = _chance(6) ? uint64(_random()) : c.holder == MAKER ? _sscc(uint64(_below(10 ** 9))) : 0;
            attachment = abi.encodePacked(sscc, first, uint64(0), uint32(e.quantity - (e.quantity < first ? 0 : first)));
        } else if (e.kind == Kind.PACK) {
            attachment = abi.encodePacked(uint64(0), e.consignment, c.head);
            bytes32 second = _someId();
            if (_chance(2)) attachment = bytes.concat(attachment, second, ledger.consignment(second).head);
            (e.consignment, e.previous, e.quantity) = (0, 0, uint32(attachment.length / 64));
        } else if (e.kind == Kind.UNPACK) {
            bytes32 packed = _someId();
            for (uint256 i = 0; i < _ids.length; ++i) {
                if (ledger.consignment(_ids[i]).pallet == c.pallet && _ids[i] != e.consignment) packed = _ids[i];
            }
            (attachment, e.quantity) = (abi.encodePacked(packed), 1);
        }
        if (Kind.HAS_PARTS >> e.kind & 1 == 1) e.parts = keccak256(attachment);
    }

    /// @dev What an accepted event made is there for the next ones.
    function _remember(CustodyEvent memory e, bytes32 digest) private {
        if (e.kind == Kind.PACK) _ids.push(digest);
        if (e.kind != Kind.SPLIT) return;
        _ids.push(_child(digest, 0));
        _ids.push(_child(digest, 1));
    }
}
