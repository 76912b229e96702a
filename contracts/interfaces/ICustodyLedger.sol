// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Anchor, BatchRegistration, Bundle, CustodyEvent} from "../types/Statements.sol";

/// @title Batches, and what happens to them on the way
/// @notice Every write is a statement signed by a live EVENTS key of an active organisation; anyone may bring it. A statement
/// that breaks a rule is refused with the error named at the rule and changes nothing.
///
/// Two orders keep statements from being replayed, reordered or dropped unseen:
/// - a *holder's event* names in `previous` the head that the signer saw; each event moves the head to
///   keccak256(abi.encode(head, digest)), so a head commits to the whole history of its consignment;
/// - an *authority's event* (INSPECT HOLD RELEASE SEIZE RECALL, and DESTROY of held or seized goods) names in `previous` the
///   consignment's authority sequence, so that a holder cannot starve it by moving the head. It moves the head as well.
///
/// | kind | who | rule and effect |
/// |---|---|---|
/// | SHIP | holder, custody role | at rest, quantity == rest > 0, to an active organisation with a custody role → in transit |
/// | RECEIVE | the counterparty, custody role | names the sender; any quantity (a difference is on record) → holder, at rest |
/// | HANDOVER | as SHIP | the counterparty signs the same digest (attachment) → it is holder at once |
/// | RETURN | the counterparty naming the holder, or the holder naming the counterparty | in transit → at rest at the holder |
/// | SPLIT | holder | at rest; children whose sum is `quantity` <= rest; id keccak256(abi.encode(digest, uint256 index)) |
/// | PACK | holder | consignments at rest under one new pallet, whose id is the digest |
/// | UNPACK | holder of the pallet | at rest; any of its consignments come off, to the pallet's holder |
/// | INSPECT | CUSTOMS, REGULATOR of the place's country | on record only |
/// | HOLD | as INSPECT | not held → held by the actor |
/// | RELEASE | as INSPECT; who held it, or a REGULATOR of that country | held → not held |
/// | SEIZE | as INSPECT; if held, of the holder-up's country | seized, for ever |
/// | RECALL | the manufacturer, or any REGULATOR | the batch, all its consignments, for ever; once |
/// | DISPENSE | holder, PHARMACY | at rest; 0 < quantity <= rest → rest falls |
/// | DESTROY | holder at rest; or, as INSPECT, who held or seized it | 0 < quantity <= rest → rest falls; a pallet only whole |
/// | CORRECT | the actor of the earlier event | names it wrong; both stay; changes no consignment |
///
/// Held or seized goods take no holder's event. A consignment on a pallet takes only UNPACK (through the pallet), RECALL and
/// CORRECT. `occurredAt` lies between 30 days before and 10 minutes after the block, and, for a holder's event, not before the
/// consignment's last one.
///
/// Attachments, passed beside the statement: SPLIT 12 bytes a child (uint64 SSCC or 0, uint32 quantity); PACK 8 bytes (uint64
/// SSCC or 0), then 64 a consignment (its id, its head); UNPACK 32 bytes a consignment (its id); these are signed as
/// `parts` = keccak256(attachment). HANDOVER abi.encode(bytes signer, bytes signature); CORRECT abi.encode(the earlier event).
interface ICustodyLedger {
    /// @notice A quantity of one batch that moves together, or a pallet of such; two storage slots.
    struct Consignment {
        bytes32 head; // commits to its history; 0 = unknown
        uint32 holder; // organisation number
        uint32 counterparty; // organisation number that it is on the way to, 0 = at rest
        uint32 manufacturer; // organisation number, 0 for a pallet
        uint32 heldBy; // organisation number of the administration that holds or seized it, 0 = none
        uint32 pallet; // number of the pallet that it is on; a pallet's own number; 0 = none
        uint32 occurredAt; // Unix time in seconds of the last holder's event, 0 = none
        uint32 rest; // units left; for a pallet, consignments on it
        uint16 sequence; // authority's events so far
        uint8 status; // bits, see {Status}
    }

