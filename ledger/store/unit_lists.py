"""Lists of serial numbers with their Merkle trees, one file a batch, looked up without reading it whole.

No database rows: a million units are 64 MB of nodes, sorted leaves among them, and the serial numbers as text. To look
one up, it is hashed with the secret, its leaf is found by binary search in the mapped file, and the answer is proved up
to the root before it is given: that a serial number is there by its path, that it is not by the paths of its two
neighbours. So a damaged file is found out by the answer that it would falsify, and never believed. (Whoever may write
here can make a list deny its serial numbers; nobody can make it vouch for one that the maker did not register.)

A file is written beside its place, synced and renamed: a list is there whole or not at all. The secret of a list in the
making is kept first, in a file of its own, so that a run that was killed makes the same list when it is started again.

    units/<batch id>.units     header (184 bytes), nodes (32 bytes each, the root first), serial numbers, a line each
    units/<batch id>.secret    0x and 64 hexadecimal digits
"""

from __future__ import annotations

import logging
import math
import mmap
import os
import secrets
import struct
import threading
import time
from collections import OrderedDict
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.errors import ConfigurationError, ContradictionError, UnavailableError
from ledger.core.serials import SECRET_BYTES, write_list
from ledger.core.unit_tree import (
    NODE,
    UnitProof,
    leaf,
    leaf_at,
    path_of,
    rank_of,
    root_over,
    salt_of,
)
from ledger.durable import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_LOG: Final = logging.getLogger(__name__)
_MAGIC: Final = b"lotproof-units\x00\x01"  # the last byte is the version of the form
_HEADER: Final = struct.Struct(">16s32s32s32sII32s")  # magic, batch, root, secret, count, bytes and SHA-256 of serials
_HEADER_BYTES: Final = _HEADER.size + 32  # and the SHA-256 of it all
_OPEN_LISTS: Final = 64  # mapped at once
_LEFT_OVER_SECONDS: Final = 3_600  # a temporary file of that age belongs to a run that was killed
_MAKE_AGAIN: Final = "Move the file away and make or upload the list again."


class _Header(NamedTuple):
    magic: bytes
    batch: bytes
    root: bytes
    secret: bytes
    units: int
    serials_bytes: int
    serials_hash: bytes


