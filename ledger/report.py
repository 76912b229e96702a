"""Take reports of people who found something wrong, and answer them. Unverified: no verdict ever looks at them."""

from __future__ import annotations

import io
import re
import struct
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PIL import ImageOps

from ledger.core.errors import InvalidInputError, NotFoundError, UnavailableError
from ledger.core.gs1 import Code
from ledger.core.receipt import receipt_of, sealed
from ledger.core.wording import moment
from ledger.durable import OWNER, replacing, sync_folder
from ledger.picture import opened
from ledger.store.reports import Report, Reports

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from ledger.config import Settings
    from ledger.core.errors import InvalidCodeError
    from ledger.store.database import Database

Json = dict[str, Any]
MAX_CODE: Final = 2_048  # characters, as much as a code may have
MAX_WORDS: Final = 2_000  # characters
PHOTO_SIDE: Final = 1_600  # pixels: enough to read a label by
PHOTO_QUALITY: Final = 82  # of JPEG: text stays legible, and a photo has some 300 KB
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


class Desk:
    """Takes and answers the reports of one installation. Safe to share between threads.

    Args:
        db: Where reports are kept.
        settings: How large a photo may be, and where photos are kept.
    """

    def __init__(self, db: Database, settings: Settings) -> None:
        self._reports = Reports(db)
        self._settings = settings
        self._writing = threading.Lock()

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
                photo = self._keep_photo(seal, told.photo) if told.photo else 0
                self._reports.add(_report(told, code, seal, photo, now))
                known = self._reports.find(seal)
        assert known is not None  # noqa: S101 - added just now
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
        return {
            "state": "answered" if found.answered_at else "read" if found.read_at else "received",
            "received_at": moment(found.received_at),
            "answer": found.answer if found.answered_at else None,
            "answered_at": moment(found.answered_at) if found.answered_at else None,
        }

    def newest(self, most: int, *, answered: bool) -> list[Report]:
        """The newest reports, those that were answered only if they are wanted."""
        return self._reports.newest(most, answered=answered)

    def read(self, number: int, now: int) -> Report:
        """One report, which is read from now on.

        Raises:
            NotFoundError: None has this number.
        """
        self._require(number)
        self._reports.mark_read(number, now)
        return self._require(number)

    def answer(self, number: int, words: str, now: int) -> Report:
        """Answer a report, in words that the holder of its receipt will read; an earlier answer gives way.

        Raises:
            NotFoundError: None has this number.
            InvalidInputError: There are no words, or too many.
        """
        self._require(number)
        if not 0 < len(words.strip()) <= MAX_WORDS:
            raise InvalidInputError(f"An answer has 1 to {MAX_WORDS:,} characters.", field="words")
        self._reports.answer(number, words.strip(), now)
        return self._require(number)

    def photo_path(self, report: Report) -> Path | None:
        """Where a report's photo is; None if it has none."""
        return self._path(report.receipt) if report.photo_bytes else None

    def _require(self, number: int) -> Report:
        found = self._reports.numbered(number)
        if found is None:
            advice = "List them with `lotproof report list --all`."
            raise NotFoundError(f"There is no report {number}.", advice=advice, field="number")
        return found

    def _path(self, seal: bytes) -> Path:
        return self._settings.reports_dir / f"{seal.hex()}.jpg"

    def _keep_photo(self, seal: bytes, photo: bytes) -> int:
        """Write the photo, made anew; how many bytes it has."""
        if self._reports.photo_bytes() > MOST_PHOTO_BYTES:
            raise UnavailableError("No more photos can be kept here.", advice="Send the report without its photo.")
        settings = self._settings
        content = made_anew(photo, max_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels)
        path = self._path(seal)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replacing(path, OWNER) as file:
                file.write(content)
            sync_folder(path.parent)
        except OSError as error:
            raise UnavailableError("The photo cannot be kept.", advice="Send the report again later.") from error
        return len(content)


def made_anew(photo: bytes, *, max_bytes: int, max_pixels: int) -> bytes:
    """The photo as a JPEG of at most 1,600 pixels a side that has nothing but its pixels: no place, time or device.

    Raises:
        InvalidInputError: It is no PNG or JPEG, too large, or damaged.
    """
    picture, _scale = opened(photo, max_bytes=max_bytes, max_pixels=max_pixels, prepare=_shrink, field="photo")
    upright = _upright(picture).convert("RGB")
    upright.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
    upright.info.clear()
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=PHOTO_QUALITY)
    return out.getvalue()


def _upright(picture: Image.Image) -> Image.Image:
    """Turn the picture as its notes say: a phone turns no pixels. Notes that cannot be read turn nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ImageOps.exif_transpose(picture)
    except (ArithmeticError, LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error):
        return picture


def _shrink(picture: Image.Image) -> None:
    picture.draft("RGB", (PHOTO_SIDE, PHOTO_SIDE))  # JPEG only: decoded at the least scale that is no smaller


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
