"""A synthetic trade as a node would log it: organisations, batches and their custody, in the JSON form of Anvil.

Every digest, identifier and part is real, because the indexer recomputes them; and the way of each batch is one that
the contract accepts, so that its verdict is `verified`. Data is encoded by `eth_abi` from the contract's ABI, not by
the code that is measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from eth_abi.abi import encode

from ledger.chain.artifact import abi_of
from ledger.core.keccak import keccak256
from ledger.core.parts import batch_id, child_id, company_prefix_number, key_id, next_head, pack_children
from ledger.core.structs import BatchRegistration, CustodyStatement, Domain, KeyAddition
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CHAIN_ID: Final = 31337
LEDGER: Final = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")  # where Anvil's first deployment stands
DOMAIN: Final = Domain(CHAIN_ID, LEDGER)
EVENTS_A_BATCH: Final = 6
TOGETHER: Final = 100  # statements in one transaction, as the relayer sends them
BLOCK_SECONDS: Final = 12
QUANTITY: Final = 1_000
MAKERS: Final = 10
AUTHORITY, CARRIER, PHARMACY = 1, 2, 3
FIRST_MAKER: Final = 4
NOTHING: Final = bytes(32)
EVERY_BIT: Final = "0x" + "ff" * 256  # a bloom that excludes nothing
FNC1: Final = "\x1d"
HOST: Final = "lotproof.example"

Log = dict[str, Any]


class Lot(NamedTuple):
    """What is printed on the labels of a batch."""

    gtin: str
    lot: str
    expiry: date

    def link(self) -> str:
        """Write the batch's label as a Digital Link."""
        return f"https://{HOST}/01/{self.gtin}/10/{self.lot}?17={self.expiry:%y%m%d}"

    def element_string(self, serial: str) -> str:
        """Write a unit's label as a GS1 DataMatrix gives it."""
        return f"]d201{self.gtin}17{self.expiry:%y%m%d}10{self.lot}{FNC1}21{serial}"


