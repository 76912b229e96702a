// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Kind, Status} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";
import {Vm} from "./Vm.sol";

/// @notice SPLIT, PACK, UNPACK.
contract PartsTest is Fixture {
    uint64 private immutable SSCC = _sscc(1);

    // ---- SPLIT ----

    function test_splittingMakesChildrenOfTheSameBatchAndHolder() public {
        _move(batch, MAKER, CARRIER);
        ICustodyLedger.Consignment memory parent = ledger.consignment(batch);
        uint32[2] memory quantities = [uint32(600), 300];
        bytes memory attachment = abi.encodePacked(uint64(0), quantities[0], uint64(0), quantities[1]);
        CustodyEvent memory e = _event(Kind.SPLIT, CARRIER, batch, 900, attachment);
        (bytes32 digest, Vm.Log[] memory logs) = _acceptedLogs(_signed(e, attachment));
        vm.assertEq(logs.length, 3, "logs");
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 id = _child(digest, i);
            uint32 rest = quantities[i];
            _sameConsignment(id, ICustodyLedger.Consignment(digest, CARRIER, 0, MAKER, 0, 0, uint32(NOW), rest, 0, 0));
            _sameLog(
                logs[i + 1],
                _topics(ICustodyLedger.ConsignmentSplit.selector, id, batch, batch),
                abi.encode(uint64(0), rest, digest)
            );
            vm.assertEq(ledger.batchOf(id), batch, "batch of a child");
        }
        (parent.head, parent.rest) = (_grown(parent.head, digest), 100);
        _sameConsignment(batch, parent);
        vm.assertEq(ledger.batchOf(batch), batch, "batch of the first consignment");
    }

    function test_aChildIsNamedByItsSscc() public {
        bytes memory attachment = abi.encodePacked(SSCC, uint32(5));
        CustodyEvent memory e = _event(Kind.SPLIT, MAKER, batch, 5, attachment);
        (bytes32 digest, Vm.Log[] memory logs) = _acceptedLogs(_signed(e, attachment));
        _sameLog(
            logs[1],
            _topics(ICustodyLedger.ConsignmentSplit.selector, _child(digest, 0), batch, batch),
            abi.encode(SSCC, uint32(5), digest)
        );
    }

    function test_grandchildrenAreOfTheSameBatch() public {
        bytes32 child = _split(batch, MAKER, 10);
        vm.assertEq(ledger.batchOf(_split(child, MAKER, 5)), batch, "batch of a grandchild");
    }

    function testFuzz_splittingConservesQuantity(uint32 a, uint32 b) public {
        vm.assume(a != 0 && b != 0 && uint256(a) + b <= QUANTITY);
        bytes memory attachment = abi.encodePacked(uint64(0), a, uint64(0), b);
        bytes32 digest = _accepted(_event(Kind.SPLIT, MAKER, batch, a + b, attachment), attachment);
        uint256 sum = ledger.consignment(batch).rest + ledger.consignment(_child(digest, 0)).rest
            + ledger.consignment(_child(digest, 1)).rest;
        vm.assertEq(sum, QUANTITY);
    }

    function test_splittingMoreThanTheRestIsRefused() public {
        bytes memory attachment = abi.encodePacked(uint64(0), QUANTITY + 1);
        bytes memory reason = abi.encodeWithSelector(ICustodyLedger.QuantityExceeded.selector, QUANTITY, QUANTITY + 1);
        _refused(_event(Kind.SPLIT, MAKER, batch, QUANTITY + 1, attachment), attachment, reason);
    }

    function test_splittingIntoMoreThanTheSumIsRefused() public {
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5), uint64(0), uint32(6));
        bytes memory reason = abi.encodeWithSelector(ICustodyLedger.QuantityExceeded.selector, 5, 6);
        _refused(_event(Kind.SPLIT, MAKER, batch, 10, attachment), attachment, reason);
        // a sum that overflows 32 bits is no way around
        attachment = abi.encodePacked(uint64(0), type(uint32).max, uint64(0), uint32(2));
        reason = abi.encodeWithSelector(ICustodyLedger.QuantityExceeded.selector, 1, type(uint32).max);
        _refused(_event(Kind.SPLIT, MAKER, batch, 1, attachment), attachment, reason);
    }

    function test_splittingIntoLessThanTheSumIsRefused() public {
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5));
        bytes memory reason = abi.encodeWithSelector(ICustodyLedger.QuantityMismatch.selector, 5, 6);
        _refused(_event(Kind.SPLIT, MAKER, batch, 6, attachment), attachment, reason);
    }

    function test_splittingIntoNothingIsRefused() public {
        _refused(
            _event(Kind.SPLIT, MAKER, batch, 0, ""), "", abi.encodeWithSelector(ICustodyLedger.InvalidParts.selector, 0)
        );
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5), uint64(0), uint32(0));
        _refused(
            _event(Kind.SPLIT, MAKER, batch, 5, attachment),
            attachment,
            abi.encodeWithSelector(ICustodyLedger.InvalidParts.selector, 1)
        );
        attachment = abi.encodePacked(uint64(0), uint32(5), uint8(0));
        _refused(
            _event(Kind.SPLIT, MAKER, batch, 5, attachment),
            attachment,
            abi.encodeWithSelector(ICustodyLedger.InvalidParts.selector, 1)
        );
    }

    function test_splittingIsRefusedWithOtherParts() public {
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5));
        CustodyEvent memory e = _event(Kind.SPLIT, MAKER, batch, 5, attachment);
        bytes memory other = abi.encodePacked(uint64(1), uint32(5));
        _refused(e, other, abi.encodeWithSelector(IAccreditation.PartsMismatch.selector, e.parts, keccak256(other)));
    }

    function test_splittingIsRefusedToOthersAndInTransit() public {
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(5));
        bytes memory reason = abi.encodeWithSelector(ICustodyLedger.NotHolder.selector, MAKER, CARRIER);
        _refused(_event(Kind.SPLIT, CARRIER, batch, 5, attachment), attachment, reason);
        _ship(batch, MAKER, CARRIER);
        reason = abi.encodeWithSelector(ICustodyLedger.InTransit.selector, CARRIER);
        _refused(_event(Kind.SPLIT, MAKER, batch, 5, attachment), attachment, reason);
    }

    function test_anSsccMustBeWellFormedAndOnesOwn() public {
        bytes memory attachment = abi.encodePacked(SSCC + 1, uint32(5));
        bytes memory reason = abi.encodeWithSelector(ICustodyLedger.InvalidSscc.selector, SSCC + 1);
        _refused(_event(Kind.SPLIT, MAKER, batch, 5, attachment), attachment, reason);
        attachment = abi.encodePacked(uint64(10 ** 18), uint32(5));
        reason = abi.encodeWithSelector(ICustodyLedger.InvalidSscc.selector, 10 ** 18);
        _refused(_event(Kind.SPLIT, MAKER, batch, 5, attachment), attachment, reason);
        uint64 foreign = 340_123_450_000_000_000; // company 4012345, extension digit 3
        attachment = abi.encodePacked(foreign, uint32(5));
        reason = abi.encodeWithSelector(ICustodyLedger.PrefixNotLicensed.selector, MAKER, foreign);
        _refused(_event(Kind.SPLIT, MAKER, batch, 5, attachment), attachment, reason);
        _move(batch, MAKER, WHOLESALER);
        attachment = abi.encodePacked(SSCC, uint32(5));
        reason = abi.encodeWithSelector(ICustodyLedger.NoPrefixes.selector, WHOLESALER);
        _refused(_event(Kind.SPLIT, WHOLESALER, batch, 5, attachment), attachment, reason);
    }

    // ---- PACK ----

    function test_packingPutsConsignmentsOnAPalletNamedByTheDigest() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 3);
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, ids, SSCC);
        (bytes32 pallet, Vm.Log[] memory logs) = _acceptedLogs(_signed(e, attachment));
        _sameConsignment(
            pallet, ICustodyLedger.Consignment(pallet, MAKER, 0, 0, 0, 1, uint32(NOW), 3, 0, Status.PALLET)
        );
        vm.assertEq(logs.length, 5, "logs");
        _sameLog(logs[1], _topics(ICustodyLedger.PalletBuilt.selector, pallet), abi.encode(uint32(1), SSCC));
        vm.assertEq(ledger.palletCount(), 1, "pallets");
        vm.assertEq(ledger.batchOf(pallet), 0, "batch of a pallet");
        for (uint256 i = 0; i < 3; ++i) {
            _sameLog(logs[i + 2], _topics(ICustodyLedger.ConsignmentPacked.selector, ids[i], pallet), "");
            vm.assertEq(ledger.consignment(ids[i]).pallet, 1, "pallet of what is on it");
        }
    }

    function test_movingThePalletMovesWhatIsOnIt() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 2);
        bytes32 pallet = _pack(MAKER, ids);
        vm.warp(NOW + 1 hours);
        _move(pallet, MAKER, CARRIER);
        (CustodyEvent memory e, bytes memory attachment) = _unpacking(CARRIER, pallet, ids);
        ICustodyLedger.Consignment[2] memory expected = [ledger.consignment(ids[0]), ledger.consignment(ids[1])];
        (bytes32 digest, Vm.Log[] memory logs) = _acceptedLogs(_signed(e, attachment));
        vm.assertEq(logs.length, 3, "logs");
        for (uint256 i = 0; i < 2; ++i) {
            (expected[i].head, expected[i].holder) = (_grown(expected[i].head, digest), CARRIER);
            (expected[i].pallet, expected[i].occurredAt) = (0, uint32(NOW + 1 hours));
            _sameConsignment(ids[i], expected[i]);
            _sameLog(logs[i + 1], _topics(ICustodyLedger.ConsignmentUnpacked.selector, ids[i], pallet), "");
        }
        vm.assertEq(ledger.consignment(pallet).rest, 0, "left on the pallet");
    }

    function test_packingAgainAfterUnpackingIsAlreadyRecorded() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 1);
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, ids, 0);
        bytes32 pallet = _accepted(e, attachment);
        (CustodyEvent memory u, bytes memory all) = _unpacking(MAKER, pallet, ids);
        _accepted(u, all);
        _refused(e, attachment, abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, pallet));
    }

    function test_whatIsOnAPalletTakesNoEventOfItsOwn() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 1);
        _pack(MAKER, ids);
        bytes memory reason = abi.encodeWithSelector(ICustodyLedger.InPallet.selector, ids[0], 1);
        _refused(_shipment(ids[0], MAKER, CARRIER), reason);
        _refused(_event(Kind.DESTROY, MAKER, ids[0], 0, 1), reason);
        _refused(_event(Kind.INSPECT, CUSTOMS, ids[0]), reason);
        _refused(_event(Kind.HOLD, CUSTOMS, ids[0]), reason);
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, ids, 0);
        e.details = "another";
        _refused(e, attachment, reason);
    }

    function test_packingIsRefusedForWhatIsNotFreeToMove() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 2);
        (CustodyEvent memory e, bytes memory attachment) = _packing(CARRIER, ids, 0);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.NotHolder.selector, MAKER, CARRIER));

        _ship(ids[1], MAKER, CARRIER);
        (e, attachment) = _packing(MAKER, ids, 0);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.InTransit.selector, CARRIER));

        _accepted(_event(Kind.HOLD, CUSTOMS, ids[1]));
        (e, attachment) = _packing(MAKER, ids, 0);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.Held.selector, CUSTOMS));

        _accepted(_event(Kind.SEIZE, CUSTOMS, ids[1]));
        (e, attachment) = _packing(MAKER, ids, 0);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.Seized.selector, CUSTOMS));
    }

    function test_packingIsRefusedOnAnOldHeadOrForTheUnknown() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 1);
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, ids, 0);
        bytes32 old = ledger.consignment(ids[0]).head;
        _accepted(_event(Kind.INSPECT, CUSTOMS, ids[0]));
        bytes32 head = ledger.consignment(ids[0]).head;
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.StaleHead.selector, head, old));
        ids[0] = "unknown";
        (e, attachment) = _packing(MAKER, ids, 0);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.UnknownConsignment.selector, bytes32("unknown")));
    }

    function test_packingAPalletIsRefused() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 1);
        ids[0] = _pack(MAKER, ids);
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, ids, 0);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.IsPallet.selector, ids[0]));
    }

    function test_packingBeforeTheLastEventIsRefused() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 1);
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, ids, 0);
        e.occurredAt = uint40(NOW - 1);
        bytes4 selector = IAccreditation.OccurredAtOutOfRange.selector;
        _refused(e, attachment, abi.encodeWithSelector(selector, NOW - 1, NOW, NOW + 10 minutes));
    }

    function test_packingTwiceTheSameIsRefused() public {
        bytes32[] memory ids = new bytes32[](2);
        (ids[0], ids[1]) = (batch, batch);
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, ids, 0);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.InPallet.selector, batch, 1));
    }

    function test_packingIsRefusedInAnotherForm() public {
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, new bytes32[](0), 0);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.InvalidParts.selector, 0));
        (e, attachment) = _packing(MAKER, _splitIntoOnes(batch, MAKER, 1), 0);
        attachment = bytes.concat(attachment, bytes1(0));
        e.parts = keccak256(attachment);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.InvalidParts.selector, 1));
        (e, attachment) = _packing(MAKER, _splitIntoOnes(batch, MAKER, 2), 0);
        e.quantity = 3;
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.QuantityMismatch.selector, 2, 3));
        e.quantity = 2;
        e.consignment = batch;
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.UnexpectedField.selector, bytes32("consignment")));
        (e.consignment, e.previous) = (0, batch);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.UnexpectedField.selector, bytes32("previous")));
    }

    function test_thePalletsSsccMustBeOnesOwn() public {
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, _splitIntoOnes(batch, MAKER, 1), 0);
        for (uint256 i = 0; i < 8; ++i) {
            attachment[i] = bytes8(SSCC + 1)[i];
        }
        e.parts = keccak256(attachment);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.InvalidSscc.selector, SSCC + 1));
        for (uint256 i = 0; i < 8; ++i) {
            attachment[i] = bytes8(SSCC)[i];
        }
        e.parts = keccak256(attachment);
        _accepted(e, attachment);
    }

    // ---- UNPACK ----

    function test_unpackingPartLeavesTheOthersOnThePallet() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 3);
        bytes32 pallet = _pack(MAKER, ids);
        (CustodyEvent memory e, bytes memory attachment) = _unpacking(MAKER, pallet, _one(ids[1]));
        _accepted(e, attachment);
        vm.assertEq(ledger.consignment(pallet).rest, 2);
        vm.assertEq(ledger.consignment(ids[0]).pallet, 1);
        vm.assertEq(ledger.consignment(ids[1]).pallet, 0);
    }

    function test_unpackingIsRefusedForWhatIsNotOnThePallet() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 2);
        bytes32 pallet = _pack(MAKER, ids);
        ids[1] = batch;
        (CustodyEvent memory e, bytes memory attachment) = _unpacking(MAKER, pallet, ids);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.NotOnPallet.selector, batch, pallet));
        ids[1] = ids[0]; // twice
        (e, attachment) = _unpacking(MAKER, pallet, ids);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.NotOnPallet.selector, ids[0], pallet));
        ids[1] = pallet; // itself
        (e, attachment) = _unpacking(MAKER, pallet, ids);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.NotOnPallet.selector, pallet, pallet));
    }

    function test_unpackingIsRefusedInAnotherForm() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 2);
        bytes32 pallet = _pack(MAKER, ids);
        (CustodyEvent memory e, bytes memory attachment) = _unpacking(MAKER, pallet, new bytes32[](0));
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.InvalidParts.selector, 0));
        (e, attachment) = _unpacking(MAKER, pallet, ids);
        e.quantity = 1;
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.QuantityMismatch.selector, 2, 1));
        (e, attachment) = _unpacking(MAKER, pallet, new bytes32[](3));
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.QuantityExceeded.selector, 2, 3));
        (e, attachment) = _unpacking(MAKER, batch, ids);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.NotPallet.selector, batch));
    }

    function test_unpackingIsRefusedToOthersInTransitAndHeld() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 1);
        bytes32 pallet = _pack(MAKER, ids);
        (CustodyEvent memory e, bytes memory attachment) = _unpacking(CARRIER, pallet, ids);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.NotHolder.selector, MAKER, CARRIER));
        _ship(pallet, MAKER, CARRIER);
        (e, attachment) = _unpacking(MAKER, pallet, ids);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.InTransit.selector, CARRIER));
        _accepted(_event(Kind.HOLD, CUSTOMS, pallet));
        (e, attachment) = _unpacking(MAKER, pallet, ids);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.Held.selector, CUSTOMS));
    }

    function test_aPalletIsNeitherSplitNorDispensed() public {
        bytes32 pallet = _pack(MAKER, _splitIntoOnes(batch, MAKER, 2));
        bytes memory attachment = abi.encodePacked(uint64(0), uint32(1));
        bytes memory reason = abi.encodeWithSelector(ICustodyLedger.IsPallet.selector, pallet);
        _refused(_event(Kind.SPLIT, MAKER, pallet, 1, attachment), attachment, reason);
        _move(pallet, MAKER, PHARMACY);
        _refused(_event(Kind.DISPENSE, PHARMACY, pallet, 0, 2), reason);
    }

    function test_aPalletIsDestroyedWholeWithAllThatIsOnIt() public {
        bytes32[] memory ids = _splitIntoOnes(batch, MAKER, 2);
        bytes32 pallet = _pack(MAKER, ids);
        CustodyEvent memory e = _event(Kind.DESTROY, MAKER, pallet, 0, 1);
        _refused(e, abi.encodeWithSelector(ICustodyLedger.QuantityMismatch.selector, 2, 1));
        _accepted(_event(Kind.DESTROY, MAKER, pallet, 0, 2));
        bytes memory attachment;
        (e, attachment) = _unpacking(MAKER, pallet, ids);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.QuantityExceeded.selector, 0, 2));
        _refused(_shipment(pallet, MAKER, CARRIER), abi.encodeWithSelector(ICustodyLedger.NoQuantity.selector));
    }
}
