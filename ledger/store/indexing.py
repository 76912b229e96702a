"""Writing what the chain says, and taking it back when the chain reorganises.

A block and everything recorded in it are written in one transaction, so that no reader and no crash ever sees a part.
Block rows are also the cursor: the newest is how far we have come. A block without facts is kept only while it links:
above the final block, because a reorganisation is seen by parent hash, and the newest at or below it, which must never
change. So what remains of the past does not depend on when we looked, and the tables equal those of a rebuild.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.core.errors import ContradictionError
from ledger.core.facts import IndexedBlock, OrganisationChange
from ledger.store.rows import CODECS, Row
from ledger.store.schema import REBUILDABLE, company_prefixes
from ledger.store.schema import blocks as blocks_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.store.database import Database
    from ledger.store.engine import Connection

_PRUNE = """
    DELETE FROM blocks WHERE facts = 0
    AND number < (SELECT max(number) FROM blocks WHERE number <= (SELECT finalized_block FROM chain_status))
"""
_SET_STATUS = """
    INSERT INTO chain_status (id, head_block, finalized_block, heard_at, generation) VALUES (1, ?, ?, ?, 0)
    ON CONFLICT (id) DO UPDATE SET head_block = excluded.head_block, heard_at = excluded.heard_at,
    finalized_block = CASE WHEN excluded.finalized_block > chain_status.finalized_block
    THEN excluded.finalized_block ELSE chain_status.finalized_block END
"""
_LOOKED_UP = 200  # consignments at once
_BATCHES = f"SELECT consignment, batch FROM consignment_splits WHERE consignment IN ({', '.join('?' * _LOOKED_UP)})"  # noqa: S608 - marks
_CHANGED = """
    INSERT INTO chain_status (id, head_block, finalized_block, heard_at, generation) VALUES (1, -1, -1, 0, 1)
    ON CONFLICT (id) DO UPDATE SET generation = chain_status.generation + 1
