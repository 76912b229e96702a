"""Files that are there whole or not at all, and stay there when the power goes."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERYONE: Final = 0o666  # as far as the umask lets them
OWNER: Final = 0o600  # what others on this machine cannot read


@contextmanager
def replacing(path: Path, mode: int = EVERYONE) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when all of it is on the disk; if anything fails, `path` is as it was.

    Its name is durable only after `sync_folder`. One process at a time writes a path: what another left half written
    is thrown away.

    Args:
        path: The file.
        mode: Who may read and write it.

    Raises:
        OSError: It cannot be written.
    """
    half = path.with_name(f".{path.name}.half")
    half.unlink(missing_ok=True)
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


@contextmanager
def writing(path: Path, mode: int = EVERYONE) -> Iterator[BinaryIO]:
    """As `replacing`, for a file that a person asked for.

    Raises:
        InvalidInputError: It cannot be written.
    """
    try:
        with replacing(path, mode) as file:
            yield file
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}.", field="output") from error


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder durable.

    Raises:
        OSError: It cannot be.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
