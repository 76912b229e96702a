"""Plays the demonstration's story through a server's own HTTP calls, as its actors would.

Everything it signs follows from the story and one start time, so that a demonstration cut short is taken up where it
stopped: the same statement has the same digest, and sending it again changes nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ledger.accredit import OrganisationRow
from ledger.cli import pack_story, story
from ledger.cli.desk import Desk, Event
from ledger.cli.pack_play import PackPlay
from ledger.core import statement
from ledger.core.document import details, with_salt
from ledger.core.errors import StatementRefusedError, UnavailableError
from ledger.core.gs1 import check_digit
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import AUTHORITY_KINDS, Kind, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ledger.chain.keys import Signer
    from ledger.cli.client import Client, Json

RECORDED: Final = frozenset({"recorded", "final", "refused"})
FINAL: Final = frozenset({"final", "refused"})
PATIENCE: Final = 180.0  # seconds for the whole story to be on the chain
GLN_PREFIX: Final = "9529900"  # under GS1's example prefix 952
POLL_SECONDS: Final = 0.05  # everything runs on this machine
SUSPENDED: Final = "schnellvax"


@dataclass(slots=True)
class Goods:
    """A consignment as the story knows it: what the next statement about it must name."""

    id: bytes
    head: bytes
    rest: int
    batch: str  # the story's name of its batch
    sscc: str | None = None
    sequence: int = 0
    holder: str = ""

    def as_json(self) -> Json:
        """The form in which a server shows a consignment."""
        return {
            "id": "0x" + self.id.hex(),
            "head": "0x" + self.head.hex(),
            "rest": self.rest,
            "sequence": self.sequence,
            "batch": {"id": "0x" + self.id.hex()},
        }


@dataclass(slots=True)
class Play:
    """The story on one server.

    Args:
        client: The server.
        signers: Each party's key.
        admit: Makes an authority of a row and its first key, by the council; its number comes back.
        start: "Now" of the story, Unix seconds.
        folder: Where its actors keep what is theirs.
        tell: Called with a line for the person who watches.
    """

    client: Client
    signers: Mapping[str, Signer]
    admit: Callable[[OrganisationRow, Signer], int]
    start: int
    folder: Path
    tell: Callable[[str], None]
    packs: PackPlay = field(init=False)
    numbers: dict[str, int] = field(default_factory=dict)
    goods: dict[str, Goods] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    ssccs: dict[str, int] = field(default_factory=dict)
    desks: dict[str, Desk] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take up the packs of this story."""
        self.packs = PackPlay(self.folder, self.start)

    def run(self) -> None:
        """Play everything and wait until it is final.

        Raises:
            StatementRefusedError: The ledger refused a part of the story.
            UnavailableError: The chain did not take it all within three minutes.
        """
        self.tell("Accrediting organisations")
        self._accredit_all()
        self.tell("Registering batches")
        for name, batch in story.BATCHES.items():
            self.register(name, batch)
        self.tell("Moving goods")
        for step in sorted(story.STEPS, key=lambda step: step.days):
            self.act(step)
        self.tell("Handing out packs")
        self._hand_out()
        self.settle(FINAL)

    def day(self, days: float) -> datetime:
        """A day of the story, counted from its start."""
        return datetime.fromtimestamp(self.start, UTC) + timedelta(days=days)

    def _accredit_all(self) -> None:
        known = {row["name"]: row for row in self.client.get("/v1/organisations")["organisations"]}
        for name, party in story.PARTIES.items():
            if party.name in known:
                self.numbers[name] = int(known[party.name]["number"])
            elif not party.authority:
                self.numbers[name] = self.admit(self._row(name, party), self.signers[name])
        self._await_organisations()
        for name, party in story.PARTIES.items():
            if name not in self.numbers:
                desk = self._desk(party.authority)
                self.numbers[name], digest = desk.accredit(self._row(name, party), self.signers[name])
                self._settle(digest)
        if known.get(story.PARTIES[SUSPENDED].name, {}).get("active", True):
            desk = self._desk(story.PARTIES[SUSPENDED].authority)
            self._settle(desk.suspend(self.numbers[SUSPENDED], suspended=True))

    def _row(self, name: str, party: story.Party) -> OrganisationRow:
        return OrganisationRow(party.name, party.country, party.roles, int(self.gln(name)), party.prefixes, name, 0)

    def _await_organisations(self) -> None:
        """Admissions are transactions of the council's, not statements: wait until the read model shows them."""
        deadline = time.monotonic() + PATIENCE
        while True:
            shown = {int(row["number"]) for row in self.client.get("/v1/organisations")["organisations"]}
            if set(self.numbers.values()) <= shown:
                return
            if time.monotonic() > deadline:
                raise UnavailableError("The admitted authorities do not appear.", advice="Is the indexer running?")
            time.sleep(POLL_SECONDS)

    def _desk(self, name: str) -> Desk:
        if name not in self.desks:
            self.desks[name] = Desk(self.client, self.signers[name], self.numbers[name])
        return self.desks[name]

    def register(self, name: str, batch: story.Batch) -> None:
        """Have its maker register a batch, and know it by `name` from then on."""
        product = story.PRODUCTS[batch.product]
        document = with_salt(
            {"product": product.name, "gtin_source": product.gtin_source, "hs6": product.hs6},
            keccak256(f"{name} {self.start}".encode()),
        )
        made, expires = self.day(batch.made), self.day(batch.expires)
        identity = statement.batch_id(int(product.gtin), batch.lot)
        signed = statement.BatchRegistration(
            manufacturer=self.numbers[product.maker],
            gtin=int(product.gtin),
            lot=batch.lot,
            product_class=product.product_class,
            quantity=batch.quantity,
            manufactured=int(f"{made:%Y%m%d}"),
            expiry=int(f"{expires:%Y%m%d}"),
            unit_root=self.packs.make_list(identity, batch.quantity) if batch.serialised else bytes(32),
            details=details(document),
        )
        digest = self._desk(product.maker).register(signed, document)
        self.sent.append(digest)
        head = bytes.fromhex(digest[2:])
        self.goods[name] = Goods(identity, head, batch.quantity, name, holder=product.maker)

    def act(self, step: story.Step) -> str:
        """Have somebody sign a step; its digest comes back, as 0x hex."""
        desk = self._desk(step.actor)
        event = Event(
            step.kind,
            step.place,
            int(self.day(step.days).timestamp()),
            self.numbers.get(step.to, 0),
            step.quantity,
        )
        if step.kind is Kind.PACK:
            return self._pack(step, desk, event)
        goods = self.goods[step.goods]
        if step.kind is Kind.UNPACK:
            digest = desk.unpack(event, goods.as_json(), [self.goods[name].as_json() for name in step.loads])
        elif step.kind is Kind.HANDOVER:
            digest = desk.handover(event, goods.as_json(), self.signers[step.to])
        elif step.kind is Kind.SPLIT:
            children = tuple((self._sscc(step.actor, name), quantity) for name, quantity in step.makes)
            digest = desk.custody(replace(event, children=children), goods.as_json())
        else:
            digest = desk.custody(event, goods.as_json())
        self._follow(step, goods, bytes.fromhex(digest[2:]))
        return digest

    def _hand_out(self) -> None:
        """The maker enrols its label key and hands its list over; then organisations sign for single packs."""
        batch = story.BATCHES[pack_story.BATCH]
        product = story.PRODUCTS[batch.product]
        label_key = self.signers[pack_story.LABEL_KEY]
        self.sent.append(self._desk(product.maker).add_key(label_key, Purpose.LABELS))
        self.settle(RECORDED)
        self.packs.hand_over(self.client, product.gtin, batch.lot)
        self.sent += self.packs.run(self._desk, product.gtin, batch.lot)

    def _pack(self, step: story.Step, desk: Desk, event: Event) -> str:
        name = step.goods
        sscc = self._sscc(step.actor, name)
        loads = [self.goods[load] for load in step.loads]
        digest = desk.pack(replace(event, sscc=sscc), [load.as_json() for load in loads])
        self.sent.append(digest)
        identity = bytes.fromhex(digest[2:])
        self.goods[name] = Goods(identity, identity, len(loads), loads[0].batch, sscc)
        return digest

    def _follow(self, step: story.Step, goods: Goods, digest: bytes) -> None:
        """What the contract will make of the step, so that the next one can be signed before it is recorded."""
        self.sent.append("0x" + digest.hex())
        goods.head = statement.next_head(goods.head, digest)
        if step.kind in AUTHORITY_KINDS:
            goods.sequence += 1
        elif step.kind is Kind.DISPENSE:
            goods.rest -= step.quantity or 0
        elif step.kind is Kind.UNPACK:
            goods.rest -= len(step.loads)
            for name in step.loads:
                self.goods[name].head = statement.next_head(self.goods[name].head, digest)
        elif step.kind is Kind.SPLIT:
            for index, (name, quantity) in enumerate(step.makes):
                goods.rest -= quantity
                child = statement.child_id(digest, index)
                self.goods[name] = Goods(child, digest, quantity, goods.batch, self._sscc(step.actor, name))

    def _sscc(self, owner: str, name: str) -> str:
        """An SSCC under the owner's company prefix: extension digit, prefix, serial, check digit."""
        serial = self.ssccs.setdefault(name, len(self.ssccs) + 1)
        prefix = story.PARTIES[owner].prefixes[0]
        body = f"0{prefix}{serial:0{16 - len(prefix)}d}"
        return body + str(check_digit(body))

    def _settle(self, digest: str) -> None:
        state = self.client.wait([digest], RECORDED, PATIENCE, poll_seconds=POLL_SECONDS)[digest]
        self._refuse_refusal(digest, state)

    def settle(self, until: frozenset[str]) -> None:
        """Wait until all that was signed is in one of the states `until`.

        Raises:
            StatementRefusedError: The ledger refused a part of the story.
            UnavailableError: The chain did not take it all within three minutes.
        """
        for digest, state in self.client.wait(self.sent, until, PATIENCE, poll_seconds=POLL_SECONDS).items():
            self._refuse_refusal(digest, state)
        if until is FINAL:
            self.sent.clear()

    def gln(self, name: str) -> str:
        """A party's Global Location Number, 13 digits."""
        body = f"{GLN_PREFIX}{list(story.PARTIES).index(name):05d}"
        return body + str(check_digit(body))

    def _refuse_refusal(self, digest: str, state: Json) -> None:
        if state["state"] == "refused":
            reason = state.get("reason") or {}
            raise StatementRefusedError(
                f"The ledger refused a part of the story: {reason.get('detail')}", advice=f"Statement {digest}."
            )
