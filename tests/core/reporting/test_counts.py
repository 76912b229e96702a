"""No published number is small, and from none of them does a small one follow, whatever else is published."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise, product
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.reporting import counts
from ledger.core.reporting.counts import LEAST, LEAST_TOTAL, MONTHS, at_least, bounds, ended_months, published, table

if TYPE_CHECKING:
    from collections.abc import Iterator

classes = st.dictionaries(st.sampled_from(["", "BE", "ID", "SG", "TH", "VN"]), st.integers(0, 40))


@pytest.mark.parametrize(
    ("given", "rows", "others"),
    [
        ({"TH": 12, "SG": 9}, [("TH", 12), ("SG", 9)], 0),
        ({"TH": 12, "SG": 9, "BE": 0}, [("TH", 12), ("SG", 9)], 0),
        ({"TH": 12, "SG": 9, "BE": 1}, [("TH", 12)], 10),  # primary: BE; complementary: SG
        ({"TH": 12, "SG": 12, "BE": 1}, [], 25),  # which of two alike goes, the name must not say
        ({"TH": 12, "SG": 9, "BE": 4, "ID": 4}, [("TH", 12)], 17),
        ({"TH": 4, "SG": 3, "BE": 3}, [], 10),
        ({"TH": 10}, [("TH", 10)], 0),
        ({"TH": 9, "": 1}, [], 10),
    ],
)
def test_what_is_listed(given: dict[str, int], rows: list[tuple[str, int]], others: int) -> None:
    found = table(given)
    assert (list(found.rows), found.others) == (rows, others)


@given(classes)
def test_every_number_that_is_published_is_large_and_they_add_up(given: dict[str, int]) -> None:
    told = published({"country": given})
    if told["incidents"] is None:
        assert sum(given.values()) < LEAST_TOTAL
        assert told["tables"] == {}
        return
    assert told["incidents"] == sum(given.values()) >= LEAST_TOTAL
    rows = told["tables"]["country"]["rows"]
    others = told["tables"]["country"]["others"]
    assert sum(row["incidents"] for row in rows) + others == told["incidents"]
    assert all(row["incidents"] == given[row["name"]] >= LEAST for row in rows)
    assert others == 0 or others > LEAST


def months(rows: int, columns: int, most: int) -> Iterator[tuple[tuple[int, ...], str]]:
    """Every month of so many countries and kinds of goods with so many incidents at most, and what is published."""
    for cells in product(range(most + 1), repeat=rows * columns):
        if sum(cells) > most:
            continue
        country = {f"country {at}": sum(cells[at * columns : (at + 1) * columns]) for at in range(rows)}
        goods = {f"goods {at}": sum(cells[at::columns]) for at in range(columns)}
        told = published({"country": country, "goods": goods})
        yield (*cells, *country.values(), *goods.values()), orjson.dumps(told).decode()


@pytest.mark.parametrize(
    ("least", "rows", "columns", "most"), [(3, 3, 1, 16), (2, 4, 1, 10), (3, 2, 2, 12), (2, 3, 2, 9)]
)
def test_whoever_reads_everything_and_knows_the_rules_concludes_nothing_small(
    monkeypatch: pytest.MonkeyPatch, least: int, rows: int, columns: int, most: int
) -> None:
    """Of all months that would be published alike: can one tell of a cell or a sum that it is 1 to `LEAST` - 1?"""
    monkeypatch.setattr(counts, "LEAST", least)
    monkeypatch.setattr(counts, "LEAST_TOTAL", 2 * least)
    alike: defaultdict[str, list[tuple[int, ...]]] = defaultdict(list)
    for numbers, told in months(rows, columns, most):
        alike[told].append(numbers)
    assert len(alike) > 10
    for told, possible in alike.items():
        for number in zip(*possible, strict=True):
            assert not (min(number) >= 1 and max(number) < least), told


def test_without_the_complement_a_small_number_would_follow() -> None:
    """What the test above would find: TH 12 of 13 tells that of the two others one has one."""
    given = {"TH": 12, "SG": 1, "BE": 0}
    listed = {name: number for name, number in given.items() if number >= LEAST}
    assert sum(given.values()) - sum(listed.values()) == 1
    assert table(given).rows == ()


@given(st.integers(1_600_000_000, 2_000_000_000))
def test_only_months_that_are_over_are_published_and_each_once(now: int) -> None:
    found = ended_months(now)
    assert len(found) == len(set(found)) == MONTHS
    assert all(bounds(month)[1] + counts.SETTLED_SECONDS <= now for month in found)
    assert all(bounds(newer)[0] == bounds(older)[1] for newer, older in pairwise(found))
    assert bounds(found[0])[1] + counts.SETTLED_SECONDS + 31 * 86_400 > now


def test_bounds_of_a_month() -> None:
    assert [datetime.fromtimestamp(each, UTC).isoformat() for each in bounds("2024-02")] == [
        "2024-02-01T00:00:00+00:00",
        "2024-03-01T00:00:00+00:00",
    ]
    assert ended_months(bounds("2026-01")[0])[0] == "2025-11"  # December is counted a day later
    assert ended_months(bounds("2026-01")[0] + counts.SETTLED_SECONDS)[0] == "2025-12"


def test_counts_that_everybody_sees_are_rounded_down() -> None:
    assert [at_least(each) for each in (0, 4, 5, 9, 10, 49, 50, 10_000)] == [0, 0, 5, 5, 10, 20, 50, 1_000]
