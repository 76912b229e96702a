"""A small disk of its own, which can be filled and emptied while programs write to it."""

from __future__ import annotations

import contextlib
import errno
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILLER: Final = "filler"
_PIECE: Final = bytes(1 << 12)


class SmallDisk:
    """A mounted file system in memory.

    Args:
        folder: Where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Take all the room that is left."""
        with (self.folder / _FILLER).open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(_PIECE)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self) -> None:
        """Give the room back."""
        (self.folder / _FILLER).unlink()


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk | None]:
    """Mount a small disk, where every user may enter; None if this one may not mount, as only root may."""
    folder = Path(tempfile.mkdtemp(prefix="lotproof-disk-"))
    folder.chmod(0o755)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "lotproof-faults", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield SmallDisk(folder) if mounted else None
    finally:
        if mounted:
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)
        folder.rmdir()
