// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Kind, Role} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";

/// @notice SHIP, RECEIVE, HANDOVER, RETURN.
contract MovesTest is Fixture {
    // ---- SHIP ----

    function test_ship_putsTheConsignmentInTransit() public {
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        bytes32 digest = _ship(batch, MAKER, CARRIER);
        (c.head, c.counterparty, c.occurredAt) = (_grown(c.head, digest), CARRIER, uint32(NOW));
        _sameConsignment(batch, c);
    }

    function test_ship_isRefusedByAnotherThanTheHolder() public {
        _refused(
            _shipment(batch, CARRIER, WHOLESALER),
            abi.encodeWithSelector(ICustodyLedger.NotHolder.selector, MAKER, CARRIER)
        );
    }

    function test_ship_isRefusedInTransit() public {
        _ship(batch, MAKER, CARRIER);
        _refused(
            _shipment(batch, MAKER, WHOLESALER), abi.encodeWithSelector(ICustodyLedger.InTransit.selector, CARRIER)
        );
    }

    function test_ship_isRefusedToOneself() public {
        _refused(
            _shipment(batch, MAKER, MAKER), abi.encodeWithSelector(ICustodyLedger.NotCounterparty.selector, 0, MAKER)
        );
    }

    function test_ship_isRefusedToNobody() public {
        _refused(
            _shipment(batch, MAKER, 0), abi.encodeWithSelector(IAccreditation.UnknownOrganisation.selector, uint32(0))
        );
        _refused(
            _shipment(batch, MAKER, NOBODY), abi.encodeWithSelector(IAccreditation.UnknownOrganisation.selector, NOBODY)
        );
    }

    function test_ship_isRefusedToASuspendedOrganisation() public {
        _suspend(BELGIUM, CARRIER);
        _refused(
            _shipment(batch, MAKER, CARRIER),
            abi.encodeWithSelector(IAccreditation.OrganisationNotActive.selector, CARRIER, NOW)
        );
    }

    function test_ship_isRefusedToAnAdministration() public {
        _refused(
            _shipment(batch, MAKER, CUSTOMS),
            abi.encodeWithSelector(IAccreditation.RoleMissing.selector, CUSTOMS, Role.CUSTODY)
        );
    }

    function test_ship_isRefusedByAHolderWhoLostItsCustodyRole() public {
        _amend(BELGIUM, MAKER, Role.REGULATOR);
        _refused(
            _shipment(batch, MAKER, CARRIER),
            abi.encodeWithSelector(IAccreditation.RoleMissing.selector, MAKER, Role.CUSTODY)
        );
    }

    function test_ship_isRefusedByWhoReceivedTheGoodsAndThenLostItsCustodyRole() public {
        _move(batch, MAKER, CARRIER);
        _amend(BELGIUM, CARRIER, Role.CUSTOMS);
        _refused(
            _shipment(batch, CARRIER, WHOLESALER),
            abi.encodeWithSelector(IAccreditation.RoleMissing.selector, CARRIER, Role.CUSTODY)
        );
    }

    function test_ship_isRefusedForOneMoreOrLessThanTheRest() public {
        testFuzz_ship_isRefusedForAnotherQuantityThanTheRest(QUANTITY - 1);
        testFuzz_ship_isRefusedForAnotherQuantityThanTheRest(QUANTITY + 1);
    }

    function testFuzz_ship_isRefusedForAnotherQuantityThanTheRest(uint32 quantity) public {
        vm.assume(quantity != QUANTITY);
        _refused(
            _event(Kind.SHIP, MAKER, batch, CARRIER, quantity),
            abi.encodeWithSelector(ICustodyLedger.QuantityMismatch.selector, QUANTITY, quantity)
        );
    }

    function test_ship_isRefusedWhenNothingIsLeft() public {
        _accepted(_event(Kind.DESTROY, MAKER, batch, 0, QUANTITY));
        _refused(_shipment(batch, MAKER, CARRIER), abi.encodeWithSelector(ICustodyLedger.NoQuantity.selector));
    }

    // ---- RECEIVE ----

    function test_receive_makesTheCounterpartyTheHolder() public {
        _ship(batch, MAKER, CARRIER);
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        vm.warp(NOW + 1 hours);
        bytes32 digest = _accepted(_receipt(batch, MAKER, CARRIER));
        (c.head, c.holder, c.counterparty) = (_grown(c.head, digest), CARRIER, 0);
        c.occurredAt = uint32(NOW + 1 hours);
        _sameConsignment(batch, c);
    }

    function test_receive_ofAnyQuantityIsRecordedAndChangesNoRest() public {
        uint256 shipped = _shippedState();
        uint32[4] memory quantities = [0, QUANTITY - 1, QUANTITY + 1, type(uint32).max];
        for (uint256 i = 0; i < quantities.length; ++i) {
            _accepted(_event(Kind.RECEIVE, CARRIER, batch, MAKER, quantities[i]));
            vm.assertEq(ledger.consignment(batch).rest, QUANTITY, "rest");
            vm.revertToState(shipped);
        }
    }

    function test_receive_isRefusedAtRest() public {
        _refused(_receipt(batch, MAKER, CARRIER), abi.encodeWithSelector(ICustodyLedger.NotInTransit.selector));
    }

    function test_receive_isRefusedByAnotherThanTheCounterparty() public {
        _ship(batch, MAKER, CARRIER);
        _refused(
            _receipt(batch, MAKER, WHOLESALER),
            abi.encodeWithSelector(ICustodyLedger.NotCounterparty.selector, CARRIER, WHOLESALER)
        );
        _refused(
            _receipt(batch, MAKER, MAKER),
            abi.encodeWithSelector(ICustodyLedger.NotCounterparty.selector, CARRIER, MAKER)
        );
    }

    function test_receive_isRefusedFromAnotherThanTheSender() public {
        _ship(batch, MAKER, CARRIER);
        _refused(
            _receipt(batch, WHOLESALER, CARRIER),
            abi.encodeWithSelector(ICustodyLedger.NotCounterparty.selector, MAKER, WHOLESALER)
        );
        _refused(_receipt(batch, 0, CARRIER), abi.encodeWithSelector(ICustodyLedger.NotCounterparty.selector, MAKER, 0));
    }

    function test_receive_isRefusedByACounterpartyWhoLostItsCustodyRole_butItReturnsTheGoods() public {
        _ship(batch, MAKER, CARRIER);
        _amend(BELGIUM, CARRIER, Role.CUSTOMS);
        _refused(
            _receipt(batch, MAKER, CARRIER),
            abi.encodeWithSelector(IAccreditation.RoleMissing.selector, CARRIER, Role.CUSTODY)
        );
        _accepted(_event(Kind.RETURN, CARRIER, batch, MAKER, QUANTITY));
    }

    // ---- HANDOVER ----

    function test_handover_changesTheHolderAtOnce() public {
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        (CustodyEvent memory e, bytes memory attachment) = _handover(batch, MAKER, CARRIER);
        bytes32 digest = _accepted(e, attachment);
        (c.head, c.holder, c.occurredAt) = (_grown(c.head, digest), CARRIER, uint32(NOW));
        _sameConsignment(batch, c);
    }

    function test_handover_isRefusedWhereAShipmentWouldBe() public {
        (CustodyEvent memory e, bytes memory attachment) = _handover(batch, CARRIER, WHOLESALER);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.NotHolder.selector, MAKER, CARRIER));

        (e, attachment) = _handover(batch, MAKER, MAKER);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.NotCounterparty.selector, 0, MAKER));

        (e, attachment) = _handover(batch, MAKER, NOBODY);
        _refused(e, attachment, abi.encodeWithSelector(IAccreditation.UnknownOrganisation.selector, NOBODY));

        (e, attachment) = _handover(batch, MAKER, CUSTOMS);
        _refused(e, attachment, abi.encodeWithSelector(IAccreditation.RoleMissing.selector, CUSTOMS, Role.CUSTODY));

        e = _event(Kind.HANDOVER, MAKER, batch, CARRIER, QUANTITY - 1);
        attachment = _cosigned(e, CARRIER);
        _refused(
            e, attachment, abi.encodeWithSelector(ICustodyLedger.QuantityMismatch.selector, QUANTITY, QUANTITY - 1)
        );
    }

    function test_handover_isRefusedInTransit() public {
        _ship(batch, MAKER, CARRIER);
        (CustodyEvent memory e, bytes memory attachment) = _handover(batch, MAKER, CARRIER);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.InTransit.selector, CARRIER));
    }

    function test_handover_isRefusedWithNothingLeft() public {
        _accepted(_event(Kind.DESTROY, MAKER, batch, 0, QUANTITY));
        (CustodyEvent memory e, bytes memory attachment) = _handover(batch, MAKER, CARRIER);
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.NoQuantity.selector));
    }

    function test_handover_isRefusedToASuspendedOrganisation() public {
        _suspend(BELGIUM, CARRIER);
        (CustodyEvent memory e, bytes memory attachment) = _handover(batch, MAKER, CARRIER);
        _refused(e, attachment, abi.encodeWithSelector(IAccreditation.OrganisationNotActive.selector, CARRIER, NOW));
    }

    function test_handover_isRefusedByAHolderWhoLostItsCustodyRole() public {
        _amend(BELGIUM, MAKER, Role.REGULATOR);
        (CustodyEvent memory e, bytes memory attachment) = _handover(batch, MAKER, CARRIER);
        _refused(e, attachment, abi.encodeWithSelector(IAccreditation.RoleMissing.selector, MAKER, Role.CUSTODY));
    }

    function test_handover_isRefusedUnlessTheCounterpartySignsTheSameDigest() public {
        (CustodyEvent memory e,) = _handover(batch, MAKER, CARRIER);
        bytes32 digest = _digestOf(e);

        bytes memory attachment = abi.encode(_signer(CARRIER), _signature(_secret(CARRIER), keccak256("another")));
        _refused(
            e, attachment, abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, _signer(CARRIER))
        );

        attachment = abi.encode(_signer(CARRIER), _signature(_secret(MAKER), digest));
        _refused(
            e, attachment, abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, _signer(CARRIER))
        );

        attachment = abi.encode(_signer(CARRIER), "");
        _refused(
            e, attachment, abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, _signer(CARRIER))
        );

        uint32[2] memory others = [MAKER, PHARMACY];
        for (uint256 i = 0; i < 2; ++i) {
            _refused(
                e,
                _cosigned(e, others[i]),
                abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, _keyOf(others[i]), CARRIER, others[i])
            );
        }

        _refused(
            e, _cosigned(e, NOBODY), abi.encodeWithSelector(IAccreditation.KeyNotLive.selector, _keyOf(NOBODY), NOW)
        );
    }

    function test_handover_isRefusedWithACounterpartysKeyThatMayNotSignEvents() public {
        _addKey(CARRIER, 0xadd, 4, 0, 0);
        (CustodyEvent memory e,) = _handover(batch, MAKER, CARRIER);
        _refused(
            e,
            abi.encode(_account(0xadd), _signature(0xadd, _digestOf(e))),
            abi.encodeWithSelector(IAccreditation.PurposeMissing.selector, keccak256(_account(0xadd)), 1)
        );
    }

    function test_handover_isRefusedWithACosignatureInAnotherForm() public {
        (CustodyEvent memory e, bytes memory good) = _handover(batch, MAKER, CARRIER);
        bytes memory first = abi.encodeWithSelector(ICustodyLedger.InvalidParts.selector, 0);
        bytes memory second = abi.encodeWithSelector(ICustodyLedger.InvalidParts.selector, 1);
        _refused(e, "", first);
        _refused(e, _cut(good, 159), first);
        _refused(e, _set(good, 31, 0x60), first); // where the signer stands
        _refused(e, _set(good, 63, 0xa0), first); // where the signature stands
        _refused(e, _set(good, 95, 65), first); // a signer of 65 bytes
        _refused(e, _set(good, 64, 1), first); // a signer longer than memory
        _refused(e, _cut(good, good.length - 1), second);
        _refused(e, bytes.concat(good, hex"00"), second);
        _refused(e, bytes.concat(good, bytes32(0)), second);
        _refused(e, _set(good, 159, 0x7f), second); // a signature longer than what is there
        _refused(e, _set(good, 128, 0x80), second); // a signature longer than memory
        _refused(e, _set(good, 128, 0xff), second);
        _refused(e, _cut(_set(_set(good, 95, 64), 63, 0xa0), 160), second); // nothing left for the signature
    }

    function test_handover_isRefusedWithAnEmptySignatureOfAnUnknownKeyInTheRightForm() public {
        (CustodyEvent memory e,) = _handover(batch, MAKER, CARRIER);
        bytes memory signer = new bytes(64);
        _refused(
            e,
            abi.encode(signer, ""),
            abi.encodeWithSelector(IAccreditation.KeyNotLive.selector, keccak256(signer), NOW)
        );
    }

    /// @dev With a reason: without one the list would revert as a whole.
    function testFuzz_handover_isRefusedWithAReasonForAnyOtherCosignature(bytes memory attachment) public {
        (CustodyEvent memory e, bytes memory good) = _handover(batch, MAKER, CARRIER);
        vm.assume(keccak256(attachment) != keccak256(good));
        ICustodyLedger.SignedCustodyEvent memory item = _signed(e, attachment);
        (bool done, bytes memory fault) = address(ledger).call(_callOf(item));
        require(!done && fault.length >= 4, "accepted, or refused without a reason");
        _refused(item, fault);
    }

    // ---- RETURN ----

    function test_return_byTheCounterpartyLeavesTheGoodsAtTheSender() public {
        _returned(CARRIER, MAKER);
    }

    function test_return_byTheShipperCallsTheGoodsBack() public {
        _returned(MAKER, CARRIER);
    }

    function test_return_isRefusedAtRest() public {
        _refused(
            _event(Kind.RETURN, MAKER, batch, CARRIER, QUANTITY),
            abi.encodeWithSelector(ICustodyLedger.NotInTransit.selector)
        );
    }

    function test_return_isRefusedByAThird() public {
        _ship(batch, MAKER, CARRIER);
        _refused(
            _event(Kind.RETURN, WHOLESALER, batch, MAKER, QUANTITY),
            abi.encodeWithSelector(ICustodyLedger.NotCounterparty.selector, CARRIER, WHOLESALER)
        );
    }

    function test_return_isRefusedWhenEitherNamesAnother() public {
        _ship(batch, MAKER, CARRIER);
        _refused(
            _event(Kind.RETURN, CARRIER, batch, WHOLESALER, QUANTITY),
            abi.encodeWithSelector(ICustodyLedger.NotCounterparty.selector, MAKER, WHOLESALER)
        );
        _refused(
            _event(Kind.RETURN, MAKER, batch, WHOLESALER, QUANTITY),
            abi.encodeWithSelector(ICustodyLedger.NotCounterparty.selector, CARRIER, WHOLESALER)
        );
    }

    // ---- ----

    function _returned(uint32 by, uint32 naming) private {
        _ship(batch, MAKER, CARRIER);
        ICustodyLedger.Consignment memory c = ledger.consignment(batch);
        bytes32 digest = _accepted(_event(Kind.RETURN, by, batch, naming, QUANTITY));
        (c.head, c.counterparty) = (_grown(c.head, digest), 0);
        _sameConsignment(batch, c);
    }

    function _shippedState() private returns (uint256) {
        _ship(batch, MAKER, CARRIER);
        return vm.snapshotState();
    }

    function _cut(bytes memory data, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            part[i] = data[i];
        }
    }

    function _set(bytes memory data, uint256 index, uint8 value) private pure returns (bytes memory changed) {
        changed = bytes.concat(data);
        changed[index] = bytes1(value);
    }
}
