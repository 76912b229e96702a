"""What `scripts/faults` writes: figures of each harness in a file, and the table of docs/reliability.md from these."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.faults.catalogue import about, harnesses

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES = DOCS / "reliability"
PAGE = DOCS / "reliability.md"
BEGIN = "<!-- made by scripts/faults from docs/reliability/*.json -->"
END = "<!-- end of what scripts/faults makes -->"
HEADER = (
    "| Harness | Reached | Bugs put in on purpose, all caught | Held | Ran |\n"
    "|---|---|---|---|---|"
)  # fmt: skip

Report = dict[str, Any]


def write(report: Report, folder: Path = FIGURES) -> Path:
    """Keep what one harness came to; the one before is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report['name']}.json"
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def reports(folder: Path = FIGURES) -> list[Report]:
    """Every harness's last report, in the order of the names."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def table(found: list[Report]) -> str:
    """The reports as a table, a row each, and a row for each harness that was not run at length yet."""
    known = {each["name"] for each in found}
    waiting = [
        f"| `{name}`: {about(harness)} | | | not run at length yet | |"
        for name, harness in harnesses().items()
        if name not in known
    ]
    return "\n".join([HEADER, *map(_row, found), *waiting])


def with_table(page: str, made: str) -> str:
    """The page with this table between its two markers, and all else as it was.

    Raises:
        ValueError: The page has not the two markers.
    """
    pattern = re.compile(f"({re.escape(BEGIN)}\n).*?(\n{re.escape(END)})", re.DOTALL)
    if not pattern.search(page):
        message = f"The page has no place for the table: it needs the lines {BEGIN} and {END}."
        raise ValueError(message)
    return pattern.sub(lambda found: found[1] + made + found[2], page)


def table_of(page: str) -> str:
    """The table that stands in the page."""
    return page.partition(BEGIN + "\n")[2].partition("\n" + END)[0]


def _row(report: Report) -> str:
    reached = ", ".join(
        f"{_number(value)} {name.replace('_', ' ')}"
        for name, value in report["figures"].items()
        if not isinstance(value, str)  # a detail: it stays in the file
    )
    plants = ", ".join(f"`{name}`" for name in report["plants"])
    held = "yes" if not report["broken"] else "**no**: " + " ".join(report["broken"])
    ran = f"{report['date']}, {_duration(report['seconds'])}"
    return f"| `{report['name']}`: {report['about']} | {reached} | {plants} | {held} | {ran} |"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
