"""Answer a scan: text → `core.gs1` → the read model's facts → `history` folds → `verdict` judges.

What is slow and changes only with the ledger (loading and folding a batch) is kept until the ledger says something of
that batch (`store.known`); what depends on the clock (expiry, age of the data) is judged anew when it can have changed.
A serial number is looked up in its batch's list, which may come at any time: an answer that had to do without it is not
kept.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from ledger.core.attestation.coverage import needs_certificate
from ledger.core.check import NAMES, NUMBERS, SKIPPED
from ledger.core.clock import time_of
from ledger.core.errors import InvalidCodeError, InvalidInputError
from ledger.core.gs1 import Code, parse_code
from ledger.core.kept import Kept
from ledger.core.label_search import LabelSearch
from ledger.core.locode import read_locode
from ledger.core.table import csv_cell
from ledger.core.unit import NOTHING_KNOWN
from ledger.core.unit_checks import LIST_NOT_HELD
from ledger.core.verdict import Question, Subject, Verdict, VerdictFacts, judge, licensing_gtin, occasion
from ledger.store.known import Known
from ledger.store.pack_facts import PackFacts
from ledger.store.unit_lists import UnitLists

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from ledger.config import Settings
    from ledger.core.dossier import Dossier
    from ledger.core.facts import AsOf
    from ledger.store.attestations import Attestations
    from ledger.store.parties import Parties
    from ledger.store.read_model import ConsignmentReference, ReadModel

MAX_KEPT_CODE: Final = 2_048  # characters; a longer text is refused by `parse_code` and not kept
MAX_ORGANISATION: Final = 2**32 - 1  # uint32 on chain
MAX_MOMENT: Final = 40  # characters of an ISO 8601 time
EARLY_SECONDS: Final = 600  # how far a scanner's clock may be ahead of ours; the contract's bound for `occurredAt`
DELIVERY_COLUMNS: Final = (
    *("position", "code", "verdict", "reason", "headline"),
    *("gtin", "lot", "serial", "sscc"),
)
CODES_KEPT: Final = 5_000
ANSWERS_KEPT: Final = 5_000
_NO_SUBJECTS: Final[tuple[Subject, ...]] = ()


@dataclass(frozen=True, slots=True)
class Scanner:
    """Who scans, where and when; all of it may be unknown."""

    place: str | None = None  # UN/LOCODE
    at: int | None = None  # Unix seconds
    organisation: int | None = None


NOBODY: Final = Scanner()


class _Answer(NamedTuple):
    """A verdict as JSON. About a single pack it holds only until something is signed about one."""

    json: bytes
    word: str
    units: int | None  # the read model's `units` when it was given; None: no single pack is asked about


class _State(NamedTuple):
    """What is known at one version of the read model, and the answers given by it."""

    known: Known
    answers: Kept[tuple[Any, ...], _Answer]


class Verifier:
    """Judges codes against a read model. Safe to share between threads.

    Args:
        read_model: The facts.
        settings: Which Digital Link hosts are ours, how many codes are answered at once, what counts as fresh, and
            where lists of serial numbers are kept.
        attestations: Has the certificates of conformity bodies; None leaves check 14 undone.
        clock: Tells the time in Unix seconds where a caller does not.
        count: Is told the word of every verdict that is given.
    """

    def __init__(
        self,
        read_model: ReadModel,
        settings: Settings,
        *,
        attestations: Attestations | None = None,
        clock: Callable[[], float] = time.time,
        count: Callable[[str], None] = lambda _word: None,
    ) -> None:
        self._facts = read_model
        self._settings = settings
        self._clock = clock
        self._count = count
        self._attestations = attestations
        self._packs = PackFacts(read_model, UnitLists(settings.units_dir))
        self._codes: Kept[tuple[str, date], Code | InvalidCodeError] = Kept(CODES_KEPT)
        self._state: _State | None = None
        self._search = LabelSearch()

    def scanner(
        self, place: str | None = None, at: str | int | None = None, organisation: str | int | None = None, *, now: int
    ) -> Scanner:
        """Who scans, where and when, checked.

        Args:
            place: UN/LOCODE, for example `SGSIN` or `SG SIN`.
            at: ISO 8601 with a time zone, or Unix seconds.
            organisation: The number of an organisation on the ledger.
            now: Unix seconds.

        Raises:
            InvalidInputError: One of them is malformed, in the future, or not on the ledger; `field` says which.
        """
        if place is None and at is None and organisation is None:
            return NOBODY
        return Scanner(
            _place(place),
            _moment(at, now if at is None else time_of(self._facts.as_of(), now)),
            self._organisation(organisation),
        )

    def verify(  # noqa: PLR0913 - a scan, and how it is asked for
        self,
        code: str,
        place: str | None = None,
        at: str | int | None = None,
        organisation: str | int | None = None,
        *,
        now: int | None = None,
        counted: bool = True,
    ) -> Verdict:
        """The verdict on one code.

        Args:
            code: What was scanned or typed.
            place: UN/LOCODE of the scan.
            at: When it was scanned: ISO 8601 with a time zone, or Unix seconds; None is now.
            organisation: The number of the organisation that scans.
            now: Unix seconds; None: what the clock says.
            counted: Whether somebody asks; what the server asks itself is in no figure of scans.

        Raises:
            InvalidInputError: `place`, `at` or `organisation` is malformed or unknown. A malformed code is a verdict.
        """
        now = int(self._clock()) if now is None else now
        with self._facts.snapshot():
            scanner = self.scanner(place, at, organisation, now=now)
            return self._judge(code, scanner, self._current().known, self._facts.as_of(), now, counted=counted)

    def verify_many(self, codes: Sequence[str], scanner: Scanner = NOBODY, *, now: int) -> list[Verdict]:
        """The verdicts on several codes, in their order, all as of one state of the ledger.

        Raises:
            InvalidInputError: There are none or too many.
        """
        return list(self.each(codes, scanner, now=now))

    def each(self, codes: Sequence[str], scanner: Scanner = NOBODY, *, now: int) -> Iterator[Verdict]:
        """The same one by one, so that a delivery of thousands does not stand in memory as a whole.

        Between two verdicts other threads come to their turn at once; else each of theirs would wait for the
        interpreter's 5 ms at every step.
        """
        most = self._settings.max_codes
        if not 0 < len(codes) <= most:
            raise InvalidInputError(
                f"{len(codes):,} codes were sent; 1 to {most:,} are answered at once.",
                advice="Send the delivery in parts.",
                field="codes",
            )
        with self._facts.snapshot():
            known, as_of = self._current().known, self._facts.as_of()
            for code in codes:
                yield self._judge(code, scanner, known, as_of, now)
                time.sleep(0)

    def answer(self, code: str, scanner: Scanner = NOBODY, *, now: int) -> bytes:
        """The verdict on one code as JSON: what `verify` gives, kept for as long as nothing in it can change."""
        version, as_of, units = self._facts.state()
        state = self._state
        if state is not None and state.known.version == version:
            kept = state.answers.get((code, scanner, self._occasion(as_of, now)))
            if kept is not None and kept.units in (None, units):
                self._count(kept.word)
                return kept.json
        with self._facts.snapshot():
            state, as_of = self._current(), self._facts.as_of()
            verdict = self._judge(code, scanner, state.known, as_of, now)
            about_unit = verdict.code["serial"] is not None
            answer = _Answer(
                orjson.dumps(verdict.to_json()), verdict.verdict, self._facts.units() if about_unit else None
            )
            if _lasts(verdict):
                state.answers.put((code, scanner, self._occasion(as_of, now)), answer)
            return answer.json

    def code(self, text: str, *, now: int) -> Code | InvalidCodeError:
        """The code that `text` spells, or why it spells none."""
        today = datetime.fromtimestamp(now, UTC).date()
        known = self._codes.get((text, today))
        if known is not None:
            return known
        try:
            code: Code | InvalidCodeError = parse_code(text, today=today, hosts=self._settings.public_hosts)
        except InvalidCodeError as error:
            code = error.with_traceback(None)  # a kept traceback would keep the caller's frames
        return self._codes.put((text, today), code) if len(text) <= MAX_KEPT_CODE else code

    def dossier(self, gtin: str, lot: str) -> Dossier | None:
        """All that is known of the batch `gtin` (14 digits) + `lot`; None if it is not registered."""
        with self._facts.snapshot():
            return self._current().known.batch(gtin, lot)

    def dossier_of(self, reference: ConsignmentReference, batch: bytes) -> Dossier | None:
        """All that is known of a consignment's or pallet's `batch`; for a carton of a large batch, of its lineage."""
        with self._facts.snapshot():
            return self._current().known.of(reference, batch)

    def _judge(  # noqa: PLR0913 - what a verdict rests on
        self, text: str, scanner: Scanner, known: Known, as_of: AsOf, now: int, *, counted: bool = True
    ) -> Verdict:
        code = self.code(text, now=now)
        parties, subjects, licensee, unit = known.parties, _NO_SUBJECTS, None, NOTHING_KNOWN
        if isinstance(code, Code):
            subjects = tuple(self._with_papers(each, parties) for each in _meant(code, known))
            licensee = None if subjects else parties.licensee(licensing_gtin(code))
            registered = [subject.dossier.registration for subject in subjects]
            unit = self._packs.of(code, registered, licensee, parties)
        facts = VerdictFacts(
            as_of=as_of,
            subjects=subjects,
            licensee=licensee,
            asker=None if scanner.organisation is None else parties.organisation(scanner.organisation),
            unit=unit,
            seek=self._search.at(now),
            fresh_seconds=self._settings.fresh_seconds,
            fresh_blocks=self._settings.fresh_blocks,
        )
        question = Question(code, place=scanner.place, at=scanner.at, organisation=scanner.organisation)
        verdict = judge(question, facts, now)
        if counted:
            self._count(verdict.verdict)
        return verdict

    def _with_papers(self, subject: Subject, parties: Parties) -> Subject:
        """A subject with the certificates of its maker, if it is protective equipment."""
        dossier = subject.dossier
        if self._attestations is None or not needs_certificate(dossier.registration):
            return subject
        return replace(subject, papers=self._attestations.papers(dossier.registration, dossier.product, parties))

    def _occasion(self, as_of: AsOf, now: int) -> tuple[int, ...]:
        return occasion(as_of, now, self._settings.fresh_seconds, self._settings.fresh_blocks)

    def _current(self) -> _State:
        """What is known at the version of the snapshot that is open."""
        version, state = self._facts.version(), self._state
        if state is not None and state.known.version == version:
            return state
        following = _State(Known(self._facts) if state is None else state.known.after(), Kept(ANSWERS_KEPT))
        if state is None or state.known.version < version:  # a snapshot taken before is served, but not kept
            self._state = following
        return following

    def _organisation(self, value: str | int | None) -> int | None:
        if value is None:
            return None
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ORGANISATION))):
            raise InvalidInputError(
                f"The organisation {text[:40]!r} is not a number.",
                advice="Give the organisation's number on the ledger; GET /v1/organisations lists them.",
                field="organisation",
            )
        number = int(text)
        if self._facts.organisation(number) is None:
            raise InvalidInputError(
                f"No organisation on this ledger has the number {number}.",
                advice="GET /v1/organisations lists those there are.",
                field="organisation",
            )
        return number


def _lasts(verdict: Verdict) -> bool:
    """Tell whether only the ledger, an event about a pack or another occasion can change a verdict.

    A label's signature and where a pack was seen are judged by the second; a list of serial numbers, and the document
    that names a product, come unannounced.
    """
    label, sightings = (verdict.checks[NUMBERS[name] - 1].result for name in ("label_signature", "no_conflict"))
    unnamed = verdict.batch is not None and verdict.batch["product"] is None
    certified = len(verdict.checks) > len(NAMES)  # certificates come unannounced too, and begin and end by the second
    return not certified and label == sightings == SKIPPED and LIST_NOT_HELD not in verdict.checks and not unnamed


def delivery_row(position: int, text: str, verdict: Verdict) -> dict[str, Any]:
    """What a list of verdicts tells of each code: its place from 0, itself, and the verdict in short."""
    whole = verdict.to_json()
    code = whole["code"] or {}
    return {
        "position": position,
        "code": text,
        "verdict": whole["verdict"],
        "reason": whole["reason"],
        "headline": whole["headline"],
        **{name: code.get(name) for name in DELIVERY_COLUMNS[-4:]},
    }


def delivery_cells(row: dict[str, Any]) -> dict[str, object]:
    """A row of verdicts as a CSV tells it."""
    return {name: csv_cell(value) for name, value in row.items()}


def _meant(code: Code, known: Known) -> tuple[Subject, ...]:
    """All that a code may mean.

    A logistic label may say both: what carries this SSCC comes first, and check 5 compares the rest with it.
    """
    found = tuple(
        Subject(dossier, consignment=reference.consignment)
        for reference in (known.named(code.sscc) if code.sscc else ())
        for batch in reference.batches
        if (dossier := known.of(reference, batch)) is not None
    )
    if found or not (code.gtin and code.lot):
        return found
    dossier = known.batch(code.gtin, code.lot)
    return () if dossier is None else (Subject(dossier),)


def _place(value: str | None) -> str | None:
    if value is None:
        return None
    place = read_locode(value)
    if not place:
        raise InvalidInputError(
            f"The place {value[:40]!r} is not a UN/LOCODE.",
            advice="Give two letters for the country and three letters or digits for the place, for example SGSIN.",
            field="place",
        )
    return place


def _moment(value: str | int | None, now: int) -> int | None:
    if value is None:
        return None
    at = value if isinstance(value, int) else _parsed(value)
    if at > now + EARLY_SECONDS:
        raise InvalidInputError(
            "The time of the scan lies in the future.",
            advice="Set the scanner's clock, or leave the time out.",
            field="at",
        )
    if at < 0:
        raise InvalidInputError("The time of the scan lies before 1970.", advice="Set the scanner's clock.", field="at")
    return at


def _parsed(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text[:MAX_MOMENT])
        if moment.tzinfo is not None:
            return int(moment.timestamp())
    except (ValueError, OverflowError):
        pass
    raise InvalidInputError(
        f"The time {text[:MAX_MOMENT]!r} is not an ISO 8601 time with a time zone.",
        advice="Write it like 2026-11-23T14:05:00Z.",
        field="at",
    )