    /// @notice A recall of a batch, one storage slot.
    struct Recall {
        uint32 by; // organisation number, 0 = not recalled
        uint40 recordedAt; // block time in seconds
        uint40 occurredAt; // Unix time in seconds, as the signer claims
    }

    /// @notice What an organisation has anchored, two storage slots.
    struct AnchorState {
        bytes32 accumulator; // digest of its last anchor, 0 = none
        uint64 count; // unit events so far
    }

    /// @notice A registration with its signature, for {registerMany}.
    struct SignedRegistration {
        BatchRegistration statement;
        bytes signer;
        bytes signature;
    }

    /// @notice A custody event with its signature, for {recordMany}.
    struct SignedCustodyEvent {
        CustodyEvent statement;
        bytes attachment;
        bytes signer;
        bytes signature;
    }

    // ---- errors: what is said ----

    error InvalidGtin(uint64 gtin);
    error InvalidLot(string lot);
    error InvalidProductClass(uint8 productClass);
    /// @notice Not YYYYMMDD, or an expiry that is not after the day of manufacture.
    error InvalidDate(uint32 date);
    error InvalidSscc(uint64 sscc);
    error InvalidKind(uint8 kind);
    /// @notice Not the form of a UN/LOCODE.
    error InvalidPlace(bytes5 place);
    /// @notice The attachment is not in the form of its kind; `index` is the first bad part.
    error InvalidParts(uint256 index);
    /// @notice A field is filled that this kind does not use.
    error UnexpectedField(bytes32 name);
    /// @notice A quantity of 0 where goods must be moved.
    error NoQuantity();
    /// @notice `expected` units or consignments are there, `given` are stated.
    error QuantityMismatch(uint32 expected, uint32 given);
    /// @notice Only `rest` units or consignments are left.
    error QuantityExceeded(uint32 rest, uint256 given);
    /// @notice The organisation has no GS1 Company Prefix at all.
    error NoPrefixes(uint32 organisation);
    /// @notice The GTIN or SSCC lies outside the organisation's GS1 Company Prefixes.
    error PrefixNotLicensed(uint32 organisation, uint64 code);

    // ---- errors: what is there ----

    error BatchAlreadyRegistered(bytes32 batch);
    error AlreadyRecalled(bytes32 batch);
    error UnknownConsignment(bytes32 consignment);
    /// @notice A recall names the first consignment of a batch, whose id is the batch's.
    error NotBatch(bytes32 consignment);
    /// @notice A pallet cannot be packed, split or dispensed.
    error IsPallet(bytes32 consignment);
    error NotPallet(bytes32 consignment);
    error InPallet(bytes32 consignment, uint32 pallet);
    error NotOnPallet(bytes32 consignment, bytes32 pallet);
    /// @notice Another event came first: look at it, then sign again on top of `expected`.
    error StaleHead(bytes32 expected, bytes32 given);
    error NotHolder(uint32 holder, uint32 actor);
    /// @notice Only the actor of an event corrects it.
    error NotActor(uint32 expected, uint32 given);
    error NotCounterparty(uint32 expected, uint32 given);
    error InTransit(uint32 to);
    error NotInTransit();
    error Held(uint32 by);
    error NotHeld();
    error Seized(uint32 by);
    /// @notice The place is not in the administration's country.
    error OutsideJurisdiction(bytes2 country, bytes5 place);

    // ---- errors: bundles and anchors ----

    error BundleMismatch(bytes32 expected, bytes32 given);
    error BundleNotAscending(uint256 index);
    error AccumulatorMismatch(bytes32 expected, bytes32 given);
    error CountNotGrowing(uint64 stored, uint64 given);
    /// @notice Only the contract itself may call this.
    error NotSelf(address caller);

    // ---- events ----

