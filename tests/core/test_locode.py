"""UN/LOCODE as people write it."""

from __future__ import annotations

import pytest

from ledger.core.locode import read_locode


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SGSIN", "SGSIN"),
        (" sg sin ", "SGSIN"),
        ("US2AB", "US2AB"),
        ("SG-SIN", ""),
        ("S1SIN", ""),
        ("SGSINX", ""),
        ("", ""),
        ("ＳＧＳＩＮ", ""),
    ],
)
def test_a_place_is_read_with_or_without_a_space_and_nothing_else_is(text: str, place: str) -> None:
    assert read_locode(text) == place
