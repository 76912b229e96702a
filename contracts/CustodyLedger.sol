// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Accreditation} from "./Accreditation.sol";
import {CustodyRules} from "./CustodyRules.sol";
import {ICustodyLedger} from "./interfaces/ICustodyLedger.sol";
import {Gs1} from "./libraries/Gs1.sol";
import {Signers} from "./libraries/Signers.sol";
import {Anchor, BatchRegistration, Bundle, CustodyEvent, Statements} from "./types/Statements.sol";
import {ProductClass, Role} from "./types/Vocabulary.sol";

/// @title Lotproof: the provenance ledger of vaccines and protective equipment
/// @notice The entry points. Nothing here can be changed after deployment and nothing recorded can be removed.
contract CustodyLedger is CustodyRules {
    mapping(uint32 number => AnchorState) private _anchors;

    /// @param council_ Admits authorities, may pause: a multisig contract in production.
    constructor(address council_) Accreditation(council_) {}

    modifier onlySelf() {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        _;
    }

    // ---- registrations ----

    /// @inheritdoc ICustodyLedger
    function register(BatchRegistration calldata statement, bytes calldata signer, bytes calldata signature)
        external
        whenNotPaused
    {
        _registerSigned(statement, signer, signature);
    }

    /// @inheritdoc ICustodyLedger
    function registerMany(SignedRegistration[] calldata items) external whenNotPaused {
        bytes memory again = _callAgain(this.registerOne.selector);
        for (uint16 i = 0; i < items.length; ++i) {
            bytes memory reason = _attempt(again, i);
            if (reason.length != 0) _refuse(digestOfBatchRegistration(items[i].statement), reason);
        }
    }

    /// @notice One of the items given to {registerMany}; only the contract itself may call it.
    function registerOne(SignedRegistration[] calldata items, uint256 index) external onlySelf {
        SignedRegistration calldata item = items[index];
        _registerSigned(item.statement, item.signer, item.signature);
    }

    function _registerSigned(BatchRegistration calldata statement, bytes calldata signer, bytes calldata signature)
        private
    {
        bytes32 digest = digestOfBatchRegistration(statement);
        (bytes32 key, uint8 roles) = _authoriseEvents(statement.manufacturer, digest, signer, signature);
        _requireRole(statement.manufacturer, roles, Role.MANUFACTURER);
        _register(statement, digest, key);
    }

    function _register(BatchRegistration memory r, bytes32 digest, bytes32 key) private {
        _checkFacts(r);
        bytes32 batch = keccak256(abi.encode(r.gtin, r.lot));
        Consignment storage first = _consignments[batch];
        if (first.head == digest) revert AlreadyRecorded(digest);
        if (first.head != 0) revert BatchAlreadyRegistered(batch);
        (first.head, first.holder, first.manufacturer, first.rest) =
        (digest, r.manufacturer, r.manufacturer, r.quantity);
        emit BatchRegistered(
            digest,
            batch,
            r.manufacturer,
            r.gtin,
            r.lot,
            r.productClass,
            r.quantity,
            r.manufactured,
            r.expiry,
            r.unitRoot,
            r.details,
            key
        );
    }

    /// @dev What can be wrong with a batch itself (GS1 General Specifications: AI 01, 10, 11, 17).
    function _checkFacts(BatchRegistration memory r) private view {
        if (!Gs1.isGtin(r.gtin)) revert InvalidGtin(r.gtin);
        _requirePrefix(r.manufacturer, r.gtin, Gs1.digitsOfGtin(r.gtin));
        if (!Gs1.isLot(bytes(r.lot))) revert InvalidLot(r.lot);
        if (r.productClass < ProductClass.VACCINE || r.productClass > ProductClass.DEVICE) {
            revert InvalidProductClass(r.productClass);
        }
        if (r.quantity == 0) revert NoQuantity();
        if (r.manufactured != 0 && !Gs1.isDate(r.manufactured)) revert InvalidDate(r.manufactured);
        if (!Gs1.isDate(r.expiry) || r.expiry <= r.manufactured) revert InvalidDate(r.expiry);
    }

    // ---- custody events ----

    /// @inheritdoc ICustodyLedger
    function record(
        CustodyEvent calldata statement,
        bytes calldata attachment,
        bytes calldata signer,
        bytes calldata signature
    ) external whenNotPaused {
        _recordSigned(statement, attachment, signer, signature);
    }

    /// @inheritdoc ICustodyLedger
    function recordMany(SignedCustodyEvent[] calldata items) external whenNotPaused {
        bytes memory again = _callAgain(this.recordOne.selector);
        for (uint16 i = 0; i < items.length; ++i) {
            bytes memory reason = _attempt(again, i);
            if (reason.length != 0) _refuse(digestOfCustodyEvent(items[i].statement), reason);
        }
    }

    /// @notice One of the items given to {recordMany}; only the contract itself may call it.
    function recordOne(SignedCustodyEvent[] calldata items, uint256 index) external onlySelf {
        SignedCustodyEvent calldata item = items[index];
        _recordSigned(item.statement, item.attachment, item.signer, item.signature);
    }

    /// @inheritdoc ICustodyLedger
    function recordBundle(
        Bundle calldata statement,
        CustodyEvent[] calldata events,
        bytes[] calldata attachments,
        bytes calldata signer,
        bytes calldata signature
    ) external whenNotPaused {
        bytes32[] memory digests = _checkBundle(statement, events, attachments);
        (bytes32 key, uint8 roles) = _authoriseEvents(statement.actor, _digestOfBundle(statement), signer, signature);
        for (uint256 i = 0; i < events.length; ++i) {
            // it calls only itself, so that a refusal undoes one statement alone
            // slither-disable-next-line calls-loop
            try this.recordAuthorised(events[i], attachments[i], digests[i], key, roles) {}
            catch (bytes memory reason) {
                _requireReason(reason);
                _refuse(digests[i], reason);
            }
        }
    }

    /// @notice One event of a bundle whose signature has been checked; only the contract itself may call it.
    function recordAuthorised(
        CustodyEvent calldata statement,
        bytes calldata attachment,
        bytes32 digest,
        bytes32 signerKey,
        uint8 roles
    ) external onlySelf {
        _record(statement, attachment, digest, signerKey, roles);
    }

    function _recordSigned(
        CustodyEvent memory e,
        bytes calldata attachment,
        bytes calldata signer,
        bytes calldata signature
    ) private {
        bytes32 digest = _hashTypedDataV4(Statements.structHash(e));
        (bytes32 key, uint8 roles) = _authoriseEvents(e.actor, digest, signer, signature);
        _record(e, attachment, digest, key, roles);
    }

    /// @dev The log first, because those of parts follow it; a refusal takes it back with all else.
    function _record(CustodyEvent memory e, bytes calldata attachment, bytes32 digest, bytes32 key, uint8 roles)
        private
    {
        emit CustodyRecorded(
            digest,
            e.consignment,
            e.actor,
            e.previous,
            e.kind,
            e.occurredAt,
            e.counterparty,
            e.quantity,
            e.place,
            e.parts,
            e.details,
            key
        );
        _apply(e, attachment, digest, roles);
    }

    function _checkBundle(Bundle calldata statement, CustodyEvent[] calldata events, bytes[] calldata attachments)
        private
        view
        returns (bytes32[] memory digests)
    {
        uint256 count = events.length;
        if (count != statement.count || count != attachments.length) {
            revert QuantityMismatch(statement.count, uint32(count));
        }
        digests = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            if (events[i].actor != statement.actor) revert NotActor(statement.actor, events[i].actor);
            digests[i] = digestOfCustodyEvent(events[i]);
            if (i != 0 && digests[i] <= digests[i - 1]) revert BundleNotAscending(i);
        }
        bytes32 given = keccak256(abi.encodePacked(digests));
        if (given != statement.digests) revert BundleMismatch(statement.digests, given);
    }

    // ---- many at once ----

    /// @dev The call data that came in goes on into calls to itself, with the number of one item behind the list's offset: to
    /// encode every item anew would cost 2,000 gas each.
    function _callAgain(bytes4 selector) private pure returns (bytes memory) {
        return abi.encodePacked(selector, uint256(bytes32(msg.data[4:36])) + 32, uint256(0), msg.data[36:]);
    }

    /// @dev Tries one item; its writes stay or vanish together.
    /// @return reason Why it was refused; empty if it was not.
    function _attempt(bytes memory again, uint16 index) private returns (bytes memory reason) {
        (again[66], again[67]) = (bytes1(uint8(index >> 8)), bytes1(uint8(index)));
        bool done;
        // it calls only itself
        // slither-disable-next-line calls-loop,low-level-calls
        (done, reason) = address(this).call(again); // solhint-disable-line avoid-low-level-calls
        if (!done) _requireReason(reason);
    }

    /// @dev A statement is refused for what it says, never for want of gas: a call that ran out gives no reason, and every rule
    /// gives one.
    function _requireReason(bytes memory reason) private view {
        if (reason.length == 0 || bytes4(reason) == InsufficientGas.selector) {
            revert InsufficientGas(gasleft() + Signers.WALLET_GAS_NEEDED, gasleft());
        }
    }

    function _refuse(bytes32 digest, bytes memory reason) private {
        emit Refused(digest, reason);
    }

    // ---- anchors ----

    /// @inheritdoc ICustodyLedger
    function anchor(Anchor calldata statement, bytes calldata signer, bytes calldata signature) external whenNotPaused {
        bytes32 digest = _digestOfAnchor(statement);
        (bytes32 key,) = _authoriseEvents(statement.organisation, digest, signer, signature);
        AnchorState storage state = _anchors[statement.organisation];
        bytes32 accumulator = state.accumulator;
        if (accumulator == digest) revert AlreadyRecorded(digest);
        if (accumulator != statement.previous) revert AccumulatorMismatch(accumulator, statement.previous);
        if (statement.count <= state.count) revert CountNotGrowing(state.count, statement.count);
        (state.accumulator, state.count) = (digest, statement.count);
        emit Anchored(digest, statement.organisation, statement.count, statement.root, statement.previous, key);
    }

    // ---- views ----

    /// @inheritdoc ICustodyLedger
    function consignment(bytes32 id) external view returns (Consignment memory) {
        return _consignments[id];
    }

    /// @inheritdoc ICustodyLedger
    function batchOf(bytes32 id) external view returns (bytes32) {
        return _batchOf(id);
    }

    /// @inheritdoc ICustodyLedger
    function recallOf(bytes32 batch) external view returns (Recall memory) {
        return _recalls[batch];
    }

    /// @inheritdoc ICustodyLedger
    function correctionOf(bytes32 digest) external view returns (bytes32) {
        return _corrections[digest];
    }

    /// @inheritdoc ICustodyLedger
    function isRecorded(bytes32 digest) external view returns (bool) {
        return _recorded[digest];
    }

    /// @inheritdoc ICustodyLedger
    function anchorOf(uint32 number) external view returns (AnchorState memory) {
        return _anchors[number];
    }

    /// @inheritdoc ICustodyLedger
    function digestOfBatchRegistration(BatchRegistration calldata statement) public view returns (bytes32) {
        return _hashTypedDataV4(Statements.structHash(statement));
    }

    /// @inheritdoc ICustodyLedger
    function digestOfCustodyEvent(CustodyEvent calldata statement) public view returns (bytes32) {
        return _hashTypedDataV4(Statements.structHash(statement));
    }

    function _digestOfBundle(Bundle calldata statement) private view returns (bytes32) {
        return _hashTypedDataV4(Statements.structHash(statement));
    }

    function _digestOfAnchor(Anchor calldata statement) private view returns (bytes32) {
        return _hashTypedDataV4(Statements.structHash(statement));
    }
}
