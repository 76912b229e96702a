"""The serial numbers of a batch: read or made, put under one Merkle root, kept with their tree, and taken by a server.

A list authenticates itself: a server takes one from anybody, for it takes none but the one whose root the maker
registered. Whatever is interrupted can be run again: the secret, from which generated serial numbers follow too, is
kept before anything is made of it.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from ledger.core.commissioning import serials_of_json, serials_of_xml
from ledger.core.errors import ContradictionError, InvalidInputError
from ledger.core.serials import check_serials, generate, read_list, write_list
from ledger.core.table import utf8
from ledger.core.unit_tree import NODE, build, leaves
from ledger.store.unit_lists import UnitLists

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MAX_FILE_BYTES: Final = 256 << 20  # of a file of serial numbers: a million SGTINs as XML have about 70 MB
COLUMN: Final = "serial"
_WHOLE: Final = "Send the list that `lotproof batch register` made for this very batch, whole and unchanged."
_STEP: Final = 20_000  # serial numbers hashed between two reports
_HASHING: Final = 0.7  # of the work; the rest is the inner nodes, in one go


def read_serials(content: bytes, suffix: str, gtin: str, lot: str) -> list[bytes]:
    """The serial numbers in a file.

    Args:
        content: The file, at most 256 MiB.
        suffix: What its name ends with, which says what it is: `.xml` and `.json` or `.jsonld` are EPCIS documents,
            `.csv` has a column `serial` or one column only, anything else one serial number a line.
        gtin: The batch's GTIN, 14 digits.
        lot: Its lot.

    Raises:
        InvalidInputError: The file, a row or an event is malformed or of another batch; `position` says where.
    """
    if len(content) > MAX_FILE_BYTES:
        detail = f"The file has more than {MAX_FILE_BYTES:,} bytes, which is all that is read."
        raise InvalidInputError(detail, advice="Give the serial numbers as text, one a line.", field="serials")
    if suffix == ".xml":
        serials = serials_of_xml(content, gtin, lot)
    elif suffix in {".json", ".jsonld"}:
        serials = serials_of_json(content, gtin, lot)
    elif suffix == ".csv":
        serials = _column(utf8(content))
    else:
        serials = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    check_serials(serials)
    return serials


def generated(lists: UnitLists, batch: bytes, quantity: int, drawn: bytes) -> list[bytes]:
    """New serial numbers for a batch; the same ones whenever it is asked again in the same directory.

    Args:
        lists: Where the batch's secret is kept.
        batch: The batch's id, 32 bytes.
        quantity: How many.
        drawn: 32 random bytes, the secret from now on if the batch has none yet.

    Raises:
        ConfigurationError: The kept secret is damaged.
        UnavailableError: The disk refuses.
    """
    return generate(lists.secret(batch, drawn), quantity)


def make_list(
    lists: UnitLists,
    batch: bytes,
    serials: Sequence[bytes],
    drawn: bytes,
    progress: Callable[[float], None] = lambda _done: None,
) -> bytes:
    """Put a batch's serial numbers under one root, and keep the list.

    Args:
        lists: Where it is kept.
        batch: The batch's id, 32 bytes.
        serials: All of its serial numbers, checked.
        drawn: 32 random bytes, the secret from now on if the batch has none yet.
        progress: Is told what part of the work is done, up to 1.

    Returns:
        The root, 32 bytes: `unitRoot` of the registration.

    Raises:
        InvalidInputError: Another list is kept for this batch.
        ConfigurationError: The kept secret is damaged.
        ContradictionError: The kept list is damaged.
        UnavailableError: The disk refuses; nothing of the list is there.
    """
    kept = lists.get(batch)
    if kept is None:
        secret = lists.secret(batch, drawn)
        nodes = build(_leaves(secret, serials, progress))
        lists.write(batch, secret, serials, nodes)
        root = nodes[:NODE]
    elif kept.serials() == list(serials):
        root = kept.root
    else:
        raise InvalidInputError(
            f"Another list of serial numbers is kept for this batch: {lists.path(batch)}.",
            advice="A batch has one list, for good. If that one was never registered, move it away and try again.",
            field="serials",
        )
    progress(1.0)
    return root


def take_list(directory: Path, upload: Path, batch: bytes, root: bytes, quantity: int) -> None:
    """Keep a list that somebody sent, if it is the one that the maker registered. Runs in a process of its own.

    Args:
        directory: Where lists are kept.
        upload: A file that holds the list, as `serials.write_list` writes it.
        batch: The batch's id, 32 bytes.
        root: Its registered `unitRoot`, not zero.
        quantity: Its registered quantity: a list names every unit, and no other.

    Raises:
        InvalidInputError: It is malformed, or not the list of this batch.
        UnavailableError: The disk refuses; nothing has changed.
    """
    lists, content = UnitLists(directory), upload.read_bytes()
    secret, serials = read_list(content)
    if len(serials) != quantity:
        detail = f"The list has {len(serials):,} serial numbers; the maker registered {quantity:,} units."
        raise InvalidInputError(detail, advice=_WHOLE, field="serials")
    if not _is_kept(lists, batch, root, write_list(secret, serials)):
        nodes = build(leaves(secret, serials))
        if nodes[:NODE] != root:
            raise InvalidInputError(
                f"These {len(serials):,} serial numbers with this secret have the root 0x{nodes[:NODE].hex()}, "
                f"but the maker registered 0x{root.hex()}.",
                advice=_WHOLE,
                field="serials",
            )
        lists.write(batch, secret, serials, nodes)


def _is_kept(lists: UnitLists, batch: bytes, root: bytes, written: bytes) -> bool:
    """Whether this very list is here already; a damaged one is replaced by a sound one."""
    try:
        kept = lists.get(batch)
        return kept is not None and kept.root == root and kept.written() == written
    except ContradictionError:
        return False


def _leaves(secret: bytes, serials: Sequence[bytes], progress: Callable[[float], None]) -> list[bytes]:
    found: list[bytes] = []
    for first in range(0, len(serials), _STEP):
        found += leaves(secret, serials[first : first + _STEP])
        progress(_HASHING * len(found) / len(serials))
    return found


def _column(text: str) -> list[bytes]:
    """The column of serial numbers in a CSV file, with or without a header row."""
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error as error:
        raise InvalidInputError(f"The file is not CSV: {error}.", field="serials") from error
    header = [name.strip().lower() for name in rows[0]] if rows else []
    column = header.index(COLUMN) if COLUMN in header else 0
    body = rows[1:] if COLUMN in header else rows
    for number, row in enumerate(body, 1):
        if len(row) <= column or (COLUMN not in header and len(row) > 1):
            advice = f"Give the file a header row with a column {COLUMN}, or one column only."
            detail = f"Row {number} has {len(row)} columns, and none is known to hold the serial number."
            raise InvalidInputError(detail, advice=advice, field="serials", position=number)
    return [row[column].encode() for row in body]
