"""Looking at several nodes of one chain, all at about the same time and again and again, and how each stands.

What follows from what they say is decided in `ledger.core.agreement`; here they are asked, and what was found out about
one is kept: a node that lied is left aside until it is long past or the program starts anew.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ledger.core.agreement import Answer, Block, Judgement, Silence, State, heights_to_compare, judge
from ledger.core.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from ledger.chain.rpc import Rpc

    Call = tuple[str, Sequence[Any]]

FINALIZED: Final = "finalized"
LOOK_SECONDS: Final = 1.0  # between two looks at all nodes
PATIENCE_SECONDS: Final = 3.0  # for a node to answer a look: then the others are judged without it
LIAR_SECONDS: Final = 86_400.0  # until a node that lied is looked at again; a restart does so too
_THREADS_A_NODE: Final = 2  # one may hang while another asks anew
_LEVELS: Final = {State.LYING: logging.ERROR, State.DISPUTED: logging.ERROR, State.HEALTHY: logging.INFO}
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one node stands, for whoever operates the installation."""

    name: str  # scheme, host and port; no credentials, path or query
    state: State
    head: int  # number of its newest block when it was last looked at; -1 if it never answered
    reason: str  # a sentence, empty if healthy


class Watch:
    """Looks at nodes and knows how each stands. Safe to share between threads.

    Args:
        rpcs: The nodes by name, in the order in which they are preferred.
        need: How many must agree.
        finality: `finalized` for the nodes' own tag, or a number of blocks that make a block final.
        look_seconds: Pause between two looks.
        patience_seconds: How long a look waits for a node.
        clock: A steady clock, seconds.
    """

    def __init__(  # noqa: PLR0913 - all but two have a default, and are named
        self,
        rpcs: Mapping[str, Rpc],
        need: int,
        *,
        finality: str | int = FINALIZED,
        look_seconds: float = LOOK_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rpcs = rpcs
        self._need = need
        self._finality = finality
        self._look_seconds = look_seconds
        self._patience = patience_seconds
        self._clock = clock
        self._threads = ThreadPoolExecutor(_THREADS_A_NODE * len(rpcs), thread_name_prefix="look")
        self._looking = threading.Lock()  # one look at a time
        self._lock = threading.RLock()  # over what follows
        self._chain_id: int | None = None
        self._looked_at = float("-inf")
        self._judgement = Judgement(None, {}, {}, tuple(rpcs))
        self._final: Block | None = None
        self._heads: dict[str, tuple[int, float]] = {}  # by node: its newest block, and when that was first seen
        self._down: dict[str, str] = {}  # by node: why a question failed since the last look
        self._lies: dict[str, tuple[float, str]] = {}  # by node: until when it is left aside, and why
        self._unproved: set[str] = set()
        self._busy: dict[str, Future[Answer]] = {}  # looks that a node has not answered in time

    def close(self) -> None:
        """End looking; whoever gave the connections closes them."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def expect(self, chain_id: int) -> None:
        """Look at all nodes anew, as those of this chain.

        Raises:
            ConfigurationError: Those that answer are all on another chain.
        """
        with self._lock:
            self._chain_id = chain_id
            self._looked_at = float("-inf")
        judgement = self.look()
        if set(judgement.states.values()) - {State.UNREACHABLE} == {State.LYING}:
            raise ConfigurationError(
                f"No node of {', '.join(self._rpcs)} is on chain {chain_id}, for which this installation is.",
                advice="Point LOTPROOF_RPC_URL at nodes of the right chain, or start with an empty data directory.",
                field="rpc_url",
                expected=chain_id,
            )

    def final(self) -> Block | None:
        """Give the newest block on whose being final enough nodes agree or once agreed; None if there was none yet."""
        self.look()
        return self._final

    def look(self) -> Judgement:
        """Look at all nodes, unless that was done a moment ago or is being done, and judge them."""
        if not self._looking.acquire(blocking=not self._judgement.states):
            return self._judgement
        try:
            if self._clock() - self._looked_at >= self._look_seconds:
                self._judge(self._answers())
            return self._judgement
        finally:
            self._looking.release()

    def _judge(self, answers: dict[str, Answer | Silence]) -> None:
        with self._lock:
            now, leading = self._clock(), next(iter(self._standing_by()), "")
            # Who was found to lie meanwhile has no vote any more.
            silent = {name: Silence(reason, State.LYING) for name, (_, reason) in self._lies.items()}
            judgement = judge(answers | silent, self._need, chain_id=self._chain_id, now=now, leading=leading)
            self._down = {name: why for name, why in self._down.items() if isinstance(answers[name], Silence)}
            self._looked_at = now
            self._take(judgement)
            if judgement.final and (self._final is None or judgement.final.number > self._final.number):
                self._final = judgement.final

    def lied(self, name: str, reason: str) -> None:
        """Leave a node aside that said what is known to be false.

        Args:
            name: The node.
            reason: What it said, and what is true; a sentence.
        """
        with self._lock:
            self._lies[name] = (self._clock() + LIAR_SECONDS, reason)
            judged = self._judgement
            self._take(
                replace(
                    judged,
                    states={**judged.states, name: State.LYING},
                    reasons={**judged.reasons, name: reason},
                    order=tuple(each for each in judged.order if each != name),
                )
            )

    @property
    def down(self) -> frozenset[str]:
        """The nodes to which a question failed since the last look."""
        return frozenset(self._down)

    def note_proofs(self, name: str, *, proves: bool) -> None:
        """Note whether a node proves what it says of the state."""
        (self._unproved.discard if proves else self._unproved.add)(name)

    def standings(self) -> list[Standing]:
        """Say how each node stands, as of the last look."""
        with self._lock:
            found = []
            for name in self._rpcs:
                state = self._judgement.states.get(name, State.UNREACHABLE)
                reason = self._judgement.reasons.get(name, "It was not asked yet.")
                if name in self._down and state is not State.LYING:
                    state, reason = State.UNREACHABLE, self._down[name]
                found.append(Standing(name, state, self._heads.get(name, (-1, 0.0))[0], reason))
            return found

    def _take(self, judgement: Judgement) -> None:
        """Take a judgement, and log once what has changed."""
        before = self._judgement.states
        for name, state in judgement.states.items():
            reason = judgement.reasons[name]
            if state is State.LYING:
                self._lies.setdefault(name, (self._clock() + LIAR_SECONDS, reason))
            if before.get(name, State.HEALTHY) is not state:
                level, about = _LEVELS.get(state, logging.WARNING), {"endpoint": name, "state": str(state)}
                _LOG.log(level, "the chain's node %s is %s. %s", name, state, reason, extra=about)
        self._judgement = judgement

    def order(self) -> list[str]:
        """Name the nodes that may be asked, the best first; those that failed since the last look come last."""
        self.look()
        with self._lock:
            return self._standing_by()

    def _standing_by(self) -> list[str]:
        return sorted(self._judgement.order, key=lambda name: name in self._down)

    def note_down(self, name: str, reason: str) -> None:
        """Note that a question to a node failed, so that others come first until the next look."""
        with self._lock:
            if name not in self._down:
                _LOG.warning("another node is asked, since one fails: %s", reason)
            self._down[name] = reason

    def _answers(self) -> dict[str, Answer | Silence]:
        """What each node says now of its chain, its head and what is final, and of what the others call final."""
        with self._lock:
            self._lies = {name: lie for name, lie in self._lies.items() if lie[0] > self._clock()}
            asked = [name for name in self._rpcs if name not in self._lies]
        first = {name: self._busy.get(name) or self._threads.submit(self._first, name) for name in asked}
        answers = self._collect(first)
        spoke = {name: answer for name, answer in answers.items() if isinstance(answer, Answer)}
        heights = heights_to_compare(spoke.values())
        unknown = {name: _unknown(answer, heights) for name, answer in spoke.items()}
        second = {
            name: self._threads.submit(self._second, name, spoke[name], wanted)
            for name, wanted in unknown.items()
            if wanted
        }
        answers |= self._collect(second)
        return {name: answers.get(name, Silence()) for name in self._rpcs}

    def _collect(self, asked: dict[str, Future[Answer]]) -> dict[str, Answer | Silence]:
        wait(asked.values(), timeout=self._patience)
        self._busy = {name: answer for name, answer in {**self._busy, **asked}.items() if not answer.done()}
        found: dict[str, Answer | Silence] = {}
        for name, answer in asked.items():
            try:
                found[name] = answer.result() if answer.done() else Silence()
            except UnavailableError as error:
                found[name] = Silence(error.detail)
            except (KeyError, TypeError, ValueError):
                found[name] = Silence("It answers with what is no block.")
        return found

    def _first(self, name: str) -> Answer:
        """Ask a node for its chain, its newest block and what it calls final."""
        calls: list[Call] = [("eth_chainId", ()), ("eth_getBlockByNumber", ("latest", False))]
        if isinstance(self._finality, str):
            calls.append(("eth_getBlockByNumber", (self._finality, False)))
        chain_id, head, *tagged = self._rpcs[name].outcomes(calls)
        number = int(head["number"], 16)
        hashes: dict[int, bytes] = {}
        if isinstance(self._finality, int):
            final = max(-1, number - self._finality)
        else:
            final, hashes = _tagged(tagged[0])
        if final == number:
            hashes = {number: bytes.fromhex(head["hash"][2:])}
        return Answer(
            int(chain_id, 16), number, final, hashes, self._moved_at(name, number), name not in self._unproved
        )

    def _second(self, name: str, answer: Answer, heights: Sequence[int]) -> Answer:
        """Ask a node for its hashes at some heights."""
        blocks = self._rpcs[name].outcomes([("eth_getBlockByNumber", (hex(height), False)) for height in heights])
        found = {
            height: bytes.fromhex(block["hash"][2:])
            for height, block in zip(heights, blocks, strict=True)
            if isinstance(block, dict)
        }
        return replace(answer, hashes={**answer.hashes, **found})

    def _moved_at(self, name: str, head: int) -> float:
        known = self._heads.get(name)
        if known is None or known[0] != head:
            known = self._heads[name] = (head, self._clock())
        return known[1]


def _unknown(answer: Answer, heights: Sequence[int]) -> list[int]:
    """The heights at which a node has a block that it was not asked for yet."""
    return [height for height in heights if height <= answer.head and height not in answer.hashes]


def _tagged(block: Any) -> tuple[int, dict[int, bytes]]:  # noqa: ANN401 - JSON, or an error
    if not isinstance(block, dict):  # no block is final yet, or the chain has no such tag
        return -1, {}
    number = int(block["number"], 16)
    return number, {number: bytes.fromhex(block["hash"][2:])}
