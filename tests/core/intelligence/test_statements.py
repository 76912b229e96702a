"""What is no message or no sealed content is refused by field."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.core.errors import InvalidInputError
from ledger.core.intelligence.statements import MAX_WRAPS, parse_box, parse_message


def test_a_message_is_an_object() -> None:
    with pytest.raises(InvalidInputError, match="must be an object of message, signer"):
        parse_message([])


@pytest.mark.parametrize(
    ("box", "field"),
    [
        ([], "body"),
        ({"content": "AA==", "keys": []}, "box.keys"),
        ({"content": "AA==", "keys": {f"0x{number:064x}": "AA==" for number in range(MAX_WRAPS + 1)}}, "box.keys"),
        ({"content": 7, "keys": {}}, "box.content"),
        ({"content": "é", "keys": {}}, "box.content"),
        ({"content": "AA", "keys": {}}, "box.content"),
        ({"content": "", "keys": {}}, "box.content"),
    ],
)
def test_a_malformed_box_is_refused_by_field(box: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_box(box)
    assert caught.value.field == field
