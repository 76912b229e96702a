"""A case and an operation as their entries make them, for tests that need no database."""

from __future__ import annotations

from typing import Any

from ledger.core.casework import case as cases
from ledger.core.casework import case_rules, operation_rules
from ledger.core.casework import operation as operations
from ledger.core.casework.case import Case
from ledger.core.casework.entries import Entry, Officer, follow
from ledger.core.casework.operation import Operation
from ledger.core.casework.reading import read_act

NOW = 1_780_000_000  # Unix seconds
HOUR = 3_600
OWNER = Officer(7, b"\x01" * 32)
COLLEAGUE = Officer(7, b"\x02" * 32)
CHIEF = Officer(7, b"\x03" * 32, supervisor=True)
OTHER_CHIEF = Officer(8, b"\x04" * 32, supervisor=True)
OTHER = Officer(8, b"\x05" * 32)
THIRD_CHIEF = Officer(9, b"\x06" * 32, supervisor=True)
GOODS = {"gtin": "05413868000016", "lot": "AB12", "serial": None, "sscc": None}
DIGEST = "0x" + "ab" * 32
OUTCOME = {
    "digest": DIGEST,
    "kind": "SEIZE",
    "goods": GOODS,
    "product_class": "VACCINE",
    "units": 400,
    "occurred_at": NOW,
    "block": 9,
    "block_time": NOW,
}
FILE = {"name": "photo.jpg", "holder": "Ramp", "words": "", "bytes": 3, "sha256": "cd" * 32, "stored": "ef" * 16}
OPENING = {"source": {"kind": "scan"}, "title": "Two pallets", "words": "", "goods": [GOODS], "operation": ""}
OPERATION = {"name": "Mercury", "words": "", "begins_at": NOW, "ends_at": NOW + 100 * HOUR, "invite": [8, 9]}


class CaseFile:
    """The entries of one case, and the case that they make."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now
        self.entries: list[Entry] = [follow([], OWNER, "open", OPENING, now)]
        self.case: Case = cases.opened(self.entries[0])

    def act(self, officer: Officer, act: str, **fields: Any) -> Case:
        """Do something, as somebody would who has seen the case as it is."""
        asked = read_act({"version": self.case.version, "act": act, **fields}, case_rules.ACTS)
        details = {"goods": GOODS} if act == "goods" else OUTCOME | fields if act == "outcome" else asked.details
        return self.add(officer, act, details)

    def add(self, officer: Officer, act: str, details: dict[str, Any]) -> Case:
        """The same with the details that are kept."""
        case_rules.require(self.case, officer, act, details)
        self.entries.append(follow(self.entries, officer, act, details, self.now))
        self.case = cases.after(self.case, self.entries[-1])
        return self.case


class OperationFile:
    """The entries of one operation, and the operation that they make."""

    def __init__(self, **changes: Any) -> None:
        self.now = NOW
        self.entries: list[Entry] = [follow([], CHIEF, "open", OPERATION | changes, self.now)]
        self.operation: Operation = operations.opened(self.entries[0])

    def act(self, officer: Officer, act: str, **fields: Any) -> Operation:
        """Do something, as somebody would who has seen the operation as it is."""
        asked = read_act({"version": self.operation.version, "act": act, **fields}, operation_rules.ACTS)
        operation_rules.require(self.operation, officer, act, asked.details, self.now)
        details = asked.details
        if act in {"target", "draw"}:
            target = {
                "source": {"kind": "goods"},
                "goods": GOODS,
                "risk": None,
                "signals": [],
                "route": [],
                "words": "",
            }
            details = {"targets": [target]}
        if act == "close":
            details = {"words": "", "results": {}}
        self.entries.append(follow(self.entries, officer, act, details, self.now))
        self.operation = operations.after(self.operation, self.entries[-1])
        return self.operation
