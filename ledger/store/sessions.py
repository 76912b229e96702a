"""Who is signed in, and who looked at what of another organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.core.sign_in import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.store.database import Database

HOUR: Final = 3_600  # seconds: within one, looks of one key at one thing are one row
_SECRET: Final = "sign-in"  # noqa: S105 - the name of a row, not a secret
_FIND: Final = 'SELECT organisation, "key", began_at, seen_at FROM sessions WHERE token = ?'
_INSERT: Final = 'INSERT INTO sessions (token, nonce, organisation, "key", began_at, seen_at) VALUES (?, ?, ?, ?, ?, ?)'
_OLDER: Final = """
    UPDATE sessions SET seen_at = 0 WHERE "key" = ?1 AND token NOT IN (
        SELECT token FROM sessions WHERE "key" = ?1 AND seen_at > 0 ORDER BY began_at DESC, token LIMIT ?2
    )
"""
_LOOK: Final = """
    INSERT INTO looks (subject, organisation, "key", kind, identifier, hour, first_at, last_at, times)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)
    ON CONFLICT ("key", kind, identifier, subject, hour) DO UPDATE
    SET last_at = excluded.last_at, times = looks.times + 1
"""
_LOOKS: Final = """
    SELECT sequence, subject, organisation, "key", kind, identifier, first_at, last_at, times FROM looks
    WHERE subject = ? AND sequence > ? ORDER BY sequence LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What a key looked at within one hour."""

    sequence: int
    subject: int  # the organisation that was looked at
    organisation: int  # that looked
    key: bytes
    kind: str
    identifier: str
    first_at: int  # Unix seconds
    last_at: int  # Unix seconds
    times: int


class Sessions:
    """The sessions of this installation. Safe to share between threads and processes.

    Args:
        db: Where they are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def secret(self, drawn: bytes) -> bytes:
        """The secret by which this installation knows its own challenges: the first that was drawn.

        Args:
            drawn: 32 random bytes, taken if there is none yet.
        """
        with self._db.snapshot() as connection:
            row = connection.execute("SELECT value FROM secrets WHERE name = ?", (_SECRET,)).fetchone()
        if row is not None:
            return bytes(row[0])
        with self._db.transaction() as connection:
            sql = "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
            connection.execute(sql, (_SECRET, drawn))
            return bytes(connection.execute("SELECT value FROM secrets WHERE name = ?", (_SECRET,)).fetchone()[0])

    def open(self, token: bytes, nonce: str, session: Session, *, most: int, before: int) -> bool:
        """Begin a session; those that ended long ago go, and of one key all but the newest `most` end.

        Args:
            token: SHA-256 of it.
            nonce: Of the challenge that was answered.
            session: Whose it is.
            most: How many of one key there may be.
            before: Sessions that began before, Unix seconds, have ended, and their challenges expired.

        Returns:
            False if that challenge was answered before; nothing has changed.
        """
        row = (token, nonce, session.organisation, session.key, session.began_at, session.seen_at)
        with self._db.transaction() as connection:
            if connection.execute("SELECT 1 FROM sessions WHERE nonce = ?", (nonce,)).fetchone() is not None:
                return False
            connection.execute("DELETE FROM sessions WHERE began_at < ?", (before,))
            connection.execute(_INSERT, row)
            connection.execute(_OLDER, (session.key, most))
        return True

    def find(self, token: bytes) -> Session | None:
        """The session with this token's SHA-256."""
        with self._db.snapshot() as connection:
            row = connection.execute(_FIND, (token,)).fetchone()
        return None if row is None else Session(row[0], bytes(row[1]), row[2], row[3])

    def seen(self, token: bytes, now: int) -> None:
        """Note that a session was used."""
        with self._db.transaction() as connection:
            connection.execute("UPDATE sessions SET seen_at = ? WHERE token = ? AND seen_at < ?", (now, token, now))

    def close(self, token: bytes) -> None:
        """End a session. Its challenge stays answered as long as it could be answered: it is only made old."""
        with self._db.transaction() as connection:
            connection.execute("UPDATE sessions SET seen_at = 0 WHERE token = ?", (token,))


class Looks:
    """The audit log of this installation. Safe to share between threads and processes.

    Args:
        db: Where it is.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, organisation: int, key: bytes, kind: str, seen: Iterable[tuple[int, str]], now: int) -> None:
        """Note what somebody is about to see of others; what is his organisation's own is none of this log.

        Args:
            organisation: Who looks.
            key: The id of the key that is signed in.
            kind: At what sort of thing.
            seen: The organisation whose it is, and which thing.
            now: Unix seconds.

        Raises:
            UnavailableError: It cannot be noted; then it must not be shown.
        """
        rows = [
            (subject, organisation, key, kind, identifier, now // HOUR, now, now)
            for subject, identifier in seen
            if subject not in {0, organisation}
        ]
        if rows:
            with self._db.transaction() as connection:
                connection.executemany(_LOOK, rows)

    def of(self, subject: int, after: int, most: int) -> list[Look]:
        """Who looked at what of an organisation, in order; those after a number."""
        with self._db.snapshot() as connection:
            rows = connection.execute(_LOOKS, (subject, after, most)).fetchall()
        return [
            Look(sequence, whose, who, bytes(key), kind, identifier, first_at, last_at, times)
            for sequence, whose, who, key, kind, identifier, first_at, last_at, times in rows
        ]
