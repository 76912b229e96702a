// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Accreditation} from "./Accreditation.sol";
import {ICustodyLedger} from "./interfaces/ICustodyLedger.sol";
import {Gs1} from "./libraries/Gs1.sol";
import {CustodyEvent, Statements} from "./types/Statements.sol";
import {Kind, Role, Status} from "./types/Vocabulary.sol";

/// @title What each kind of custody event requires and does
/// @dev One function a kind. Who signed is settled before ({Accreditation-_authorise}); a rule that fails reverts, and whoever
/// called decides whether that undoes one statement or the transaction.
abstract contract CustodyRules is ICustodyLedger, Accreditation {
    /// @dev A vial may be scanned where there is no network; a clock may be ahead.
    uint256 private constant LATEST_CAPTURE = 30 days;
    uint256 private constant CLOCK_AHEAD = 10 minutes;

    uint256 private constant SPLIT_PART = 12; // bytes: uint64 SSCC, uint32 quantity
    uint256 private constant PALLET_SSCC = 8; // bytes: uint64 SSCC
    uint256 private constant PACK_PART = 64; // bytes: id, head
    uint256 private constant UNPACK_PART = 32; // bytes: id

    mapping(bytes32 id => Consignment) internal _consignments;
    /// @dev Written for children of a split only: the first consignment's id is its batch.
    mapping(bytes32 id => bytes32 batch) internal _batches;
    mapping(bytes32 batch => Recall) internal _recalls;
    /// @dev Authority's events only: a holder's event is found in the head.
    mapping(bytes32 digest => bool) internal _recorded;
    mapping(bytes32 earlier => bytes32 digest) internal _corrections;
    /// @inheritdoc ICustodyLedger
    uint32 public palletCount;

    /// @dev Applies an event whose actor has signed it: a rule that reverts takes back what was written before it.
    /// The most frequent kinds come first.
    /// @param roles The actor's.
    function _apply(CustodyEvent memory e, bytes calldata attachment, bytes32 digest, uint8 roles) internal {
        uint8 kind = e.kind;
        _checkForm(e, attachment);
        if (kind == Kind.CORRECT) return _correct(e, attachment, digest);
        if (kind == Kind.PACK) return _pack(e, attachment, digest);

        Consignment storage c = _consignments[e.consignment];
        if (c.head == 0) revert UnknownConsignment(e.consignment);
        if (_isOfAuthority(kind, e.actor, c.heldBy)) {
            _advanceSequence(c, e, digest);
            _administer(c, e, roles);
        } else {
            _advanceHead(c, e, digest);
            if (kind == Kind.SHIP) _ship(c, e, roles);
            else if (kind == Kind.RECEIVE) _receive(c, e, roles);
            else if (kind == Kind.DISPENSE) _dispense(c, e, roles);
            else if (kind == Kind.SPLIT) return _split(c, e, attachment, digest);
            else if (kind == Kind.HANDOVER) _handover(c, e, roles, attachment, digest);
            else if (kind == Kind.RETURN) _return(c, e);
            else if (kind == Kind.UNPACK) return _unpack(c, e, attachment, digest);
            else _destroy(c, e);
        }
    }

    /// @dev Whoever holds or seized goods destroys them as an authority, everyone else as their holder.
    function _isOfAuthority(uint8 kind, uint32 actor, uint32 heldBy) private pure returns (bool) {
        return 1 << kind & Kind.BY_AUTHORITY != 0 || (kind == Kind.DESTROY && heldBy == actor);
    }

    // ---- form ----

    function _checkForm(CustodyEvent memory e, bytes calldata attachment) private view {
        if (e.kind == 0 || e.kind > Kind.CORRECT) revert InvalidKind(e.kind);
        uint256 kind = 1 << e.kind;
        if (e.counterparty != 0 && Kind.NAMES_COUNTERPARTY & kind == 0) revert UnexpectedField("counterparty");
        if (attachment.length != 0 && Kind.HAS_ATTACHMENT & kind == 0) revert UnexpectedField("attachment");
        if (Kind.HAS_PARTS & kind == 0) {
            if (e.parts != 0) revert UnexpectedField("parts");
        } else if (keccak256(attachment) != e.parts) {
            revert PartsMismatch(e.parts, keccak256(attachment));
        }
        if (!Gs1.isPlace(e.place) && (e.place != 0 || Kind.PLACE_OPTIONAL & kind == 0)) revert InvalidPlace(e.place);
        _requireBetween(e.occurredAt, block.timestamp < LATEST_CAPTURE ? 0 : block.timestamp - LATEST_CAPTURE);
    }

    function _requireBetween(uint40 occurredAt, uint256 earliest) private view {
        uint256 latest = block.timestamp + CLOCK_AHEAD;
        if (occurredAt < earliest || occurredAt > latest) {
            revert OccurredAtOutOfRange(occurredAt, uint40(earliest), uint40(latest));
        }
    }

    // ---- order ----

    /// @dev The next event of a holder: names the head that it moves.
    function _advanceHead(Consignment storage c, CustodyEvent memory e, bytes32 digest) private {
        bytes32 head = c.head;
        bytes32 next = _grow(e.previous, digest);
        if (head == next) revert AlreadyRecorded(digest);
        if (head != e.previous) revert StaleHead(head, e.previous);
        _requireFree(c, e.consignment);
        _requireBetween(e.occurredAt, c.occurredAt);
        c.head = next;
        c.occurredAt = uint32(e.occurredAt);
    }

    /// @dev The next event of an authority: names its sequence, and moves the head as well.
    function _advanceSequence(Consignment storage c, CustodyEvent memory e, bytes32 digest) private {
        if (_recorded[digest]) revert AlreadyRecorded(digest);
        if (uint256(e.previous) != c.sequence) revert StaleSequence(c.sequence, uint256(e.previous));
        _recorded[digest] = true;
        c.sequence += 1;
        c.head = _grow(c.head, digest);
    }

    function _grow(bytes32 head, bytes32 digest) private pure returns (bytes32) {
        return keccak256(abi.encode(head, digest));
    }

    // ---- conditions ----

    function _requireFree(Consignment storage c, bytes32 id) private view {
        if (c.pallet != 0 && c.status & Status.PALLET == 0) revert InPallet(id, c.pallet);
        if (c.status & Status.SEIZED != 0) revert Seized(c.heldBy);
        if (c.heldBy != 0) revert Held(c.heldBy);
    }

    function _requireAtRest(Consignment storage c, uint32 actor) private view {
        if (c.holder != actor) revert NotHolder(c.holder, actor);
        if (c.counterparty != 0) revert InTransit(c.counterparty);
    }

    function _requireSscc(uint32 actor, uint64 sscc) private view {
        if (sscc == 0) return;
        if (!Gs1.isSscc(sscc)) revert InvalidSscc(sscc);
        _requirePrefix(actor, sscc, Gs1.digitsOfSscc(sscc));
    }

    /// @param code The GTIN or SSCC, for the error.
    /// @param digits See {Gs1-isUnderPrefix}.
    function _requirePrefix(uint32 number, uint64 code, uint256 digits) internal view {
        uint64[] storage prefixes = _companyPrefixes(number);
        uint256 count = prefixes.length;
        if (count == 0) revert NoPrefixes(number);
        for (uint256 i = 0; i < count; ++i) {
            if (Gs1.isUnderPrefix(digits, prefixes[i])) return;
        }
        revert PrefixNotLicensed(number, code);
    }

    // ---- kinds: moving ----

    function _ship(Consignment storage c, CustodyEvent memory e, uint8 roles) private {
        _requireLeaving(c, e, roles);
        c.counterparty = e.counterparty;
    }

    function _handover(
        Consignment storage c,
        CustodyEvent memory e,
        uint8 roles,
        bytes calldata attachment,
        bytes32 digest
    ) private {
        _requireLeaving(c, e, roles);
        (bytes calldata signer, bytes calldata signature) = _cosignature(attachment);
        _authoriseEvents(e.counterparty, digest, signer, signature);
        c.holder = e.counterparty;
    }

    function _requireLeaving(Consignment storage c, CustodyEvent memory e, uint8 roles) private view {
        _requireAtRest(c, e.actor);
        _requireRole(e.actor, roles, Role.CUSTODY);
        if (e.counterparty == e.actor) revert NotCounterparty(0, e.counterparty);
        _requireRole(e.counterparty, _rolesOf(e.counterparty), Role.CUSTODY);
        if (c.rest == 0) revert NoQuantity();
        if (c.rest != e.quantity) revert QuantityMismatch(c.rest, e.quantity);
    }

    /// @dev `abi.encode(bytes signer, bytes signature)` read by hand, since `abi.decode` reverts without a reason.
    function _cosignature(bytes calldata attachment)
        private
        pure
        returns (bytes calldata signer, bytes calldata signature)
    {
        if (attachment.length < 160 || uint256(bytes32(attachment[:32])) != 64) revert InvalidParts(0);
        uint256 second = uint256(bytes32(attachment[32:64]));
        uint256 length = uint256(bytes32(attachment[64:96]));
        // up to whole words
        // slither-disable-next-line divide-before-multiply
        if (length > 64 || second != 96 + (length + 31) / 32 * 32) revert InvalidParts(0);
        if (attachment.length < second + 32) revert InvalidParts(1);
        signer = attachment[96:96 + length];
        length = uint256(bytes32(attachment[second:second + 32]));
        // slither-disable-next-line divide-before-multiply
        if (length > attachment.length || attachment.length != second + 32 + (length + 31) / 32 * 32) {
            revert InvalidParts(1);
        }
        signature = attachment[second + 32:second + 32 + length];
    }

    function _receive(Consignment storage c, CustodyEvent memory e, uint8 roles) private {
        if (c.counterparty == 0) revert NotInTransit();
        if (c.counterparty != e.actor) revert NotCounterparty(c.counterparty, e.actor);
        if (c.holder != e.counterparty) revert NotCounterparty(c.holder, e.counterparty);
        _requireRole(e.actor, roles, Role.CUSTODY);
        (c.holder, c.counterparty) = (e.actor, 0);
    }

    /// @dev Each of the two names the other.
    function _return(Consignment storage c, CustodyEvent memory e) private {
        if (c.counterparty == 0) revert NotInTransit();
        if (e.actor == c.counterparty) {
            if (e.counterparty != c.holder) revert NotCounterparty(c.holder, e.counterparty);
        } else {
            if (e.actor != c.holder) revert NotCounterparty(c.counterparty, e.actor);
            if (e.counterparty != c.counterparty) revert NotCounterparty(c.counterparty, e.counterparty);
        }
        c.counterparty = 0;
    }

    // ---- kinds: dividing and combining ----

    function _split(Consignment storage c, CustodyEvent memory e, bytes calldata attachment, bytes32 digest) private {
        _requireAtRest(c, e.actor);
        if (c.status & Status.PALLET != 0) revert IsPallet(e.consignment);
        uint256 count = attachment.length / SPLIT_PART;
        if (count == 0 || attachment.length % SPLIT_PART != 0) revert InvalidParts(count);
        if (e.quantity > c.rest) revert QuantityExceeded(c.rest, e.quantity);
        c.rest -= e.quantity;

        bytes32 batch = _batchOf(e.consignment);
        uint32 left = e.quantity;
        for (uint256 i = 0; i < count; ++i) {
            uint96 part = uint96(bytes12(attachment[i * SPLIT_PART:(i + 1) * SPLIT_PART]));
            (uint64 sscc, uint32 quantity) = (uint64(part >> 32), uint32(part));
            if (quantity == 0) revert InvalidParts(i);
            if (quantity > left) revert QuantityExceeded(left, quantity);
            _requireSscc(e.actor, sscc);
            left -= quantity;
            bytes32 id = keccak256(abi.encode(digest, i));
            Consignment storage child = _consignments[id];
            (child.head, child.holder, child.manufacturer) = (digest, e.actor, c.manufacturer);
            (child.occurredAt, child.rest) = (uint32(e.occurredAt), quantity);
            _batches[id] = batch;
            emit ConsignmentSplit(id, e.consignment, batch, sscc, quantity, digest);
        }
        if (left != 0) revert QuantityMismatch(e.quantity - left, e.quantity);
    }

    function _pack(CustodyEvent memory e, bytes calldata attachment, bytes32 digest) private {
        if (e.consignment != 0) revert UnexpectedField("consignment");
        if (e.previous != 0) revert UnexpectedField("previous");
        Consignment storage pallet = _consignments[digest];
        if (pallet.head != 0) revert AlreadyRecorded(digest);
        if (attachment.length < PALLET_SSCC + PACK_PART || attachment.length % PACK_PART != PALLET_SSCC) {
            revert InvalidParts(attachment.length / PACK_PART);
        }
        uint256 count = attachment.length / PACK_PART;
        if (count != e.quantity) revert QuantityMismatch(uint32(count), e.quantity);
        uint64 sscc = uint64(bytes8(attachment[:PALLET_SSCC]));
        _requireSscc(e.actor, sscc);

        uint32 number = ++palletCount;
        (pallet.head, pallet.holder, pallet.pallet) = (digest, e.actor, number);
        (pallet.occurredAt, pallet.rest, pallet.status) = (uint32(e.occurredAt), e.quantity, Status.PALLET);
        emit PalletBuilt(digest, number, sscc);
        for (uint256 offset = PALLET_SSCC; offset < attachment.length; offset += PACK_PART) {
            bytes32 id = bytes32(attachment[offset:offset + 32]);
            _stack(e, id, bytes32(attachment[offset + 32:offset + PACK_PART]), number);
            emit ConsignmentPacked(id, digest);
        }
    }

    /// @dev Puts one consignment on a pallet: one slot, its head stays until it comes off.
    function _stack(CustodyEvent memory e, bytes32 id, bytes32 head, uint32 number) private {
        Consignment storage c = _consignments[id];
        if (c.head == 0) revert UnknownConsignment(id);
        if (c.head != head) revert StaleHead(c.head, head);
        if (c.status & Status.PALLET != 0) revert IsPallet(id);
        _requireFree(c, id);
        _requireBetween(e.occurredAt, c.occurredAt);
        _requireAtRest(c, e.actor);
        c.pallet = number;
    }

    function _unpack(Consignment storage pallet, CustodyEvent memory e, bytes calldata attachment, bytes32 digest)
        private
    {
        _requireAtRest(pallet, e.actor);
        if (pallet.status & Status.PALLET == 0) revert NotPallet(e.consignment);
        uint256 count = attachment.length / UNPACK_PART;
        if (count == 0 || attachment.length % UNPACK_PART != 0) revert InvalidParts(count);
        if (count != e.quantity) revert QuantityMismatch(uint32(count), e.quantity);
        if (count > pallet.rest) revert QuantityExceeded(pallet.rest, count);
        pallet.rest -= e.quantity;
        for (uint256 offset = 0; offset < attachment.length; offset += UNPACK_PART) {
            bytes32 id = bytes32(attachment[offset:offset + UNPACK_PART]);
            Consignment storage c = _consignments[id];
            if (c.pallet != pallet.pallet || c.status & Status.PALLET != 0) revert NotOnPallet(id, e.consignment);
            c.head = _grow(c.head, digest);
            (c.holder, c.pallet, c.occurredAt) = (pallet.holder, 0, pallet.occurredAt);
            emit ConsignmentUnpacked(id, e.consignment);
        }
    }

    function _batchOf(bytes32 id) internal view returns (bytes32 batch) {
        batch = _batches[id];
        if (batch == 0 && _consignments[id].manufacturer != 0) batch = id;
    }

    // ---- kinds: using up ----

    function _dispense(Consignment storage c, CustodyEvent memory e, uint8 roles) private {
        _requireAtRest(c, e.actor);
        _requireRole(e.actor, roles, Role.PHARMACY);
        if (c.status & Status.PALLET != 0) revert IsPallet(e.consignment);
        _use(c, e.quantity);
    }

    function _destroy(Consignment storage c, CustodyEvent memory e) private {
        _requireAtRest(c, e.actor);
        _use(c, e.quantity);
    }

    function _use(Consignment storage c, uint32 quantity) private {
        if (quantity == 0) revert NoQuantity();
        if (quantity > c.rest) revert QuantityExceeded(c.rest, quantity);
        // which consignments of a pallet would be gone?
        if (c.status & Status.PALLET != 0 && quantity != c.rest) revert QuantityMismatch(c.rest, quantity);
        c.rest -= quantity;
    }

    // ---- kinds: authorities ----

    function _administer(Consignment storage c, CustodyEvent memory e, uint8 roles) private {
        if (e.kind == Kind.RECALL) return _recall(c, e, roles);
        _requireRole(e.actor, roles, Role.ADMINISTRATION);
        bytes2 country = _countryOf(e.actor);
        // an administration acts on what is in its country, as far as the place that it signs says so
        if (bytes2(e.place) != country) revert OutsideJurisdiction(country, e.place);
        if (c.pallet != 0 && c.status & Status.PALLET == 0) revert InPallet(e.consignment, c.pallet);
        if (e.kind == Kind.INSPECT) return;
        if (e.kind == Kind.DESTROY) return _use(c, e.quantity);
        if (c.status & Status.SEIZED != 0) revert Seized(c.heldBy);
        if (e.kind == Kind.HOLD) {
            if (c.heldBy != 0) revert Held(c.heldBy);
            c.heldBy = e.actor;
        } else if (e.kind == Kind.RELEASE) {
            if (c.heldBy == 0) revert NotHeld();
            bool regulator = roles & Role.REGULATOR != 0 && _countryOf(c.heldBy) == country;
            if (c.heldBy != e.actor && !regulator) revert Held(c.heldBy);
            c.heldBy = 0;
        } else {
            if (c.heldBy != 0 && _countryOf(c.heldBy) != country) revert Held(c.heldBy);
            c.heldBy = e.actor;
            c.status |= Status.SEIZED;
        }
    }

    function _recall(Consignment storage c, CustodyEvent memory e, uint8 roles) private {
        if (c.manufacturer == 0 || _batches[e.consignment] != 0) revert NotBatch(e.consignment);
        if (c.manufacturer != e.actor) _requireRole(e.actor, roles, Role.REGULATOR);
        if (_recalls[e.consignment].by != 0) revert AlreadyRecalled(e.consignment);
        _recalls[e.consignment] = Recall(e.actor, uint40(block.timestamp), e.occurredAt);
    }

    // ---- kinds: words ----

    /// @dev Touches no consignment: else anyone who ever had the goods could keep moving the head under the holder.
    function _correct(CustodyEvent memory e, bytes calldata attachment, bytes32 digest) private {
        if (_corrections[e.previous] != 0) revert AlreadyRecorded(_corrections[e.previous]);
        // ten words: the earlier event as `abi.encode` and EIP-712 write it, read in place as decoding reverts without a reason
        if (attachment.length != 320) revert InvalidParts(0);
        bytes32 earlier = _hashTypedDataV4(keccak256(abi.encodePacked(Statements.CUSTODY_EVENT, attachment)));
        if (earlier != e.previous) revert PartsMismatch(e.previous, earlier);
        if (bytes32(attachment[:32]) != e.consignment) revert UnexpectedField("consignment");
        uint256 actor = uint256(bytes32(attachment[64:96]));
        if (actor != e.actor) revert NotActor(uint32(actor), e.actor);
        _corrections[e.previous] = digest;
    }
}
