"""What several nodes of one chain say, and what may be believed of it.

A block may be called final if as many nodes as must agree call it or a later one final and give the same hash for it.
If those are more than half of n nodes, at least one of them is honest as long as fewer than half lie, so nothing false
is ever called final; and as many honest ones are left to agree, so liars cannot keep them from it.

Nothing here asks a node; `ledger.chain.endpoints` does, and acts on the judgement.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STALE_BLOCKS: Final = 16  # behind the others: more than any delay of the network explains
STALE_SECONDS: Final = 60.0  # behind the others by however little, and not moving


class State(StrEnum):
    """What is thought of a node, best first."""

    HEALTHY = "healthy"
    UNPROVED = "unproved"  # as healthy, but it does not prove what it says of the state
    STALE = "stale"  # behind the others, or on a branch that they have left
    DISPUTED = "disputed"  # what it calls final is contradicted, and nobody can say who is right
    UNREACHABLE = "unreachable"
    LYING = "lying"  # what it said is known to be false


_RANK: Final = {state: rank for rank, state in enumerate(State)}


class Block(NamedTuple):
    """A block by number and hash."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What one node said when it was looked at.

    Attributes:
        chain_id: EIP-155.
        head: Number of its newest block.
        final: Number of the newest block that it calls final; -1 if none.
        hashes: What it says stands at the heights that it was asked about.
        moved_at: When its head was first seen, seconds of any steady clock.
        proved: Whether it proves what it says of the state.
    """

    chain_id: int
    head: int
    final: int
    hashes: Mapping[int, bytes] = field(default_factory=dict)
    moved_at: float = 0.0
    proved: bool = True


@dataclass(frozen=True, slots=True)
class Silence:
    """Stands for the answer of a node that gave none, or that is not asked any more.

    Attributes:
        reason: Why; a sentence.
        state: What is thought of the node for that.
    """

    reason: str = "It does not answer."
    state: State = State.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows from one look at all nodes.

    Attributes:
        final: The newest block that may be called final; None if there is none now.
        states: What is thought of each node.
        reasons: Why, where it is not healthy; a sentence that names the evidence.
        order: The nodes that may be asked, the best first; none that lies.
    """

    final: Block | None
    states: Mapping[str, State]
    reasons: Mapping[str, str]
    order: tuple[str, ...]


def majority(nodes: int) -> int:
    """Say how many of so many nodes must agree: more than half, so of two both."""
    return nodes // 2 + 1


def heights_to_compare(answers: Iterable[Answer]) -> list[int]:
    """Name the heights at which hashes are needed for `judge`: all that any node calls final, the highest first."""
    return sorted({answer.final for answer in answers if answer.final >= 0}, reverse=True)


def judge(
    answers: Mapping[str, Answer | Silence],
    need: int,
    *,
    chain_id: int | None = None,
    now: float = 0.0,
    leading: str = "",
) -> Judgement:
    """Judge nodes by what they said at about the same time.

    Args:
        answers: By node, in the order in which they are preferred.
        need: How many must agree.
        chain_id: The chain that is expected; None for the one on which enough agree.
        now: On the clock of the answers.
        leading: The node that was asked so far; it stays first while none is better.

    Returns:
        What may be called final, and what is thought of each node.
    """
    thoughts = {name: _first_thought(answer) for name, answer in answers.items()}
    states = {name: state for name, (state, _) in thoughts.items()}
    reasons = {name: reason for name, (_, reason) in thoughts.items()}
    spoke = {name: answer for name, answer in answers.items() if isinstance(answer, Answer)}
    chain = chain_id if chain_id is not None else _agreed_chain(spoke.values(), need)
    ours = {name: answer for name, answer in spoke.items() if answer.chain_id == chain}
    for name in spoke.keys() - ours.keys():
        states[name], reasons[name] = _of_another_chain(spoke[name], chain)
    _note_stale(ours, len(answers) - need, now, states, reasons)
    final = _final(ours, need, states, reasons)
    if final is not None:
        _note_contradicting(ours, final, states, reasons)
    asked = [name for name in answers if states[name] is not State.LYING]
    order = sorted(asked, key=lambda name: (_RANK[states[name]], name != leading))
    return Judgement(final, states, reasons, tuple(order))


def _first_thought(answer: Answer | Silence) -> tuple[State, str]:
    if isinstance(answer, Silence):
        return answer.state, answer.reason
    if answer.proved:
        return State.HEALTHY, ""
    return State.UNPROVED, "It does not prove its state (eth_getProof)."


def _agreed_chain(answers: Iterable[Answer], need: int) -> int | None:
    ids = Counter(answer.chain_id for answer in answers).most_common(1)
    return ids[0][0] if ids and ids[0][1] >= need else None


def _of_another_chain(answer: Answer, chain: int | None) -> tuple[State, str]:
    if chain is None:
        return State.DISPUTED, f"It is on chain {answer.chain_id}, and too few others are."
    return State.LYING, f"It is on chain {answer.chain_id}, not {chain}."


def _note_stale(
    answers: Mapping[str, Answer],
    may_lie: int,
    now: float,
    states: dict[str, State],
    reasons: dict[str, str],
) -> None:
    """Compare heads with the highest one that cannot be an invention: as many higher ones as may lie are left aside."""
    heads = sorted((answer.head for answer in answers.values()), reverse=True)
    if len(heads) <= may_lie:
        return
    reference = heads[may_lie]
    for name, answer in answers.items():
        behind = reference - answer.head
        if behind > STALE_BLOCKS or (behind > 0 and now - answer.moved_at > STALE_SECONDS):
            states[name] = State.STALE
            reasons[name] = f"Its newest block is {answer.head}, when others have {reference}."


def _final(answers: Mapping[str, Answer], need: int, states: dict[str, State], reasons: dict[str, str]) -> Block | None:
    """Find the highest block that enough call final; what is contradicted above it is in dispute."""
    for height in heights_to_compare(answers.values()):
        said = {
            name: answer.hashes[height]
            for name, answer in answers.items()
            if answer.final >= height and height in answer.hashes
        }
        votes = Counter(said.values()).most_common(2)
        contradicted = len(votes) > 1
        if votes and votes[0][1] >= need and not (contradicted and votes[1][1] == votes[0][1]):
            return Block(height, votes[0][0])
        if contradicted:
            for name, given in said.items():
                other = next(each for each in said.values() if each != given)
                states[name] = State.DISPUTED
                reasons[name] = f"It calls block {height} final as {_hex(given)}, another node as {_hex(other)}."
    return None


def _note_contradicting(
    answers: Mapping[str, Answer], final: Block, states: dict[str, State], reasons: dict[str, str]
) -> None:
    for name, answer in answers.items():
        given = answer.hashes.get(final.number)
        if given is None or given == final.hash:
            continue
        if answer.final >= final.number:
            states[name] = State.LYING
            reasons[name] = (
                f"It calls block {final.number} final as {_hex(given)}, when enough others have {_hex(final.hash)}."
            )
        else:  # it calls nothing final that is false: it will come over, or be found out
            states[name] = State.STALE
            reasons[name] = f"It has left the branch of block {final.number}, which is final."


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
