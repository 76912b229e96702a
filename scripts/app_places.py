"""Write `api/web/app/src/places.json`: the places of `ledger/core/places_data.py` for the scanner's map.

    python scripts/app_places.py

One object without spaces: UN/LOCODE → [degrees north, degrees east], to hundredths, as precise as the source is. A
place that is not listed there is somewhere in its country: a country's two letters give the middle of its largest disc.
"""

from __future__ import annotations

import json
from pathlib import Path

from ledger.core.places_data import COUNTRIES, PLACES

TARGET = Path(__file__).parents[1] / "api" / "web" / "app" / "src" / "places.json"
ROW = 3  # values that state a place


def places() -> dict[str, list[float]]:
    """Give every country and place with its coordinates, by code."""
    found = {country: _middle(discs.split()) for country, discs in COUNTRIES.items()}
    for country, listed in PLACES.items():
        row = listed.split()
        for index in range(0, len(row), ROW):
            found[country + row[index]] = [int(value) / 100 for value in row[index + 1 : index + ROW]]
    return dict(sorted(found.items()))


def _middle(row: list[str]) -> list[float]:
    """Give the centre of the largest of a country's discs: north, east and radius in km of each."""
    discs = [row[index : index + ROW] for index in range(0, len(row), ROW)]
    return [int(value) / 100 for value in max(discs, key=lambda disc: int(disc[2]))[:2]]


def written() -> str:
    """Give the file's text."""
    return json.dumps(places(), separators=(",", ":")) + "\n"


if __name__ == "__main__":
    TARGET.write_text(written(), encoding="ascii")
