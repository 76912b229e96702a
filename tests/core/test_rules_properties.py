"""Properties of the rules and the fold, over random stories of signed statements."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chain.signers import AddressSigner, P256Signer
from ledger.core import facts
from ledger.core.history import BatchHistory, fold
from ledger.core.keccak import keccak256
from ledger.core.parts import next_head
from ledger.core.vocabulary import Kind, Role
from tests.core.python_ledger import DOMAIN, PythonLedger
from tests.system.random_statements import RandomStatements, Signer

START = 1_780_000_000
ORGANISATIONS = (  # number, authority, country, roles, prefixes
    (1, 1, "BE", Role.REGULATOR, ()),
    (2, 1, "BE", Role.MANUFACTURER | Role.WHOLESALER, ("5413868", "0614141")),
    (3, 1, "BE", Role.MANUFACTURER, ("400638",)),
    (4, 1, "BE", Role.CARRIER, ()),
    (5, 1, "BE", Role.PHARMACY | Role.WHOLESALER, ("5413868",)),
    (6, 1, "BE", Role.CUSTOMS, ()),
    (7, 7, "SG", Role.REGULATOR | Role.CUSTOMS, ()),
    (8, 7, "SG", Role.PHARMACY, ("400638",)),
    (9, 7, "SG", Role.CUSTOMS, ()),
)


def signers_of(random: Random) -> dict[int, list[Signer]]:
    signers: dict[int, list[Signer]] = {}
    for number, *_state in ORGANISATIONS:
        secrets = [random.randrange(1, 1 << 250) for _ in range(2)]
        account = AddressSigner(f"{number}a", PrivateKey(secrets[0].to_bytes(32, "big")))
        phone = P256Signer(f"{number}b", derive_private_key(secrets[1], SECP256R1()))
        signers[number] = [account, phone] if number % 2 else [phone, account]
    return signers


class Story:
    """A random story of a ledger that runs on the rules alone."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.ledger = PythonLedger()
        signers = signers_of(self.random)
        for number, authority, country, roles, prefixes in ORGANISATIONS:
            self.ledger.admit(number, country, roles, signers[number][0].signer, prefixes, authority)
        self.statements = RandomStatements(self.random, self.ledger, DOMAIN, signers)
        self.now = START
        self.seen: Counter[str] = Counter()

    def tell(self, count: int) -> PythonLedger:
        for _ in range(count):
            self.step()
        return self.ledger

    def step(self) -> None:
        self.now += self.random.choice((1, 7, 4000))
        submission = self.statements.next(self.now)
        refused = self.ledger.submit(submission, self.now)
        self.seen[refused.evidence["error"] if refused else f"accepted {submission.type}"] += 1


seeds = st.integers(0, 2**32)


@settings(max_examples=15)
@given(seeds)
def test_what_the_rules_accept_folds_without_a_break_and_conserves_quantity(seed: int) -> None:
    ledger = Story(seed).tell(80)
    for history in ledger.histories().values():
        assert history.breaks == ()
        for state in history.states.values():
            assert state.rest + state.split + state.dispensed + state.destroyed == state.quantity
            assert state.rest >= 0
        children = Counter(state.parent for state in history.states.values() if state.parent)
        for parent in children:
            split = sum(state.quantity for state in history.states.values() if state.parent == parent)
            assert split == history.states[parent].split


@settings(max_examples=10)
@given(seeds)
def test_heads_commit_to_every_event(seed: int) -> None:
    ledger = Story(seed).tell(80)
    for history in ledger.histories().values():
        for consignment, state in history.states.items():
            assert state.head == _head(history, consignment)


def _head(history: BatchHistory, consignment: bytes) -> bytes:
    """Recompute a head from nothing but the events' digests."""
    state = history.states[consignment]
    if state.number:
        head = consignment
    else:
        head = history.events[history.births[consignment]].digest if state.parent else history.registration.digest
    unpacked = [span.end for span in history.spans.get(consignment, ()) if span.end is not None]
    for index in sorted([*history.own.get(consignment, ()), *unpacked]):
        event = history.events[index]
        if event.kind not in (Kind.CORRECT, Kind.PACK):
            head = next_head(head, event.digest)
    return head


