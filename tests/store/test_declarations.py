"""Declaration lines are kept once, every version, and found again by what they name."""

from __future__ import annotations

from ledger.core.customs.case import Earlier
from ledger.store.database import Database
from ledger.store.declarations import Declarations, Scored
from tests.core.customs.desk_story import GOOD

NOW = 1_790_000_000
OTHER = GOOD._replace(sequence_numeric=2)


def test_a_line_comes_back_as_it_was_kept(db: Database) -> None:
    kept = Declarations(db)
    line = GOOD._replace(itinerary_id=("NLRTM", "AEDXB"), description="Ω, «dix doses»")
    assert kept.add([line], NOW) == ([0], [])
    (found,) = kept.of([line])
    assert found.line == line
    assert (found.newest, found.imported_at, found.risk, found.score, found.scored_at) == (True, NOW, 0, {}, 0)
    assert kept.numbered(found.number) == found
    assert kept.numbered(found.number + 1) is None


def test_the_same_again_is_kept_once_also_within_one_file(db: Database) -> None:
    kept = Declarations(db)
    assert kept.add([GOOD, OTHER, GOOD], NOW) == ([0, 1], [])
    assert kept.add([OTHER, GOOD], NOW + 1) == ([], [])
    assert kept.count() == 2


def test_the_same_version_with_other_contents_is_told_and_not_kept(db: Database) -> None:
    kept = Declarations(db)
    kept.add([GOOD], NOW)
    assert kept.add([OTHER, GOOD._replace(tariff_quantity=1)], NOW) == ([0], [1])
    assert [each.line for each in kept.page(0)] == [GOOD, OTHER]


def test_a_higher_version_takes_the_place_of_a_lower_whichever_comes_first(db: Database) -> None:
    kept = Declarations(db)
    second, third = GOOD._replace(version_id=2, tariff_quantity=2), GOOD._replace(version_id=3, tariff_quantity=3)
    for line in (GOOD, third, second):
        assert kept.add([line], NOW) == ([0], [])
    assert [each.line for each in kept.of([GOOD])] == [third]
    assert [each.line for each in kept.ranked(9, 0, "")] == [third]
    assert kept.count() == 1
    versions = [found for number in range(1, 4) if (found := kept.numbered(number))]
    assert [(each.line.version_id, each.newest) for each in versions] == [(1, False), (3, True), (2, False)]


def test_pages_go_through_all_lines_in_order(db: Database) -> None:
    kept = Declarations(db)
    lines = [GOOD._replace(sequence_numeric=number) for number in range(1, 8)]
    kept.add(lines, NOW)
    seen, last = [], 0
    while page := kept.page(last, 3):
        seen += [each.line for each in page]
        last = page[-1].number
    assert seen == lines


def test_what_was_declared_before_is_found_by_sscc_and_lot(db: Database) -> None:
    kept = Declarations(db)
    accepted = GOOD.acceptance_date_time
    lines = [
        GOOD._replace(declaration_id="D2", acceptance_date_time=accepted + 1, tariff_quantity=30),
        GOOD._replace(declaration_id="D0", acceptance_date_time=accepted - 1, tariff_quantity=10),
        GOOD._replace(declaration_id="D9", tariff_quantity=20),
        GOOD._replace(declaration_id="D8", declaration_office_id="MYPKG", acceptance_date_time=accepted - 2),
        GOOD._replace(declaration_id="D7", sscc="", acceptance_date_time=accepted - 9, tariff_quantity=5),
        GOOD._replace(declaration_id="D6", sscc="", lot="OTHER", acceptance_date_time=accepted - 9),
        GOOD._replace(declaration_id="D5", gtin="", lot="", sscc=""),
        GOOD,
    ]
    kept.add(lines, NOW)
    found = kept.of([GOOD, lines[6]])
    history = kept.history(found)
    told = {each.line.declaration_id: (history.earlier(each), history.declared_before(each)) for each in found}
    assert told["D1"] == (
        (
            Earlier("MYPKG", "D8", 1, accepted - 2, 400),
            Earlier("SGSIN", "D0", 1, accepted - 1, 10),
            Earlier("SGSIN", "D9", 1, accepted, 20),
        ),
        35,
    )
    assert told["D5"] == ((), 0)
    assert kept.history([found[0]]).declared_before(found[0]) in {0, 35}


def test_an_amended_line_is_not_its_own_predecessor(db: Database) -> None:
    kept = Declarations(db)
    kept.add([GOOD, GOOD._replace(version_id=2)], NOW)
    (found,) = kept.of([GOOD])
    history = kept.history([found])
    assert (history.earlier(found), history.declared_before(found)) == ((), 0)


def test_lines_are_ranked_by_risk_and_of_one_country(db: Database) -> None:
    kept = Declarations(db)
    lines = [GOOD._replace(sequence_numeric=number) for number in range(1, 5)]
    lines.append(GOOD._replace(declaration_office_id="MYPKG"))
    kept.add(lines, NOW)
    found = kept.page(0)
    risks = (5, 90, 0, 90, 60)
    kept.put_scores(
        [Scored(each.number, risk, {"risk": risk, "words": "é"}) for each, risk in zip(found, risks, strict=True)],
        NOW,
        77,
    )
    ranked = kept.ranked(9, 1, "")
    assert [(each.number, each.risk) for each in ranked] == [
        (found[3].number, 90),
        (found[1].number, 90),
        (found[4].number, 60),
        (found[0].number, 5),
    ]
    assert (ranked[0].score, ranked[0].scored_at, ranked[0].scored_block) == ({"risk": 90, "words": "é"}, NOW, 77)
    assert [each.risk for each in kept.ranked(9, 0, "MY")] == [60]
    assert [each.risk for each in kept.ranked(1, 0, "")] == [90]
