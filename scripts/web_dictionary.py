"""Write the browser's copy of the GS1 tables, from those of `ledger.core.gs1`, so that both read codes alike.

    python scripts/web_dictionary.py

Lists are joined into texts, which keeps the file small; `api/web/app/src/core/gs1/dictionary.ts` takes them apart.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from ledger.core.gs1 import dictionary_data as data
from ledger.core.gs1.characters import LOOK_ALIKES
from ledger.core.gs1.layouts import LAYOUTS, US

TARGET: Final = Path(__file__).parents[1] / "api" / "web" / "app" / "src" / "core" / "gs1" / "dictionary.json"
SORTED_LISTS: Final = ("COUNTRY_LETTERS", "COUNTRY_NUMBERS", "CURRENCIES", "PACKAGE_TYPES")


def _part(part: data.Part) -> str:
    """Write `N13,csum`, `X1..20` or `X1..17?`, the last for a part that may be absent."""
    kind, shortest, longest, optional, linters = part
    size = f"{longest}" if shortest == longest else f"{shortest}..{longest}"
    return ",".join((f"{kind}{size}{'?' if optional else ''}", *linters))


def _row(row: data.Row) -> list[Any]:
    first, last, fixed, attribute, parts, requires, excludes, qualifiers, title = row
    return [
        first,
        last,
        ("*" if fixed else "") + ("?" if attribute else ""),
        " ".join(_part(part) for part in parts),
        " ".join(",".join("+".join(alternative) for alternative in group) for group in requires),
        " ".join(excludes),
        None if qualifiers is None else "|".join(",".join(each) for each in qualifiers),
        title,
    ]


def content() -> dict[str, Any]:
    """Give what the file holds."""
    return {
        "release": data.RELEASE,
        "identifiers": [_row(row) for row in data.ROWS],
        **{name.lower(): " ".join(sorted(getattr(data, name))) for name in SORTED_LISTS},
        "us_layout": US,
        "layouts": LAYOUTS,
        "look_alikes": ["".join(LOOK_ALIKES), "".join(LOOK_ALIKES.values())],
    }


def written() -> str:
    """Give the file's text: one identifier in each line, so that a new release shows as changed lines."""
    fields = []
    for name, value in content().items():
        if name == "identifiers":
            rows = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in value)
            fields.append(f'"{name}":[\n{rows}\n]')
        else:
            fields.append(f'"{name}":{json.dumps(value, ensure_ascii=False, separators=(",", ":"))}')
    return "{\n" + ",\n".join(fields) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(written(), encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
