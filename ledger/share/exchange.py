"""The exchange of one installation: messages in, and out to those whom their marking lets read them.

Nothing of another organisation is shown that is not noted first in the audit log of whose it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ledger.core.clock import time_of
from ledger.core.court import Court
from ledger.core.errors import (
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    StatementRefusedError,
    UnavailableError,
)
from ledger.core.intelligence import rules
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.statements import Form, number_of
from ledger.core.organisation import administers, desk_country
from ledger.core.parts import key_id
from ledger.core.sign_in import fault_of
from ledger.core.vocabulary import Purpose
from ledger.share.compare import Comparer
from ledger.share.objects import KIND, Objects
from ledger.share.telling import Teller
from ledger.store.incidents import Incidents, reader_of
from ledger.store.intelligence import Messages
from ledger.store.ledger_view import ReadModelView
from ledger.store.matches import Matches
from ledger.store.read_model import ReadModel
from ledger.store.sessions import Looks

if TYPE_CHECKING:
    from ledger.core.intelligence.rules import Reader
    from ledger.core.intelligence.statements import Enrolment, Message
    from ledger.store.database import Database
    from ledger.store.intelligence import Item
    from ledger.store.ledger_view import ChainView
    from ledger.store.matches import Match
    from ledger.store.unit_lists import UnitLists

Json = dict[str, Any]
PAGE: Final = 100  # messages, matches or answers at once
MOST_A_DAY: Final = 2_000  # messages of one issuer
MOST_FEEDBACK: Final = 20  # of one organisation on one message
MOST_KEYS: Final = 200  # encryption keys of one organisation
MAX_WORDS: Final = 500  # characters of feedback
RESULTS: Final = ("hit", "false")
PAGES_COMPARED: Final = 4  # at one request: the next goes on
_DAY: Final = 86_400
_KIND_OF_PACK: Final = "scan"


class Exchange:
    """Takes messages in and gives them out. Safe to share between threads.

    Args:
        db: The installation's.
        lists: Of serial numbers that are held here.
        chain_view: Answers for contracts that sign (ERC-1271); None if the chain is not at hand.
    """

    def __init__(self, db: Database, lists: UnitLists, chain_view: ChainView | None = None) -> None:
        self._db = db
        self._chain_view = chain_view
        self._read_model = ReadModel(db)
        self._messages = Messages(db)
        self._matches = Matches(db)
        self._looks = Looks(db)
        self._incidents = Incidents(db)
        self._comparer = Comparer(db, lists)
        self._teller = Teller(db)
        self.objects = Objects(db)

    # In

    def take(self, message: Message, sender: Reader, now: int) -> Json:
        """Take a message in; what matches an open indicator is found within this call.

        Args:
            message: As it was handed in.
            sender: Who is signed in.
            now: Unix seconds.

        Returns:
            The message as its issuer sees it; the same again gives the same.

        Raises:
            NotAllowedError: Who is signed in is no administration, or not the issuer.
            StatementRefusedError: The signature does not hold, or a rule of its marking is broken.
            UnavailableError: Too many came from this issuer, or the database cannot be written.
        """
        rules.require_administration(sender)
        if message.statement.issuer != sender.organisation:
            detail = f"You are signed in for organisation {sender.organisation}, and the message speaks for another."
            raise NotAllowedError(detail, advice="Sign in with a key of its issuer.", field="message.issuer")
        digest = message.statement.digest(self._db.domain())
        known = self._messages.find(digest)
        if known is None:
            now = time_of(self._read_model.as_of(), now)
            with self._read_model.snapshot():
                self._require(message, digest, now)
            self._keep(message, digest, now)
            known = self._messages.find(digest)
        assert known is not None  # noqa: S101 - just kept, or there before
        return self._teller.item(known, sender)

    def _keep(self, message: Message, digest: bytes, now: int) -> None:
        """Keep it and what matches it, in one transaction: a match is never of an indicator that is not there."""
        statement = message.statement
        with self._db.transaction():
            if self._messages.find(digest) is not None:
                return
            if self._messages.count_since(statement.issuer, now - _DAY) >= MOST_A_DAY:
                detail = f"Your organisation handed in {MOST_A_DAY:,} messages within a day; no more are taken."
                raise UnavailableError(detail, advice="Send it tomorrow.", retry_after=3_600)
            if statement.form == Form.WITHDRAWAL:
                earlier = self._messages.find(statement.previous)
                stands = earlier is not None and not earlier.withdrawn_at
                rules.require_withdrawable(message, earlier.told if earlier is not None and stands else None)
            sequence = self._messages.add(message, self._db.domain(), now)
            if message.content and message.content.pattern:
                self._comparer.everything(sequence, message.content.pattern, now)
            if statement.form == Form.WITHDRAWAL:
                self._comparer.withdrawn(statement.previous, now)

    def _require(self, message: Message, digest: bytes, now: int) -> None:
        view = ReadModelView(self._read_model, self._chain_view, strict=True)
        court = Court(view, self._db.domain(), now)
        issuer = message.statement.issuer
        court.authorise(issuer, Purpose.EVENTS, digest, message.signer, message.signature)
        rules.require_form(message, now)
        if message.statement.form == Form.WITHDRAWAL:
            return  # it goes to those whom the message went to, whatever has become of them since
        for word in message.recipients:
            number = number_of(word)
            if number is None:
                number = self._owner(word, now)
            organisation = None if number is None else self._read_model.organisation(number)
            if organisation is None or not administers(organisation):
                detail = "A recipient is no administration on this ledger, or a key that nothing can be sealed to."
                raise StatementRefusedError(detail, advice="Check the recipients.", error="NoAdministration")
        if message.box is not None:
            rules.require_wraps(message, message.box, lambda key: self._owner(key, now))

    def put_key(self, enrolment: Enrolment, sender: Reader, now: int) -> Json:
        """Take in the key to which messages for a key of an administration are sealed; a newer one replaces it.

        Raises:
            NotAllowedError: Who is signed in is no administration, or it is the key of another organisation.
            StatementRefusedError: The signature does not hold, or the time is not now.
        """
        rules.require_administration(sender)
        statement = enrolment.statement
        if statement.organisation != sender.organisation:
            raise NotAllowedError("An encryption key is published for one's own organisation.", field="message")
        now = time_of(self._read_model.as_of(), now)
        rules.require_now(statement.issued_at, now)
        digest = statement.digest(self._db.domain())
        with self._read_model.snapshot():
            view = ReadModelView(self._read_model, self._chain_view, strict=True)
            court = Court(view, self._db.domain(), now)
            signed = (enrolment.signer, enrolment.signature)
            court.authorise(statement.organisation, Purpose.EVENTS, digest, *signed)
        self._messages.put_key(enrolment)
        return {"key": "0x" + key_id(enrolment.signer).hex(), "organisation": statement.organisation}

    # Out

    def keys(self, organisation: int, reader: Reader, now: int) -> list[Json]:
        """The encryption keys of an administration whose signing keys hold: a sender checks their signatures."""
        rules.require_administration(reader)
        now = time_of(self._read_model.as_of(), now)
        with self._read_model.snapshot():
            found = self._messages.keys(organisation, MOST_KEYS)
            live = [one for one in found if self._owner(key_id(one.signer), now) == organisation]
        return [{"key": "0x" + key_id(one.signer).hex(), **one.to_json()} for one in live]

    def messages(self, reader: Reader, after: int, now: int) -> list[Json]:
        """What a reader may see, after a number, in order."""
        items = self._messages.after(reader, after, PAGE)
        self._note(reader, items, now)
        return [self._teller.item(item, reader) for item in items]

    def message(self, digest: bytes, reader: Reader, now: int) -> Json:
        """One message.

        Raises:
            NotFoundError: There is none that the reader may see; whether there is another is not told.
        """
        item = self._readable(digest, reader)
        self._note(reader, [item], now)
        return self._teller.item(item, reader)

    def matches(self, reader: Reader, after: int, now: int, before: int = 0) -> list[Json]:
        """What matched the indicators that a reader may see, after a number, in order; or before one, newest first."""
        rules.require_administration(reader)
        self.compare(now)
        country = self._country(reader)
        if before:
            found = self._matches.before(reader, country, before, PAGE)
        else:
            found = self._matches.after(reader, country, after, PAGE)
        self.note_matches(reader, found, now)
        return [self._teller.match(self._shown(match, reader)) for match in found]

    def compare(self, now: int) -> None:
        """Compare what is new with the indicators."""
        for _ in range(PAGES_COMPARED):
            if not self._comparer.news(now):
                return

    def note_matches(self, reader: Reader, found: list[Match], now: int) -> None:
        """Note in the audit logs whose scans are about to be shown."""
        seen = [(each.found.organisation, each.found.identifier) for each in found if each.found.what == "pack"]
        self._looks.note(reader.organisation, reader.key, _KIND_OF_PACK, seen, now)

    # Feedback

    def say(self, digest: bytes, reader: Reader, result: str, words: str, now: int) -> Json:
        """Keep what a receiver found: a hit, or a false alarm. It goes to the issuer alone.

        Raises:
            NotFoundError: There is no such message that the reader may see.
            InvalidInputError: The result or the words are none.
            UnavailableError: This organisation has said enough of this message.
        """
        rules.require_administration(reader)
        if result not in RESULTS:
            raise InvalidInputError(f"The result is one of {', '.join(RESULTS)}.", field="result")
        item = self._readable(digest, reader)
        if len(words) > MAX_WORDS or "\0" in words:
            raise InvalidInputError(f"The words have at most {MAX_WORDS} characters.", field="words")
        if words and Marking(item.message.statement.marking).sealed:
            detail = "What belongs to a sealed message is told sealed: open words are not taken."
            raise InvalidInputError(detail, advice="Send its issuer a message of your own.", field="words")
        with self._db.transaction():
            if self._messages.feedback_count(item.sequence, reader.organisation) >= MOST_FEEDBACK:
                detail = f"Your organisation answered this message {MOST_FEEDBACK} times."
                raise UnavailableError(detail, advice="Tell its issuer in a bulletin.", retry_after=_DAY)
            self._messages.add_feedback(item.sequence, reader, result, words, now)
        return {"digest": "0x" + digest.hex(), "result": result}

    def feedback(self, issuer: Reader, after: int) -> list[Json]:
        """What was said of a reader's own messages, after a number, in order."""
        rules.require_administration(issuer)
        return [self._teller.feedback(each) for each in self._messages.feedback_after(issuer, after, PAGE)]

    def members(self, reader: Reader) -> list[Json]:
        """What each administration gives and takes, counted over the messages that the reader may see."""
        rules.require_administration(reader)
        counts: dict[int, dict[str, int]] = {}
        for organisation, what, number in self._messages.tallies(reader):
            of_one = counts.setdefault(organisation, {})
            of_one[what] = of_one.get(what, 0) + number
        return self._teller.members(counts)

    # Followed

    def stream_page(self, reader: Reader, place: tuple[int, int, int], now: int) -> list[tuple[str, int, Json]]:
        """What comes after a place, as kind, number of that kind and what is told.

        Args:
            reader: Who follows.
            place: The last message, match and answer that he was told of.
            now: Unix seconds.
        """
        self.compare(now)
        items = self._messages.after(reader, place[0], PAGE)
        self._note(reader, items, now)
        told = [("message", item.sequence, self._teller.item(item, reader)) for item in items]
        if reader.administration:
            found = self._matches.after(reader, self._country(reader), place[1], PAGE)
            self.note_matches(reader, found, now)
            told += [("match", each.sequence, self._teller.match(self._shown(each, reader))) for each in found]
        said = self._messages.feedback_after(reader, place[2], PAGE)
        return told + [("feedback", each.sequence, self._teller.feedback(each)) for each in said]

    def _note(self, reader: Reader, items: list[Item], now: int) -> None:
        seen = [(item.told.issuer, "0x" + item.digest.hex()) for item in items]
        self._looks.note(reader.organisation, reader.key, KIND, seen, now)

    def _country(self, reader: Reader) -> str:
        """Whose declaration lines a reader may see."""
        organisation = self._read_model.organisation(reader.organisation)
        return desk_country(organisation) if organisation else ""

    def _shown(self, match: Match, reader: Reader) -> Match:
        organisation = self._read_model.organisation(reader.organisation)
        found = self._incidents.veiled(reader_of(reader.organisation, reader.key, organisation), match.found)
        return replace(match, found=found)

    def _readable(self, digest: bytes, reader: Reader) -> Item:
        item = self._messages.find(digest)
        if item is None or not rules.may_read(reader, item.told):
            raise NotFoundError("No message for you has this digest.", advice="Copy it whole.", field="digest")
        return item

    def _owner(self, key: bytes, now: int) -> int | None:
        """Whose key it is, if something can be sealed to its holder now."""
        enrolment = self._messages.key(key)
        if enrolment is None:
            return None
        number = enrolment.statement.organisation
        fault = fault_of(self._read_model.key(key), self._read_model.organisation(number), now)
        return None if fault else number
