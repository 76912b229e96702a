"""Cases and operations of three administrations at random, in a real database: who sees what is as the rules say."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.casework import CaseDesk, OperationDesk
from ledger.config import Settings
from ledger.core.casework.entries import Officer
from ledger.core.errors import ConflictError, LotproofError, NotAllowedError, NotFoundError
from ledger.store.casework import Wanted
from ledger.store.database import open_database
from ledger.store.read_model import ReadModel
from ledger.store.sessions import Looks
from ledger.verify import Verifier
from tests.casework_world import THAI_LOT, casework_world, iso, written
from tests.core.batch_story import CUSTOMS
from tests.indexed_world import GTIN
from tests.share_world import INDONESIA, THAILAND, officer

TOLD = casework_world()
NUMBERS = (CUSTOMS, THAILAND, INDONESIA)
CHIEFS = {number: Officer(number, officer(number).key, supervisor=True) for number in NUMBERS}
OFFICERS = {number: Officer(number, officer(number, person=1).key) for number in NUMBERS}
EVERYBODY = [*CHIEFS.values(), *CHIEFS.values(), *OFFICERS.values()]  # most that happens a supervisor does
CODE = f"(01){GTIN}(10){THAI_LOT}"
WINDOW = {"begins_at": iso(TOLD.now - 60), "ends_at": iso(TOLD.now + 86_400)}
ACTS = ("accept", "decline", "leave", "post", "target")
FIELDS: dict[str, dict[str, str]] = {"post": {"words": "x"}, "target": {"gtin": GTIN, "lot": "AB12"}}


class DeskMachine(RuleBasedStateMachine):
    """Three administrations, an officer and a supervisor in each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="lotproof-casework-"))
        (self.folder / "lotproof.db").write_bytes(written())
        self.db = open_database(f"sqlite:///{self.folder}/lotproof.db")
        own = Settings(data_dir=self.folder)
        judge = Verifier(ReadModel(self.db), own, clock=lambda: TOLD.now)
        self.cases, self.operations = CaseDesk(self.db, own, judge), OperationDesk(self.db, own, judge)
        self.group: dict[str, dict[int, str]] = {}  # what each administration is to each operation
        self.closed: set[str] = set()
        self.on_board: dict[tuple[int, int], str] = {}  # the operation of each case
        self.open_operation(CHIEFS[THAILAND], {CUSTOMS, INDONESIA})
        self.act(CHIEFS[INDONESIA], "accept", 0)
        self.open_case(OFFICERS[INDONESIA], 0)

    def teardown(self) -> None:
        self.db.close()
        shutil.rmtree(self.folder)

    @rule(who=st.sampled_from(EVERYBODY), invited=st.sets(st.sampled_from(NUMBERS), min_size=2))
    def open_operation(self, who: Officer, invited: set[int]) -> None:
        if len(self.group) == 2:
            return
        payload = {"name": "Mercury", "invite": sorted(invited), **WINDOW}
        refused: LotproofError | None = None
        made: Any = {}
        try:
            made = self.operations.open(payload, who, TOLD.now)
        except NotAllowedError as error:
            refused = error
        assert (refused is None) == who.supervisor
        if refused is None:
            statuses = dict.fromkeys(invited, "invited") | {who.organisation: "lead"}
            self.group[made["reference"]] = statuses

    @rule(who=st.sampled_from(EVERYBODY), act=st.sampled_from(ACTS), at=st.sampled_from([0, 0, 0, 1]))
    def act(self, who: Officer, act: str, at: int) -> None:
        if at >= len(self.group):
            return
        reference = list(self.group)[at]
        mine = self.group[reference].get(who.organisation, "")
        version = len(self.entries(reference))
        refused: LotproofError | None = None
        try:
            payload = {"version": version, "act": act, **FIELDS.get(act, {})}
            self.operations.act(reference, payload, who, TOLD.now)
        except LotproofError as error:
            refused = error
        allowed = {
            "accept": who.supervisor and mine == "invited",
            "decline": who.supervisor and mine == "invited",
            "leave": who.supervisor and mine == "accepted",
            "close": who.supervisor and mine == "lead",
        }.get(act, mine in {"lead", "accepted"})
        assert (refused is None) == (allowed and reference not in self.closed)
        if mine not in {"lead", "accepted", "invited"}:
            assert isinstance(refused, NotFoundError)
        if refused is None:
            after = {"accept": "accepted", "decline": "declined", "leave": "left"}
            self.group[reference][who.organisation] = after.get(act, mine)
            self.closed |= {reference} if act == "close" else set()

    @rule(number=st.sampled_from([CUSTOMS, INDONESIA]), act=st.sampled_from(["accept", "leave"]))
    def come_and_go(self, number: int, act: str) -> None:
        self.act(CHIEFS[number], act, 0)

    @rule(who=st.sampled_from(EVERYBODY), at=st.integers(0, 1), sure=st.integers(0, 4))
    def close(self, who: Officer, at: int, sure: int) -> None:
        if sure == 0:  # seldom: little can happen afterwards
            self.act(who, "close", at)

    @rule(who=st.sampled_from(EVERYBODY), at=st.integers(0, 2))
    def open_case(self, who: Officer, at: int) -> None:
        references = list(self.group)
        reference = references[at] if at < len(references) else ""
        payload = {"source": {"kind": "scan", "code": CODE}, "operation": reference}
        refused: LotproofError | None = None
        made: Any = {}
        try:
            made = self.cases.open(payload, who, TOLD.now)
        except (ConflictError, NotAllowedError, NotFoundError) as error:
            refused = error
        inside = not reference or self.group[reference].get(who.organisation) in {"lead", "accepted"}
        assert (refused is None) == (inside and reference not in self.closed)
        if refused is None:
            own = [number for organisation, number in self.on_board if organisation == who.organisation]
            assert made["number"] == len(own) + 1
            self.on_board[who.organisation, made["number"]] = reference

    @rule(who=st.sampled_from(EVERYBODY), number=st.integers(1, 2), version=st.integers(1, 3))
    def note(self, who: Officer, number: int, version: int) -> None:
        file = f"case/{who.organisation}/{number}"
        there = len(self.cases._files.entries(file))
        refused: LotproofError | None = None
        try:
            self.cases.act(number, {"version": version, "act": "note", "words": "x"}, who, TOLD.now)
        except (ConflictError, NotFoundError) as error:
            refused = error
        assert (refused is None) == (there == version > 0)
        assert isinstance(refused, NotFoundError) == (there == 0)
        assert len(self.cases._files.entries(file)) == there + (refused is None)

    @rule(who=st.sampled_from(EVERYBODY), at=st.integers(0, 1))
    def look(self, who: Officer, at: int) -> None:
        if at >= len(self.group):
            return
        reference = list(self.group)[at]
        mine = self.group[reference].get(who.organisation)
        told: Any = None
        try:
            told = self.operations.shown(reference, who, TOLD.now)
        except NotFoundError:
            assert mine not in {"lead", "accepted", "invited"}
            return
        assert told["status"] == mine
        assert ("board" in told) == (mine in {"lead", "accepted"})
        lead = told["lead"]["number"]
        looked = {each.organisation for each in Looks(self.db).of(lead, 0, 500) if each.identifier == reference}
        assert (who.organisation in looked) or who.organisation == lead

    @invariant()
    def each_sees_its_own(self) -> None:
        for number, who in OFFICERS.items():
            told = self.operations.listed(who, TOLD.now)["operations"]
            seen = {each["reference"] for each in told}
            assert seen == {
                reference
                for reference, group in self.group.items()
                if group.get(number) in {"lead", "accepted", "invited"}
            }
            numbers = {each["number"] for each in self.cases.listed(who, Wanted(), TOLD.now)["cases"]}
            assert numbers == {case for organisation, case in self.on_board if organisation == number}

    @invariant()
    def the_board_has_the_cases_of_the_group(self) -> None:
        for reference, group in self.group.items():
            lead = next(number for number, status in group.items() if status == "lead")
            told = self.operations.shown(reference, OFFICERS[lead], TOLD.now)
            shown = {(each["organisation"]["number"], each["number"]) for each in told["cases"]}
            assert shown == {
                place
                for place, operation in self.on_board.items()
                if operation == reference and group.get(place[0]) in {"lead", "accepted"}
            }

    def entries(self, reference: str) -> list[Any]:
        return self.operations._files.entries(f"operation/{reference}")


DeskMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=25)
TestDeskMachine = DeskMachine.TestCase
