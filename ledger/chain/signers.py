"""What signs: an Ethereum account or a P-256 key, unlocked, in the forms that the contract checks.

Sources: SEC 1 version 2, section 4.1.3 (signing); EIP-2 (low s); EIP-7951; BIP-32 and BIP-44 (development accounts).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account import Account

from ledger.core.errors import ConfigurationError, InvalidInputError
from ledger.core.label_signature import is_label_message
from ledger.core.parts import key_id
from ledger.core.signature import P256_ORDER, address_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.core.sign_in import Challenge

P256: Final = "p256"
SECP256K1: Final = "secp256k1"
DEVELOPMENT_CHAIN: Final = 31337
# Anvil's and Hardhat's public phrase: everyone has these keys, so they are worth nothing anywhere else.
DEVELOPMENT_PHRASE: Final = "test test test test test test test test test test test junk"
DEVELOPMENT_ACCOUNTS: Final = 10
DIGEST_BYTES: Final = 32
_RECOVERY_BASE: Final = 27
_ECDSA: Final = ECDSA(SHA256())


class Signer(Protocol):
    """What can sign statements."""

    @property
    def name(self) -> str:
        """The key's name on this machine."""

    @property
    def kind(self) -> str:
        """`p256` or `secp256k1`."""

    @property
    def signer(self) -> bytes:
        """20 bytes (an address) or 64 bytes (a P-256 public key), as statements name it."""

    @property
    def key_id(self) -> bytes:
        """keccak256 of `signer`, 32 bytes."""

    def sign(self, digest: bytes) -> bytes:
        """Sign a statement's digest in the form that the contract checks."""

    def sign_challenge(self, challenge: Challenge) -> bytes:
        """Sign a server's challenge, to sign in there."""


class SignedTransaction(NamedTuple):
    """A transaction ready to be sent."""

    raw: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class AddressSigner:
    """A secp256k1 key: signs statements as its address, and transactions."""

    name: str
    _private: PrivateKey = field(repr=False, compare=False)
    signer: bytes = field(init=False)  # the address, 20 bytes
    key_id: bytes = field(init=False)
    kind: str = field(init=False, default=SECP256K1)

    def __post_init__(self) -> None:
        """Derive the address once."""
        address = address_of(self._private.public_key.format(compressed=False)[1:])
        object.__setattr__(self, "signer", address)
        object.__setattr__(self, "key_id", key_id(address))

    @property
    def address(self) -> str:
        """The address as `0x` and 40 lower-case hexadecimal digits."""
        return "0x" + self.signer.hex()

    def sign(self, digest: bytes) -> bytes:
        """Sign a digest.

        Args:
            digest: 32 bytes.

        Returns:
            65 bytes r‖s‖v with low s and v 27 or 28.
        """
        signature: bytes = self._private.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([signature[64] + _RECOVERY_BASE])

    def sign_challenge(self, challenge: Challenge) -> bytes:
        """Sign a server's challenge by EIP-191, as wallets do.

        Args:
            challenge: Made for this address.

        Returns:
            65 bytes r‖s‖v.
        """
        return self.sign(challenge.message())

    def sign_transaction(self, transaction: Mapping[str, Any]) -> SignedTransaction:
        """Sign a transaction of this account.

        Args:
            transaction: Its fields as Ethereum's JSON-RPC names them (`to`, `data`, `nonce`, `chainId`, …).

        Returns:
            The raw bytes to send and their hash.

        Raises:
            ConfigurationError: A field is missing or malformed.
        """
        try:
            signed = Account.sign_transaction(dict(transaction), self._private.secret)
        except (TypeError, ValueError) as error:
            detail = f"The transaction cannot be signed: {error}"
            raise ConfigurationError(detail, field="transaction") from error
        return SignedTransaction(bytes(signed.raw_transaction), bytes(signed.hash))


@dataclass(frozen=True, slots=True)
class P256Signer:
    """A P-256 key, as phones, browsers and secure elements have them."""

    name: str
    _private: EllipticCurvePrivateKey = field(repr=False, compare=False)
    signer: bytes = field(init=False)  # the public key x‖y, 64 bytes
    key_id: bytes = field(init=False)
    kind: str = field(init=False, default=P256)

    def __post_init__(self) -> None:
        """Derive the public key once."""
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        object.__setattr__(self, "signer", point[1:])
        object.__setattr__(self, "key_id", key_id(point[1:]))

    def sign(self, digest: bytes) -> bytes:
        """Sign sha256 of a digest, as WebCrypto does.

        Args:
            digest: A statement's 32 bytes.

        Returns:
            64 bytes r‖s with low s.

        Raises:
            InvalidInputError: It is no digest; labels are signed by `sign_label`.
        """
        if len(digest) != DIGEST_BYTES or is_label_message(digest):
            raise InvalidInputError("What is to be signed is no statement's digest.", field="digest")
        return self._signature(digest)

    def sign_label(self, message: bytes) -> bytes:
        """Sign a label.

        Args:
            message: The canonical element string that AI 92 covers, in UTF-8.

        Returns:
            64 bytes r‖s with low s.

        Raises:
            InvalidInputError: It is no canonical element string with a GTIN, and might mean something else.
        """
        if not is_label_message(message):
            raise InvalidInputError("What is to be signed is no label's element string.", field="message")
        return self._signature(message)

    @property
    def private(self) -> EllipticCurvePrivateKey:
        """The key itself: what was sealed to it can be opened with nothing else."""
        return self._private

    def sign_challenge(self, challenge: Challenge) -> bytes:
        """Sign SHA-256 of a server's challenge, as WebCrypto does.

        Args:
            challenge: Made for this key; its text can be neither a statement's digest nor a label.

        Returns:
            64 bytes r‖s with low s.
        """
        return self._signature(challenge.message())

    def _signature(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._private.sign(message, _ECDSA))
        return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")


def development_signer(index: int, chain_id: int) -> AddressSigner:
    """Give one of the accounts that every development chain has and everyone knows.

    Args:
        index: 0 to 9.
        chain_id: Of the chain it is for.

    Returns:
        The account.

    Raises:
        ConfigurationError: The chain is not a development chain, or there is no such account.
    """
    if chain_id != DEVELOPMENT_CHAIN:
        detail = f"The development keys are public and work on chain {DEVELOPMENT_CHAIN} only, not on chain {chain_id}."
        advice = "Make a key with `lotproof key new NAME --kind secp256k1` and name it in the settings."
        raise ConfigurationError(detail, advice=advice, field="chain_id")
    if index not in range(DEVELOPMENT_ACCOUNTS):
        detail = f"There are development accounts 0 to {DEVELOPMENT_ACCOUNTS - 1}, not {index}."
        raise ConfigurationError(detail, field="index")
    Account.enable_unaudited_hdwallet_features()
    account = Account.from_mnemonic(DEVELOPMENT_PHRASE, account_path=f"m/44'/60'/0'/0/{index}")
    return AddressSigner(f"development-{index}", PrivateKey(bytes(account.key)))