    event BatchRegistered(
        bytes32 indexed digest,
        bytes32 indexed batch,
        uint32 indexed manufacturer,
        uint64 gtin,
        string lot,
        uint8 productClass,
        uint32 quantity,
        uint32 manufactured,
        uint32 expiry,
        bytes32 unitRoot,
        bytes32 details,
        bytes32 key
    );
    /// @notice A custody event was recorded, all its fields as signed, and the key that signed it or its bundle.
    event CustodyRecorded(
        bytes32 indexed digest,
        bytes32 indexed consignment,
        uint32 indexed actor,
        bytes32 previous,
        uint8 kind,
        uint40 occurredAt,
        uint32 counterparty,
        uint32 quantity,
        bytes5 place,
        bytes32 parts,
        bytes32 details,
        bytes32 key
    );
    /// @notice A child came out of a SPLIT; follows its {CustodyRecorded}.
    event ConsignmentSplit(
        bytes32 indexed consignment,
        bytes32 indexed parent,
        bytes32 indexed batch,
        uint64 sscc,
        uint32 quantity,
        bytes32 digest
    );
    /// @notice A PACK made a pallet, whose id is the digest.
    event PalletBuilt(bytes32 indexed pallet, uint32 number, uint64 sscc);
    event ConsignmentPacked(bytes32 indexed consignment, bytes32 indexed pallet);
    event ConsignmentUnpacked(bytes32 indexed consignment, bytes32 indexed pallet);
    /// @notice A statement among many was refused and changed nothing; `errorData` is what it alone would revert with.
    event Refused(bytes32 indexed digest, bytes errorData);
    event Anchored(
        bytes32 indexed digest, uint32 indexed organisation, uint64 count, bytes32 root, bytes32 previous, bytes32 key
    );

    // ---- statements ----

    /// @notice Registers a batch and its first consignment, both under id keccak256(abi.encode(uint64 gtin, string lot)).
    /// The digest, which commits to every fact of the batch, is the first head.
    function register(BatchRegistration calldata statement, bytes calldata signer, bytes calldata signature) external;

    /// @notice {register} for each; one that fails emits {Refused} and the others go on.
    function registerMany(SignedRegistration[] calldata items) external;

    /// @notice Records a custody event.
    /// @param attachment What the kind passes beside the statement, else empty.
    function record(
        CustodyEvent calldata statement,
        bytes calldata attachment,
        bytes calldata signer,
        bytes calldata signature
    ) external;

    /// @notice {record} for each; one that fails emits {Refused} and the others go on. Reverts as a whole only if paused, if
    /// the gas does not suffice, or on malformed ABI.
    function recordMany(SignedCustodyEvent[] calldata items) external;

    /// @notice Records the events that one signature covers. One that fails emits {Refused}; a list or signature that does not
    /// fit the bundle reverts the whole.
    /// @param events In strictly ascending order of their digests, all of the bundle's actor.
    /// @param attachments One each, empty where the kind has none.
    function recordBundle(
        Bundle calldata statement,
        CustodyEvent[] calldata events,
        bytes[] calldata attachments,
        bytes calldata signer,
        bytes calldata signature
    ) external;

    /// @notice Records an organisation's Merkle root over unit events.
    function anchor(Anchor calldata statement, bytes calldata signer, bytes calldata signature) external;

    // ---- views ----

    function consignment(bytes32 id) external view returns (Consignment memory);
    /// @notice The batch that a consignment is of; 0 if unknown or a pallet.
    function batchOf(bytes32 id) external view returns (bytes32);
    function recallOf(bytes32 batch) external view returns (Recall memory);
    /// @notice The digest of the CORRECT that names an event wrong, 0 if none.
    function correctionOf(bytes32 digest) external view returns (bytes32);
    /// @notice Whether an authority's event with this digest was recorded.
    function isRecorded(bytes32 digest) external view returns (bool);
    function anchorOf(uint32 number) external view returns (AnchorState memory);
    /// @notice Pallets so far; numbers run from 1 to this.
    function palletCount() external view returns (uint32);
    function digestOfBatchRegistration(BatchRegistration calldata statement) external view returns (bytes32);
    function digestOfCustodyEvent(CustodyEvent calldata statement) external view returns (bytes32);
}
