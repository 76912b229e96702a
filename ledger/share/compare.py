"""Comparing what is held and scanned with the indicators: everything with a new one, and what is new with all of them.

A new indicator is compared within the call that hands it in, a declaration line within the call that keeps it. What is
recorded, scanned or reported afterwards is compared when somebody asks for matches or follows them, so that nothing
runs where nobody listens. Up to which fact that was done is kept: two servers on one database do it once.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from ledger.core import facts
from ledger.core.intelligence.matching import (
    Found,
    document_keys,
    goods_keys,
    organisation_keys,
    pack_keys,
    route_keys,
)
from ledger.store.held import Place, held, place_before
from ledger.store.line_alerts import DECLARATION, LineAlerts
from ledger.store.matches import MOST, Compared, Matches
from ledger.store.parties import Parties
from ledger.store.read_model import Cursor, ReadModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.core.intelligence.pattern import Pattern
    from ledger.store.database import Database
    from ledger.store.unit_lists import UnitLists

PAGE: Final = 500  # facts of one kind compared at once
_NO_DETAILS: Final = bytes(32)


class Comparer:
    """Compares. Safe to share between threads.

    Args:
        db: The installation's.
        lists: Of serial numbers that are held here.
    """

    def __init__(self, db: Database, lists: UnitLists) -> None:
        self._db = db
        self._lists = lists
        self._read_model = ReadModel(db)
        self._matches = Matches(db)
        self._lines = LineAlerts(db)
        self._lock = threading.Lock()
        self._seen: Compared | None = None  # the end of everything, when all of it was compared

    def everything(self, indicator: int, pattern: Pattern, now: int) -> None:
        """Compare everything with a new indicator, inside the transaction that keeps it.

        Args:
            indicator: The number of its message.
            pattern: What it looks for.
            now: Unix seconds.
        """
        with self._db.transaction() as connection:
            if self._matches.compared() is None and not self._matches.any_indicator(but=indicator):
                self._matches.put_compared(self._matches.newest())  # what is here now is compared right below
            found = held(Place(connection, self._read_model, self._lists, MOST), pattern)
            self._matches.add(indicator, found, now)
            self._lines.refresh([int(each.identifier) for each in found if each.what == DECLARATION], now)

    def withdrawn(self, digest: bytes, now: int) -> None:
        """Let no declaration line be looked for any more by an indicator that was withdrawn.

        Args:
            digest: Of its message.
            now: Unix seconds.
        """
        self._lines.refresh(self._matches.lines_of(digest), now)

    def news(self, now: int) -> bool:
        """Compare what is new with all indicators, a page of it.

        Args:
            now: Unix seconds.

        Returns:
            Whether there is more.
        """
        with self._lock:
            newest = self._matches.newest()
            if newest == self._seen:
                return False
            if not self._matches.any_indicator():
                if self._matches.compared() is not None:
                    self._matches.put_compared(newest)
                self._seen = newest
                return False
            more = self._page(now)
            self._seen = None if more else newest
            return more

    def _page(self, now: int) -> bool:
        """Compare up to `PAGE` facts of each kind; whether there may be more."""
        with self._db.transaction():
            place = self._standing(self._matches.compared() or Compared())
            cursor = None if place.block < 0 else Cursor(place.block, place.log_index, place.hash)
            recorded = self._read_model.recorded_after(cursor, PAGE)
            packs = self._matches.packs_after(place.unit_event, PAGE)
            reports = self._matches.reports_after(place.report, PAGE)
            parties = Parties(self._read_model)
            for fact in recorded:
                for found, keys in self._of_fact(fact, parties):
                    self._compare(found, keys, now)
            for _, found in packs:
                self._compare(found, pack_keys(found.gtin, found.lot), now)
            for _, found in reports:
                self._compare(found, pack_keys(found.gtin, found.lot), now)
            self._matches.put_compared(self._moved(place, recorded, packs, reports))
        return PAGE in {len(recorded), len(packs), len(reports)}

    def _standing(self, place: Compared) -> Compared:
        """The place itself, or, if its block was taken back, the last one that cannot be."""
        if place.block < 0 or (place.hash and self._read_model.block_hash(place.block) == place.hash):
            return place
        return place._replace(block=self._read_model.as_of().finalized_block, log_index=2**31 - 1, hash=b"")

    def _moved(
        self,
        place: Compared,
        recorded: list[facts.Fact],
        packs: list[tuple[int, Found]],
        reports: list[tuple[int, Found]],
    ) -> Compared:
        if recorded:
            last = self._read_model.cursor(recorded[-1])
            place = place._replace(block=last.block, log_index=last.log_index, hash=last.hash)
        if packs:
            place = place._replace(unit_event=packs[-1][0])
        return place._replace(report=reports[-1][0]) if reports else place

    def _compare(self, found: Found, keys: tuple[str, ...], now: int) -> None:
        for indicator in self._matches.of_keys(keys, found.serial, now):
            self._matches.add(indicator, [found], now)

    def _of_fact(self, fact: facts.Fact, parties: Parties) -> Iterator[tuple[Found, tuple[str, ...]]]:
        """What a fact tells of, with its keys."""
        at = fact.recorded.time
        if isinstance(fact, facts.Registration):
            keys = goods_keys(fact.gtin, fact.lot) + organisation_keys(parties.organisation(fact.manufacturer))
            found = Found("batch", "0x" + fact.batch.hex(), fact.gtin, fact.lot, at=at)
            yield found, keys + self._written(fact.details)
        elif isinstance(fact, facts.CustodyEvent):
            yield self._of_event(fact, parties)
        elif isinstance(fact, facts.OrganisationChange):
            keys = organisation_keys(parties.organisation(fact.number))
            yield Found("organisation", str(fact.number), organisation=fact.number, at=at), keys

    def _of_event(self, fact: facts.CustodyEvent, parties: Parties) -> tuple[Found, tuple[str, ...]]:
        reference = self._read_model.consignment(fact.consignment)
        batch = reference.batches[0] if reference and len(reference.batches) == 1 else b""
        goods = self._read_model.registration(batch) if batch else None
        gtin, lot = (goods.gtin, goods.lot) if goods else ("", "")
        place = fact.recorded
        own = fact.consignment if reference and reference.kind == "pallet" else batch
        with self._db.snapshot() as connection:
            before = place_before(connection, own, fact.consignment, place.block, place.log_index)
        keys = goods_keys(gtin, lot) + route_keys(before, fact.place) + self._written(fact.details)
        for number in (fact.actor, fact.counterparty):
            keys += organisation_keys(parties.organisation(number)) if number else ()
        return Found("movement", "0x" + fact.digest.hex(), gtin, lot, place=fact.place, at=place.time), keys

    def _written(self, details: bytes) -> tuple[str, ...]:
        document = self._read_model.document(details) if details != _NO_DETAILS else None
        return document_keys(document) if document else ()
