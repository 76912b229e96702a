"""The verifier answers from its caches only what it would answer without them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import verify
from ledger.config import Settings
from ledger.core import label_repair, label_search
from ledger.core.errors import InvalidCodeError, InvalidInputError
from ledger.core.facts import IndexedBlock, KeyAddition, Recorded
from ledger.core.gs1 import bracketed
from ledger.core.keccak import keccak256
from ledger.core.label_signature import Elements
from ledger.core.parts import batch_id
from ledger.core.unit import UnitKind
from ledger.core.unit_tree import build, leaves
from ledger.core.vocabulary import Kind, Purpose
from ledger.store import indexing, known, parties
from ledger.store.database import Database, open_database
from ledger.store.known import product_name
from ledger.store.read_model import ReadModel
from ledger.store.unit_lists import UnitLists
from ledger.verify import Verifier
from tests.core.batch_story import CARRIER, LOT, MAKER, PHARMACY, unit_event
from tests.core.label_story import ANOTHER, MAKERS, UNIT, TestKey, changed
from tests.indexed_world import (
    CARTON,
    GTIN,
    LOTS,
    PALLET,
    SERIALS,
    UNIT_SECRET,
    UNIT_TREE,
    World,
    give_document,
    link,
    world,
    write,
)
from tests.unit_world import Intake

CODES = [link(), *(link(lot) for lot in LOTS.values()), CARTON, PALLET, GTIN, "nonsense", link("ABSENT")]


class Counting(ReadModel):
    """A read model that counts what it is asked."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.asked: Counter[str] = Counter()

    def __getattribute__(self, name: str) -> Any:
        if name in {"batch", "batch_by_id", "lineage", "organisation", "key", "keys_of", "label_keys", "licensee"}:
            object.__getattribute__(self, "asked")[name] += 1
        return object.__getattribute__(self, name)


@pytest.fixture(scope="module")
def told() -> World:
    return world()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, told: World) -> Path:
    path = tmp_path_factory.mktemp("template") / "lotproof.db"
    opened = open_database(f"sqlite:///{path}")
    write(opened, told)
    opened.close()
    return path


