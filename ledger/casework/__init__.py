"""Cases and joint operations: opened from what was found, worked on by officers, decided by a signed statement."""

from __future__ import annotations

from ledger.casework.cases import CaseDesk
from ledger.casework.operations import OperationDesk

__all__ = ["CaseDesk", "OperationDesk"]
