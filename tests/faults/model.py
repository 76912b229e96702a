"""The API against a model of what it promises: statements, reorganisations, verdicts, packs and reports in any order.

The chain is simulated; its contract are the ledger's rules in Python, replayed after every reorganisation. The model
beside it is as simple as can be: which lots are on the indexed chain, what was done to them, and what each statement's
state must be by that. It looks at the product through HTTP alone.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast
from uuid import UUID, uuid4

import httpx
import hypothesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.app import Identity, create_app
from ledger.config import Settings
from ledger.core import facts, structs
from ledger.core.parts import batch_id
from ledger.core.submission import Submission
from ledger.core.unit import UnitKind
from ledger.core.unit_submission import UnitSubmission
from ledger.core.vocabulary import Kind, Role
from ledger.index import Indexer
from ledger.store.database import open_database
from ledger.store.outbox import Outbox
from tests.core.python_ledger import DOMAIN, PythonLedger
from tests.faults.outcome import Figure, Outcome, Scale
from tests.simulated_chain import BLOCK_SECONDS, SimulatedChain
from tests.simulated_ledger import START
from tests.store_check import catch_up
from tests.world import CARRIER, KEYS, MAKER, PHARMACY, REGULATOR, Scribe

if TYPE_CHECKING:
    from fastapi import FastAPI

NAME = "model"
PLANTS = ("forgets", "stale", "doubles")
RUNS: Final = {"quick": 12, "long": 400}
STEPS: Final = {"quick": 30, "long": 60}
DEPTH: Final = 6  # blocks below the head that may still change
LOTS: Final = ("LA", "LB", "LC")
SERIALS: Final = ("S1", "S2")
EXPIRY: Final = "290131"
ROLES: Final = (
    (REGULATOR, Role.REGULATOR | Role.CUSTOMS, ()),
    (MAKER, Role.MANUFACTURER, ("5413868",)),
    (CARRIER, Role.CARRIER, ()),
    (PHARMACY, Role.PHARMACY, ()),
)
NOWHERE: Final = facts.Recorded(0, 0, 0, bytes(32))
ERROR: Final = bytes.fromhex("12345678")


class Contract(PythonLedger):
    """The rules, with what they logged last at hand."""

    def __init__(self) -> None:
        super().__init__()
        self.logged: list[facts.Fact] = []

    def take(self, logs: Any) -> list[facts.Refusal]:
        self.logged = list(logs)
        return super().take(self.logged)


class Chain(SimulatedChain):
    """A chain whose blocks hold the statements that it is given, decided by the contract."""

    def __init__(self) -> None:
        super().__init__(depth=DEPTH)
        self.included: list[list[Submission]] = [[], []]
        self.outcomes: dict[bytes, tuple[str, int]] = {}  # digest → recorded or refused, block
        self._replay(0)

    def add(self, submissions: list[Submission]) -> None:
        """Mine a block of these."""
        self.included.append(submissions)
        self._mine(submissions)

    def drop(self, depth: int) -> list[Submission]:
        """Undo the last blocks; the statements that were in them."""
        gone = [each for submissions in self.included[-depth:] for each in submissions]
        del self.included[-depth:]
        self._replay(len(self.included))
        return gone

    def _replay(self, keep: int) -> None:
        """Decide everything anew; blocks before `keep` stay the same ones."""
        self.contract, self.outcomes = Contract(), {}
        opening: list[tuple[facts.Fact, ...]] = []
        for number, roles, prefixes in ROLES:
            self.contract.admit(number, "BE", roles, KEYS[number].signer, prefixes, REGULATOR)
            opening.append(tuple(self.contract.logged))
        if keep == 0:
            self.mine(opening)
            return
        blocks, self.blocks = self.blocks[:keep], self.blocks[:2]
        for submissions in self.included[2:]:
            self._mine(submissions)
        self.blocks = blocks

    def _mine(self, submissions: list[Submission]) -> None:
        number, statements = len(self.blocks), []
        for submission in submissions:
            digest = submission.digest(DOMAIN)
            refused = self.contract.submit(submission, START + number * BLOCK_SECONDS)
            if refused is not None:
                if not self.contract.recorded(digest):  # the contract passes over what it has
                    statements.append((facts.Refusal(digest, ERROR, NOWHERE),))
                    self.outcomes[digest] = ("refused", number)
                continue
            self.outcomes[digest] = ("recorded", number)
            statements.append(tuple(self.contract.logged))
        self.mine(statements)


@dataclass
class Seen:
    """The chain as it was when it was indexed last: all that the product can know."""

    head: int
    outcomes: dict[bytes, tuple[str, int]]
    lots: dict[str, set[str]]  # lot → "recalled", "held"


class Door:
    """Asks an application in process, by one event loop that lives as long as this."""

    def __init__(self, app: FastAPI) -> None:
        self._stack = contextlib.ExitStack()
        self._portal = self._stack.enter_context(start_blocking_portal())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://lotproof.example")

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer, which is never an error of the server's own."""
        answer: httpx.Response = self._portal.call(partial(self._client.request, method, path, **options))
        busy = answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in answer.headers
        assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR or busy, answer.text
        return answer

    def close(self) -> None:
        self._portal.call(self._client.aclose)
        self._stack.close()


