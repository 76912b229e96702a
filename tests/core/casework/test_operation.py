"""An operation by its entries: its group, its window, its targets, and how its results are counted."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.core.casework import operation as operations
from ledger.core.casework import operation_rules as rules
from ledger.core.casework import results
from ledger.core.casework.case import Case, Outcome
from ledger.core.casework.entries import Officer, require_linked
from ledger.core.casework.goods import Goods, read_goods
from ledger.core.casework.operation import Phase, Status
from ledger.core.casework.reading import read_act
from ledger.core.errors import ConflictError, InvalidInputError, LotproofError, NotAllowedError
from tests.core.casework.desk import (
    CHIEF,
    GOODS,
    HOUR,
    NOW,
    OTHER,
    OTHER_CHIEF,
    OUTCOME,
    OWNER,
    THIRD_CHIEF,
    CaseFile,
    OperationFile,
)

EVERYBODY = (OWNER, CHIEF, OTHER, OTHER_CHIEF, THIRD_CHIEF)


def test_an_operation_has_its_time() -> None:
    file = OperationFile(begins_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    assert [file.operation.phase(NOW + hours * HOUR) for hours in range(3)] == [
        Phase.PLANNED,
        Phase.RUNNING,
        Phase.ENDED,
    ]
    assert file.act(CHIEF, "close").phase(NOW) is Phase.CLOSED
    assert rules.may(file.operation, CHIEF, NOW) == []


def test_an_operation_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    file = OperationFile()
    full = replace(file.operation, version=rules.MOST_ENTRIES)
    with pytest.raises(ConflictError, match="5,000 entries"):
        rules.require(full, CHIEF, "post", {}, NOW)
    rules.require(full, CHIEF, "close", {}, NOW)
    monkeypatch.setattr(rules, "MOST_TARGETS", 2)
    rules.require_room(file.operation, 2)
    with pytest.raises(ConflictError, match="at most 2 targets"):
        rules.require_room(file.operation, 3)
    monkeypatch.setattr(rules, "MOST_MEMBERS", 3)
    with pytest.raises(ConflictError, match="at most 3 members"):
        file.act(CHIEF, "invite", organisation=10)


def test_whoever_is_none_of_it_may_do_nothing() -> None:
    operation = OperationFile(invite=[8]).operation
    assert rules.may(operation, THIRD_CHIEF, NOW) == []
    assert operation.status(9) is None


def test_a_lot_without_its_gtin_names_nothing() -> None:
    assert read_goods({"gtin": "5413868000016", "lot": "AB12"}) == Goods("05413868000016", "AB12")
    assert read_goods({"sscc": "054138680000000016"}).words() == "SSCC 054138680000000016"
    for wrong in ({"lot": "AB12"}, {"serial": "7"}, {}, {"gtin": 7}, {"gtin": GOODS["gtin"], "lot": "ä"}):
        with pytest.raises(InvalidInputError):
            read_goods(wrong)


def decided(units: int = 400, product_class: str = "VACCINE", at: int = NOW, kind: str = "SEIZE") -> Case:
    file = CaseFile(at)
    told = OUTCOME | {"units": units, "product_class": product_class, "block_time": at, "kind": kind}
    return file.add(OWNER, "outcome", told)


def test_a_pallet_of_several_kinds_is_counted_as_such() -> None:
    operation = OperationFile().operation
    shared = [results.Shared(7, 1, decided(product_class="")), results.Shared(10, 1, decided(5))]
    told = results.count(operation, shared, NOW)
    kinds = {each["product_class"]: each["units"] for each in told["by_kind"]}
    assert kinds == {"VACCINE": 5, "MEDICINE": 0, "PPE": 0, "DEVICE": 0, "OTHER": 0, "SEVERAL": 400}
    assert [each["organisation"] for each in told["by_member"]] == [7, 8, 9, 10]


@pytest.mark.parametrize("at", [NOW - 1, NOW + 100 * HOUR])
def test_what_lies_outside_of_the_window_counts_nothing(at: int) -> None:
    operation = OperationFile().operation
    case = replace(
        decided(at=at), seizures=CaseFile(at).act(OWNER, "seizure", product_class="PPE", units=1, words="x").seizures
    )
    told = results.count(operation, [results.Shared(7, 1, case)], NOW)
    assert [told[name] for name in results.COUNTS] == [0] * len(results.COUNTS)
    late = replace(case, opened_at=NOW)
    told = results.count(operation, [results.Shared(7, 1, late)], NOW)
    assert [told[name] for name in results.COUNTS] == [1, 0, 0, 0, 0, 0, 0, 0]


def test_results_as_csv_run_nothing() -> None:
    told = results.count(OperationFile().operation, [], NOW)
    named = told | {"by_member": [each | {"name": "@SUM(1)", "country": "TH"} for each in told["by_member"]]}
    rows = list(csv.reader(io.StringIO(results.csv_of(named, [("operation", "-2+3")]))))
    assert rows[0] == ["operation", "'-2+3"]
    cells = [cell for row in rows for cell in row]
    assert "'@SUM(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


class OperationMachine(RuleBasedStateMachine):
    """Whatever officers try, nobody outside of the group gets anything done, and the group is who said so."""

    def __init__(self) -> None:
        super().__init__()
        self.file = OperationFile()
        self.agreed: set[int] = set()  # who accepted, and was not removed nor left since

    def attempt(self, officer: Officer, act: str, **fields: Any) -> bool:
        before, allowed = self.file.operation, rules.may(self.file.operation, officer, self.file.now)
        refused: LotproofError | None = None
        try:
            self.file.act(officer, act, **fields)
        except LotproofError as error:
            refused = error
        assert (self.file.operation is before) == (refused is not None)
        if isinstance(refused, NotAllowedError):
            assert act not in allowed or refused.field == "target"  # of which not the act decides, but whose it is
        assert refused or act in allowed
        return refused is None

    @rule(officer=st.sampled_from(EVERYBODY), number=st.integers(7, 10))
    def invite(self, officer: Officer, number: int) -> None:
        self.attempt(officer, "invite", organisation=number)

    @rule(officer=st.sampled_from(EVERYBODY), number=st.integers(7, 10))
    def remove(self, officer: Officer, number: int) -> None:
        if self.attempt(officer, "remove", organisation=number):
            self.agreed.discard(number)

    @rule(officer=st.sampled_from(EVERYBODY), accept=st.booleans())
    def answer(self, officer: Officer, accept: bool) -> None:
        if self.attempt(officer, "accept" if accept else "decline") and accept:
            self.agreed.add(officer.organisation)

    @rule(officer=st.sampled_from(EVERYBODY))
    def leave(self, officer: Officer) -> None:
        if self.attempt(officer, "leave"):
            self.agreed.discard(officer.organisation)

    @rule(officer=st.sampled_from(EVERYBODY))
    def post(self, officer: Officer) -> None:
        if self.attempt(officer, "post", words="x"):
            assert officer.organisation in {7, *self.agreed}

    @rule(officer=st.sampled_from(EVERYBODY))
    def aim(self, officer: Officer) -> None:
        self.attempt(officer, "target", gtin=GOODS["gtin"], lot="AB12")

    @rule(officer=st.sampled_from(EVERYBODY), number=st.integers(1, 3))
    def drop(self, officer: Officer, number: int) -> None:
        if self.attempt(officer, "drop", target=number):
            assert self.file.operation.targets[number - 1].organisation == officer.organisation

    @rule(officer=st.sampled_from(EVERYBODY), hours=st.integers(-1, 2))
    def set_window(self, officer: Officer, hours: int) -> None:
        told = {"begins_at": "2026-06-01T00:00:00Z", "ends_at": f"2026-06-01T0{max(hours, 0)}:00:00Z"}
        self.attempt(officer, "window", **told)

    @rule(officer=st.sampled_from(EVERYBODY), hours=st.integers(0, 20))
    def close(self, officer: Officer, hours: int) -> None:
        self.file.now += hours * HOUR
        if hours == 0:
            self.attempt(officer, "close")

    @invariant()
    def an_operation_follows_from_its_entries(self) -> None:
        require_linked(self.file.entries)
        assert operations.fold(self.file.entries) == self.file.operation

    @invariant()
    def the_group_is_who_agreed(self) -> None:
        members = self.file.operation.members
        inside = {number for number, member in members.items() if member.status.takes_part}
        assert inside == {7, *self.agreed}
        assert members[7].status is Status.LEAD
        assert self.file.operation.begins_at < self.file.operation.ends_at


OperationMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestOperationMachine = OperationMachine.TestCase


def test_what_is_read_is_what_an_act_has() -> None:
    asked = read_act({"version": 3, "act": "draw", "least_risk": 50, "most": 20}, rules.ACTS)
    assert asked.details == {"least_risk": 50, "most": 20}
    for wrong in ({"least_risk": 0, "most": 1}, {"least_risk": 101, "most": 1}, {"least_risk": 1, "most": 101}):
        with pytest.raises(InvalidInputError):
            read_act({"version": 3, "act": "draw", **wrong}, rules.ACTS)
    assert isinstance(decided().outcomes[0], Outcome)
