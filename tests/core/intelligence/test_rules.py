"""A withdrawal names what it withdraws, and says nothing more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.core.errors import StatementRefusedError
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.rules import require_form
from ledger.core.intelligence.statements import NOTHING, Form, Intelligence, Message

NOW = 1_780_000_000
EARLIER = b"\x01" * 32
WITHDRAWAL = Intelligence(7, Form.WITHDRAWAL, Marking.CLEAR, NOW, 0, NOTHING, NOTHING, EARLIER)


def message(statement: Intelligence) -> Message:
    return Message(statement, (), None, None, bytes(20), bytes(65))


def test_a_withdrawal_that_names_a_message_is_one() -> None:
    require_form(message(WITHDRAWAL), NOW)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        (replace(WITHDRAWAL, previous=NOTHING), "WrongParts"),
        (replace(WITHDRAWAL, content=EARLIER), "WrongParts"),
        (replace(WITHDRAWAL, valid_until=NOW + 60), "InvalidValidity"),
    ],
)
def test_a_withdrawal_with_anything_more_or_less_is_refused(changed: Intelligence, error: str) -> None:
    with pytest.raises(StatementRefusedError) as caught:
        require_form(message(changed), NOW)
    assert caught.value.evidence["error"] == error
