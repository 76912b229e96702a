"""What the chain's logs say, one frozen record per log: the input of `history` and `verdict`.

Digests, identifiers and hashes are 32 raw bytes; addresses 20; times are Unix seconds; an organisation is its number.
A record carries where it was recorded, so that every state can be told as of a block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role


@dataclass(frozen=True, slots=True, order=True)
class Recorded:
    """Where a log stands: chain order is (`block`, `log_index`)."""

    block: int
    log_index: int
    time: int  # of the block, Unix seconds
    transaction: bytes


@dataclass(frozen=True, slots=True)
class Registration:
    """`BatchRegistered`: a batch and its first consignment, whose id is the batch's id."""

    digest: bytes
    batch: bytes
    manufacturer: int
    gtin: str  # 14 digits
    lot: str
    product_class: ProductClass
    quantity: int  # units
    manufactured: date | None
    expiry: date
    unit_root: bytes
    details: bytes
    key: bytes
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class CustodyEvent:
    """`CustodyRecorded`. For PACK `consignment` is zero as signed and the pallet's id is the digest."""

    digest: bytes
    consignment: bytes
    previous: bytes
    actor: int
    kind: Kind
    occurred_at: int  # Unix seconds, the signer's claim
    counterparty: int  # 0 where the kind has none
    quantity: int
    place: str  # UN/LOCODE, "" where none
    parts: bytes
    details: bytes
    key: bytes
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Child:
    """`ConsignmentSplit`: one child of a split."""

    consignment: bytes
    parent: bytes
    batch: bytes
    sscc: str | None  # 18 digits
    quantity: int
    digest: bytes  # of the SPLIT event
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Pallet:
    """`PalletBuilt`: a pallet, whose id is the digest of its PACK event."""

    pallet: bytes
    number: int
    sscc: str | None
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Packing:
    """`ConsignmentPacked` (`packed` true) or `ConsignmentUnpacked` (false)."""

    consignment: bytes
    pallet: bytes
    packed: bool
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class OrganisationChange:
    """`OrganisationAccredited`: the state of an organisation from here on."""

    number: int
    authority: int  # itself for an authority admitted by the council
    name: str
    country: str  # ISO 3166-1 alpha-2
    gln: str  # 13 digits, "" if none
    roles: Role
    prefixes: tuple[str, ...]  # GS1 Company Prefixes, digits
    digest: bytes
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Suspension:
    """`OrganisationSuspended`: suspended or reinstated from here on."""

    number: int
    authority: int
    suspended: bool
    digest: bytes
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class KeyAddition:
    """`KeyAdded`."""

    key: bytes  # keccak256 of the signer
    organisation: int
    signer: bytes  # 20 bytes: an address; 64 bytes: a P-256 public key
    purposes: Purpose
    valid_from: int
    valid_until: int  # 0 = open
    digest: bytes
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class KeyEnding:
    """`KeyEnded`; `doubt_since` 0 means that nothing it signed is in doubt."""

    key: bytes
    organisation: int
    doubt_since: int
    digest: bytes
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Anchor:
    """`Anchored`: the root of an organisation's log of unit events at size `count`."""

    digest: bytes
    organisation: int
    count: int
    root: bytes
    previous: bytes
    key: bytes
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Refusal:
    """`Refused`: a statement the contract refused inside a relayed batch, with its error bytes."""

    digest: bytes
    error_data: bytes
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Notice:
    """`StatementsPaused`, `StatementsResumed` or `SuccessorNamed`."""

    name: str
    until: int  # Unix seconds, 0 where none
    successor: bytes  # address, empty where none
    recorded: Recorded


Fact = (
    Registration
    | CustodyEvent
    | Child
    | Pallet
    | Packing
    | OrganisationChange
    | Suspension
    | KeyAddition
    | KeyEnding
    | Anchor
    | Refusal
    | Notice
)


@dataclass(frozen=True, slots=True)
class Header:
    """What links a block to its parent. `may_hold_facts` is false only if its bloom surely excludes the ledger."""

    number: int
    hash: bytes
    parent_hash: bytes
    time: int  # Unix seconds
    may_hold_facts: bool = True


@dataclass(frozen=True, slots=True)
class IndexedBlock:
    """A block and everything the ledger logged in it, in log order."""

    number: int
    hash: bytes
    parent_hash: bytes
    time: int  # Unix seconds
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything the logs say of one organisation, in chain order."""

    number: int
    changes: tuple[OrganisationChange, ...]
    suspensions: tuple[Suspension, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """Everything the logs say of one key, in chain order."""

    addition: KeyAddition
    endings: tuple[KeyEnding, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """All facts about one batch: what `history.fold` reads. Every tuple is in chain order."""

    registration: Registration
    events: tuple[CustodyEvent, ...]  # of its consignments, of the pallets they were on, and RECALLs
    children: tuple[Child, ...] = ()
    pallets: tuple[Pallet, ...] = ()
    packings: tuple[Packing, ...] = ()


@dataclass(frozen=True, slots=True)
class AsOf:
    """How far the read model has come, and how long ago it last heard from the chain."""

    chain_id: int
    block: int  # last indexed
    time: int  # of that block, Unix seconds
    finalized_block: int
    head_block: int  # last known head of the chain
    heard_at: int  # when the chain was last heard from, Unix seconds
