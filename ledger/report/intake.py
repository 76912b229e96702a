"""Take reports in, each into the incident that it tells of, and tell whoever has its receipt what became of it."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Protocol

from ledger.core.errors import InvalidInputError, NotFoundError, UnavailableError
from ledger.core.gs1 import Code
from ledger.core.organisation import name_of
from ledger.core.receipt import receipt_of, sealed
from ledger.core.reporting import joining
from ledger.core.reporting.desks import administered, desks, whereabouts
from ledger.core.wording import moment
from ledger.durable import OWNER, replacing, sync_folder
from ledger.report.photo import made_anew
from ledger.store.incidents import Incidents
from ledger.store.read_model import ReadModel
from ledger.store.reports import Report, Reports

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.config import Settings
    from ledger.core.dossier import Dossier
    from ledger.core.errors import InvalidCodeError
    from ledger.store.database import Database

Json = dict[str, Any]
MAX_CODE: Final = 2_048  # characters, as much as a code may have
MAX_WORDS: Final = 2_000  # characters
MOST_PHOTO_BYTES: Final = 4 << 30  # of all photos together: a flood fills no disk
_PLACE: Final = re.compile(r"(?:[A-Z]{2}[A-Z0-9]{3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody reports; all of it may be empty but `id`."""

    id: str
    code: str = ""
    words: str = ""
    place: str = ""  # UN/LOCODE
    photo: bytes = b""


class Batches(Protocol):
    """Where folded batches come from; `verify.Verifier` fits."""

    def dossier(self, gtin: str, lot: str) -> Dossier | None:
        """All that is known of the batch `gtin` (14 digits) + `lot`; None if it is not registered."""


class Intake:
    """Takes the reports of one installation. Safe to share between threads.

    Args:
        db: Where reports are kept.
        settings: How large a photo may be, and where photos are kept.
        batches: Tells where goods are.
    """

    def __init__(self, db: Database, settings: Settings, batches: Batches) -> None:
        self._db = db
        self._reports = Reports(db)
        self._incidents = Incidents(db)
        self._facts = ReadModel(db)
        self._settings = settings
        self._batches = batches
        self._writing = threading.Lock()
        self._administered: tuple[int, frozenset[str]] = (-1, frozenset())

    def take(self, told: Told, code: Code | InvalidCodeError | None, now: int) -> Json:
        """Keep a report for good: photo first, so that none is kept whose photo is not.

        Args:
            told: What is reported.
            code: What its code spells; None if there is no code.
            now: Unix seconds.

        Returns:
            The receipt, and when it was received; the same for the same `id` again.

        Raises:
            InvalidInputError: Something is malformed or too long, or nothing is said.
            UnavailableError: The disk or the database is full.
        """
        receipt = receipt_of(told.id)
        seal = sealed(receipt)
        with self._writing:
            known = self._reports.find(seal)
            if known is None:
                _check(told)
                photo, picture = self._keep_photo(seal, told.photo) if told.photo else (0, b"")
                known = self._keep(_report(told, code, seal, photo, now), picture)
        return {"receipt": receipt, "received_at": moment(known.received_at)}

    def state(self, receipt: str) -> Json:
        """What became of a report.

        Args:
            receipt: As it was given when the report was sent.

        Raises:
            InvalidInputError: It is no receipt.
            NotFoundError: No report here has it.
        """
        found = self._reports.find(sealed(receipt))
        if found is None:
            advice = "Ask the server that the report was sent to."
            raise NotFoundError("No report here has this receipt.", advice=advice, field="receipt")
        by = found.answered_by
        return {
            "state": "answered" if found.answered_at else "read" if found.read_at else "received",
            "received_at": moment(found.received_at),
            "answer": found.answer if found.answered_at else None,
            "answered_at": moment(found.answered_at) if found.answered_at else None,
            "answered_by": name_of(self._facts.organisation(by), by) if by else None,
        }

    def _keep(self, report: Report, picture: bytes) -> Report:
        """Keep a report together with what it is joined to."""
        told = joining.Told(
            *(report.gtin, report.lot, report.serial, _hash_of(report), report.place, report.received_at),
            picture=picture,
            desks=self._desks(report),
        )
        with self._db.transaction():
            self._reports.add(report)
            kept = self._require(report.receipt)
            if kept.incident:  # another process was first
                return kept
            found = joining.joined(told, self._incidents.candidates(told))
            if found is None:
                self._incidents.add(kept.number, told)
            else:
                self._incidents.join(kept.number, *found, kept.received_at)
            return self._require(report.receipt)

    def _require(self, seal: bytes) -> Report:
        found = self._reports.find(seal)
        assert found is not None  # noqa: S101 - kept just before
        return found

    def _desks(self, report: Report) -> frozenset[str]:
        """Whose administrations read a report."""
        with self._facts.snapshot():
            version = self._facts.version()
            if self._administered[0] != version:
                self._administered = version, administered(self._facts.organisations())
            goods = self._batches.dossier(report.gtin, report.lot) if report.gtin and report.lot else None
            return desks(report.place, whereabouts(goods) if goods else frozenset(), self._administered[1])

    def _keep_photo(self, seal: bytes, photo: bytes) -> tuple[int, bytes]:
        """Write the photo, made anew; how many bytes it has, and its fingerprint."""
        if self._reports.photo_bytes() > MOST_PHOTO_BYTES:
            raise UnavailableError("No more photos can be kept here.", advice="Send the report without its photo.")
        settings = self._settings
        content, picture = made_anew(photo, max_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels)
        path = photo_path(settings, seal)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replacing(path, OWNER) as file:
                file.write(content)
            sync_folder(path.parent)
        except OSError as error:
            raise UnavailableError("The photo cannot be kept.", advice="Send the report again later.") from error
        return len(content), picture


def photo_path(settings: Settings, seal: bytes) -> Path:
    """Where the photo of a report with this sealed receipt is kept."""
    return settings.reports_dir / f"{seal.hex()}.jpg"


def _check(told: Told) -> None:
    for name, text, most in (("code", told.code, MAX_CODE), ("words", told.words, MAX_WORDS)):
        if len(text) > most:
            raise InvalidInputError(f"`{name}` has more than {most:,} characters.", advice="Shorten it.", field=name)
    if not _PLACE.fullmatch(told.place):
        advice = "Give a UN/LOCODE like SGSIN, or nothing."
        raise InvalidInputError("`place` is no UN/LOCODE.", advice=advice, field="place")
    if not (told.code.strip() or told.words.strip() or told.photo):
        raise InvalidInputError("The report says nothing.", advice="Add a code, words or a photo.", field="words")


def _report(told: Told, code: Code | InvalidCodeError | None, seal: bytes, photo_bytes: int, now: int) -> Report:
    named = [(code.gtin or "", code.lot or "", code.serial or "")] if isinstance(code, Code) else [("", "", "")]
    return Report(seal, told.code, *named[0], told.words, told.place, photo_bytes, now)


def _hash_of(report: Report) -> bytes:
    """By what a code that spells no goods is known again."""
    code = report.code.strip()
    return sha256(code.encode("utf-8", "surrogatepass")).digest() if code and not report.gtin else b""
