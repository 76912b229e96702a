"""Measure what statements cost: receipt gas of real transactions, call data included, on an embedded chain.

    python scripts/gas.py [--json]

Exit code 1 if a figure is over its goal. Anvil runs as hard fork Osaka, with the P-256 precompile and the cap of
16,777,216 gas a transaction (EIP-7825); each figure is the receipt's gas divided by the things done in it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from ledger.chain.client import Chain
from ledger.chain.contracts import deployment_data, encode_call, values
from ledger.chain.devchain import CHAIN_ID, DevChain
from ledger.chain.signers import P256Signer, Signer, development_signer
from ledger.chain.transactions import Payload, sign
from ledger.core.keccak import keccak256
from ledger.core.parts import (
    batch_id,
    bundle_digests,
    child_id,
    key_id,
    next_head,
    pack_children,
    pack_ids,
    pack_pallet,
    prefixes_hash,
)
from ledger.core.structs import (
    Accreditation,
    Anchor,
    BatchRegistration,
    Bundle,
    CustodyStatement,
    Domain,
    KeyAddition,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.core.structs import Statement

MANY: Final = 100  # statements in one transaction
CAP: Final = 16_777_216  # gas a transaction, EIP-7825
NOTHING: Final = bytes(32)
PREFIX: Final = 10**7 + 5_412_345  # GS1 Company Prefix 5412345
GTIN: Final = 5_412_345_000_013
MANUFACTURER, CARRIER, CUSTOMS = 2, 3, 1  # organisation numbers in the order of their admission
SHIP, RECEIVE, SPLIT, PACK, UNPACK, INSPECT, HOLD, RECALL = 1, 2, 5, 6, 7, 8, 9, 12
EVENTS_AND_ADMIN: Final = 5


class Goal(NamedTuple):
    """A line of the table."""

    name: str
    gas: int
    goal: int | None


@dataclass
class Bench:
    """A fresh ledger with three organisations, and what was measured on it."""

    chain: Chain
    clock: int = field(default_factory=lambda: int(time.time()))
    lines: list[Goal] = field(default_factory=list)
    heads: dict[bytes, bytes] = field(default_factory=dict)
    lots: int = 0

    def __post_init__(self) -> None:
        """Deploy and accredit."""
        self.payer = development_signer(0, CHAIN_ID)
        self.office, self.maker, self.carrier = (development_signer(i, CHAIN_ID) for i in (1, 2, 3))
        self.phone = P256Signer("phone", derive_private_key(0x1234, SECP256R1()))  # a test key, known to everyone
        deployed = self._send(b"", deployment_data(self.payer.signer))
        self.address = bytes.fromhex(deployed["contractAddress"][2:])
        self.domain = Domain(CHAIN_ID, self.address)
        self.lines.append(Goal("deployment", int(deployed["gasUsed"], 16), None))
        self._accredit()

    def measure(self, name: str, call: bytes, count: int = 1, goal: int | None = None) -> None:
        """Send a call and note what each of `count` things in it cost."""
        receipt = self._send(self.address, call)
        refused = keccak256(b"Refused(bytes32,bytes)").hex()
        if any(log["topics"][0] == "0x" + refused for log in receipt["logs"]):
            raise RuntimeError(name, receipt["logs"])
        self.lines.append(Goal(name, int(receipt["gasUsed"], 16) // count, goal))

    def registrations(self, count: int, signer: Signer) -> list[tuple[Any, ...]]:
        """Sign registrations of new batches, as `registerMany` takes them."""
        items = []
        for _ in range(count):
            self.lots += 1
            facts = BatchRegistration(
                MANUFACTURER, GTIN, f"A{self.lots:05d}", 1, 10_000, 20260101, 20280630, key_id(b"units"), key_id(b"x")
            )
            self.heads[batch_id(GTIN, facts.lot)] = facts.digest(self.domain)
            items.append((values(facts), signer.signer, self._signed(facts, signer)))
        return items

    def batches(self, count: int) -> list[bytes]:
        """Register batches without measuring; give their ids."""
        items = self.registrations(count, self.maker)
        self._send(self.address, encode_call("registerMany", items))
        return list(self.heads)[-count:]

    def event(self, consignment: bytes, kind: int, actor: int = MANUFACTURER, **other: Any) -> CustodyStatement:  # noqa: ANN401 - fields
        """Make the next event of a consignment."""
        fields: dict[str, Any] = {"counterparty": 0, "quantity": 10_000, "place": b"BEBRU", "parts": NOTHING} | other
        previous = self.heads.get(consignment, NOTHING)
        return CustodyStatement(
            consignment=consignment,
            previous=fields.pop("previous", previous),
            actor=actor,
            kind=kind,
            occurred_at=self.clock,
            details=key_id(b"details"),
            **fields,
        )

    def item(self, event: CustodyStatement, signer: Signer, attachment: bytes = b"") -> tuple[Any, ...]:
        """Sign an event, as `recordMany` takes it, and remember the head it makes."""
        digest = event.digest(self.domain)
        if event.kind != PACK:
            self.heads[event.consignment] = next_head(self.heads[event.consignment], digest)
        return values(event), attachment, signer.signer, signer.sign(digest)

    def _accredit(self) -> None:
        first = KeyAddition(CUSTOMS, self.office.signer, EVENTS_AND_ADMIN, 0, 0)
        admission: tuple[Any, ...] = (
            "Customs",
            b"BE",
            0,
            8 | 32,
            [],
            self.office.signer,
            self._signed(first, self.office),
        )
        self._send(self.address, encode_call("admitAuthority", *admission))
        for number, roles, key in ((MANUFACTURER, 1, self.maker), (CARRIER, 2, self.carrier)):
            self._accredit_one(number, roles, key)
        phone = KeyAddition(MANUFACTURER, self.phone.signer, 1, 0, 0)
        both = (self.maker.signer, self._signed(phone, self.maker), self._signed(phone, self.phone))
        self._send(self.address, encode_call("addKey", values(phone), *both))

    def _accredit_one(self, number: int, roles: int, key: Signer) -> None:
        prefixes = [PREFIX]
        said = Accreditation(
            CUSTOMS, 0, number - 2, "An organisation", b"BE", 0, roles, prefixes_hash(prefixes), key.signer
        )
        first = KeyAddition(number, key.signer, EVENTS_AND_ADMIN, 0, 0)
        signed = (self.office.signer, self._signed(said, self.office), self._signed(first, key))
        self._send(self.address, encode_call("accredit", values(said), prefixes, *signed))

    def _signed(self, statement: Statement, signer: Signer) -> bytes:
        return signer.sign(statement.digest(self.domain))

    def _send(self, to: bytes, data: bytes) -> dict[str, Any]:
        nonce = self.chain.nonce(self.payer.signer)
        signed = sign(self.payer, CHAIN_ID, nonce, Payload(to, data, CAP), self.chain.fees())
        self.chain.send(signed.raw)
        receipt: dict[str, Any] | None = None
        while receipt is None:  # mined at once, readable a moment later
            receipt = self.chain.rpc.request("eth_getTransactionReceipt", "0x" + signed.hash.hex())
        if receipt["status"] != "0x1":
            trace = self.chain.call(to, data, sender=self.payer.signer, gas=CAP)
            raise RuntimeError(trace.data.hex())
        return receipt


def measure_registrations(bench: Bench) -> None:
    """Batches, alone and many."""
    for signer, suffix in ((bench.maker, "secp256k1"), (bench.phone, "P-256")):
        alone, many = (110_000, 75_000) if signer is bench.maker else (None, None)
        one = bench.registrations(1, signer)[0]
        bench.measure(f"registration, alone, {suffix}", encode_call("register", *one), 1, alone)
        items = bench.registrations(MANY, signer)
        bench.measure(f"registration, {MANY} together, {suffix}", encode_call("registerMany", items), MANY, many)


def measure_moves(bench: Bench) -> None:
    """SHIP and RECEIVE, alone, many and bundled."""
    for signer, suffix, goal in ((bench.maker, "secp256k1", 27_000), (bench.phone, "P-256", 30_000)):
        ids = bench.batches(MANY + 1)
        ships = [bench.item(bench.event(one, SHIP, counterparty=CARRIER), signer) for one in ids]
        bench.measure(f"SHIP, alone, {suffix}", encode_call("record", *ships[0]), 1, 60_000)
        bench.measure(f"SHIP, {MANY} together, {suffix}", encode_call("recordMany", ships[1:]), MANY, goal)
        got = [
            bench.item(bench.event(one, RECEIVE, CARRIER, counterparty=MANUFACTURER), bench.carrier) for one in ids[1:]
        ]
        bench.measure(f"RECEIVE, {MANY} together, secp256k1", encode_call("recordMany", got), MANY)
    events = [bench.event(one, SHIP, counterparty=CARRIER) for one in bench.batches(MANY)]
    bench.measure(f"SHIP, bundle of {MANY}, secp256k1", bundle_call(bench, events), MANY)


def bundle_call(bench: Bench, events: Sequence[CustodyStatement]) -> bytes:
    """Sign many events once."""
    ordered = sorted(events, key=lambda event: event.digest(bench.domain))
    bundle = Bundle(MANUFACTURER, len(events), bundle_digests(event.digest(bench.domain) for event in ordered))
    signed = (bench.maker.signer, bench.maker.sign(bundle.digest(bench.domain)))
    attachments = [b""] * len(events)
    return encode_call("recordBundle", values(bundle), [values(event) for event in ordered], attachments, *signed)


def measure_parts(bench: Bench, count: int = 20) -> None:
    """SPLIT into children, PACK them, UNPACK them; each the difference that one more child makes."""
    parent, small = bench.batches(2)
    digest = b""
    costs = []
    for consignment, wanted in ((small, 1), (parent, count)):
        attachment = pack_children([(None, 100)] * wanted)
        event = bench.event(consignment, SPLIT, quantity=100 * wanted, parts=keccak256(attachment))
        digest = event.digest(bench.domain)
        costs.append(cost(bench, bench.item(event, bench.maker, attachment)))
    bench.lines.append(Goal("SPLIT, with one child", costs[0], None))
    bench.lines.append(Goal("SPLIT, each further child", (costs[1] - costs[0]) // (count - 1), None))
    children = [child_id(digest, index) for index in range(count)]
    bench.heads |= dict.fromkeys(children, digest)
    measure_pallet(bench, children)


def measure_pallet(bench: Bench, children: Sequence[bytes]) -> None:
    """PACK and UNPACK of one consignment and of many."""
    packs, unpacks = [], []
    for group in (children[:1], children[1:]):
        attachment = pack_pallet(None, [(one, bench.heads[one]) for one in group])
        event = bench.event(NOTHING, PACK, quantity=len(group), parts=keccak256(attachment))
        pallet = event.digest(bench.domain)
        packs.append(cost(bench, bench.item(event, bench.maker, attachment)))
        bench.heads[pallet] = pallet
        attachment = pack_ids(group)
        event = bench.event(pallet, UNPACK, quantity=len(group), parts=keccak256(attachment))
        unpacks.append(cost(bench, bench.item(event, bench.maker, attachment)))
    further = len(children) - 2
    for name, (one, many) in (("PACK", packs), ("UNPACK", unpacks)):
        bench.lines.append(Goal(f"{name}, one consignment", one, None))
        bench.lines.append(Goal(f"{name}, each further consignment", (many - one) // further, None))


def cost(bench: Bench, item: tuple[Any, ...]) -> int:
    """Record one event and give its gas."""
    bench.measure("", encode_call("record", *item))
    return bench.lines.pop().gas


def measure_authority(bench: Bench) -> None:
    """What administrations and manufacturers do to goods, and anchors."""
    batch = bench.batches(1)[0]
    for sequence, (name, kind) in enumerate((("INSPECT", INSPECT), ("HOLD", HOLD), ("RECALL", RECALL))):
        event = bench.event(batch, kind, CUSTOMS, previous=sequence.to_bytes(32, "big"))
        bench.measure(f"{name}, alone", encode_call("record", *bench.item(event, bench.office)))
    anchor = Anchor(MANUFACTURER, 1_000, key_id(b"root"), NOTHING)
    for name in ("anchor, first", "anchor, further"):
        digest = anchor.digest(bench.domain)
        bench.measure(name, encode_call("anchor", values(anchor), bench.maker.signer, bench.maker.sign(digest)))
        anchor = replace(anchor, count=anchor.count + 1_000, previous=digest)


def measure_cap(bench: Bench, count: int = 500) -> None:
    """As many events as the cap of a transaction must take."""
    ids = [one for _ in range(count // MANY) for one in bench.batches(MANY)]
    ships = [bench.item(bench.event(one, SHIP, counterparty=CARRIER), bench.maker) for one in ids]
    bench.measure(f"SHIP, {count} together, secp256k1", encode_call("recordMany", ships), count, CAP // count)


MEASURES: Final[tuple[Callable[[Bench], None], ...]] = (
    measure_registrations,
    measure_moves,
    measure_parts,
    measure_authority,
    measure_cap,
)


def main() -> int:
    """Print the table; return 1 if a goal is missed."""
    with tempfile.TemporaryDirectory() as folder:
        node = DevChain(Path(folder))
        url = node.start()
        try:
            bench = Bench(Chain(url))
            for measure in MEASURES:
                measure(bench)
        finally:
            node.stop()
    if "--json" in sys.argv:
        print(json.dumps([line._asdict() for line in bench.lines], indent=1))
    else:
        for line in bench.lines:
            print(f"{line.name:40} {line.gas:>10,}" + (f"   goal {line.goal:>8,}" if line.goal else ""))
    return int(any(line.goal is not None and line.gas > line.goal for line in bench.lines))


if __name__ == "__main__":
    sys.exit(main())
