"""Attestations as JSON: read back as they were written, and whatever is changed in one is refused by name or read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.attestation.statements import KIND_NAMES, KINDS, Attestation, parse_attestation
from ledger.core.errors import InvalidInputError
from ledger.core.signature import verify
from tests.attest_world import certificate, designation, recognition, revocation, status
from tests.core.batch_story import DOMAIN, MAKER
from tests.exchange import BELGIUM, SINGAPORE

NOW = 1_800_000_000
ALL = (
    status(BELGIUM, MAKER, NOW),
    recognition(SINGAPORE, "BE", NOW),
    designation(BELGIUM, NOW),
    certificate(NOW),
    revocation(BELGIUM.signer, b"\x11" * 32, NOW),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.kind)
def test_an_attestation_is_read_back_as_it_was_written(one: Attestation) -> None:
    read = parse_attestation(json.loads(json.dumps(one.to_json())))
    assert read == one
    assert verify(read.signer, read.statement.digest(DOMAIN), read.signature)


def test_every_kind_has_a_name_and_its_own_digest() -> None:
    assert tuple(one.kind for one in ALL) == KIND_NAMES
    assert len({one.statement.TYPE_HASH for one in ALL}) == len(KINDS)


@settings(max_examples=50)
@given(st.sampled_from(ALL), st.data())
def test_whatever_is_changed_is_refused_by_name_or_read(one: Attestation, data: st.DataObject) -> None:
    payload = one.to_json()
    place: Any = payload
    while True:
        name = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        inner = place[name]
        if not (isinstance(inner, dict | list) and inner) or data.draw(st.booleans()):
            break
        place = inner
    place[name] = data.draw(JSON)
    read = read_or_refused(payload)
    assert read == (read if isinstance(read, str) else parse_attestation(read.to_json()))
    assert read != ""


def read_or_refused(payload: Any) -> Attestation | str:
    """The attestation, or the field for which it is refused; anything else that is raised fails the test."""
    try:
        return parse_attestation(payload)
    except InvalidInputError as error:
        return error.field or ""
