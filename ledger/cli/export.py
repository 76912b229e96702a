"""`lotproof export`: the whole ledger as files or a stream, for analysis."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.installation import installed
from ledger.cli.keys import Data
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from ledger.export.folder import Exported
    from ledger.export.formats import Format
    from ledger.store.database import Database

STREAM = "-"


@command
def export(
    to: Annotated[str, typer.Argument(metavar="DIR|-", help="A folder, new or of an earlier run; - for a stream.")],
    form: Annotated[str, typer.Option("--format", help="jsonl (JSON lines), or parquet.")] = "jsonl",
    table: Annotated[
        list[str], typer.Option("--table", help="Only this table; repeat it. `unit_events` is exported only if named.")
    ] = [],  # noqa: B006 - typer reads the default and never changes it
    since: Annotated[str, typer.Option(help="Of a stream: the last cursor of the one before, to go on there.")] = "",
    newest: Annotated[
        bool, typer.Option("--newest", help="Also blocks that may still change; a later run makes those anew.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole ledger for analysis. Run it again to add what came since, or to go on where it was stopped."""
    from ledger.export.formats import FORMATS
    from ledger.export.reading import lines

    if form not in FORMATS:
        raise InvalidInputError(
            f"{form[:40]!r} is no format.", advice=f"Formats: {', '.join(FORMATS)}.", field="format"
        )
    database, _settings = installed(data)
    if to != STREAM:
        if since:
            advice = "Leave --since out: the folder knows where to go on."
            raise InvalidInputError("--since is for a stream.", advice=advice, field="since")
        done = _into(database, Path(to), form, table, final=not newest, quiet=as_json)
        show(_json(done), _words(done, to), as_json=as_json)
        return
    if newest or form != "jsonl":
        advice = "Leave --newest and --format out, or name a folder."
        raise InvalidInputError("A stream is JSON lines of final blocks.", advice=advice, field="format")
    for piece in lines(database, tables=table, since=since):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _into(database: Database, folder: Path, form: Format, tables: list[str], *, final: bool, quiet: bool) -> Exported:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ledger.export.folder import export as write

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as progress:
        task = progress.add_task("Rows", total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        return write(database, folder, form=form, tables=tables, final=final, report=report)


def _json(done: Exported) -> dict[str, object]:
    return {"complete_to": done.complete_to, "rows": done.rows, "replaced_from_block": done.replaced_blocks}


def _words(done: Exported, folder: str) -> str:
    written = [f"{name:<16} {count:>12,}" for name, count in done.rows.items() if count]
    lines = [f"{folder} has the ledger up to block {done.complete_to:,}.", *(written or ["Nothing new."])]
    if done.replaced_blocks is not None:
        lines.append(f"The chain was reorganised: everything from block {done.replaced_blocks:,} on was made anew.")
    return "\n".join(lines)
