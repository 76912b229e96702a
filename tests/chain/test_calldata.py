"""Signed statements read back out of call data: every call that brings them, and nothing out of anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.calldata import statements_in
from ledger.chain.contracts import call_data, encode_call, selector_of, values
from ledger.core.parts import bundle_digests
from ledger.core.structs import Bundle, Domain
from ledger.core.submission import BundledEvent, Submission
from ledger.core.vocabulary import Kind
from tests.world import KEYS, MAKER, Scribe

DOMAIN = Domain(31337, b"\x11" * 20)
SCRIBE = Scribe(DOMAIN, lambda: 1_790_000_000)


def shipments() -> list[Submission]:
    registrations = [SCRIBE.registration(f"L{number}") for number in range(3)]
    return sorted((SCRIBE.shipment(each) for each in registrations), key=lambda each: each.digest(DOMAIN))


def brought(data: bytes) -> list[tuple[Any, ...]]:
    return [(each.statement, each.attachment, each.signer, each.signature) for each in statements_in(data)]


def as_submitted(*submissions: Submission) -> list[tuple[Any, ...]]:
    return [(each.statement, each.attachment, each.signer, each.signature) for each in submissions]


def test_statements_brought_together_or_alone_are_read_as_they_were_signed() -> None:
    registration, events = SCRIBE.registration("LOT"), shipments()
    assert brought(call_data([registration])) == as_submitted(registration)
    assert brought(call_data(events)) == as_submitted(*events)
    signed = registration.signer, registration.signature
    assert brought(encode_call("register", values(registration.statement), *signed)) == as_submitted(registration)
    event = SCRIBE.event(Kind.SPLIT, MAKER, b"\x22" * 32, b"\x33" * 32, attachment=b"\x00" * 8 + b"\x00\x00\x03\xe8")
    alone = encode_call("record", values(event.statement), event.attachment, event.signer, event.signature)
    assert brought(alone) == as_submitted(event)


def test_events_of_a_bundle_come_with_its_signature_and_its_other_events() -> None:
    events: list[Any] = [each.statement for each in shipments()]
    bundle = Bundle(MAKER, 3, bundle_digests([event.digest(DOMAIN) for event in events]))
    submission = SCRIBE.signed(bundle, KEYS[MAKER], events=tuple(BundledEvent(event) for event in events))
    found = statements_in(call_data([submission]))
    assert [each.statement for each in found] == events
    assert {(each.bundle, each.beside) for each in found} == {(bundle, tuple(events))}
    assert {each.signature for each in found} == {submission.signature}


def test_another_call_brings_nothing() -> None:
    other = encode_call("suspend", (1, 2, 3, True), b"", b"")
    assert statements_in(other) == statements_in(b"") == statements_in(b"\x12\x34") == []


@pytest.mark.parametrize("function", ["register", "registerMany", "record", "recordMany", "recordBundle"])
@given(st.binary(max_size=700))
def test_garbage_after_a_selector_brings_nothing_and_breaks_nothing(function: str, data: bytes) -> None:
    assert isinstance(statements_in(selector_of(function) + data), list)


def test_call_data_cut_short_brings_nothing() -> None:
    whole = call_data(shipments())
    assert statements_in(whole[:-100]) == []
