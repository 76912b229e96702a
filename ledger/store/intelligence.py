"""What administrations told each other through this installation, to whom it may be shown, and what they said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from ledger.core.intelligence.content import read_content
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.rules import Told, may_read
from ledger.core.intelligence.statements import (
    NOTHING,
    EncryptionKey,
    Enrolment,
    Form,
    Intelligence,
    Message,
    parse_box,
    recipients_hash,
    word_of,
)
from ledger.core.parts import key_id
from ledger.store.unit_log import grow

if TYPE_CHECKING:
    from ledger.core.intelligence.rules import Reader
    from ledger.core.structs import Domain
    from ledger.store.database import Database
    from ledger.store.engine import Connection

_INSERT: Final = """
    INSERT INTO intelligence (digest, issuer, form, marking, issued_at, valid_until, content_hash, previous, signer,
    "key", signature, received_at, position, content, box) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ITEM: Final = """
    SELECT i.sequence, i.digest, i.issuer, i.form, i.marking, i.issued_at, i.valid_until, i.content_hash, i.previous,
    i.signer, i.signature, i.received_at, i.position, i.content, i.box,
    coalesce((SELECT min(w.received_at) FROM intelligence w WHERE w.previous = i.digest AND w.form = 3), 0)
    FROM intelligence i
"""
# What `may_read` says, so that a page is full of what may be read; 1 = up to which marking all of it, 2 = the reader's
# organisation, 3 = his key, 4 = his organisation's word.
VISIBLE: Final = """
    (i.marking <= ?1 OR (?1 = 1 AND (
        (i.issuer = ?2 AND (i.marking < 4 OR i."key" = ?3)) OR EXISTS (
            SELECT 1 FROM intelligence_recipients r WHERE r.sequence = i.sequence
            AND ((i.marking < 4 AND r.recipient = ?4) OR (i.marking = 4 AND r.recipient = ?3))))))
"""
_KEYS: Final = """
    SELECT "key", organisation, public_key, issued_at, signer, signature FROM encryption_keys WHERE {}
    ORDER BY organisation, "key" LIMIT ?
"""
_PUT_KEY: Final = """
    INSERT INTO encryption_keys ("key", organisation, public_key, issued_at, signer, signature)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT ("key") DO UPDATE SET public_key = excluded.public_key,
    issued_at = excluded.issued_at, signature = excluded.signature
    WHERE encryption_keys.issued_at < excluded.issued_at
"""
_FEEDBACK: Final = """
    SELECT f.sequence, i.digest, f.organisation, f."key", f.result, f.words, f.at
    FROM feedback f JOIN intelligence i ON i.sequence = f.item
"""
_GIVEN: Final = f"SELECT i.issuer, i.form, count(*) FROM intelligence i WHERE {VISIBLE} GROUP BY i.issuer, i.form"  # noqa: S608 - constants
_ANSWERED: Final = f"FROM feedback f JOIN intelligence i ON i.sequence = f.item WHERE {VISIBLE}"
_SAID: Final = f"SELECT f.organisation, f.result, count(*) {_ANSWERED} GROUP BY f.organisation, f.result"
_HEARD: Final = f"SELECT i.issuer, f.result, count(*) {_ANSWERED} GROUP BY i.issuer, f.result"
_SEEN: Final = f"SELECT i.digest FROM intelligence i WHERE {VISIBLE}"  # noqa: S608 - constants
_READ: Final = """
    SELECT organisation, identifier FROM looks WHERE kind = 'intelligence' GROUP BY organisation, identifier
"""


