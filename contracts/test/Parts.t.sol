// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Kind, Status} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";

/// @notice SPLIT, PACK, UNPACK.
contract PartsTest is Fixture {
    // ---- SPLIT ----

    function test_splittingMakesChildrenOfTheSameBatchAndHolder() public {
        _move(batch, MAKER, CARRIER);
        bytes memory attachment = abi.encodePacked(SSCC, uint32(600), uint64(0), uint32(300));
        CustodyEvent memory e = _split(batch, CARRIER, 900, attachment);
        bytes32 digest = _record(e, attachment);
        vm.assertEq(ledger.consignment(batch).rest, 100);
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 id = keccak256(abi.encode(digest, i));
            ICustodyLedger.Consignment memory c = ledger.consignment(id);
            vm.assertEq(c.head, digest);
            vm.assertEq(c.rest, i == 0 ? 600 : 300);
            vm.assertEq(c.holder, CARRIER);
            vm.assertEq(c.manufacturer, MAKER);
            vm.assertEq(c.occurredAt, e.occurredAt);
            vm.assertEq(c.sequence, 0);
            vm.assertEq(ledger.batchOf(id), batch);
        }
        vm.assertEq(ledger.batchOf(batch), batch);
    }

    function test_grandchildrenAreOfTheSameBatch() public {
        bytes32 child = _splitOff(batch, 10);
        vm.assertEq(ledger.batchOf(_splitOff(child, 5)), batch);
    }

    function testFuzz_splittingConservesQuantity(uint32 a, uint32 b) public {
        vm.assume(a != 0 && b != 0 && uint256(a) + b <= UNITS);
        bytes memory attachment = abi.encodePacked(uint64(0), a, uint64(0), b);
        bytes32 digest = _record(_split(batch, MAKER, a + b, attachment), attachment);
        uint256 sum = ledger.consignment(batch).rest + ledger.consignment(keccak256(abi.encode(digest, 0))).rest
            + ledger.consignment(keccak256(abi.encode(digest, 1))).rest;
        vm.assertEq(sum, UNITS);
    }

    function test_splittingMoreThanTheRestIsRefused() public {
        bytes memory attachment = abi.encodePacked(uint64(0), UNITS + 1);
        bytes memory reason = err(ICustodyLedger.QuantityExceeded.selector, UNITS, UNITS + 1);
        _refused(_split(batch, MAKER, UNITS + 1, attachment), attachment, reason);
    }

    function test_splittingIntoMoreThanTheSumIsRefused() public {
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5), uint64(0), uint32(6));
        bytes memory reason = err(ICustodyLedger.QuantityExceeded.selector, 5, 6);
        _refused(_split(batch, MAKER, 10, attachment), attachment, reason);
        // a sum that overflows 32 bits is no way around
        attachment = abi.encodePacked(uint64(0), type(uint32).max, uint64(0), uint32(2));
        reason = err(ICustodyLedger.QuantityExceeded.selector, 1, type(uint32).max);
        _refused(_split(batch, MAKER, 1, attachment), attachment, reason);
    }

    function test_splittingIntoLessThanTheSumIsRefused() public {
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5));
        bytes memory reason = err(ICustodyLedger.QuantityMismatch.selector, 5, 6);
        _refused(_split(batch, MAKER, 6, attachment), attachment, reason);
    }

    function test_splittingIntoNothingIsRefused() public {
        _refused(_split(batch, MAKER, 0, ""), "", err(ICustodyLedger.InvalidParts.selector, 0));
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5), uint64(0), uint32(0));
        _refused(_split(batch, MAKER, 5, attachment), attachment, err(ICustodyLedger.InvalidParts.selector, 1));
        attachment = abi.encodePacked(uint64(0), uint32(5), uint8(0));
        _refused(_split(batch, MAKER, 5, attachment), attachment, err(ICustodyLedger.InvalidParts.selector, 1));
    }

    function test_splittingIsRefusedWithOtherParts() public {
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5));
        CustodyEvent memory e = _split(batch, MAKER, 5, attachment);
        bytes memory other = abi.encodePacked(uint64(1), uint32(5));
        _refused(e, other, errOf(IAccreditation.PartsMismatch.selector, e.parts, keccak256(other)));
    }

    function test_splittingIsRefusedToOthersAndInTransit() public {
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5));
        bytes memory reason = err(ICustodyLedger.NotHolder.selector, MAKER, CARRIER);
        _refused(_split(batch, CARRIER, 5, attachment), attachment, reason);
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        reason = err(ICustodyLedger.InTransit.selector, CARRIER);
        _refused(_split(batch, MAKER, 5, attachment), attachment, reason);
    }

    function test_anSsccMustBeWellFormedAndOnesOwn() public {
        bytes memory attachment = abi.encodePacked(SSCC + 1, uint32(5));
        bytes memory reason = err(ICustodyLedger.InvalidSscc.selector, SSCC + 1);
        _refused(_split(batch, MAKER, 5, attachment), attachment, reason);
        attachment = abi.encodePacked(uint64(10 ** 18), uint32(5));
        reason = err(ICustodyLedger.InvalidSscc.selector, 10 ** 18);
        _refused(_split(batch, MAKER, 5, attachment), attachment, reason);
        uint64 foreign = 340_123_450_000_000_000; // company 4012345, extension digit 3
        attachment = abi.encodePacked(foreign, uint32(5));
        reason = err(ICustodyLedger.PrefixNotLicensed.selector, MAKER, foreign);
        _refused(_split(batch, MAKER, 5, attachment), attachment, reason);
        _move(batch, MAKER, OUTSIDER);
        attachment = abi.encodePacked(SSCC, uint32(5));
        reason = err(ICustodyLedger.NoPrefixes.selector, OUTSIDER);
        _refused(_split(batch, OUTSIDER, 5, attachment), attachment, reason);
    }

    // ---- PACK ----

    function test_packingPutsConsignmentsOnAPalletNamedByTheDigest() public {
        bytes32[] memory ids = _split(batch, MAKER, 3);
        bytes32 pallet = _pack(ids, MAKER);
        ICustodyLedger.Consignment memory c = ledger.consignment(pallet);
        vm.assertEq(c.head, pallet);
        vm.assertEq(c.holder, MAKER);
        vm.assertEq(c.rest, 3);
        vm.assertEq(c.pallet, 1);
        vm.assertEq(c.status, Status.PALLET);
        vm.assertEq(c.manufacturer, 0);
        vm.assertEq(ledger.palletCount(), 1);
        vm.assertEq(ledger.batchOf(pallet), 0);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(ledger.consignment(ids[i]).pallet, 1);
        }
    }

    function test_movingThePalletMovesWhatIsOnIt() public {
        bytes32[] memory ids = _split(batch, MAKER, 2);
        bytes32 pallet = _pack(ids, MAKER);
        _move(pallet, MAKER, CARRIER);
        (CustodyEvent memory e, bytes memory attachment) = unpackEvent(pallet, ids, CARRIER);
        bytes32 head = ledger.consignment(ids[1]).head;
        bytes32 digest = _record(e, attachment);
        ICustodyLedger.Consignment memory c = ledger.consignment(ids[1]);
        vm.assertEq(c.holder, CARRIER);
        vm.assertEq(c.pallet, 0);
        vm.assertEq(c.occurredAt, e.occurredAt);
        vm.assertEq(c.head, keccak256(abi.encode(head, digest)));
        vm.assertEq(ledger.consignment(pallet).rest, 0);
    }

    function test_aPalletIdCannotBeTakenByAnother() public {
        // the id is the digest that the packer signs, and a digest names its actor: nobody else can produce it
        bytes32[] memory ids = _split(batch, MAKER, 1);
        (CustodyEvent memory e, bytes memory attachment) = packEvent(ids, MAKER);
        ICustodyLedger.SignedCustodyEvent memory item = signed(e, attachment);
        (item.signer, item.signature) = (signerOf(keyOf(CARRIER)), sign(keyOf(CARRIER), digestOf(e)));
        bytes32 id = keccak256(item.signer);
        _refused(item, abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, id, MAKER, CARRIER));
        vm.assertEq(_record(e, attachment), digestOf(e));
        _refused(e, attachment, errOf(IAccreditation.AlreadyRecorded.selector, digestOf(e)));
    }

    function test_packingAgainAfterUnpackingIsAlreadyRecorded() public {
        bytes32[] memory ids = _split(batch, MAKER, 1);
        (CustodyEvent memory e, bytes memory attachment) = packEvent(ids, MAKER);
        bytes32 pallet = _record(e, attachment);
        (CustodyEvent memory u, bytes memory all) = unpackEvent(pallet, ids, MAKER);
        _record(u, all);
        _refused(e, attachment, errOf(IAccreditation.AlreadyRecorded.selector, pallet));
    }

    function test_whatIsOnAPalletTakesNoEventOfItsOwn() public {
        bytes32[] memory ids = _split(batch, MAKER, 1);
        _pack(ids, MAKER);
        bytes memory reason = errOf(ICustodyLedger.InPallet.selector, ids[0], 1);
        _refused(event_(Kind.SHIP, ids[0], MAKER, CARRIER), reason);
        _refused(event_(Kind.DESTROY, ids[0], MAKER, 0), reason);
        _refused(event_(Kind.INSPECT, ids[0], CUSTOMS, 0), reason);
        _refused(event_(Kind.HOLD, ids[0], CUSTOMS, 0), reason);
        (CustodyEvent memory e, bytes memory attachment) = packEvent(ids, MAKER);
        e.details = "another";
        _refused(e, attachment, reason);
    }

    function test_packingIsRefusedForWhatIsNotFreeToMove() public {
        bytes32[] memory ids = _split(batch, MAKER, 2);
        (CustodyEvent memory e, bytes memory attachment) = packEvent(ids, CARRIER);
        _refused(e, attachment, err(ICustodyLedger.NotHolder.selector, MAKER, CARRIER));

        _do(Kind.SHIP, ids[1], MAKER, CARRIER);
        (e, attachment) = packEvent(ids, MAKER);
        _refused(e, attachment, err(ICustodyLedger.InTransit.selector, CARRIER));

        _do(Kind.HOLD, ids[1], CUSTOMS);
        (e, attachment) = packEvent(ids, MAKER);
        _refused(e, attachment, err(ICustodyLedger.Held.selector, CUSTOMS));

        _do(Kind.SEIZE, ids[1], CUSTOMS);
        (e, attachment) = packEvent(ids, MAKER);
        _refused(e, attachment, err(ICustodyLedger.Seized.selector, CUSTOMS));
    }

    function test_packingIsRefusedOnAnOldHeadOrForTheUnknown() public {
        bytes32[] memory ids = _split(batch, MAKER, 1);
        (CustodyEvent memory e, bytes memory attachment) = packEvent(ids, MAKER);
        bytes32 old = ledger.consignment(ids[0]).head;
        _do(Kind.INSPECT, ids[0], CUSTOMS);
        bytes32 head = ledger.consignment(ids[0]).head;
        _refused(e, attachment, errOf(ICustodyLedger.StaleHead.selector, head, old));
        ids[0] = "unknown";
        (e, attachment) = packEvent(ids, MAKER);
        _refused(e, attachment, errOf(ICustodyLedger.UnknownConsignment.selector, "unknown"));
    }

    function test_packingAPalletIsRefused() public {
        bytes32[] memory ids = _split(batch, MAKER, 1);
        ids[0] = _pack(ids, MAKER);
        (CustodyEvent memory e, bytes memory attachment) = packEvent(ids, MAKER);
        _refused(e, attachment, errOf(ICustodyLedger.IsPallet.selector, ids[0]));
    }

    function test_packingBeforeTheLastEventIsRefused() public {
        bytes32[] memory ids = _split(batch, MAKER, 1);
        (CustodyEvent memory e, bytes memory attachment) = packEvent(ids, MAKER);
        e.occurredAt = uint40(NOW - 1);
        bytes4 selector = IAccreditation.OccurredAtOutOfRange.selector;
        _refused(e, attachment, err(selector, NOW - 1, NOW, NOW + 10 minutes));
    }

    function test_packingTwiceTheSameIsRefused() public {
        bytes32[] memory ids = new bytes32[](2);
        (ids[0], ids[1]) = (batch, batch);
        (CustodyEvent memory e, bytes memory attachment) = packEvent(ids, MAKER);
        _refused(e, attachment, errOf(ICustodyLedger.InPallet.selector, batch, 1));
    }

    function test_packingIsRefusedInAnotherForm() public {
        (CustodyEvent memory e, bytes memory attachment) = packEvent(new bytes32[](0), MAKER);
        _refused(e, attachment, err(ICustodyLedger.InvalidParts.selector, 0));
        (e, attachment) = packEvent(_split(batch, MAKER, 1), MAKER);
        attachment = bytes.concat(attachment, bytes1(0));
        e.parts = keccak256(attachment);
        _refused(e, attachment, err(ICustodyLedger.InvalidParts.selector, 1));
        (e, attachment) = packEvent(_split(batch, MAKER, 2), MAKER);
        e.quantity = 3;
        _refused(e, attachment, err(ICustodyLedger.QuantityMismatch.selector, 2, 3));
        e.quantity = 2;
        e.consignment = batch;
        _refused(e, attachment, errOf(ICustodyLedger.UnexpectedField.selector, "consignment"));
        (e.consignment, e.previous) = (0, batch);
        _refused(e, attachment, errOf(ICustodyLedger.UnexpectedField.selector, "previous"));
    }

    function test_thePalletsSsccMustBeOnesOwn() public {
        (CustodyEvent memory e, bytes memory attachment) = packEvent(_split(batch, MAKER, 1), MAKER);
        for (uint256 i = 0; i < 8; ++i) {
            attachment[i] = bytes8(SSCC + 1)[i];
        }
        e.parts = keccak256(attachment);
        _refused(e, attachment, err(ICustodyLedger.InvalidSscc.selector, SSCC + 1));
        for (uint256 i = 0; i < 8; ++i) {
            attachment[i] = bytes8(SSCC)[i];
        }
        e.parts = keccak256(attachment);
        _record(e, attachment);
    }

    // ---- UNPACK ----

    function test_unpackingPartLeavesTheOthersOnThePallet() public {
        bytes32[] memory ids = _split(batch, MAKER, 3);
        bytes32 pallet = _pack(ids, MAKER);
        bytes32[] memory some = new bytes32[](1);
        some[0] = ids[1];
        (CustodyEvent memory e, bytes memory attachment) = unpackEvent(pallet, some, MAKER);
        _record(e, attachment);
        vm.assertEq(ledger.consignment(pallet).rest, 2);
        vm.assertEq(ledger.consignment(ids[0]).pallet, 1);
        vm.assertEq(ledger.consignment(ids[1]).pallet, 0);
    }

    function test_unpackingIsRefusedForWhatIsNotOnThePallet() public {
        bytes32[] memory ids = _split(batch, MAKER, 2);
        bytes32 pallet = _pack(ids, MAKER);
        ids[1] = batch;
        (CustodyEvent memory e, bytes memory attachment) = unpackEvent(pallet, ids, MAKER);
        _refused(e, attachment, errOf(ICustodyLedger.NotOnPallet.selector, batch, pallet));
        ids[1] = ids[0]; // twice
        (e, attachment) = unpackEvent(pallet, ids, MAKER);
        _refused(e, attachment, errOf(ICustodyLedger.NotOnPallet.selector, ids[0], pallet));
        ids[1] = pallet; // itself
        (e, attachment) = unpackEvent(pallet, ids, MAKER);
        _refused(e, attachment, errOf(ICustodyLedger.NotOnPallet.selector, pallet, pallet));
    }

    function test_unpackingIsRefusedInAnotherForm() public {
        bytes32[] memory ids = _split(batch, MAKER, 2);
        bytes32 pallet = _pack(ids, MAKER);
        (CustodyEvent memory e, bytes memory attachment) = unpackEvent(pallet, new bytes32[](0), MAKER);
        _refused(e, attachment, err(ICustodyLedger.InvalidParts.selector, 0));
        (e, attachment) = unpackEvent(pallet, ids, MAKER);
        e.quantity = 1;
        _refused(e, attachment, err(ICustodyLedger.QuantityMismatch.selector, 2, 1));
        (e, attachment) = unpackEvent(pallet, new bytes32[](3), MAKER);
        _refused(e, attachment, err(ICustodyLedger.QuantityExceeded.selector, 2, 3));
        (e, attachment) = unpackEvent(batch, ids, MAKER);
        _refused(e, attachment, errOf(ICustodyLedger.NotPallet.selector, batch));
    }

    function test_unpackingIsRefusedToOthersInTransitAndHeld() public {
        bytes32[] memory ids = _split(batch, MAKER, 1);
        bytes32 pallet = _pack(ids, MAKER);
        (CustodyEvent memory e, bytes memory attachment) = unpackEvent(pallet, ids, CARRIER);
        _refused(e, attachment, err(ICustodyLedger.NotHolder.selector, MAKER, CARRIER));
        _do(Kind.SHIP, pallet, MAKER, CARRIER);
        (e, attachment) = unpackEvent(pallet, ids, MAKER);
        _refused(e, attachment, err(ICustodyLedger.InTransit.selector, CARRIER));
        _do(Kind.HOLD, pallet, CUSTOMS);
        (e, attachment) = unpackEvent(pallet, ids, MAKER);
        _refused(e, attachment, err(ICustodyLedger.Held.selector, CUSTOMS));
    }

    function test_aPalletIsNeitherSplitNorDispensed() public {
        bytes32 pallet = _pack(_split(batch, MAKER, 2), MAKER);
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(1));
        bytes memory reason = errOf(ICustodyLedger.IsPallet.selector, pallet);
        _refused(_split(pallet, MAKER, 1, attachment), attachment, reason);
        _move(pallet, MAKER, PHARMACY);
        _refused(event_(Kind.DISPENSE, pallet, PHARMACY, 0), reason);
    }

    function test_aPalletIsDestroyedWholeWithAllThatIsOnIt() public {
        bytes32[] memory ids = _split(batch, MAKER, 2);
        bytes32 pallet = _pack(ids, MAKER);
        CustodyEvent memory e = event_(Kind.DESTROY, pallet, MAKER, 0);
        e.quantity = 1;
        _refused(e, err(ICustodyLedger.QuantityMismatch.selector, 2, 1));
        _do(Kind.DESTROY, pallet, MAKER);
        bytes memory attachment;
        (e, attachment) = unpackEvent(pallet, ids, MAKER);
        _refused(e, attachment, err(ICustodyLedger.QuantityExceeded.selector, 0, 2));
        _refused(event_(Kind.SHIP, pallet, MAKER, CARRIER), err(ICustodyLedger.NoQuantity.selector));
    }

    function _split(bytes32 id, uint32 actor, uint32 quantity, bytes memory attachment)
        private
        view
        returns (CustodyEvent memory e)
    {
        e = event_(Kind.SPLIT, id, actor, 0);
        (e.quantity, e.parts) = (quantity, keccak256(attachment));
    }

    function _splitOff(bytes32 id, uint32 quantity) private returns (bytes32) {
        bytes memory attachment = abi.encodePacked(uint64(0), quantity);
        return keccak256(abi.encode(_record(_split(id, MAKER, quantity, attachment), attachment), 0));
    }
}
