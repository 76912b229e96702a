// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Kind, Role, Status} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";

/// @notice INSPECT, HOLD, RELEASE, SEIZE, RECALL, DESTROY, DISPENSE, CORRECT.
contract AuthoritiesTest is Fixture {
    function test_inspectingIsRecordedAndChangesNothingButTheOrder() public {
        ICustodyLedger.Consignment memory before = ledger.consignment(batch);
        bytes32 digest = _do(Kind.INSPECT, batch, CUSTOMS);
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        vm.assertEq(c.head, keccak256(abi.encode(before.head, digest)));
        vm.assertEq(c.sequence, 1);
        (c.head, c.sequence) = (before.head, before.sequence);
        vm.assertEq(abi.encode(c), abi.encode(before));
        vm.assertTrue(ledger.isRecorded(digest));
    }

    function test_administrationsActInTheirOwnCountryOnly() public {
        uint8[4] memory kinds = [Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.SEIZE];
        for (uint256 i = 0; i < 4; ++i) {
            CustodyEvent memory e = event_(kinds[i], batch, CUSTOMS, 0);
            e.place = SINGAPORE;
            bytes memory reason =
                abi.encodeWithSelector(ICustodyLedger.OutsideJurisdiction.selector, bytes2("BE"), SINGAPORE);
            _refused(e, reason);
        }
    }

    function test_onlyAdministrationsActAsSuch() public {
        uint8[4] memory kinds = [Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.SEIZE];
        for (uint256 i = 0; i < 4; ++i) {
            bytes memory reason = err(IAccreditation.RoleMissing.selector, MAKER, Role.ADMINISTRATION);
            _refused(event_(kinds[i], batch, MAKER, 0), reason);
        }
    }

    function test_heldGoodsDoNotMove() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        _do(Kind.HOLD, batch, CUSTOMS);
        bytes memory reason = err(ICustodyLedger.Held.selector, CUSTOMS);
        _refused(event_(Kind.RECEIVE, batch, CARRIER, MAKER), reason);
        _refused(event_(Kind.RETURN, batch, CARRIER, MAKER), reason);
        _refused(event_(Kind.DESTROY, batch, MAKER, 0), reason);
        _do(Kind.RELEASE, batch, CUSTOMS);
        _do(Kind.RECEIVE, batch, CARRIER, MAKER);
    }

    function test_holdingTwiceIsRefused() public {
        _do(Kind.HOLD, batch, CUSTOMS);
        _refused(event_(Kind.HOLD, batch, AGENCY, 0), err(ICustodyLedger.Held.selector, CUSTOMS));
    }

    function test_anOldHoldCannotBeReplayedAfterItsRelease() public {
        CustodyEvent memory hold = event_(Kind.HOLD, batch, CUSTOMS, 0);
        bytes32 digest = _record(hold);
        _refused(hold, errOf(IAccreditation.AlreadyRecorded.selector, digest));
        _do(Kind.RELEASE, batch, CUSTOMS);
        _refused(hold, errOf(IAccreditation.AlreadyRecorded.selector, digest));
        hold.details = "signed too, never sent";
        _refused(hold, err(IAccreditation.StaleSequence.selector, 2, 0));
    }

    function test_aHolderCannotStarveCustomsByRacingTheHead() public {
        CustodyEvent memory hold = event_(Kind.HOLD, batch, CUSTOMS, 0);
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        _do(Kind.RETURN, batch, MAKER, CARRIER);
        _record(hold);
        vm.assertEq(ledger.consignment(batch).heldBy, CUSTOMS);
    }

    function test_anAuthorityIsNotBoundByTheHoldersTime() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        CustodyEvent memory e = event_(Kind.INSPECT, batch, CUSTOMS, 0);
        e.occurredAt = uint40(NOW - 1 days);
        _record(e);
        vm.assertEq(ledger.consignment(batch).occurredAt, NOW);
    }

    function test_releasingIsForWhoHeldOrARegulatorOfThatCountry() public {
        _do(Kind.HOLD, batch, AGENCY);
        _refused(event_(Kind.RELEASE, batch, CUSTOMS, 0), err(ICustodyLedger.Held.selector, AGENCY));
        CustodyEvent memory e = event_(Kind.RELEASE, batch, ABROAD, 0);
        e.place = SINGAPORE;
        _refused(e, err(ICustodyLedger.Held.selector, AGENCY));
        _do(Kind.RELEASE, batch, AGENCY);
        _do(Kind.HOLD, batch, CUSTOMS);
        _do(Kind.RELEASE, batch, AGENCY);
        vm.assertEq(ledger.consignment(batch).heldBy, 0);
        _refused(event_(Kind.RELEASE, batch, AGENCY, 0), err(ICustodyLedger.NotHeld.selector));
    }

    function test_seizedGoodsStaySeized() public {
        _do(Kind.SEIZE, batch, CUSTOMS);
        bytes memory reason = err(ICustodyLedger.Seized.selector, CUSTOMS);
        _refused(event_(Kind.SHIP, batch, MAKER, CARRIER), reason);
        _refused(event_(Kind.DESTROY, batch, MAKER, 0), reason);
        _refused(event_(Kind.HOLD, batch, AGENCY, 0), reason);
        _refused(event_(Kind.RELEASE, batch, CUSTOMS, 0), reason);
        _refused(event_(Kind.SEIZE, batch, AGENCY, 0), reason);
        _do(Kind.INSPECT, batch, AGENCY);
        _do(Kind.RECALL, batch, AGENCY);
        _record(_destruction(CUSTOMS, UNITS));
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        vm.assertEq(c.status, Status.SEIZED);
        vm.assertEq(c.rest, 0);
    }

    function test_whatOneAdministrationHeldAnotherOfItsCountryMaySeize() public {
        _do(Kind.HOLD, batch, CUSTOMS);
        CustodyEvent memory e = event_(Kind.SEIZE, batch, ABROAD, 0);
        e.place = SINGAPORE;
        _refused(e, err(ICustodyLedger.Held.selector, CUSTOMS));
        _do(Kind.SEIZE, batch, AGENCY);
        vm.assertEq(ledger.consignment(batch).heldBy, AGENCY);
    }

    // ---- RECALL ----

    function test_theMakerRecallsTheWholeBatchOnceAndForEver() public {
        CustodyEvent memory e = event_(Kind.RECALL, batch, MAKER, 0);
        e.place = 0;
        _record(e);
        ICustodyLedger.Recall memory r = ledger.recallOf(batch);
        vm.assertEq(r.by, MAKER);
        vm.assertEq(r.recordedAt, NOW);
        vm.assertEq(r.occurredAt, e.occurredAt);
        _refused(event_(Kind.RECALL, batch, AGENCY, 0), errOf(ICustodyLedger.AlreadyRecalled.selector, batch));
        _refused(e, errOf(IAccreditation.AlreadyRecorded.selector, digestOf(e)));
    }

    function test_anyRegulatorRecalls() public {
        CustodyEvent memory e = event_(Kind.RECALL, batch, ABROAD, 0);
        e.place = SINGAPORE;
        _record(e);
        vm.assertEq(ledger.recallOf(batch).by, ABROAD);
    }

    function test_recallingIsRefusedToAllOthers() public {
        bytes memory reason = err(IAccreditation.RoleMissing.selector, CUSTOMS, Role.REGULATOR);
        _refused(event_(Kind.RECALL, batch, CUSTOMS, 0), reason);
        _move(batch, MAKER, CARRIER);
        reason = err(IAccreditation.RoleMissing.selector, CARRIER, Role.REGULATOR);
        _refused(event_(Kind.RECALL, batch, CARRIER, 0), reason);
    }

    function test_aRecallNamesTheBatchAndNoPartOfIt() public {
        bytes32[] memory ids = _split(batch, MAKER, 2);
        _refused(event_(Kind.RECALL, ids[0], MAKER, 0), errOf(ICustodyLedger.NotBatch.selector, ids[0]));
        bytes32 pallet = _pack(ids, MAKER);
        _refused(event_(Kind.RECALL, pallet, MAKER, 0), errOf(ICustodyLedger.NotBatch.selector, pallet));
    }

    function test_aRecallReachesABatchThatIsPackedOrHeld() public {
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = batch;
        bytes32 pallet = _pack(ids, MAKER);
        _do(Kind.HOLD, pallet, CUSTOMS);
        _do(Kind.RECALL, batch, MAKER);
        vm.assertEq(ledger.recallOf(batch).by, MAKER);
        _do(Kind.RELEASE, pallet, CUSTOMS);
        (CustodyEvent memory e, bytes memory attachment) = unpackEvent(pallet, ids, MAKER);
        _record(e, attachment);
    }

    // ---- DISPENSE, DESTROY ----

    function test_aPharmacyDispensesWhatItHolds() public {
        _move(batch, MAKER, PHARMACY);
        CustodyEvent memory e = event_(Kind.DISPENSE, batch, PHARMACY, 0);
        e.quantity = 1;
        _record(e);
        vm.assertEq(ledger.consignment(batch).rest, UNITS - 1);
    }

    function test_dispensingIsRefusedToOthers() public {
        bytes memory reason = err(IAccreditation.RoleMissing.selector, MAKER, Role.PHARMACY);
        _refused(event_(Kind.DISPENSE, batch, MAKER, 0), reason);
        _refused(event_(Kind.DISPENSE, batch, PHARMACY, 0), err(ICustodyLedger.NotHolder.selector, MAKER, PHARMACY));
        _move(batch, MAKER, PHARMACY);
        _do(Kind.SHIP, batch, PHARMACY, CARRIER);
        _refused(event_(Kind.DISPENSE, batch, PHARMACY, 0), err(ICustodyLedger.InTransit.selector, CARRIER));
    }

    function testFuzz_noMoreIsUsedThanThereIs(uint32 quantity) public {
        CustodyEvent memory e = event_(Kind.DESTROY, batch, MAKER, 0);
        e.quantity = quantity;
        if (quantity == 0) return _refused(e, err(ICustodyLedger.NoQuantity.selector));
        if (quantity > UNITS) return _refused(e, err(ICustodyLedger.QuantityExceeded.selector, UNITS, quantity));
        _record(e);
        vm.assertEq(ledger.consignment(batch).rest, UNITS - quantity);
    }

    function testFuzz_anyPartIsUsed(uint32 quantity) public {
        testFuzz_noMoreIsUsedThanThereIs(quantity % (UNITS + 2));
    }

    function test_theHoldingAdministrationDestroysAlsoInTransit() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        _do(Kind.HOLD, batch, CUSTOMS);
        CustodyEvent memory e = _destruction(CUSTOMS, 400);
        _record(e);
        vm.assertEq(ledger.consignment(batch).rest, UNITS - 400);
        vm.assertEq(ledger.consignment(batch).sequence, 2);
        _refused(e, errOf(IAccreditation.AlreadyRecorded.selector, digestOf(e)));
        e = _destruction(CUSTOMS, 1);
        e.place = SINGAPORE;
        bytes memory reason =
            abi.encodeWithSelector(ICustodyLedger.OutsideJurisdiction.selector, bytes2("BE"), SINGAPORE);
        _refused(e, reason);
        e = _destruction(AGENCY, 1);
        e.previous = ledger.consignment(batch).head;
        _refused(e, err(ICustodyLedger.Held.selector, CUSTOMS));
    }

    // ---- CORRECT ----

    function test_correctingNamesAnEarlierEventAndLeavesTheGoodsAlone() public {
        CustodyEvent memory earlier = event_(Kind.SHIP, batch, MAKER, CARRIER);
        _record(earlier);
        bytes memory before = abi.encode(ledger.consignment(batch));
        CustodyEvent memory e = _correction(earlier, MAKER);
        bytes32 digest = _record(e, abi.encode(earlier));
        vm.assertEq(ledger.correctionOf(digestOf(earlier)), digest);
        vm.assertEq(abi.encode(ledger.consignment(batch)), before);
        _refused(e, abi.encode(earlier), errOf(IAccreditation.AlreadyRecorded.selector, digest));
        e.details = "again";
        _refused(e, abi.encode(earlier), errOf(IAccreditation.AlreadyRecorded.selector, digest));
    }

    function test_correctingIsRefusedForWhatOthersSaid() public {
        CustodyEvent memory earlier = event_(Kind.SHIP, batch, MAKER, CARRIER);
        _record(earlier);
        CustodyEvent memory e = _correction(earlier, CARRIER);
        _refused(e, abi.encode(earlier), err(ICustodyLedger.NotActor.selector, MAKER, CARRIER));
    }

    function test_correctingIsRefusedForAnotherEventOrConsignment() public {
        CustodyEvent memory earlier = event_(Kind.SHIP, batch, MAKER, CARRIER);
        CustodyEvent memory e = _correction(earlier, MAKER);
        _refused(e, "", err(ICustodyLedger.InvalidParts.selector, 0));
        earlier.quantity -= 1;
        bytes memory reason = errOf(IAccreditation.PartsMismatch.selector, e.previous, digestOf(earlier));
        _refused(e, abi.encode(earlier), reason);
        e = _correction(earlier, MAKER);
        e.consignment = "other";
        _refused(e, abi.encode(earlier), errOf(ICustodyLedger.UnexpectedField.selector, "consignment"));
    }

    function _correction(CustodyEvent memory earlier, uint32 actor) private view returns (CustodyEvent memory e) {
        e = event_(Kind.CORRECT, earlier.consignment, actor, 0);
        e.previous = digestOf(earlier);
        e.place = 0;
    }

    function _destruction(uint32 actor, uint32 quantity) private view returns (CustodyEvent memory e) {
        e = event_(Kind.DESTROY, batch, actor, 0);
        (e.quantity, e.previous) = (quantity, bytes32(uint256(ledger.consignment(batch).sequence)));
    }
}
