"""A layout never leaves its label, never touches a quiet zone, and says what GS1 would say of it."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidInputError
from ledger.label.layout import ADVANCE, FEWEST_DOTS, LEADING, MARGIN, X_DIMENSIONS, Layout, grade, lay_out
from ledger.label.stock import INCH, POINT, STOCK

QR, DATAMATRIX = X_DIMENSIONS["qr"], X_DIMENSIONS["datamatrix"]
LINES = ["(01) 00359267102522", "(10) PB26K017", "(17) 280531", "(21) 9D7EA10C8B17B"]


class Maker(NamedTuple):
    size: int
    quiet: int = 4
    name: str = "QR code"

    def encode(self, texts: object) -> None: ...


def laid(stock: str, size: int, *, quiet: int = 4, dpi: int = 300, lines: list[str] = LINES) -> Layout:
    return lay_out(STOCK[stock], Maker(size, quiet), lines, QR if quiet == 4 else DATAMATRIX, dpi)


def rules(layout: Layout, size: int) -> list[str]:
    return [warning.rule for warning in grade(layout, Maker(size), QR, 181)]


@given(
    st.sampled_from(sorted(STOCK)),
    st.integers(5, 44).map(lambda half: 2 * half),
    st.sampled_from([1, 4]),
    st.sampled_from([203, 300, 600]),
    st.integers(1, 5),
    st.integers(10, 25),
)
def test_symbol_text_and_quiet_zone_stay_on_the_label_and_apart(
    stock: str, size: int, quiet: int, dpi: int, lines: int, longest: int
) -> None:
    try:
        layout = laid(stock, size, quiet=quiet, dpi=dpi, lines=["x" * longest] * lines)
    except InvalidInputError:
        return
    width, height = layout.stock.label
    side, clear = size * layout.module, quiet * layout.module
    (left, top), (x, y) = layout.symbol, layout.text
    right, bottom = left + side, top + side
    end, low = x + longest * ADVANCE * layout.text_size * POINT, y + lines * LEADING * layout.text_size * POINT
    slack = 1e-9
    assert min(left, top, width - right, height - bottom) >= max(MARGIN, clear) - slack or low > bottom
    assert min(left, top, width - right) >= clear - slack
    assert min(x, y, width - end, height - low) >= MARGIN - slack
    assert (x >= right + clear - slack) if layout.beside else (y >= bottom + clear - slack)
    assert layout.module == layout.dots * INCH / dpi


def test_a_large_label_has_modules_above_the_target_and_text_below() -> None:
    layout = laid("roll-100x150", 57)
    assert QR.target <= layout.module <= QR.most
    assert not layout.beside
    assert rules(layout, 57) == []


def test_text_goes_beside_where_the_symbol_would_get_too_small_below() -> None:
    assert laid("a4-24", 57).beside
    assert laid("a4-24", 57).module >= QR.least


@pytest.mark.parametrize(
    ("stock", "size", "expected"),
    [
        ("a4-24", 57, []),
        ("a4-24", 65, ["module_below_target"]),
        ("a4-40", 57, ["module_below_minimum"]),
        ("a4-65", 57, ["module_below_minimum", "small_text"]),
        ("a4-65", 81, ["module_below_minimum", "few_dots", "small_text"]),
    ],
)
def test_what_gs1_asks_for_and_a_label_cannot_give_is_said(stock: str, size: int, expected: list[str]) -> None:
    assert rules(laid(stock, size), size) == expected


def test_a_warning_names_module_limit_table_and_length() -> None:
    (first, *_) = grade(laid("a4-65", 57), Maker(57), QR, 181)
    for words in ("0.254 mm", "0.396 mm", "table 1", "181 characters", "57 by 57", "a4-65"):
        assert words in first.detail


def test_the_smaller_symbol_of_a_datamatrix_needs_no_warning_on_the_same_label() -> None:
    layout = laid("a4-44", 44, quiet=1)
    assert grade(layout, Maker(44, 1), DATAMATRIX, 150) == []


def test_a_finer_printer_gets_closer_to_the_least_module() -> None:
    assert laid("a4-40", 57, dpi=600).module > laid("a4-40", 57, dpi=300).module


def test_what_does_not_fit_is_refused_with_a_way_out() -> None:
    with pytest.raises(InvalidInputError, match="145 by 145 modules") as refused:
        laid("a4-65", 145)
    assert (refused.value.field, "larger stock" in refused.value.advice) == ("stock", True)


def test_no_module_has_a_single_dot() -> None:
    sizes = range(57, 177, 4)
    made = []
    for size in sizes:
        try:
            made.append(laid("a4-65", size).dots)
        except InvalidInputError:
            break
    assert min(made) == FEWEST_DOTS
