"""`lotproof delivery`: every code of a file judged into a result file, which is continued where it was left."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import typer

from ledger.cli.client import Client
from ledger.cli.keys import Data, settings_for
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    Ask = Callable[[list[str]], list[dict[str, Any]]]

AT_ONCE: Final = 500  # codes in one question: a second's work, which is what a stopped run loses
MOST_CODES: Final = 1_000_000


@command
def delivery(
    codes: Annotated[Path, typer.Argument(help="CSV with a column `code`, or one code a line.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The CSV of verdicts; continued if it is there.")],
    server: Annotated[str, typer.Option("--server", help="Ask this server; the local ledger if not given.")] = "",
    place: Annotated[str, typer.Option(help="Where you are: a UN/LOCODE such as SGSIN.")] = "",
    organisation: Annotated[int, typer.Option(help="Your organisation's number; 0 if you do not say.")] = 0,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Judge every code of a delivery. Exit code 0 only if every one is verified."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    wanted = read_codes(codes)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    said = {"place": place or None, "organisation": organisation or None}
    with (
        output_file(output) as file,
        Progress(*columns, console=Console(stderr=True), disable=as_json, transient=True) as progress,
    ):
        counts, done = continued(file, output, wanted)
        task = progress.add_task("Codes", total=len(wanted), completed=done)
        with Client(server) if server else _Local(data) as judge:
            ask = _asking(judge, said) if isinstance(judge, Client) else judge.asking(said)
            for at in range(done, len(wanted), AT_ONCE):
                rows = ask(wanted[at : at + AT_ONCE])
                append(file, at, rows)
                counts.update(row["verdict"] for row in rows)
                progress.update(task, completed=at + len(rows))
    answer = {"codes": len(wanted), "continued_at": done, "counts": dict(sorted(counts.items())), "output": str(output)}
    words = "\n".join(f"{verdict.replace('_', ' '):<14} {count:>9,}" for verdict, count in sorted(counts.items()))
    show(answer, f"{words}\nEach with its reason: {output}", as_json=as_json)
    if set(counts) - {"verified"}:
        raise typer.Exit(1)


def read_codes(path: Path) -> list[str]:
    """The codes of a file; a row without one is an empty code, which is judged unreadable.

    Raises:
        InvalidInputError: It cannot be read, is no CSV in UTF-8, or holds no codes or too many.
    """
    from ledger.core.table import csv_records, utf8

    try:
        with path.open("rb") as file:
            text = utf8(file.read(MOST_CODES * 64 + 1))
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field="file") from error
    if path.suffix.lower() != ".csv":
        found = text.splitlines()
    else:
        try:
            rows = list(csv_records(text, MOST_CODES + 2))
        except csv.Error as error:
            raise InvalidInputError(f"{path} is not CSV. {error}.", field="file") from error
        header = [name.strip().lower() for name in rows[0]] if rows else []
        if "code" not in header:
            raise InvalidInputError(f"{path} has no column code.", advice="Name it in the first row.", field="code")
        column = header.index("code")
        found = [row[column] if column < len(row) else "" for row in rows[1:]]
    if not 0 < len(found) <= MOST_CODES:
        raise InvalidInputError(
            f"{path} has {len(found):,} codes; 1 to {MOST_CODES:,} are judged.", advice="Split the file.", field="file"
        )
    return found


def output_file(path: Path) -> BinaryIO:
    """The result file, open to be read and continued.

    Raises:
        InvalidInputError: It cannot be.
    """
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}.", field="output") from error


def continued(file: BinaryIO, path: Path, wanted: list[str]) -> tuple[Counter[str], int]:
    """What an earlier run left in a result file: its counts, and how many codes it has; a row cut short is dropped.

    Raises:
        InvalidInputError: It is not the result of these codes.
    """
    from ledger.core.table import csv_cell
    from ledger.verify import DELIVERY_COLUMNS

    whole = file.read()
    kept = whole[: whole.rfind(b"\r\n") + 2] if b"\r\n" in whole else b""
    rows = list(csv.reader(io.StringIO(kept.decode("utf-8", "replace"), newline="")))
    told = [row[1] for row in rows[1:] if len(row) > 1]
    begun = [csv_cell(code) for code in wanted[: len(rows[1:])]]
    if (rows and rows[0] != list(DELIVERY_COLUMNS)) or (whole and not rows) or told != begun:
        raise InvalidInputError(
            f"{path} is not the result of these codes.", advice="Choose another file for the result.", field="output"
        )
    file.truncate(len(kept))
    file.seek(len(kept))
    return Counter(row[2] for row in rows[1:]), len(told)


def append(file: BinaryIO, first: int, rows: list[dict[str, Any]]) -> None:
    """Write some more rows, durably; the header before the first."""
    from ledger.verify import DELIVERY_COLUMNS, delivery_cells

    written = io.StringIO(newline="")
    table = csv.DictWriter(written, DELIVERY_COLUMNS)
    if not file.tell():
        table.writeheader()
    table.writerows(delivery_cells(row | {"position": first + at}) for at, row in enumerate(rows))
    file.write(written.getvalue().encode())
    file.flush()
    os.fsync(file.fileno())


def _asking(client: Client, said: dict[str, Any]) -> Ask:
    given = {name: value for name, value in said.items() if value is not None}

    def ask(codes: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = client.post("/v1/verify/many", {"codes": codes, **given})["results"]
        return found

    return ask


class _Local:
    """The ledger of this machine, asked as a server would be."""

    def __init__(self, data: Path | None) -> None:
        from ledger.cli.verify import local_verifier

        self._verifier = local_verifier(settings_for(data))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def asking(self, said: dict[str, Any]) -> Ask:
        """What judges codes for whoever scans."""
        import time

        from ledger.verify import delivery_row

        def ask(codes: list[str]) -> list[dict[str, Any]]:
            now = int(time.time())
            scanner = self._verifier.scanner(said["place"], None, said["organisation"], now=now)
            verdicts = self._verifier.each(codes, scanner, now=now)
            return [delivery_row(at, codes[at], verdict) for at, verdict in enumerate(verdicts)]

        return ask
