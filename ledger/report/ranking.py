"""Rank the incidents that wait: what the ledger says of their code, which indicators they match, who says the same.

Nothing runs for it: incidents are ranked when somebody asks for the queue, those first that never were, a bounded
number each time, so that a flood makes a queue longer and no answer slower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from ledger.core.intelligence.matching import pack_keys
from ledger.core.reporting.triage import Circumstances, triage
from ledger.store.incidents import Incidents
from ledger.store.matches import Matches
from ledger.store.reports import Reports

if TYPE_CHECKING:
    from ledger.core.verdict import Verdict
    from ledger.store.database import Database
    from ledger.store.incidents import Incident

AT_ONCE: Final = 100  # ranked at one request: a fraction of a second's work
FRESH_SECONDS: Final = 600  # so long a rank is believed: the ledger and the indicators move on


class Judge(Protocol):
    """Where verdicts come from; `verify.Verifier` fits."""

    def verify(self, code: str, *, now: int, counted: bool) -> Verdict:
        """The verdict on one code."""


class Ranking:
    """Ranks the incidents of one installation. Safe to share between threads.

    Args:
        db: Where they are.
        judge: Gives the verdicts on their codes.
    """

    def __init__(self, db: Database, judge: Judge) -> None:
        self._db = db
        self._incidents = Incidents(db)
        self._reports = Reports(db)
        self._matches = Matches(db)
        self._judge = judge

    def renew(self, now: int, most: int = AT_ONCE) -> int:
        """Rank the incidents that wait and were not ranked lately; how many that were.

        Args:
            now: Unix seconds.
            most: How many at most.
        """
        found = self._incidents.to_triage(now - FRESH_SECONDS, most)
        ranked = [(each, *self._rank(each, now)) for each in found]
        if ranked:
            self._incidents.put_triage(ranked, now)
        return len(ranked)

    def indicators(self, incident: Incident, now: int) -> list[tuple[bytes, int]]:
        """Digest and issuer of the open indicators that an incident's goods match."""
        if not incident.gtin:
            return []
        keys = pack_keys(incident.gtin, incident.lot)
        return self._matches.named(self._matches.of_keys(keys, incident.serial, now))

    def _rank(self, incident: Incident, now: int) -> tuple[int, list[dict[str, Any]]]:
        with self._db.snapshot():
            known = self._circumstances(incident, now)
        found = triage(known)
        return found.urgency, [hit.to_json() for hit in found.hits]

    def _circumstances(self, incident: Incident, now: int) -> Circumstances:
        first = self._reports.numbered(incident.number)
        code = first.code if first else ""
        verdict = self._judge.verify(code, now=now, counted=False) if code.strip() else None
        others = self._incidents.places(incident)
        countries = frozenset(place[:2] for place in others if place) - {incident.place[:2]}
        oldest = self._incidents.oldest_waiting(incident.number)
        return Circumstances(
            verdict=verdict.verdict if verdict else "",
            headline=verdict.headline if verdict else "",
            indicators=len(self.indicators(incident, now)),
            elsewhere=len(others),
            countries=countries,
            copies=self._incidents.copies(incident),
            reports=incident.reports,
            waiting_seconds=max(now - oldest, 0) if oldest else 0,
        )
