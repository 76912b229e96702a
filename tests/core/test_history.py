"""A history folded from honest logs has no break; every single lie in the logs is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.core import facts
from ledger.core.history import BatchHistory, fold
from ledger.core.keccak import keccak256
from ledger.core.parts import encode_event
from ledger.core.vocabulary import AUTHORITY_KINDS, Kind
from tests.core.batch_story import CARRIER, CUSTOMS, MAKER, NO_HASH, PHARMACY, REGULATOR, BatchStory, settled
from tests.core.verdict_cases import SSCC, delivered, statement_of

SINGAPORE = "SGSIN"


def journey() -> tuple[BatchStory, dict[str, bytes]]:
    """A way through every kind of event but RECALL: split, packed with others, held, released, unpacked, used up."""
    story, sold, kept = delivered()
    assert story.registration
    pallet = story.pack(CARRIER, [kept], others=2)
    story.ship(pallet, CARRIER, PHARMACY, 3)
    story.record(Kind.INSPECT, pallet, CUSTOMS, place=SINGAPORE)
    story.record(Kind.HOLD, pallet, CUSTOMS, place=SINGAPORE)
    story.record(Kind.RELEASE, pallet, CUSTOMS, place=SINGAPORE)
    story.receive(pallet, PHARMACY, CARRIER, 3, place=SINGAPORE)
    story.unpack(pallet, PHARMACY, [kept], place=SINGAPORE)
    story.record(Kind.DISPENSE, kept, PHARMACY, 100, place=SINGAPORE)
    story.record(Kind.DESTROY, kept, PHARMACY, 50, place=SINGAPORE)
    story.record(Kind.HANDOVER, kept, PHARMACY, 450, CARRIER, place=SINGAPORE)
    story.record(Kind.HOLD, sold, CUSTOMS, place=SINGAPORE)
    story.record(Kind.DESTROY, sold, CUSTOMS, 10, place=SINGAPORE, authority=True)
    return story, {"batch": story.registration.batch, "sold": sold, "kept": kept, "pallet": pallet}


def names(history: BatchHistory, consignment: bytes) -> list[str]:
    return [event.kind.name for event in history.path(consignment)]


def test_honest_logs_have_no_break() -> None:
    story, _ids = journey()
    assert story.history().breaks == ()


def test_states_are_what_the_story_tells() -> None:
    story, ids = journey()
    history = story.history()
    kept, sold, batch, pallet = (history.states[ids[name]] for name in ("kept", "sold", "batch", "pallet"))
    assert (kept.rest, kept.dispensed, kept.destroyed, kept.holder, kept.pallet) == (450, 100, 50, CARRIER, b"")
    assert (sold.rest, sold.destroyed, sold.held_by, sold.sequence, sold.sscc) == (390, 10, CUSTOMS, 2, SSCC)
    assert (batch.rest, batch.split, batch.holder) == (0, 1000, CARRIER)
    assert (pallet.rest, pallet.quantity, pallet.number, pallet.holder, pallet.sequence) == (2, 3, 1, PHARMACY, 3)
    assert {each: history.states[each].head for each in ids.values()} == {
        each: story.heads[each] for each in ids.values()
    }


def test_path_leads_through_splits_and_pallets_and_leaves_siblings_out() -> None:
    story, ids = journey()
    history = story.history()
    shared = ["SHIP", "RECEIVE", "SPLIT"]
    assert names(history, ids["sold"]) == [*shared, "SHIP", "RECEIVE", "HOLD", "DESTROY"]
    assert names(history, ids["kept"]) == [
        *shared,
        *("PACK", "SHIP", "INSPECT", "HOLD", "RELEASE", "RECEIVE", "UNPACK"),
        *("DISPENSE", "DESTROY", "HANDOVER"),
    ]
    assert names(history, ids["batch"]) == shared


def test_path_of_something_unknown_is_empty() -> None:
    story, _ids = journey()
    assert story.history().path(keccak256(b"?")) == ()


def test_recall_is_on_every_path_and_never_goes_away() -> None:
    story, ids = journey()
    recall = story.record(Kind.RECALL, ids["batch"], MAKER, place="")
    history = story.history()
    assert history.recall == recall
    assert all("RECALL" in names(history, ids[name]) for name in ("batch", "sold", "kept"))


def test_correction_stands_on_the_path_of_what_it_corrects() -> None:
    story, ids = journey()
    earlier = story.history().path(ids["kept"])[3]
    assert earlier.kind is Kind.PACK
    story.record(Kind.CORRECT, NO_HASH, CARRIER, previous=earlier.digest)
    history = story.history()
    assert history.corrections[earlier.digest].actor == CARRIER
    assert names(history, ids["kept"]).count("CORRECT") == 1
    assert "CORRECT" not in names(history, ids["sold"])
    assert history.breaks == ()


def test_events_on_a_pallet_before_and_after_a_consignment_was_on_it_are_not_its_own() -> None:
    story, _sold, kept = delivered()
    pallet = story.pack(CARRIER, [kept], others=1)
    story.unpack(pallet, CARRIER, [kept])
    story.ship(pallet, CARRIER, PHARMACY, 1)
    assert names(story.history(), kept)[-1] == "UNPACK"


def test_packed_goods_are_where_their_pallet_is() -> None:
    story, _sold, kept = delivered()
    pallet = story.pack(CARRIER, [kept], others=1)
    story.ship(pallet, CARRIER, PHARMACY, 2)
    story.record(Kind.HOLD, pallet, CUSTOMS, place=SINGAPORE)
    history = story.history()
    state = history.effective(kept)
    assert (state.holder, state.counterparty, state.held_by) == (CARRIER, PHARMACY, CUSTOMS)
    assert (history.on_pallet(pallet), history.states[kept].holder) == ((kept,), CARRIER)


def test_packed_goods_are_destroyed_with_their_pallet() -> None:
    story, sold, kept = delivered()
    pallet = story.pack(CARRIER, [kept], others=1)
    story.record(Kind.DESTROY, pallet, CARRIER, 2)
    history = story.history()
    assert history.breaks == ()
    assert (history.effective(kept).rest, history.effective(kept).destroyed, history.live()) == (0, 600, (sold,))


def test_what_came_off_a_pallet_is_still_found_by_it() -> None:
    story, _ids = journey()
    history = story.history()
    pallet = next(state.id for state in history.states.values() if state.number)
    assert history.on_pallet(pallet) == (_ids["kept"],)


def test_quantity_received_differently_is_a_discrepancy() -> None:
    story = settled()
    batch = story.register()
    story.ship(batch, MAKER, CARRIER, 1000)
    event = story.receive(batch, CARRIER, MAKER, 990)
    history = story.history()
    assert [(each.event, each.shipped) for each in history.discrepancies] == [(event, 1000)]
    assert history.states[batch].rest == 1000


def test_lineage_folds_without_its_siblings() -> None:
    story, sold, kept = delivered()
    logs = story.logs()
    lineage = replace(
        logs,
        children=tuple(child for child in logs.children if child.consignment == sold),
        events=tuple(event for event in logs.events if event.consignment != kept),
    )
    history = fold(lineage, complete=False)
    assert history.breaks == ()
    assert history.states[sold] == story.history().states[sold]


def test_everyone_named_is_listed() -> None:
    story, _ids = journey()
    history = story.history()
    assert history.organisations == {MAKER, CARRIER, PHARMACY, CUSTOMS}
    assert len(history.keys) == 4


# Attacks


def broken(logs: facts.BatchFacts) -> list[str]:
    return [found.error for found in fold(logs).breaks]


def test_a_dropped_event_is_found_as_soon_as_a_holder_goes_on() -> None:
    """Heads show it to the next holder. What is cut off at the very end leaves no trace in logs, only on chain."""
    story, _ids = journey()
    logs = story.logs()
    found = 0
    for index, event in enumerate(logs.events):
        way = event.digest if event.kind is Kind.PACK else event.consignment
        later = [each for each in logs.events[index + 1 :] if each.consignment == way]
        if any(each.kind not in AUTHORITY_KINDS and not each.previous.startswith(NO_HASH[:8]) for each in later):
            found += 1
            assert broken(replace(logs, events=logs.events[:index] + logs.events[index + 1 :])), event.kind
    assert found > 10


def test_reordered_events_are_found() -> None:
    story = settled()
    batch = story.register()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.receive(batch, CARRIER, MAKER, 1000)
    first, second = story.logs().events
    swapped = (replace(second, recorded=first.recorded), replace(first, recorded=second.recorded))
    assert "StaleHead" in broken(replace(story.logs(), events=swapped))


def test_a_forged_head_is_found() -> None:
    story = settled()
    batch = story.register()
    story.ship(batch, MAKER, CARRIER, 1000, previous=keccak256(b"forged"))
    assert broken(story.logs()) == ["StaleHead"]


def test_a_forged_head_is_one_break_and_not_one_for_each_later_event() -> None:
    story = settled()
    batch = story.register()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.heads[batch] = keccak256(b"forged")
    story.receive(batch, CARRIER, MAKER, 1000)
    story.ship(batch, CARRIER, PHARMACY, 1000)
    story.receive(batch, PHARMACY, CARRIER, 1000)
    assert broken(story.logs()) == ["StaleHead"]


def test_a_replayed_hold_is_found() -> None:
    story = settled()
    batch = story.register()
    hold = story.record(Kind.HOLD, batch, REGULATOR)
    story.record(Kind.RELEASE, batch, REGULATOR)
    again = replace(hold, recorded=replace(hold.recorded, block=99))
    assert broken(replace(story.logs(), events=(*story.events, again))) == ["AlreadyRecorded"]


def test_an_old_authority_sequence_is_found() -> None:
    story = settled()
    batch = story.register()
    story.record(Kind.INSPECT, batch, REGULATOR)
    story.record(Kind.HOLD, batch, REGULATOR, previous=NO_HASH)
    assert broken(story.logs()) == ["StaleSequence"]


def test_a_backdated_event_is_found() -> None:
    story = settled()
    batch = story.register()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.receive(batch, CARRIER, MAKER, 1000, occurred_at=story.time - 100)
    assert broken(story.logs()) == ["OccurredAtOutOfRange"]


def test_an_event_from_another_month_is_found() -> None:
    story = settled()
    batch = story.register()
    story.ship(batch, MAKER, CARRIER, 1000, occurred_at=story.time - 31 * 86400)
    assert broken(story.logs()) == ["OccurredAtOutOfRange"]


def test_goods_that_move_while_held_are_found() -> None:
    story = settled()
    batch = story.register()
    story.record(Kind.HOLD, batch, REGULATOR)
    story.ship(batch, MAKER, CARRIER, 1000)
    assert broken(story.logs()) == ["Held"]


def test_a_shipment_by_someone_who_does_not_hold_the_goods_is_found() -> None:
    story = settled()
    batch = story.register()
    story.ship(batch, PHARMACY, CARRIER, 1000)
    assert broken(story.logs()) == ["NotHolder"]


def test_an_event_of_an_unknown_consignment_is_found() -> None:
    story = settled()
    story.register()
    story.heads[keccak256(b"?")] = NO_HASH
    story.ship(keccak256(b"?"), MAKER, CARRIER, 1000)
    assert broken(story.logs()) == ["UnknownConsignment"]


def test_a_batch_id_that_is_not_that_of_its_gtin_and_lot_is_found() -> None:
    story = settled()
    story.register()
    logs = story.logs()
    assert broken(replace(logs, registration=replace(logs.registration, lot="OTHER"))) == ["Registration"]


@pytest.mark.parametrize(
    "forged",
    [
        {"quantity": 401},
        {"quantity": 0},
        {"sscc": None},
        {"sscc": "12"},
        {"consignment": keccak256(b"forged")},
        {"parent": keccak256(b"forged")},
        {"digest": keccak256(b"forged")},
    ],
    ids=str,
)
def test_a_forged_child_is_found(forged: dict[str, object]) -> None:
    story, _sold, _kept = delivered()
    logs = story.logs()
    first = replace(logs.children[0], **forged)  # type: ignore[arg-type]  # each case names fields of its own
    assert "Parts" in broken(replace(logs, children=(first, *logs.children[1:])))


def test_a_child_left_out_is_found() -> None:
    story, _sold, _kept = delivered()
    logs = story.logs()
    assert "Parts" in broken(replace(logs, children=logs.children[:1]))


def test_a_child_that_its_split_cannot_have_made_is_found_in_a_lineage() -> None:
    story, _sold, _kept = delivered()
    logs = story.logs()
    forged = replace(logs.children[0], consignment=keccak256(b"forged"))
    found = fold(replace(logs, children=(forged,)), complete=False).breaks
    assert [each.error for each in found] == ["Parts", "UnknownConsignment", "UnknownConsignment"]


def test_a_lineage_without_any_child_folds() -> None:
    story, _sold, _kept = delivered()
    logs = story.logs()
    shared = tuple(event for event in logs.events if event.consignment == logs.registration.batch)
    assert fold(replace(logs, events=shared, children=()), complete=False).breaks == ()


def test_a_child_that_claims_to_be_its_own_parent_leads_nowhere() -> None:
    story, _sold, _kept = delivered()
    logs = story.logs()
    circle = replace(logs.children[0], consignment=logs.registration.batch)
    history = fold(replace(logs, children=(circle, *logs.children[1:])))
    assert history.breaks
    assert history.path(logs.registration.batch)


def test_a_pallet_without_its_log_is_found() -> None:
    story, _ids = journey()
    assert "Parts" in broken(replace(story.logs(), pallets=()))


def test_a_pallet_with_a_forged_content_is_found() -> None:
    story, _sold, kept = delivered()
    story.pack(CARRIER, [kept], sscc=SSCC)
    logs = story.logs()
    assert "Parts" in broken(replace(logs, pallets=(replace(logs.pallets[0], sscc=None),)))
    assert "Parts" in broken(replace(logs, pallets=(replace(logs.pallets[0], sscc="1"),)))
    elsewhere = (replace(logs.packings[0], pallet=keccak256(b"forged")),)
    assert "Parts" in broken(replace(logs, packings=elsewhere))


def test_goods_taken_off_a_pallet_that_they_are_not_on_are_found() -> None:
    story, sold, kept = delivered()
    pallet = story.pack(CARRIER, [kept], others=1)
    story.unpack(pallet, CARRIER, [sold])
    assert broken(story.logs()) == ["NotOnPallet"]


def test_a_part_without_its_event_is_found() -> None:
    story, _sold, _kept = delivered()
    logs = story.logs()
    early = replace(logs.children[0], recorded=replace(logs.children[0].recorded, block=0))
    assert "Orphan" in broken(replace(logs, children=(early, logs.children[1])))
    late = replace(logs.children[0], recorded=replace(logs.children[0].recorded, block=99))
    assert "Orphan" in broken(replace(logs, children=(late, logs.children[1])))


def test_a_second_recall_is_found_and_the_first_stands() -> None:
    story = settled()
    batch = story.register()
    first = story.record(Kind.RECALL, batch, MAKER, place="")
    story.record(Kind.RECALL, batch, REGULATOR, place="")
    history = story.history()
    assert (history.recall, [each.error for each in history.breaks]) == (first, ["AlreadyRecalled"])


def test_corrections_by_another_or_of_another_consignment_are_found() -> None:
    story = settled()
    batch = story.register()
    event = story.ship(batch, MAKER, CARRIER, 1000)
    story.record(Kind.CORRECT, batch, CARRIER, previous=event.digest, attachment=encode_event(statement_of(event)))
    story.record(Kind.CORRECT, keccak256(b"?"), MAKER, previous=event.digest)
    assert broken(story.logs()) == ["NotActor", "AlreadyRecorded"]
    story.events.pop(-2)
    assert broken(story.logs()) == ["UnexpectedField"]


def test_goods_that_move_by_themselves_while_on_a_pallet_are_found() -> None:
    story, _sold, kept = delivered()
    story.pack(CARRIER, [kept], others=1)
    story.ship(kept, CARRIER, PHARMACY, 600)
    assert broken(story.logs()) == ["InPallet"]


def test_a_correction_of_something_that_these_logs_do_not_hold_is_no_break() -> None:
    story = settled()
    batch = story.register()
    story.record(Kind.CORRECT, batch, MAKER, previous=keccak256(b"elsewhere"))
    assert broken(story.logs()) == []


def test_logs_of_nothing_fold_to_the_registration() -> None:
    story = settled()
    batch = story.register()
    history = story.history()
    assert (history.events, history.live(), history.states[batch].holder) == ((), (batch,), MAKER)
