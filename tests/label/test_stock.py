"""Label stock: the table is possible on paper, and the places are where the makers put them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ledger.core.errors import InvalidInputError
from ledger.label.stock import INCH, STOCK, Stock, stock_named


@pytest.mark.parametrize("stock", STOCK.values(), ids=list(STOCK))
def test_every_grid_fits_its_sheet_and_no_label_covers_another(stock: Stock) -> None:
    corners = [stock.corner(slot) for slot in range(stock.per_page)]
    for (left, top), size in ((corner, stock.label) for corner in corners):
        assert left >= -1e-9
        assert top >= -1e-9
        assert left + size[0] <= stock.page[0] + 1e-9
        assert top + size[1] <= stock.page[1] + 1e-9
    columns = sorted({round(left, 6) for left, _ in corners})
    rows = sorted({round(top, 6) for _, top in corners})
    assert (len(columns), len(rows)) == stock.grid
    assert all(after - before >= stock.label[0] - 1e-6 for before, after in pairwise(columns))
    assert all(after - before >= stock.label[1] - 1e-6 for before, after in pairwise(rows))


def test_slots_go_row_by_row_from_the_top_left() -> None:
    stock = STOCK["a4-21"]
    assert stock.corner(0) == pytest.approx((7.21, 15.15))  # as printed in Avery's template of L7160
    assert stock.corner(2) == pytest.approx((7.21 + 2 * 66.04, 15.15))
    assert stock.corner(3) == pytest.approx((7.21, 15.15 + 38.1))


def test_the_margins_of_letter_sheets_are_avery_s() -> None:
    assert STOCK["letter-30"].corner(0) == pytest.approx((0.1875 * INCH, 0.5 * INCH))


def test_names_tell_how_many_labels_a_sheet_has() -> None:
    named = {name: stock.per_page for name, stock in STOCK.items() if not name.startswith("roll")}
    assert named == {name: int(name.partition("-")[2]) for name in named}


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match="a4-25") as refused:
        stock_named("a4-25")
    assert "letter-30" in refused.value.advice
