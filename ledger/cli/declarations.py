"""`lotproof declaration`: customs declarations against the ledger, on the server's machine. A person decides."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli.installation import installed
from ledger.cli.keys import Data
from ledger.cli.output import AsJson, command, error_json, show, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.declare import CustomsDesk, Imported
    from ledger.store.declarations import Kept

app = typer.Typer(
    help="Compare customs declarations with the ledger and rank them, on the server's machine.", no_args_is_help=True
)
Number = Annotated[int, typer.Argument(help="The line's number, as `lotproof declaration list` shows it.")]
NAMED: Final = 50  # bad rows told one by one to a person
LISTED: Final = 50


@command
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or JSON; columns in docs/customs.md.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Keep and score the lines of FILE. Bad rows are named and left out; what is there already is not kept twice."""
    from ledger.cli.batches import read

    text = read(file)
    with _desk(data) as desk, _progress("Comparing with the ledger", quiet=as_json) as progress:
        done = desk.take(text, as_json=file.suffix.lower() == ".json", now=int(time.time()), progress=progress)
    answer = {
        "added": done.added,
        "there": done.there,
        "with_signals": done.risky,
        "faults": [error_json(fault) for fault in done.faults],
    }
    show(answer, _summary(done, file), as_json=as_json)
    if done.faults:
        raise typer.Exit(1)


@command
def score(data: Data = None, as_json: AsJson = False) -> None:
    """Score every line again with what the ledger and all other lines say now."""
    with _desk(data) as desk, _progress("Comparing with the ledger", quiet=as_json) as progress:
        risky = desk.score_again(now=int(time.time()), progress=progress)
        count = desk.count()
    show({"lines": count, "with_signals": risky}, f"{count:,} lines, {risky:,} of them with a signal", as_json=as_json)


@command
def list_(
    *,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many lines to list.")] = LISTED,
    risk: Annotated[int, typer.Option("--risk", min=0, max=100, help="Only lines of at least this risk.")] = 1,
    country: Annotated[str, typer.Option("--country", help="Only lines declared to this country.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List the lines with signals, the riskiest first. The order is a help, and no verdict."""
    with _desk(data) as desk:
        found = desk.ranked(most, risk, country.upper())
    answer = {"lines": [_json(each) for each in found]}
    show(answer, "\n".join(map(_line, found)) or "There are no such lines.", as_json=as_json)


@command
def show_(number: Number, data: Data = None, as_json: AsJson = False) -> None:
    """Show a line: what was declared, and every signal with its reason."""
    with _desk(data) as desk:
        found = desk.numbered(number)
    show(_json(found), _words(found), as_json=as_json)


app.command("import")(import_)
app.command("score")(score)
app.command("list")(list_)
app.command("show")(show_)


@contextmanager
def _desk(data: Path | None) -> Iterator[CustomsDesk]:
    from ledger.declare import CustomsDesk

    database, settings = installed(data)
    try:
        yield CustomsDesk(database, settings)
    finally:
        database.close()


@contextmanager
def _progress(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _summary(done: Imported, file: Path) -> str:
    lines = [f"{file}: {fault.detail}" for fault in done.faults[:NAMED]]
    if len(done.faults) > NAMED:
        lines.append(f"and {len(done.faults) - NAMED:,} more bad rows")
    lines.append(f"{done.added:,} lines added, {done.there:,} there already, {len(done.faults):,} bad rows left out")
    lines.append(f"{done.risky:,} lines have a signal; `lotproof declaration list` ranks them.")
    return "\n".join(lines)


def _json(found: Kept) -> dict[str, Any]:
    from ledger.core.wording import moment

    return {
        "number": found.number,
        "risk": found.risk,
        "line": found.line._asdict(),
        "newest_version": found.newest,
        "imported_at": moment(found.imported_at),
        "score": found.score or None,
        "scored_at": moment(found.scored_at) if found.scored_at else None,
        "scored_block": found.scored_block,
    }


def _line(found: Kept) -> str:
    line = found.line
    goods = f"{line.gtin} lot {line.lot}" if line.gtin else f"SSCC {line.sscc}" if line.sscc else "no ledger reference"
    signals = ", ".join(each["signal"] for each in found.score.get("signals", ()))
    named = f"{line.declaration_office_id} {line.declaration_id}/{line.sequence_numeric}"
    return f"{found.number:>7}  risk {found.risk:>3}  {named}  {goods}  {signals}"


def _words(found: Kept) -> str:
    from ledger.core.wording import moment

    line, score = found.line, found.score
    said = {
        "Line": f"{found.number}: {line.declaration_id}/{line.sequence_numeric} at {line.declaration_office_id}, "
        f"version {line.version_id}" + ("" if found.newest else "; a newer version is there"),
        "Accepted": moment(line.acceptance_date_time),
        "Goods": f"HS {line.classification_id} {line.description}".rstrip(),
        "Names": " ".join(filter(None, [line.gtin, line.lot and f"lot {line.lot}", line.sscc and f"SSCC {line.sscc}"])),
        "Quantity": f"{line.tariff_quantity:,} units" if line.tariff_quantity else "",
        "Mass": f"{line.gross_mass_measure:,g} kg gross, {line.net_net_weight_measure:,g} kg net",
        "Value": f"{line.customs_value_amount:,.2f} {line.currency_id}",
        "Route": " to ".join(line.route),
        "Arrival": moment(line.arrival_date_time) if line.arrival_date_time else "",
        "Parties": f"importer {line.importer_id}, consignee {line.consignee}, exporter {line.exporter_id}",
        "Risk": f"{found.risk} of 100, as of block {found.scored_block}" if score else "not scored yet",
        "Ledger": score.get("detail", ""),
    }
    lines = [f"{name}: {text}" for name, text in said.items() if text]
    signals = [f"  {each['signal']} ({each['weight']}): {visible(each['reason'])}" for each in score.get("signals", ())]
    return "\n".join([*lines, *(["Signals:", *signals] if signals else [])])
