"""Sealing a message to its recipients, and opening one: HPKE (RFC 9180) by the library `cryptography`.

The content is encrypted once under a key drawn for it (AES-256-GCM), and that key by HPKE to each recipient, with the
statement's digest as `info` and as additional data: what is moved under another statement cannot be opened. The digest
commits to the content's salted hash, so that two recipients cannot be shown two contents. Before encryption the content
is filled up with spaces to whole kilobytes: its length would tell a bulletin from an indicator (RFC 9180, 9.7.3).

Suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, because browsers and phones have all three.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ledger.core.errors import InvalidInputError, InvalidProofError
from ledger.core.intelligence.content import Content, read_content
from ledger.core.intelligence.statements import Box, Form
from ledger.core.nesting import is_nested_deeper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from ledger.core.intelligence.statements import Intelligence

PURPOSE: Final = b"lotproof intelligence 1"
KEY_BYTES: Final = 32
PADDED_TO: Final = 1_024  # bytes
_DEPTH: Final = 4  # of a content
_NONCE: Final = bytes(12)  # each key encrypts one content
_SUITE: Final = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def seal(content: Content, digest: bytes, keys: Mapping[bytes, bytes]) -> Box:
    """Seal a content.

    Args:
        content: What is told.
        digest: Of the statement that tells it, 32 bytes.
        keys: The recipients' encryption keys (P-256, x‖y) by the id of their signing keys.
    """
    drawn, info = secrets.token_bytes(KEY_BYTES), PURPOSE + digest
    text = content.canonical()
    padded = text.ljust(-(-len(text) // PADDED_TO) * PADDED_TO)
    wraps = [(key, _SUITE.encrypt(drawn, _public(public), info)) for key, public in sorted(keys.items())]
    return Box(AESGCM(drawn).encrypt(_NONCE, padded, info), tuple(wraps))


def opened(box: Box, statement: Intelligence, digest: bytes, key: bytes, private: EllipticCurvePrivateKey) -> Content:
    """Open what was sealed to a key, and require that it is what the issuer signed.

    Args:
        box: The sealed content.
        statement: The statement that tells it.
        digest: Of the statement, 32 bytes.
        key: The id of the recipient's signing key.
        private: The recipient's encryption key.

    Raises:
        InvalidProofError: It was not sealed to this key, was altered, or is not the content that was signed.
    """
    wrap, info = dict(box.wraps).get(key, b""), PURPOSE + digest
    try:
        drawn = _SUITE.decrypt(wrap, private, info)
        text = AESGCM(drawn).decrypt(_NONCE, box.content, info).decode()
        told = "" if is_nested_deeper(text, _DEPTH) else json.loads(text)
        content = read_content(told, indicator=statement.form == Form.INDICATOR)
    except (InvalidTag, InvalidInputError, ValueError) as error:
        detail = f"The message 0x{digest.hex()} cannot be opened with this key."
        advice = "Use the encryption key that stood published when it was sent; else ask its issuer to send it again."
        raise InvalidProofError(detail, advice=advice, rule="sealed") from error
    if content.hash() != statement.content:
        detail = f"What the message 0x{digest.hex()} holds is not what its issuer signed."
        raise InvalidProofError(detail, advice="Trust nothing of it, and tell its issuer.", rule="content")
    return content


def _public(point: bytes) -> EllipticCurvePublicKey:
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x04" + point)
