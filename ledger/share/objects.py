"""Open messages as STIX objects, page by page, as TAXII gives them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.errors import NotFoundError
from ledger.core.intelligence import stix
from ledger.core.intelligence.marking import Marking, definition
from ledger.core.intelligence.statements import Form
from ledger.core.intelligence.taxii import Entry
from ledger.core.organisation import administers, name_of
from ledger.store.intelligence import Messages
from ledger.store.read_model import ReadModel
from ledger.store.sessions import Looks

if TYPE_CHECKING:
    from ledger.core.intelligence import taxii
    from ledger.core.intelligence.rules import Reader
    from ledger.store.database import Database
    from ledger.store.intelligence import Item

Json = dict[str, Any]
PAGE: Final = 100  # messages read at once
KIND: Final = "intelligence"  # in the audit log


class Objects:
    """The open messages of one installation as objects. Safe to share between threads.

    Args:
        db: The installation's.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._read_model = ReadModel(db)
        self._messages = Messages(db)
        self._looks = Looks(db)

    def listed(self, reader: Reader, marking: Marking, query: taxii.Query, now: int) -> tuple[list[Entry], bool]:
        """The open messages of one marking as STIX objects, in order: a page, and whether there are more."""
        found: list[Entry] = []
        after = query.after
        while True:
            items = self._messages.listed(reader, marking, after, query.added_after, PAGE)
            found += [entry for item in items if query.wants(entry := self._entry(item))]
            if len(items) < PAGE or len(found) > query.limit:
                break
            after = items[-1].sequence
        page = found[: query.limit]
        self._note_objects(reader, page, now)
        return page, len(found) > query.limit

    def versions(self, reader: Reader, marking: Marking, object_id: str, query: taxii.Query, now: int) -> list[Entry]:
        """The versions of one object: a message's, or the identity of an administration or a marking itself.

        Raises:
            NotFoundError: There is no such object that the reader may see.
        """
        found = [
            entry
            for item in self._messages.like(reader, stix.prefix_of(object_id))
            if item.told.marking is marking and item.message.content
            for entry in (self._entry(item), *map(self._entry, self._messages.withdrawals(item.digest)))
        ]
        found += [Entry(0, 0, each, first=True, last=True) for each in self._around(marking)]
        found = [entry for entry in found if entry.object["id"] == object_id]
        if not found:
            raise NotFoundError("There is no such object for you.", advice="Copy its id whole.", field="object_id")
        page = [entry for entry in found if query.wants(entry)]
        self._note_objects(reader, page, now)
        return page

    def _entry(self, item: Item) -> Entry:
        """A message as a version of its object: a withdrawal is the last version of what it withdraws."""
        ledger, statement = self._db.domain().ledger, item.message.statement
        if statement.form != Form.WITHDRAWAL:
            assert item.message.content is not None  # noqa: S101 - only open messages are listed
            told = stix.write(statement, item.digest, item.message.content, ledger)
            return Entry(item.sequence, item.received_at, told, first=True, last=not item.withdrawn_at)
        earlier = self._messages.find(statement.previous)
        assert earlier is not None  # noqa: S101 - a withdrawal names one
        assert earlier.message.content is not None  # noqa: S101 - of the same marking
        told = stix.write(earlier.message.statement, earlier.digest, earlier.message.content, ledger, item.received_at)
        return Entry(item.sequence, item.received_at, told, first=False, last=True)

    def _around(self, marking: Marking) -> list[Json]:
        """What objects refer to: their marking, and administrations."""
        ledger = self._db.domain().ledger
        known = [each for each in self._read_model.organisations() if administers(each)]
        return [
            definition(marking),
            *(stix.identity(each.number, name_of(each, each.number), ledger) for each in known),
        ]

    def _note_objects(self, reader: Reader, page: list[Entry], now: int) -> None:
        items = [self._messages.find(digest) for digest in map(_digest_of, page) if digest]
        seen = [(item.told.issuer, "0x" + item.digest.hex()) for item in items if item is not None]
        self._looks.note(reader.organisation, reader.key, KIND, seen, now)


def _digest_of(entry: Entry) -> bytes:
    references = entry.object.get("external_references")
    return bytes.fromhex(references[0]["external_id"][2:]) if references else b""
