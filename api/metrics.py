"""What Prometheus reads: answers, verdicts and statements as they happen here, one counter each.

What the installation as a whole is like is told from the database: see `api.figures`.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from api.errors import route_of
from ledger.core.refusals import REFUSALS
from ledger.core.wording import REASONS
from ledger.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prometheus_client.core import Metric
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ledger.chain.watch import Standing
    from ledger.core.errors import StatementRefusedError

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 5.0)  # buckets of answer times
VERDICTS: Final = frozenset(reason.verdict for reason in REASONS.values())
FIGURES: Final = "PROMETHEUS_MULTIPROC_DIR"  # the folder of workers' figures; prometheus_client names it so
OTHER: Final = "other"  # a reason that is not the contract's
_LOG: Final = logging.getLogger(__name__)


disable_created_metrics()  # type: ignore[no-untyped-call]  # the library gives it no types; a third of all series go


class Metrics:
    """The counters of one application, or of all workers of one server: each can tell the sum.

    Attributes:
        registry: What is told.
    """

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.registry = registry
        if FIGURES in os.environ:  # each counter keeps its values in the folder, and what is told is read from there
            self.registry = CollectorRegistry()
            MultiProcessCollector(self.registry)  # type: ignore[no-untyped-call]  # this part of it has no types
        self.requests = Counter("lotproof_requests", "Answers given.", ("route", "status"), registry=registry)
        self.seconds = Histogram(
            "lotproof_answer_seconds", "Time to the first byte.", ("route",), buckets=SECONDS, registry=registry
        )
        self.streams = Gauge(
            "lotproof_event_streams", "Open streams of events.", registry=registry, multiprocess_mode="livesum"
        )
        self.verdicts = Counter("lotproof_verdicts", "Verdicts given, by word.", ("verdict",), registry=registry)
        self.submissions = Counter("lotproof_submissions", "Statements taken in.", ("type",), registry=registry)
        self.rejections = Counter(
            "lotproof_rejections",
            "Statements turned away as the ledger would refuse them.",
            ("reason",),
            registry=registry,
        )
        self.reports = Counter("lotproof_reports_received", "Reports taken in.", registry=registry)
        self._known: dict[tuple[str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}
        self._verdicts = {word: self.verdicts.labels(word).inc for word in sorted(VERDICTS)}
        self._tally = Tally(_LOG, "statements and reports came in")

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer. The labelled children are kept: looking them up costs more than counting."""
        known = self._known.get((route, status))
        if known is None:
            count, observe = self.requests.labels(route, str(status)).inc, self.seconds.labels(route).observe
            known = self._known[(route, status)] = (count, observe)
        known[0]()
        known[1](seconds)

    def judged(self, word: str) -> None:
        """Count one verdict."""
        self._verdicts[word]()

    def taken(self, kind: str) -> None:
        """Count a statement that was taken in, also if it was known already. `kind` is the name of its typed data."""
        self.submissions.labels(kind).inc()
        self._tally.add(taken=1)

    def rejected(self, error: StatementRefusedError) -> None:
        """Count a statement that the rules refuse: nothing of it is kept."""
        reason = str(error.evidence.get("error"))
        self.rejections.labels(reason if reason in REFUSALS else OTHER).inc()
        self._tally.add(refused=1)

    def reported(self) -> None:
        """Count a report."""
        self.reports.inc()
        self._tally.add(reports=1)


def forget_dead_workers() -> None:
    """Take what died with its process (the open streams) out of what is told; what it counted stays counted."""
    for file in Path(os.environ[FIGURES]).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid)  # type: ignore[no-untyped-call]  # as above


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
                self._metrics.answered(route_of(scope), message["status"], time.perf_counter() - start)
            await send(message)

        await self._app(scope, receive, counting)