class Api(RuleBasedStateMachine):
    """The machine that Hypothesis drives."""

    plant: ClassVar[str | None] = None
    counts: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="lotproof-model-"))
        self.db = open_database(f"sqlite:///{self.folder}/lotproof.db")
        self.db.bind(DOMAIN.chain_id, DOMAIN.ledger, b"\x07" * 32)
        self.chain = Chain()
        self.indexer = Indexer(self.db, self.chain, DOMAIN, clock=lambda: self.now)
        self.outbox = Outbox(self.db)
        identity = Identity(DOMAIN.chain_id, DOMAIN.ledger, b"\xcc" * 20, b"\xdd" * 20)
        app = create_app(
            Settings(data_dir=self.folder), self.db, identity, chain_view=self.chain.contract, clock=lambda: self.now
        )
        self.app = app
        self.http = Door(app)
        self.scribe = Scribe(DOMAIN, lambda: self.now)
        self.accepted: dict[bytes, Submission] = {}
        self.settled: dict[bytes, str] = {}
        self.reopened: dict[bytes, int] = {}
        self.packs: dict[tuple[str, str], int] = {}  # lot, serial → how often dispensed
        self.reports: dict[str, str] = {}
        for _ in range(DEPTH):
            self.chain.add([])
        self.index()
        _put_in(self, type(self).plant)

    @property
    def now(self) -> int:
        """A second after the newest block."""
        return START + (len(self.chain.blocks) - 1) * BLOCK_SECONDS + 1

    # ---- what clients do ----

    @rule(lot=st.sampled_from(LOTS), quantity=st.sampled_from((100, 200)))
    def register(self, lot: str, quantity: int) -> None:
        """A maker registers; two different ones of a lot may race."""
        self._hand_in(self.scribe.registration(lot, quantity), free=lot not in self.seen.lots)

    @rule(lot=st.sampled_from(LOTS), kind=st.sampled_from((Kind.RECALL, Kind.HOLD, Kind.RELEASE)))
    def act(self, lot: str, kind: Kind) -> None:
        """The maker recalls, customs hold and release."""
        found = self.http.ask("GET", f"/v1/batches/{GTIN}/{lot}")
        assert (found.status_code == HTTPStatus.OK) == (lot in self.seen.lots), found.text
        if found.status_code == HTTPStatus.OK:
            batch = batch_id(int(GTIN), lot)
            sequence = next(
                each["sequence"] for each in found.json()["consignments"] if each["id"] == "0x" + batch.hex()
            )
            actor = MAKER if kind is Kind.RECALL else REGULATOR
            place = bytes(5) if kind is Kind.RECALL else b"BEBRU"
            event = self.scribe.event(kind, actor, batch, sequence.to_bytes(32, "big"), quantity=0, place=place)
            self._hand_in(event, free=False)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """A client that got no answer sends the same once more."""
        digest = data.draw(st.sampled_from(sorted(self.accepted)))
        before = self._expected(digest)
        answer = self._post(self.accepted[digest])
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
        state = answer.json()["state"]
        if before == "refused" and state == "pending":
            self.reopened[digest] = self.seen.head
            self.settled.pop(digest, None)
        else:
            assert state == before, (state, before)

    @rule(lot=st.sampled_from(LOTS), what=st.sampled_from(("signature", "message", "signer")))
    def tamper(self, lot: str, what: str) -> None:
        """Whatever is not as it was signed is refused, and nothing of it stays."""
        payload = self.scribe.registration(lot, 333).payload()
        if what == "signature":
            said = payload["signature"]
            payload["signature"] = f"{said[:10]}{int(said[10], 16) ^ 1:x}{said[11:]}"
        elif what == "message":
            payload["message"]["quantity"] = 334
        else:
            payload["signer"] = "0x" + KEYS[PHARMACY].signer.hex()
        answer = self.http.ask("POST", "/v1/statements", json=payload)
        assert answer.status_code in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}, answer.text
        self._count("tampered")

    @rule(
        lot=st.sampled_from(LOTS),
        serial=st.sampled_from(SERIALS),
        kind=st.sampled_from((UnitKind.SCAN, UnitKind.DISPENSE)),
    )
    def say_of_a_pack(self, lot: str, serial: str, kind: UnitKind) -> None:
        """A pharmacy scans a pack, or hands it out."""
        statement = structs.UnitStatement(
            PHARMACY, kind, int(GTIN), lot, serial, self.now, b"BEBRU", bytes(32), bytes(32)
        )
        key = KEYS[PHARMACY]
        submission = UnitSubmission(statement, key.signer, key.sign(statement.digest(DOMAIN)))
        answer = self.http.ask("POST", "/v1/statements", json=submission.payload())
        if lot not in self.seen.lots:
            # The answer to what was said a moment ago stays, also when the chain has lost the batch meanwhile.
            known = answer.status_code == HTTPStatus.ACCEPTED and (lot, serial) in self.packs
            assert known or answer.status_code == HTTPStatus.CONFLICT, answer.text
            return
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
        assert answer.json()["state"] == "logged"
        if kind is UnitKind.DISPENSE:
            self.packs[lot, serial] = self.packs.get((lot, serial), 0) + 1
        self._count("said of packs")

    @rule(number=st.integers(0, 3))
    def report(self, number: int) -> None:
        """Somebody reports something; the same again gets the same receipt."""
        form = {"id": (None, str(UUID(int=number, version=4))), "words": (None, "It leaks.")}
        answer = self.http.ask("POST", "/v1/reports", files=form)
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return  # the server takes only so many at once
        assert answer.status_code == HTTPStatus.CREATED, answer.text
        receipt = answer.json()["receipt"]
        assert self.reports.setdefault(form["id"][1], receipt) == receipt
        assert self.http.ask("GET", f"/v1/reports/{receipt}").json()["state"] == "received"

    # ---- what the chain does ----

    @rule(most=st.integers(0, 5), read=st.booleans())
    def mine(self, most: int, read: bool) -> None:
        """The relayer's statements come into a block, as far as there is room."""
        waiting = [self.accepted[entry.digest] for entry in self.outbox.pending(most)] if most else []
        mined = [each for each in waiting if self.chain.outcomes.get(each.digest(DOMAIN), ("",))[0] != "recorded"]
        self.chain.add(mined)
        self._count("blocks")
        if read:
            self.index()

    @rule()
    def index(self) -> None:
        """The indexer catches up."""
        catch_up(self.indexer)
        contract = self.chain.contract
        lots: dict[str, set[str]] = {}
        for registration in contract.registrations.values():
            state = contract.consignment(registration.batch)
            marks = {"recalled"} if contract.recalled(registration.batch) else set()
            if state is not None and state.held_by:
                marks.add("held")
            lots[registration.lot] = marks
        self.seen = Seen(len(self.chain.blocks) - 1, dict(self.chain.outcomes), lots)
        for lot in LOTS:
            self._judge(lot, "")

    @precondition(lambda self: len(self.chain.blocks) > DEPTH + 3)
    @rule(depth=st.integers(1, DEPTH - 1), keep=st.booleans())
    def reorganise(self, depth: int, keep: bool) -> None:
        """Other blocks take the place of the last ones, with their statements or without."""
        gone = self.chain.drop(depth)
        self.chain.add(gone if keep else [])
        for _ in range(depth):
            self.chain.add([])
        self.index()
        self._count("reorganisations")

    @rule()
    def settle(self) -> None:
        """The relayer makes final what is."""
        self.index()
        self.outbox.settle()
        final = self.seen.head - DEPTH
        for digest in self.accepted:
            outcome = self._outcome(digest)
            if digest not in self.settled and outcome is not None and outcome[1] <= final:
                self.settled[digest] = "final" if outcome[0] == "recorded" else "refused"
        self._count("settled")

    # ---- what must hold ----

    @rule(lot=st.sampled_from(LOTS), serial=st.sampled_from(("", *SERIALS)))
    def verify(self, lot: str, serial: str) -> None:
        """A scan says what the indexed chain says."""
        self._judge(lot, serial)

    def _judge(self, lot: str, serial: str) -> None:
        unit = f"/21/{serial}" if serial else ""
        code = f"https://lotproof.example/01/{GTIN}/10/{lot}{unit}?17={EXPIRY}"
        answer = self.http.ask("GET", "/v1/verify", params={"code": code})
        assert answer.status_code == HTTPStatus.OK, answer.text
        verdict = answer.json()
        marks = self.seen.lots.get(lot)
        if marks is None:
            expected = {"suspect"}
        elif marks:
            expected = {"do_not_use"}
        else:
            # A pack is GTIN and serial number, whatever lot was said with it.
            times = sum(times for (_, of), times in self.packs.items() if of == serial)
            expected = {"verified"} if times == 0 else {"do_not_use", "suspect"}
        assert verdict["verdict"] in expected, (verdict["verdict"], verdict["reason"], marks)
        many = self.http.ask("POST", "/v1/verify/many", json=[code, code]).json()
        assert [row["verdict"] for row in many["results"]] == [verdict["verdict"]] * 2
        self._count("verdicts")

    @invariant()
    def states_are_as_the_chain_says(self) -> None:
        """Nothing that was accepted is lost, and each state is told by what the indexed chain says."""
        for digest in self.accepted:
            answer = self.http.ask("GET", "/v1/statements/0x" + digest.hex())
            assert answer.status_code == HTTPStatus.OK, answer.text
            told, expected = answer.json()["state"], self._expected(digest)
            assert told == expected, f"{self.accepted[digest].type}: {told} instead of {expected}"

    def teardown(self) -> None:
        self._count("runs")
        self.http.close()
        self.db.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- the model ----

    def _expected(self, digest: bytes) -> str:
        outcome = self._outcome(digest)
        if digest in self.settled:
            return self.settled[digest]
        return "pending" if outcome is None else outcome[0]

    def _outcome(self, digest: bytes) -> tuple[str, int] | None:
        outcome = self.seen.outcomes.get(digest)
        if outcome is not None and outcome[0] == "refused" and outcome[1] <= self.reopened.get(digest, -1):
            return None
        return outcome

    def _hand_in(self, submission: Submission, *, free: bool) -> None:
        digest = submission.digest(DOMAIN)
        if digest in self.accepted:
            return  # `send_again` does that
        answer = self._post(submission)
        if free:
            assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
        assert answer.status_code in {HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT}, answer.text
        if answer.status_code == HTTPStatus.ACCEPTED:
            self.accepted[digest] = submission
            self._count("accepted")

    def _post(self, submission: Submission) -> Any:
        return self.http.ask("POST", "/v1/statements", json=submission.payload())

    @classmethod
    def _count(cls, what: str) -> None:
        cls.counts[what] += 1