class UnitList:
    """One batch's list, mapped. Safe to share between threads.

    Args:
        path: Its file.
        batch: The batch that it must be of.

    Raises:
        ContradictionError: The file is damaged, cut off, or of another batch.
        FileNotFoundError: There is none.
    """

    def __init__(self, path: Path, batch: bytes) -> None:
        self._path = path
        with path.open("rb") as file:
            self.stamp = _stamp(os.fstat(file.fileno()))
            header = _read_header(file.read(_HEADER_BYTES))
            if header is None or header.batch != batch:
                raise self._damaged("its header is not that of this batch's list")
            end = _HEADER_BYTES + (2 * header.units - 1) * NODE
            if self.stamp[2] != end + header.serials_bytes:
                raise self._damaged(f"it has {self.stamp[2]:,} bytes instead of {end + header.serials_bytes:,}")
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self._header = header
        self._nodes, self._serials = content[_HEADER_BYTES:end], content[end:]

    @property
    def root(self) -> bytes:
        """The root of its tree, 32 bytes."""
        return self._header.root

    @property
    def secret(self) -> bytes:
        """The secret of its salts, 32 bytes. Whoever has it can try out serial numbers."""
        return self._header.secret

    def __len__(self) -> int:
        return self._header.units

    def find(self, serial: str) -> UnitProof | None:
        """The proof that a serial number is in the list; None if it is proved not to be.

        Args:
            serial: 1 to 20 characters of GS1 character set 82.

        Raises:
            ContradictionError: The file is damaged where the answer stands.
        """
        salt = salt_of(self.secret, serial)
        wanted = leaf(salt, serial)
        rank = rank_of(self._nodes, wanted)
        if rank < len(self) and leaf_at(self._nodes, rank) == wanted:
            return UnitProof(serial, salt, self._proven(rank))
        # The search has compared both neighbours of its place: if they are in the tree, it is nowhere.
        for neighbour in (rank - 1, rank):
            if 0 <= neighbour < len(self):
                self._proven(neighbour)
        return None

    def serials(self) -> list[bytes]:
        """All serial numbers, in the order in which the maker listed them.

        Raises:
            ContradictionError: That part of the file is damaged.
        """
        return self._text().split(b"\n")

    def _text(self) -> bytes:
        text = bytes(self._serials)
        if sha256(text).digest() != self._header.serials_hash:
            raise self._damaged("its serial numbers are not those that were written")
        return text

    def any_between(self, first: str, last: str) -> bool:
        """Whether a serial number that is as long as both lies between them, character by character, or is one of them.

        A million are compared in some hundredths of a second, if all have one length, as most lists do.

        Raises:
            ContradictionError: That part of the file is damaged.
        """
        import numpy as np  # noqa: PLC0415 - only this needs it here, and every command would pay for it

        text = self._text() + b"\n"
        width, low, high = len(text) // len(self), first.encode(), last.encode()
        if len(text) == width * len(self):
            rows = np.frombuffer(text, np.uint8).reshape(len(self), width)
            if (rows[:, -1] == ord("\n")).all():  # each line ends with its row: all have one length
                if width != len(low) + 1:
                    return False
                values = np.ascontiguousarray(rows[:, :-1]).view(f"S{len(low)}")
                return bool(((values >= low) & (values <= high)).any())
        return any(len(each) == len(low) and low <= each <= high for each in text.split(b"\n"))

    def written(self) -> bytes:
        """The list with its secret, as it travels.

        Raises:
            ContradictionError: The serial numbers in the file are damaged.
        """
        return write_list(self.secret, self.serials())

    def _proven(self, rank: int) -> tuple[bytes, ...]:
        """The path of a leaf, proved up to the root."""
        path = path_of(self._nodes, rank)
        if root_over(leaf_at(self._nodes, rank), path) != self.root:
            raise self._damaged("a node of its tree does not lead to the root")
        return path

    def _damaged(self, what: str) -> ContradictionError:
        return ContradictionError(
            f"The list of serial numbers {self._path} is damaged: {what}.",
            advice=_MAKE_AGAIN,
            field="serials",
            path=str(self._path),
        )


