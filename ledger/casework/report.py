"""Results of an operation as a PDF, made by ReportLab."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from ledger.core.casework.results import COUNTS, OF_KIND
from ledger.core.wording import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportlab.lib.styles import PropertySet

Json = dict[str, Any]
_HEADS: Final = {
    "cases": "Cases",
    "closed": "Closed",
    "holds": "Held",
    "releases": "Released",
    "seizures": "Seizures",
    "units": "Units",
    "stated_seizures": "Seizures*",
    "stated_units": "Units*",
}
_NOTE: Final = (
    "Counted is what was opened, decided or seized within the window. Seizures and units are those that the ledger "
    "proves. *: of goods that the ledger does not know, as officers state them; the two are not added up."
)
_LOOK: Final = TableStyle(
    [
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold"),
        ("FONT", (0, 1), (-1, -1), "Helvetica"),
        ("FONTSIZE", (0, 0), (-1, -1), 9),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.2, colors.grey),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
)
_FIRST: Final = 80 * mm  # width of the column of names
_OTHERS: Final = 22 * mm


def pdf_of(told: Json, about: Sequence[tuple[str, str]]) -> bytes:
    """Write results as a PDF of A4 pages.

    Args:
        told: As `results.rows` takes them.
        about: What the operation is, as pairs of a name and a text.

    Returns:
        The file. Letters that its font has not, which are those beyond Windows-1252, stand as their Unicode numbers.
    """
    out = io.BytesIO()
    style = getSampleStyleSheet()
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        title="Results of a joint operation",
        author="Lotproof",
        invariant=1,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=14 * mm,
        bottomMargin=14 * mm,
    )
    lines = [f"<b>{name.replace('_', ' ')}</b>: {_text(text)}" for name, text in about[1:]]
    lines.append(f"<b>counted at</b>: {moment(told['counted_at'])}")
    document.build(
        [
            Paragraph(_text(about[0][1]), style["Title"]),
            *(Paragraph(line, style["BodyText"]) for line in lines),
            Paragraph("By administration", style["Heading2"]),
            _table("Administration", COUNTS, _members(told, style["BodyText"])),
            Paragraph("By kind of goods", style["Heading2"]),
            _table(
                "Kind of goods", OF_KIND, [[each["product_class"], *_counts(each, OF_KIND)] for each in told["by_kind"]]
            ),
            Spacer(0, 6 * mm),
            Paragraph(_NOTE, style["BodyText"]),
        ]
    )
    return out.getvalue()


def _members(told: Json, style: PropertySet) -> list[list[Any]]:
    rows = [
        [Paragraph(_text(f"{each['name']} ({each['country']})"), style), *_counts(each, COUNTS)]
        for each in told["by_member"]
    ]
    return [*rows, ["All", *_counts(told, COUNTS)]]


def _counts(row: Json, names: Sequence[str]) -> list[str]:
    return [f"{row[name]:,}" for name in names]


def _table(first: str, names: Sequence[str], rows: list[list[Any]]) -> Table:
    heads = [first, *(_HEADS[name] for name in names)]
    return Table([heads, *rows], [_FIRST, *[_OTHERS] * len(names)], style=_LOOK, repeatRows=1, hAlign="LEFT")


def _text(text: str) -> str:
    """A text as the standard fonts of PDF can show it and ReportLab's markup takes it (ISO 32000-1, annex D.2)."""
    return escape("".join(sign if _has(sign) else f"[U+{ord(sign):04X}]" for sign in text))


def _has(sign: str) -> bool:
    """Whether the standard fonts have a letter: WinAnsiEncoding, which is Windows-1252."""
    try:
        sign.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