"""


def append(db: Database, blocks: Sequence[IndexedBlock]) -> int:
    """Add `blocks` and their facts in one transaction.

    Args:
        db: Ours.
        blocks: Ascending, newer than any that is stored. Between two may lie blocks without facts.

    Returns:
        How many facts were added.

    Raises: ContradictionError: The chain says twice what can only be once, or a block that is not newer; nothing is
        written. UnavailableError: The database is locked or full; nothing is written.
    """
    total = sum(len(block.facts) for block in blocks)
    try:
        with db.transaction() as connection:
            _insert_blocks(connection, blocks)
            _insert_facts(connection, blocks)
            if total:
                connection.execute(_CHANGED)
            connection.execute(_PRUNE)
    except db.conflict as error:
        raise _contradiction(blocks, error) from error
    return total


def rollback(db: Database, above_block: int) -> int:
    """Forget every block above `above_block`, with all that was recorded in them, in one transaction.

    Returns:
        How many blocks were forgotten.
    """
    with db.transaction() as connection:
        facts = connection.execute("SELECT sum(facts) FROM blocks WHERE number > ?", (above_block,)).fetchone()[0]
        if facts:
            connection.execute(_CHANGED)
        return connection.execute("DELETE FROM blocks WHERE number > ?", (above_block,)).rowcount


def set_status(db: Database, *, head_block: int, finalized_block: int, heard_at: int) -> None:
    """Note what the chain last said of itself. What was final stays so: a lower `finalized_block` changes nothing."""
    with db.transaction() as connection:
        connection.execute(_SET_STATUS, (head_block, finalized_block, heard_at))
        connection.execute(_PRUNE)


def lower_finality(db: Database, finalized_block: int) -> None:
    """Let final blocks change after all: only for the embedded development chain, which can lose its newest."""
    with db.transaction() as connection:
        sql = "UPDATE chain_status SET finalized_block = ? WHERE finalized_block > ?"
        connection.execute(sql, (finalized_block, finalized_block))


def wipe(db: Database) -> None:
    """Forget everything that the chain can tell again. Outbox, journal and documents stay."""
    with db.transaction() as connection:
        connection.execute("DELETE FROM blocks")
        connection.execute(_CHANGED)
        connection.execute("UPDATE chain_status SET finalized_block = -1")


def last_block(db: Database) -> IndexedBlock | None:
    """The newest block that is indexed, without its facts; None before the first."""
    with db.snapshot() as connection:
        sql = "SELECT number, hash, parent_hash, time FROM blocks ORDER BY number DESC LIMIT 1"
        row = connection.execute(sql).fetchone()
    return None if row is None else IndexedBlock(*row)


def block_hash(db: Database, number: int) -> bytes | None:
    """The hash of block `number`, if its row is kept."""
    with db.snapshot() as connection:
        row = connection.execute("SELECT hash FROM blocks WHERE number = ?", (number,)).fetchone()
    return None if row is None else bytes(row[0])


def kept_blocks(db: Database, *, below: int, limit: int) -> list[tuple[int, bytes]]:
    """(number, hash) of the newest `limit` block rows below `below`, newest first: what a walk back compares."""
    with db.snapshot() as connection:
        sql = "SELECT number, hash FROM blocks WHERE number < ? ORDER BY number DESC LIMIT ?"
        return connection.execute(sql, (below, limit)).fetchall()


def finalized_block(db: Database) -> int:
    """The highest block that was ever final; -1 if none was."""
    with db.snapshot() as connection:
        row = connection.execute("SELECT finalized_block FROM chain_status").fetchone()
    return -1 if row is None else int(row[0])


def dump(db: Database) -> bytes:
    """Canonical bytes of everything the chain said: equal for two databases exactly if these tables are equal.

    Blocks without facts are left out: which of them are kept depends on what was final when we looked.
    """
    with db.snapshot() as connection:
        lines = [repr(row) for row in connection.execute("SELECT * FROM blocks WHERE facts > 0 ORDER BY number")]
        for table in REBUILDABLE:
            lines.append(table.name)
            order = ", ".join(column.name for column in table.primary_key)
            rows = connection.execute(f"SELECT * FROM {table.name} ORDER BY {order}")  # noqa: S608 - names of our schema
            lines.extend(map(repr, rows))
    return "\n".join(lines).encode()


def _insert_blocks(connection: Connection, blocks: Sequence[IndexedBlock]) -> None:
    newest = connection.execute("SELECT max(number) FROM blocks").fetchone()[0]
    for block in blocks:
        if newest is not None and block.number <= newest:
            detail = f"Block {block.number} was to be added after block {newest}; nothing was written."
            raise ContradictionError(detail, block=block.number, last=newest)
        newest = block.number
    rows = [(block.number, block.hash, block.parent_hash, block.time, len(block.facts)) for block in blocks]
    connection.insert(blocks_table, rows)


def _insert_facts(connection: Connection, blocks: Sequence[IndexedBlock]) -> None:
    """Table by table. Splits come before what looks its batch up by them: the order of `CODECS`."""
    by_type: dict[type, list[Row]] = {kind: [] for kind in CODECS}
    row_of = {kind: codec.row for kind, codec in CODECS.items()}
    for block in blocks:
        for fact in block.facts:
            kind = type(fact)
            by_type[kind].append(row_of[kind](fact))
    for kind, rows in by_type.items():
        if rows:
            codec = CODECS[kind]
            whole = rows if codec.batch_at is None else _with_batch(connection, rows, codec.batch_at)
            connection.insert(codec.table, whole)
    if by_type[OrganisationChange]:
        connection.insert(company_prefixes, list(_prefix_rows(blocks)))


def _with_batch(connection: Connection, rows: list[Row], at: int) -> list[Row]:
    """The rows with the batch in place of the consignment at `at`, which is the batch itself if no split made it."""
    wanted = list({row[at] for row in rows})
    batches: dict[bytes, bytes] = {}
    for first in range(0, len(wanted), _LOOKED_UP):
        some = wanted[first : first + _LOOKED_UP]
        some += some[:1] * (_LOOKED_UP - len(some))  # one text of SQL, prepared once
        batches.update(connection.execute(_BATCHES, some).fetchall())
    return [(*row[:at], batches.get(row[at], row[at]), *row[at + 1 :]) for row in rows]


def _prefix_rows(blocks: Sequence[IndexedBlock]) -> Iterator[tuple[int, int, str, int]]:
    for block in blocks:
        for fact in block.facts:
            if isinstance(fact, OrganisationChange):
                for prefix in sorted(set(fact.prefixes)):
                    yield fact.recorded.block, fact.recorded.log_index, prefix, fact.number


def _contradiction(blocks: Sequence[IndexedBlock], error: Exception) -> ContradictionError:
    first, last = blocks[0].number, blocks[-1].number
    detail = f"The logs of blocks {first} to {last} say twice what can only be once ({error}); nothing was written."
    advice = "Ask another node. If it says the same, rebuild the index; if that fails too, report it with these blocks."
    evidence: dict[str, Any] = {"first": first, "last": last, "constraint": str(error)}
    return ContradictionError(detail, advice=advice, **evidence)
