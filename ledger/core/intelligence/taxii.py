"""TAXII 2.1 as far as a server that is only read needs it: collections, filters, pages and the resources around them.

What is added within one second is told apart by its number in the fraction of the time, so that a client that asks for
what was added after the last that it saw misses nothing. Source: OASIS, TAXII Version 2.1 (2021), sections 3.4 to 5.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.errors import InvalidInputError
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.stix import uuid_of
from ledger.core.keccak import keccak256

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.core.intelligence.rules import Reader

Json = dict[str, Any]
MEDIA: Final = "application/taxii+json;version=2.1"
STIX_MEDIA: Final = "application/stix+json;version=2.1"
MOST: Final = 100  # objects of one page
MOST_VALUES: Final = 50  # of one filter
_MICROSECONDS: Final = 1_000_000
_FILTERS: Final = ("match[id]", "match[type]", "match[version]", "match[spec_version]")
_NAMES: Final = frozenset({"added_after", "limit", "next", *_FILTERS})


class Entry(NamedTuple):
    """A version of an object in a collection."""

    number: int  # of the message that brought it
    added_at: int  # Unix seconds
    object: Json
    first: bool
    last: bool

    @property
    def date_added(self) -> str:
        """When it was added, in microseconds."""
        seconds = datetime.fromtimestamp(self.added_at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{seconds}.{self.number % _MICROSECONDS:06d}Z"

    @property
    def version(self) -> str:
        """Its version: when it was modified, or, of what is never modified, made."""
        return str(self.object.get("modified") or self.object["created"])


class Query(NamedTuple):
    """What a client asks for."""

    added_after: tuple[int, int] = (-1, 0)  # Unix seconds, microseconds
    limit: int = MOST
    after: int = 0  # the number that the page before ended with
    ids: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset({"last"})
    spec_versions: frozenset[str] = frozenset()

    def wants(self, entry: Entry) -> bool:
        """Tell whether an entry passes the filters (section 3.4)."""
        told = entry.object
        if (self.ids and told["id"] not in self.ids) or (self.types and told["type"] not in self.types):
            return False
        if self.spec_versions and told["spec_version"] not in self.spec_versions:
            return False
        named = {"all"} | ({"first"} if entry.first else set()) | ({"last"} if entry.last else set())
        return not self.versions.isdisjoint(named | {entry.version})


class Collection(NamedTuple):
    """A collection: all messages of one marking."""

    marking: Marking
    description: str

    @property
    def id(self) -> str:
        """Its identifier, the same on every server."""
        return uuid_of(keccak256(f"lotproof {self.marking.label}".encode()))

    def open_to(self, reader: Reader) -> bool:
        """Tell whether somebody may read it."""
        return self.marking is Marking.CLEAR or reader.administration

    def to_json(self) -> Json:
        """Give the collection resource (section 5.2.1)."""
        return {
            "id": self.id,
            "title": self.marking.label,
            "description": self.description,
            "alias": self.marking.name.lower(),
            "can_read": True,
            "can_write": False,
            "media_types": [STIX_MEDIA],
        }


COLLECTIONS: Final = (
    Collection(Marking.CLEAR, "What everybody may know."),
    Collection(Marking.GREEN, "What administrations may know."),
)


def parse_query(pairs: Iterable[tuple[str, str]]) -> Query:
    """Read the parameters of a request.

    Args:
        pairs: Names and values as they stand in the address.

    Raises:
        InvalidInputError: One is unknown or malformed; `field` names it.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in _NAMES or name in given:
            raise InvalidInputError(f"The parameter {name[:40]!r} is unknown, or stands twice.", field=name[:40])
        given[name] = value
    ids, types, versions, specs = (_values(name, given.get(name, "")) for name in _FILTERS)
    return Query(
        _time(given["added_after"]) if given.get("added_after") else (-1, 0),
        min(_whole("limit", given.get("limit", str(MOST))), MOST) or MOST,
        _whole("next", given.get("next", "0")),
        ids,
        types,
        versions or frozenset({"last"}),
        specs,
    )


def envelope_of(entries: Sequence[Entry], more: bool) -> Json:  # noqa: FBT001 - the resource's own field
    """Give the envelope resource (section 3.7).

    Args:
        entries: Of this page.
        more: Whether there are others.
    """
    told: Json = {"more": more}
    if more:
        told["next"] = str(entries[-1].number)
    return told | ({"objects": [entry.object for entry in entries]} if entries else {})


def manifest_of(entries: Sequence[Entry], more: bool) -> Json:  # noqa: FBT001 - as above
    """Give the manifest resource (section 5.3.1).

    Args:
        entries: Of this page.
        more: Whether there are others.
    """
    rows = [
        {
            "id": entry.object["id"],
            "date_added": entry.date_added,
            "version": entry.version,
            "media_type": STIX_MEDIA,
        }
        for entry in entries
    ]
    return {"more": more} | ({"objects": rows} if rows else {})


def versions_of(entries: Sequence[Entry], more: bool) -> Json:  # noqa: FBT001 - as above
    """Give the versions resource (section 5.8.1).

    Args:
        entries: The versions of one object.
        more: Whether there are others.
    """
    return {"more": more} | ({"versions": [entry.version for entry in entries]} if entries else {})


def _values(name: str, text: str) -> frozenset[str]:
    values = [value for value in text.split(",") if value]
    if len(values) > MOST_VALUES:
        raise InvalidInputError(f"A filter takes at most {MOST_VALUES} values.", field=name)
    return frozenset(values)


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004 - digits of a 63-bit number
        raise InvalidInputError(f"`{name}` is no whole number.", field=name)
    return int(text)


def _time(text: str) -> tuple[int, int]:
    try:
        found = datetime.fromisoformat(text) if text.endswith("Z") else None
    except ValueError:
        found = None
    if found is None:
        detail = "`added_after` is a time in UTC as RFC 3339 has it, with a Z at its end."
        raise InvalidInputError(detail, field="added_after")
    return int(found.replace(microsecond=0).timestamp()), found.microsecond
