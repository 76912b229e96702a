"""Declaration files against a real database: kept once, matched to the ledger, scored, and scored again."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from ledger.config import Settings
from ledger.core import facts
from ledger.core.customs.declaration import DeclarationLine
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.facts import IndexedBlock
from ledger.core.keccak import keccak256
from ledger.declare import CustomsDesk, Imported
from ledger.store import declarations, indexing
from ledger.store.database import Database
from tests.core.batch_story import CARRIER, MAKER, PHARMACY, REGULATOR
from tests.core.customs.desk_story import GOOD
from tests.indexed_world import CARTON, LOTS, PALLET, World, world, write
from tests.postgres import ENGINES

RUN_ON = ENGINES
TOLD = world()
LINE = GOOD._replace(consignee_id="", sscc="", lot=LOTS["transit"], arrival_date_time=0)
TO_BELGIUM = {"declaration_office_id": "BEBRU", "unloading_location_id": "BEBRU"}  # whither the pallet is on its way
PALLET_LINE = {"gtin": "", "lot": "", "sscc": PALLET, "tariff_quantity": 500, **TO_BELGIUM}
IN_CARTON = LINE._replace(gtin="", lot="", sscc=CARTON, tariff_quantity=400, **TO_BELGIUM)


@pytest.fixture
def desk(db: Database, tmp_path: Any) -> CustomsDesk:
    write(db, TOLD)
    return CustomsDesk(db, Settings(data_dir=tmp_path))


def file_of(*lines: DeclarationLine, **changes: Any) -> bytes:
    written = io.StringIO()
    writer = csv.DictWriter(written, DeclarationLine._fields)
    writer.writeheader()
    for line in lines:
        row = line._asdict() | {
            "itinerary_id": " ".join(line.itinerary_id),
            "acceptance_date_time": "2026-06-02T00:00:00Z",
            "arrival_date_time": "",
            "tariff_quantity": line.tariff_quantity or "",
        }
        writer.writerow(row | changes)
    return written.getvalue().encode()


def take(desk: CustomsDesk, *lines: DeclarationLine, **changes: Any) -> Imported:
    return desk.take(file_of(*lines, **changes), as_json=False, now=TOLD.now)


def found(desk: CustomsDesk, number: int = 1) -> tuple[str, list[str]]:
    score = desk.numbered(number).score
    return score["match"], [each["signal"] for each in score["signals"]]


def test_lines_are_kept_scored_and_ranked(desk: CustomsDesk) -> None:
    good, recalled = LINE, LINE._replace(sequence_numeric=2, lot=LOTS["recalled"])
    done = take(desk, good, recalled)
    assert (done.added, done.there, done.faults, done.risky) == (2, 0, [], 1)
    assert found(desk, 1) == ("batch", [])
    ranked = desk.ranked(10)
    assert [each.line.lot for each in ranked] == [LOTS["recalled"], LOTS["transit"]]
    assert ranked[0].risk >= 90
    assert ranked[0].scored_block == TOLD.last_block
    assert [each.number for each in desk.ranked(10, 1, "SG")] == [ranked[0].number]
    assert desk.ranked(10, 1, "MY") == []


def test_the_same_file_twice_makes_nothing_twice(desk: CustomsDesk) -> None:
    lines = [LINE, LINE._replace(sequence_numeric=2)]
    take(desk, *lines)
    before = desk.ranked(10)
    done = take(desk, *lines)
    assert (done.added, done.there, done.faults) == (0, 2, [])
    assert desk.ranked(10) == before


def test_bad_rows_are_named_in_order_and_the_rest_is_kept(desk: CustomsDesk) -> None:
    take(desk, LINE)
    bad = LINE._replace(sequence_numeric=4, currency_id="?")
    changed = LINE._replace(tariff_quantity=3)
    done = take(desk, LINE._replace(sequence_numeric=9), changed, LINE._replace(sequence_numeric=2), bad)
    assert [(fault.position, fault.field) for fault in done.faults] == [(2, "version_id"), (4, "currency_id")]
    assert "is there already as version 1, with other contents" in done.faults[0].detail
    assert (done.added, desk.count()) == (2, 3)


def test_a_file_of_bad_rows_alone_keeps_nothing(desk: CustomsDesk) -> None:
    done = take(desk, LINE, LINE, currency_id="?")
    assert (done.added, len(done.faults), desk.count()) == (0, 2, 0)
    with pytest.raises(InvalidInputError):
        desk.take(b"no file", as_json=False, now=0)


def test_many_lines_come_in_parts_with_progress(desk: CustomsDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.declare.AT_ONCE", 3)
    told: list[tuple[int, int]] = []
    lines = [LINE._replace(sequence_numeric=number) for number in range(1, 9)]
    file = file_of(*lines)
    done = desk.take(file, as_json=False, now=TOLD.now, progress=lambda now, all_: told.append((now, all_)))
    assert (done.added, told) == (8, [(3, 8), (6, 8), (8, 8)])
    told.clear()
    assert desk.score_again(now=TOLD.now, progress=lambda now, all_: told.append((now, all_))) == done.risky
    assert told == [(8, 8)]


@pytest.mark.parametrize(
    ("changes", "match", "signals"),
    [
        ({"lot": "", "gtin": "", "tariff_quantity": 0}, "no_reference", []),
        ({"gtin": "04012345000016"}, "not_on_ledger", []),
        ({"lot": "ZZ99"}, "not_found", ["unknown_lot"]),
        ({"lot": "TR2"}, "not_found", ["lot_misspelt"]),
        ({"gtin": "", "lot": "", "sscc": CARTON, "tariff_quantity": 400, **TO_BELGIUM}, "consignment", []),
        (PALLET_LINE, "consignment", []),
        (
            {"gtin": "", "lot": "", "sscc": PALLET, "tariff_quantity": 501, **TO_BELGIUM},
            "consignment",
            ["quantity_over"],
        ),
        ({"sscc": CARTON, **TO_BELGIUM}, "consignment", ["contents_differ"]),
        ({"sscc": "054138680000000993"}, "batch", ["not_recorded_yet"]),
        ({"gtin": "", "lot": "", "sscc": "054138680000000993"}, "not_found", ["not_recorded_yet"]),
        ({"lot": LOTS["held"], "declaration_office_id": "BEBRU"}, "batch", ["held_or_seized"]),
        ({"declaration_office_id": "MYPKG", "unloading_location_id": "MYPKG"}, "batch", ["destination_differs"]),
    ],
)
def test_a_line_is_matched_to_what_the_ledger_has(
    desk: CustomsDesk, changes: dict[str, Any], match: str, signals: list[str]
) -> None:
    take(desk, LINE._replace(**changes))
    assert found(desk) == (match, signals)


def test_absence_proves_nothing_while_the_data_is_behind(desk: CustomsDesk) -> None:
    desk.take(file_of(LINE._replace(lot="ZZ99")), as_json=False, now=TOLD.now + 10**6)
    assert found(desk) == ("not_found", [])
    assert "latest records are missing" in desk.numbered(1).score["detail"]


def test_repetitions_are_found_over_files(desk: CustomsDesk) -> None:
    take(desk, IN_CARTON)
    take(desk, IN_CARTON._replace(declaration_id="D2"))
    take(desk, IN_CARTON._replace(declaration_id="D3", declaration_office_id="NLRTM"))
    assert [found(desk, number)[1] for number in (1, 2, 3)] == [[], ["declared_twice"], ["declared_in_two_countries"]]


def test_what_the_ledger_says_later_counts_when_lines_are_scored_again(desk: CustomsDesk, db: Database) -> None:
    take(desk, IN_CARTON, LINE._replace(sequence_numeric=2))
    assert found(desk) == ("consignment", [])
    _say(db, _suspension(MAKER))
    assert desk.score_again(now=TOLD.now) == 2
    assert found(desk) == ("consignment", ["maker_suspended"])
    assert found(desk, 2) == ("batch", ["maker_suspended"])


def test_a_consignee_is_found_by_its_gln_also_when_that_is_given_later(desk: CustomsDesk, db: Database) -> None:
    line = LINE._replace(consignee_id="5400000000003")
    take(desk, line)
    assert found(desk) == ("batch", [])  # the pharmacy has no GLN here, so that an unknown one says nothing
    carrier = TOLD.stories["opening"].organisations[CARRIER].changes[0]
    _say(db, facts.OrganisationChange(**{**_fields(carrier), "gln": line.consignee_id}))
    desk.score_again(now=TOLD.now)
    assert found(desk) == ("batch", ["consignee_differs"])
    assert PHARMACY != CARRIER


def test_a_line_that_was_kept_but_not_scored_is_scored_when_it_is_sent_again(
    desk: CustomsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_given: Any) -> None:
        raise KeyboardInterrupt

    recalled = LINE._replace(lot=LOTS["recalled"])
    with monkeypatch.context() as patch:
        patch.setattr(declarations.Declarations, "put_scores", killed)
        with pytest.raises(KeyboardInterrupt):
            take(desk, recalled)
    assert desk.numbered(1).score == {}
    assert take(desk, recalled).there == 1
    assert found(desk)[1][0] == "recalled"


def test_a_number_that_is_not_there_is_named(desk: CustomsDesk) -> None:
    with pytest.raises(NotFoundError, match="no declaration line 5"):
        desk.numbered(5)


def _fields(fact: Any) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in fact.__slots__}


def _suspension(number: int) -> facts.Suspension:
    return facts.Suspension(number, REGULATOR, suspended=True, digest=b"\x51" * 32, recorded=_place(TOLD, 0))


def _place(told: World, index: int) -> facts.Recorded:
    return facts.Recorded(told.last_block + 1, index, told.now, bytes(32))


def _say(db: Database, fact: Any) -> None:
    """Index one more block with one fact."""
    fact = type(fact)(**{**_fields(fact), "recorded": _place(TOLD, 0)})
    number = TOLD.last_block + 1
    parent = keccak256(b"block%d" % TOLD.last_block)
    indexing.append(db, [IndexedBlock(number, keccak256(b"next"), parent, TOLD.now, (fact,))])
    indexing.set_status(db, head_block=number, finalized_block=number, heard_at=TOLD.now)
