"""Publish how many incidents people reported: a month at a time, once it is over, and never again otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.reporting import counts
from ledger.core.vocabulary import ProductClass
from ledger.store.incidents import Incidents

if TYPE_CHECKING:
    from ledger.store.database import Database

Json = dict[str, Any]
_NOT_ON_LEDGER: Final = ""


class Publisher:
    """Publishes the counts of one installation. Safe to share between threads.

    Args:
        db: Where incidents are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._incidents = Incidents(db)
        self._known: dict[str, Json] = {}  # months never change, and there are 24

    def counts(self, now: int) -> Json:
        """The months that are over, the newest first; what was published of one stays as it is.

        Args:
            now: Unix seconds.
        """
        wanted = counts.ended_months(now)
        known = self._known
        self._known = told = {month: known.get(month) or self._month(month, now) for month in wanted}
        months = [{"month": month, **told[month]} for month in wanted]
        return {"least": counts.LEAST, "least_total": counts.LEAST_TOTAL, "months": months}

    def _month(self, month: str, now: int) -> Json:
        known = self._incidents.published(month)
        if known is None:
            with self._db.transaction():
                classified = self._incidents.counts(*counts.bounds(month))
                classified["goods"] = {_class(key): number for key, number in classified["goods"].items()}
                self._incidents.publish(month, counts.published(classified), now)
                known = self._incidents.published(month)
        assert known is not None  # noqa: S101 - published just now
        return known


def _class(value: int | None) -> str:
    return _NOT_ON_LEDGER if value is None else ProductClass(value).name
