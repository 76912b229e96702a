"""Comparing sealed indicators with the ledger on the receiver's own machine.

A server that is asked for a lot learns that somebody looks for it. So nothing is asked for: everything that is recorded
is read from the public stream, as any follower of the ledger reads it, and compared here. What stands in no public
record (scans of single packs, documents) cannot be compared in this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.intelligence.matching import Found, goods_keys, route_keys
from ledger.core.intelligence.pattern import PatternKind, company_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.cli.client import Client, Json
    from ledger.core.intelligence.pattern import Pattern

COMPARABLE: Final = frozenset({PatternKind.LOT, PatternKind.GTIN, PatternKind.COMPANY, PatternKind.ROUTE})
QUIET_SECONDS: Final = 5.0  # without an event, after which all of them were read


class Sieve:
    """Reads the ledger's stream, and tells of what it reads with its keys."""

    def __init__(self) -> None:
        self._goods: dict[str, tuple[str, str]] = {}  # GTIN and lot by batch or consignment
        self._companies: dict[int, tuple[str, ...]] = {}  # keys by number
        self._places: dict[str, str] = {}  # by consignment: where it was last

    def read(self, event: Json) -> Iterator[tuple[Found, tuple[str, ...]]]:
        """What an event of the stream tells of."""
        kind = event["type"]
        if kind == "BatchRegistered":
            self._goods[event["batch"]] = event["gtin"], event["lot"]
            keys = goods_keys(event["gtin"], event["lot"]) + self._companies.get(event["manufacturer"], ())
            yield Found("batch", event["batch"], event["gtin"], event["lot"]), keys
        elif kind == "ConsignmentSplit":
            self._goods[event["consignment"]] = self._goods.get(event["batch"], ("", ""))
            if place := self._places.get(event["parent"]):
                self._places[event["consignment"]] = place
        elif kind == "OrganisationAccredited":
            named = company_keys(event["name"], event["gln"])
            known = self._companies.get(event["number"], ())
            self._companies[event["number"]] = tuple(dict.fromkeys((*known, *named)))
            yield Found("organisation", str(event["number"]), organisation=event["number"]), named
        elif kind == "CustodyRecorded":
            yield self._movement(event)

    def _movement(self, event: Json) -> tuple[Found, tuple[str, ...]]:
        consignment, place = event["consignment"], event["place"]
        gtin, lot = self._goods.get(consignment, ("", ""))
        keys = goods_keys(gtin, lot) + route_keys(self._places.get(consignment, ""), place)
        for number in (event["actor"], event["counterparty"]):
            keys += self._companies.get(number, ())
        if place:
            self._places[consignment] = place
        return Found("movement", event["digest"], gtin, lot, place=place), keys


def compare(client: Client, patterns: Iterable[tuple[str, Pattern]]) -> list[dict[str, Any]]:
    """Everything on record that matches one of some indicators.

    Args:
        client: A server; it learns nothing of the indicators.
        patterns: What they look for, each with its message's digest.
    """
    wanted: dict[str, list[str]] = {}
    for digest, pattern in patterns:
        for key in pattern.lookups():
            wanted.setdefault(key, []).append(digest)
    sieve, found = Sieve(), []
    for _, _, event in client.follow("/v1/events", "", quiet_seconds=QUIET_SECONDS):
        for thing, keys in sieve.read(event):
            for digest in dict.fromkeys(each for key in keys for each in wanted.get(key, ())):
                goods = {"gtin": thing.gtin or None, "lot": thing.lot or None, "place": thing.place or None}
                found.append({"digest": digest, "what": thing.what, "id": thing.identifier, **goods})
    return found
