// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {BatchRegistration, CustodyEvent} from "../types/Statements.sol";
import {Kind, Role} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";

/// @notice SHIP, RECEIVE, HANDOVER, RETURN, and the order of a holder's events.
contract MovesTest is Fixture {
    function test_shippingPutsGoodsInTransitAndMovesTheHead() public {
        CustodyEvent memory e = event_(Kind.SHIP, batch, MAKER, CARRIER);
        bytes32 digest = _record(e);
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        vm.assertEq(c.holder, MAKER);
        vm.assertEq(c.counterparty, CARRIER);
        vm.assertEq(c.head, keccak256(abi.encode(e.previous, digest)));
        vm.assertEq(c.occurredAt, e.occurredAt);
        vm.assertEq(c.rest, UNITS);
    }

    function test_receivingMakesTheCounterpartyHolder() public {
        _move(batch, MAKER, CARRIER);
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        vm.assertEq(c.holder, CARRIER);
        vm.assertEq(c.counterparty, 0);
    }

    function test_receivingAnotherQuantityIsRecordedAndLeavesTheRest() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        CustodyEvent memory e = event_(Kind.RECEIVE, batch, CARRIER, MAKER);
        e.quantity = UNITS - 7;
        _record(e);
        vm.assertEq(ledger.consignment(batch).rest, UNITS);
    }

    function test_shippingIsRefusedToWhoeverDoesNotHoldTheGoods() public {
        _refused(event_(Kind.SHIP, batch, CARRIER, PHARMACY), err(ICustodyLedger.NotHolder.selector, MAKER, CARRIER));
    }

    function test_shippingIsRefusedWhileInTransit() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        _refused(event_(Kind.SHIP, batch, MAKER, PHARMACY), err(ICustodyLedger.InTransit.selector, CARRIER));
    }

    function test_shippingIsRefusedToOneself() public {
        _refused(event_(Kind.SHIP, batch, MAKER, MAKER), err(ICustodyLedger.NotCounterparty.selector, 0, MAKER));
    }

    function test_shippingIsRefusedToAnAdministration() public {
        bytes memory reason = err(IAccreditation.RoleMissing.selector, CUSTOMS, Role.CUSTODY);
        _refused(event_(Kind.SHIP, batch, MAKER, CUSTOMS), reason);
    }

    function test_shippingIsRefusedToNobody() public {
        _refused(event_(Kind.SHIP, batch, MAKER, 0), err(IAccreditation.UnknownOrganisation.selector, 0));
        _refused(event_(Kind.SHIP, batch, MAKER, 99), err(IAccreditation.UnknownOrganisation.selector, 99));
    }

    function test_shippingIsRefusedToTheSuspended() public {
        _suspend(CARRIER, true);
        bytes memory reason = err(IAccreditation.OrganisationNotActive.selector, CARRIER, NOW);
        _refused(event_(Kind.SHIP, batch, MAKER, CARRIER), reason);
    }

    function test_shippingIsRefusedFromAnAdministrationThatGotGoods() public {
        // whoever held goods and then lost the role can only give them back
        _move(batch, MAKER, CARRIER);
        _amendRoles(CARRIER, Role.CUSTOMS);
        bytes memory reason = err(IAccreditation.RoleMissing.selector, CARRIER, Role.CUSTODY);
        _refused(event_(Kind.SHIP, batch, CARRIER, PHARMACY), reason);
    }

    function test_receivingIsRefusedToWhoeverLostTheRole() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        _amendRoles(CARRIER, Role.CUSTOMS);
        bytes memory reason = err(IAccreditation.RoleMissing.selector, CARRIER, Role.CUSTODY);
        _refused(event_(Kind.RECEIVE, batch, CARRIER, MAKER), reason);
        _do(Kind.RETURN, batch, CARRIER, MAKER);
    }

    function test_shippingIsRefusedForAnotherQuantity(uint32 quantity) public {
        vm.assume(quantity != UNITS);
        CustodyEvent memory e = event_(Kind.SHIP, batch, MAKER, CARRIER);
        e.quantity = quantity;
        _refused(e, err(ICustodyLedger.QuantityMismatch.selector, UNITS, quantity));
    }

    function test_shippingNothingIsRefused() public {
        _do(Kind.DESTROY, batch, MAKER);
        _refused(event_(Kind.SHIP, batch, MAKER, CARRIER), err(ICustodyLedger.NoQuantity.selector));
    }

    function test_receivingIsRefusedAtRest() public {
        _refused(event_(Kind.RECEIVE, batch, CARRIER, MAKER), err(ICustodyLedger.NotInTransit.selector));
    }

    function test_receivingIsRefusedToAnyoneElse() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        bytes memory reason = err(ICustodyLedger.NotCounterparty.selector, CARRIER, PHARMACY);
        _refused(event_(Kind.RECEIVE, batch, PHARMACY, MAKER), reason);
    }

    function test_receivingIsRefusedFromAnotherSender() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        bytes memory reason = err(ICustodyLedger.NotCounterparty.selector, MAKER, PHARMACY);
        _refused(event_(Kind.RECEIVE, batch, CARRIER, PHARMACY), reason);
    }

    function test_handingOverChangesTheHolderAtOnce() public {
        CustodyEvent memory e = event_(Kind.HANDOVER, batch, MAKER, CARRIER);
        _record(e, abi.encode(signerOf(keyOf(CARRIER)), sign(keyOf(CARRIER), digestOf(e))));
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        vm.assertEq(c.holder, CARRIER);
        vm.assertEq(c.counterparty, 0);
    }

    function test_handingOverIsRefusedWithoutTheOtherSignature() public {
        CustodyEvent memory e = event_(Kind.HANDOVER, batch, MAKER, CARRIER);
        bytes memory attachment = abi.encode(signerOf(keyOf(CARRIER)), sign(keyOf(PHARMACY), digestOf(e)));
        bytes memory reason =
            abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digestOf(e), signerOf(keyOf(CARRIER)));
        _refused(e, attachment, reason);
    }

    function test_handingOverIsRefusedWithAStrangersSignature() public {
        CustodyEvent memory e = event_(Kind.HANDOVER, batch, MAKER, CARRIER);
        bytes memory attachment = abi.encode(signerOf(keyOf(PHARMACY)), sign(keyOf(PHARMACY), digestOf(e)));
        bytes32 id = keccak256(signerOf(keyOf(PHARMACY)));
        _refused(e, attachment, abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, id, CARRIER, PHARMACY));
    }

    function test_handingOverIsRefusedWithAnAttachmentOfAnotherForm(bytes memory attachment) public {
        CustodyEvent memory e = event_(Kind.HANDOVER, batch, MAKER, CARRIER);
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](1);
        items[0] = signed(e, attachment);
        bytes32 head = ledger.consignment(batch).head;
        ledger.recordMany(items); // refused with a reason; without one the whole would revert
        vm.assertEq(ledger.consignment(batch).head, head);
    }

    function test_handingOverIsRefusedForEachMisshapenAttachment() public {
        CustodyEvent memory e = event_(Kind.HANDOVER, batch, MAKER, CARRIER);
        bytes memory good = abi.encode(signerOf(keyOf(CARRIER)), sign(keyOf(CARRIER), digestOf(e)));
        bytes memory first = err(ICustodyLedger.InvalidParts.selector, 0);
        bytes memory second = err(ICustodyLedger.InvalidParts.selector, 1);
        _refused(e, "", first);
        _refused(e, _with(good, 31, 0x60), first); // offset of the signer
        _refused(e, _with(good, 63, 0xa0), first); // offset of the signature
        _refused(e, _with(good, 95, 65), first); // length of the signer
        _refused(e, _with(good, 64, 1), first); // length of the signer beyond all
        _refused(e, _with(good, 159, 0x7f), second); // length of the signature
        _refused(e, _with(good, 128, 0xff), second); // length of the signature beyond all
        _refused(e, bytes.concat(good, bytes32(0)), second);
        _refused(
            e,
            abi.encode(new bytes(64), ""),
            abi.encodeWithSelector( // a form that fits
                IAccreditation.KeyNotLive.selector,
                keccak256(new bytes(64)),
                NOW
            )
        );
    }

    function test_returningBringsGoodsInTransitBackToTheSender() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        _do(Kind.RETURN, batch, CARRIER, MAKER);
        vm.assertEq(ledger.consignment(batch).holder, MAKER);
        vm.assertEq(ledger.consignment(batch).counterparty, 0);
    }

    function test_theShipperTakesGoodsInTransitBack() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        _do(Kind.RETURN, batch, MAKER, CARRIER);
        vm.assertEq(ledger.consignment(batch).holder, MAKER);
        vm.assertEq(ledger.consignment(batch).counterparty, 0);
    }

    function test_returningIsRefusedAtRest() public {
        _refused(event_(Kind.RETURN, batch, MAKER, CARRIER), err(ICustodyLedger.NotInTransit.selector));
    }

    function test_returningIsRefusedUnlessEachNamesTheOther() public {
        _do(Kind.SHIP, batch, MAKER, CARRIER);
        bytes4 selector = ICustodyLedger.NotCounterparty.selector;
        _refused(event_(Kind.RETURN, batch, CARRIER, PHARMACY), err(selector, MAKER, PHARMACY));
        _refused(event_(Kind.RETURN, batch, MAKER, PHARMACY), err(selector, CARRIER, PHARMACY));
        _refused(event_(Kind.RETURN, batch, PHARMACY, MAKER), err(selector, CARRIER, PHARMACY));
    }

    // ---- order ----

    function test_anEventOnAnOldHeadIsRefused() public {
        bytes32 old = ledger.consignment(batch).head;
        _move(batch, MAKER, CARRIER);
        CustodyEvent memory e = event_(Kind.SHIP, batch, CARRIER, PHARMACY);
        bytes32 head = e.previous;
        e.previous = old;
        _refused(e, errOf(ICustodyLedger.StaleHead.selector, head, old));
    }

    function test_anEventSentAgainIsAlreadyRecorded() public {
        CustodyEvent memory e = event_(Kind.SHIP, batch, MAKER, CARRIER);
        bytes32 digest = _record(e);
        _refused(e, errOf(IAccreditation.AlreadyRecorded.selector, digest));
    }

    function test_anEventBeforeTheLastIsRefused() public {
        CustodyEvent memory e = event_(Kind.SHIP, batch, MAKER, CARRIER);
        e.occurredAt = uint40(NOW - 100);
        _record(e);
        e = event_(Kind.RECEIVE, batch, CARRIER, MAKER);
        e.occurredAt = uint40(NOW - 101);
        bytes4 selector = IAccreditation.OccurredAtOutOfRange.selector;
        _refused(e, err(selector, NOW - 101, NOW - 100, NOW + 10 minutes));
        e.occurredAt = uint40(NOW - 100);
        _record(e);
    }

    function test_anUnknownConsignmentIsRefused(bytes32 id) public {
        vm.assume(id != batch);
        _refused(event_(Kind.SHIP, id, MAKER, CARRIER), errOf(ICustodyLedger.UnknownConsignment.selector, id));
    }

    function testFuzz_headsCommitToTheWholeHistory(uint8 hops) public {
        bytes32 head = ledger.consignment(batch).head;
        uint32[3] memory holders = [MAKER, CARRIER, PHARMACY];
        for (uint256 i = 0; i < hops % 8; ++i) {
            (uint32 from, uint32 to) = (holders[i % 3], holders[(i + 1) % 3]);
            head = keccak256(abi.encode(head, _do(Kind.SHIP, batch, from, to)));
            head = keccak256(abi.encode(head, _do(Kind.RECEIVE, batch, to, from)));
        }
        vm.assertEq(ledger.consignment(batch).head, head);
    }

    function _with(bytes memory data, uint256 index, uint8 value) private pure returns (bytes memory copy) {
        copy = bytes.concat(data);
        copy[index] = bytes1(value);
    }
}