@dataclass(frozen=True, slots=True)
class Item:
    """A message as it is kept."""

    sequence: int
    digest: bytes
    message: Message
    received_at: int  # Unix seconds
    position: int  # in the log of its issuer
    withdrawn_at: int  # Unix seconds, 0 = it stands

    @property
    def told(self) -> Told:
        """What decides who may read it."""
        statement = self.message.statement
        key = key_id(self.message.signer)
        return Told(statement.issuer, key, Marking(statement.marking), frozenset(self.message.recipients))


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a receiver says of a message."""

    sequence: int
    digest: bytes  # of the message
    organisation: int
    key: bytes
    result: str  # hit or false
    words: str
    at: int  # Unix seconds


class Messages:
    """The messages of this installation. Safe to share between threads and processes.

    Args:
        db: Where they are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, message: Message, domain: Domain, received_at: int) -> int:
        """Keep a message, checked and not yet kept, and put it into its issuer's log; its number.

        Args:
            message: What was handed in.
            domain: The chain and contract it is for.
            received_at: Unix seconds.

        Raises:
            UnavailableError: The database is locked or full; nothing was written.
        """
        digest = message.statement.digest(domain)
        with self._db.transaction() as connection:
            newest = connection.execute("SELECT coalesce(max(received_at), 0) FROM intelligence").fetchone()[0]
            received_at = max(received_at, int(newest))  # their order is that of their numbers
            position = grow(connection, message.statement.issuer, message.leaf(domain))
            connection.execute(_INSERT, (digest, *_row(message), received_at, position, *_said(message)))
            sql = "SELECT sequence FROM intelligence WHERE digest = ?"
            sequence = int(connection.execute(sql, (digest,)).fetchone()[0])
            sql = "INSERT INTO intelligence_recipients (sequence, recipient) VALUES (?, ?)"
            connection.executemany(sql, [(sequence, word) for word in message.recipients])
            _keep_keys(connection, message, sequence)
            return sequence

    def find(self, digest: bytes) -> Item | None:
        """The message with this digest. Whoever asks must look at whether it may be shown."""
        with self._db.snapshot() as connection:
            row = connection.execute(f"{_ITEM} WHERE i.digest = ?", (digest,)).fetchone()
            return None if row is None else _item(connection, row)

    def after(self, reader: Reader, sequence: int, most: int) -> list[Item]:
        """What a reader may see, after a number, in order."""
        limits = visible_to(reader)
        sql = f"{_ITEM} WHERE i.sequence > ?5 AND {VISIBLE} ORDER BY i.sequence LIMIT ?6"
        with self._db.snapshot() as connection:
            rows = connection.execute(sql, (*limits, sequence, most)).fetchall()
            items = [_item(connection, row) for row in rows]
        return [item for item in items if may_read(reader, item.told)]

    def listed(
        self, reader: Reader, marking: Marking, sequence: int, added_after: tuple[int, int], most: int
    ) -> list[Item]:
        """What a reader may see of one marking after a number and after a time (seconds, microseconds), in order.

        Within a second the number of a message stands for the microsecond.
        """
        limits = (*visible_to(reader), sequence, most, int(marking), *added_after)
        sql = f"""{_ITEM} WHERE i.sequence > ?5 AND i.marking = ?7
            AND (i.received_at > ?8 OR (i.received_at = ?8 AND i.sequence % 1000000 > ?9))
            AND {VISIBLE} ORDER BY i.sequence LIMIT ?6"""
        with self._db.snapshot() as connection:
            rows = connection.execute(sql, limits).fetchall()
            items = [_item(connection, row) for row in rows]
        return [item for item in items if may_read(reader, item.told)]

    def withdrawals(self, digest: bytes) -> list[Item]:
        """The withdrawal of the message with this digest, if there is one."""
        with self._db.snapshot() as connection:
            rows = connection.execute(f"{_ITEM} WHERE i.previous = ? AND i.form = 3", (digest,)).fetchall()
            return [_item(connection, row) for row in rows]

    def like(self, reader: Reader, prefix: bytes) -> list[Item]:
        """What a reader may see of the messages whose digest begins so: almost always one or none."""
        if not prefix:
            return []
        ends = prefix.ljust(32, b"\x00"), prefix.ljust(32, b"\xff")
        with self._db.snapshot() as connection:
            rows = connection.execute(f"{_ITEM} WHERE i.digest BETWEEN ? AND ?", ends).fetchall()
            items = [_item(connection, row) for row in rows]
        return [item for item in items if may_read(reader, item.told)]

    def count_since(self, issuer: int, since: int) -> int:
        """How many messages an issuer handed in since a time."""
        sql = "SELECT count(*) FROM intelligence WHERE issuer = ? AND received_at >= ?"
        with self._db.snapshot() as connection:
            return int(connection.execute(sql, (issuer, since)).fetchone()[0])

    def put_key(self, enrolment: Enrolment) -> None:
        """Keep an encryption key; an older one of the same signer gives way, a newer one stays."""
        statement = enrolment.statement
        about = (statement.public_key, statement.issued_at, enrolment.signer, enrolment.signature)
        with self._db.transaction() as connection:
            connection.execute(_PUT_KEY, (key_id(enrolment.signer), statement.organisation, *about))

    def keys(self, organisation: int, most: int) -> list[Enrolment]:
        """The encryption keys that keys of an organisation named; whether these still hold the ledger tells."""
        with self._db.snapshot() as connection:
            rows = connection.execute(_KEYS.format("organisation = ?"), (organisation, most)).fetchall()
        return [_enrolment(row) for row in rows]

    def key(self, identifier: bytes) -> Enrolment | None:
        """The encryption key that this key named."""
        with self._db.snapshot() as connection:
            row = connection.execute(_KEYS.format('"key" = ?'), (identifier, 1)).fetchone()
        return None if row is None else _enrolment(row)

    def add_feedback(self, item: int, reader: Reader, result: str, words: str, at: int) -> None:
        """Keep what a receiver says of a message."""
        sql = 'INSERT INTO feedback (item, organisation, "key", result, words, at) VALUES (?, ?, ?, ?, ?, ?)'
        with self._db.transaction() as connection:
            connection.execute(sql, (item, reader.organisation, reader.key, result, words, at))

    def feedback_count(self, item: int, organisation: int) -> int:
        """How often an organisation said something of a message."""
        sql = "SELECT count(*) FROM feedback WHERE item = ? AND organisation = ?"
        with self._db.snapshot() as connection:
            return int(connection.execute(sql, (item, organisation)).fetchone()[0])

    def feedback_after(self, issuer: Reader, sequence: int, most: int) -> list[Feedback]:
        """What was said of a reader's own messages, after a number, in order; of a RED one its signer alone is told."""
        sql = f"""{_FEEDBACK} WHERE f.sequence > ? AND i.issuer = ? AND (i.marking < 4 OR i."key" = ?)
            ORDER BY f.sequence LIMIT ?"""
        with self._db.snapshot() as connection:
            rows = connection.execute(sql, (sequence, issuer.organisation, issuer.key, most)).fetchall()
        return [Feedback(row[0], bytes(row[1]), row[2], bytes(row[3]), *row[4:]) for row in rows]

    def tallies(self, reader: Reader) -> list[tuple[int, str, int]]:
        """What each organisation gave and took, as far as a reader may see the messages: who, what and how often."""
        limits = visible_to(reader)
        with self._db.snapshot() as connection:
            given = [
                (who, f"given_{Form(form).name.lower()}", n) for who, form, n in connection.execute(_GIVEN, limits)
            ]
            said = [(who, f"said_{result}", n) for who, result, n in connection.execute(_SAID, limits)]
            heard = [(who, f"heard_{result}", n) for who, result, n in connection.execute(_HEARD, limits)]
            visible = {"0x" + bytes(row[0]).hex() for row in connection.execute(_SEEN, limits)}
            read = [(who, "read", 1) for who, identifier in connection.execute(_READ) if identifier in visible]
        return [*given, *said, *heard, *read]


