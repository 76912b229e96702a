"""Runs of labels as a maker would print them: a published key signs, and a seeded generator numbers the packs."""

from __future__ import annotations

import random
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.core.gs1 import element_string
from ledger.core.signature import P256_ORDER
from ledger.label.content import Elements
from ledger.label.run import Run
from ledger.label.stock import STOCK

HOST = "id.example.org"
BATCH: Elements = [("01", "00359267102522"), ("10", "PB26K017"), ("17", "280531")]
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TEST_KEY = derive_private_key(0x1234, SECP256R1())  # known to everyone
TEST_KEY_ID = sha256(TEST_KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).digest()


def signed(elements: Elements) -> Elements:
    """With AI 91 and 92 as long and as random as those of a real label key."""
    named = dict(elements)
    string = element_string([(ai, named[ai]) for ai in ("01", "10", "17", "21") if ai in named])
    r, s = decode_dss_signature(TEST_KEY.sign(string.encode(), ECDSA(SHA256(), deterministic_signing=True)))
    signature = r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")
    return [*elements, ("91", text(TEST_KEY_ID)[:8]), ("92", text(signature))]


def text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def serials(count: int, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(CROCKFORD, k=13)) for _ in range(count)]


def run(count: int = 3, **changes: Any) -> Run:
    """A run of signed labels on A4, but for the changes."""
    asked: dict[str, Any] = {"elements": BATCH, "serials": serials(count), "host": HOST, "stock": STOCK["a4-24"]}
    return Run(**(asked | {"sign": signed} | changes))
