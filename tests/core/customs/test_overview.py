"""Lines are counted by risk, signal, day and route; nothing is left out and nothing counted twice."""

from __future__ import annotations

from ledger.core.customs.overview import BANDS, DAY_SECONDS, MOST_ROUTES, Counted, count

SINCE = 20_000 * DAY_SECONDS
LINE = Counted(SINCE, 0, "batch", (), "BEBRU", "SGSIN")


def test_every_line_is_in_one_band_and_on_one_day() -> None:
    lines = [LINE._replace(risk=risk, accepted=SINCE + risk * 1_000) for risk in range(101)]
    told = count(lines, SINCE, SINCE + 2 * DAY_SECONDS)
    assert {each["least"]: each["lines"] for each in told["risk"]} == {0: 1, 1: 19, 20: 20, 40: 20, 60: 20, 80: 21}
    assert [each["least"] for each in told["risk"]] == list(BANDS)
    assert [each["lines"] for each in told["days"]] == [87, 14, 0]
    assert [each["high"] for each in told["days"]] == [37, 14, 0]
    assert told["days"][0]["day"] == "2024-10-04"
    assert told["lines"] == 101


def test_signals_and_matches_are_counted_the_commonest_first() -> None:
    lines = [
        LINE._replace(signals=("recalled", "expired"), risk=90),
        LINE._replace(signals=("expired",), match="consignment"),
        LINE._replace(signals=("retired",), match=""),
        LINE,
    ]
    told = count(lines, SINCE, SINCE)
    assert [(each["signal"], each["lines"]) for each in told["signals"]] == [("expired", 2), ("recalled", 1)]
    assert told["signals"][0]["means"] == "The goods have expired."
    assert told["matches"] == [{"match": "batch", "lines": 2}, {"match": "consignment", "lines": 1}]
    assert told["with_signals"] == 3


def test_of_many_routes_those_with_most_high_lines_are_told() -> None:
    routes = [LINE._replace(loaded=f"BE{number:03}") for number in range(MOST_ROUTES + 3)]
    told = count([*routes, LINE, LINE, LINE._replace(loaded="CNSHA", risk=50)], SINCE, SINCE)["routes"]
    assert len(told) == MOST_ROUTES
    assert told[0] == {"loading": "CNSHA", "unloading": "SGSIN", "lines": 1, "high": 1}
    assert told[1] == {"loading": "BEBRU", "unloading": "SGSIN", "lines": 2, "high": 0}


def test_nothing_is_counted_as_nothing() -> None:
    told = count([], SINCE, SINCE)
    assert (told["lines"], told["signals"], told["routes"]) == (0, [], [])
    assert told["days"] == [{"day": "2024-10-04", "lines": 0, "high": 0}]
