"""What is said of a company has its interval, and three shipments do not make a name."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.core.errors import InvalidInputError
from ledger.risk.profiles import SUBJECTS, Profile, profiles
from tests.risk.declared import lines_of, rows


def shipments(*counts: tuple[str, int, int]) -> list[dict[str, object]]:
    """One-line shipments: importer, how many, how many of them non-compliant."""
    plain = rows(1)[0]
    return [
        plain | {"importer_id": importer, "declaration_id": f"{importer}{number}", "non_compliant": number < hits}
        for importer, trials, hits in counts
        for number in range(trials)
    ]


def many(counts: dict[str, tuple[int, int]]) -> dict[str, Profile]:
    """The profiles of these importers among sixty others who differ: half of them 5, half of them 25 of 100 bad."""
    others = [(f"REST{number}", 100, 5 + 20 * (number % 2)) for number in range(60)]
    named = [(name, trials, hits) for name, (trials, hits) in counts.items()]
    found = profiles(*lines_of(shipments(*named, *others)), "importer_id")
    return {each.name: each for each in found.profiles}


def test_three_bad_shipments_of_three_stand_behind_sixty_of_a_hundred() -> None:
    found = many({"FEW": (3, 3), "MANY": (100, 60)})
    assert next(iter(found)) == "MANY"
    few = found["FEW"]
    assert (few.standing, found["MANY"].standing, found["REST0"].standing) == ("unclear", "above", "below")
    assert few.expected < 0.4
    assert few.interval.high - few.interval.low > 0.5
    assert few.likely.low < few.expected < few.likely.high
    assert found["MANY"].interval.low < 0.6 < found["MANY"].interval.high


def test_one_shipment_says_nothing_clear() -> None:
    assert many({"ONE": (1, 1)})["ONE"].standing == "unclear"


def test_among_thousands_who_are_alike_nobody_is_singled_out() -> None:
    chance = np.random.default_rng(6)
    lines, _ = lines_of([row | {"importer_id": f"I{number % 3_000}"} for number, row in enumerate(rows(9_000))])
    found = profiles(lines, chance.random(9_000) < 0.2, "importer_id")
    assert any(each.non_compliant == each.shipments for each in found.profiles)  # three bad ones of three, by chance
    assert {each.standing for each in found.profiles} == {"unclear"}


def test_a_shipment_with_many_lines_counts_once() -> None:
    made = shipments(("A", 10, 2))
    lines = [row | {"sequence_numeric": number} for row in made for number in (1, 2, 3)]
    found = profiles(*lines_of(lines), "importer_id").profiles[0]
    assert (found.shipments, found.non_compliant) == (10, 2)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_is_profiled_where_the_lines_name_it(subject: str) -> None:
    lines, truth = lines_of(rows(300))
    if subject in {"agent_id", "carrier_id"}:
        with pytest.raises(InvalidInputError, match="do not name"):
            profiles(lines, truth, subject)
        return
    found = profiles(lines, truth, subject)
    assert sum(each.shipments for each in found.profiles) == 300
    assert np.isclose(found.rate, truth.mean())


def test_a_route_runs_between_the_places_named_or_else_the_countries() -> None:
    lines, truth = lines_of(rows(50))
    assert all(" → " in each.name for each in profiles(lines, truth, "route").profiles)
    places = {
        "loading_location_id": np.full(50, "CNSHA", object),
        "unloading_location_id": np.full(50, "THBKK", object),
    }
    places["unloading_location_id"][0] = ""
    lines.categories.update(places)
    (only,) = profiles(lines, truth, "route").profiles
    assert (only.name, only.shipments) == ("CNSHA → THBKK", 49)


def test_what_is_no_subject_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="cannot be profiled"):
        profiles(*lines_of(rows(5)), "weather")
