"""A synthetic trade as a node would log it: organisations, batches and their custody, in the JSON form of Anvil.

Every digest, identifier and part is real, because the indexer recomputes them; and the way of each batch is one that
the contract accepts, so that its verdict is what `Lot.verdict` says. Data is encoded by `eth_abi` from the contract's
ABI, not by the code that is measured. The trade is written block by block: a million events take no more memory than a
thousand.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from coincurve import PrivateKey
from eth_abi.encoding import TupleEncoder
from eth_abi.registry import registry

from bench import replay
from bench.goods import FIRST_MAKER, MAKERS, Lot, label_signer, prefix
from ledger.chain.artifact import abi_of
from ledger.chain.signers import AddressSigner
from ledger.core.keccak import keccak256
from ledger.core.parts import batch_id, child_id, company_prefix_number, key_id, next_head, pack_children
from ledger.core.structs import BatchRegistration, CustodyStatement, Domain, KeyAddition
from ledger.core.unit_tree import NODE, build, leaves
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.replay import Log
    from ledger.store.unit_lists import UnitLists

CHAIN_ID: Final = 31337
LEDGER: Final = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")  # where Anvil's first deployment stands
DOMAIN: Final = Domain(CHAIN_ID, LEDGER)
EVENTS_A_BATCH: Final = 10
TOGETHER: Final = 100  # statements in one transaction, as the relayer sends them
BLOCK_SECONDS: Final = 12
QUANTITY: Final = 1_000
AUTHORITY, CARRIER = 1, 2
FIRST_PHARMACY: Final = FIRST_MAKER + MAKERS
PHARMACIES: Final = 500
LATER_ACTS: Final = 50  # in each block that comes later: 39 million transactions a week are 65 a second
NOTHING: Final = bytes(32)
EVERY_BIT: Final = "0x" + "ff" * 256  # a bloom that excludes nothing

Step = list["Log"]


@dataclass
class Trade:
    """What happens. Iterating over `blocks` makes it, anew each time.

    Args:
        events: Custody events, at least.
        now: Unix seconds of the newest block.
        seed: The same seed makes the same trade.
        units: Serial numbers of each batch; 0 = none has a list.
        later: Blocks after these, in which administrations act on goods that are there, and batches are registered.
        lists: Where the lists of serial numbers are written while the trade is; None = nowhere.
    """

    events: int
    now: int
    seed: int = 1
    units: int = 0
    later: int = 0
    lists: UnitLists | None = None
    recalled_later: dict[int, int] = field(default_factory=dict)  # batch: the later block that recalls it, from 0

    def __post_init__(self) -> None:
        """Work out how much it will be."""
        self.batches = -(-self.events // EVENTS_A_BATCH)
        self.recorded = self.batches * EVENTS_A_BATCH
        self.length = 1 + sum(1 + EVENTS_A_BATCH // 2 for _ in self._groups())  # blocks up to now

    def lot(self, index: int) -> Lot:
        """The batch with a number."""
        return Lot(index, self.now, self.units)

    def lots(self) -> list[Lot]:
        """Every batch but those of later blocks."""
        return [self.lot(index) for index in range(self.batches)]

    def write(self, folder: Path) -> None:
        """Write what a node has to know into an empty folder."""
        replay.write(folder, self.blocks())

    def blocks(self) -> Iterator[tuple[dict[str, Any], list[Log]]]:
        """Header and logs of each block."""
        self._random = Random(self.seed)
        self.recalled_later.clear()
        times = self.now - BLOCK_SECONDS * self.length
        for number, transactions in enumerate(self._transactions()):
            after = number + 1 - self.length
            yield _mined(number, times + BLOCK_SECONDS * (number + 1) if after <= 0 else self.now + after, transactions)

    def _groups(self) -> Iterator[range]:
        return (range(at, min(at + TOGETHER, self.batches)) for at in range(0, self.batches, TOGETHER))

    def _transactions(self) -> Iterator[Sequence[Step]]:
        yield [_accredited()]
        for number, group in enumerate(self._groups()):
            begun = self.now - BLOCK_SECONDS * (self.length - number * (1 + EVENTS_A_BATCH // 2))
            steps = zip(*(self._way(self.lot(index), begun) for index in group), strict=True)
            transactions = [[log for logs in step for log in logs] for step in steps]
            for start in range(0, len(transactions), 2):
                yield transactions[start : start + 2]
        acts = _Acts(self)
        for number in range(self.later):
            registered = [self._registration(self.lot(self.batches + 2 * number + one)) for one in range(2)]
            yield [registered, acts.of(number)]

    def _way(self, lot: Lot, begun: int) -> Iterator[Step]:
        """The logs of one batch's registration and of each of its events."""
        quantity = QUANTITY + lot.index % 997
        registration = self._registration(lot)
        digest, batch = (bytes.fromhex(topic[2:]) for topic in registration["topics"][1:3])
        yield [registration]
        cursor = _Cursor(batch, digest, begun, self._random)
        sizes = [100 + lot.index % 50, 200]
        yield cursor.split(lot.maker, [(lot.sscc(carton), size) for carton, size in enumerate(sizes)])
        carton = _Cursor(child_id(cursor.digest, 0), cursor.digest, cursor.time, self._random)
        rest, pharmacy = quantity - sum(sizes), FIRST_PHARMACY + lot.index % PHARMACIES
        yield [cursor.event(Kind.SHIP, lot.maker, CARRIER, rest, b"BEBRU")]
        yield [cursor.event(Kind.RECEIVE, CARRIER, lot.maker, rest, b"BEANR")]
        yield [cursor.event(Kind.INSPECT, AUTHORITY, 0, 0, b"SGSIN", previous=NOTHING)]
        yield [carton.event(Kind.SHIP, lot.maker, CARRIER, sizes[0], b"BEBRU")]
        yield [carton.event(Kind.RECEIVE, CARRIER, lot.maker, sizes[0], b"BEANR")]
        yield [carton.event(Kind.SHIP, CARRIER, pharmacy, sizes[0], b"SGSIN")]
        yield [carton.event(Kind.RECEIVE, pharmacy, CARRIER, sizes[0], b"SGSIN")]
        yield [carton.event(Kind.DISPENSE, pharmacy, 0, 1 + lot.index % 40, b"SGSIN")]
        if lot.verdict == "do_not_use":
            yield [cursor.event(Kind.RECALL, lot.maker, 0, 0, bytes(5), previous=_sequence(1))]
        else:
            yield [cursor.event(Kind.INSPECT, AUTHORITY, 0, 0, b"SGSIN", previous=_sequence(1))]

    def _registration(self, lot: Lot) -> Log:
        expiry, made = (int(f"{day:%Y%m%d}") for day in (lot.expiry, lot.expiry - timedelta(days=900)))
        quantity, details = QUANTITY + lot.index % 997, details_of(lot)
        root = self._listed(lot) if lot.units else NOTHING
        said = BatchRegistration(
            lot.maker, int(lot.gtin), lot.lot, ProductClass.VACCINE, quantity, made, expiry, root, details
        )
        return _log(
            "BatchRegistered",
            digest=said.digest(DOMAIN),
            batch=batch_id(said.gtin, said.lot),
            manufacturer=lot.maker,
            gtin=said.gtin,
            lot=said.lot,
            productClass=int(said.product_class),
            quantity=quantity,
            manufactured=made,
            expiry=expiry,
            unitRoot=root,
            details=details,
            key=_key(lot.maker),
        )

    def _listed(self, lot: Lot) -> bytes:
        """The root of a batch's serial numbers."""
        serials = lot.serials()
        nodes = build(leaves(lot.secret(), serials))
        if self.lists is not None:
            self.lists.write(batch_id(int(lot.gtin), lot.lot), lot.secret(), serials, nodes)
        return nodes[:NODE]


