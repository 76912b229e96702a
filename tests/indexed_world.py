"""A small ledger in a real database: what happened in several batch stories, written as the indexer would write it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
from coincurve import PrivateKey

from ledger.core import facts, structs
from ledger.core.keccak import keccak256
from ledger.core.serials import generate
from ledger.core.submission import Submission
from ledger.core.unit_tree import build, leaves
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role
from ledger.store import indexing
from ledger.store.outbox import Outbox
from tests.core.batch_story import CARRIER, CUSTOMS, DOMAIN, LOT, MAKER, PHARMACY, REGULATOR, STRANGER, BatchStory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database

GTIN = "05413868000016"
SCRIPT = "<script>alert(1)</"  # every character of it is allowed in a lot (GS1 character set 82)
EVIL = '"><img src=x onerror=alert(1)>'
CARTON = "054138680000000016"  # an SSCC of the maker's prefix
PALLET = "054138680000000023"
SECRET = bytes.fromhex(
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
)  # Anvil's published first key
SIGNER = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
SIGNER_KEY = keccak256(SIGNER)
LOTS = {
    "recalled": "RC1",
    "expired": "EX1",
    "held": "HE1",
    "seized": "SE1",
    "transit": "TR1",
    "split": "SP1",
    "serialised": "UN1/2",
}
UNIT_SECRET = b"\x5e" * 32
SERIALS = generate(b"\x5d" * 32, 40)
UNIT_TREE = build(leaves(UNIT_SECRET, SERIALS))


@dataclass
class World:
    """The stories by name, and the time when they end."""

    stories: dict[str, BatchStory]
    now: int
    last_block: int


def link(lot: str = LOT, expiry: str = "270331", host: str = "lotproof.example", serial: str = "") -> str:
    unit = f"/21/{serial}" if serial else ""
    return f"https://{host}/01/{GTIN}/10/{lot.replace('/', '%2F')}{unit}?17={expiry}"


def signed(digest: bytes) -> bytes:
    """`SIGNER`'s signature: r, s and v of 27 or 28."""
    raw = PrivateKey(SECRET).sign_recoverable(digest, hasher=None)
    return raw[:64] + bytes([raw[64] + 27])


def registration_payload(lot: str = "NEW1", gtin: str = GTIN) -> dict[str, Any]:
    """A signed registration as it is handed in."""
    statement = structs.BatchRegistration(
        manufacturer=MAKER,
        gtin=int(gtin),
        lot=lot,
        product_class=ProductClass.VACCINE,
        quantity=50,
        manufactured=20260401,
        expiry=20270331,
        unit_root=bytes(32),
        details=bytes(32),
    )
    submission = Submission("BatchRegistration", statement, SIGNER, signed(statement.digest(DOMAIN)))
    return submission.payload()


def world() -> World:
    """Organisations, and a batch for every kind of verdict."""
    opening = BatchStory()
    opening.accredit(REGULATOR, "Regulator", "BE", Role.REGULATOR)
    opening.accredit(MAKER, "Maker & Co", "BE", Role.MANUFACTURER, ("5413868",))
    opening.accredit(CARRIER, "Carrier", "BE", Role.CARRIER | Role.WHOLESALER)
    opening.accredit(PHARMACY, "Pharmacy", "SG", Role.PHARMACY)
    opening.accredit(CUSTOMS, "Customs", "SG", Role.CUSTOMS)
    opening.accredit(STRANGER, EVIL, "SG", Role.PHARMACY)
    opening.keys[SIGNER_KEY] = facts.Key(
        facts.KeyAddition(SIGNER_KEY, MAKER, SIGNER, Purpose.EVENTS, 0, 0, b"\x09" * 32, opening._recorded())
    )
    opening.mine()
    stories: dict[str, BatchStory] = {"opening": opening}
    for name, tell in TALES.items():
        last = list(stories.values())[-1]
        story = BatchStory(time=last.time, block=last.block)
        tell(story)
        stories[name] = story
    last = list(stories.values())[-1]
    return World(stories, last.time, last.block - 1)


def _good(story: BatchStory) -> None:
    batch = story.register()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.receive(batch, CARRIER, MAKER, 1000)
    story.record(Kind.INSPECT, batch, CUSTOMS, place="SGSIN")


def _recalled(story: BatchStory) -> None:
    batch = story.register(lot=LOTS["recalled"])
    story.record(Kind.RECALL, batch, MAKER, place="")


