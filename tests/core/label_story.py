"""Signed labels for tests: published test keys, signatures that are the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.core import facts
from ledger.core.gs1 import bracketed, parse_code
from ledger.core.label_signature import Elements, Label, signed_elements
from ledger.core.parts import key_id
from ledger.core.signature import P256_ORDER
from ledger.core.vocabulary import Purpose
from tests.core.batch_story import GTIN, LOT, MAKER, NO_HASH

if TYPE_CHECKING:
    from datetime import date

    from tests.core.batch_story import BatchStory

SERIAL = "7Kq-R2m"
UNIT = [("01", GTIN), ("10", LOT), ("17", "270331"), ("21", SERIAL)]
LABEL_KEY, OTHER_KEY = 0x1ABE1, 0x1ABE2  # published test keys


class TestKey:
    """A published test key that signs as RFC 6979 says: every run makes the same signature."""

    __test__ = False

    def __init__(self, secret: int) -> None:
        self._private = derive_private_key(secret, SECP256R1())
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.signer = point[1:]
        self.key_id = key_id(self.signer)

    def sign(self, message: bytes) -> bytes:
        """Sign with low s."""
        r, s = decode_dss_signature(self._private.sign(message, ECDSA(SHA256(), deterministic_signing=True)))
        return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")

    def elements(self, unsigned: Elements = UNIT) -> Elements:
        """The elements of a signed label."""
        return signed_elements(unsigned, self.sign, self.key_id)

    def label(self, unsigned: Elements = UNIT) -> Label:
        """A signed label."""
        *_, (_, key), (_, signature) = elements = self.elements(unsigned)
        return Label(tuple(elements), key, signature)


MAKERS = TestKey(LABEL_KEY)
ANOTHER = TestKey(OTHER_KEY)


def enrol(
    story: BatchStory, key: TestKey = MAKERS, number: int = MAKER, purposes: Purpose = Purpose.LABELS, **window: int
) -> None:
    """Add a label key to a story's ledger."""
    valid_from, valid_until = window.get("valid_from", 0), window.get("valid_until", 0)
    addition = facts.KeyAddition(
        key.key_id, number, key.signer, purposes, valid_from, valid_until, NO_HASH, story._recorded()
    )
    story.keys[key.key_id] = facts.Key(addition)
    story.mine()


def text(elements: Elements) -> str:
    """A label's code as bracketed text."""
    return bracketed(elements)


def changed(elements: Elements, ai: str, value: str) -> Elements:
    """The elements with another value of one identifier."""
    return [(each, value if each == ai else known) for each, known in elements]


def label_of(code_text: str, today: date) -> Label:
    """The label that a code's text spells."""
    code = parse_code(code_text, today=today)
    return Label(code.elements, code.label_key or "", code.label_signature or "")
