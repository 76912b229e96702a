"""Show the desk of a country its declaration lines: the queue by risk, one line beside the ledger, and counts.

A desk sees the lines of its own country only. A regulator looks at what is its customs administration's, and of a line
that was declared in another country before an officer reads which declaration that was: both looks are noted for whose
the data is before anything is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.customs import beside, overview
from ledger.core.customs.score import MATCHES
from ledger.core.customs.signals import SIGNALS
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.organisation import roles_at, state_at
from ledger.core.vocabulary import Role
from ledger.core.wording import moment
from ledger.store.declarations import Declarations
from ledger.store.queue import Place, Queue, Wanted
from ledger.store.read_model import ReadModel
from ledger.store.sessions import Looks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.core.customs.case import Case
    from ledger.store.database import Database
    from ledger.store.declarations import Kept

Json = dict[str, Any]
LOOK: Final = "declaration"
LONGEST_DAYS: Final = 366
_DAY: Final = 86_400  # seconds
_TIMES: Final = frozenset({"acceptance_date_time", "arrival_date_time"})


class Viewer(NamedTuple):
    """Who looks: a key of an administration that works on a country's declarations."""

    organisation: int
    key: bytes  # id, 32 bytes
    country: str  # ISO 3166-1 alpha-2


class Examiner:
    """The lines of one installation as officers see them. Safe to share between threads.

    Args:
        db: Where they are.
    """

    def __init__(self, db: Database) -> None:
        self._queue = Queue(db)
        self._lines = Declarations(db)
        self._facts = ReadModel(db)
        self._looks = Looks(db)

    def queue(self, viewer: Viewer, wanted: Wanted, after: Place | None, most: int, now: int) -> Json:
        """A page of the viewer's queue, the riskiest line first.

        Raises:
            InvalidInputError: There is no such signal or match.
            UnavailableError: The look cannot be noted, so nothing is shown.
        """
        _require_known("signal", wanted.signal, SIGNALS)
        _require_known("match", wanted.match, MATCHES)
        found = self._queue.page(viewer.country, wanted, after, most)
        self.note(viewer, found, now)
        last = found[-1] if len(found) == most else None
        return {
            "lines": [line_json(each) for each in found],
            "next": f"{last.risk}-{last.number}" if last else None,
        }

    def line(self, viewer: Viewer, number: int) -> Kept:
        """The line with a number, if it is the viewer's to see.

        Raises:
            NotFoundError: There is none in the viewer's country; whether there is one elsewhere is not told.
        """
        found = self._lines.numbered(number)
        if found is None or found.line.country != viewer.country:
            raise NotFoundError(
                f"Your country has no declaration line {number}.", advice="Open it from the queue.", field="number"
            )
        return found

    def shown(self, viewer: Viewer, case: Case, kept: Kept, now: int) -> Json:
        """A line with all that is known of it; the looks are noted first.

        Raises:
            UnavailableError: A look cannot be noted, so nothing is shown.
        """
        self.note(viewer, [kept], now)
        return line_json(kept) | {
            "newest": kept.newest,
            "imported_at": moment(kept.imported_at),
            "declared": _declared(kept),
            "route": list(kept.line.route),
            "comparison": [point._asdict() for point in beside.compare(case)],
            "goods": beside.goods_json(case),
            "versions": [
                {
                    "number": each.number,
                    "version_id": each.line.version_id,
                    "imported_at": moment(each.imported_at),
                    "risk": each.risk,
                }
                for each in self._queue.versions(kept.line)
            ],
        }

    def overview(self, viewer: Viewer, days: int, now: int) -> Json:
        """The lines that were accepted in the last days, counted.

        Args:
            viewer: Whose country's.
            days: 1 to 366, today included.
            now: Unix seconds.
        """
        since = (now // _DAY - days + 1) * _DAY
        return overview.count(self._queue.counted(viewer.country, since, now), since, now)

    def note(self, viewer: Viewer, kept: Sequence[Kept], now: int) -> None:
        """Note a look at lines for those whose they are, and at the foreign declarations that their reasons name."""
        customs = self._customs()
        own = viewer.organisation in customs.get(viewer.country, ())
        seen = [] if own else [(who, _name(each)) for each in kept for who in customs.get(viewer.country, ())]
        abroad = [each for each in kept if "declared_in_two_countries" in _signals(each)]
        history = self._lines.history(abroad) if abroad else None
        for each in abroad:
            for earlier in history.earlier(each) if history else ():
                if earlier.country != viewer.country:
                    named = (earlier.declaration_office_id, earlier.declaration_id, earlier.sequence_numeric)
                    seen += [(who, _joined(*named)) for who in customs.get(earlier.country, ())]
        self._looks.note(viewer.organisation, viewer.key, LOOK, seen, now)

    def _customs(self) -> dict[str, list[int]]:
        """The customs administrations by country."""
        found: dict[str, list[int]] = {}
        for organisation in self._facts.organisations():
            state = state_at(organisation)
            if state is not None and roles_at(organisation) & Role.CUSTOMS:
                found.setdefault(state.country, []).append(organisation.number)
        return found


def line_json(kept: Kept) -> Json:
    """A line as the queue shows it."""
    line, score = kept.line, kept.score
    return {
        "number": kept.number,
        "office": line.declaration_office_id,
        "declaration_id": line.declaration_id,
        "version_id": line.version_id,
        "line": line.sequence_numeric,
        "accepted_at": moment(line.acceptance_date_time),
        "hs": line.hs6,
        "description": line.description,
        "origin": line.origin_country_code,
        "loading": line.loading_location_id,
        "unloading": line.unloading_location_id,
        "importer": line.importer_id,
        "gtin": line.gtin or None,
        "lot": line.lot or None,
        "sscc": line.sscc or None,
        "quantity": line.tariff_quantity or None,
        "risk": kept.risk,
        "match": score.get("match"),
        "detail": score.get("detail", "The line is not scored yet."),
        "signals": [_signal_json(each) for each in score.get("signals", ())],
        "scored_at": moment(kept.scored_at) if kept.scored_at else None,
        "scored_block": kept.scored_block if kept.scored_at else None,
    }


def _signal_json(told: Json) -> Json:
    """A signal with what it means; one that a later release took out of the table keeps its reason."""
    known = SIGNALS.get(told["signal"])
    return told | {
        "family": known.family if known else None,
        "means": known.means if known else None,
        "source": known.source if known else None,
    }


def _declared(kept: Kept) -> Json:
    """Every field of the line, named as in docs/customs.md; null where nothing was given."""
    fields = kept.line._asdict()
    return {
        name: moment(value) if name in _TIMES and value else value if value not in {"", 0} else None
        for name, value in fields.items()
        if name != "itinerary_id"
    } | {"itinerary_id": list(kept.line.itinerary_id)}


def _signals(kept: Kept) -> set[str]:
    return {each["signal"] for each in kept.score.get("signals", ())}


def _name(kept: Kept) -> str:
    line = kept.line
    return _joined(line.declaration_office_id, line.declaration_id, line.sequence_numeric)


def _joined(office: str, declaration: str, number: int) -> str:
    return f"{office} {declaration}/{number}"


def _require_known(field: str, given: str, known: Iterable[str]) -> None:
    if given and given not in known:
        listed = ", ".join(sorted(known))
        raise InvalidInputError(f"There is no {field} {given[:40]!r}.", advice=f"There are {listed}.", field=field)
