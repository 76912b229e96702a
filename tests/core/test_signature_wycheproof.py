"""Project Wycheproof's ECDSA vectors, for both curves, where signatures are checked off chain.

Lotproof takes one form of a signature only, so its verdict differs from the vectors' in three named ways:

- DER is not taken at all. Every vector in DER is refused as it stands; those whose DER is sound are judged again by
  their r and s in our form, and must then come out as the vector says (but for the next points). The rest is about
  parsers of DER, of which we have none. The vectors over SHA3-256 are left out: no signer of ours uses it.
- High s is refused, where the plain ECDSA vectors call it valid. The Bitcoin vectors refuse it as we do.
- An address is checked by recovering the key with v 27 or 28, that is with r as the x-coordinate itself. The few
  vectors whose point has an x-coordinate above the order of the curve cannot be written so, in Ethereum neither.
"""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ledger.core.signature import P256_ORDER, SECP256K1_ORDER, address_of, verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORDERS = {"secp256k1": SECP256K1_ORDER, "secp256r1": P256_ORDER}
SECP256K1_PRIME = 2**256 - 2**32 - 977
NO_FORM = "invalid, not the DER of two numbers of 32 bytes"


def vectors(path: Path) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    for group in json.loads(path.read_bytes())["testGroups"]:
        key = group["publicKey"]
        for case in group["tests"]:
            yield key["curve"], bytes.fromhex(key["uncompressed"])[1:], case


def accepts(curve: str, point: bytes, message: bytes, signature: bytes) -> bool:
    if curve == "secp256r1":
        return verify(point, message, signature)
    digest = sha256(message).digest()
    return any(verify(address_of(point), digest, signature + bytes([v])) for v in (27, 28))


def judged(curve: str, point: bytes, case: dict[str, Any], signature: bytes) -> str:
    """Compare our verdict on r‖s with the vector's."""
    accepted = accepts(curve, point, bytes.fromhex(case["msg"]), signature)
    if accepted:
        assert case["result"] == "valid", case
        return "valid, accepted"
    if case["result"] == "invalid":
        return "invalid, refused"
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    low = min(s, ORDERS[curve] - s).to_bytes(32, "big")
    if accepts(curve, point, bytes.fromhex(case["msg"]), signature[:32] + low):
        return "valid, high s"  # nothing but its form was refused
    assert curve == "secp256k1", case
    assert r + SECP256K1_ORDER < SECP256K1_PRIME, case
    return "valid, x above order"


def in_our_form(der: bytes) -> bytes | None:
    """r‖s of a sound DER signature whose numbers fit 32 bytes."""
    try:
        r, s = decode_dss_signature(der)
    except ValueError:
        return None
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") if min(r, s) >= 0 and max(r, s) < 2**256 else None


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (  # 252 vectors
            "ecdsa_secp256k1_sha256_p1363_test.json",
            {"valid, accepted": 95, "valid, high s": 70, "valid, x above order": 2, "invalid, refused": 85},
        ),
        (  # 262 vectors
            "ecdsa_secp256r1_sha256_p1363_test.json",
            {"valid, accepted": 103, "valid, high s": 70, "invalid, refused": 89},
        ),
    ],
)
def test_vectors_in_our_own_form_come_out_as_they_say(test_data: Path, file: str, expected: dict[str, int]) -> None:
    counts = Counter(
        judged(curve, point, case, bytes.fromhex(case["sig"]))
        for curve, point, case in vectors(test_data / "crypto/wycheproof" / file)
    )
    assert counts == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (  # 463 vectors
            "ecdsa_secp256k1_sha256_bitcoin_test.json",
            {"valid, accepted": 161, "valid, x above order": 1, "invalid, refused": 69, NO_FORM: 232},
        ),
        (  # 476 vectors
            "ecdsa_secp256k1_sha256_test.json",
            {
                "valid, accepted": 96,
                "valid, high s": 70,
                "valid, x above order": 2,
                "invalid, refused": 74,
                NO_FORM: 234,
            },
        ),
        (  # 484 vectors
            "ecdsa_secp256r1_sha256_test.json",
            {"valid, accepted": 103, "valid, high s": 71, "invalid, refused": 75, NO_FORM: 235},
        ),
    ],
)
def test_vectors_in_der_are_refused_and_come_out_as_they_say_in_our_form(
    test_data: Path, file: str, expected: dict[str, int]
) -> None:
    counts: Counter[str] = Counter()
    for curve, point, case in vectors(test_data / "crypto/wycheproof" / file):
        der = bytes.fromhex(case["sig"])
        assert not accepts(curve, point, bytes.fromhex(case["msg"]), der), case
        signature = in_our_form(der)
        if signature is None:
            assert case["result"] == "invalid", case
            counts[NO_FORM] += 1
        else:
            counts[judged(curve, point, case, signature)] += 1
    assert counts == expected
