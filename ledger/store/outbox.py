"""Statements that were accepted and are on their way to the chain.

A statement is durable once `add` returns. Its state is not stored but told from the journal and from what the index
says of the chain, so that a reorganisation moves it back by itself. Only two things are stored, because neither can be
undone by the chain: a refusal decided off chain, and finality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ledger.core.errors import NotFoundError
from ledger.store import outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.facts import Recorded
    from ledger.store.database import Database
    from ledger.store.engine import Connection

State = Literal["pending", "sent", "recorded", "final", "refused"]

_FINAL: Final = 1  # statements.settled: recorded, or
_REFUSED_FOR_GOOD: Final = 2  # refused, in a block that is final
_ENTRY: Final = "SELECT sequence, digest, kind, payload, arrived_at FROM statements"
_FULL: Final = f"{_ENTRY.removesuffix(' FROM statements')}, settled, refused, error_data, words, reopened_at_block"
_INSERT: Final = """
    INSERT INTO statements (digest, kind, payload, arrived_at, settled, refused, error_data, words, reopened_at_block)
    VALUES (?, ?, ?, ?, 0, 0, ?, '', -1) ON CONFLICT (digest) DO NOTHING RETURNING sequence
"""
_UNANSWERED: Final = (
    "EXISTS (SELECT 1 FROM expectations x WHERE x.sequence = s.sequence AND NOT "  # noqa: S608 - our own names
    f"{outcome.standing('x.digest', refused_after='s.reopened_at_block')})"
)
_COVERED: Final = (
    "EXISTS (SELECT 1 FROM covered_digests c JOIN slots l ON l.sender = c.sender AND l.nonce = c.nonce "
    "WHERE c.digest = s.digest AND l.finished = 0)"
)
_IS_COVERED: Final = f"SELECT {_COVERED} FROM statements s WHERE s.digest = ?"  # noqa: S608 - our own names
_OPEN: Final = "s.settled = 0 AND s.refused = 0"
_WAITING: Final = f"SELECT s.digest, s.payload FROM statements s WHERE {_OPEN} ORDER BY s.sequence"  # noqa: S608 - our own names
_PENDING: Final = (
    "SELECT s.sequence, s.digest, s.kind, s.payload, s.arrived_at FROM statements s "  # noqa: S608 - our own names
    f"WHERE {_OPEN} AND NOT {_COVERED} AND {_UNANSWERED} ORDER BY s.sequence LIMIT ?"
)
_FINALIZED: Final = "(SELECT finalized_block FROM chain_status)"
_NOT_FINAL: Final = (
    "EXISTS (SELECT 1 FROM expectations x WHERE x.sequence = statements.sequence AND NOT "  # noqa: S608 - our own names
    f"{outcome.standing('x.digest', refused_after='statements.reopened_at_block', up_to=_FINALIZED)})"
)
_ANY_RECORDED: Final = (
    "EXISTS (SELECT 1 FROM expectations x WHERE x.sequence = {table}.sequence AND "  # noqa: S608 - our own names
    f"{outcome.recorded('x.digest')})"
)
_SETTLE: Final = (
    f"UPDATE statements SET settled = CASE WHEN {_ANY_RECORDED.format(table='statements')} "  # noqa: S608 - our own names
    f"THEN {_FINAL} ELSE {_REFUSED_FOR_GOOD} END "
    f"WHERE settled = 0 AND refused = 0 AND NOT {_NOT_FINAL} RETURNING digest"
)
_ENDED: Final = "(settled <> 0 OR refused = 1)"  # in the words of its index
_COUNT: Final = f"""
    SELECT state, sum(number), min(since) FROM (
        SELECT CASE WHEN refused = 1 OR settled = {_REFUSED_FOR_GOOD} THEN 'refused' ELSE 'final' END AS state,
        count(*) AS number, 0 AS since FROM statements WHERE {_ENDED} GROUP BY settled, refused
        UNION ALL
        SELECT CASE WHEN {_UNANSWERED} THEN CASE WHEN {_COVERED} THEN 'sent' ELSE 'pending' END
        WHEN {_ANY_RECORDED.format(table="s")} THEN 'recorded' ELSE 'refused' END AS state,
        count(*) AS number, min(s.arrived_at) AS since FROM statements s WHERE {_OPEN} GROUP BY 1
    ) counted GROUP BY state
