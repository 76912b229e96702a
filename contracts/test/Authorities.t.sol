// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Kind, Role, Status} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";

/// @notice INSPECT, HOLD, RELEASE, SEIZE, RECALL, DESTROY, DISPENSE, CORRECT.
contract AuthoritiesTest is Fixture {
    bytes5 private constant ELSEWHERE = "BEBRU"; // for the authorities of Singapore

    function test_inspectingIsRecordedAndChangesNothingButTheOrder() public {
        ICustodyLedger.Consignment memory before = ledger.consignment(batch);
        bytes32 digest = _accepted(_event(Kind.INSPECT, CUSTOMS, batch));
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        vm.assertEq(c.head, _grown(before.head, digest));
        vm.assertEq(c.sequence, 1);
        (c.head, c.sequence) = (before.head, before.sequence);
        vm.assertEq(abi.encode(c), abi.encode(before));
        vm.assertTrue(ledger.isRecorded(digest));
    }

    function test_administrationsActInTheirOwnCountryOnly() public {
        uint8[4] memory kinds = [Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.SEIZE];
        for (uint256 i = 0; i < 4; ++i) {
            CustodyEvent memory e = _event(kinds[i], CUSTOMS, batch);
            e.place = ELSEWHERE;
            bytes memory reason =
                abi.encodeWithSelector(ICustodyLedger.OutsideJurisdiction.selector, bytes2("SG"), ELSEWHERE);
            _refused(e, reason);
        }
    }

    function test_onlyAdministrationsActAsSuch() public {
        uint8[4] memory kinds = [Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.SEIZE];
        for (uint256 i = 0; i < 4; ++i) {
            bytes memory reason =
                abi.encodeWithSelector(IAccreditation.RoleMissing.selector, MAKER, Role.ADMINISTRATION);
            _refused(_event(kinds[i], MAKER, batch), reason);
        }
    }

    function test_heldGoodsDoNotMove() public {
        _ship(batch, MAKER, CARRIER);
        _accepted(_event(Kind.HOLD, CUSTOMS, batch));
        bytes memory reason = abi.encodeWithSelector(ICustodyLedger.Held.selector, CUSTOMS);
        _refused(_receipt(batch, MAKER, CARRIER), reason);
        _refused(_event(Kind.RETURN, CARRIER, batch, MAKER, QUANTITY), reason);
        _refused(_event(Kind.DESTROY, MAKER, batch, 0, QUANTITY), reason);
        _accepted(_event(Kind.RELEASE, CUSTOMS, batch));
        _accepted(_receipt(batch, MAKER, CARRIER));
    }

    function test_holdingTwiceIsRefused() public {
        _accepted(_event(Kind.HOLD, CUSTOMS, batch));
        _refused(_event(Kind.HOLD, SINGAPORE, batch), abi.encodeWithSelector(ICustodyLedger.Held.selector, CUSTOMS));
    }

    function test_anAuthorityIsNotBoundByTheHoldersTime() public {
        _ship(batch, MAKER, CARRIER);
        CustodyEvent memory e = _event(Kind.INSPECT, CUSTOMS, batch);
        e.occurredAt = uint40(NOW - 1 days);
        _accepted(e);
        vm.assertEq(ledger.consignment(batch).occurredAt, NOW);
    }

    function test_releasingIsForWhoHeldOrARegulatorOfThatCountry() public {
        _accepted(_event(Kind.HOLD, SINGAPORE, batch));
        _refused(_event(Kind.RELEASE, CUSTOMS, batch), abi.encodeWithSelector(ICustodyLedger.Held.selector, SINGAPORE));
        _refused(_event(Kind.RELEASE, BELGIUM, batch), abi.encodeWithSelector(ICustodyLedger.Held.selector, SINGAPORE));
        _accepted(_event(Kind.RELEASE, SINGAPORE, batch));
        _accepted(_event(Kind.HOLD, CUSTOMS, batch));
        _accepted(_event(Kind.RELEASE, SINGAPORE, batch));
        vm.assertEq(ledger.consignment(batch).heldBy, 0);
        _refused(_event(Kind.RELEASE, SINGAPORE, batch), abi.encodeWithSelector(ICustodyLedger.NotHeld.selector));
    }

    function test_seizedGoodsStaySeized() public {
        _accepted(_event(Kind.SEIZE, CUSTOMS, batch));
        bytes memory reason = abi.encodeWithSelector(ICustodyLedger.Seized.selector, CUSTOMS);
        _refused(_shipment(batch, MAKER, CARRIER), reason);
        _refused(_event(Kind.DESTROY, MAKER, batch, 0, QUANTITY), reason);
        _refused(_event(Kind.HOLD, SINGAPORE, batch), reason);
        _refused(_event(Kind.RELEASE, CUSTOMS, batch), reason);
        _refused(_event(Kind.SEIZE, SINGAPORE, batch), reason);
        _accepted(_event(Kind.INSPECT, SINGAPORE, batch));
        _accepted(_event(Kind.RECALL, SINGAPORE, batch));
        _accepted(_destruction(CUSTOMS, QUANTITY));
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        vm.assertEq(c.status, Status.SEIZED);
        vm.assertEq(c.rest, 0);
    }

    function test_whatOneAdministrationHeldAnotherOfItsCountryMaySeize() public {
        _accepted(_event(Kind.HOLD, CUSTOMS, batch));
        _refused(_event(Kind.SEIZE, BELGIUM, batch), abi.encodeWithSelector(ICustodyLedger.Held.selector, CUSTOMS));
        _accepted(_event(Kind.SEIZE, SINGAPORE, batch));
        vm.assertEq(ledger.consignment(batch).heldBy, SINGAPORE);
    }

    // ---- RECALL ----

    function test_theMakerRecallsTheWholeBatchOnceAndForEver() public {
        CustodyEvent memory e = _event(Kind.RECALL, MAKER, batch);
        e.place = 0;
        _accepted(e);
        ICustodyLedger.Recall memory r = ledger.recallOf(batch);
        vm.assertEq(r.by, MAKER);
        vm.assertEq(r.recordedAt, NOW);
        vm.assertEq(r.occurredAt, e.occurredAt);
        _refused(
            _event(Kind.RECALL, SINGAPORE, batch),
            abi.encodeWithSelector(ICustodyLedger.AlreadyRecalled.selector, batch)
        );
        _refused(e, abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, _digestOf(e)));
    }

    function test_anyRegulatorRecalls() public {
        _accepted(_event(Kind.RECALL, BELGIUM, batch));
        vm.assertEq(ledger.recallOf(batch).by, BELGIUM);
    }

    function test_recallingIsRefusedToAllOthers() public {
        bytes memory reason = abi.encodeWithSelector(IAccreditation.RoleMissing.selector, CUSTOMS, Role.REGULATOR);
        _refused(_event(Kind.RECALL, CUSTOMS, batch), reason);
        _move(batch, MAKER, CARRIER);
        reason = abi.encodeWithSelector(IAccreditation.RoleMissing.selector, CARRIER, Role.REGULATOR);
        _refused(_event(Kind.RECALL, CARRIER, batch), reason);
    }

    function test_aRecallNamesTheBatchAndNoPartOfIt() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 2);
        _refused(_event(Kind.RECALL, MAKER, ids[0]), abi.encodeWithSelector(ICustodyLedger.NotBatch.selector, ids[0]));
        bytes32 pallet = _pack(MAKER, ids);
        _refused(_event(Kind.RECALL, MAKER, pallet), abi.encodeWithSelector(ICustodyLedger.NotBatch.selector, pallet));
    }

    function test_aRecallReachesABatchThatIsPackedOrHeld() public {
        bytes32[] memory ids = _one(batch);
        bytes32 pallet = _pack(MAKER, ids);
        _accepted(_event(Kind.HOLD, CUSTOMS, pallet));
        _accepted(_event(Kind.RECALL, MAKER, batch));
        vm.assertEq(ledger.recallOf(batch).by, MAKER);
        _accepted(_event(Kind.RELEASE, CUSTOMS, pallet));
        (CustodyEvent memory e, bytes memory attachment) = _unpacking(MAKER, pallet, ids);
        _accepted(e, attachment);
    }

    // ---- DISPENSE, DESTROY ----

    function test_aPharmacyDispensesWhatItHolds() public {
        _move(batch, MAKER, PHARMACY);
        _accepted(_event(Kind.DISPENSE, PHARMACY, batch, 0, 1));
        vm.assertEq(ledger.consignment(batch).rest, QUANTITY - 1);
    }

    function test_dispensingIsRefusedToOthers() public {
        bytes memory reason = abi.encodeWithSelector(IAccreditation.RoleMissing.selector, MAKER, Role.PHARMACY);
        _refused(_event(Kind.DISPENSE, MAKER, batch, 0, QUANTITY), reason);
        _refused(
            _event(Kind.DISPENSE, PHARMACY, batch, 0, QUANTITY),
            abi.encodeWithSelector(ICustodyLedger.NotHolder.selector, MAKER, PHARMACY)
        );
        _move(batch, MAKER, PHARMACY);
        _ship(batch, PHARMACY, CARRIER);
        _refused(
            _event(Kind.DISPENSE, PHARMACY, batch, 0, QUANTITY),
            abi.encodeWithSelector(ICustodyLedger.InTransit.selector, CARRIER)
        );
    }

    function testFuzz_noMoreIsUsedThanThereIs(uint32 quantity) public {
        CustodyEvent memory e = _event(Kind.DESTROY, MAKER, batch, 0, quantity);
        if (quantity == 0) return _refused(e, abi.encodeWithSelector(ICustodyLedger.NoQuantity.selector));
        if (quantity > QUANTITY) {
            return _refused(e, abi.encodeWithSelector(ICustodyLedger.QuantityExceeded.selector, QUANTITY, quantity));
        }
        _accepted(e);
        vm.assertEq(ledger.consignment(batch).rest, QUANTITY - quantity);
    }

    function testFuzz_anyPartIsUsed(uint32 quantity) public {
        testFuzz_noMoreIsUsedThanThereIs(quantity % (QUANTITY + 2));
    }

    function test_theHoldingAdministrationDestroysAlsoInTransit() public {
        _ship(batch, MAKER, CARRIER);
        _accepted(_event(Kind.HOLD, CUSTOMS, batch));
        CustodyEvent memory e = _destruction(CUSTOMS, 400);
        _accepted(e);
        vm.assertEq(ledger.consignment(batch).rest, QUANTITY - 400);
        vm.assertEq(ledger.consignment(batch).sequence, 2);
        _refused(e, abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, _digestOf(e)));
        e = _destruction(CUSTOMS, 1);
        e.place = ELSEWHERE;
        bytes memory reason =
            abi.encodeWithSelector(ICustodyLedger.OutsideJurisdiction.selector, bytes2("SG"), ELSEWHERE);
        _refused(e, reason);
        e = _destruction(SINGAPORE, 1);
        e.previous = ledger.consignment(batch).head;
        _refused(e, abi.encodeWithSelector(ICustodyLedger.Held.selector, CUSTOMS));
    }

    // ---- CORRECT ----

    function test_correctingNamesAnEarlierEventAndLeavesTheGoodsAlone() public {
        CustodyEvent memory earlier = _shipment(batch, MAKER, CARRIER);
        _accepted(earlier);
        bytes memory before = abi.encode(ledger.consignment(batch));
        CustodyEvent memory e = _correction(earlier, MAKER);
        bytes32 digest = _accepted(e, abi.encode(earlier));
        vm.assertEq(ledger.correctionOf(_digestOf(earlier)), digest);
        vm.assertEq(abi.encode(ledger.consignment(batch)), before);
        _refused(e, abi.encode(earlier), abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, digest));
        e.details = "again";
        _refused(e, abi.encode(earlier), abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, digest));
    }

    function test_correctingIsRefusedForWhatOthersSaid() public {
        CustodyEvent memory earlier = _shipment(batch, MAKER, CARRIER);
        _accepted(earlier);
        CustodyEvent memory e = _correction(earlier, CARRIER);
        _refused(e, abi.encode(earlier), abi.encodeWithSelector(ICustodyLedger.NotActor.selector, MAKER, CARRIER));
    }

    function test_correctingIsRefusedForAnotherEventOrConsignment() public {
        CustodyEvent memory earlier = _shipment(batch, MAKER, CARRIER);
        CustodyEvent memory e = _correction(earlier, MAKER);
        _refused(e, "", abi.encodeWithSelector(ICustodyLedger.InvalidParts.selector, 0));
        earlier.quantity -= 1;
        bytes memory reason =
            abi.encodeWithSelector(IAccreditation.PartsMismatch.selector, e.previous, _digestOf(earlier));
        _refused(e, abi.encode(earlier), reason);
        e = _correction(earlier, MAKER);
        e.consignment = "other";
        _refused(
            e,
            abi.encode(earlier),
            abi.encodeWithSelector(ICustodyLedger.UnexpectedField.selector, bytes32("consignment"))
        );
    }

    function _correction(CustodyEvent memory earlier, uint32 actor) private view returns (CustodyEvent memory e) {
        e = _event(Kind.CORRECT, actor, earlier.consignment);
        e.previous = _digestOf(earlier);
        e.place = 0;
    }

    function _destruction(uint32 actor, uint32 quantity) private view returns (CustodyEvent memory e) {
        e = _event(Kind.DESTROY, actor, batch, 0, quantity);
        e.previous = bytes32(uint256(ledger.consignment(batch).sequence));
    }
}
