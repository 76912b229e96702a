"""What may be believed of several nodes: cases by hand, and what no coalition of fewer than half of them can do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.agreement import (
    STALE_BLOCKS,
    STALE_SECONDS,
    Answer,
    Block,
    Judgement,
    Silence,
    State,
    heights_to_compare,
    judge,
    majority,
)
from ledger.core.keccak import keccak256

CHAIN = 31337


def true_hash(number: int) -> bytes:
    return keccak256(b"true %d" % number)


def false_hash(number: int, which: int = 0) -> bytes:
    return keccak256(b"false %d %d" % (number, which))


def honest(head: int, final: int, *, others: tuple[int, ...] = (), **changes: object) -> Answer:
    """A node that tells the truth, also of the heights that others call final."""
    hashes = {height: true_hash(height) for height in (final, *others) if 0 <= height <= head}
    return Answer(CHAIN, head, final, hashes, **changes)  # type: ignore[arg-type]  # by name


def liar(head: int, final: int, *, others: tuple[int, ...] = ()) -> Answer:
    return Answer(CHAIN, head, final, {height: false_hash(height) for height in (final, *others)})


@pytest.mark.parametrize(("nodes", "need"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (7, 4)])
def test_more_than_half_must_agree(nodes: int, need: int) -> None:
    assert majority(nodes) == need


def test_nodes_that_agree_are_healthy_and_their_common_final_block_is_final() -> None:
    answers = {"a": honest(100, 90, others=(88,)), "b": honest(99, 88)}
    found = judge(answers, 2)
    assert found.final == Block(88, true_hash(88))
    assert set(found.states.values()) == {State.HEALTHY}
    assert found.order == ("a", "b")
    assert heights_to_compare(answers.values()) == [90, 88]


def test_final_is_never_above_what_enough_nodes_call_final() -> None:
    answers = {"a": honest(100, 100, others=(70,)), "b": honest(100, 70, others=(100,)), "c": Silence()}
    assert judge(answers, 2).final == Block(70, true_hash(70))


def test_two_that_contradict_each_other_make_nothing_final_and_both_are_shown() -> None:
    found = judge({"a": honest(100, 90), "b": liar(100, 90)}, 2)
    assert found.final is None
    assert set(found.states.values()) == {State.DISPUTED}
    for reason in found.reasons.values():
        assert f"0x{true_hash(90).hex()}" in reason
        assert f"0x{false_hash(90).hex()}" in reason


def test_a_dispute_leaves_final_what_was_agreed_below_it() -> None:
    answers = {"a": honest(100, 90, others=(80,)), "b": Answer(CHAIN, 100, 90, {90: false_hash(90), 80: true_hash(80)})}
    third = {"c": honest(85, 80)}
    assert judge(answers | third, 2).final == Block(80, true_hash(80))


def test_a_node_that_contradicts_enough_others_lies_and_is_not_asked_any_more() -> None:
    found = judge({"a": liar(100, 90), "b": honest(100, 90), "c": honest(100, 90)}, 2)
    assert found.final == Block(90, true_hash(90))
    assert found.states == {"a": State.LYING, "b": State.HEALTHY, "c": State.HEALTHY}
    assert found.order == ("b", "c")
    assert f"0x{false_hash(90).hex()}" in found.reasons["a"]
    assert f"0x{true_hash(90).hex()}" in found.reasons["a"]


def test_a_node_on_a_branch_that_was_left_does_not_lie_while_it_calls_nothing_of_it_final() -> None:
    branch = Answer(CHAIN, 95, 60, {90: false_hash(90), 60: true_hash(60)})
    found = judge({"a": branch, "b": honest(100, 90, others=(60,)), "c": honest(100, 90, others=(60,))}, 2)
    assert found.states["a"] is State.STALE
    assert "has left the branch" in found.reasons["a"]
    assert found.order == ("b", "c", "a")


def test_a_node_of_another_chain_lies_if_the_chain_is_known_or_enough_are_on_another() -> None:
    foreign = Answer(1, 500, 400, {400: false_hash(400)})
    both = {"a": foreign, "b": honest(100, 90)}
    assert judge(both, 2, chain_id=CHAIN).states == {"a": State.LYING, "b": State.HEALTHY}
    undecided = judge(both, 2)
    assert undecided.final is None
    assert set(undecided.states.values()) == {State.DISPUTED}
    outvoted = judge(both | {"c": honest(100, 90)}, 2)
    assert outvoted.states == {"a": State.LYING, "b": State.HEALTHY, "c": State.HEALTHY}
    assert outvoted.reasons["a"] == "It is on chain 1, not 31337."
    assert outvoted.final == Block(90, true_hash(90))


def test_a_node_far_behind_or_behind_and_not_moving_is_stale() -> None:
    front, late = honest(100, 90), 1_000.0
    for answer, state in (
        (honest(100 - STALE_BLOCKS, 80), State.HEALTHY),
        (honest(99 - STALE_BLOCKS, 80), State.STALE),
        (honest(99, 80, moved_at=late - STALE_SECONDS), State.HEALTHY),
        (honest(99, 80, moved_at=late - STALE_SECONDS - 1), State.STALE),
        (honest(100, 80), State.HEALTHY),  # a chain that halts makes nobody stale
    ):
        moved = answer if answer.moved_at else honest(answer.head, answer.final, moved_at=late)
        found = judge({"a": moved, "b": front, "c": front}, 2, now=late)
        assert found.states["a"] is state, answer.head
        assert found.order[-1] == ("a" if state is State.STALE else "c")


def test_one_node_cannot_make_the_others_stale_by_an_invented_head() -> None:
    found = judge({"a": liar(10**9, 10**9), "b": honest(100, 90), "c": honest(99, 90)}, 2)
    assert found.states["b"] is State.HEALTHY
    assert found.states["c"] is State.HEALTHY


def test_the_leader_stays_while_none_is_better_and_an_unproved_node_comes_after_a_proved_one() -> None:
    both = {"a": honest(100, 90), "b": honest(100, 90)}
    assert judge(both, 2, leading="b").order == ("b", "a")
    unproved = {"a": honest(100, 90, proved=False), "b": honest(100, 90)}
    found = judge(unproved, 2, leading="a")
    assert found.order == ("b", "a")
    assert found.states["a"] is State.UNPROVED
    assert found.final == Block(90, true_hash(90))


def test_a_node_that_does_not_answer_has_no_vote_and_comes_last() -> None:
    found = judge({"a": Silence("It is gone."), "b": honest(100, 90)}, 2)
    assert found.final is None
    assert found.order == ("b", "a")
    assert found.reasons["a"] == "It is gone."
    assert judge({"a": Silence("It lied.", State.LYING), "b": honest(100, 90)}, 2).order == ("b",)


def test_a_tie_makes_nothing_final_even_if_one_vote_is_enough() -> None:
    assert judge({"a": honest(100, 90), "b": liar(100, 90)}, 1).final is None


def test_without_any_final_block_nothing_is_final() -> None:
    assert judge({"a": honest(5, -1), "b": honest(5, -1)}, 2).final is None


# ---- properties ----

HEIGHTS = st.integers(0, 60)


@st.composite
def liars(draw: st.DrawFn) -> Answer | Silence:
    """Anything at all: false hashes, true ones, invented heights, other chains, silence."""
    if draw(st.booleans()) and draw(st.booleans()):
        return Silence()
    hashes = draw(
        st.dictionaries(HEIGHTS, st.sampled_from(range(3)), max_size=8).map(
            lambda found: {n: true_hash(n) if which == 2 else false_hash(n, which) for n, which in found.items()}
        )
    )
    return Answer(draw(st.sampled_from((CHAIN, CHAIN, 1))), draw(st.integers(0, 10**9)), draw(HEIGHTS), hashes)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, Answer | Silence], set[str], int]:
    """Nodes of which fewer than half lie; who is honest; how many must agree."""
    count = draw(st.integers(2, 7))
    lying = draw(st.integers(0, (count - 1) // 2))
    heads = [(draw(HEIGHTS), draw(st.integers(0, 30))) for _ in range(count - lying)]
    said = [draw(liars()) for _ in range(lying)]
    finals = {max(-1, head - depth) for head, depth in heads} | {a.final for a in said if isinstance(a, Answer)}
    truthful = [honest(head, max(-1, head - depth), others=tuple(finals)) for head, depth in heads]
    names = draw(st.permutations([f"n{number}" for number in range(count)]))
    answers = dict(zip(names, [*truthful, *said], strict=True))
    shuffled = {name: answers[name] for name in sorted(answers)}
    return shuffled, set(names[: count - lying]), majority(count)


@given(worlds())
def test_fewer_than_half_never_make_anything_false_final_nor_an_honest_node_a_liar(
    world: tuple[dict[str, Answer | Silence], set[str], int],
) -> None:
    answers, truthful, need = world
    found = judge(answers, need)
    highest = max(answer.final for name in truthful if isinstance(answer := answers[name], Answer))
    if found.final is not None:
        assert found.final.hash == true_hash(found.final.number)
        assert found.final.number <= highest
    assert not any(found.states[name] is State.LYING for name in truthful)
    assert set(found.order) >= truthful


@given(worlds())
def test_fewer_than_half_never_keep_the_honest_ones_from_agreeing(
    world: tuple[dict[str, Answer | Silence], set[str], int],
) -> None:
    answers, truthful, need = world
    finals = sorted((a.final for name in truthful if isinstance(a := answers[name], Answer)), reverse=True)
    enough = finals[need - 1]  # so high that as many honest nodes as must agree call it final
    found = judge(answers, need)
    assert (found.final.number if found.final else -1) >= enough


@given(st.integers(3, 7), st.integers(20, 60), st.integers(0, 19))
def test_a_single_stale_node_never_stops_progress(count: int, final: int, old: int) -> None:
    answers: dict[str, Answer | Silence] = {"n0": honest(old, old, others=(final,))}
    answers |= {f"n{number}": honest(final + 5, final, others=(old,)) for number in range(1, count)}
    assert judge(answers, majority(count)).final == Block(final, true_hash(final))


@given(worlds())
def test_a_judgement_names_every_node_and_says_why_it_is_not_healthy(
    world: tuple[dict[str, Answer | Silence], set[str], int],
) -> None:
    answers, _truthful, need = world
    found: Judgement = judge(answers, need)
    assert found.states.keys() == found.reasons.keys() == answers.keys()
    assert all(bool(found.reasons[name]) is (state is not State.HEALTHY) for name, state in found.states.items())
    assert set(found.order) == {name for name, state in found.states.items() if state is not State.LYING}
