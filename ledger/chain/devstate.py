"""The embedded chain's state on disk: whole, checked, and never overwritten by something worse.

Two files are kept, the newest and the one before. A file counts only if it decompresses, parses and agrees with
itself.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from ledger.durable import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEWEST: Final = "state.json.gz"
PREVIOUS: Final = "state.previous.json.gz"
BLOCKS_TO_FINALITY: Final = 2  # Anvil: two epochs, of one slot each here
_DURABLE: Final = "durable"


@dataclass(frozen=True, slots=True)
class Dump:
    """A state of the chain as Anvil dumps it.

    Args:
        packed: The gzipped JSON.
        block: Number of its newest block.
        coded: Addresses that hold code, as written in the dump.
        settled: `block` if its newest blocks are empty, so that all before them is final; else -1.
    """

    packed: bytes
    block: int
    coded: frozenset[str]
    settled: int

    def unpack(self) -> bytes:
        """Give the JSON that `anvil --load-state` takes."""
        return gzip.decompress(self.packed)


def read_dump(packed: bytes) -> Dump | None:
    """Read a dump; None if it is damaged or torn.

    Anvil does not dump atomically: under load most dumps hold a transaction's effects without its block (34 of 40 in a
    trial), and loading one would lose what it logged. Such a dump shows itself: a sender's nonce is ahead of its
    transactions, or a block is missing.
    """
    try:
        state = orjson.loads(gzip.decompress(packed))
        block = int(state["best_block_number"])
        # Anvil adds a genesis block of its own to those that it loads, so blocks are compared by number.
        if {int(one["header"]["number"], 16) for one in state["blocks"]} != set(range(block + 1)) or _is_torn(state):
            return None
        coded = frozenset(address for address, account in state["accounts"].items() if account["code"] != "0x")
        newest = sorted(state["blocks"], key=lambda one: int(one["header"]["number"], 16))[-BLOCKS_TO_FINALITY:]
        settled = -1 if any(one["transactions"] for one in newest) else block
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Dump(packed, block, coded, settled)


def _is_torn(state: dict[str, Any]) -> bool:
    sent = Counter(transaction["info"]["from"] for transaction in state["transactions"])
    mined = sum(len(block["transactions"]) for block in state["blocks"])
    nonces = {address.lower(): account["nonce"] for address, account in state["accounts"].items()}
    return mined != sent.total() or any(nonces.get(sender.lower()) != count for sender, count in sent.items())


class DumpFiles:
    """The dumps in one folder.

    Args:
        folder: Exists, and belongs to one chain.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, dump: Dump) -> None:
        """Make a dump the newest. It is durable on return; a crash at any point leaves a good one."""
        fresh = self._folder / "state.fresh"
        _write_durably(fresh, dump.packed)
        newest = self._folder / NEWEST
        if newest.exists():
            newest.replace(self._folder / PREVIOUS)
        fresh.replace(newest)
        self.mark_durable(dump.block)

    def load(self) -> Iterator[Dump]:
        """Give the dumps that are whole, best first."""
        for name in (NEWEST, PREVIOUS):
            path = self._folder / name
            if not path.exists():
                continue
            dump = read_dump(path.read_bytes())
            if dump is None:
                path.replace(path.with_suffix(".damaged"))  # or it would become the previous one, over a good one
            else:
                yield dump

    def mark_durable(self, block: int) -> None:
        """Note, for other processes, up to which block the chain would survive a crash; -1 for none."""
        fresh = self._folder / "durable.fresh"
        _write_durably(fresh, str(block).encode())
        fresh.replace(self._folder / _DURABLE)
        sync_folder(self._folder)


def durable_block(folder: Path) -> int:
    """Read up to which block the embedded chain of a folder would survive a crash; -1 for none."""
    try:
        return int((folder / _DURABLE).read_text())
    except (OSError, ValueError):
        return -1


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
