"""The write-ahead journal of transactions: what was signed is durable before it is sent.

A slot is one nonce of one sender. It can hold several transactions, the newest of which replaced the others with a
higher fee; the chain takes one of them at most. A slot stays unfinished until that one is final, and as long as it is,
its bytes can be sent again and the statements that it covers go into no other slot: that is why a crash loses nothing
and doubles nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from ledger.core.errors import LotproofError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.store.database import Database
    from ledger.store.engine import Connection

TransactionKind = Literal["deploy", "council", "statements"]

_PAGE: Final = 500  # slots read at once by `everything`
_COLUMNS: Final = (
    "t.id, t.sender, t.nonce, t.hash, t.raw, l.kind, t.max_fee, t.priority_fee, t.gas, t.created_at "
    "FROM transactions t JOIN slots l ON l.sender = t.sender AND l.nonce = t.nonce"
)
_INSERT_TRANSACTION: Final = """
    INSERT INTO transactions (sender, nonce, hash, raw, max_fee, priority_fee, gas, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_COVERED: Final = "INSERT INTO covered_digests (sender, nonce, position, digest) VALUES (?, ?, ?, ?)"
_COVERING: Final = f"""
    SELECT {_COLUMNS} JOIN covered_digests c ON c.sender = t.sender AND c.nonce = t.nonce
    WHERE c.digest = ? AND l.finished = 0 ORDER BY t.id DESC LIMIT 1
"""


_WAITING: Final = """
    SELECT count(DISTINCT l.nonce), coalesce(min(t.created_at), 0)
    FROM slots l JOIN transactions t ON t.sender = l.sender AND t.nonce = l.nonce WHERE l.finished = 0
"""
_REPLACED: Final = "SELECT (SELECT count(*) FROM transactions) - (SELECT count(*) FROM slots)"


class Figures(NamedTuple):
    """The journal at a glance."""

    unfinished: int  # transactions that are not final
    since: int  # when the oldest of them was signed, Unix seconds; 0 if there is none
    replaced: int  # transactions that gave way to another with a higher fee, ever
    last_cost: int  # wei that the newest transaction takes at most; 0 if there is none


@dataclass(frozen=True, slots=True)
class Transaction:
    """A signed transaction. Fees are wei per gas; `digests` are the statements that it carries."""

    id: int
    sender: bytes
    nonce: int
    hash: bytes
    raw: bytes
    kind: TransactionKind
    max_fee: int
    priority_fee: int
    gas: int
    created_at: int  # Unix seconds
    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """One nonce of one sender, with every transaction signed for it, oldest first."""

    sender: bytes
    nonce: int
    transactions: tuple[Transaction, ...]
    finished: bool = False
    mined: bytes = b""  # the hash that is final here, empty if none of ours

    @property
    def latest(self) -> Transaction:
        """The one to send."""
        return self.transactions[-1]


class Journal:
    """Signed transactions of this installation. Safe to share between threads and processes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def append(  # noqa: PLR0913 - the columns of a transaction, by name
        self,
        sender: bytes,
        nonce: int,
        raw: bytes,
        hash: bytes,  # noqa: A002 - the word of the field everywhere
        *,
        kind: TransactionKind,
        max_fee: int,
        priority_fee: int,
        gas: int,
        digests: Sequence[bytes] = (),
        created_at: int,
    ) -> Transaction:
        """Write a transaction into a new slot; it is durable when this returns. The same one again changes nothing.

        Args:
            sender: Address, 20 bytes.
            nonce: Not journalled before for this sender.
            raw: The signed bytes.
            hash: Their hash, 32 bytes.
            kind: What it is for.
            max_fee: Wei per gas, all in.
            priority_fee: Wei per gas, the block maker's share.
            gas: Gas limit.
            digests: The statements that it carries, none of which may be in another unfinished slot.
            created_at: Unix seconds.

        Raises:
            LotproofError: The slot holds another transaction, or a statement is on its way already; nothing is written.
            UnavailableError: The database is locked or full; nothing is written, so nothing may be sent.
        """
        with self._db.transaction() as connection:
            known = _by_hash(connection, hash)
            if known is not None:
                return known
            self._refuse_taken(connection, sender, nonce)
            _refuse_covered(connection, digests)
            sql = "INSERT INTO slots (sender, nonce, kind, finished, mined) VALUES (?, ?, ?, 0, ?)"
            connection.execute(sql, (sender, nonce, kind, b""))
            rows = [(sender, nonce, position, digest) for position, digest in enumerate(digests)]
            connection.executemany(_INSERT_COVERED, rows)
            values = (sender, nonce, hash, raw, str(max_fee), str(priority_fee), gas, created_at)
            connection.execute(_INSERT_TRANSACTION, values)
            return _required(connection, hash)

    def replace(  # noqa: PLR0913 - the columns of a transaction, by name
        self,
        sender: bytes,
        nonce: int,
        raw: bytes,
        hash: bytes,  # noqa: A002 - the word of the field everywhere
        *,
        max_fee: int,
        priority_fee: int,
        gas: int,
        created_at: int,
    ) -> Transaction:
        """Add a newer transaction to an unfinished slot; what the slot is for and what it covers stay.

        Raises:
            NotFoundError: There is no such unfinished slot; nothing is written.
            UnavailableError: The database is locked or full; nothing is written.
        """
        with self._db.transaction() as connection:
            known = _by_hash(connection, hash)
            if known is not None:
                return known
            sql = "SELECT 1 FROM slots WHERE sender = ? AND nonce = ? AND finished = 0"
            if connection.execute(sql, (sender, nonce)).fetchone() is None:
                raise _no_slot(sender, nonce)
            values = (sender, nonce, hash, raw, str(max_fee), str(priority_fee), gas, created_at)
            connection.execute(_INSERT_TRANSACTION, values)
            return _required(connection, hash)

    def unfinished(self, sender: bytes | None = None) -> list[Slot]:
        """Every slot that is not final, of `sender` or of all, by nonce."""
        sql = "SELECT sender, nonce, finished, mined FROM slots WHERE finished = 0"
        with self._db.snapshot() as connection:
            if sender is None:
                rows = connection.execute(f"{sql} ORDER BY sender, nonce").fetchall()
            else:
                rows = connection.execute(f"{sql} AND sender = ? ORDER BY nonce", (sender,)).fetchall()
            return [_slot(connection, row) for row in rows]

    def figures(self) -> Figures:
        """What a person who watches wants to know of it."""
        with self._db.snapshot() as connection:
            waiting, since = connection.execute(_WAITING).fetchone()
            replaced = connection.execute(_REPLACED).fetchone()[0]
            last = connection.execute("SELECT max_fee, gas FROM transactions ORDER BY id DESC LIMIT 1").fetchone()
        return Figures(int(waiting), int(since), int(replaced), 0 if last is None else int(last[0]) * int(last[1]))

    def next_nonce(self, sender: bytes) -> int | None:
        """One more than the highest nonce journalled for `sender`; None if there is none, so that the chain decides."""
        with self._db.snapshot() as connection:
            highest = connection.execute("SELECT max(nonce) FROM slots WHERE sender = ?", (sender,)).fetchone()[0]
        return None if highest is None else int(highest) + 1

    def finish(self, sender: bytes, nonce: int, mined: bytes | None) -> None:
        """Note that a slot is final. What it covered and the chain has not answered is pending again.

        Args:
            sender: Address, 20 bytes.
            nonce: Of the slot.
            mined: Hash of the transaction that the chain took; None if something else used the nonce.

        Raises:
            NotFoundError: There is no such slot, or it holds no transaction with this hash; nothing is written.
        """
        with self._db.transaction() as connection:
            if mined is not None:
                found = _by_hash(connection, mined)
                if found is None or (found.sender, found.nonce) != (sender, nonce):
                    raise _no_slot(sender, nonce, mined)
            sql = "UPDATE slots SET finished = 1, mined = ? WHERE sender = ? AND nonce = ?"
            if connection.execute(sql, (mined or b"", sender, nonce)).rowcount == 0:
                raise _no_slot(sender, nonce)

    def reopen_from(self, sender: bytes, nonce: int) -> None:
        """Make slots from `nonce` on unfinished: only for the embedded development chain, which can lose blocks."""
        with self._db.transaction() as connection:
            sql = "UPDATE slots SET finished = 0, mined = ? WHERE sender = ? AND nonce >= ?"
            connection.execute(sql, (b"", sender, nonce))

    def everything(self, sender: bytes) -> Iterator[Slot]:
        """Every slot of `sender` by nonce, read a page at a time."""
        sql = "SELECT sender, nonce, finished, mined FROM slots WHERE sender = ? AND nonce > ? ORDER BY nonce LIMIT ?"
        after = -1
        while True:
            with self._db.snapshot() as connection:
                page = [_slot(connection, row) for row in connection.execute(sql, (sender, after, _PAGE)).fetchall()]
            if not page:
                return
            yield from page
            after = page[-1].nonce

    def by_hash(self, hash: bytes) -> Transaction | None:  # noqa: A002 - the word of the field everywhere
        """The transaction with this hash."""
        with self._db.snapshot() as connection:
            return _by_hash(connection, hash)

    def covering(self, digest: bytes) -> Transaction | None:
        """The newest transaction of the unfinished slot that carries this statement."""
        with self._db.snapshot() as connection:
            row = connection.execute(_COVERING, (digest,)).fetchone()
            return None if row is None else _transaction(connection, row)

    def _refuse_taken(self, connection: Connection, sender: bytes, nonce: int) -> None:
        if connection.execute("SELECT 1 FROM slots WHERE sender = ? AND nonce = ?", (sender, nonce)).fetchone():
            detail = f"Nonce {nonce} of 0x{sender.hex()} is journalled for another transaction; nothing was written."
            advice = "Only one relayer may use a key. Stop the other, or let this one read the next nonce again."
            raise LotproofError(detail, advice=advice, sender=sender, nonce=nonce)


def _refuse_covered(connection: Connection, digests: Sequence[bytes]) -> None:
    for digest in digests:
        row = connection.execute(_COVERING, (digest,)).fetchone()
        if row is not None:
            detail = f"Statement 0x{digest.hex()} is on its way in transaction 0x{row[3].hex()}; nothing was written."
            raise LotproofError(detail, digest=digest, transaction=row[3])


def _by_hash(connection: Connection, hash_: bytes) -> Transaction | None:
    row = connection.execute(f"SELECT {_COLUMNS} WHERE t.hash = ?", (hash_,)).fetchone()
    return None if row is None else _transaction(connection, row)


def _required(connection: Connection, hash_: bytes) -> Transaction:
    found = _by_hash(connection, hash_)
    assert found is not None  # noqa: S101 - just written in this transaction
    return found


def _transaction(connection: Connection, row: tuple[Any, ...]) -> Transaction:
    identifier, sender, nonce, hash_, raw, kind, max_fee, priority_fee, gas, created_at = row
    sql = "SELECT digest FROM covered_digests WHERE sender = ? AND nonce = ? ORDER BY position"
    digests = tuple(bytes(found[0]) for found in connection.execute(sql, (sender, nonce)))
    return Transaction(
        identifier, sender, nonce, hash_, raw, kind, int(max_fee), int(priority_fee), gas, created_at, digests
    )  # fmt: skip


def _slot(connection: Connection, row: tuple[bytes, int, int, bytes]) -> Slot:
    sender, nonce, finished, mined = row
    sql = f"SELECT {_COLUMNS} WHERE t.sender = ? AND t.nonce = ? ORDER BY t.id"
    rows = connection.execute(sql, (sender, nonce)).fetchall()
    return Slot(sender, nonce, tuple(_transaction(connection, found) for found in rows), bool(finished), mined)


def _no_slot(sender: bytes, nonce: int, hash_: bytes | None = None) -> NotFoundError:
    what = "no unfinished transaction" if hash_ is None else f"no transaction 0x{hash_.hex()}"
    detail = f"The journal has {what} for nonce {nonce} of 0x{sender.hex()}; nothing was written."
    return NotFoundError(detail, sender=sender, nonce=nonce, hash=hash_)