def visible_to(reader: Reader) -> tuple[int, int, bytes, bytes]:
    """The first four parameters of `VISIBLE`."""
    level = Marking.GREEN if reader.administration else Marking.CLEAR
    return int(level), reader.organisation, reader.key, word_of(reader.organisation)


def _row(message: Message) -> tuple[Any, ...]:
    statement = message.statement
    times = (statement.issued_at, statement.valid_until)
    signed = (message.signer, key_id(message.signer), message.signature)
    about = (statement.issuer, statement.form, statement.marking)
    return (*about, *times, statement.content, statement.previous, *signed)


def _said(message: Message) -> tuple[str, bytes]:
    content = message.content.canonical().decode() if message.content else ""
    return content, orjson.dumps(message.box.to_json()) if message.box else b""


def _keep_keys(connection: Connection, message: Message, sequence: int) -> None:
    """An open indicator can be matched from now on, a withdrawn one no longer."""
    if message.content and message.content.pattern:
        sql = 'INSERT INTO indicator_keys ("key", sequence) VALUES (?, ?)'
        connection.executemany(sql, [(key, sequence) for key in message.content.pattern.lookups()])
    if message.statement.previous != NOTHING:
        sql = "DELETE FROM indicator_keys WHERE sequence IN (SELECT sequence FROM intelligence WHERE digest = ?)"
        connection.execute(sql, (message.statement.previous,))


def _item(connection: Connection, row: tuple[Any, ...]) -> Item:
    sequence, digest, issuer, form, marking, issued, until, content, previous, signer, signature, *rest = row
    received_at, position, text, box, withdrawn = rest
    sql = "SELECT recipient FROM intelligence_recipients WHERE sequence = ? ORDER BY recipient"
    words = tuple(bytes(word) for (word,) in connection.execute(sql, (sequence,)))
    hashes = (recipients_hash(words), bytes(content), bytes(previous))
    message = Message(
        statement=Intelligence(issuer, form, marking, issued, until, *hashes),
        recipients=words,
        content=read_content(orjson.loads(text), indicator=form == Form.INDICATOR) if text else None,
        box=parse_box(orjson.loads(bytes(box))) if box else None,
        signer=bytes(signer),
        signature=bytes(signature),
    )
    return Item(sequence, bytes(digest), message, received_at, position, withdrawn)


def _enrolment(row: tuple[Any, ...]) -> Enrolment:
    _, organisation, public_key, issued_at, signer, signature = row
    return Enrolment(EncryptionKey(organisation, bytes(public_key), issued_at), bytes(signer), bytes(signature))
