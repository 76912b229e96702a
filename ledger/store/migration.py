"""Bringing a database to the newest schema, once, whoever comes first; refusing one that is newer than this program."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import Connection

_SCRIPTS: Final = Path(__file__).with_name("migrations")


@contextmanager
def begun(url: str, connection: Any, begin: str) -> Iterator[Connection]:  # noqa: ANN401 - a driver's connection
    """SQLAlchemy's view of a driver's connection, in a transaction that commits at the end.

    Args:
        url: Names the dialect and driver.
        connection: The driver's own, in autocommit mode.
        begin: The statement that begins, taking the lock that keeps two starters from colliding.

    Raises:
        Exception: The driver's own error, not SQLAlchemy's.
    """
    from sqlalchemy import create_engine, event  # noqa: PLC0415 - as below
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - as below
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415 - as below

    engine = create_engine(url, creator=lambda: connection, poolclass=StaticPool)
    event.listen(engine, "begin", lambda found: found.exec_driver_sql(begin))
    try:
        with engine.begin() as found:
            yield found
    except DBAPIError as error:
        raise (error.orig or error) from error


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the scripts up to `revision` inside the transaction of `connection`."""
    from alembic import command  # noqa: PLC0415 - as below

    command.upgrade(configuration(connection), revision)


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our scripts, without any file."""
    from alembic.config import Config  # noqa: PLC0415 - a quarter of a second that only a migration needs to pay

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def refuse_newer(place: str, stored: str | None) -> None:
    """Refuse a schema that this version does not know.

    Args:
        place: Where the database is, for people.
        stored: The revision that it says it has; None if it has none.

    Raises:
        ConfigurationError: It is not among ours.
    """
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if stored is not None and stored not in known:
        detail = f"The database {place} has schema {stored}, which this version of Lotproof does not know."
        advice = "Run the newer version that made it, or choose another database; it was left as it is."
        raise ConfigurationError(detail, advice=advice, path=place, schema=stored)
