// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {BatchRegistration, CustodyEvent} from "../types/Statements.sol";
import {Kind, ProductClass} from "../types/Vocabulary.sol";
import {ILedger} from "./ILedger.sol";
import {Organisations} from "./Organisations.sol";

/// @title A ledger with two countries' organisations and one batch, and the words that the tests speak
/// @dev Every refusal is checked twice, alone and among many, and every acceptance down to its log: see {Checks}.
abstract contract Fixture is Organisations {
    uint40 internal constant NOW = 1_800_000_000;
    uint64 internal constant GTIN = 9_506_000_134_352; // GS1's own example
    uint32 internal constant QUANTITY = 1000;
    bytes32 internal constant DETAILS = keccak256("a salted document");

    bytes32 internal batch;

    function setUp() public virtual {
        vm.warp(NOW);
        ledger = ILedger(vm.deployCode("CustodyLedger.sol:CustodyLedger", abi.encode(COUNCIL)));
        _organise();
        batch = _registered("L1");
    }

    // ---- batches ----

    function _registration(string memory lot) internal pure returns (BatchRegistration memory) {
        return BatchRegistration(MAKER, GTIN, lot, ProductClass.VACCINE, QUANTITY, 20_260_101, 20_271_231, 0, DETAILS);
    }

    function _registered(string memory lot) internal returns (bytes32) {
        return _accepted(_signed(_registration(lot)));
    }

    /// @dev An SSCC under {PREFIX}: extension digit 0, its check digit computed here and not by the contract's code.
    function _sscc(uint64 serial) internal pure returns (uint64) {
        uint64 body = (PREFIX - 10 ** 7) * 10 ** 9 + serial;
        uint64 sum;
        uint64 weight = 3;
        for (uint64 rest = body; rest != 0; rest /= 10) {
            sum += rest % 10 * weight;
            weight = 4 - weight;
        }
        return body * 10 + (10 - sum % 10) % 10;
    }

    // ---- events ----

    function _isByAuthority(uint8 kind) internal pure returns (bool) {
        return Kind.BY_AUTHORITY >> kind & 1 == 1;
    }

    /// @dev A place in an organisation's own country, known here: what is asked of the ledger costs less gas the next time.
    function _placeOf(uint32 number) private pure returns (bytes5) {
        bool isBelgian = number == BELGIUM || number == MAKER || number == CARRIER || number == FOREIGN_CUSTOMS;
        return isBelgian ? bytes5("BEBRU") : bytes5("SGSIN");
    }

    /// @dev An event at the consignment's present state, by `actor` now and at home.
    function _event(uint8 kind, uint32 actor, bytes32 id) internal view returns (CustodyEvent memory e) {
        ICustodyLedger.Consignment memory c = ledger.consignment(id);
        (e.consignment, e.kind, e.actor, e.details) = (id, kind, actor, DETAILS);
        e.previous = _isByAuthority(kind) ? bytes32(uint256(c.sequence)) : c.head;
        (e.occurredAt, e.place) = (uint40(block.timestamp), _placeOf(actor));
    }

    function _event(uint8 kind, uint32 actor, bytes32 id, uint32 counterparty, uint32 quantity)
        internal
        view
        returns (CustodyEvent memory e)
    {
        e = _event(kind, actor, id);
        (e.counterparty, e.quantity) = (counterparty, quantity);
    }

    /// @dev With parts, whose hash is signed.
    function _event(uint8 kind, uint32 actor, bytes32 id, uint32 quantity, bytes memory attachment)
        internal
        view
        returns (CustodyEvent memory e)
    {
        e = _event(kind, actor, id, 0, quantity);
        e.parts = keccak256(attachment);
    }

    function _shipment(bytes32 id, uint32 from, uint32 to) internal view returns (CustodyEvent memory) {
        return _event(Kind.SHIP, from, id, to, ledger.consignment(id).rest);
    }

    function _receipt(bytes32 id, uint32 from, uint32 to) internal view returns (CustodyEvent memory) {
        return _event(Kind.RECEIVE, to, id, from, ledger.consignment(id).rest);
    }

    function _handover(bytes32 id, uint32 from, uint32 to)
        internal
        view
        returns (CustodyEvent memory e, bytes memory attachment)
    {
        e = _event(Kind.HANDOVER, from, id, to, ledger.consignment(id).rest);
        attachment = _cosigned(e, to);
    }

    function _cosigned(CustodyEvent memory e, uint32 by) internal view returns (bytes memory) {
        return abi.encode(_signer(by), _signature(_secret(by), _digestOf(e)));
    }

    /// @dev A SPLIT into children without SSCCs, of these quantities.
    function _splitting(bytes32 id, uint32 actor, uint32[] memory quantities)
        internal
        view
        returns (CustodyEvent memory e, bytes memory attachment)
    {
        uint32 sum;
        for (uint256 i = 0; i < quantities.length; ++i) {
            attachment = abi.encodePacked(attachment, uint64(0), quantities[i]);
            sum += quantities[i];
        }
        e = _event(Kind.SPLIT, actor, id, sum, attachment);
    }

    function _packing(uint32 actor, bytes32[] memory ids, uint64 sscc)
        internal
        view
        returns (CustodyEvent memory e, bytes memory attachment)
    {
        attachment = abi.encodePacked(sscc);
        for (uint256 i = 0; i < ids.length; ++i) {
            attachment = abi.encodePacked(attachment, ids[i], ledger.consignment(ids[i]).head);
        }
        e = _event(Kind.PACK, actor, 0, uint32(ids.length), attachment);
    }

    function _unpacking(uint32 actor, bytes32 pallet, bytes32[] memory ids)
        internal
        view
        returns (CustodyEvent memory e, bytes memory attachment)
    {
        attachment = abi.encodePacked(ids);
        e = _event(Kind.UNPACK, actor, pallet, uint32(ids.length), attachment);
    }

    function _child(bytes32 digest, uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode(digest, index));
    }

    function _children(bytes32 digest, uint256 count) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            ids[i] = _child(digest, i);
        }
    }

    function _grown(bytes32 head, bytes32 digest) internal pure returns (bytes32) {
        return keccak256(abi.encode(head, digest));
    }

    function _ones(uint256 count) internal pure returns (uint32[] memory quantities) {
        quantities = new uint32[](count);
        for (uint256 i = 0; i < count; ++i) {
            quantities[i] = 1;
        }
    }

    function _one(bytes32 id) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](1);
        ids[0] = id;
    }

    // ---- acts that must succeed ----

    function _ship(bytes32 id, uint32 from, uint32 to) internal returns (bytes32) {
        return _accepted(_shipment(id, from, to));
    }

    /// @dev SHIP and RECEIVE.
    function _move(bytes32 id, uint32 from, uint32 to) internal {
        _ship(id, from, to);
        _accepted(_receipt(id, from, to));
    }

    /// @return child The only child, of `quantity`.
    function _split(bytes32 id, uint32 actor, uint32 quantity) internal returns (bytes32 child) {
        uint32[] memory quantities = new uint32[](1);
        quantities[0] = quantity;
        (CustodyEvent memory e, bytes memory attachment) = _splitting(id, actor, quantities);
        return _child(_accepted(e, attachment), 0);
    }

    /// @return ids Children of one unit each.
    function _splitIntoOnes(bytes32 id, uint32 actor, uint256 count) internal returns (bytes32[] memory ids) {
        (CustodyEvent memory e, bytes memory attachment) = _splitting(id, actor, _ones(count));
        return _children(_accepted(e, attachment), count);
    }

    /// @return pallet Its id.
    function _pack(uint32 actor, bytes32[] memory ids) internal returns (bytes32 pallet) {
        (CustodyEvent memory e, bytes memory attachment) = _packing(actor, ids, 0);
        return _accepted(e, attachment);
    }
}
