// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Fixture} from "./Fixture.sol";

/// @notice The order of a holder's events: head, time, and what was there before.
contract OrderTest is Fixture {
    function test_eventOnAnOldHead_isRefused() public {
        bytes32 old = ledger.consignment(batch).head;
        _move(batch, MAKER, CARRIER);
        CustodyEvent memory e = _shipment(batch, CARRIER, PHARMACY);
        bytes32 head = e.previous;
        e.previous = old;
        _refused(e, abi.encodeWithSelector(ICustodyLedger.StaleHead.selector, head, old));
    }

    function test_eventSentAgain_isAlreadyRecorded() public {
        CustodyEvent memory e = _shipment(batch, MAKER, CARRIER);
        bytes32 digest = _accepted(e);
        _refused(e, abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, digest));
    }

    function test_eventBeforeTheLast_isRefused_andAtItsTimeTaken() public {
        CustodyEvent memory e = _shipment(batch, MAKER, CARRIER);
        e.occurredAt = NOW - 100;
        _accepted(e);
        e = _receipt(batch, MAKER, CARRIER);
        e.occurredAt = NOW - 101;
        _refused(
            e,
            abi.encodeWithSelector(IAccreditation.OccurredAtOutOfRange.selector, NOW - 101, NOW - 100, NOW + 10 minutes)
        );
        e.occurredAt = NOW - 100;
        _accepted(e);
    }

    function testFuzz_eventOfAnUnknownConsignment_isRefused(bytes32 id) public {
        vm.assume(id != batch);
        _refused(_shipment(id, MAKER, CARRIER), abi.encodeWithSelector(ICustodyLedger.UnknownConsignment.selector, id));
    }

    function testFuzz_head_commitsToTheWholeHistory(uint8 hops) public {
        bytes32 head = ledger.consignment(batch).head;
        uint32[3] memory holders = [MAKER, CARRIER, PHARMACY];
        for (uint256 i = 0; i < hops % 8; ++i) {
            (uint32 from, uint32 to) = (holders[i % 3], holders[(i + 1) % 3]);
            head = _grown(head, _ship(batch, from, to));
            head = _grown(head, _accepted(_receipt(batch, from, to)));
        }
        vm.assertEq(ledger.consignment(batch).head, head, "head");
    }
}
