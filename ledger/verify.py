"""Answer a scan: text → `core.gs1` → the read model's facts → `history` folds → `verdict` judges.

What is slow and changes only with the ledger (loading and folding a batch) is kept until the read model's version
moves; what depends on the clock (expiry, age of the data) is judged anew when it can have changed. A serial number is
looked up in its batch's list, which may come at any time: an answer that had to do without it is not kept.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from ledger.core.check import NUMBERS, SKIPPED
from ledger.core.dossier import Dossier
from ledger.core.errors import InvalidCodeError, InvalidInputError
from ledger.core.gs1 import Code, parse_code
from ledger.core.history import fold
from ledger.core.kept import Kept
from ledger.core.label_search import LabelSearch
from ledger.core.unit import NOTHING_KNOWN
from ledger.core.unit_checks import LIST_NOT_HELD
from ledger.core.verdict import Question, Subject, Verdict, VerdictFacts, judge, licensing_gtin, occasion
from ledger.store.pack_facts import PackFacts
from ledger.store.parties import Parties
from ledger.store.unit_lists import UnitLists

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from ledger.config import Settings
    from ledger.core.facts import AsOf, BatchFacts, Organisation, Registration
    from ledger.store.read_model import ConsignmentReference, ReadModel

MAX_KEPT_CODE: Final = 2_048  # characters; a longer text is refused by `parse_code` and not kept
MAX_ORGANISATION: Final = 2**32 - 1  # uint32 on chain
MAX_MOMENT: Final = 40  # characters of an ISO 8601 time
EARLY_SECONDS: Final = 600  # how far a scanner's clock may be ahead of ours; the contract's bound for `occurredAt`
LARGE_BATCH: Final = 2_000  # custody events; a carton of a larger batch is judged by its own lineage alone
CODES_KEPT: Final = 10_000
ANSWERS_KEPT: Final = 5_000
BATCHES_KEPT: Final = 5_000
_PLACE: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scanner:
    """Who scans, where and when; all of it may be unknown."""

    place: str | None = None  # UN/LOCODE
    at: int | None = None  # Unix seconds
    organisation: int | None = None


NOBODY: Final = Scanner()


@dataclass(frozen=True, slots=True)
class _Found:
    """What the ledger has for one GTIN + lot or SSCC."""

    subjects: tuple[Subject, ...]
    licensee: Organisation | None = None

    def batches(self) -> list[Registration]:
        return [subject.dossier.registration for subject in self.subjects]


class _Answer(NamedTuple):
    """A verdict as JSON. About a single pack it holds only until something is signed about one."""

    json: bytes
    word: str
    units: int | None  # the read model's `units` when it was given; None: no single pack is asked about


class _Generation:
    """What is known at one version of the read model; thrown away whole when the version moves."""

    def __init__(self, version: int, read_model: ReadModel) -> None:
        self.version = version
        self.parties = Parties(read_model)
        self.found: Kept[tuple[str, ...], _Found] = Kept(BATCHES_KEPT)
        self.dossiers: Kept[bytes, Dossier] = Kept(BATCHES_KEPT)
        self.answers: Kept[tuple[Any, ...], _Answer] = Kept(ANSWERS_KEPT)


class Verifier:
    """Judges codes against a read model. Safe to share between threads.

    Args:
        read_model: The facts.
        settings: Which Digital Link hosts are ours, how many codes are answered at once, what counts as fresh, and
            where lists of serial numbers are kept.
        clock: Tells the time in Unix seconds where a caller does not.
        count: Is told the word of every verdict that is given.
    """

    def __init__(
        self,
        read_model: ReadModel,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        count: Callable[[str], None] = lambda _word: None,
    ) -> None:
        self._facts = read_model
        self._settings = settings
        self._clock = clock
        self._count = count
        self._packs = PackFacts(read_model, UnitLists(settings.units_dir))
        self._codes: Kept[tuple[str, date], Code | InvalidCodeError] = Kept(CODES_KEPT)
        self._generation = _Generation(-1, read_model)
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
        return Scanner(_place(place), _moment(at, now), self._organisation(organisation))

    def verify(
        self,
        code: str,
        place: str | None = None,
        at: str | int | None = None,
        organisation: str | int | None = None,
        *,
        now: int | None = None,
    ) -> Verdict:
        """The verdict on one code.

        Args:
            code: What was scanned or typed.
            place: UN/LOCODE of the scan.
            at: When it was scanned: ISO 8601 with a time zone, or Unix seconds; None is now.
            organisation: The number of the organisation that scans.
            now: Unix seconds; None: what the clock says.

        Raises:
            InvalidInputError: `place`, `at` or `organisation` is malformed or unknown. A malformed code is a verdict.
        """
        now = int(self._clock()) if now is None else now
        with self._facts.snapshot():
            scanner = self.scanner(place, at, organisation, now=now)
            return self._judge(code, scanner, self._current(), self._facts.as_of(), now)

    def verify_many(self, codes: Sequence[str], scanner: Scanner = NOBODY, *, now: int) -> list[Verdict]:
        """The verdicts on several codes, in their order, all as of one state of the ledger.

        Raises:
            InvalidInputError: There are none or too many.
        """
        most = self._settings.max_codes
        if not 0 < len(codes) <= most:
            raise InvalidInputError(
                f"{len(codes):,} codes were sent; 1 to {most:,} are answered at once.",
                advice="Send the delivery in parts.",
                field="codes",
            )
        with self._facts.snapshot():
            generation, as_of = self._current(), self._facts.as_of()
            return [self._judge(code, scanner, generation, as_of, now) for code in codes]

    def answer(self, code: str, scanner: Scanner = NOBODY, *, now: int) -> bytes:
        """The verdict on one code as JSON: what `verify` gives, kept for as long as nothing in it can change."""
        version, as_of, units = self._facts.state()
        generation = self._generation
        if generation.version == version:
            kept = generation.answers.get((code, scanner, self._occasion(as_of, now)))
            if kept is not None and kept.units in (None, units):
                self._count(kept.word)
                return kept.json
        with self._facts.snapshot():
            generation, as_of = self._current(), self._facts.as_of()
            verdict = self._judge(code, scanner, generation, as_of, now)
            about_unit = verdict.code["serial"] is not None
            answer = _Answer(
                orjson.dumps(verdict.to_json()), verdict.verdict, self._facts.units() if about_unit else None
            )
            if _lasts(verdict):
                generation.answers.put((code, scanner, self._occasion(as_of, now)), answer)
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
            facts = self._facts.batch(gtin, lot)
            return None if facts is None else self._kept_dossier(facts, self._current())

    def dossier_of(self, reference: ConsignmentReference, batch: bytes) -> Dossier | None:
        """All that is known of a consignment's or pallet's `batch`; for a carton of a large batch, of its lineage."""
        with self._facts.snapshot():
            generation = self._current()
            known = generation.dossiers.get(batch)
            if known is not None:
                return known
            if reference.kind == "split" and self._facts.size(batch) > LARGE_BATCH:
                facts = self._facts.lineage(reference.consignment)
                return None if facts is None else self._dossier(facts, generation, complete=False)
            facts = self._facts.batch_by_id(batch)
            return None if facts is None else self._kept_dossier(facts, generation)

    def _judge(self, text: str, scanner: Scanner, generation: _Generation, as_of: AsOf, now: int) -> Verdict:
        code = self.code(text, now=now)
        parties, found, unit = generation.parties, _Found(()), NOTHING_KNOWN
        if isinstance(code, Code):
            found = self._find(code, generation)
            unit = self._packs.of(code, found.batches(), found.licensee, parties)
        facts = VerdictFacts(
            as_of=as_of,
            subjects=found.subjects,
            licensee=found.licensee,
            asker=None if scanner.organisation is None else parties.organisation(scanner.organisation),
            unit=unit,
            seek=self._search.at(now),
            fresh_seconds=self._settings.fresh_seconds,
            fresh_blocks=self._settings.fresh_blocks,
        )
        question = Question(code, place=scanner.place, at=scanner.at, organisation=scanner.organisation)
        verdict = judge(question, facts, now)
        self._count(verdict.verdict)
        return verdict

    def _occasion(self, as_of: AsOf, now: int) -> tuple[int, ...]:
        return occasion(as_of, now, self._settings.fresh_seconds, self._settings.fresh_blocks)

    def _current(self) -> _Generation:
        version = self._facts.version()
        generation = self._generation
        if generation.version != version:
            generation = self._generation = _Generation(version, self._facts)
        return generation

    def _find(self, code: Code, generation: _Generation) -> _Found:
        if code.sscc is None and code.lot is None:
            return _Found((), self._facts.licensee(licensing_gtin(code)))
        key = (code.sscc or "", code.gtin or "", code.lot or "")
        known = generation.found.get(key)
        if known is not None:
            return known
        # A logistic label may say both: what carries this SSCC comes first, and check 5 compares the rest with it.
        subjects = (self._by_sscc(code) if code.sscc else ()) or (self._by_lot(code) if code.lot else ())
        licensee = None if subjects else self._facts.licensee(licensing_gtin(code))
        return generation.found.put(key, _Found(subjects, licensee))

    def _by_lot(self, code: Code) -> tuple[Subject, ...]:
        found = self.dossier(code.gtin or "", code.lot or "")
        return () if found is None else (Subject(found),)

    def _by_sscc(self, code: Code) -> tuple[Subject, ...]:
        return tuple(
            Subject(dossier, consignment=row.consignment)
            for row in self._facts.consignments_by_sscc(code.sscc or "")
            for batch in row.batches
            if (dossier := self.dossier_of(row, batch)) is not None
        )

    def _kept_dossier(self, facts: BatchFacts, generation: _Generation) -> Dossier:
        batch = facts.registration.batch
        return generation.dossiers.get(batch) or generation.dossiers.put(batch, self._dossier(facts, generation))

    def _dossier(self, facts: BatchFacts, generation: _Generation, *, complete: bool = True) -> Dossier:
        history = fold(facts, complete=complete)
        organisations = {
            number: found for number in history.organisations if (found := generation.parties.organisation(number))
        }
        keys = {each: key for each in history.keys if (key := generation.parties.key(each))}
        product = product_name(self._facts.document(facts.registration.details))
        return Dossier(history, organisations, keys, product=product)

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

    A label's signature and where a pack was seen are judged by the second; a list of serial numbers comes unannounced.
    """
    label, sightings = (verdict.checks[NUMBERS[name] - 1].result for name in ("label_signature", "no_conflict"))
    return label == sightings == SKIPPED and LIST_NOT_HELD not in verdict.checks


def product_name(document: bytes | None) -> str:
    """The product's name in a registration's document, "" if there is none."""
    if document is None:
        return ""
    name = json.loads(document).get("product")
    return name if isinstance(name, str) else ""


def _place(value: str | None) -> str | None:
    if value is None:
        return None
    place = value.strip().upper()
    if place[2:3] == " ":  # UN/LOCODE, Recommendation 16: written with or without a space after the country
        place = place[:2] + place[3:]
    if not _PLACE.fullmatch(place):
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
