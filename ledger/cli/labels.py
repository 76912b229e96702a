"""`lotproof labels`: labels of a batch, of its packs or of a consignment, read back before they are handed out."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.chain.signers import Signer
    from ledger.cli.client import Json
    from ledger.label.content import Elements
    from ledger.label.run import Run

PICTURES: Final = (".png", ".svg")
SHEETS: Final = ".pdf"
STDIN: Final = "-"


class Symbol(StrEnum):
    """What `--symbol` takes."""

    QR = "qr"
    DATAMATRIX = "datamatrix"


@command
def labels(
    gtin: Annotated[str, typer.Argument(help="The batch's GTIN, or an SSCC alone.")],
    lot: Annotated[str, typer.Argument(help="The batch's lot.")] = "",
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A .pdf file of sheets, one .png or .svg, or a new folder of .png.")
    ] = Path("label.png"),
    serials: Annotated[
        str, typer.Option(help="A file with one serial number a line: a label for each; - for standard input.")
    ] = "",
    expiry: Annotated[str, typer.Option(help="The expiry date printed in the code, YYYY-MM-DD.")] = "",
    host: Annotated[
        str, typer.Option(help="The Digital Link host; the first of LOTPROOF_PUBLIC_HOSTS if not given.")
    ] = "",
    key: Annotated[
        str, typer.Option("--as", help="The label key (P-256) that signs each label; see `lotproof key list`.")
    ] = "",
    stock: Annotated[str, typer.Option(help="The labels of a .pdf: see docs/manufacturer.md.")] = "a4-24",
    symbol: Annotated[Symbol, typer.Option(help="A QR code with a link, or a GS1 DataMatrix.")] = Symbol.QR,
    dpi: Annotated[int, typer.Option(min=150, max=2400, help="Dots an inch of the printer of a .pdf.")] = 300,
    check_every: Annotated[int, typer.Option(min=1, help="Read back every n-th label of a .pdf.")] = 100,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write the labels of a batch (GTIN and LOT), of its packs (--serials) or of a consignment (SSCC)."""
    from ledger.label.run import Run
    from ledger.label.stock import stock_named

    settings = settings_for(data)
    run = Run(
        elements=_elements(gtin, lot, expiry),
        serials=_serials(serials, lot),
        host=host or settings.public_hosts[0],
        stock=stock_named(stock),
        symbol=symbol.value,
        dpi=dpi,
        sign=signing(unlock(settings, key)) if key else None,
        check_every=check_every,
    )
    answer = _print(run, output, quiet=as_json)
    for warning in answer["warnings"]:
        typer.echo(f"lotproof: {warning['detail']}", err=True)
    show(answer, _words(answer), as_json=as_json)


def signing(signer: Signer) -> Callable[[Elements], Elements]:
    """Signs labels with a key.

    Raises:
        InvalidInputError: It is not a P-256 key.
    """
    from ledger.chain.signers import P256Signer
    from ledger.core.label_signature import signed_elements

    if not isinstance(signer, P256Signer):
        raise InvalidInputError(
            f"The key {signer.name} is a {signer.kind} key; labels are signed with P-256.",
            advice="Make one with `lotproof key new NAME`, and have it accredited for labels.",
            field="as",
        )
    return lambda elements: signed_elements(elements, signer.sign_label, signer.key_id)


def _print(run: Run, output: Path, *, quiet: bool) -> Json:
    """Print, and tell what was made."""
    from ledger.label.pictures import print_folder, print_picture
    from ledger.label.sheets import print_sheets

    form = output.suffix.lower()
    answer: Json = {"code": run.code(run.label(0)), "file": str(output), "labels": len(run), "warnings": []}
    if form in PICTURES:
        print_picture(run, output)
        return {**answer, "checked": 1}
    if form not in {SHEETS, ""}:
        raise InvalidInputError(
            f"{output} is neither a .pdf, .png or .svg file nor a folder.",
            advice="Name one, such as -o labels.pdf.",
            field="output",
        )
    with _progress(len(run), quiet=quiet) as tell:
        if not form:
            print_folder(run, output, tell)
            return {**answer, "checked": len(run)}
        printed = print_sheets(run, output, tell)
    return {
        **answer,
        "pages": printed.pages,
        "checked": printed.checked,
        "stock": run.stock.name,
        "dpi": run.dpi,
        "modules": printed.modules,
        "module_mm": round(printed.module, 3),
        "warnings": [warning._asdict() for warning in printed.warnings],
    }


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[int], object]]:
    """A bar on the terminal, told how many labels are done."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn())
    silent = quiet or total == 1 or not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=silent) as bar:
        task = bar.add_task("Printing", total=total)
        yield lambda done: bar.update(task, completed=done)


def _words(answer: Json) -> str:
    file, labels = answer["file"], _counted(answer["labels"], "label")
    if "pages" in answer:
        pages = _counted(answer["pages"], "page")
        module = f"modules of {answer['module_mm']} mm"
        return f"{file}: {labels} on {pages} of {answer['stock']}, {module}; {answer['checked']:,} read back."
    return f"{file}: {answer['code']}" if answer["labels"] == 1 else f"{file}: {labels}, all read back."


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _elements(gtin: str, lot: str, expiry: str) -> list[tuple[str, str]]:
    """What the label says: an SSCC alone, or GTIN, lot and expiry."""
    from ledger.core.gs1 import format_gs1_date, gtin14, sscc18

    if not lot:
        return [("00", sscc18(gtin))]
    elements = [("01", gtin14(gtin)), ("10", lot)]
    if not expiry:
        return elements
    try:
        day = date.fromisoformat(expiry)
    except ValueError:
        raise InvalidInputError(f"{expiry!r} is not a date such as 2028-05-31.", field="expiry") from None
    return [*elements, ("17", format_gs1_date(day))]


def _serials(source: str, lot: str) -> list[str]:
    """The serial numbers named on the command line; none if nothing is named."""
    from ledger.label.serials import MAX_BYTES, read_serials

    if not source:
        return []
    if not lot:
        raise InvalidInputError("A consignment has no serial numbers.", advice="Name GTIN and LOT.", field="serials")
    if source == STDIN:
        return read_serials(sys.stdin.buffer.read(MAX_BYTES + 1))
    try:
        with Path(source).open("rb") as file:
            return read_serials(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise InvalidInputError(f"{source} cannot be read: {error.strerror}.", field="serials") from error
