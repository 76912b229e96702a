"""The scanner's places are those that the server judges by."""

from __future__ import annotations

import json
import math
import runpy
from pathlib import Path
from typing import Any

import pytest

from ledger.core.places_data import COUNTRIES, PLACES
from ledger.core.travel import discs


@pytest.fixture(scope="module")
def script(checkout: Path) -> dict[str, Any]:
    return runpy.run_path(str(checkout / "scripts/app_places.py"))


def test_the_file_is_what_its_script_writes(script: dict[str, Any]) -> None:
    assert script["TARGET"].read_text(encoding="ascii") == script["written"]()


def test_every_place_is_there_where_the_server_has_it(script: dict[str, Any]) -> None:
    places = json.loads(script["TARGET"].read_text(encoding="ascii"))
    assert len(places) == len(COUNTRIES) + sum(len(row.split()) // 3 for row in PLACES.values())
    for code in ("BEBRU", "DEBER", "IDCGK", "SGSIN"):
        known = code if code in places else code[:2]
        assert [math.radians(value) for value in places[known]] in [
            pytest.approx([disc.north, disc.east]) for disc in discs(code)
        ]
