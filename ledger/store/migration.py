"""Bringing a database to the newest schema, once, whoever comes first; refusing one that is newer than this program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.core.errors import ConfigurationError
from ledger.store.schema import REVISION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from alembic.config import Config
    from sqlalchemy import Connection

_SCRIPTS: Final = Path(__file__).with_name("migrations")


def migrate(
    path: Path,
    connect: Callable[[Path], sqlite3.Connection],
    *,
    on_new: Callable[[sqlite3.Connection], None],
    revision: str = "head",
) -> None:
    """Migrate the database at `path` up to `revision`; a database that is already there costs one query.

    Args:
        path: The SQLite file; may not exist yet.
        connect: Opens it.
        on_new: Called first with the connection if the file is empty.
        revision: Where to go; tests go to older ones.

    Raises:
        ConfigurationError: It has a schema that this version does not know; nothing is altered.
    """
    connection = connect(path)
    try:
        if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
            on_new(connection)
        stored = _stored_revision(connection)
        if stored != REVISION or revision != "head":
            _refuse_newer(path, stored)
            _upgrade(connection, revision)
    finally:
        connection.close()


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our scripts, without any file."""
    from alembic.config import Config  # noqa: PLC0415 - a quarter of a second that only a migration needs to pay

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: sqlite3.Connection, revision: str) -> None:
    """Run the scripts inside one transaction that takes the write lock first, so that two starters do not collide."""
    from alembic import command  # noqa: PLC0415 - as above
    from sqlalchemy import create_engine, event  # noqa: PLC0415 - as above
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415 - as above

    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as begun:
        command.upgrade(configuration(begun), revision)


def _stored_revision(connection: sqlite3.Connection) -> str | None:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return None if row is None else str(row[0])


def _refuse_newer(path: Path, stored: str | None) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if stored is not None and stored not in known:
        detail = f"The database {path} has schema {stored}, which this version of Lotproof does not know."
        advice = "Run the newer version that made it, or choose a new data directory; it was left as it is."
        raise ConfigurationError(detail, advice=advice, path=str(path), schema=stored)
