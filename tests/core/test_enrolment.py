"""Enrolment codes: read as the phone wrote them, and refused if anything in them was changed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.enrolment import fingerprint, is_enrolment, read_enrolment
from ledger.core.errors import InvalidInputError
from ledger.core.parts import key_id
from ledger.core.structs import Domain, KeyAddition
from tests.core.batch_story import DOMAIN
from tests.core.label_story import ANOTHER, MAKERS

STATEMENT = KeyAddition(7, ANOTHER.signer, 1, 0, 0)


def said(statement: KeyAddition = STATEMENT, **changes: Any) -> dict[str, Any]:
    cosignature = "0x" + ANOTHER.sign(statement.digest(DOMAIN)).hex()
    return {"v": 1, "message": statement.message(), "cosignature": cosignature, "name": "Điện thoại 3"} | changes


def link(value: object, host: str = "https://ledger.example") -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"{host}/app/#/accept?e={base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


@pytest.mark.parametrize("host", ["https://ledger.example", "]Q1https://evil.example", "http://127.0.0.1:8000", ""])
def test_a_code_is_read_whatever_host_it_names(host: str) -> None:
    text = link(said(), host)
    assert is_enrolment(text)
    found = read_enrolment(f" {text}\n", DOMAIN)
    assert (found.statement, found.name) == (STATEMENT, "Điện thoại 3")
    assert found.cosignature == ANOTHER.sign(STATEMENT.digest(DOMAIN))


def test_a_fingerprint_is_the_beginning_of_the_keys_id() -> None:
    # The key of RFC 6979, A.2.5; the scanner's own test has the same.
    signer = bytes.fromhex(
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    )
    assert fingerprint(key_id(signer)) == "1547 e66d a415 404f"


CHANGED: dict[str, Any] = {
    "another version": said(v=2),
    "a field more": said(more=1),
    "no name": {name: value for name, value in said().items() if name != "name"},
    "a name that is no text": said(name=1),
    "a long name": said(name="a" * 61),
    "a name that turns the line": said(name="a\u202eb"),
    "a name with a line break": said(name="a\nb"),
    "a signature that is no hex": said(cosignature="0xZZ"),
    "no object": [1],
    "no message": said(message=[]),
    "a field of the message more": said(message=STATEMENT.message() | {"more": 1}),
    "an address": said(message=STATEMENT.message() | {"signer": "0x" + "11" * 20}),
    "no purpose": said(message=STATEMENT.message() | {"purposes": 0}),
    "purposes that there are not": said(message=STATEMENT.message() | {"purposes": 8}),
    "a purpose that is no number": said(message=STATEMENT.message() | {"purposes": True}),
    "an organisation as text": said(message=STATEMENT.message() | {"organisation": "7"}),
    "a time too large": said(message=STATEMENT.message() | {"validUntil": 1 << 40}),
    "a key twice": json.dumps(said())[:-1] + ', "v": 1}',
    "no JSON": "{",
    "nested": "[" * 40,
    "too long": said(name="a" * 1_800),
}


@pytest.mark.parametrize("value", CHANGED.values(), ids=CHANGED)
def test_what_is_no_enrolment_code_is_refused(value: object) -> None:
    with pytest.raises(InvalidInputError, match="no enrolment code") as caught:
        read_enrolment(link(value), DOMAIN)
    assert caught.value.field == "code"


@pytest.mark.parametrize("tail", ["&x=1", "#", "==", "é", " a"])
def test_nothing_may_follow_what_the_phone_said(tail: str) -> None:
    with pytest.raises(InvalidInputError):
        read_enrolment(link(said()) + tail, DOMAIN)


@pytest.mark.parametrize("field", ["organisation", "purposes", "validFrom", "validUntil"])
def test_what_was_changed_on_the_way_is_refused(field: str) -> None:
    message = STATEMENT.message() | {field: 5}
    with pytest.raises(InvalidInputError, match="did not sign"):
        read_enrolment(link(said(message=message)), DOMAIN)


def test_a_code_for_another_ledger_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="another ledger"):
        read_enrolment(link(said()), Domain(1, DOMAIN.ledger))


def test_somebody_elses_signature_is_refused() -> None:
    other = "0x" + MAKERS.sign(STATEMENT.digest(DOMAIN)).hex()
    with pytest.raises(InvalidInputError, match="did not sign"):
        read_enrolment(link(said(cosignature=other)), DOMAIN)


@given(st.text(max_size=200))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    for each in (text, "#/accept?e=" + text):
        with pytest.raises(InvalidInputError):
            read_enrolment(each, DOMAIN)
