"""What Prometheus reads: requests and verdicts as they happen, the ledger's state when it is asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prometheus_client.core import Metric
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ledger.chain.watch import Standing
    from ledger.store.outbox import Outbox
    from ledger.store.read_model import ReadModel

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)  # buckets of answer times
UNMATCHED: Final = "(none)"  # what was asked for at an address that does not exist: never a label of its own


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("lotproof_requests", "Answers given.", ("route", "status"), registry=self.registry)
        self.seconds = Histogram(
            "lotproof_answer_seconds", "Time to the first byte.", ("route",), buckets=SECONDS, registry=self.registry
        )
        self.streams = Gauge("lotproof_event_streams", "Open streams of events.", registry=self.registry)
        self._known: dict[tuple[str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer. The labelled children are kept: looking them up costs more than counting."""
        known = self._known.get((route, status))
        if known is None:
            count, observe = self.requests.labels(route, str(status)).inc, self.seconds.labels(route).observe
            known = self._known[(route, status)] = (count, observe)
        known[0]()
        known[1](seconds)


class LedgerState:
    """Gauges told from the database whenever Prometheus asks, so that they hold whichever process does the work."""

    def __init__(self, read_model: ReadModel, outbox: Outbox, clock: Callable[[], float]) -> None:
        self._read_model = read_model
        self._outbox = outbox
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """One gauge each for the blocks, the age of what is known and the statements by state."""
        as_of = self._read_model.as_of()
        blocks = GaugeMetricFamily("lotproof_block", "Number of a block.", labels=("which",))
        for which, number in (
            ("indexed", as_of.block),
            ("head", as_of.head_block),
            ("finalized", as_of.finalized_block),
        ):
            blocks.add_metric((which,), number)
        yield blocks
        silence = self._clock() - as_of.heard_at if as_of.heard_at else float("nan")
        yield GaugeMetricFamily("lotproof_chain_silence_seconds", "Since the chain was last heard from.", silence)
        statements = GaugeMetricFamily("lotproof_statements", "Statements accepted here.", labels=("state",))
        for state, number in self._outbox.count().items():
            statements.add_metric((state,), number)
        yield statements


class NodeStates:
    """A gauge of 1 for what each of several nodes of the chain is now; nothing is told of one node alone."""

    def __init__(self, standings: Callable[[], Sequence[Standing]]) -> None:
        self._standings = standings

    def collect(self) -> Iterator[Metric]:
        """One gauge, labelled with the node and its state."""
        states = GaugeMetricFamily("lotproof_rpc_endpoint", "State of a chain's node.", labels=("endpoint", "state"))
        for standing in self._standings():
            states.add_metric((standing.name, standing.state.value), 1)
        yield states


class CountAnswers:
    """ASGI middleware: counts every answer by its route's template, never by the address asked for."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count when its answer starts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", UNMATCHED)
                self._metrics.answered(route, message["status"], time.perf_counter() - start)
            await send(message)

        await self._app(scope, receive, counting)
