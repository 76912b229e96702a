"""The application: routes, error handling, headers and figures put together."""

from __future__ import annotations

import time
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.routing import Match, Route
from starlette.staticfiles import StaticFiles

from api import described, errors
from api.figures import Figures
from api.flood import Bucket
from api.headers import SafeHeaders
from api.installation import Identity, Installation
from api.metrics import CountAnswers, Metrics, NodeStates
from api.request_id import NameRequests
from api.routes import (
    attestations,
    cases,
    chain,
    demo,
    desk,
    events,
    health,
    intelligence,
    labels,
    lane,
    ledger,
    logs,
    operations,
    pages,
    proof,
    reports,
    resolver,
    scanner,
    session,
    snapshot,
    statements,
    taxii,
    units,
    verify,
)
from ledger.attest import Registry
from ledger.casework import CaseDesk, OperationDesk
from ledger.core.structs import Domain
from ledger.declare import CustomsDesk
from ledger.examine import Examiner
from ledger.lane import GreenLane
from ledger.report import Desk, Intake, Publisher, Ranking
from ledger.session import Doorkeeper
from ledger.share import Exchange
from ledger.snapshot import Snapshots
from ledger.store.attestations import Attestations
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel
from ledger.store.unit_lists import UnitLists
from ledger.verify import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from starlette.types import Scope

    from ledger.chain.watch import Standing
    from ledger.config import Settings
    from ledger.prove import Prover
    from ledger.store.database import Database
    from ledger.submit import ChainView

__all__ = ["Identity", "create_app"]

ABOUT: Final = (
    "Scan a code, get a verdict with its evidence; hand in signed statements; follow what is recorded. "
    "Errors are problem details (RFC 9457)."
)
ROUTES: Final = (
    verify,
    chain,
    statements,
    units,
    ledger,
    logs,
    proof,
    reports,
    snapshot,
    events,
    session,
    desk,
    attestations,
    lane,
    intelligence,
    taxii,
    cases,
    operations,
    labels,
    resolver,
    health,
    pages,
    scanner,
)
PICTURES_AT_ONCE: Final = 2  # decoding is all CPU; more at once only makes each slower
DELIVERIES_AT_ONCE: Final = 2  # ten thousand codes take a core for seconds
DECLARATIONS_AT_ONCE: Final = 1  # a file of ten thousand lines takes a core for seconds
LISTS_AT_ONCE: Final = 1  # a list of a million takes one core for seconds
STREAMS_AT_ONCE: Final = 200
# At once, and the seconds after which one more may come: far more than people send, too few to fill a disk in a day.
REPORTS_TAKEN: Final = (60, 10.0)
REPORTS_ASKED: Final = (600, 0.1)
SIGN_INS: Final = (600, 0.05)


class PlainRoute(Route):
    """A route without the framework's reading of parameters; it names itself in the scope as the others do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether `scope` is for this route, and what it adds to it."""
        match, child = super().matches(scope)
        return match, {**child, "route": self}


class Application(FastAPI):
    """FastAPI, with the plain routes in its description too."""

    def openapi(self) -> dict[str, Any]:
        """The description of every call."""
        schema = super().openapi()
        schema["paths"]["/v1/verify"]["get"] = described.VERIFY_GET
        schema.setdefault("components", {})["securitySchemes"] = described.SECURITY
        return schema


def create_app(  # noqa: PLR0913 - the parts of an installation, by name
    settings: Settings,
    database: Database,
    identity: Identity,
    *,
    chain_view: ChainView | None = None,
    prover: Prover | None = None,
    standings: Callable[[], Sequence[Standing]] | None = None,
    demo_folder: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> FastAPI:
    """The HTTP application of one installation.

    Args:
        settings: Its settings.
        database: Its open database; indexer and relayer may work on it in this process or in others.
        identity: Which ledger it serves.
        chain_view: What `submit` asks the chain; None if the chain is not at hand.
        prover: Makes proof bundles; None if the chain is not at hand.
        standings: Tells how each of several nodes of the chain stands; None if the chain is not at hand.
        demo_folder: Where a demonstration that runs here keeps its cases; None if there is none.
        clock: Tells the time in Unix seconds.
    """
    app = Application(
        title="Lotproof", version="1", description=ABOUT, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.installation = installation = _installation(
        settings, database, identity, chain_view, prover, standings or list, demo_folder, clock
    )
    app.router.routes.append(PlainRoute("/v1/verify", verify.verify_text, methods=["GET"]))
    for module in ROUTES if demo_folder is None else (*ROUTES, demo):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=str(resources.files("api.web") / "static")), name="static")
    errors.install(app)
    app.add_middleware(CountAnswers, metrics=installation.metrics)
    app.add_middleware(SafeHeaders)
    app.add_middleware(NameRequests)
    return app


def _installation(  # noqa: PLR0913, PLR0917 - the parts of an installation
    settings: Settings,
    database: Database,
    identity: Identity,
    chain_view: ChainView | None,
    prover: Prover | None,
    standings: Callable[[], Sequence[Standing]],
    demo_folder: Path | None,
    clock: Callable[[], float],
) -> Installation:
    domain = Domain(identity.chain_id, identity.ledger)
    read_model, outbox, metrics = ReadModel(database), Outbox(database), Metrics()
    metrics.registry.register(Figures(database, settings, clock))
    metrics.registry.register(NodeStates(standings))
    verifier = Verifier(read_model, settings, attestations=Attestations(database), clock=clock, count=metrics.judged)
    return Installation(
        settings=settings,
        identity=identity,
        database=database,
        read_model=read_model,
        outbox=outbox,
        verifier=verifier,
        unit_lists=UnitLists(settings.units_dir),
        snapshots=Snapshots(read_model, domain, settings.public_hosts, settings.data_dir),
        reports=Intake(database, settings, verifier),
        report_desk=Desk(database, settings, Ranking(database, verifier)),
        report_counts=Publisher(database),
        reports_taken=Bucket(*REPORTS_TAKEN),
        reports_asked=Bucket(*REPORTS_ASKED),
        doorkeeper=Doorkeeper(database, settings, chain_view),
        sign_ins=Bucket(*SIGN_INS),
        customs=CustomsDesk(database, settings),
        examiner=Examiner(database),
        registry=Registry(database, chain_view),
        lane=GreenLane(database, settings),
        exchange=Exchange(database, UnitLists(settings.units_dir), chain_view),
        cases=CaseDesk(database, settings, verifier),
        operations=OperationDesk(database, settings, verifier),
        metrics=metrics,
        chain_view=chain_view,
        prover=prover,
        standings=standings,
        decoding=CapacityLimiter(PICTURES_AT_ONCE),
        delivering=CapacityLimiter(DELIVERIES_AT_ONCE),
        declaring=CapacityLimiter(DECLARATIONS_AT_ONCE),
        hashing=CapacityLimiter(LISTS_AT_ONCE),
        streaming=CapacityLimiter(STREAMS_AT_ONCE),
        demo=demo_folder,
        clock=clock,
    )