@dataclass
class Trade:
    """Writes the trade block by block.

    Args:
        events: Custody events, at least.
        now: Unix seconds of the newest block.
        seed: The same seed writes the same trade.
    """

    events: int
    now: int
    seed: int = 1
    lots: list[Lot] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    logs: list[list[Log]] = field(default_factory=list)
    recorded: int = 0

    def __post_init__(self) -> None:
        """Write all of it."""
        self._random = Random(self.seed)
        groups = -(-self.events // (TOGETHER * EVENTS_A_BATCH))
        self._time = self.now - BLOCK_SECONDS * (2 + groups * (EVENTS_A_BATCH + 1))
        self._mine([self._accredited()])
        for group in range(groups):
            left = -(-(self.events - self.recorded) // EVENTS_A_BATCH)
            self._group(group, min(TOGETHER, left))

    def write(self, path: Path) -> None:
        """Write what a node has to know."""
        path.write_bytes(orjson.dumps({"blocks": self.blocks, "logs": self.logs}))

    def _group(self, group: int, count: int) -> None:
        """Register some batches in one transaction, then move all of them, one transaction for each step."""
        steps = list(zip(*(self._way(group * TOGETHER + index) for index in range(count)), strict=True))
        transactions = [[log for logs in step for log in logs] for step in steps]
        for start in range(0, len(transactions), 2):
            self._mine(transactions[start : start + 2])
        self.recorded += count * EVENTS_A_BATCH

    def _accredited(self) -> list[Log]:
        roles = {
            AUTHORITY: Role.REGULATOR | Role.CUSTOMS,
            CARRIER: Role.CARRIER | Role.WHOLESALER,
            PHARMACY: Role.PHARMACY,
        } | dict.fromkeys(range(FIRST_MAKER, FIRST_MAKER + MAKERS), Role.MANUFACTURER)
        logs = []
        for number, role in roles.items():
            prefixes = [company_prefix_number(_prefix(number))] if number >= FIRST_MAKER else []
            logs += [
                _log(
                    "OrganisationAccredited",
                    organisation=number,
                    authority=AUTHORITY,
                    digest=NOTHING if number == AUTHORITY else keccak256(b"accreditation %d" % number),
                    name=f"Organisation {number}",
                    country=b"SG",
                    gln=0,
                    roles=int(role),
                    prefixes=prefixes,
                ),
                _key_added(number),
            ]
        return logs

    def _way(self, index: int) -> Iterator[list[Log]]:
        """Give the logs of one batch's registration and of each of its events."""
        maker = FIRST_MAKER + index % MAKERS
        expiry = datetime.fromtimestamp(self.now, UTC).date() + timedelta(days=300 + index % 400)
        lot = Lot(_gtin(maker, index), f"LT{index:06d}", expiry)
        self.lots.append(lot)
        quantity = QUANTITY + index % 997
        batch = batch_id(int(lot.gtin), lot.lot)
        registration = self._registration(lot, maker, quantity)
        head = registration["topics"][1]
        yield [registration]
        cursor = _Cursor(batch, bytes.fromhex(head[2:]), self._time)
        yield [cursor.event(Kind.SHIP, maker, CARRIER, quantity, b"BEBRU", self._noise())]
        yield [cursor.event(Kind.RECEIVE, CARRIER, maker, quantity, b"BEANR", self._noise())]
        inspection = cursor.event(Kind.INSPECT, AUTHORITY, 0, 0, b"SGSIN", self._noise(), previous=NOTHING)
        yield [inspection]
        yield [cursor.event(Kind.SHIP, CARRIER, PHARMACY, quantity, b"SGSIN", self._noise())]
        yield [cursor.event(Kind.RECEIVE, PHARMACY, CARRIER, quantity, b"SGSIN", self._noise())]
        if index % 4:
            yield [cursor.event(Kind.DISPENSE, PHARMACY, 0, 1 + index % 40, b"SGSIN", self._noise())]
        else:
            yield cursor.split(PHARMACY, [100, 150], self._noise())

    def _registration(self, lot: Lot, maker: int, quantity: int) -> Log:
        expiry = int(f"{lot.expiry:%Y%m%d}")
        made = int(f"{lot.expiry - timedelta(days=900):%Y%m%d}")
        details = self._noise()
        said = BatchRegistration(
            maker, int(lot.gtin), lot.lot, ProductClass.VACCINE, quantity, made, expiry, NOTHING, details
        )
        return _log(
            "BatchRegistered",
            digest=said.digest(DOMAIN),
            batch=batch_id(said.gtin, said.lot),
            manufacturer=maker,
            gtin=said.gtin,
            lot=said.lot,
            productClass=int(said.product_class),
            quantity=quantity,
            manufactured=made,
            expiry=expiry,
            unitRoot=NOTHING,
            details=details,
            key=_key(maker),
        )

    def _mine(self, transactions: Sequence[list[Log]]) -> None:
        number = len(self.blocks)
        self._time += BLOCK_SECONDS
        name = _block_hash(number)
        logs: list[Log] = []
        for index, transaction in enumerate(transactions):
            place = {
                "blockHash": name,
                "blockNumber": hex(number),
                "blockTimestamp": hex(self._time),
                "transactionHash": _hex(keccak256(b"transaction %d %d" % (number, index))),
                "transactionIndex": hex(index),
            }
            for log in transaction:
                logs.append(log | place | {"logIndex": hex(len(logs)), "removed": False})
        self.logs.append(logs)
        self.blocks.append(
            {
                "number": hex(number),
                "hash": name,
                "parentHash": _block_hash(number - 1),
                "timestamp": hex(self._time),
                "logsBloom": EVERY_BIT,
                "gasUsed": hex(27_000 * len(logs)),
                "transactions": [],
            }
        )

    def _noise(self) -> bytes:
        return self._random.randbytes(32)


@dataclass
class _Cursor:
    """Where a consignment stands."""

    consignment: bytes
    head: bytes
    time: int

    def event(  # noqa: PLR0913, PLR0917 - the fields of the statement in their order
        self,
        kind: Kind,
        actor: int,
        counterparty: int,
        quantity: int,
        place: bytes,
        details: bytes,
        *,
        parts: bytes = NOTHING,
        previous: bytes | None = None,
    ) -> Log:
        """Give the log of the next event."""
        self.time += 1
        said = CustodyStatement(
            self.consignment,
            self.head if previous is None else previous,
            actor,
            int(kind),
            self.time,
            counterparty,
            quantity,
            place,
            parts,
            details,
        )
        digest = said.digest(DOMAIN)
        self.head = next_head(self.head, digest)
        return _log(
            "CustodyRecorded",
            digest=digest,
            consignment=said.consignment,
            actor=actor,
            previous=said.previous,
            kind=said.kind,
            occurredAt=said.occurred_at,
            counterparty=counterparty,
            quantity=quantity,
            place=place,
            parts=parts,
            details=details,
            key=_key(actor),
        )

    def split(self, actor: int, quantities: list[int], details: bytes) -> list[Log]:
        """Give the logs of a split."""
        parts = keccak256(pack_children([(None, quantity) for quantity in quantities]))
        parent = self.consignment
        event = self.event(Kind.SPLIT, actor, 0, sum(quantities), b"SGSIN", details, parts=parts)
        digest = bytes.fromhex(event["topics"][1][2:])
        children = [
            _log(
                "ConsignmentSplit",
                consignment=child_id(digest, index),
                parent=parent,
                batch=parent,
                sscc=0,
                quantity=quantity,
                digest=digest,
            )
            for index, quantity in enumerate(quantities)
        ]
        return [event, *children]


class _Form(NamedTuple):
    """How an event of the ABI becomes a log."""

    topic: str
    indexed: list[tuple[str, str]]  # name, type
    plain: list[str]
    types: list[str]


@cache
def _forms() -> dict[str, _Form]:
    forms = {}
    for entry in abi_of("event"):
        inputs = entry["inputs"]
        signature = f"{entry['name']}({','.join(each['type'] for each in inputs)})"
        forms[entry["name"]] = _Form(
            _hex(keccak256(signature.encode())),
            [(each["name"], each["type"]) for each in inputs if each["indexed"]],
            [each["name"] for each in inputs if not each["indexed"]],
            [each["type"] for each in inputs if not each["indexed"]],
        )
    return forms


def _log(event: str, **values: Any) -> Log:  # noqa: ANN401 - ABI values
    form = _forms()[event]
    topics = [form.topic, *(_hex(encode([kind], [values[name]])) for name, kind in form.indexed)]
    data = encode(form.types, [values[name] for name in form.plain])
    return {"address": _hex(LEDGER), "topics": topics, "data": _hex(data)}


def _key_added(number: int) -> Log:
    signer = _signer(number)
    purposes = int(Purpose.EVENTS | Purpose.ADMIN)
    digest = KeyAddition(number, signer, purposes, 0, 0).digest(DOMAIN)
    names = {"key": key_id(signer), "organisation": number, "signer": signer, "purposes": purposes}
    return _log("KeyAdded", **names, validFrom=0, validUntil=0, digest=digest)


def _signer(number: int) -> bytes:
    return keccak256(b"signer %d" % number)[:20]


@cache
def _key(number: int) -> bytes:
    return key_id(_signer(number))


def _prefix(number: int) -> str:
    return f"95060{number:02d}"  # 950 is GS1's own prefix for examples


def _gtin(maker: int, index: int) -> str:
    digits = f"0{_prefix(maker)}{index // MAKERS % 100_000:05d}"
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return digits + str(-weighted % 10)  # GS1 General Specifications, section 7.9.1


def _block_hash(number: int) -> str:
    return _hex(keccak256(b"block %d" % number))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
