"""Signatures off chain: what signers make is accepted, every other form is refused with its reason."""

from __future__ import annotations

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.signature import (
    P256_ORDER,
    SECP256K1_ORDER,
    SignatureFault,
    address_of,
    fault,
    is_p256_point,
    verify,
)

DIGEST = bytes(range(32))
ETHEREUM = PrivateKey(b"\x01" * 32)
ADDRESS = address_of(ETHEREUM.public_key.format(compressed=False)[1:])
PHONE = derive_private_key(12345, SECP256R1())
POINT = PHONE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


def by_address(digest: bytes = DIGEST) -> bytes:
    signature: bytes = ETHEREUM.sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([27 + signature[64]])


def by_phone(message: bytes = DIGEST) -> bytes:
    r, s = decode_dss_signature(PHONE.sign(message, ECDSA(SHA256())))
    return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")


def with_s(signature: bytes, s: int) -> bytes:
    return signature[:32] + s.to_bytes(32, "big") + signature[64:]


def s_of(signature: bytes) -> int:
    return int.from_bytes(signature[32:64], "big")


@given(st.binary(min_size=32, max_size=32))
def test_what_either_kind_of_signer_makes_verifies(digest: bytes) -> None:
    assert verify(ADDRESS, digest, by_address(digest))
    assert verify(POINT, digest, by_phone(digest))


@given(st.binary(min_size=32, max_size=32))
def test_what_eth_account_signs_verifies(digest: bytes) -> None:
    account = Account.from_key(b"\x02" * 32)
    signature = bytes(account.unsafe_sign_hash(digest).signature)
    assert verify(bytes.fromhex(account.address[2:]), digest, signature)


@given(st.integers(0, 519), st.booleans())
def test_one_wrong_bit_anywhere_is_refused(bit: int, of_phone: bool) -> None:
    signer, signature = (POINT, by_phone()) if of_phone else (ADDRESS, by_address())
    bit %= len(signature) * 8
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not verify(signer, DIGEST, bytes(flipped))


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80))
def test_random_bytes_never_verify_and_never_crash(signer: bytes, digest: bytes, signature: bytes) -> None:
    assert not verify(signer, digest, signature)


@given(st.binary(min_size=64, max_size=64), st.sampled_from([27, 28]))
def test_random_signatures_of_the_right_form_never_verify(values: bytes, recovery: int) -> None:
    assert not verify(ADDRESS, DIGEST, values + bytes([recovery]))
    assert not verify(POINT, DIGEST, values)


def test_a_digest_that_another_has_signed_is_refused() -> None:
    assert fault(bytes(20), DIGEST, by_address()) is SignatureFault.MISMATCH
    assert fault(ADDRESS, bytes(32), by_address()) is SignatureFault.MISMATCH
    assert fault(POINT, bytes(32), by_phone()) is SignatureFault.MISMATCH


def test_the_high_form_of_a_good_signature_is_refused_on_both_curves() -> None:
    high = with_s(by_address(), SECP256K1_ORDER - s_of(by_address()))
    other_recovery = high[:64] + bytes([27 + 28 - high[64]])
    assert fault(ADDRESS, DIGEST, high) is SignatureFault.HIGH_S
    assert fault(ADDRESS, DIGEST, other_recovery) is SignatureFault.HIGH_S
    high_p256 = with_s(by_phone(), P256_ORDER - s_of(by_phone()))
    assert fault(POINT, DIGEST, high_p256) is SignatureFault.HIGH_S


@pytest.mark.parametrize(
    ("signer", "signature", "order"),
    [(ADDRESS, by_address(), SECP256K1_ORDER), (POINT, by_phone(), P256_ORDER)],
    ids=["secp256k1", "P-256"],
)
def test_r_and_s_out_of_range_are_refused(signer: bytes, signature: bytes, order: int) -> None:
    for value in (0, order, 2**256 - 1):
        assert fault(signer, DIGEST, with_s(signature, value)) is SignatureFault.RANGE
        assert fault(signer, DIGEST, value.to_bytes(32, "big") + signature[32:]) is SignatureFault.RANGE


def test_wrong_lengths_are_refused_by_name() -> None:
    assert fault(b"", DIGEST, by_address()) is SignatureFault.SIGNER_LENGTH
    assert fault(b"\x04" + POINT, DIGEST, by_phone()) is SignatureFault.SIGNER_LENGTH
    assert fault(ADDRESS, DIGEST, by_address()[:64]) is SignatureFault.LENGTH
    assert fault(POINT, DIGEST, by_phone() + b"\x1b") is SignatureFault.LENGTH


@pytest.mark.parametrize("last", [0, 1, 26, 29, 255])
def test_a_recovery_byte_other_than_27_and_28_is_refused(last: int) -> None:
    assert fault(ADDRESS, DIGEST, by_address()[:64] + bytes([last])) is SignatureFault.RECOVERY


def test_a_key_off_the_curve_is_refused() -> None:
    off_curve = POINT[:63] + bytes([POINT[63] ^ 1])
    assert fault(off_curve, DIGEST, by_phone()) is SignatureFault.NOT_ON_CURVE
    assert not is_p256_point(off_curve)
    assert not is_p256_point(POINT[:63])
    assert is_p256_point(POINT)


def test_an_r_from_which_no_point_can_be_recovered_is_refused() -> None:
    # 5 is no x-coordinate of secp256k1: 5**3 + 7 = 132 has no square root there.
    assert pow(132, (2**256 - 2**32 - 977 - 1) // 2, 2**256 - 2**32 - 977) != 1
    signature = (5).to_bytes(32, "big") + (1).to_bytes(32, "big") + b"\x1b"
    assert fault(ADDRESS, DIGEST, signature) is SignatureFault.MISMATCH


def test_the_address_of_a_key_is_the_one_everyone_computes() -> None:
    assert "0x" + ADDRESS.hex() == Account.from_key(b"\x01" * 32).address.lower()


def test_every_reason_is_said_in_words() -> None:
    assert all(" " in reason.value for reason in SignatureFault)
