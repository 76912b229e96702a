"""What a recommendation rests on, rule by rule."""

from __future__ import annotations

from typing import Any

from ledger.core.attestation.standing import Trust
from ledger.core.customs.journey import named_goods
from ledger.core.customs.lane import Asked, Lane, lane, operators_of
from ledger.core.parts import encode_event
from ledger.core.vocabulary import Kind
from tests.core.batch_story import CARRIER, MAKER, PHARMACY, STRANGER, BatchStory, key_of
from tests.core.customs.desk_story import DAY, ledger, organisation, shipped
from tests.core.test_history import statement_of

NOBODY = Trust({}, ())


def asked(story: BatchStory, carton: bytes, **changes: Any) -> Lane:
    goods = (named_goods(story.dossier(), carton),)
    question = Asked(
        "SG", named=True, goods=goods, hits=(), consignee=None, behind=False, finalized_block=story.block, at=story.time
    )
    return lane(question._replace(**changes), NOBODY)


def why(found: Lane) -> list[str]:
    return [each.reason for each in found.reasons if each.reason != "operator_not_trusted"]


def received(quantity: int) -> tuple[BatchStory, bytes]:
    story, carton = shipped()
    story.time += 2 * DAY
    story.receive(carton, PHARMACY, MAKER, quantity, place="SGSIN")
    return story, carton


def test_the_declared_consignee_needs_a_trusted_status_too() -> None:
    story, carton = shipped()
    stranger = organisation(story, STRANGER)
    found = asked(story, carton, consignee=stranger)
    assert [each.number for each in found.operators] == [MAKER, PHARMACY, STRANGER]
    assert operators_of((), stranger) == ()


def test_a_signature_in_doubt_breaks_the_history() -> None:
    story, carton = shipped()
    story.end_key(key_of(MAKER), doubt_since=1)
    assert why(asked(story, carton)) == ["history_broken"]


def test_a_receipt_that_its_signer_calls_wrong_is_none() -> None:
    story, carton = received(390)
    assert why(asked(story, carton)) == ["history_broken"]
    wrong = story.events[-1]
    story.record(Kind.CORRECT, carton, PHARMACY, previous=wrong.digest, attachment=encode_event(statement_of(wrong)))
    assert why(asked(story, carton)) == ["history_incomplete"]


def test_goods_in_a_carriers_hands_are_for_nobody_yet() -> None:
    story, carton = shipped(CARRIER)
    found = asked(story, carton)
    assert why(found) == ["history_incomplete"]
    assert "Last recorded at BEBRU" in found.reasons[0].detail


def test_what_never_moved_says_so() -> None:
    story = ledger()
    batch = story.register()
    assert "No movement is recorded" in asked(story, batch).reasons[0].detail


def test_nobody_is_an_operator_whom_the_ledger_does_not_know() -> None:
    story, carton = shipped()
    goods = named_goods(story.dossier(), carton)
    del story.organisations[PHARMACY]
    named = {each.number: each.name for each in asked(story, carton).operators}
    assert named[PHARMACY] == f"organisation {PHARMACY}"
    assert goods.journeys
