"""Checking signatures off chain: secp256k1 for addresses, P-256 for bare public keys.

Both refuse high-s: of the two forms that verify for one message, only the lower is a signature here, as in the contract
(OpenZeppelin's ECDSA does, the P-256 precompile of EIP-7951 does not). A contract that signs by ERC-1271 can be asked
on chain only; off chain its address looks like one whose signature does not match.

Sources: SEC 1 version 2, section 4.1; EIP-2 (low s); EIP-7951; ERC-7913 (signers as bytes).
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Final

from coincurve import PublicKey
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.core.keccak import keccak256

ADDRESS_BYTES: Final = 20
P256_BYTES: Final = 64
SECP256K1_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141  # SEC 2, 2.4.1
P256_ORDER: Final = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551  # FIPS 186-4, D.1.2.3
_RECOVERY_BYTES: Final = 65
_RECOVERY_BASE: Final = 27  # Ethereum yellow paper, appendix F: v is 27 or 28


class SignatureFault(StrEnum):
    """Why a signature does not hold, in words."""

    SIGNER_LENGTH = "the signer is neither 20 bytes (an address) nor 64 bytes (a P-256 public key)"
    NOT_ON_CURVE = "the signer is not a point of the curve P-256"
    LENGTH = "the signature has the wrong length: 65 bytes r‖s‖v for an address, 64 bytes r‖s for P-256"
    RECOVERY = "the last byte of the signature is neither 27 nor 28"
    RANGE = "r or s is zero or not below the order of the curve"
    HIGH_S = "s is in the upper half of the order: the signer must give order - s instead"
    MISMATCH = "the signature is not this signer's over this statement"


def verify(signer: bytes, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature holds off chain.

    Args:
        signer: 20 bytes (an address) or 64 bytes (P-256 public key, x‖y).
        digest: The statement's EIP-712 digest, 32 bytes.
        signature: 65 bytes r‖s‖v over the digest, or 64 bytes r‖s over sha256(digest).

    Returns:
        Whether it holds; always False for a contract that signs by ERC-1271, which only the chain can ask.
    """
    return fault(signer, digest, signature) is None


def fault(signer: bytes, digest: bytes, signature: bytes) -> SignatureFault | None:
    """Say why a signature does not hold.

    Args:
        signer: 20 bytes (an address) or 64 bytes (P-256 public key, x‖y).
        digest: The statement's EIP-712 digest, 32 bytes.
        signature: 65 bytes r‖s‖v over the digest, or 64 bytes r‖s over sha256(digest).

    Returns:
        The reason, or None if it holds.
    """
    if len(signer) == ADDRESS_BYTES:
        return _address_fault(signer, digest, signature)
    if len(signer) == P256_BYTES:
        return _p256_fault(signer, digest, signature)
    return SignatureFault.SIGNER_LENGTH


def is_p256_point(signer: bytes) -> bool:
    """Tell whether 64 bytes are a public key of P-256.

    Args:
        signer: x‖y.

    Returns:
        Whether the point is on the curve.
    """
    return len(signer) == P256_BYTES and _p256_key(signer) is not None


def is_low_s(signature: bytes) -> bool:
    """Tell whether a P-256 signature has the lower of the two forms of s.

    Args:
        signature: 64 bytes r‖s.
    """
    return int.from_bytes(signature[32:], "big") <= P256_ORDER // 2


def address_of(public_key: bytes) -> bytes:
    """Compute the Ethereum address of a secp256k1 public key (yellow paper, appendix F).

    Args:
        public_key: 64 bytes, x‖y.

    Returns:
        20 bytes.
    """
    return keccak256(public_key)[-ADDRESS_BYTES:]


def _range_fault(signature: bytes, order: int) -> SignatureFault | None:
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:64], "big")
    if not (0 < r < order and 0 < s < order):
        return SignatureFault.RANGE
    return SignatureFault.HIGH_S if s > order // 2 else None


def _address_fault(address: bytes, digest: bytes, signature: bytes) -> SignatureFault | None:
    if len(signature) != _RECOVERY_BYTES:
        return SignatureFault.LENGTH
    recovery = signature[64] - _RECOVERY_BASE
    if recovery not in (0, 1):
        return SignatureFault.RECOVERY
    if found := _range_fault(signature, SECP256K1_ORDER):
        return found
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes([recovery]), digest, hasher=None)
    except Exception:  # noqa: BLE001 - coincurve raises a bare Exception where no point can be recovered
        return SignatureFault.MISMATCH
    return None if address_of(key.format(compressed=False)[1:]) == address else SignatureFault.MISMATCH


def _p256_fault(signer: bytes, digest: bytes, signature: bytes) -> SignatureFault | None:
    if len(signature) != P256_BYTES:
        return SignatureFault.LENGTH
    if found := _range_fault(signature, P256_ORDER):
        return found
    key = _p256_key(signer)
    if key is None:
        return SignatureFault.NOT_ON_CURVE
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), digest, ECDSA(SHA256()))
    except InvalidSignature:
        return SignatureFault.MISMATCH
    return None


@lru_cache(maxsize=4096)  # a key signs many statements, and checking the curve costs as much as half a verification
def _p256_key(signer: bytes) -> EllipticCurvePublicKey | None:
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x04" + signer)
    except ValueError:
        return None