"""  # noqa: S608 - our own names
_REASONS: Final = f"""
    SELECT error, sum(number) FROM (
        SELECT substr(error_data, 1, 4) AS error, count(*) AS number FROM statements
        WHERE {_ENDED} AND refused = 1 GROUP BY 1
        UNION ALL
        SELECT substr(r.error_data, 1, 4) AS error, count(DISTINCT r.digest) AS number
        FROM refusals r JOIN expectations x ON x.digest = r.digest JOIN statements s ON s.sequence = x.sequence
        WHERE s.refused = 0 AND r.block > s.reopened_at_block AND NOT {outcome.recorded("x.digest")} GROUP BY 1
    ) counted GROUP BY error
"""  # noqa: S608 - our own names
_LATEST_TRANSACTION: Final = """
    SELECT t.hash FROM covered_digests c JOIN transactions t ON t.sender = c.sender AND t.nonce = c.nonce
    WHERE c.digest = ? ORDER BY t.id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An accepted statement.

    Attributes:
        sequence: Order of arrival.
        digest: EIP-712 digest, 32 bytes.
        kind: The typed data's name, such as `CustodyEvent`.
        payload: The submission as canonical JSON.
        expects: The digests that the chain is to log for it: its own, or for a bundle those of its events.
        arrived_at: Unix seconds.
    """

    sequence: int
    digest: bytes
    kind: str
    payload: bytes
    expects: tuple[bytes, ...]
    arrived_at: int


@dataclass(frozen=True, slots=True)
class EventState:
    """What became of one event of a bundle; `result` is empty while the chain has not answered."""

    digest: bytes
    result: Literal["recorded", "refused", ""]
    recorded: Recorded | None
    error_data: bytes


class Queue(NamedTuple):
    """Statements in one state."""

    number: int
    since: int  # when the oldest of them arrived, Unix seconds; 0 where none of them waits for anything


@dataclass(frozen=True, slots=True)
class StatementState:
    """How far a statement has come.

    Attributes:
        digest: Of the statement, or of the event inside a bundle that was asked for.
        state: `pending` → `sent` → `recorded` → `final`, or `refused`.
        recorded: Where the chain answered (for a bundle: last).
        transaction: Hash of the newest journalled transaction that carries it, if there is one.
        error_data: The contract's error bytes, if it refused.
        words: Why it was refused off chain.
        events: What became of each event, for a bundle.
    """

    digest: bytes
    state: State
    recorded: Recorded | None = None
    transaction: bytes | None = None
    error_data: bytes = b""
    words: str = ""
    events: tuple[EventState, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stored:
    """A row of `statements` with its expectations."""

    entry: Entry
    settled: int
    refused: int
    error_data: bytes
    words: str
    reopened_at_block: int


class Outbox:
    """The accepted statements of this installation. Safe to share between threads and processes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(  # noqa: PLR0913 - the columns of a statement, by name
        self,
        digest: bytes,
        kind: str,
        payload: bytes,
        *,
        expects: Sequence[bytes] = (),
        details: bytes = b"",
        document: bytes | None = None,
        arrived_at: int,
    ) -> StatementState:
        """Accept a statement; it is durable when this returns. The same digest again changes nothing.

        Args:
            digest: EIP-712 digest, 32 bytes.
            kind: The typed data's name.
            payload: The submission as canonical JSON.
            expects: The digests that the chain is to log for it; empty = its own.
            details: The hash under which `document` is kept.
            document: The JSON document behind `details`, if it was given.
            arrived_at: Unix seconds.

        Returns:
            Its state, which is that of the earlier submission if there was one.

        Raises:
            UnavailableError: The database is locked or full; the statement was not accepted.
        """
        with self._db.transaction() as connection:
            added = connection.execute(_INSERT, (digest, kind, payload, arrived_at, b"")).fetchone()
            if added is not None:
                rows = [(added[0], position, expected) for position, expected in enumerate(expects or (digest,))]
                connection.executemany("INSERT INTO expectations (sequence, position, digest) VALUES (?, ?, ?)", rows)
            if document is not None:
                sql = "INSERT INTO documents (details, document) VALUES (?, ?) ON CONFLICT (details) DO NOTHING"
                connection.execute(sql, (details, document))
            return _state(connection, _stored(connection, digest))

    def pending(self, limit: int) -> list[Entry]:
        """Up to `limit` statements to be sent, in order of arrival.

        Those that are neither refused, nor answered by the chain, nor covered by an unfinished transaction of the
        journal.
        """
        with self._db.snapshot() as connection:
            return [_entry(connection, row) for row in connection.execute(_PENDING, (limit,)).fetchall()]

    def entry(self, digest: bytes) -> Entry | None:
        """The statement with this digest, or the bundle that has an event with it."""
        with self._db.snapshot() as connection:
            found = _find(connection, digest)
        return None if found is None else found.entry

    def state(self, digest: bytes) -> StatementState | None:
        """How far the statement, or the event inside a bundle, has come; None if nobody knows of it.

        A statement that others sent to the chain is known from the chain alone.
        """
        with self._db.snapshot() as connection:
            found = _find(connection, digest)
            if found is None:
                return _of_chain(connection, digest)
            state = _state(connection, found)
            return state if found.entry.digest == digest else _of_event(digest, state)

    def refuse(self, digest: bytes, error_data: bytes, words: str) -> None:
        """Note that a statement cannot succeed, and why; it will not be sent unless it is reopened.

        Raises:
            NotFoundError: There is no such statement.
        """
        sql = "UPDATE statements SET refused = 1, error_data = ?, words = ? WHERE digest = ?"
        self._change(digest, sql, error_data, words)

    def reopen(self, digest: bytes) -> StatementState:
        """Try a refused statement again: no refusal so far, off chain or on it, counts any longer.

        Raises:
            NotFoundError: There is no such statement.
        """
        sql = """
            UPDATE statements SET refused = 0, settled = 0, error_data = ?, words = '',
            reopened_at_block = coalesce((SELECT max(number) FROM blocks), -1) WHERE digest = ?
        """
        with self._db.transaction() as connection:
            self._change(digest, sql, b"")
            return _state(connection, _stored(connection, digest))

    def settle(self) -> list[bytes]:
        """Make final what the chain has answered at or below the final block; it is not looked at again.

        Before this, the caller makes sure that the contract's code is the one that was deployed.

        Returns:
            The digests of the statements that became final just now.
        """
        with self._db.transaction() as connection:
            return [bytes(row[0]) for row in connection.execute(_SETTLE).fetchall()]

    def unsettled(self) -> list[Entry]:
        """Every statement whose fate can still change, in order of arrival."""
        with self._db.snapshot() as connection:
            rows = connection.execute(f"{_ENTRY} s WHERE {_OPEN} ORDER BY sequence").fetchall()
            return [_entry(connection, row) for row in rows]

    def waiting(self) -> list[tuple[bytes, bytes]]:
        """Digest and payload of every statement whose fate can still change, in order of arrival."""
        with self._db.snapshot() as connection:
            rows = connection.execute(_WAITING)
            return [(bytes(digest), bytes(payload)) for digest, payload in rows]

    def unsettle(self) -> None:
        """Nothing is final any more: only for the embedded development chain, which can lose final blocks."""
        with self._db.transaction() as connection:
            connection.execute("UPDATE statements SET settled = 0 WHERE settled <> 0")

    def count(self) -> dict[str, int]:
        """How many statements are in each state; states without any are missing."""
        return {state: queued.number for state, queued in self.queues().items()}

    def queues(self) -> dict[str, Queue]:
        """Every state that has statements, with how many, and since when the oldest of them waits."""
        with self._db.snapshot() as connection:
            rows = connection.execute(_COUNT).fetchall()
        return {state: Queue(int(number), int(since)) for state, number, since in rows}

    def refused_by_error(self) -> dict[bytes, int]:
        """How many statements (of bundles: events) were refused, by the error's selector; empty bytes: without one."""
        with self._db.snapshot() as connection:
            # SQLite gives NULL for the beginning of nothing
            return {bytes(error or b""): int(number) for error, number in connection.execute(_REASONS).fetchall()}

    def _change(self, digest: bytes, sql: str, *values: object) -> None:
        with self._db.transaction() as connection:
            if connection.execute(sql, (*values, digest)).rowcount == 0:
                detail = f"No statement with digest 0x{digest.hex()} was accepted here."
                raise NotFoundError(detail, digest=digest)


