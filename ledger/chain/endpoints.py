"""Several nodes of one chain, asked as if they were one: the best of them leads, the others stand by and are compared.

A question goes to the leader; if it does not answer, to the next. A signed transaction goes to all. What is called
final, and what is read of final blocks, is what as many nodes say as must agree.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ledger.chain.rpc import TIMEOUT_SECONDS, Rpc
from ledger.chain.watch import FINALIZED, LOOK_SECONDS, PATIENCE_SECONDS, Watch
from ledger.core.agreement import majority
from ledger.core.errors import ConfigurationError, NodeError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Call = tuple[str, Sequence[Any]]

T = TypeVar("T")
_SEND: Final = "eth_sendRawTransaction"
_THREADS_A_NODE: Final = 4  # questions to one node at once: indexer, relayer, server, and one that hangs


class Endpoints:
    """The nodes of one chain. Safe to share between threads; takes the place of an `Rpc`.

    Args:
        urls: Their JSON-RPC addresses, in the order in which they are preferred.
        agree: How many must agree; 0 for more than half.
        finality: `finalized` for the nodes' own tag, or a number of blocks that make a block final.
        timeout_seconds: How long one request may take.
        look_seconds: Pause between two looks at all nodes.
        patience_seconds: How long a look, or a transaction, waits for a node.
        clock: A steady clock, seconds.

    Raises:
        ConfigurationError: An address is not one of HTTP, two are of one node, or more must agree than there are.
    """

    def __init__(  # noqa: PLR0913 - all but the addresses have a default, and are named
        self,
        urls: Sequence[str],
        *,
        agree: int = 0,
        finality: str | int = FINALIZED,
        timeout_seconds: float = TIMEOUT_SECONDS,
        look_seconds: float = LOOK_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rpcs = {rpc.shown: rpc for rpc in (Rpc(url, timeout_seconds=timeout_seconds) for url in urls)}
        self.need = agree or majority(len(urls))
        _check(len(urls), len(self._rpcs), self.need)
        self.shown = ", ".join(self._rpcs)
        self._patience = patience_seconds
        self._threads = ThreadPoolExecutor(_THREADS_A_NODE * len(urls), thread_name_prefix="node")
        self._answered = threading.local()
        self.watch = Watch(
            self._rpcs,
            self.need,
            finality=finality,
            look_seconds=look_seconds,
            patience_seconds=patience_seconds,
            clock=clock,
        )

    def close(self) -> None:
        """Close all connections."""
        self.watch.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for rpc in self._rpcs.values():
            rpc.close()

    @property
    def last_asked(self) -> str:
        """The node that this thread asked last."""
        return getattr(self._answered, "name", "")

    # ---- asking the leader, as an Rpc is asked ----

    def request(self, method: str, *params: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
        """Make one call; a signed transaction goes to every node.

        Raises:
            NodeError: The node answered with an error.
            UnavailableError: No node answers.
        """
        if method == _SEND:
            return self._send(params)
        return self._led(lambda rpc: rpc.request(method, *params))

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Make many calls of one node, and give their results in order.

        Raises:
            NodeError: The first error that one of the calls was answered with.
            UnavailableError: No node answers.
        """
        return _raised(self.outcomes(calls))

    def outcomes(self, calls: Sequence[Call]) -> list[Any]:
        """Like `batch`, but an error of one call stands in its place as a `NodeError`, and the others count."""
        return self._led(lambda rpc: _outcomes(rpc, calls))

    def _led(self, ask: Callable[[Rpc], T]) -> T:
        first: UnavailableError | None = None
        for name in self.watch.order():
            self._answered.name = name
            try:
                return ask(self._rpcs[name])
            except NodeError:
                raise
            except UnavailableError as error:
                self.watch.note_down(name, error.detail)
                first = first or error
        raise first or self._nobody()

    def _send(self, params: Sequence[Any]) -> Any:  # noqa: ANN401 - JSON
        """Give the same bytes to all: whichever has them first spreads them, and a liar alone cannot hold them back."""
        names = self.watch.order()
        reachable = [name for name in names if name not in self.watch.down] or names
        asked = {name: self._threads.submit(self._rpcs[name].request, _SEND, *params) for name in reachable}
        wait(asked.values(), timeout=self._patience)
        refused: UnavailableError | None = None
        # The leader's word first: a node that is behind says less.
        for name, answer in sorted(asked.items(), key=lambda item: not item[1].done()):
            try:
                return answer.result()
            except NodeError as error:
                refused = error if not isinstance(refused, NodeError) else refused
            except UnavailableError as error:
                self.watch.note_down(name, error.detail)
                refused = refused or error
        raise refused or self._nobody()

    # ---- asking several ----

    def poll(self, calls: Sequence[Call], names: Sequence[str]) -> dict[str, list[Any]]:
        """Ask the same of several nodes at once.

        Args:
            calls: What.
            names: Whom.

        Returns:
            By node, the outcomes in order (an error of a call as a `NodeError`); none of those that did not answer.
        """
        asked = {name: self._threads.submit(_outcomes, self._rpcs[name], calls) for name in names}
        found = {}
        for name, answer in asked.items():
            try:
                found[name] = answer.result()
            except UnavailableError as error:
                self.watch.note_down(name, error.detail)
        return found

    def said(self, calls: Sequence[Call], read: Callable[[list[Any]], T]) -> dict[str, T]:
        """Ask the same of as many nodes as must agree, and of all if those do not.

        Args:
            calls: What.
            read: Makes of one node's results what is compared; what it raises as an UnavailableError is no answer.

        Returns:
            By node, what it says, the best node first.

        Raises:
            NodeError: So many nodes refuse a call that too few are left.
            UnavailableError: Too few nodes answer.
        """
        names = [name for name in self.watch.order() if name not in self.watch.down]
        found, fault = self._read(self.poll(calls, names[: self.need]), read)
        if len(found) < self.need or any(value != next(iter(found.values())) for value in found.values()):
            more, other = self._read(self.poll(calls, names[self.need :]), read)
            found, fault = found | more, fault or other
        if len(found) < self.need:
            raise fault or self._too_few(len(found))
        return found

    def agreed(self, calls: Sequence[Call], read: Callable[[list[Any]], T]) -> T:
        """Ask for something on which enough nodes must agree.

        Args:
            calls: As for `said`.
            read: As there.

        Returns:
            What as many nodes say as must agree; those that say something else are not judged by it.

        Raises:
            UnavailableError: Too few nodes answer, or they do not agree.
        """
        found = self.said(calls, read)
        for value in found.values():
            if sum(value == other for other in found.values()) >= self.need:
                return value
        raise self.disagreement(found)

    def disagreement(self, names: Iterable[str]) -> UnavailableError:
        """Say that these nodes contradict each other, and nobody can tell which is right."""
        return UnavailableError(
            f"The chain's nodes contradict each other ({', '.join(names)}), and {self.need} must agree.",
            advice="Nothing is taken from them until they agree. Compare the nodes; name a third in LOTPROOF_RPC_URL.",
            cause="disagreement",
        )

    def _read(
        self, answers: dict[str, list[Any]], read: Callable[[list[Any]], T]
    ) -> tuple[dict[str, T], UnavailableError | None]:
        found, fault = {}, None
        for name, results in answers.items():
            try:
                found[name] = read(_raised(results))
            except UnavailableError as error:
                fault = fault or error
        return found, fault

    def _too_few(self, number: int) -> UnavailableError:
        return UnavailableError(
            f"{number} of the chain's nodes answer ({self.shown}), and {self.need} must agree.",
            advice="Mend the nodes: GET /v1/chain says how each stands. What was submitted stays queued meanwhile.",
            cause="too few",
        )

    def _nobody(self) -> UnavailableError:
        told = " ".join(f"{each.name}: {each.reason}" for each in self.watch.standings())
        return UnavailableError(
            f"None of the chain's nodes can be asked. {told}",
            advice="Mend them, or name others in LOTPROOF_RPC_URL; a node that lied is asked again after a restart.",
            cause="nobody",
        )


def _check(given: int, distinct: int, need: int) -> None:
    fault = ""
    if distinct < given:
        fault = "Two addresses of the chain's nodes name the same host and port: a node cannot vouch for itself."
    elif need > given:
        fault = f"{need} of the chain's nodes must agree, but there are only {given}."
    if fault:
        raise ConfigurationError(fault, advice="Mend LOTPROOF_RPC_URL or LOTPROOF_RPC_AGREE.", field="rpc_url")


def _outcomes(rpc: Rpc, calls: Sequence[Call]) -> list[Any]:
    """Ask a node; where it refuses the whole batch, as one that limits its clients does, another may take it."""
    try:
        return rpc.outcomes(calls)
    except NodeError as error:
        raise UnavailableError(error.detail, advice="Another node is asked.", cause="refused") from error


def _raised(results: list[Any]) -> list[Any]:
    for result in results:
        if isinstance(result, NodeError):
            raise result
    return results
