"""`lotproof risk`: a model of an administration's own, from its declarations and what its inspections found."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli.output import AsJson, command, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.risk.inspected import Inspected
    from ledger.risk.model_files import RiskModel
    from ledger.risk.reading import Read
    from ledger.risk.scoring import Scored

app = typer.Typer(
    help="Learn from inspections which declaration lines to look at. It ranks and explains; an officer decides.",
    no_args_is_help=True,
)
FAULTS_SHOWN: Final = 10
LINE: Final = ("declaration_office_id", "declaration_id", "sequence_numeric")  # what tells a line from all others
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="The folder that `risk train` wrote.")]
LinesFile = Annotated[Path, typer.Argument(metavar="LINES", help="Declaration lines, CSV or JSON.")]
ResultsFile = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="What inspections found: CSV or JSON with `result` and `selected_by`.")
]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write all of it to a CSV file too.")]
Shown = Annotated[int, typer.Option("--most", min=1, help="How many are shown.")]
Later = Annotated[
    Path | None, typer.Option("--results", help="What inspections found since; those drawn at random tell the truth.")
]


@command
def train(
    lines: LinesFile,
    results: ResultsFile,
    to: Annotated[Path, typer.Option("-o", "--output", help="A new folder for the model and its card.")],
    administration: Annotated[str, typer.Option(help="Whose model it is; stands in its card.")],
    category: Annotated[list[str], typer.Option(help="A column of your own with codes or names; repeat it.")] = [],  # noqa: B006 - typer reads the default and never changes it
    number: Annotated[list[str], typer.Option(help="A column of your own with numbers; repeat it.")] = [],  # noqa: B006 - the same
    group: Annotated[
        list[str],
        typer.Option(help="Columns joined by + that copies of a line share; repeat it. See docs/risk-model.md."),
    ] = [],  # noqa: B006 - the same
    seed: Annotated[int, typer.Option(help="Of all that is drawn; the same gives the same model.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train a model from inspected lines, try it on lines that it never saw, and write its card."""
    from datetime import UTC, datetime

    from ledger.durable import OWNER, writing
    from ledger.risk.card import card as page
    from ledger.risk.inspected import inspected
    from ledger.risk.reading import digest, read_lines, read_results
    from ledger.risk.training import Origin
    from ledger.risk.training import train as make
    from ledger.risk.validation import GROUPED_BY

    read = read_lines(lines, category, number)
    _warn(read)
    known = inspected(read.lines, read_results(results))
    files = {path.name: digest(path) for path in (lines, results)}
    keys = [tuple(each.split("+")) for each in group] or GROUPED_BY
    origin = Origin(administration, datetime.now(UTC).date().isoformat(), files, len(read.faults), keys, seed)
    with _progress(quiet=as_json) as report:
        model = make(known, to, origin, report)
    with writing(to / "card.md", OWNER) as file:
        file.write(page(model).encode())
    answer = {"model": str(to), "digest": model.digest, "unused_columns": list(read.unused), "facts": model.facts}
    show(answer, _trained(model, read, to), as_json=as_json)


@command
def score(
    model: Model,
    lines: LinesFile,
    output: Output = None,
    most: Shown = 20,
    as_json: AsJson = False,
) -> None:
    """Give each line the probability that it is non-compliant, the riskiest first, and say why."""
    from ledger.risk.scoring import score as judge

    loaded, read = _loaded(model, lines)
    scored = judge(loaded, read.lines, most)
    if output is not None:
        _write(output, (*LINE, "probability", "rank"), map(_score_row, scored))
    answer = {"model": loaded.digest, "lines": [_score_json(each) for each in scored]}
    show(answer, "\n".join(_score_words(each) for each in scored[:most]), as_json=as_json)


