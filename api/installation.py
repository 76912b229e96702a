"""What the routes work with: one object, made once, found on the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from anyio import CapacityLimiter
    from starlette.requests import HTTPConnection

    from api.flood import Bucket
    from api.metrics import Metrics
    from ledger.attest import Registry
    from ledger.casework import CaseDesk, OperationDesk
    from ledger.chain.watch import Standing
    from ledger.config import Settings
    from ledger.declare import CustomsDesk
    from ledger.examine import Examiner
    from ledger.lane import GreenLane
    from ledger.prove import Prover
    from ledger.report import Desk, Intake, Publisher
    from ledger.session import Doorkeeper
    from ledger.share import Exchange
    from ledger.snapshot import Snapshots
    from ledger.store.database import Database
    from ledger.store.outbox import Outbox
    from ledger.store.read_model import ReadModel
    from ledger.store.unit_lists import UnitLists
    from ledger.submit import ChainView
    from ledger.verify import Verifier


@dataclass(frozen=True, slots=True)
class Identity:
    """Which ledger this installation serves."""

    chain_id: int
    ledger: bytes  # address of the contract
    council: bytes | None  # address that admits authorities; None if the chain does not answer
    relayer: bytes | None = None  # address that sends for this installation; None if it relays nothing


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything a route may use."""

    settings: Settings
    identity: Identity
    database: Database
    read_model: ReadModel
    outbox: Outbox
    verifier: Verifier
    unit_lists: UnitLists
    snapshots: Snapshots
    reports: Intake
    report_desk: Desk  # at which reports are read and answered
    report_counts: Publisher
    reports_taken: Bucket  # how many come in
    reports_asked: Bucket  # how often somebody asks what became of one
    doorkeeper: Doorkeeper
    sign_ins: Bucket  # how often somebody tries to sign in
    customs: CustomsDesk  # takes declarations in and scores them
    examiner: Examiner  # shows a country's desk its own
    registry: Registry  # of attestations
    lane: GreenLane  # recommends releases
    exchange: Exchange  # of intelligence
    cases: CaseDesk
    operations: OperationDesk
    metrics: Metrics
    chain_view: ChainView | None  # None: what only the chain can check is left to it
    prover: Prover | None  # None: the chain is not at hand, so nothing can be proved
    standings: Callable[[], Sequence[Standing]]  # of several nodes of the chain; none of one
    decoding: CapacityLimiter  # how many pictures are read at once
    delivering: CapacityLimiter  # how many deliveries are judged at once
    declaring: CapacityLimiter  # how many files of declarations are compared at once
    hashing: CapacityLimiter  # how many lists of serial numbers are checked at once
    streaming: CapacityLimiter  # how many clients follow the events
    demo: Path | None  # where a demonstration that runs here keeps its cases
    clock: Callable[[], float]

    def now(self) -> int:
        """The time in Unix seconds."""
        return int(self.clock())


def installed(request: HTTPConnection) -> Installation:
    """The installation that serves `request`."""
    return cast("Installation", request.app.state.installation)