def _expired(story: BatchStory) -> None:
    story.register(lot=LOTS["expired"], expiry=date(2026, 5, 1))


def _held(story: BatchStory) -> None:
    batch = story.register(lot=LOTS["held"])
    story.record(Kind.HOLD, batch, CUSTOMS, place="SGSIN")


def _seized(story: BatchStory) -> None:
    batch = story.register(lot=LOTS["seized"])
    story.record(Kind.SEIZE, batch, CUSTOMS, place="SGSIN")


def _transit(story: BatchStory) -> None:
    batch = story.register(lot=LOTS["transit"])
    story.ship(batch, MAKER, PHARMACY, 1000)


def _split(story: BatchStory) -> None:
    batch = story.register(lot=LOTS["split"])
    carton, loose = story.split(batch, MAKER, [(CARTON, 400), (None, 100)])
    pallet = story.pack(MAKER, [carton, loose], sscc=PALLET)
    story.ship(pallet, MAKER, CARRIER, 2)


def _unpacked(story: BatchStory) -> None:
    batch = story.register(lot="UP1")
    staying, leaving = story.split(batch, MAKER, [("054138680000000030", 10), (None, 20)])
    pallet = story.pack(MAKER, [staying, leaving], sscc="054138680000000047")
    story.pallets[0] = replace(story.pallets[0], number=2)  # the ledger counts pallets, a story its own only
    story.unpack(pallet, MAKER, [leaving])
    emptied = story.pack(MAKER, [leaving], sscc="054138680000000054")
    story.pallets[1] = replace(story.pallets[1], number=3)
    story.unpack(emptied, MAKER, [leaving])


def _evil(story: BatchStory) -> None:
    batch = story.register(lot=SCRIPT)
    story.ship(batch, MAKER, STRANGER, 1000)


def _serialised(story: BatchStory) -> None:
    story.register(len(SERIALS), lot=LOTS["serialised"], unit_root=UNIT_TREE[:32])


TALES = {
    "good": _good,
    "recalled": _recalled,
    "expired": _expired,
    "held": _held,
    "seized": _seized,
    "transit": _transit,
    "split": _split,
    "unpacked": _unpacked,
    "evil": _evil,
    "serialised": _serialised,
}


def write(db: Database, told: World) -> None:
    """Index `told` into `db`, which is bound to its ledger."""
    db.bind(DOMAIN.chain_id, DOMAIN.ledger, b"\x07" * 32)
    indexing.append(db, chain(told))
    indexing.set_status(db, head_block=told.last_block, finalized_block=told.last_block, heard_at=told.now)


def chain(told: World) -> list[facts.IndexedBlock]:
    """The blocks of `told`; each holds facts."""
    by_block: dict[int, list[Any]] = {}
    for story in told.stories.values():
        for fact in _facts(story):
            by_block.setdefault(fact.recorded.block, []).append(fact)
    return list(_blocks(by_block))


def give_document(db: Database, details: bytes, document: dict[str, Any]) -> None:
    """Keep a document as if it had come with a statement."""
    Outbox(db).add(
        keccak256(details), "BatchRegistration", b"{}", document=orjson.dumps(document), details=details, arrived_at=0
    )


def _facts(story: BatchStory) -> Iterator[facts.Fact]:
    for organisation in story.organisations.values():
        yield from organisation.changes
        yield from organisation.suspensions
    for key in story.keys.values():
        yield key.addition
        yield from key.endings
    if story.registration is not None:
        yield story.registration
    yield from (*story.events, *story.children, *story.pallets, *story.packings)


def _blocks(by_block: dict[int, list[Any]]) -> Iterator[facts.IndexedBlock]:
    parent = bytes(32)
    for number, found in sorted(by_block.items()):
        ordered = sorted(found, key=lambda fact: fact.recorded)
        distinct = _distinct(ordered)
        this = keccak256(b"block%d" % number)
        yield facts.IndexedBlock(number, this, parent, distinct[0].recorded.time, tuple(distinct))
        parent = this


def _distinct(ordered: list[Any]) -> list[Any]:
    """A story gives an organisation and its key one place; a chain has one log at each."""
    placed: list[Any] = []
    for fact in ordered:
        index = max(fact.recorded.log_index, placed[-1].recorded.log_index + 1 if placed else 0)
        placed.append(replace(fact, recorded=replace(fact.recorded, log_index=index)))
    return placed