GTIN: Final = f"{cast('structs.BatchRegistration', Scribe(DOMAIN, lambda: 0).registration('X').statement).gtin:014d}"


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """Let Hypothesis play; what it found wrong is told with the steps that lead there."""
    del folder  # every run has one of its own
    machine = type("Run", (Api,), {"plant": plant, "counts": Counter()})
    settings = hypothesis.settings(
        max_examples=RUNS[scale],
        stateful_step_count=STEPS[scale],
        deadline=None,
        database=None,
        derandomize=scale == "quick",
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    broken: tuple[str, ...] = ()
    try:
        run_state_machine_as_test(machine, settings=settings)  # type: ignore[no-untyped-call]  # it has no types
    except AssertionError as error:
        broken = (str(error)[:600] or f"not true: {extract_tb(error.__traceback__)[-1].line}",)
    figures: dict[str, Figure] = dict(sorted(machine.counts.items()))
    return Outcome(figures, broken)


def _put_in(api: Api, plant: str | None) -> None:
    """Put a bug into the programs under test."""
    if plant == "forgets":  # a reorganisation takes accepted statements along
        drop = api.chain.drop

        def dropped(depth: int) -> list[Submission]:
            gone = drop(depth)
            with api.db.transaction() as connection:
                for each in gone[:1]:
                    connection.execute("DELETE FROM expectations WHERE digest = ?", (each.digest(DOMAIN),))
                    connection.execute("DELETE FROM statements WHERE digest = ?", (each.digest(DOMAIN),))
            return gone

        api.chain.drop = dropped  # type: ignore[method-assign]  # a planted bug
    if plant == "stale":  # verdicts are kept when the ledger has moved on
        verifier = api.app.state.installation.verifier
        current, first = verifier._current, []

        def kept() -> Any:
            first[:] = first or [current()]
            return first[0]

        verifier._current = kept
    if plant == "doubles":  # what is sent again is a new report
        desk = api.app.state.installation.reports
        take = desk.take
        desk.take = lambda told, code, now: take(replace(told, id=str(uuid4())), code, now)