@command
def select(
    model: Model,
    lines: LinesFile,
    budget: Annotated[int, typer.Option(min=1, help="How many lines can be inspected.")],
    secret_file: Annotated[
        Path, typer.Option(help="Holds the secret that draws the random lines; made if it is not there. Keep it.")
    ],
    output: Output = None,
    random_share: Annotated[float, typer.Option(help="The share of the budget that is drawn at random.")] = 0.1,
    most: Shown = 20,
    as_json: AsJson = False,
) -> None:
    """Choose the lines to inspect: most by score, a share at random from all, each marked with how it was chosen."""
    from ledger.risk.scoring import probabilities_of
    from ledger.risk.selection import select as choose

    loaded, read = _loaded(model, lines)
    probabilities = probabilities_of(loaded, read.lines)
    names = read.lines.names
    chosen = choose(list(names), probabilities, budget, _secret(secret_file), random_share)
    header = (*LINE, "selected_by", "probability", "rank")
    rows = [(*names[each.line], each.by, f"{probabilities[each.line]:.6f}", each.rank) for each in chosen]
    if output is not None:
        _write(output, header, rows)
    answer = {"model": loaded.digest, "selected": [dict(zip(header, row, strict=True)) for row in rows]}
    drawn = sum(each.by == "random" for each in chosen)
    words = [f"{len(chosen):,} lines: {drawn:,} drawn at random from all {len(names):,}, the others by score."]
    words += [
        f"{names[each.line]}: {each.by}, {probabilities[each.line]:.1%}, rank {each.rank:,}" for each in chosen[:most]
    ]
    show(answer, "\n".join(words), as_json=as_json)


@command
def profile(
    lines: LinesFile,
    results: ResultsFile,
    of: Annotated[str, typer.Option(help="importer_id, exporter_id, agent_id, carrier_id, heading, origin or route.")],
    most: Shown = 20,
    as_json: AsJson = False,
) -> None:
    """Show what inspections found of each company, product or route, with how little may be known of it."""
    from ledger.risk.profiles import profiles

    known = _known(lines, results)
    found = profiles(known.lines, known.truth, of)
    rows = [
        each._asdict() | {"interval": each.interval._asdict(), "likely": each.likely._asdict()}
        for each in found.profiles
    ]
    words = [
        f"Of all inspected shipments {found.rate:.1%} were non-compliant.",
        f"A rate to expect is drawn towards that as if by {found.strength:.0f} more shipments.",
    ]
    words += [
        f"{each.name}: {each.non_compliant:,} of {each.shipments:,} (95 %: {each.interval.low:.1%} to "
        f"{each.interval.high:.1%}); expect {each.expected:.1%} ({each.likely.low:.1%} to {each.likely.high:.1%}); "
        f"{each.standing}"
        for each in found.profiles[:most]
    ]
    answer = {"subject": found.subject, "rate": found.rate, "strength": found.strength, "profiles": rows}
    show(answer, "\n".join(words), as_json=as_json)


@command
def drift(model: Model, lines: LinesFile, results: Later = None, as_json: AsJson = False) -> None:
    """Tell whether lines still look like those that a model was made from, and what to do if not. Exit 1 if not."""
    from ledger.risk.drift import ADVICE, shifts
    from ledger.risk.scoring import probabilities_of
    from ledger.risk.training import watched

    loaded, read = _loaded(model, lines)
    found = shifts(loaded.reference, watched(read.lines, probabilities_of(loaded, read.lines)))
    since = _since(loaded, read, results)
    answer: dict[str, Any] = {"model": loaded.digest, "shifts": [each._asdict() for each in found], "since": None}
    words = [f"{each.name}: {each.level}, index {each.psi:.3f} (by chance up to {each.chance:.3f})" for each in found]
    if since is not None:
        low, high = since.non_compliant.interval
        fits = low <= since.said <= high
        answer["since"] = {"said": since.said, "low": low, "high": high, "fits": fits}
        words.append(
            f"Of lines drawn at random {low:.1%} to {high:.1%} are non-compliant; the model said {since.said:.1%}"
            + (", which fits." if fits else ": its probabilities no longer hold. Train it again.")
        )
    levels = {each.level for each in found}
    words.append(ADVICE["moved" if "moved" in levels else "watch" if "watch" in levels else "steady"])
    show(answer, "\n".join(words), as_json=as_json)
    if "moved" in levels or (since is not None and not answer["since"]["fits"]):
        sys.exit(1)


