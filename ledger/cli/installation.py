"""The ledger that an installation on this machine keeps, for commands that read it without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.cli.keys import settings_for
from ledger.core.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.config import Settings
    from ledger.store.database import Database


def installed(data: Path | None) -> tuple[Database, Settings]:
    """The database and settings of a data directory; whoever asks closes the database.

    Raises:
        ConfigurationError: There is no ledger in it; none is made.
    """
    from ledger.store.database import open_database

    settings = settings_for(data)
    if settings.database_path is not None and not settings.database_path.exists():
        raise ConfigurationError(
            f"There is no ledger in {settings.data_dir}.",
            advice="Name the data directory of a server or indexer with --data.",
            field="data_dir",
        )
    return open_database(settings.database_url), settings