@pytest.fixture
def database(tmp_path: Path, template: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{shutil.copy(template, tmp_path)}")
    yield opened
    opened.close()


@pytest.fixture
def facts(database: Database) -> Counting:
    return Counting(database)


@pytest.fixture
def verifier(facts: Counting, tmp_path: Path, told: World) -> Verifier:
    return Verifier(facts, Settings(data_dir=tmp_path), clock=lambda: told.now)


def recall(told: World, block: int) -> IndexedBlock:
    """A block in which the maker recalls the good batch."""
    story = deepcopy(told.stories["good"])
    assert story.registration is not None
    done = story.record(Kind.RECALL, story.registration.batch, MAKER, place="")
    placed = replace(done, recorded=Recorded(block, 0, told.now, b"\x05" * 32))
    return IndexedBlock(block, keccak256(b"new"), keccak256(b"old"), told.now, (placed,))


def test_a_cached_answer_equals_a_fresh_one(verifier: Verifier, facts: Counting, tmp_path: Path, told: World) -> None:
    scanners = [verify.NOBODY, verifier.scanner("SGSIN", None, PHARMACY, now=told.now)]
    for _ in range(3):
        for code in CODES:
            for scanner in scanners:
                fresh = Verifier(facts, Settings(data_dir=tmp_path)).answer(code, scanner, now=told.now)
                assert verifier.answer(code, scanner, now=told.now) == fresh


def test_what_is_known_is_not_loaded_again(verifier: Verifier, facts: Counting, told: World) -> None:
    kept = [code for code in CODES if code != GTIN]  # a bare GTIN names no batch to keep
    for code in kept:
        verifier.answer(code, now=told.now)
    facts.asked.clear()
    for code in kept:
        verifier.answer(code, now=told.now)
        verifier.answer(code, now=told.now + 1)
    assert facts.asked == {}


def test_organisations_and_keys_are_shared_between_batches(verifier: Verifier, facts: Counting, told: World) -> None:
    verifier.answer(link(), now=told.now)
    facts.asked.clear()
    verifier.answer(link(LOTS["recalled"]), now=told.now)
    assert (facts.asked["organisation"], facts.asked["key"]) == (0, 0)


def test_what_was_just_recorded_changes_the_verdict(verifier: Verifier, database: Database, told: World) -> None:
    assert verifier.verify(link()).verdict == "verified"
    indexing.append(database, [recall(told, told.last_block + 1)])
    assert verifier.verify(link()).reason == "recalled"
    assert orjson.loads(verifier.answer(link(), now=told.now))["reason"] == "recalled"
    indexing.rollback(database, told.last_block)
    assert verifier.verify(link()).verdict == "verified"


def test_the_clock_alone_changes_the_verdict(verifier: Verifier, told: World) -> None:
    later = int(datetime(2027, 4, 2, tzinfo=UTC).timestamp())
    assert verifier.verify(link(), now=told.now).verdict == "verified"
    assert verifier.verify(link(), now=later).reason == "expired"
    assert verifier.verify(link()).verdict == "verified"


def test_the_answer_tells_how_far_the_chain_has_come(verifier: Verifier, database: Database, told: World) -> None:
    before = orjson.loads(verifier.answer(link(), now=told.now))["as_of"]
    indexing.set_status(database, head_block=told.last_block + 9, finalized_block=told.last_block, heard_at=told.now)
    after = orjson.loads(verifier.answer(link(), now=told.now))["as_of"]
    assert (before["lag_blocks"], after["lag_blocks"]) == (0, 9)


def test_what_counts_as_fresh_is_set(facts: Counting, tmp_path: Path, told: World) -> None:
    patient = Verifier(facts, Settings(data_dir=tmp_path, fresh_seconds=1_000))
    hasty = Verifier(facts, Settings(data_dir=tmp_path, fresh_seconds=10))
    results = [each.verify(link(), now=told.now + 100).checks[12].result for each in (patient, hasty)]
    assert results == ["passed", "failed"]


def test_many_codes_are_judged_in_their_order(verifier: Verifier, told: World) -> None:
    verdicts = verifier.verify_many(CODES, now=told.now)
    assert [verdict.to_json() for verdict in verdicts] == [verifier.verify(code).to_json() for code in CODES]
    assert verdicts[0].verdict == "verified"


@pytest.mark.parametrize("count", [0, 4])
def test_how_many_codes_are_judged_at_once_is_set(facts: Counting, tmp_path: Path, told: World, count: int) -> None:
    verifier = Verifier(facts, Settings(data_dir=tmp_path, max_codes=3))
    with pytest.raises(InvalidInputError) as caught:
        verifier.verify_many(["a"] * count, now=told.now)
    assert caught.value.field == "codes"


def test_caches_are_bounded(facts: Counting, tmp_path: Path, told: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, names in (
        (verify, ("CODES_KEPT", "ANSWERS_KEPT")),
        (known, ("SSCCS_KEPT",)),
        (parties, ("MOST_KEPT",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr(known, "WEIGHT_KEPT", 12)
    verifier = Verifier(facts, Settings(data_dir=tmp_path))
    for code in CODES:
        verifier.answer(code, now=told.now)
    state = verifier._state
    assert state is not None
    kept = (verifier._codes, state.answers, state.known._references, state.known.parties._organisations)
    assert [len(each) for each in kept] == [2] * 4
    batches = [dossier for _, dossier in state.known._batches.items()]
    assert 0 < sum(known.WEIGHT_OF_BATCH + len(each.history.events) for each in batches) <= 12


def test_a_text_too_long_for_a_code_is_not_kept(verifier: Verifier, told: World) -> None:
    error = verifier.code("9" * 3_000, now=told.now)
    assert isinstance(error, InvalidCodeError)
    assert error.evidence["rule"] == "too_long"
    assert not len(verifier._codes)


def test_a_carton_of_a_large_batch_is_judged_by_its_own_way(
    verifier: Verifier, facts: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = verifier.verify(CARTON).to_json()
    monkeypatch.setattr(known, "LARGE_BATCH", 0)
    verifier._state = None
    facts.asked.clear()
    for _ in range(2):
        assert verifier.verify(CARTON).to_json() == whole
    assert facts.asked["lineage"] == 1
    assert facts.asked["batch_by_id"] == 0


def test_who_scans_is_checked_and_normalised(verifier: Verifier, told: World) -> None:
    scanner = verifier.scanner(" sg sin", "2026-05-28T20:00:00+08:00", "4", now=told.now)
    assert scanner == verify.Scanner("SGSIN", 1_779_969_600, 4)
    assert verifier.scanner(now=told.now) is verify.NOBODY
    assert verifier.scanner(None, told.now + verify.EARLY_SECONDS, 4, now=told.now).at == told.now + 600


@given(st.text(max_size=60))
def test_no_time_breaks_the_reader(text: str) -> None:
    with suppress(InvalidInputError):
        assert isinstance(verify._moment(text, 2**40), int)


@pytest.mark.parametrize("document", [b'{"product": 5}', b"{}", None])
def test_a_product_without_a_name_has_none(document: bytes | None) -> None:
    assert product_name(document) == ""


def test_a_products_name_is_that_of_its_document() -> None:
    assert product_name(b'{"product": "Vaccine \xc3\xa9"}') == "Vaccine é"


def test_a_label_with_sscc_and_lot_is_judged_by_its_sscc_and_must_agree_with_it(
    verifier: Verifier, told: World
) -> None:
    alone = verifier.verify(f"(00){CARTON}", now=told.now)
    assert alone.verdict == "verified"
    both = verifier.verify(f"(00){CARTON}(01){GTIN}(10){LOTS['split']}", now=told.now)
    assert (both.verdict, both.to_json()["custody"]) == ("verified", alone.to_json()["custody"])
    other = verifier.verify(f"(00){CARTON}(01){GTIN}(10){LOTS['expired']}", now=told.now)
    assert (other.verdict, other.reason) == ("suspect", "contents_differ")


def test_a_label_whose_sscc_is_not_on_the_ledger_is_judged_by_its_lot(verifier: Verifier, told: World) -> None:
    found = verifier.verify(f"(00)054138680000000993(01){GTIN}(10){LOTS['expired']}", now=told.now)
    assert (found.verdict, found.reason) == ("do_not_use", "expired")


# Signed labels


def enrol(database: Database, told: World, *keys: TestKey, number: int = MAKER) -> None:
    """Blocks in which an organisation adds label keys."""
    for block, key in enumerate(keys, told.last_block + 1):
        at = Recorded(block, 0, told.now, b"\x06" * 32)
        addition = KeyAddition(key.key_id, number, key.signer, Purpose.LABELS, 0, 0, b"\x07" * 32, at)
        hashes = (keccak256(b"label%d" % each) for each in (block, block - 1))
        indexing.append(database, [IndexedBlock(block, *hashes, told.now, (addition,))])


def spelt(elements: Elements, lot: str = LOT) -> str:
    return bracketed(changed(elements, "10", lot))


def test_a_signed_label_is_judged_by_the_keys_on_the_ledger(
    verifier: Verifier, database: Database, told: World
) -> None:
    signed = spelt(MAKERS.elements())
    assert verifier.verify(signed).reason == "label_key_unknown"
    enrol(database, told, MAKERS)
    good = verifier.verify(signed)
    assert (good.verdict, good.checks[1].result) == ("verified", "passed")
    misread = verifier.verify(spelt(changed(MAKERS.elements(), "21", "7Kq-R2n")))
    assert (misread.verdict, misread.reason) == ("unreadable", "label_misread")
    assert verifier.verify(spelt(ANOTHER.elements())).reason == "label_key_unknown"
    enrol(database, replace(told, last_block=told.last_block + 1), ANOTHER, number=PHARMACY)
    assert verifier.verify(spelt(ANOTHER.elements())).reason == "label_key_not_allowed"


def test_a_key_misread_on_a_label_is_found_among_the_maker_s(
    verifier: Verifier, database: Database, told: World
) -> None:
    enrol(database, told, MAKERS)
    elements = MAKERS.elements()
    read = changed(elements, "91", elements[4][1].swapcase())
    assert verifier.verify(spelt(read)).reason == "label_misread"
    assert verifier.verify(spelt(read, "ABSENT")).reason == "label_key_unknown"  # signed for another lot
    assert verifier.verify(spelt(changed(elements, "91", "abc"))).reason == "label_misread"


def test_what_a_maker_without_label_keys_prints_under_ai_91_and_92_is_let_be(verifier: Verifier, told: World) -> None:
    own = [*UNIT, ("91", "EE06"), ("92", "dGVzdA==")]
    assert [key.addition.purposes for key in verifier._facts.keys_of(MAKER)]  # it has keys, but none for labels
    verdict = verifier.verify(spelt(own), now=told.now)
    assert (verdict.verdict, verdict.checks[1].result) == ("verified", "skipped")


def test_the_keys_that_a_label_may_mean_are_not_loaded_again_and_unsigned_labels_load_none(
    verifier: Verifier, facts: Counting, database: Database, told: World
) -> None:
    enrol(database, told, MAKERS)
    for code in (link(), GTIN, "nonsense"):
        verifier.verify(code)
    assert (facts.asked["label_keys"], facts.asked["keys_of"]) == (0, 0)
    for serial in ("S1", "S2", "S3"):
        verifier.verify(spelt(MAKERS.elements([*UNIT[:3], ("21", serial)])))
        verifier.verify(spelt(ANOTHER.elements([*UNIT[:3], ("21", serial)])))
    assert (facts.asked["label_keys"], facts.asked["keys_of"]) == (2, 1)


def test_a_misread_put_off_is_not_kept_as_the_answer(
    verifier: Verifier, database: Database, told: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(database, told, MAKERS)
    monkeypatch.setattr(label_search, "SECONDS_EACH", 1)
    verifier._search._left, verifier._search._counted = 0.0, told.now
    forged = spelt(changed(MAKERS.elements(), "21", "FORGED-1"))
    answers = [orjson.loads(verifier.answer(forged, now=told.now + later))["reason"] for later in (0, 1, 1)]
    assert answers == ["label_misread", "label_forged", "label_forged"]


def test_a_delivery_of_forged_labels_costs_a_bounded_number_of_searches(
    verifier: Verifier, database: Database, told: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(database, told, MAKERS)
    searched: list[object] = []
    monkeypatch.setattr(label_repair, "exhaustive", lambda label, _signer: searched.append(label))
    codes = [spelt(changed(MAKERS.elements(), "21", f"FORGED-{number}")) for number in range(100)]
    reasons = Counter(verdict.reason for verdict in verifier.verify_many(codes, now=told.now))
    assert reasons == {"label_forged": label_search.AT_ONCE, "label_misread": 100 - label_search.AT_ONCE}
    assert len(searched) == label_search.AT_ONCE


def test_the_verdict_on_a_pack_that_was_signed_for_names_who_did_and_is_never_an_old_one(
    verifier: Verifier, facts: Counting, told: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pharmacy asks within the hour of the carrier's scan in Lyon, and again when the pack can have come."""
    now = told.now - told.now % 3_600
    events = (
        unit_event(CARRIER, "FRLYS", now - 1_500),
        unit_event(99, "AUSYD", now),  # not on the ledger
    )
    monkeypatch.setattr(facts, "unit_events", lambda *pack: events if pack == (GTIN, "S1") else ())
    code = f"(01){GTIN}(10){LOTS['split']}(21)S1"
    scanner = verifier.scanner("FRPAR", None, PHARMACY, now=now)
    answers = [orjson.loads(verifier.answer(code, scanner, now=now + seconds)) for seconds in (60, 2_300, 3_580)]
    checks = [answer["checks"][11] for answer in answers]
    assert [check["result"] for check in checks] == ["failed", "failed", "passed"]
    assert "With Carrier at FRLYS" in checks[0]["detail"]
    assert "organisation 4" not in checks[0]["detail"]
    assert checks[2]["detail"] == "1 signed sighting fits one pack."


# ---- serial numbers ----

LISTED, NOT_LISTED = link(LOTS["serialised"], serial=SERIALS[3].decode()), link(LOTS["serialised"], serial="MADEUP1")


@pytest.fixture
def lists(tmp_path: Path) -> UnitLists:
    return UnitLists(Settings(data_dir=tmp_path).units_dir)


def keep(lists: UnitLists, secret: bytes = UNIT_SECRET, nodes: bytes = UNIT_TREE) -> bytes:
    """Keep the list of the serialised batch, and give its id."""
    batch = batch_id(int(GTIN), LOTS["serialised"])
    lists.write(batch, secret, SERIALS, nodes)
    return batch


def in_batch(verifier: Verifier, code: str, told: World) -> tuple[str, str]:
    answer = orjson.loads(verifier.answer(code, now=told.now))
    return answer["reason"], answer["checks"][5]["result"]


def test_a_serial_number_is_compared_with_the_list_of_its_batch(
    verifier: Verifier, lists: UnitLists, told: World
) -> None:
    keep(lists)
    assert in_batch(verifier, LISTED, told) == ("verified", "passed")
    assert in_batch(verifier, NOT_LISTED, told) == ("serial_not_in_batch", "failed")
    assert in_batch(verifier, link(LOTS["serialised"]), told) == ("verified", "skipped")
    assert in_batch(verifier, link(serial="MADEUP1"), told) == ("verified", "skipped")


def test_a_list_that_comes_later_changes_the_answer_at_once(verifier: Verifier, lists: UnitLists, told: World) -> None:
    for code in (LISTED, NOT_LISTED):
        assert in_batch(verifier, code, told) == ("verified", "skipped")
    keep(lists)
    assert in_batch(verifier, LISTED, told) == ("verified", "passed")
    assert in_batch(verifier, NOT_LISTED, told) == ("serial_not_in_batch", "failed")


def test_a_list_with_another_root_than_the_registered_one_is_not_believed(
    verifier: Verifier, lists: UnitLists, told: World
) -> None:
    """Whoever writes into the data directory cannot make a pack genuine that the maker never registered."""
    forged = [*SERIALS[1:], b"MADEUP1"]
    batch = batch_id(int(GTIN), LOTS["serialised"])
    lists.write(batch, UNIT_SECRET, forged, build(leaves(UNIT_SECRET, forged)))
    kept = lists.get(batch)
    assert kept is not None
    assert kept.find("MADEUP1") is not None
    for code in (LISTED, NOT_LISTED):
        assert in_batch(verifier, code, told) == ("verified", "skipped")


def test_a_damaged_list_makes_no_pack_fake_and_is_logged(
    verifier: Verifier, lists: UnitLists, told: World, caplog: pytest.LogCaptureFixture
) -> None:
    path = lists.path(keep(lists))
    path.write_bytes(path.read_bytes()[:-1])
    for code in (LISTED, NOT_LISTED):
        assert in_batch(verifier, code, told) == ("verified", "skipped")
    assert str(path) in caplog.text


def test_codes_without_serial_number_ask_for_no_list(
    verifier: Verifier, told: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UnitLists, "get", None)  # whoever asks for a list fails
    for code in CODES:
        verifier.answer(code, now=told.now)
    verifier.answer(link(serial="X1"), now=told.now)  # its batch has no root


# ---- events about packs ----


def test_answers_without_a_serial_number_are_kept_while_packs_are_dispensed(db: Database) -> None:
    intake = Intake(db)
    give_document(db, bytes(32), {"product": "Vaccine"})  # without its name, an answer waits for the document
    verifier = Verifier(ReadModel(db), Settings(), clock=lambda: intake.now)
    plain, pack = f"(01){GTIN}(10)AB12", f"(01){GTIN}(10)AB12(21)S7K2M9"
    before = {code: verifier.answer(code, now=intake.now) for code in (plain, pack)}
    assert all(verifier.answer(code, now=intake.now) is before[code] for code in before)
    intake.say(UnitKind.SCAN, serial="ANOTHER")
    assert verifier.answer(plain, now=intake.now) is before[plain]
    assert verifier.answer(pack, now=intake.now) == before[pack]
    intake.say(UnitKind.DISPENSE)
    assert verifier.answer(plain, now=intake.now) is before[plain]
    assert orjson.loads(verifier.answer(pack, now=intake.now))["reason"] == "already_dispensed"


def test_an_actor_that_is_not_on_the_ledger_any_more_is_told_by_its_number(db: Database) -> None:
    intake = Intake(db)
    intake.say(UnitKind.DISPENSE)
    with db.transaction() as connection:
        connection.execute("UPDATE unit_events SET organisation = 99")
    verdict = Verifier(ReadModel(db), Settings()).verify(f"(01){GTIN}(10)AB12(21)S7K2M9", now=intake.now)
    assert verdict.headline == "Dispensed before, by organisation 99"
