"""A line that agrees with the ledger gives no signal; one that names nothing of it is not held to be risky."""

from __future__ import annotations

import pytest

from ledger.core.customs.case import Evidence
from ledger.core.customs.score import BEHIND, MATCHES, score
from ledger.core.customs.signals import SIGNALS, Hit, risk
from tests.core.batch_story import MAKER
from tests.core.customs.desk_story import GOOD, ledger, organisation, shipped, signals, told


def test_a_line_that_agrees_with_the_ledger_gives_no_signal() -> None:
    found = told(*shipped())
    assert (found.risk, found.match, found.hits) == (0, "consignment", ())


def test_a_line_without_reference_says_so_and_has_no_risk() -> None:
    line = GOOD._replace(gtin="", lot="", sscc="", tariff_quantity=0)
    told_of = score(line, Evidence(behind=True)).to_json()
    assert told_of == {
        "risk": 0,
        "match": "no_reference",
        "detail": MATCHES["no_reference"],
        "signals": [],
    }
    assert "no risk" in told_of["detail"]


def test_goods_of_nobody_on_the_ledger_are_not_held_to_be_risky() -> None:
    found = score(GOOD._replace(gtin="04012345000016"), Evidence())
    assert (found.risk, found.match, found.hits) == (0, "not_on_ledger", ())


def test_a_batch_that_is_known_and_a_code_that_is_not_are_told_apart() -> None:
    story, _carton = shipped()
    assert told(story, line=GOOD._replace(sscc="")).match == "batch"
    maker = organisation(story, MAKER)
    assert told(story, line=GOOD._replace(lot="ZZ99", sscc=""), licensee=maker).match == "not_found"


def test_signals_come_heaviest_first_with_weight_and_reason() -> None:
    story, carton = shipped()
    line = GOOD._replace(tariff_quantity=500, acceptance_date_time=GOOD.acceptance_date_time + 400 * 86_400)
    found = told(story, carton, line=line)
    assert signals(found) == ["quantity_over", "expired"]
    given = found.to_json()["signals"]
    assert given[0] == {
        "signal": "quantity_over",
        "weight": SIGNALS["quantity_over"].weight,
        "reason": "500 units are declared; SSCC 054138680000000016 has 400 on record.",
    }


def test_data_that_is_behind_is_remarked() -> None:
    story, carton = shipped()
    assert told(story, carton, behind=True).to_json()["detail"].endswith(BEHIND)


def test_every_rule_answers_about_a_ledger_without_any_goods_of_the_line() -> None:
    found = told(ledger(), line=GOOD._replace(gtin="", lot=""), licensee=None)
    assert found.hits == ()


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ((), 0),
        (("expired",), 40),
        (("recalled", "expired"), 90),  # one family: the heavier counts
        (("quantity_over", "expired"), 73),  # 100 - 45 * 0.6
        (("recalled", "quantity_over", "key_in_doubt", "declared_twice", "destination_differs"), 100),
    ],
)
def test_families_add_up_and_of_each_the_heaviest_counts(hits: tuple[str, ...], expected: int) -> None:
    assert risk(Hit(signal, "") for signal in hits) == expected


def test_every_weight_is_between_one_and_ninety_nine() -> None:
    assert all(0 < signal.weight < 100 for signal in SIGNALS.values())