def _entry(connection: Connection, row: tuple[int, bytes, str, bytes, int]) -> Entry:
    sequence, digest, kind, payload, arrived_at = row
    rows = connection.execute("SELECT digest FROM expectations WHERE sequence = ? ORDER BY position", (sequence,))
    return Entry(sequence, digest, kind, payload, tuple(bytes(found[0]) for found in rows), arrived_at)


def _find(connection: Connection, digest: bytes) -> _Stored | None:
    """The statement with this digest, else the newest bundle that expects it."""
    row = connection.execute(f"{_FULL} FROM statements WHERE digest = ?", (digest,)).fetchone()
    if row is None:
        newest = "(SELECT max(sequence) FROM expectations WHERE digest = ?)"
        row = connection.execute(f"{_FULL} FROM statements WHERE sequence = {newest}", (digest,)).fetchone()
    return None if row is None else _Stored(_entry(connection, row[:5]), *row[5:])


def _stored(connection: Connection, digest: bytes) -> _Stored:
    found = _find(connection, digest)
    assert found is not None  # noqa: S101 - just written in this transaction
    return found


def _state(connection: Connection, stored: _Stored) -> StatementState:
    """Told from what the chain answered first, then from our own refusal, then from the journal."""
    entry = stored.entry
    events = tuple(_event(connection, digest, stored.reopened_at_block) for digest in entry.expects)
    last = max((event.recorded for event in events if event.recorded is not None), default=None)
    row = connection.execute(_LATEST_TRANSACTION, (entry.digest,)).fetchone()
    transaction = None if row is None else bytes(row[0])
    error_data = next((event.error_data for event in events if event.result == "refused"), b"")
    state: State
    if all(event.result for event in events):
        taken = any(event.result == "recorded" for event in events)
        state = ("final" if stored.settled else "recorded") if taken else "refused"
    elif stored.refused:
        state, error_data = "refused", stored.error_data
    else:
        state = "sent" if connection.execute(_IS_COVERED, (entry.digest,)).fetchone()[0] else "pending"
    shown = () if entry.expects == (entry.digest,) else events
    if state != "refused":
        return StatementState(entry.digest, state, last, transaction, events=shown)
    words = stored.words if stored.refused else ""
    return StatementState(entry.digest, state, last, transaction, error_data, words, shown)


def _event(connection: Connection, digest: bytes, reopened_at_block: int) -> EventState:
    found = outcome.find(connection, digest, refused_after_block=reopened_at_block)
    if found is None:
        return EventState(digest, "", None, b"")
    return EventState(digest, found.result, found.recorded, found.error_data)


def _of_event(digest: bytes, bundle: StatementState) -> StatementState:
    """The state of one event of a bundle: its own answer, else how far the bundle is."""
    event = next(event for event in bundle.events if event.digest == digest)
    if not event.result:
        return StatementState(digest, bundle.state, None, bundle.transaction, bundle.error_data, bundle.words)
    state: State = "refused" if event.result == "refused" else "final" if bundle.state == "final" else "recorded"
    return StatementState(digest, state, event.recorded, bundle.transaction, event.error_data)


def _of_chain(connection: Connection, digest: bytes) -> StatementState | None:
    found = outcome.find(connection, digest)
    if found is None:
        return None
    row = connection.execute("SELECT finalized_block FROM chain_status").fetchone()
    final = row is not None and found.recorded.block <= row[0]
    state: State = "refused" if found.result == "refused" else "final" if final else "recorded"
    return StatementState(digest, state, found.recorded, found.recorded.transaction, found.error_data)