class _Acts:
    """What administrations and makers do about goods that have been there for long."""

    def __init__(self, trade: Trade) -> None:
        self._trade = trade
        self._random = Random(trade.seed + 1)
        # Each batch was inspected twice, or inspected and recalled.
        self._sequences: Counter[int] = Counter()

    def of(self, block: int) -> Step:
        """The acts of one block: inspections, and one recall."""
        trade = self._trade
        acts = []
        for number in range(LATER_ACTS):
            index = self._random.randrange(trade.batches)
            lot, sequence = trade.lot(index), _sequence(2 + self._sequences[index])
            cursor = _Cursor(batch_id(int(lot.gtin), lot.lot), NOTHING, trade.now + block, self._random)
            recall = number == 0 and lot.verdict == "verified" and index not in trade.recalled_later
            if recall:
                trade.recalled_later[index] = block
            actor, kind, place = (lot.maker, Kind.RECALL, bytes(5)) if recall else (AUTHORITY, Kind.INSPECT, b"SGSIN")
            acts.append(cursor.event(kind, actor, 0, 0, place, previous=sequence))
            self._sequences[index] += 1
        return acts


def details_of(lot: Lot) -> bytes:
    """The hash of the document that a registration names."""
    return keccak256(document_of(lot))


def document_of(lot: Lot) -> bytes:
    """The document of a registration, which names the product."""
    return b'{"product":"Product %b","salt":"0x%b"}' % (lot.gtin.encode(), lot.secret().hex().encode())


