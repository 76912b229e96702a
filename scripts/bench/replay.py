"""A chain on disk: blocks with their logs as a node would tell them, written and read without holding them in memory.

The headers stand in `blocks.json`, every log as JSON in `logs.json`, separated by commas. Beside them: where each log
begins (`places.bin`, 64 bits each, and the end), which sort each is (`topics.bin`, 8 bits each; `sorts.json` has the
sorts' topics), and the number of the first log of each block (`first.bin`, 64 bits each, and how many there are).
"""

from __future__ import annotations

import mmap
from array import array
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Log = dict[str, Any]


def write(folder: Path, chain: Iterable[tuple[dict[str, Any], Sequence[Log]]]) -> None:
    """Write blocks with their logs as they come."""
    places, topics, first = array("Q"), array("B"), array("Q")
    sorts: dict[str, int] = {}
    at = 0
    with (folder / "logs.json").open("wb") as logs, (folder / "blocks.json").open("wb") as blocks:
        for number, (header, found) in enumerate(chain):
            blocks.write((b"," if number else b"[") + orjson.dumps(header))
            first.append(len(places))
            for log in found:
                places.append(at)
                topics.append(sorts.setdefault(log["topics"][0], len(sorts)))
                at += logs.write(orjson.dumps(log) + b",")
        blocks.write(b"]")
    first.append(len(places))
    places.append(at)
    for name, values in (("places", places), ("topics", topics), ("first", first)):
        (folder / f"{name}.bin").write_bytes(values.tobytes())
    (folder / "sorts.json").write_bytes(orjson.dumps(list(sorts)))


class Recording:
    """What `write` wrote. The logs stay on disk.

    Args:
        folder: Where it was written.
    """

    def __init__(self, folder: Path) -> None:
        headers = orjson.loads((folder / "blocks.json").read_bytes())
        self.blocks = [orjson.dumps(header) for header in headers]
        self.numbers = {header["hash"]: number for number, header in enumerate(headers)}
        self._sorts: list[str] = orjson.loads((folder / "sorts.json").read_bytes())
        self._places = _array("Q", folder / "places.bin")
        self._topics = _array("B", folder / "topics.bin")
        self._first = _array("Q", folder / "first.bin")
        with (folder / "logs.json").open("rb") as file:
            self._logs = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def count(self, first: int, last: int) -> int:
        """How many logs stand in the blocks from `first` to `last`."""
        return self._first[last + 1] - self._first[first]

    def logs(self, first: int, last: int) -> bytes:
        """The logs of these blocks as a JSON list."""
        begin, end = self._first[first], self._first[last + 1]
        return b"[%b]" % self._logs[self._places[begin] : max(self._places[begin], self._places[end] - 1)]

    def logs_of(self, first: int, last: int, topic: str) -> list[bytes]:
        """Those of one sort, each as JSON."""
        return list(self._of(self._first[first], self._first[last + 1], topic))

    def _of(self, begin: int, end: int, topic: str) -> Iterator[bytes]:
        sort = self._sorts.index(topic) if topic in self._sorts else -1
        for log in range(begin, end):
            if self._topics[log] == sort:
                yield self._logs[self._places[log] : self._places[log + 1] - 1]


def _array(kind: str, path: Path) -> array[int]:
    found: array[int] = array(kind)
    found.frombytes(path.read_bytes())
    return found
