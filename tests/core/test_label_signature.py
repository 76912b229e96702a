"""AI 91 and 92: their form, what they cover, and that a label's signature is never a statement's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import label_signature as labels
from ledger.core.errors import InvalidCodeError, InvalidInputError
from ledger.core.gs1 import canonical
from ledger.core.gs1.lint.charsets import CSET82_ORDER
from ledger.core.keccak import keccak256
from ledger.core.label_signature import Label, is_label_message, label_signature, signed_elements, verify_label, written
from ledger.core.signature import P256_ORDER, verify
from tests.core.batch_story import GTIN, LOT
from tests.core.label_story import ANOTHER, MAKERS, SERIAL, UNIT, label_of, text
from tests.core.label_vectors import FILE, TODAY, written_file

VECTORS = json.loads(FILE.read_text(encoding="utf-8"))
VALUE = st.text(st.sampled_from(CSET82_ORDER), min_size=1, max_size=20)


def of(vector: dict[str, Any]) -> Label:
    return label_of(vector["code"], TODAY)


@pytest.mark.parametrize("vector", VECTORS["labels"], ids=lambda vector: vector["name"])
def test_a_label_of_the_vectors_comes_out_as_it_says_at_each_stage(vector: dict[str, Any]) -> None:
    label, signer = of(vector), bytes.fromhex(vector["signer"][2:])
    assert label.message == bytes.fromhex(vector["message"][2:])
    assert label.key == labels.label_key_id(bytes.fromhex(vector["key_id"][2:]))
    assert label_signature(label.signature) == bytes.fromhex(vector["signature"][2:])
    assert verify_label(signer, label) == vector["holds"]


@pytest.mark.parametrize("vector", VECTORS["malformed"], ids=lambda vector: vector["name"])
def test_a_malformed_value_of_the_vectors_is_refused_by_its_rule(vector: dict[str, Any]) -> None:
    read = labels.key_prefix if vector["ai"] == "91" else label_signature
    with pytest.raises(InvalidCodeError) as caught:
        read(vector["value"])
    assert (caught.value.evidence["rule"], caught.value.position) == (vector["rule"], vector["position"])
    assert f"({vector['ai']})" in caught.value.detail


def test_a_signed_label_names_its_key_and_holds_for_no_other() -> None:
    label = label_of(text(MAKERS.elements()), TODAY)
    assert labels.key_prefix(label.key) == MAKERS.key_id[:6]
    assert verify_label(MAKERS.signer, label)
    assert not verify_label(ANOTHER.signer, label)
    assert not verify_label(MAKERS.signer[:20], label)  # an address


@given(VALUE, VALUE, st.booleans(), st.booleans())
def test_every_label_that_can_be_written_can_be_signed_and_read_back(
    lot: str, serial: str, with_expiry: Any, with_serial: Any
) -> None:
    unsigned = [("01", GTIN), ("10", lot)] + [("17", "270331")] * with_expiry + [("21", serial)] * with_serial
    label = label_of(text(MAKERS.elements(unsigned)), TODAY)
    assert label.message == canonical(unsigned).encode()
    assert verify_label(MAKERS.signer, label)


def test_the_order_of_the_elements_does_not_matter() -> None:
    label = MAKERS.label()
    assert verify_label(MAKERS.signer, label._replace(elements=tuple(reversed(label.elements))))


@pytest.mark.parametrize(
    "unsigned", [[("10", LOT)], [("00", "154138680000000012")], MAKERS.elements(), [*UNIT, ("91", "own")]]
)
def test_what_is_no_unsigned_label_is_not_signed(unsigned: labels.Elements) -> None:
    with pytest.raises(InvalidInputError):
        signed_elements(unsigned, MAKERS.sign, MAKERS.key_id)


def test_a_key_is_named_by_its_id_not_by_its_signer() -> None:
    with pytest.raises(InvalidInputError, match="32 bytes, not 64"):
        labels.label_key_id(MAKERS.signer)


def test_the_upper_form_of_a_signature_does_not_hold_and_is_told() -> None:
    label = MAKERS.label()
    raw = label_signature(label.signature)
    high = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    twin = label._replace(signature=written(high))
    assert (labels.has_high_s(label), labels.has_high_s(twin)) == (False, True)
    assert not verify_label(MAKERS.signer, twin)


def test_the_vector_file_is_what_its_story_tells() -> None:
    assert FILE.read_text(encoding="utf-8") == written_file()


# A label's signature and a statement's


@given(st.binary(min_size=32, max_size=32))
def test_no_digest_is_taken_for_a_label(digest: bytes) -> None:
    assert not is_label_message(keccak256(digest))


def test_a_label_of_32_bytes_is_known_as_one() -> None:
    message = canonical([("01", GTIN), ("10", "LOT-OF-14-SIGN")]).encode()
    assert len(message) == 32
    assert is_label_message(message)


def test_a_label_s_signature_is_no_statement_s_and_the_reverse() -> None:
    label = MAKERS.label()
    digest = keccak256(label.message)
    raw = label_signature(label.signature)
    assert verify(MAKERS.signer, label.message, raw)  # the same key, the same algorithm: only the message differs
    assert not verify(MAKERS.signer, digest, raw)
    assert not verify_label(MAKERS.signer, label._replace(signature=written(MAKERS.sign(digest))))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"01" + GTIN.encode()[:-1],
        b"01" + GTIN.encode() + b"\x1d10" + LOT.encode(),
        b"01" + GTIN.encode() + b"10" + LOT.encode() + b"\x1d",
        b"01" + GTIN.encode() + b"10",
        b"01" + GTIN.encode() + b"10#",
        b"01" + GTIN.encode() + b"10" + b"A" * 21,
        b"01" + GTIN.encode() + b"17270331\n",
        b"01" + GTIN.encode() + b"21" + SERIAL.encode() + b"\x1d10" + LOT.encode(),
        b"\x19\x01" + bytes(30),
    ],
)
def test_what_is_not_canonical_is_no_label(message: bytes) -> None:
    assert not is_label_message(message)


def test_wycheproof_s_signatures_hold_for_labels_as_they_say(test_data: Path) -> None:
    """Their messages are no element strings, so the signatures are judged as labels' over those messages."""
    groups = json.loads((test_data / "crypto/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json").read_bytes())
    counts: Counter[str] = Counter()
    for group in groups["testGroups"]:
        signer = bytes.fromhex(group["publicKey"]["uncompressed"])[1:]
        for case in group["tests"]:
            counts[_as_label(signer, case)] += 1
    assert counts == {"valid, accepted": 103, "valid, high s": 70, "invalid, refused": 68, "invalid, no AI 92": 21}


def _as_label(signer: bytes, case: dict[str, Any]) -> str:
    class Over(Label):
        @property
        def message(self) -> bytes:
            return bytes.fromhex(case["msg"])

    label = Over((), "", written(bytes.fromhex(case["sig"])))
    try:
        accepted = verify_label(signer, label)
    except InvalidCodeError:
        assert case["result"] == "invalid", case
        return "invalid, no AI 92"
    if accepted:
        assert case["result"] == "valid", case
        return "valid, accepted"
    if case["result"] == "valid":
        assert labels.has_high_s(label), case
        return "valid, high s"
    return "invalid, refused"
