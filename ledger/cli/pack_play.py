"""Plays what happens to the demonstration's single packs: serial numbers, label key, signed events, anchored logs.

The maker keeps its list in a directory of its own and hands it to the server as `lotproof batch register` does; each
organisation signs and anchors as `lotproof unit` does. What is signed can be signed again: a dispensing has the same
digest each time, and a pack scanned once more by the same organisation is still one pack.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from ledger.cli import pack_story, serials
from ledger.cli.unit_desk import NOTHING, UnitDesk
from ledger.core.structs import UnitStatement
from ledger.core.unit import UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.cli.client import Client
    from ledger.cli.desk import Desk

DAY: Final = 86_400  # seconds


class PackPlay:
    """The packs of one batch.

    Args:
        folder: Where the maker keeps its list, and each organisation what it signed.
        start: "Now" of the story, Unix seconds.
    """

    def __init__(self, folder: Path, start: int) -> None:
        from ledger.store.unit_lists import UnitLists

        self._lists = UnitLists(folder / "units")
        self._receipts = folder / "receipts"
        self._start = start
        self._serials: list[str] = []
        self._written = b""

    def make_list(self, batch: bytes, quantity: int) -> bytes:
        """Make the batch's serial numbers, the same ones each time; their root comes back."""
        from secrets import token_bytes

        from ledger import units

        drawn = token_bytes(32)
        made = units.generated(self._lists, batch, quantity, drawn)
        root = units.make_list(self._lists, batch, made, drawn)
        kept = self._lists.get(batch)
        assert kept is not None  # noqa: S101 - just made
        self._serials, self._written = [serial.decode() for serial in made], kept.written()
        return root

    def hand_over(self, client: Client, gtin: str, lot: str) -> None:
        """Give the list to the server, which takes none but the one whose root is registered."""
        serials.send(client, gtin, lot, self._written)

    def serial(self, pack: str) -> str:
        """The serial number of a pack of the story."""
        return self._serials[pack_story.PACKS.index(pack)]

    def first(self, count: int) -> list[str]:
        """The first serial numbers of the batch."""
        return self._serials[:count]

    def run(self, desk_of: Callable[[str], Desk], gtin: str, lot: str) -> list[str]:
        """Sign all that happens to the packs, and anchor each log; the anchors' digests come back, as 0x hex.

        Args:
            desk_of: Gives a party's desk by its name.
            gtin: Of the batch.
            lot: Of the batch.
        """
        desks: dict[str, UnitDesk] = {}
        given: dict[tuple[str, str], bytes] = {}
        for step in pack_story.STEPS:
            if step.actor not in desks:
                desks[step.actor] = UnitDesk(desk_of(step.actor), self._receipts)
            unit_desk, about = desks[step.actor], (step.actor, step.pack)
            statement = UnitStatement(
                unit_desk.desk.number,
                step.kind,
                int(gtin),
                lot,
                self.serial(step.pack),
                self._start + int(step.days * DAY) if step.days else int(time.time()),
                step.place.encode("ascii"),
                given[about] if step.kind is UnitKind.UNDO else NOTHING,
                NOTHING,
            )
            unit_desk.say(statement)
            given[about] = statement.digest(unit_desk.desk.domain)
        return [digest for unit_desk in desks.values() if (digest := unit_desk.anchor())]
