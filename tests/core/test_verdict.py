"""What a verdict says: its words, its order of reasons, its JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.check import SKIPPED, Check, weigh
from ledger.core.checks import not_expired
from ledger.core.dossier import Dossier
from ledger.core.errors import InvalidCodeError
from ledger.core.keccak import keccak256
from ledger.core.organisation import state_at
from ledger.core.parts import child_id
from ledger.core.verdict import Question, Subject, Verdict, VerdictFacts, judge, licensing_gtin, occasion
from ledger.core.vocabulary import Kind, Purpose, Role
from ledger.core.wording import PRECEDENCE, REASONS, UNREADABLE_HEADLINES, moment, span
from tests.core.batch_story import (
    CARRIER,
    CUSTOMS,
    GTIN,
    LOT,
    MAKER,
    NOON,
    PHARMACY,
    REGULATOR,
    STRANGER,
    BatchStory,
    key_of,
    settled,
)
from tests.core.verdict_cases import BRACKETED, CASES, SSCC, at_maker, delivered
from tests.core.verdict_vectors import FOLDER, read_code, vector_of


def judged(story: BatchStory, code: str = BRACKETED, consignment: bytes = b"", **asked: Any) -> Verdict:
    facts = VerdictFacts(
        story.as_of(),
        (Subject(story.dossier(), consignment),),
        asker=story.organisations.get(asked.get("organisation", 0)),
    )
    return judge(Question(read_code(code, NOON), **asked), facts, story.time)


def case(name: str) -> Verdict:
    return vector_of(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))).judged()


def detail(verdict: Verdict, name: str) -> str:
    return next(check.detail for check in verdict.checks if check.name == name)


# JSON


def test_json_has_the_fields_of_the_design_in_their_order() -> None:
    told = case("verified_at_the_pharmacy_after_a_split").to_json()
    assert list(told) == [
        *("verdict", "reason", "headline", "advice", "code", "checks", "batch", "custody", "as_of", "proof")
    ]
    assert list(told["code"]) == ["gtin", "lot", "serial", "expiry", "sscc", "form"]
    assert [list(each) for each in told["checks"]] == [["id", "name", "result", "detail"]] * 13
    assert list(told["batch"]) == [
        *("id", "gtin", "lot", "product", "product_class"),
        *("manufacturer", "quantity", "manufactured", "expiry", "registered"),
    ]
    assert list(told["batch"]["registered"]) == ["block", "time", "transaction"]
    assert [list(each) for each in told["custody"]] == [
        ["kind", "actor", "counterparty", "place", "quantity", "occurred_at", "recorded", "digest"]
    ] * 5
    assert list(told["as_of"]) == ["chain_id", "block", "time", "finalized_block", "lag_blocks"]
    assert told["proof"] == "/v1/proof/05413868000016/AB12"
    assert json.loads(json.dumps(told)) == told


def test_json_writes_times_digests_and_names() -> None:
    told = case("verified_at_the_pharmacy_after_a_split").to_json()
    assert told["batch"]["manufacturer"] == {"number": MAKER, "name": "Biofarm", "country": "BE"}
    assert (told["batch"]["manufactured"], told["batch"]["expiry"]) == ("2026-04-01", "2027-03-31")
    assert told["custody"][0]["occurred_at"].endswith("Z")
    assert len(told["custody"][0]["digest"]) == 2 + 64
    split = told["custody"][2]
    assert (split["kind"], split["counterparty"], split["actor"]["name"]) == ("SPLIT", None, "Coldway")


def test_json_of_an_unreadable_code_has_all_fields_too() -> None:
    told = case("wrong_check_digit").to_json()
    assert told["code"] == dict.fromkeys(["gtin", "lot", "serial", "expiry", "sscc", "form"])
    assert (told["batch"], told["custody"], len(told["checks"])) == (None, [], 13)


def test_a_batch_without_stated_manufacture_or_document_says_null() -> None:
    story, _batch = at_maker()
    assert story.registration
    story.registration = replace(story.registration, manufactured=None)
    dossier = Dossier(story.history(), {}, {})
    told = dossier.batch_json()
    assert (told["manufactured"], told["product"]) == (None, None)
    assert told["manufacturer"] == {"number": MAKER, "name": "organisation 2", "country": None}
    assert dossier.batch_json() is told


# Unreadable


def test_an_unreadable_code_names_the_character_and_what_to_do() -> None:
    verdict = case("wrong_check_digit")
    assert verdict.checks[0].detail.endswith("(character 18)")
    assert verdict.headline == UNREADABLE_HEADLINES["incorrect_check_digit"]
    assert verdict.advice.endswith(".")
    assert all(check.result == SKIPPED for check in verdict.checks[1:])


def test_an_unreadable_code_without_position_or_advice_is_still_told() -> None:
    facts = VerdictFacts(settled().as_of())
    verdict = judge(Question(InvalidCodeError("Nothing there.")), facts, NOON)
    assert (verdict.reason, verdict.checks[0].detail) == ("unreadable", "Nothing there.")
    assert verdict.advice == "Scan the code again, or type it as printed."


# Words


def test_headlines_name_whom_to_ask() -> None:
    assert case("held_by_customs").headline == "Held by Singapore Customs (SG)"
    assert case("recalled_by_its_maker").headline == "Recalled by its manufacturer"
    assert case("recalled_by_a_regulator").headline == "Recalled by FAMHP"
    assert case("in_transit_to_someone_else").headline == "Recorded as on the way to Merlion Pharmacy"
    assert case("with_someone_else").headline == "Recorded as being with Merlion Pharmacy"
    assert case("unknown_lot_of_a_known_maker").headline == "Biofarm never registered this lot"
    assert case("maker_suspended_before_registration").headline == "Its maker, Biofarm, was suspended"
    assert case("received_more_than_was_shipped").headline == "Coldway received more than was shipped"


def test_other_reasons_follow_in_the_advice() -> None:
    assert "Also: Recalled by its manufacturer." in case("recalled_and_expiry_altered").advice
    assert "Also: Held by FAMHP (BE)." in case("recalled_and_held").advice


def test_old_data_shows_its_age_in_the_headline() -> None:
    assert case("old_data").headline == "On record, and nothing against it (as of 60 minutes ago)"
    assert case("unknown_lot_while_behind").headline == "Not known yet (as of 0 seconds ago, 994 blocks behind)"


def test_the_batch_of_a_mixed_pallet_is_named() -> None:
    assert case("pallet_of_two_batches_one_recalled").headline == (
        f"Recalled by its manufacturer: GTIN {GTIN} lot {LOT}, one of 2 batches on it"
    )


def test_details_tell_what_is_odd_but_no_fault() -> None:
    short = detail(case("received_short"), "custody_unbroken")
    assert "Coldway recorded 990 received where 1000 were shipped." in short
    assert "Coldway corrected what it said." in detail(case("received_over_and_corrected"), "custody_unbroken")
    assert "It was suspended on" in detail(case("maker_suspended_after_registration"), "maker_accredited")
    foreign = detail(case("verified_though_its_link_has_a_foreign_host"), "code_readable")
    assert "names the host vaccines.example, which is not ours: it was not opened." in foreign


def test_details_say_where_the_goods_are_and_where_they_are_asked_for() -> None:
    told = detail(case("verified_at_the_pharmacy_after_a_split"), "custody_unbroken")
    assert told == (
        "5 events link without a gap. Recorded as being with Merlion Pharmacy, last at SGSIN. Asked at SGSIN."
    )
    assert "The lot moves in 2 consignments." in detail(case("one_of_two_consignments_held"), "custody_unbroken")
    story, _batch = at_maker()
    assert detail(judged(story), "custody_unbroken").endswith("Recorded as being with Biofarm.")


def test_part_of_a_lot_that_is_held_or_doubtful_is_a_matter_for_the_carton() -> None:
    assert case("one_of_two_consignments_held").advice.endswith(
        "1 of 2 consignments of this lot is held or seized: scan the carton's SSCC."
    )
    story, sold, _kept = delivered()
    story.ship(sold, PHARMACY, CARRIER, 400)
    story.receive(sold, CARRIER, PHARMACY, 500)
    verdict = judged(story)
    assert verdict.verdict == "verified"
    assert "1 of 2 consignments of this lot has an open question in its custody" in verdict.advice


def test_skipped_checks_say_why() -> None:
    story, _batch = at_maker()
    plain = judged(story)
    assert detail(plain, "label_signature") == "This label carries no signature."
    assert detail(plain, "unit_in_batch") == "This code names no single pack."
    serial = judged(story, f"(01){GTIN}(10){LOT}(21)S1")
    assert detail(serial, "unit_in_batch") == "The maker registered no serial numbers for this batch."
    story = settled()
    story.register(unit_root=keccak256(b"units"))
    serial = judged(story, f"(01){GTIN}(10){LOT}(21)S1")
    assert detail(serial, "unit_in_batch").startswith("No sound list of this batch's serial numbers is held here")


def test_a_serial_number_is_one_of_those_registered_or_none_of_them() -> None:
    registered = case("verified_pack_whose_serial_is_registered")
    assert detail(registered, "unit_in_batch") == "Its serial number is one of the 1,000 that the maker registered."
    made_up = case("serial_that_was_never_registered")
    assert detail(made_up, "unit_in_batch") == "Its serial number is none of the 1,000 that the maker registered."
    assert made_up.headline == "Biofarm never registered this serial number"
    assert "If it was typed, scan the code instead" in made_up.advice
    assert "Also: Recalled by its manufacturer." in case("unregistered_serial_of_a_recalled_batch").advice


def test_a_label_that_names_another_gtin_than_its_sscc_is_suspect() -> None:
    story, sold, _kept = delivered()
    verdict = judged(story, f"(00){SSCC}(01)04006381333931(10){LOT}", sold)
    assert (verdict.reason, detail(verdict, "facts_agree")[:30]) == (
        "contents_differ",
        "The label names GTIN 040063813",
    )


# Who asks


@pytest.mark.parametrize(
    ("organisation", "reason"),
    [
        (None, "verified"),
        (MAKER, "verified"),
        (CARRIER, "verified"),
        (CUSTOMS, "verified"),
        (REGULATOR, "verified"),
        (PHARMACY, "custody_elsewhere"),
        (99, "custody_elsewhere"),
    ],
)
def test_goods_on_the_way_concern_sender_receiver_and_authorities(organisation: int | None, reason: str) -> None:
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    assert judged(story, organisation=organisation).reason == reason


def test_an_admitted_authority_without_other_roles_may_ask() -> None:
    story, _batch = at_maker()
    story.accredit(7, "Ministry", "SG", Role.CARRIER, authority=7)
    assert judged(story, organisation=7).reason == "verified"


def test_a_suspended_authority_may_not() -> None:
    story, _batch = at_maker()
    story.suspend(CUSTOMS)
    assert judged(story, organisation=CUSTOMS).reason == "custody_elsewhere"


def test_whoever_asks_is_judged_by_its_own_part_of_the_lot() -> None:
    story, sold, _kept = delivered()
    story.record(Kind.HOLD, sold, CUSTOMS, place="SGSIN")
    assert judged(story, organisation=PHARMACY).reason == "held"
    assert judged(story, organisation=CARRIER).reason == "verified"
    assert judged(story, organisation=STRANGER).reason == "custody_elsewhere"


# Signers


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda story: story.keys.pop(key_of(CARRIER)), "signed with a key that is not on the ledger"),
        (lambda story: story.add_key(key_of(CARRIER), STRANGER), "signed with a key of another organisation"),
        (lambda story: story.add_key(key_of(CARRIER), CARRIER, Purpose.LABELS), "not meant for events"),
        (lambda story: story.add_key(key_of(CARRIER), CARRIER, valid_until=1), "not valid then"),
        (lambda story: story.organisations.pop(CARRIER), "organisation 3 was not on the ledger then"),
        (lambda story: story.suspend(CARRIER), "Coldway was suspended then"),
        (lambda story: story.accredit(CARRIER, "Coldway", "BE", Role.CUSTOMS), "not accredited for it then"),
        (lambda story: story.accredit(PHARMACY, "Merlion", "SG", Role.CUSTOMS), "Merlion was not accredited"),
    ],
)
def test_a_signer_that_was_not_allowed_breaks_the_custody(change: Any, words: str) -> None:
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.receive(batch, CARRIER, MAKER, 1000)
    change(story)
    story.ship(batch, CARRIER, PHARMACY, 1000)
    verdict = judged(story)
    assert verdict.reason == "custody_broken"
    assert words in detail(verdict, "custody_unbroken")


def test_an_administration_that_acted_abroad_breaks_the_custody() -> None:
    story, batch = at_maker()
    story.record(Kind.INSPECT, batch, CUSTOMS, place="BEBRU")
    verdict = judged(story)
    assert verdict.reason == "custody_broken"
    assert "acted outside its country" in detail(verdict, "custody_unbroken")


def test_a_recall_by_someone_without_the_right_breaks_the_custody_and_recalls_all_the_same() -> None:
    story, batch = at_maker()
    story.record(Kind.RECALL, batch, CARRIER, place="")
    verdict = judged(story)
    assert (verdict.reason, "Also: Recalled by Coldway." in verdict.advice) == ("custody_broken", True)


def test_a_break_on_a_siblings_way_is_not_ones_own() -> None:
    story, sold, kept = delivered()
    story.ship(kept, CARRIER, PHARMACY, 600, previous=keccak256(b"forged"))
    assert judged(story, f"(00){SSCC}", sold).reason == "verified"
    assert judged(story).reason == "custody_broken"


def test_a_maker_that_is_not_known_at_all_was_not_accredited() -> None:
    story, _batch = at_maker()
    dossier = Dossier(story.history(), {}, story.keys)
    verdict = judge(Question(read_code(BRACKETED, NOON)), VerdictFacts(story.as_of(), (Subject(dossier),)), story.time)
    assert (verdict.reason, verdict.headline) == (
        "maker_not_accredited",
        "Organisation 2 was not accredited to make this",
    )


def test_an_administration_that_is_not_known_is_named_by_its_number() -> None:
    story, batch = at_maker()
    story.record(Kind.HOLD, batch, REGULATOR)
    del story.organisations[REGULATOR]
    assert "Also: Held by organisation 1." in judged(story).advice


# SSCCs


def test_an_sscc_used_again_names_the_newest_of_which_some_is_left() -> None:
    old, sold, _kept = delivered()
    old.record(Kind.DISPENSE, sold, PHARMACY, 400, place="SGSIN")
    story = BatchStory(organisations=old.organisations, keys=old.keys, block=old.block, time=old.time)
    batch = story.register(lot="NEW")
    pallet = story.pack(MAKER, [batch], sscc=SSCC)
    subjects = (Subject(story.dossier(), pallet), Subject(old.dossier(), sold))
    code = read_code(f"(00){SSCC}", NOON)
    for order in (subjects, subjects[::-1]):
        verdict = judge(Question(code), VerdictFacts(story.as_of(), order), story.time)
        assert verdict.batch
        assert verdict.custody[-1]["kind"] == "PACK"


def test_a_pallet_of_which_nothing_is_of_this_batch_is_judged_by_its_own_way() -> None:
    story, _batch = at_maker()
    pallet = story.pack(MAKER, [], others=2)
    verdict = judged(story, f"(00){SSCC}", pallet)
    assert [each["kind"] for each in verdict.custody] == ["PACK"]


def test_the_same_lot_twice_is_one_batch_with_two_subjects() -> None:
    story, _batch = at_maker()
    facts = VerdictFacts(story.as_of(), (Subject(story.dossier()), Subject(story.dossier())))
    verdict = judge(Question(read_code(BRACKETED, NOON)), facts, story.time)
    assert verdict.reason == "verified"


def test_the_licensee_of_an_sscc_is_asked_by_its_prefix() -> None:
    sscc = read_code(f"(00){SSCC}", NOON)
    gtin = read_code(BRACKETED, NOON)
    place = read_code("(414)5413868000009", NOON)
    assert not isinstance(sscc, InvalidCodeError)
    assert not isinstance(gtin, InvalidCodeError)
    assert not isinstance(place, InvalidCodeError)
    assert licensing_gtin(sscc)[1:8] == "5413868"
    assert (licensing_gtin(gtin), licensing_gtin(place)) == (GTIN, "")


# Time


EXPIRY = date(2027, 3, 31)
LAST_MIDNIGHT = int(datetime(2027, 3, 31, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("hours", "result", "remarked"),
    [(-15, "passed", False), (-14, "passed", True), (0, "passed", True), (35, "passed", True), (36, "failed", False)],
)
def test_a_day_of_use_ends_when_it_has_ended_everywhere(hours: int, result: str, remarked: bool) -> None:
    check = not_expired(EXPIRY, LAST_MIDNIGHT + hours * 3600)
    assert (check.result, bool(check.remark)) == (result, remarked)


def test_expiry_is_judged_at_the_time_asked_about() -> None:
    story, _batch = at_maker()
    assert judged(story, at=LAST_MIDNIGHT + 40 * 3600).reason == "expired"
    assert judged(story, at=0).reason == "verified"


@pytest.mark.parametrize(
    ("changes", "later", "result"),
    [
        ({}, 120, "passed"),
        ({}, 121, "failed"),
        ({"head_block": 12}, 0, "passed"),
        ({"head_block": 13}, 0, "failed"),
        ({"finalized_block": 7}, 0, "passed"),
        ({"finalized_block": 6}, 0, "failed"),
    ],
    ids=str,
)
def test_data_is_fresh_within_two_minutes_and_five_blocks_and_final(
    changes: dict[str, int], later: int, result: str
) -> None:
    story, _batch = at_maker()
    assert story.block == 8
    facts = VerdictFacts(story.as_of(**changes), (Subject(story.dossier()),))
    verdict = judge(Question(read_code(BRACKETED, NOON)), facts, story.time + later)
    assert (verdict.checks[12].result, verdict.reason) == (result, "verified")


def test_spans_are_told_in_their_largest_unit() -> None:
    assert [span(seconds) for seconds in (0, 119, 120, 7199, 7200, 172799, 172800)] == [
        *("0 seconds", "119 seconds", "2 minutes", "119 minutes", "2 hours", "47 hours", "2 days")
    ]


def test_a_time_beyond_the_calendar_is_its_last_second() -> None:
    assert moment(2**40) == "9999-12-31T23:59:59Z"


# Precedence


def test_misreads_then_suspicion_then_what_must_not_be_used_then_what_is_not_known() -> None:
    words = [reason.verdict for reason in REASONS.values()]
    assert words == sorted(words, key=["unreadable", "suspect", "do_not_use", "undetermined", "verified"].index)


@given(st.sets(st.sampled_from([reason for reason in REASONS if reason != "verified"])))
def test_the_first_reason_in_precedence_gives_the_word(reasons: set[str]) -> None:
    answers = tuple(Check(1, "code_readable", "failed", "…", reason, "Someone") for reason in sorted(reasons))
    word = weigh(answers)
    first = min(reasons, key=PRECEDENCE.__getitem__, default="verified")
    assert (word.reason, word.verdict) == (first, REASONS[first].verdict)
    others = reasons - {first}
    told = others & {"expiry_differs", "contents_differ"} if word.verdict == "unreadable" else others
    assert word.advice.count("Also: ") == len(told)


def test_a_misread_label_accuses_nobody_of_what_may_be_of_other_goods() -> None:
    causes = {"label_misread": "", "unknown_lot": "Someone", "expiry_differs": ""}
    word = weigh(Check(1, "code_readable", "failed", "…", reason, who) for reason, who in causes.items())
    assert word.reason == "label_misread"
    assert "Someone" not in word.advice
    assert "Also: The expiry on the label is not the registered one." in word.advice


def test_adding_a_recall_never_makes_a_verdict_milder() -> None:
    """Whatever the story, with a recall it is at least `do_not_use`, and the recall is among what it says."""
    for each in CASES:
        told = each.tell()
        if not told.story.registration or told.batches or each.verdict == "unreadable":
            continue
        told.story.record(Kind.RECALL, told.story.registration.batch, MAKER, place="")
        verdict = judged(told.story, told.code, told.consignment)
        assert verdict.verdict in ("suspect", "do_not_use"), each.name
        assert verdict.reason == "recalled" or "Recalled by" in verdict.advice


def test_a_verdict_is_the_same_for_the_same_question() -> None:
    story, _sold, _kept = delivered()
    facts = VerdictFacts(story.as_of(), (Subject(story.dossier()),))
    question = Question(read_code(BRACKETED, NOON))
    assert judge(question, facts, story.time).to_json() == judge(question, facts, story.time).to_json()


def test_names_are_those_of_now() -> None:
    story, _batch = at_maker()
    story.accredit(MAKER, "Biofarm Group", "BE", Role.MANUFACTURER, ("5413868",))
    state = state_at(story.organisations[MAKER])
    assert state
    verdict = judged(story)
    assert verdict.batch
    assert verdict.batch["manufacturer"]["name"] == state.name == "Biofarm Group"


def test_children_of_a_story_have_the_ids_of_the_contract() -> None:
    story, sold, _kept = delivered()
    assert sold == child_id(story.events[2].digest, 0)


# What a verdict takes from the time

STORIES = (
    "verified_at_the_pharmacy_after_a_split",
    *sorted({each.name for each in CASES if each.reason in ("expired", "recalled", "unknown_lot", "not_yet_known")}),
)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("hours", [-38, 0, 12])  # of the last day of use: it begins somewhere, a full hour, it ends
def test_moments_of_one_occasion_have_one_verdict(name: str, hours: int) -> None:
    told = vector_of(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))
    turn = int(datetime(2027, 4, 1, tzinfo=UTC).timestamp()) + hours * 3_600  # the stories' lots expire the day before
    seen: dict[tuple[int, ...], dict[str, Any]] = {}
    for second, silence, lag in product((-1, 0, 1), (0, 119, 120, 121, 200), (0, 5, 6)):
        now = turn + second
        as_of = replace(told.as_of, heard_at=now - silence, head_block=told.as_of.block + lag)
        verdict = replace(told, as_of=as_of, now=now).judged().to_json()
        assert seen.setdefault(occasion(as_of, now, 120, 5), verdict) == verdict
