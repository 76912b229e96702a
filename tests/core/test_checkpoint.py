"""Checkpoints: believed if enough of the believed witnesses signed one block, and for no other reason."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.signers import Signer, development_signer
from ledger.core.checkpoint import (
    MAX_BYTES,
    Checkpoint,
    Witnessed,
    agreed,
    checkpoint_json,
    read_checkpoint,
    read_witnesses,
)
from ledger.core.errors import InvalidInputError, InvalidProofError
from ledger.core.structs import STATEMENTS, Domain
from ledger.core.typed_data import signing_digest
from tests.proof_cases import STEADY

DOMAIN = Domain(31337, b"\x11" * 20)
BLOCK = Checkpoint(7, b"\x22" * 32, 1_790_000_000)
WITNESSES: list[Signer] = [development_signer(6, 31337), development_signer(7, 31337), STEADY]
SIGNERS = tuple(each.signer for each in WITNESSES)


def signed(*signers: Signer, block: Checkpoint = BLOCK, domain: Domain = DOMAIN) -> Witnessed:
    digest = block.digest(domain)
    return Witnessed(domain, block, tuple((each.signer, each.sign(digest)) for each in signers))


def written(witnessed: Witnessed, **changes: Any) -> bytes:
    return json.dumps(checkpoint_json(witnessed) | changes).encode()


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    assert read_checkpoint(written(signed(*WITNESSES))) == signed(*WITNESSES)


def test_what_is_signed_is_typed_data_that_no_call_of_the_contract_takes() -> None:
    types = {"Checkpoint": [{"name": m.name, "type": m.kind} for m in Checkpoint.MEMBERS]}
    message = {"number": 7, "hash": "0x" + "22" * 32, "time": BLOCK.time}
    assert signing_digest(types, "Checkpoint", DOMAIN.to_json(), message) == BLOCK.digest(DOMAIN)
    assert "Checkpoint" not in STATEMENTS


def test_enough_witnesses_in_one_file_or_several_are_believed() -> None:
    apart = [signed(each) for each in WITNESSES]
    for files in ([signed(*WITNESSES)], apart):
        assert dict(agreed(files, SIGNERS, 3).signatures).keys() == set(SIGNERS)
    assert len(agreed(apart[:2], SIGNERS, 2).signatures) == 2


def test_one_witness_does_not_count_twice() -> None:
    with pytest.raises(InvalidProofError, match="1 of the 3 witnesses"):
        agreed([signed(WITNESSES[0]), signed(WITNESSES[0])], SIGNERS, 2)


def test_strangers_and_forged_signatures_do_not_count() -> None:
    forged = replace_signature(signed(WITNESSES[0]), WITNESSES[1].sign(BLOCK.digest(DOMAIN)))
    stranger = signed(development_signer(8, 31337))
    with pytest.raises(InvalidProofError, match="1 of the 3"):
        agreed([forged, stranger, signed(STEADY)], SIGNERS, 2)
    # a forged signature beside a true one takes nothing away
    assert len(agreed([signed(WITNESSES[0]), forged], SIGNERS, 1).signatures) == 1


def replace_signature(witnessed: Witnessed, signature: bytes) -> Witnessed:
    return witnessed._replace(signatures=((witnessed.signatures[0][0], signature),))


def test_a_signature_for_another_ledger_or_block_does_not_count() -> None:
    for other in (
        signed(WITNESSES[0], domain=Domain(1, DOMAIN.ledger)),
        signed(WITNESSES[0], block=replace(BLOCK, hash=b"\x33" * 32)),
    ):
        with pytest.raises(InvalidProofError, match="0 of the 3"):
            agreed([Witnessed(DOMAIN, BLOCK, other.signatures)], SIGNERS, 1)
        with pytest.raises(InvalidProofError, match="not of one block"):
            agreed([signed(WITNESSES[1]), other], SIGNERS, 1)


@pytest.mark.parametrize("threshold", [0, -1, 4])
def test_a_threshold_that_no_witnesses_can_meet_is_refused(threshold: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        agreed([signed(*WITNESSES)], SIGNERS, threshold)
    assert caught.value.field == "threshold"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"[]", "checkpoint"),
        (b"{", "checkpoint"),
        (b"\xff", "checkpoint"),
        (b"[" * 9 + b"]" * 9, "checkpoint"),
        (b'{"a": 1, "a": 1}', "checkpoint"),
        (b" " * (MAX_BYTES + 1), "checkpoint"),
        (written(signed(STEADY), note="x"), "checkpoint"),
        (written(signed(STEADY), number=True), "number"),
        (written(signed(STEADY), number=-1), "number"),
        (written(signed(STEADY), hash="0x22"), "hash"),
        (written(signed(STEADY), hash="0xZZ"), "hash"),
        (written(signed(STEADY), ledger="0x22"), "verifyingContract"),
        (written(signed(STEADY), signatures={}), "signatures"),
        (written(signed(STEADY), signatures=[1]), "signatures"),
        (written(signed(STEADY), signatures=[{"signer": 1, "signature": "0x"}]), "signer"),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_the_field(content: bytes, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_checkpoint(content)
    assert caught.value.field == field


def test_witnesses_are_a_list_of_signers() -> None:
    content = json.dumps(["0x" + each.hex() for each in SIGNERS]).encode()
    assert read_witnesses(content) == SIGNERS


@pytest.mark.parametrize(
    "content", [b"{}", b"[1]", b'["0x"]', b'["0x11"]', b'["0x%s", "0x%s"]' % (b"11" * 20, b"11" * 20)]
)
def test_what_is_no_list_of_witnesses_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_witnesses(content)
    assert caught.value.field == "witnesses"