def _accredited() -> Step:
    roles = {AUTHORITY: Role.REGULATOR | Role.CUSTOMS, CARRIER: Role.CARRIER | Role.WHOLESALER}
    roles |= dict.fromkeys(range(FIRST_MAKER, FIRST_MAKER + MAKERS), Role.MANUFACTURER)
    roles |= dict.fromkeys(range(FIRST_PHARMACY, FIRST_PHARMACY + PHARMACIES), Role.PHARMACY)
    logs = []
    for number, role in roles.items():
        maker = role == Role.MANUFACTURER
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
                prefixes=[company_prefix_number(prefix(number))] if maker else [],
            ),
            _key_added(number, signer(number).signer, Purpose.EVENTS | Purpose.ADMIN),
        ]
        if maker:
            logs.append(_key_added(number, label_signer(number).signer, Purpose.LABELS))
    return logs


def _mined(number: int, time: int, transactions: Sequence[Step]) -> tuple[dict[str, Any], list[Log]]:
    name = _block_hash(number)
    logs: list[Log] = []
    for index, transaction in enumerate(transactions):
        place = {
            "blockHash": name,
            "blockNumber": hex(number),
            "blockTimestamp": hex(time),
            "transactionHash": _hex(keccak256(b"transaction %d %d" % (number, index))),
            "transactionIndex": hex(index),
        }
        for log in transaction:
            logs.append(log | place | {"logIndex": hex(len(logs)), "removed": False})
    header = {
        "number": hex(number),
        "hash": name,
        "parentHash": _block_hash(number - 1),
        "timestamp": hex(time),
        "logsBloom": EVERY_BIT,
        "gasUsed": hex(27_000 * len(logs)),
        "transactions": [],
    }
    return header, logs


def _sequence(number: int) -> bytes:
    return number.to_bytes(32, "big")


@dataclass
class _Cursor:
    """Where a consignment stands."""

    consignment: bytes
    head: bytes
    time: int
    random: Random
    digest: bytes = NOTHING  # of the last event

    def event(  # noqa: PLR0913 - the fields of the statement in their order
        self,
        kind: Kind,
        actor: int,
        counterparty: int,
        quantity: int,
        place: bytes,
        *,
        parts: bytes = NOTHING,
        previous: bytes | None = None,
    ) -> Log:
        """Give the log of the next event."""
        self.time += 1
        details = self.random.randbytes(32)
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
        digest = self.digest = said.digest(DOMAIN)
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

    def split(self, actor: int, children: list[tuple[str, int]]) -> Step:
        """Give the logs of a split into cartons, each with SSCC and quantity."""
        parts = keccak256(pack_children(children))
        event = self.event(Kind.SPLIT, actor, 0, sum(size for _, size in children), b"SGSIN", parts=parts)
        logs = [
            _log(
                "ConsignmentSplit",
                consignment=child_id(self.digest, index),
                parent=self.consignment,
                batch=self.consignment,
                sscc=int(sscc),
                quantity=size,
                digest=self.digest,
            )
            for index, (sscc, size) in enumerate(children)
        ]
        return [event, *logs]


class _Form(NamedTuple):
    """How an event of the ABI becomes a log."""

    topic: str
    indexed: list[str]
    plain: list[str]
    data: TupleEncoder


@cache
def _forms() -> dict[str, _Form]:
    forms = {}
    for entry in abi_of("event"):
        inputs = entry["inputs"]
        signature = f"{entry['name']}({','.join(each['type'] for each in inputs)})"
        plain = [each for each in inputs if not each["indexed"]]
        forms[entry["name"]] = _Form(
            _hex(keccak256(signature.encode())),
            [each["name"] for each in inputs if each["indexed"]],
            [each["name"] for each in plain],
            # As `eth_abi.encode` makes it, but once and not for each log.
            TupleEncoder(encoders=[registry.get_encoder(each["type"]) for each in plain]),
        )
    return forms


def _log(event: str, **values: Any) -> Log:  # noqa: ANN401 - ABI values
    form = _forms()[event]
    topics = [form.topic, *(_topic(values[name]) for name in form.indexed)]
    data = form.data([values[name] for name in form.plain])
    return {"address": _hex(LEDGER), "topics": topics, "data": _hex(data)}


def _topic(value: int | bytes) -> str:
    """An indexed value of at most a word: Solidity ABI specification, "Events"."""
    return _hex(value if isinstance(value, bytes) else value.to_bytes(32, "big"))


def _key_added(number: int, signer: bytes, purposes: Purpose) -> Log:
    digest = KeyAddition(number, signer, int(purposes), 0, 0).digest(DOMAIN)
    names = {"key": key_id(signer), "organisation": number, "signer": signer, "purposes": int(purposes)}
    return _log("KeyAdded", **names, validFrom=0, validUntil=0, digest=digest)


@cache
def signer(number: int) -> AddressSigner:
    """The key with which an organisation signs; known to everyone."""
    return AddressSigner(f"organisation {number}", PrivateKey(keccak256(b"signer %d" % number)))


@cache
def _key(number: int) -> bytes:
    return key_id(signer(number).signer)


def _block_hash(number: int) -> str:
    return _hex(keccak256(b"block %d" % number))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
