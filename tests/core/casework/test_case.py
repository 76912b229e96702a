"""A case by its entries: what may follow what, who may do it, and that nothing of it can be changed unseen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.core.casework import case as cases
from ledger.core.casework import case_rules, entries, evidence
from ledger.core.casework.case import HOURS, NEXT, State
from ledger.core.casework.entries import Officer, follow, read_entry, require_linked
from ledger.core.errors import ConflictError, ContradictionError, InvalidInputError, LotproofError, NotAllowedError
from ledger.core.wording import moment
from tests.core.casework.desk import CHIEF, COLLEAGUE, DIGEST, FILE, HOUR, NOW, OTHER, OUTCOME, OWNER, CaseFile

OFFICERS = (OWNER, COLLEAGUE, CHIEF)


def test_each_state_has_its_time() -> None:
    file = CaseFile()
    for state in (State.OPENED, State.EXAMINING, State.WAITING, State.DECIDING):
        if state is not State.OPENED:
            file.act(OWNER, "move", to=str(state))
        assert file.case.due_at == NOW + HOURS[state] * HOUR
        assert not file.case.overdue(file.case.due_at)
        assert file.case.overdue(file.case.due_at + 1)
    closed = file.act(CHIEF, "close", words="Nothing was found.")
    assert (closed.due_at, closed.overdue(2 * NOW)) == (0, False)
    assert file.act(CHIEF, "reopen", words="It was.").state is State.EXAMINING


def test_a_clock_that_goes_back_makes_no_earlier_entry() -> None:
    file = CaseFile()
    file.now -= 1_000
    file.act(OWNER, "note", words="x")
    assert [entry.at for entry in file.entries] == [NOW, NOW]


def test_a_task_is_overdue_until_it_is_done() -> None:
    file = CaseFile()
    task = file.act(OWNER, "task", words="Ask", due_at=moment(NOW + HOUR)).tasks[0]
    assert [task.overdue(at) for at in (NOW + HOUR, NOW + HOUR + 1)] == [False, True]
    assert not file.act(OWNER, "task", words="Some day").tasks[1].overdue(2 * NOW)
    assert not file.act(OWNER, "task_done", task=1).tasks[0].overdue(2 * NOW)
    with pytest.raises(ConflictError, match="done already"):
        file.act(OWNER, "task_done", task=1)


def test_a_case_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    file = CaseFile()
    full = replace(file.case, goods=file.case.goods * case_rules.MOST_GOODS)
    with pytest.raises(ConflictError, match="names at most 100 goods"):
        case_rules.require(full, OWNER, "goods", {"goods": {}})
    full = replace(file.case, version=case_rules.MOST_ENTRIES)
    with pytest.raises(ConflictError, match="1,000 entries"):
        case_rules.require(full, OWNER, "note", {})
    monkeypatch.setattr(case_rules, "MOST_EVIDENCE", 1)
    file.add(OWNER, "evidence", FILE)
    with pytest.raises(ConflictError, match="1 pieces of evidence"):
        file.add(OWNER, "evidence", FILE)


def test_evidence_moves_on_after_the_case_is_closed() -> None:
    file = CaseFile()
    file.add(OWNER, "evidence", FILE)
    file.add(OWNER, "evidence", FILE | {"name": "b.jpg"})
    file.act(CHIEF, "close", words="Enough.")
    held = file.act(COLLEAGUE, "hand_over", evidence=2, holder="Court").evidence
    assert [[link.holder for link in each.chain] for each in held] == [["Ramp"], ["Ramp", "Court"]]


def shown(file: CaseFile) -> tuple[dict[str, Any], list[int]]:
    piece = file.case.evidence[0]
    return piece.to_json(), [link.at for link in piece.chain]


def test_the_chain_of_evidence_is_checked_without_the_case() -> None:
    file = CaseFile()
    file.add(OWNER, "evidence", FILE)
    file.act(OWNER, "hand_over", evidence=1, holder="Laboratory")
    told, times = shown(file)
    digest = bytes.fromhex(FILE["sha256"])
    evidence.require_chain(told, digest, times)
    with pytest.raises(InvalidInputError, match="not the one of the record"):
        evidence.require_chain(told, bytes(32), times)
    for position in (0, 1):
        for name, value in (("holder", "Thief"), ("previous", "0x" + "00" * 32), ("hash", "0x" + "00" * 32)):
            link = told["chain"][position] | {name: value}
            altered = told | {"chain": [link if at == position else one for at, one in enumerate(told["chain"])]}
            with pytest.raises(InvalidInputError) as caught:
                evidence.require_chain(altered, digest, times)
            assert caught.value.position == position


def test_entries_are_linked() -> None:
    file = CaseFile()
    for _ in range(3):
        file.act(OWNER, "note", words="x")
    require_linked(file.entries)
    assert [read_entry(entry.to_json()) for entry in file.entries] == file.entries
    altered = replace(file.entries[1], details={"words": "y"})
    for broken, at in (
        ([file.entries[0], altered, *file.entries[2:]], 3),
        ([file.entries[0], *file.entries[2:]], 2),
        (file.entries[1:], 1),
        (file.entries[::-1], 1),
    ):
        with pytest.raises(ContradictionError) as caught:
            require_linked(broken)
        assert caught.value.position == at
    assert entries.canonical({"b": 1, "a": "é"}) == b'{"a":"\xc3\xa9","b":1}'


class CaseMachine(RuleBasedStateMachine):
    """Whatever officers try, the rules that are told of a case hold."""

    def __init__(self) -> None:
        super().__init__()
        self.file = CaseFile()
        self.outcomes = 0

    def attempt(self, officer: Officer, act: str, details: dict[str, Any]) -> None:
        before, state = self.file.case, self.file.case.state
        allowed = act in case_rules.may(before, officer)
        try:
            self.file.add(officer, act, details)
        except LotproofError as error:
            assert self.file.case is before
            if isinstance(error, NotAllowedError):
                assert not allowed
            return
        assert allowed
        moved = self.file.case.state
        if act == "move":
            assert moved in NEXT[state]
            assert officer.supervisor or officer.key == before.owner
        elif act in {"close", "reopen", "assign", "due"}:
            assert officer.supervisor
        else:
            assert moved is state

    @rule(officer=st.sampled_from(OFFICERS), to=st.sampled_from(sorted(NEXT)))
    def move(self, officer: Officer, to: State) -> None:
        if to is not State.CLOSED:
            self.attempt(officer, "move", {"to": str(to), "words": ""})

    @rule(officer=st.sampled_from(OFFICERS), words=st.sampled_from(["", "Because."]))
    def close(self, officer: Officer, words: str) -> None:
        self.attempt(officer, "close", {"words": words})

    @rule(officer=st.sampled_from(OFFICERS))
    def reopen(self, officer: Officer) -> None:
        self.attempt(officer, "reopen", {"words": "Again."})

    @rule(officer=st.sampled_from(OFFICERS), owner=st.sampled_from(OFFICERS))
    def assign(self, officer: Officer, owner: Officer) -> None:
        self.attempt(officer, "assign", {"owner": "0x" + owner.key.hex()})

    @rule(officer=st.sampled_from(OFFICERS), number=st.integers(0, 3))
    def decide(self, officer: Officer, number: int) -> None:
        digest = f"0x{number:064x}"
        self.attempt(officer, "outcome", OUTCOME | {"digest": digest})

    @rule(officer=st.sampled_from(OFFICERS))
    def seize(self, officer: Officer) -> None:
        self.attempt(officer, "seizure", {"product_class": "PPE", "units": 3, "words": "x"})

    @rule(officer=st.sampled_from(OFFICERS))
    def find(self, officer: Officer) -> None:
        self.attempt(officer, "evidence", FILE)

    @rule(officer=st.sampled_from(OFFICERS), number=st.integers(1, 3), holder=st.sampled_from("abc"))
    def hand_over(self, officer: Officer, number: int, holder: str) -> None:
        self.attempt(officer, "hand_over", {"evidence": number, "holder": holder, "words": ""})

    @rule(officer=st.sampled_from(OFFICERS), number=st.integers(1, 3))
    def work(self, officer: Officer, number: int) -> None:
        self.attempt(officer, "task", {"words": "x", "due_at": 0})
        self.attempt(officer, "task_done", {"task": number, "words": ""})

    @rule(officer=st.sampled_from(OFFICERS), operation=st.sampled_from(["", "abcd0123"]))
    def join(self, officer: Officer, operation: str) -> None:
        self.attempt(officer, "operation", {"operation": operation})

    @rule(seconds=st.integers(-HOUR, 100 * HOUR))
    def wait(self, seconds: int) -> None:
        self.file.now += seconds

    @rule(officer=st.sampled_from(OFFICERS), hours=st.integers(-5, 5))
    def due(self, officer: Officer, hours: int) -> None:
        self.attempt(officer, "due", {"due_at": self.file.now + hours * HOUR, "words": "x"})

    @invariant()
    def a_case_follows_from_its_entries(self) -> None:
        case = self.file.case
        require_linked(self.file.entries)
        assert cases.fold(self.file.entries) == case
        assert case.version == len(self.file.entries)

    @invariant()
    def only_closed_cases_have_no_clock(self) -> None:
        case = self.file.case
        assert (case.due_at == 0) == (case.state is State.CLOSED) == (case.closed is not None)
        if case.closed:
            assert case.outcomes or case.seizures or case.closed.words

    @invariant()
    def outcomes_are_there_once_and_every_chain_is_whole(self) -> None:
        case = self.file.case
        assert len({each.digest for each in case.outcomes}) == len(case.outcomes)
        for piece in case.evidence:
            evidence.require_chain(piece.to_json(), piece.sha256, [link.at for link in piece.chain])


CaseMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestCaseMachine = CaseMachine.TestCase


def test_what_is_allowed_is_what_is_listed() -> None:
    file = CaseFile()
    assert "move" in case_rules.may(file.case, OWNER)
    assert "move" not in case_rules.may(file.case, COLLEAGUE)
    assert {"assign", "due", "close"} <= set(case_rules.may(file.case, CHIEF))
    assert case_rules.may(replace(file.case, state=State.CLOSED), OTHER) == ["hand_over"]
    file.act(OWNER, "outcome", digest=DIGEST)
    with pytest.raises(ConflictError, match="this outcome already"):
        file.act(OWNER, "outcome", digest=DIGEST)
    follow(file.entries, OWNER, "note", {}, NOW)
