"""`lotproof backup` and `lotproof restore`: what the chain cannot tell again, in one file."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.keys import Data, ask_password, settings_for
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import ConfigurationError

if TYPE_CHECKING:
    from ledger.backup import Manifest
    from ledger.cli.client import Json
    from ledger.config import Settings

PASSWORD_VARIABLE: Final = "LOTPROOF_BACKUP_PASSWORD"  # noqa: S105 - the name of a variable, not a password


@command
def backup(
    target: Annotated[Path, typer.Argument(help="A file to write, or a folder to put a file named by the time into.")],
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Remove older backups of the folder beyond so many.")
    ] = None,
    keys: Annotated[bool, typer.Option("--keys", help="Put the key files in, which are left out otherwise.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="No password: readable for whoever gets the file.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Back up what the chain cannot tell again, while everything runs: under a password, in one file."""
    from ledger import backup as backups
    from ledger.store.database import open_database

    settings = settings_for(data)
    if settings.database_path is not None and not settings.database_path.exists():
        detail = f"There is nothing to back up: {settings.database_path} does not exist."
        raise ConfigurationError(detail, advice="Name the data directory with --data.", field="data_dir")
    password = None if plain else password_for(settings, confirm=True)
    now, folder = int(time.time()), _folder(target, keep)
    file = target if folder is None else folder / backups.name_at(now)
    db = open_database(settings.database_url)
    try:
        manifest = backups.make(db, settings, file, password, now=now, keys=keys)
    finally:
        db.close()
    removed = backups.rotate(folder, keep) if folder is not None and keep is not None else []
    answer = described(manifest) | {"file": str(file), "sealed": not plain, "removed": [str(path) for path in removed]}
    show(answer, _words(manifest, file, settings, keys=keys, plain=plain, removed=len(removed)), as_json=as_json)


@command
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    check: Annotated[bool, typer.Option("--check", help="Only read all of it and see whether it is whole.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back into an installation that has nothing yet; its engine may be another."""
    from ledger import backup as backups
    from ledger.chain.devchain import endpoint
    from ledger.deploy import chain_folder

    settings = settings_for(data)
    password = password_for(settings) if backups.is_sealed(file) else None
    with file.open("rb") as content:
        archive = backups.Archive(content, password)
        if check:
            archive.check()
            manifest, done = archive.manifest, "is whole. Nothing was changed."
        else:
            if endpoint(chain_folder(settings)) is not None:
                detail = f"The embedded chain runs in {settings.data_dir}: this installation is in use."
                raise ConfigurationError(detail, advice="Restore into a new data directory.", field="data_dir")
            manifest, done = backups.restore(archive, settings), f"was restored into {settings.data_dir}."
    more = "" if check else "\nStart as usual: what the chain tells is read from it again, and what waited is sent."
    show(described(manifest), f"The backup of {_day(manifest)} {done}\n{_contents(manifest)}{more}", as_json=as_json)


def password_for(settings: Settings, *, confirm: bool = False) -> str:
    """The password of backups: from the environment, the password file, or the person at the terminal.

    Raises:
        ConfigurationError: There is none, and nobody to ask.
    """
    return ask_password(
        "Backup password", PASSWORD_VARIABLE, "backup_password_file", settings.backup_password_file, confirm=confirm
    )


def described(manifest: Manifest) -> Json:
    """A backup for programs."""
    return {
        "made_at": datetime.fromtimestamp(manifest.made_at, UTC).isoformat().replace("+00:00", "Z"),
        "chain_id": manifest.chain_id,
        "ledger": manifest.ledger,
        "rows": manifest.rows,
        "files": len(manifest.files()),
    }


def _folder(target: Path, keep: int | None) -> Path | None:
    """The folder of backups that is meant; None if a file is."""
    if target.is_dir():
        return target
    if keep is not None or str(target).endswith(os.sep):
        raise ConfigurationError(f"There is no folder {target}.", advice="Make it first.", field="target")
    return None


def _words(manifest: Manifest, file: Path, settings: Settings, *, keys: bool, plain: bool, removed: int) -> str:
    held = len(list(settings.keys_dir.glob("*.json")))
    lines = [f"Backed up into {file} ({file.stat().st_size:,} bytes).", _contents(manifest)]
    if held and not keys:
        lines.append(f"Not in it: the {held} keys in {settings.keys_dir} (--keys puts them in).")
    lines.append("Not in it: the settings, and what the chain tells again.")
    if plain:
        lines.append("It is not sealed: whoever gets it can read the reports and the key that signs snapshots.")
    else:
        lines.append("Keep its password elsewhere: without it nobody can open the backup.")
    if removed:
        lines.append(f"Older backups removed: {removed}.")
    return "\n".join(lines)


def _contents(manifest: Manifest) -> str:
    rows = manifest.rows
    return (
        f"It holds {rows['statements']:,} statements, {rows['transactions']:,} transactions, "
        f"{rows['unit_events']:,} events of single packs, {rows['reports']:,} reports and "
        f"{len(manifest.files()):,} files of the ledger {manifest.ledger} on chain {manifest.chain_id}."
    )


def _day(manifest: Manifest) -> str:
    return f"{datetime.fromtimestamp(manifest.made_at, UTC):%Y-%m-%d %H:%M} UTC"
