"""Follow everything that is recorded, from any place in the chain on; what a reorganisation takes back is told.

A place is written `block-index-hash`: the hash's first eight bytes tell whether that block still stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any, Final

from ledger.core import facts
from ledger.core.dossier import recorded_json
from ledger.core.errors import InvalidInputError
from ledger.core.wording import moment
from ledger.store.read_model import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.store.read_model import ReadModel

PAGE: Final = 200  # facts read at once
RESET: Final = "Reset"
HASH_BYTES: Final = 8  # of a block's hash in a place
MAX_PLACE: Final = 60  # characters
_PLACE: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,10})-([0-9a-f]{16})?", re.ASCII)
_TIMES: Final = frozenset({"occurred_at", "valid_from", "valid_until", "doubt_since", "until"})
_NAMES: Final[dict[type[facts.Fact], Callable[[Any], str]]] = {
    facts.Registration: lambda _: "BatchRegistered",
    facts.CustodyEvent: lambda _: "CustodyRecorded",
    facts.Child: lambda _: "ConsignmentSplit",
    facts.Pallet: lambda _: "PalletBuilt",
    facts.Packing: lambda fact: "ConsignmentPacked" if fact.packed else "ConsignmentUnpacked",
    facts.OrganisationChange: lambda _: "OrganisationAccredited",
    facts.Suspension: lambda _: "OrganisationSuspended",
    facts.KeyAddition: lambda _: "KeyAdded",
    facts.KeyEnding: lambda _: "KeyEnded",
    facts.Anchor: lambda _: "Anchored",
    facts.Refusal: lambda _: "Refused",
    facts.Notice: lambda fact: fact.name,
}


@dataclass(frozen=True, slots=True)
class Place:
    """After which fact to go on; `hash` is empty for a block that cannot be taken back any more."""

    block: int
    log_index: int
    hash: bytes = b""

    def __str__(self) -> str:
        return f"{self.block}-{self.log_index}-{self.hash.hex()}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact in the stream, or a reset."""

    name: str  # of the contract's event, or `RESET`
    place: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, where to go on, and whether more may be had at once."""

    entries: tuple[Entry, ...]
    place: Place | None
    full: bool


def parse_place(text: str) -> Place | None:
    """The place that `text` names; None for an empty one, which is the beginning.

    Raises:
        InvalidInputError: It is no place of this stream.
    """
    if not text:
        return None
    found = _PLACE.fullmatch(text[:MAX_PLACE])
    if found is None:
        raise InvalidInputError(
            "The place to go on from is not one of this stream.",
            advice="Send the last `id` that you got as it was, or nothing to begin at the beginning.",
            field="Last-Event-ID",
        )
    return Place(int(found[1]), int(found[2]), bytes.fromhex(found[3] or ""))


def after(read_model: ReadModel, place: Place | None) -> Page:
    """What is recorded after `place`.

    If the block of `place` was taken back, the first entry is a reset: everything after the block that it names is told
    again, and what was told of later blocks and is not told again has never happened.

    Args:
        read_model: The facts.
        place: The last one that is known; None begins at the beginning.
    """
    with read_model.snapshot():
        reset = place is not None and not _stands(read_model, place)
        if reset:
            final = read_model.as_of().finalized_block
            place = None if final < 0 else Place(final, 2**31)
        found = read_model.recorded_after(_cursor(place), PAGE)
        entries = _entries(read_model, found)
    if reset:
        block = -1 if place is None else place.block
        entries = (Entry(RESET, str(place or ""), {"type": RESET, "after_block": block}), *entries)
    return Page(entries, _last(entries) or place, len(found) == PAGE)


def _stands(read_model: ReadModel, place: Place) -> bool:
    if not place.hash:
        return True
    first = read_model.recorded_after(_cursor(Place(place.block, -1)), 1)
    if not first or first[0].recorded.block != place.block:
        return False
    return read_model.cursor(first[0]).hash.startswith(place.hash)


def _cursor(place: Place | None) -> Cursor | None:
    return None if place is None else Cursor(place.block, place.log_index, place.hash)


def _entries(read_model: ReadModel, found: Sequence[facts.Fact]) -> tuple[Entry, ...]:
    hashes: dict[int, bytes] = {}
    entries = []
    for fact in found:
        block = fact.recorded.block
        if block not in hashes:
            hashes[block] = read_model.cursor(fact).hash[:HASH_BYTES]
        place = Place(block, fact.recorded.log_index, hashes[block])
        name = _NAMES[type(fact)](fact)
        entries.append(Entry(name, str(place), {"type": name, **_json(fact)}))
    return tuple(entries)


def _last(entries: Sequence[Entry]) -> Place | None:
    return parse_place(entries[-1].place) if entries and entries[-1].name != RESET else None


def _json(fact: facts.Fact) -> dict[str, Any]:
    return {each.name: _plain(each.name, getattr(fact, each.name)) for each in fields(fact)}


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - any field of a fact, as JSON holds it
    if name in _TIMES:
        return moment(value) if value else None
    return next((told(value) for kind, told in _TOLD if isinstance(value, kind)), value)


_TOLD: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (facts.Recorded, lambda value: recorded_json(value) | {"log_index": value.log_index}),
    (bytes, lambda value: "0x" + value.hex()),
    (IntFlag, lambda value: [flag.name for flag in type(value) if flag in value]),
    (IntEnum, lambda value: value.name),
    (date, lambda value: value.isoformat()),
    (tuple, list),
)
