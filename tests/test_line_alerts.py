"""Declaration lines and indicators find each other whichever comes first, and only the line's country is told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from ledger.core.customs.declaration import DeclarationLine
from ledger.core.document import details, with_salt
from ledger.core.intelligence.marking import Marking
from ledger.store import line_alerts, matches
from ledger.store.database import Database
from tests.api.test_matches import register, tell
from tests.core.batch_story import GTIN
from tests.exchange import BELGIUM, INDONESIAN, SINGAPORE, THAI, Exchanging
from tests.indexed_world import CARTON, LOTS, give_document
from tests.postgres import ENGINES
from tests.share_world import content
from tests.test_declare import LINE, file_of

RUN_ON = ENGINES
Told = dict[str, Any]
IMPORTER = "5400000000003"  # a GLN
OTHER = LINE._replace(gtin="04012345000016", lot="X1", importer_id=IMPORTER, itinerary_id=("AEDXB",))
PATTERNS = {
    "lot of its product": ({"kind": "lot", "gtin": "04012345000016", "lot": "X1"}, OTHER),
    "lot of any product": ({"kind": "lot", "lot": "X1"}, OTHER),
    "product": ({"kind": "gtin", "gtin": "04012345000016"}, OTHER),
    "company by its GLN": ({"kind": "company", "gln": IMPORTER}, OTHER),
    "leg of the route": ({"kind": "route", "from": "AEDXB", "to": "SGSIN"}, OTHER),
    "maker of the goods": ({"kind": "company", "name": "Maker & Co"}, LINE),
    "lot in the carton": (
        {"kind": "lot", "gtin": GTIN, "lot": LOTS["split"]},
        LINE._replace(gtin="", lot="", sscc=CARTON, tariff_quantity=400),
    ),
}


@pytest.fixture
def here(tmp_path: Path) -> Exchanging:
    return Exchanging.new(tmp_path)


@pytest.fixture
def both(db: Database, tmp_path: Path) -> Exchanging:
    """One on each database in turn."""
    return Exchanging(db, tmp_path)


def declare(here: Exchanging, *lines: DeclarationLine, again: bool = False) -> None:
    headers = here.headers(SINGAPORE) | {"content-type": "text/csv"}
    told = here.ask.post("/v1/declarations", headers=headers, content=file_of(*lines)).json()
    assert (told["faults"], told["added"]) == ([], 0 if again else len(lines))


def look_for(here: Exchanging, pattern: dict[str, str], **changes: Any) -> Told:
    here.now += 1  # an issuer's messages differ by their time
    return here.tell(THAI, THAI.message(here.now, content(pattern), **changes))


def alerts(here: Exchanging, number: int = 1) -> list[str]:
    told = here.get(SINGAPORE, f"/v1/declarations/{number}").json()
    return [each["reason"] for each in told["signals"] if each["signal"] == "alert_match"]


@pytest.mark.parametrize("first", ["line", "indicator"])
def test_line_and_indicator_find_each_other_whichever_comes_first(both: Exchanging, first: str) -> None:
    lines = [line._replace(sequence_numeric=at) for at, (_, line) in enumerate(PATTERNS.values(), start=1)]
    if first == "line":
        declare(both, *lines)
        assert [alerts(both, line.sequence_numeric) for line in lines] == [[]] * len(lines)
    told = [look_for(both, pattern)["digest"] for pattern, _ in PATTERNS.values()]
    if first == "indicator":
        declare(both, *lines)
    for name, digest, line in zip(PATTERNS, told, lines, strict=True):
        assert f"Customs of Thailand (TLP:GREEN, {digest})" in alerts(both, line.sequence_numeric)[0], name
    ranked = both.get(SINGAPORE, "/v1/declarations").json()["lines"]
    assert [each["risk"] >= 50 for each in ranked] == [True] * len(lines)


@pytest.mark.parametrize("first", ["line", "indicator"])
def test_whatever_is_written_of_a_batch_is_looked_for_in_the_lines_that_carry_it(here: Exchanging, first: str) -> None:
    salted = with_salt({"certificate": "C-99"}, b"s" * 32)
    give_document(here.db, details(salted), salted)
    tell(here, register(lot="PAPER1", told=details(salted)))
    line, pattern = LINE._replace(lot="PAPER1"), {"kind": "certificate", "number": "C-99"}
    if first == "line":
        declare(here, line)
        look_for(here, pattern)
    else:
        look_for(here, pattern)
        declare(here, line)
    assert len(alerts(here)) == 1


def test_what_does_not_match_gives_no_signal(here: Exchanging) -> None:
    declare(here, LINE)
    for pattern in (
        {"kind": "lot", "lot": "OTHER"},
        {"kind": "company", "gln": "9555555500006"},
        {"kind": "route", "from": "SGSIN", "to": "BEBRU"},
        {"kind": "serials", "gtin": GTIN, "first": "A1", "last": "A9"},
    ):
        look_for(here, pattern)
    assert alerts(here) == []


def test_a_withdrawn_indicator_is_forgotten_at_once_and_an_expired_one_at_the_next_scoring(here: Exchanging) -> None:
    declare(here, LINE)
    told = look_for(here, {"kind": "lot", "lot": LINE.lot})
    look_for(here, {"kind": "gtin", "gtin": LINE.gtin}, valid_until=here.now + 100)
    assert alerts(here)[0].count("TLP:GREEN") == 2
    here.now += 1
    here.tell(THAI, THAI.message(here.now, None, previous=bytes.fromhex(told["digest"][2:])))
    assert alerts(here)[0].count("TLP:GREEN") == 1
    here.now += 200
    assert here.ask("PUT", "/v1/declarations/1/score", headers=here.headers(SINGAPORE)).status_code == 200
    assert alerts(here) == []
    assert here.get(SINGAPORE, "/v1/declarations/1").json()["risk"] == 0


def test_a_sealed_indicator_is_not_compared_here(here: Exchanging) -> None:
    here.enrol(SINGAPORE, THAI)
    declare(here, LINE)
    look_for(here, {"kind": "lot", "lot": LINE.lot}, marking=Marking.AMBER, to=(SINGAPORE, THAI))
    assert alerts(here) == []


def test_matches_of_lines_are_told_to_the_desks_of_their_country_alone(both: Exchanging) -> None:
    declare(both, LINE)
    told = look_for(both, {"kind": "lot", "lot": LINE.lot})
    seen = [each for each in both.matches(SINGAPORE) if each["what"] == "declaration"]
    assert [(each["id"], each["digest"], each["lot"]) for each in seen] == [("1", told["digest"], LINE.lot)]
    assert "Look out" not in both.get(SINGAPORE, "/v1/declarations/1").text  # what it says is read by its digest, noted
    for other in (THAI, BELGIUM, INDONESIAN):
        assert {each["what"] for each in both.matches(other)} == {"batch", "movement"}


def test_many_alerts_are_named_in_part(here: Exchanging) -> None:
    for _ in range(7):
        look_for(here, {"kind": "lot", "lot": LINE.lot})
    declare(here, LINE)
    (reason,) = alerts(here)
    assert reason.count("TLP:GREEN") == 5
    assert reason.endswith("; and 2 more.")


def test_lines_have_room_of_their_own_among_the_matches(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches, "MOST", 2)
    declare(here, LINE, LINE._replace(sequence_numeric=2))
    look_for(here, {"kind": "gtin", "gtin": GTIN})
    declare(here, LINE._replace(sequence_numeric=3))
    assert [len(alerts(here, number)) for number in (1, 2, 3)] == [1, 1, 0]
    assert len([each for each in here.matches(SINGAPORE) if each["what"] != "declaration"]) == 2


def test_an_amended_line_takes_the_place_of_the_one_before(here: Exchanging) -> None:
    declare(here, OTHER)
    declare(here, OTHER._replace(version_id=2, lot="Y2"))
    look_for(here, {"kind": "lot", "lot": "X1"})
    assert alerts(here, 1) == []
    look_for(here, {"kind": "lot", "lot": "Y2"})
    assert len(alerts(here, 2)) == 1


def test_a_line_that_is_not_scored_yet_is_compared_when_it_is(
    here: Exchanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(line_alerts.LineAlerts, "compare", _killed)
        headers = here.headers(SINGAPORE) | {"content-type": "text/csv"}
        here.ask.post("/v1/declarations", headers=headers, content=file_of(LINE))
    look_for(here, {"kind": "lot", "lot": LINE.lot})
    declare(here, LINE, again=True)
    assert len(alerts(here)) == 1


def _killed(*_given: Any) -> None:
    raise OSError("killed")


def test_a_new_indicator_is_on_a_line_within_a_second_among_many(here: Exchanging) -> None:
    lines = [OTHER._replace(sequence_numeric=number, lot=f"L{number}") for number in range(1, 3_001)]
    declare(here, *lines)
    message = THAI.message(here.now, content({"kind": "lot", "lot": "L2718"}))
    begun = time.perf_counter()
    here.tell(THAI, message)
    assert time.perf_counter() - begun < 1
    assert len(alerts(here, 2718)) == 1
