"""Check 2: whose label it is, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.check import Check
from ledger.core.gs1 import element_string
from ledger.core.gs1.lint.charsets import CSET82_ORDER
from ledger.core.label_signature import ALPHABET, Elements, label_key_id, label_signature, written
from ledger.core.signature import P256_ORDER
from ledger.core.unit import UnitFacts
from ledger.core.verdict import Question, Subject, Verdict, VerdictFacts, judge
from ledger.core.vocabulary import Purpose
from tests.core.batch_story import GTIN, LOT, MAKER, NOON, STRANGER, BatchStory, settled
from tests.core.label_story import ANOTHER, MAKERS, UNIT, changed, enrol, text
from tests.core.verdict_cases import labelled
from tests.core.verdict_vectors import read_code

if TYPE_CHECKING:
    from ledger.core import facts

DAY = 86_400  # seconds


def judged(story: BatchStory, code: str, *keys: facts.Key, **known: Any) -> Verdict:
    """The verdict, with all keys for labels at hand unless some are given."""
    named = keys or tuple(key for key in story.keys.values() if Purpose.LABELS in key.addition.purposes)
    unit = UnitFacts(label_keys=() if known.pop("no_keys", False) else named, listed=known.pop("listed", None))
    subjects = (Subject(story.dossier()),) if story.registration else ()
    now = story.time + known.pop("later", 0)
    as_of = story.as_of(**known.pop("as_of", {"heard_at": now}))
    return judge(Question(read_code(code, NOON)), VerdictFacts(as_of, subjects, unit=unit, **known), now)


def label(verdict: Verdict) -> Check:
    return verdict.checks[1]


def test_a_label_without_signature_is_judged_without_one() -> None:
    assert label(judged(labelled(), text(UNIT))) == Check(
        2, "label_signature", "skipped", "This label carries no signature."
    )


def test_a_good_label_passes_and_says_whose_key_signed_it() -> None:
    check = label(judged(labelled(), text(MAKERS.elements())))
    assert (check.result, check.detail) == (
        "passed",
        f"The label key {label_key_id(MAKERS.key_id)} of Biofarm signed it.",
    )


def test_a_good_label_of_a_batch_that_is_not_registered_says_so() -> None:
    story = settled()
    enrol(story)
    verdict = judged(story, text(MAKERS.elements()), licensee=story.organisations[MAKER])
    assert (verdict.reason, label(verdict).result) == ("unknown_lot", "passed")
    assert "may be registered late" in label(verdict).detail


def test_a_good_label_without_lot_passes_and_the_lot_is_asked_for() -> None:
    story = settled()
    enrol(story)
    code = text(MAKERS.elements([("01", GTIN), ("21", "S1")]))
    verdict = judged(story, code, licensee=story.organisations[MAKER])
    assert (verdict.reason, label(verdict).result) == ("lot_needed", "passed")


def test_ai_91_and_92_of_an_sscc_are_no_label_signature() -> None:
    story = labelled()
    sscc = "054138680000000016"
    verdict = judged(story, f"(00){sscc}(91)abc")
    assert (label(verdict).result, label(verdict).reason) == ("skipped", "")


# What another company means by AI 91 and 92


FOREIGN = [*UNIT, ("91", "EE06"), ("92", "dGVzdA==")]


def test_what_a_company_without_label_keys_prints_is_not_judged() -> None:
    story = settled()
    story.register()
    verdict = judged(story, text(FOREIGN))
    assert (verdict.verdict, label(verdict).result) == ("verified", "skipped")


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        (FOREIGN, "has 8 characters, but 4 were read (character 5)."),
        (MAKERS.elements()[:-1], "carries no signature (AI 92)"),
        ([*UNIT, MAKERS.elements()[-1]], "not which key made it (AI 91)"),
        (changed(MAKERS.elements(), "92", "A" * 85 + "B"), "must be zero (character 86)."),
        (changed(MAKERS.elements(), "92", MAKERS.elements()[-1][1][:-1] + "="), "takes only letters"),
    ],
)
def test_what_is_malformed_for_a_company_with_label_keys_is_read_again(elements: Elements, words: str) -> None:
    verdict = judged(labelled(), text(elements))
    assert (verdict.verdict, verdict.reason) == ("unreadable", "label_misread")
    assert words in label(verdict).detail
    assert "Scan the code again" in verdict.advice


# Keys


def test_a_key_that_is_not_on_the_ledger_is_suspect_only_if_it_could_be_known() -> None:
    story, code = labelled(), text(ANOTHER.elements())
    assert judged(story, code).reason == "label_key_unknown"
    assert judged(story, code).headline == "Biofarm has no such label key"
    assert judged(story, code, as_of={"heard_at": story.time - 1000}).reason == "not_yet_known"
    unknown = judged(settled(), code)
    assert (unknown.reason, label(unknown).result) == ("maker_unknown", "skipped")


def test_a_key_misread_is_read_again() -> None:
    name = label_key_id(MAKERS.key_id)
    verdict = judged(labelled(), text(changed(MAKERS.elements(), "91", "_" + name[1:])))
    assert verdict.reason == "label_misread"
    assert "Character 1 of the key (AI 91) was misread." in label(verdict).detail


def test_a_key_of_another_organisation_signs_no_labels_of_the_maker() -> None:
    story = labelled()
    enrol(story, ANOTHER, STRANGER)
    verdict = judged(story, text(ANOTHER.elements()), story.keys[ANOTHER.key_id])
    assert (verdict.reason, verdict.headline) == (
        "label_key_not_allowed",
        "Signed with a key that may not sign labels of Biofarm",
    )
    alone = judged(settled(), text(ANOTHER.elements()), story.keys[ANOTHER.key_id])
    assert (alone.reason, "of its maker" in alone.headline) == ("label_key_not_allowed", True)


def test_a_key_for_events_signs_no_labels() -> None:
    story = labelled(purposes=Purpose.EVENTS | Purpose.ADMIN)
    verdict = judged(story, text(MAKERS.elements()), story.keys[MAKERS.key_id])
    assert (verdict.reason, "is not one for labels" in label(verdict).detail) == ("label_key_not_allowed", True)


def test_an_address_signs_no_labels() -> None:
    story = labelled()
    known = story.keys[MAKERS.key_id]
    address = replace(known, addition=replace(known.addition, signer=b"\x22" * 20))
    verdict = judged(story, text(MAKERS.elements()), address)
    assert (verdict.reason, "no P-256 key" in label(verdict).detail) == ("label_key_not_allowed", True)


def test_a_key_signs_no_labels_before_it_is_valid_and_those_made_in_its_window_stay_valid() -> None:
    story = labelled(valid_from=NOON + 10 * DAY, valid_until=NOON + 20 * DAY)
    code = text(MAKERS.elements())
    early, within, after = (judged(story, code, later=days * DAY) for days in (5, 15, 25))
    assert (early.reason, "not valid before 2026-06-07" in label(early).detail) == ("label_key_not_allowed", True)
    assert (label(within).result, "ended" in label(within).detail) == ("passed", False)
    assert (label(after).result, "ended on 2026-06-17" in label(after).detail) == ("passed", True)


def test_the_maker_s_own_key_is_preferred_where_two_keys_have_one_name() -> None:
    story = labelled()
    known = story.keys[MAKERS.key_id]
    twin = replace(known, addition=replace(known.addition, organisation=STRANGER))
    assert label(judged(story, text(MAKERS.elements()), twin, known)).result == "passed"


def test_an_ended_key_is_named_and_its_labels_stay_valid() -> None:
    story = labelled()
    story.end_key(MAKERS.key_id)
    check = label(judged(story, text(MAKERS.elements())))
    assert (check.result, check.remark) == ("passed", "")
    assert "The key ended on 2026-05-28; labels printed before stay valid." in check.detail


def test_a_key_in_doubt_since_before_the_registration_is_suspect_unless_the_serial_is_registered() -> None:
    story = labelled()
    assert story.registration
    story.end_key(MAKERS.key_id, story.registration.recorded.time)
    code = text(MAKERS.elements())
    verdict = judged(story, code)
    assert (verdict.reason, verdict.headline) == (
        "label_key_in_doubt",
        "Labelled with a key of Biofarm that may be stolen",
    )
    assert judged(story, code, listed=False).reason == "label_key_in_doubt"
    listed = judged(story, code, listed=True)
    assert (listed.reason, label(listed).result) == ("verified", "passed")
    assert "compare the pack with a genuine one" in listed.advice


def test_a_key_in_doubt_since_after_the_registration_passes_with_a_warning() -> None:
    story = labelled()
    assert story.registration
    story.end_key(MAKERS.key_id, story.registration.recorded.time + 1)
    verdict = judged(story, text(MAKERS.elements()))
    assert verdict.reason == "verified"
    assert "compare the pack with a genuine one" in verdict.advice


def test_a_key_in_doubt_proves_nothing_for_a_batch_that_is_not_registered() -> None:
    story = settled()
    enrol(story)
    story.end_key(MAKERS.key_id, story.time)
    verdict = judged(story, text(MAKERS.elements()), licensee=story.organisations[MAKER])
    assert (verdict.reason, "unknown" not in verdict.headline) == ("label_key_in_doubt", True)
    assert "Also: Biofarm never registered this lot." in verdict.advice


# Signatures that do not hold


def test_a_forged_signature_is_suspect_and_the_upper_form_of_one_is_told() -> None:
    story, whole = labelled(), MAKERS.elements()
    other = MAKERS.elements([*UNIT[:3], ("21", "FORGED-1")])[-1][1]
    forged = judged(story, text(changed(whole, "92", other)))
    assert (forged.verdict, forged.headline) == ("suspect", "Biofarm never issued this label")
    assert "upper" not in label(forged).detail
    raw = label_signature(whole[-1][1])
    high = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    twin = judged(story, text(changed(whole, "92", written(high))))
    assert (twin.reason, "upper one" in label(twin).detail) == ("label_forged", True)


def test_an_altered_expiry_never_passes_and_its_contradiction_is_told() -> None:
    verdict = judged(labelled(), text(changed(MAKERS.elements(), "17", "280331")))
    assert (verdict.verdict, verdict.reason) == ("unreadable", "label_misread")
    assert "Character 2 of the expiry (AI 17)" in label(verdict).detail
    assert "Also: The expiry on the label is not the registered one." in verdict.advice


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_no_single_character_change_of_a_signed_code_passes_or_is_called_forged(data: st.DataObject) -> None:
    """In the values of a signed label; one that cannot be read is `unreadable` by check 1."""
    ai, value = data.draw(st.sampled_from(MAKERS.elements()))
    at = data.draw(st.integers(0, len(value) - 1))
    alphabet = ALPHABET if ai in {"91", "92"} else CSET82_ORDER
    other = data.draw(st.sampled_from(alphabet.replace(value[at], "")))
    read = changed(MAKERS.elements(), ai, value[:at] + other + value[at + 1 :])
    spelt = "".join(f"({each}){known}" for each, known in read)
    story = labelled()
    licensee = story.organisations[MAKER]
    if ai == "10":  # then the ledger does not know the lot
        story.registration = None
    verdict = judged(story, spelt, licensee=licensee)
    assert (verdict.verdict, label(verdict).result == "passed") == ("unreadable", False)


@given(st.binary(min_size=64, max_size=64))
@settings(max_examples=10, deadline=None)
def test_a_random_signature_is_suspect(raw: bytes) -> None:
    code = element_string(changed(MAKERS.elements(), "92", written(raw)))
    verdict = judged(labelled(), "]d2" + code)
    assert (verdict.verdict, verdict.reason) == ("suspect", "label_forged")
    assert LOT in code