@command
def card(
    model: Model,
    lines: Annotated[Path | None, typer.Option(help="Lines inspected since the model was made.")] = None,
    results: Later = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write it to a file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a model's card: what it is for, what it was made from, how often it errs."""
    from ledger.core.errors import InvalidInputError
    from ledger.durable import writing
    from ledger.risk.card import card as page
    from ledger.risk.model_files import load

    if (lines is None) != (results is None):
        raise InvalidInputError("Later results need their lines.", advice="Give --lines and --results.", field="lines")
    loaded = load(model)
    since = None if lines is None else _since(loaded, _read(loaded, lines), results)
    text = page(loaded, since)
    if output is not None:
        with writing(output) as file:
            file.write(text.encode())
        text = f"The card is in {output}."
    show({"model": loaded.digest, "facts": loaded.facts, "card": text}, text.rstrip(), as_json=as_json)


for each in (train, score, select, profile, drift, card):
    app.command()(each)


def _loaded(model: Path, lines: Path) -> tuple[RiskModel, Read]:
    from ledger.risk.model_files import load

    loaded = load(model)
    return loaded, _read(loaded, lines)


def _read(model: RiskModel, path: Path) -> Read:
    """Lines, with the columns of the administration's own that the model was trained with."""
    from ledger.risk.lines import CATEGORIES, NUMBERS
    from ledger.risk.reading import read_lines

    encoder = model.made.encoder
    read = read_lines(
        path,
        [name for name in encoder.categories if name not in CATEGORIES],
        [name for name in encoder.numbers if name not in NUMBERS],
    )
    _warn(read)
    return read


def _known(lines: Path, results: Path) -> Inspected:
    from ledger.risk.inspected import inspected
    from ledger.risk.reading import read_lines, read_results

    read = read_lines(lines)
    _warn(read)
    return inspected(read.lines, read_results(results))


def _since(model: RiskModel, read: Read, results: Path | None) -> Any:  # noqa: ANN401 - Truthful, imported late
    from ledger.risk.inspected import inspected
    from ledger.risk.reading import read_results
    from ledger.risk.scoring import found_at_random

    return None if results is None else found_at_random(model, inspected(read.lines, read_results(results)))


def _warn(read: Read) -> None:
    """Name the rows that are left out, on standard error."""
    for fault in read.faults[:FAULTS_SHOWN]:
        typer.echo(f"Left out: {fault}", err=True)
    if len(read.faults) > FAULTS_SHOWN:
        typer.echo(f"Left out: {len(read.faults) - FAULTS_SHOWN:,} more rows.", err=True)


def _secret(path: Path) -> bytes:
    import secrets

    from ledger.core.errors import InvalidInputError
    from ledger.durable import OWNER, writing

    try:
        if not path.exists():
            with writing(path, OWNER) as file:
                file.write(secrets.token_hex(32).encode())
        return path.read_bytes().strip()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field="secret_file") from error


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    from ledger.core.table import csv_cell
    from ledger.durable import writing

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    with writing(path) as file:
        file.write(text.getvalue().encode())


def _trained(model: RiskModel, read: Read, folder: Path) -> str:
    validation = model.facts["validation"]
    ranking, trial = validation["by_groups"]["ranking"], validation["by_groups"]
    words = [
        f"{folder} has the model {model.digest[:16]}… and its card.",
        f"On goods that it never saw, {ranking['precision'][2]:.1%} of the first 5 % were non-compliant.",
        f"Of all lines {trial['non_compliant'] / trial['lines']:.1%} were. AUC {ranking['auc']:.3f}.",
    ]
    if read.unused:
        words.append(f"Columns that no model reads: {', '.join(read.unused)}.")
    return "\n".join(words)


def _score_row(each: Scored) -> tuple[object, ...]:
    return (*each.name, f"{each.probability:.6f}", each.rank)


def _score_json(each: Scored) -> dict[str, Any]:
    return {
        **dict(zip(LINE, each.name, strict=True)),
        "probability": each.probability,
        "rank": each.rank,
        "reasons": [reason._asdict() for reason in each.reasons],
    }


def _score_words(each: Scored) -> str:
    reasons = [f"    {reason.words}" for reason in each.reasons]
    return "\n".join([f"{each.rank}. {each.name}: {each.probability:.1%}", *reasons])


def _progress(*, quiet: bool) -> Any:  # noqa: ANN401 - a context manager around a function
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    @contextmanager
    def shown() -> Any:  # noqa: ANN401 - the same
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as progress:
            task = progress.add_task("Steps", total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)

    return shown()
