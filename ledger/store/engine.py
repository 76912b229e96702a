"""What a database engine offers to the store: PEP 249's connection, as far as it is used, and when to begin and end.

SQL is written once, with the parameter marks of SQLite (`?`, or `?1` where one value stands in several places) and in
the words that SQLite and PostgreSQL share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Table

Row = tuple[Any, ...]
Stamp = tuple[object, ...]


class Cursor(Protocol):
    """The rows that a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:  # noqa: ANN401 - a row's columns are what the statement selects
        """The next row; None if there is none."""

    def fetchall(self) -> list[Any]:
        """Every row that is left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One connection. Transactions are begun explicitly; binary columns come as `bytes`."""

    @property
    def lost(self) -> bool:
        """Whether it cannot be used any more."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and not ended."""

    def begin(self, *, writing: bool) -> None:
        """Begin what sees one state, and with `writing` a transaction beside which no other writes."""

    def commit(self) -> None:
        """Make what was written durable."""

    def rollback(self) -> None:
        """Take back what was written."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        """Run one statement with each row of parameters."""

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Add many rows, each with a value for every column of `table` in its order, as fast as the engine can."""

    def renumber(self, table: Table) -> None:
        """Let the numbers that the database gives go on after the highest in `table`, whose rows brought theirs."""

    def close(self) -> None:
        """End it."""


class Claim(Protocol):
    """A lock that lasts as long as its holder."""

    def held(self) -> bool:
        """Whether it still is, as far as one can tell."""

    def release(self) -> None:
        """Let another have it."""


class Engine(Protocol):
    """One database of one engine. Safe to share between threads."""

    place: str  # what people may read of where it is: no password
    unavailable: tuple[type[Exception], ...]  # the driver's errors that trying again may mend
    conflict: type[Exception]  # the driver's error for what can be only once
    broken: type[Exception]  # the ancestor of all of the driver's errors, those of a damaged database among them

    def migrate(self, revision: str = "head") -> None:
        """Bring the database to `revision`, claiming it if it is empty.

        Raises:
            ConfigurationError: It belongs to another program or a newer version; nothing is altered.
        """

    def stored_revision(self) -> str | None:
        """The revision of the tables as they are; None if there are none. Nothing is made or altered.

        Raises:
            ConfigurationError: It belongs to another program, or is a file that does not exist.
        """

    def faults(self) -> list[str]:
        """What the engine itself finds wrong with the stored data; may read all of it."""

    def begun(self, *, writing: bool) -> Connection:
        """A connection of nobody else's, on which a transaction was just begun. It must be given back."""

    def give_back(self, connection: Connection) -> None:
        """Take back a connection; what was not committed on it never happened."""

    def stamp(self) -> Stamp:
        """What changes with every commit, by whomever."""

    def claim(self, name: str) -> Claim | None:
        """The lock of this name in this database; None while another holds it, be it in this process."""

    def advice(self, error: Exception) -> str:
        """What a person should do about one of the `unavailable` errors."""

    def close(self) -> None:
        """Close every connection."""