class UnitLists:
    """The lists kept in a directory. Safe to share between threads.

    Args:
        directory: Where they are; made when something is written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._open: OrderedDict[bytes, UnitList] = OrderedDict()
        self._lock = threading.Lock()
        self._swept = -math.inf

    def path(self, batch: bytes) -> Path:
        """Where the list of a batch is, or would be."""
        return self.directory / f"{batch.hex()}.units"

    def holds(self, batch: bytes) -> bool:
        """Whether there is a list of this batch, sound or not."""
        return self.path(batch).is_file()

    def get(self, batch: bytes) -> UnitList | None:
        """The list of a batch (32 bytes); None if there is none.

        Raises:
            ContradictionError: It is damaged or cut off.
        """
        path = self.path(batch)
        try:
            stamp = _stamp(path.stat())
            with self._lock:
                known = self._open.get(batch)
                if known is None or known.stamp != stamp:
                    known = self._open[batch] = UnitList(path, batch)
                self._open.move_to_end(batch)
                while len(self._open) > _OPEN_LISTS:
                    self._open.popitem(last=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            detail = f"The list of serial numbers {path} cannot be read: {error.strerror}."
            raise UnavailableError(detail, advice="Check its owner and rights.", path=str(path)) from error
        return known

    def under(self, batch: bytes, root: bytes) -> UnitList | None:
        """The list of a batch, if it is the one under `root`; None if there is none, or another one.

        Args:
            batch: Its id, 32 bytes.
            root: The root that its maker registered, 32 bytes.

        Raises:
            ContradictionError: The list is damaged.
        """
        found = self.get(batch)
        return found if found is not None and found.root == root else None

    def membership(self, batch: bytes, root: bytes, serial: str) -> bool | None:
        """Whether a serial number is under a batch's registered root; None if no list of it can be believed here.

        A damaged list is told in the log: it must make no pack fake.

        Args:
            batch: Its id, 32 bytes.
            root: The root that its maker registered, 32 bytes; zeros if the batch has no serial numbers.
            serial: 1 to 20 characters of GS1 character set 82.
        """
        try:
            found = self.under(batch, root) if any(root) else None
            return None if found is None else found.find(serial) is not None
        except (ContradictionError, UnavailableError) as error:
            _LOG.warning("%s %s", error.detail, error.advice)
            return None

    def find(self, batch: bytes, root: bytes, serial: str) -> UnitProof | None:
        """The proof that a serial number is under a batch's registered root; None if it is not, or no list says so.

        Args:
            batch: Its id, 32 bytes.
            root: The root that its maker registered, 32 bytes.
            serial: 1 to 20 characters of GS1 character set 82.

        Raises:
            ContradictionError: The list is damaged.
        """
        found = self.under(batch, root)
        return None if found is None else found.find(serial)

    def write(self, batch: bytes, secret: bytes, serials: Sequence[bytes], nodes: bytes) -> None:
        """Keep a list, whole or not at all; it replaces the one that there is.

        Args:
            batch: The batch's id, 32 bytes.
            secret: 32 bytes.
            serials: As the maker listed them.
            nodes: Their tree, as `unit_tree.build` gives it.

        Raises:
            UnavailableError: The disk refuses; nothing has changed.
        """
        text = b"\n".join(serials)
        header = _HEADER.pack(_MAGIC, batch, nodes[:NODE], secret, len(serials), len(text), sha256(text).digest())
        self._put(self.path(batch), header + sha256(header).digest(), nodes, text)

    def secret(self, batch: bytes, drawn: bytes) -> bytes:
        """The secret of a batch's list: the one kept here already, else `drawn`, which is kept from now on.

        Args:
            batch: The batch's id, 32 bytes.
            drawn: 32 random bytes.

        Raises:
            ConfigurationError: The file of the secret is damaged.
            UnavailableError: The disk refuses.
        """
        path = self.directory / f"{batch.hex()}.secret"
        if not path.exists():
            self._put(path, b"0x%s\n" % drawn.hex().encode())
        try:
            text = path.read_text(encoding="ascii").removesuffix("\n")
            secret = bytes.fromhex(text.removeprefix("0x"))
        except (OSError, ValueError):
            secret = b""
        if len(secret) != SECRET_BYTES:
            detail = f"The secret {path} of a list of serial numbers is damaged or cannot be read."
            raise ConfigurationError(detail, advice="Restore it from a copy, or move it away.", path=str(path))
        return secret

    @contextmanager
    def upload(self) -> Iterator[Path]:
        """A path for a temporary file in the directory; it is removed at the end, or by a later run.

        Raises:
            UnavailableError: The disk refuses.
        """
        path = self._temporary()
        try:
            self._make_directory()
            try:
                yield path
            finally:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(self.directory, error) from error

    def _put(self, path: Path, *parts: bytes) -> None:
        try:
            self._make_directory()
            temporary = self._temporary()
            try:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.writelines(parts)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(self.directory)
        except OSError as error:
            raise _refused(path, error) from error

    def _make_directory(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = time.time()
        if now - self._swept < _LEFT_OVER_SECONDS:  # looking through 100,000 lists takes longer than writing one
            return
        self._swept = now
        for left in self.directory.glob(".*.part"):
            if left.stat().st_mtime < now - _LEFT_OVER_SECONDS:
                left.unlink(missing_ok=True)

    def _temporary(self) -> Path:
        return self.directory / f".{secrets.token_hex(8)}.part"


def _read_header(content: bytes) -> _Header | None:
    if len(content) != _HEADER_BYTES or sha256(content[: _HEADER.size]).digest() != content[_HEADER.size :]:
        return None
    header = _Header(*_HEADER.unpack(content[: _HEADER.size]))
    return header if header.magic == _MAGIC else None


def _refused(path: Path, error: OSError) -> UnavailableError:
    detail = f"{path} cannot be written: {error.strerror}."
    advice = "Check that the disk has room and that this user may write there."
    return UnavailableError(detail, advice=advice, path=str(path))


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size
