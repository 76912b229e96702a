"""Messages, matches and answers as members are shown them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.dossier import recorded_json
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.statements import Form, recipient_json
from ledger.core.organisation import administers, name_of, state_at
from ledger.core.wording import moment
from ledger.store.read_model import ReadModel

if TYPE_CHECKING:
    from ledger.core.intelligence.rules import Reader
    from ledger.store.database import Database
    from ledger.store.intelligence import Feedback, Item
    from ledger.store.matches import Match

Json = dict[str, Any]
COUNTED: Final = (
    *("given_indicator", "given_bulletin", "given_withdrawal", "read"),
    *("said_hit", "said_false", "heard_hit", "heard_false"),
)


class Teller:
    """Writes what members are shown.

    Args:
        db: Where names stand.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._read_model = ReadModel(db)

    def item(self, item: Item, reader: Reader) -> Json:
        """A message as a reader gets it: all that he needs to check it, and of sealed keys his own only."""
        message, statement = item.message, item.message.statement
        return {
            "number": item.sequence,
            "digest": _hex(item.digest),
            "form": Form(statement.form).name.lower(),
            "marking": Marking(statement.marking).label,
            "issuer": self._who(statement.issuer),
            "issued_at": moment(statement.issued_at),
            "valid_until": moment(statement.valid_until) if statement.valid_until else None,
            "received_at": moment(item.received_at),
            "withdrawn_at": moment(item.withdrawn_at) if item.withdrawn_at else None,
            "message": statement.message(),
            "signer": _hex(message.signer),
            "signature": _hex(message.signature),
            "recipients": [recipient_json(word) for word in message.recipients],
            "content": message.content.to_json() if message.content else None,
            "box": message.box.to_json(reader.key) if message.box else None,
            "log": self._place(item),
        }

    def match(self, match: Match) -> Json:
        """A match."""
        found = match.found
        return {
            "number": match.sequence,
            "digest": _hex(match.digest),
            "what": found.what,
            "id": found.identifier,
            "gtin": found.gtin or None,
            "lot": found.lot or None,
            "serial": found.serial or None,
            "place": found.place or None,
            "organisation": self._who(found.organisation) if found.organisation else None,
            "at": moment(found.at),
            "found_at": moment(match.found_at),
        }

    def feedback(self, said: Feedback) -> Json:
        """What a receiver said."""
        return {
            "number": said.sequence,
            "digest": _hex(said.digest),
            "organisation": self._who(said.organisation),
            "result": said.result,
            "words": said.words,
            "at": moment(said.at),
        }

    def members(self, counts: dict[int, dict[str, int]]) -> list[Json]:
        """Every administration with what is counted of it."""
        told = []
        for organisation in self._read_model.organisations():
            if administers(organisation):
                state = state_at(organisation)
                of_one = counts.get(organisation.number, {})
                about = {"number": organisation.number, "name": name_of(organisation, organisation.number)}
                country = state.country if state else None
                told.append(about | {"country": country} | {what: of_one.get(what, 0) for what in COUNTED})
        return told

    def _place(self, item: Item) -> Json:
        """Where its digest stands in its issuer's log, and the first anchor on the chain that covers it."""
        issuer = item.message.statement.issuer
        anchor = self._read_model.anchor_of(issuer, item.position)
        leaf = item.message.leaf(self._db.domain())
        return {
            "organisation": issuer,
            "index": item.position,
            "leaf": _hex(leaf),
            "anchor": None
            if anchor is None
            else {"digest": _hex(anchor.digest), "count": anchor.count}
            | {"root": _hex(anchor.root), "recorded": recorded_json(anchor.recorded)},
        }

    def _who(self, number: int) -> Json:
        return {"number": number, "name": name_of(self._read_model.organisation(number), number)}


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