@settings(max_examples=10)
@given(seeds)
def test_a_refused_statement_changes_nothing(seed: int) -> None:
    story = Story(seed)
    for _ in range(60):
        before, blocks = dict(story.ledger.states()), story.ledger.block
        accepted = story.seen.total() - sum(n for name, n in story.seen.items() if not name.startswith("accepted"))
        story.step()
        if story.ledger.block == blocks:
            assert story.ledger.states() == before
        else:
            assert sum(n for name, n in story.seen.items() if name.startswith("accepted")) == accepted + 1


@settings(max_examples=10)
@given(seeds)
def test_recall_is_never_cleared_and_held_goods_do_not_move(seed: int) -> None:
    story = Story(seed)
    recalled: set[bytes] = set()
    for _ in range(80):
        before = dict(story.ledger.states())
        story.step()
        after = story.ledger.states()
        recalled |= {batch for batch, history in story.ledger.histories().items() if history.recall}
        assert all(story.ledger.recalled(batch) for batch in recalled)
        for each, state in before.items():
            if state.held_by and after[each].held_by:
                assert (after[each].holder, after[each].counterparty) == (state.holder, state.counterparty)
            if state.seized:
                assert after[each].seized


@settings(max_examples=10)
@given(seeds, st.data())
def test_any_single_corrupted_link_is_found(seed: int, data: Any) -> None:
    ledger = Story(seed).tell(60)
    linked = [batch for batch, history in ledger.histories().items() if history.events]
    if not linked:
        return
    logs = ledger.batch(data.draw(st.sampled_from(linked)))
    events = [event for event in logs.events if event.kind is not Kind.CORRECT]
    if not events:
        return
    event = data.draw(st.sampled_from(events))
    forged = replace(event, previous=keccak256(event.previous))
    altered = tuple(forged if each is event else each for each in logs.events)
    assert any(found.digest == event.digest for found in fold(replace(logs, events=altered)).breaks)


@settings(max_examples=10)
@given(seeds)
def test_a_lineage_folds_to_the_state_of_the_whole(seed: int) -> None:
    ledger = Story(seed).tell(80)
    for batch, history in ledger.histories().items():
        for consignment in history.consignments():
            lineage = _lineage(ledger.batch(batch), history, consignment)
            folded = fold(lineage, complete=False)
            assert folded.breaks == ()
            assert folded.states[consignment] == history.states[consignment]
            assert folded.path(consignment) == history.path(consignment)


def _lineage(logs: facts.BatchFacts, history: BatchHistory, consignment: bytes) -> facts.BatchFacts:
    """Leave out every sibling, as the read model does for a carton of a large batch."""
    line = {consignment}
    while history.states[consignment].parent:
        consignment = history.states[consignment].parent
        line.add(consignment)
    births = {each: history.births[each] for each in line if each in history.births}
    # What became of a parent after the split that leads here is left out, also on which pallets it was.
    ends = {history.states[each].parent: history.events[birth].recorded for each, birth in births.items()}
    packings = tuple(
        each
        for each in logs.packings
        if each.consignment in line and (each.consignment not in ends or each.recorded < ends[each.consignment])
    )
    pallets = {each.pallet for each in packings}
    kept = set()
    for index, event in enumerate(history.events):
        children = [each for each in line if history.states[each].parent == event.consignment]
        until = births[children[0]] if children else len(history.events)
        own = event.consignment in line and (index <= until or event.kind in (Kind.RECALL, Kind.CORRECT))
        if own or event.consignment in pallets or event.digest in pallets:
            kept.add(event.digest)
    corrected = {event.digest for event in logs.events if event.kind is Kind.CORRECT and event.previous in kept}
    return replace(
        logs,
        events=tuple(event for event in logs.events if event.digest in kept | corrected),
        children=tuple(child for child in logs.children if child.consignment in line),
        packings=packings,
        pallets=tuple(each for each in logs.pallets if each.pallet in pallets),
    )


@pytest.mark.parametrize("seed", [11])
def test_random_stories_reach_most_of_the_rules(seed: int) -> None:
    story = Story(seed)
    story.tell(900)
    assert len(story.seen) > 40, story.seen
    assert sum(count for name, count in story.seen.items() if name.startswith("accepted")) > 200
