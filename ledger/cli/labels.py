"""`lotproof labels`: the QR label of a batch or a consignment, decoded back before it is handed out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.cli.keys import Data, settings_for
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError

FORMATS: Final = (".png", ".svg")


@command
def labels(
    gtin: Annotated[str, typer.Argument(help="The batch's GTIN, or an SSCC alone.")],
    lot: Annotated[str, typer.Argument(help="The batch's lot.")] = "",
    output: Annotated[Path, typer.Option("-o", "--output", help="A .png or .svg file.")] = Path("label.png"),
    expiry: Annotated[str, typer.Option(help="The expiry date printed in the code, YYYY-MM-DD.")] = "",
    host: Annotated[
        str, typer.Option(help="The Digital Link host; the first of LOTPROOF_PUBLIC_HOSTS if not given.")
    ] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write the QR label of a batch (GTIN and LOT) or of a consignment (SSCC)."""
    from ledger import label

    if output.suffix.lower() not in FORMATS:
        raise InvalidInputError(
            f"{output} is neither a .png nor an .svg file.", advice="Name one, such as -o label.png.", field="output"
        )
    elements = _elements(gtin, lot, expiry)
    link = label.link(elements, host or settings_for(data).public_hosts[0])
    draw = label.svg if output.suffix.lower() == ".svg" else label.png
    image = draw(link, label.human_readable(elements))
    _write(output, image)
    show({"code": link, "file": str(output)}, f"{output}: {link}", as_json=as_json)


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


def _write(output: Path, image: bytes) -> None:
    try:
        output.write_bytes(image)
    except OSError as error:
        raise InvalidInputError(f"{output} cannot be written: {error.strerror}.", field="output") from error
