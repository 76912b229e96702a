"""Signing in with a key that the ledger knows: a challenge to sign once, and how long the session lasts that it opens.

The challenge is the text of EIP-4361 (Sign-In with Ethereum), so that wallets show what they sign; for a P-256 key the
line of the address holds the public key, as CAIP-122 (Sign in With X) has it for other kinds of accounts. An address
signs it by EIP-191, a P-256 key as WebCrypto does: SHA-256 of the text.

A challenge is kept nowhere. Its nonce ends in a code over the rest of it, under a secret of the installation, so that
only its own challenges are answered; one that was answered is known by the session that it opened.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from ledger.core.errors import InvalidInputError, NotSignedInError
from ledger.core.keccak import keccak256
from ledger.core.organisation import active_at
from ledger.core.signature import ADDRESS_BYTES, is_p256_point
from ledger.core.vocabulary import Purpose

if TYPE_CHECKING:
    from ledger.core.facts import Key, Organisation

CHALLENGE_SECONDS: Final = 300
DRAWN_BYTES: Final = 16  # of the nonce: random
SECRET_BYTES: Final = 32
MAX_TEXT: Final = 1_000  # characters
_CODE_BYTES: Final = 16
_AHEAD_SECONDS: Final = 60  # servers that share a database may disagree by so much about the time
_STATEMENT: Final = "Sign in to Lotproof. This opens a session; it signs no statement and moves no goods."
_ACCOUNT: Final = "Ethereum account"
_KEY: Final = "Lotproof key"
_DOMAIN: Final = r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,39}\])(?::[0-9]{1,5})?"
_TEXT: Final = re.compile(
    rf"(?P<domain>{_DOMAIN}) wants you to sign in with your (?:{_ACCOUNT}|{_KEY}):\n"
    r"0x(?P<signer>[0-9a-fA-F]{40}|[0-9a-f]{128})\n\n.{1,200}\n\nURI: [^\n]{1,300}\nVersion: 1\n"
    r"Chain ID: (?P<chain_id>[0-9]{1,20})\nNonce: (?P<nonce>[0-9a-f]{64})\n"
    r"Issued At: (?P<issued_at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\nExpiration Time: [0-9TZ:-]{20}",
    re.ASCII,
)
_AGAIN: Final = "Ask for a new challenge and sign that one."


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be signed to sign in."""

    domain: str  # host of the server, with its port if it is no usual one
    signer: bytes  # 20 bytes (an address) or 64 bytes (a P-256 public key, x‖y)
    chain_id: int
    nonce: str  # 64 hexadecimal digits; 32 until the code stands in it
    issued_at: int  # Unix seconds

    @property
    def expires_at(self) -> int:
        """Until when it may be answered, Unix seconds."""
        return self.issued_at + CHALLENGE_SECONDS

    def text(self) -> str:
        """Write it as EIP-4361 does ("Message Format")."""
        is_address = len(self.signer) == ADDRESS_BYTES
        scheme = "http" if is_loopback(self.domain) else "https"
        return (
            f"{self.domain} wants you to sign in with your {_ACCOUNT if is_address else _KEY}:\n"
            f"{checksummed(self.signer) if is_address else '0x' + self.signer.hex()}\n\n{_STATEMENT}\n\n"
            f"URI: {scheme}://{self.domain}/v1/session\nVersion: 1\nChain ID: {self.chain_id}\nNonce: {self.nonce}\n"
            f"Issued At: {_time(self.issued_at)}\nExpiration Time: {_time(self.expires_at)}"
        )

    def message(self) -> bytes:
        """Give what `signature.verify` takes as the digest of this challenge."""
        return signed_message(self.text(), self.signer)


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in: a key of an organisation."""

    organisation: int
    key: bytes  # id, 32 bytes
    began_at: int  # Unix seconds
    seen_at: int  # Unix seconds: when it was last used, as far as that is noted

    def ends_at(self, idle_seconds: int, longest_seconds: int) -> int:
        """Give when it ends unless it is used, Unix seconds.

        Args:
            idle_seconds: How long it lasts unused.
            longest_seconds: How long it lasts at most.
        """
        return min(self.seen_at + idle_seconds, self.began_at + longest_seconds)


def checksummed(address: bytes) -> str:
    """Write an address with its checksum in the case of its letters (EIP-55).

    Args:
        address: 20 bytes.
    """
    digits = address.hex()
    hashed = keccak256(digits.encode()).hex()
    return (
        "0x"
        + "".join(
            digit.upper() if int(bit, 16) > 7 else digit  # noqa: PLR2004 - the upper half of a hexadecimal digit
            for digit, bit in zip(digits, hashed[: len(digits)], strict=True)
        )
    )


def signed_message(text: str, signer: bytes) -> bytes:
    """Give what a signer signs of a text: its EIP-191 hash (version 0x45) for an address, itself for a P-256 key.

    Args:
        text: A challenge's.
        signer: 20 or 64 bytes.
    """
    message = text.encode()
    if len(signer) != ADDRESS_BYTES:
        return message
    return keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)


def is_loopback(domain: str) -> bool:
    """Tell whether a domain is this very machine, where no TLS is needed.

    Args:
        domain: A host, with or without port.
    """
    return re.fullmatch(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", domain) is not None


def challenge(domain: str, signer: bytes, chain_id: int, issued_at: int, *, drawn: bytes, secret: bytes) -> Challenge:  # noqa: PLR0913 - the parts of a challenge, by name
    """Make a challenge.

    Args:
        domain: The server's host, with its port if it is no usual one.
        signer: The key that is to sign in, 20 or 64 bytes.
        chain_id: Of the ledger's chain.
        issued_at: Unix seconds.
        drawn: 16 random bytes, new each time.
        secret: Of the installation, 32 bytes.

    Raises:
        InvalidInputError: The domain or the signer is none.
    """
    if re.fullmatch(_DOMAIN, domain, re.ASCII) is None:
        raise InvalidInputError("The host of the request is none.", advice="Ask the server by its name.", field="host")
    if len(signer) != ADDRESS_BYTES and not is_p256_point(signer):
        detail = "A signer is an address (20 bytes) or a public key of P-256 (64 bytes, x‖y)."
        raise InvalidInputError(detail, advice="Send the signer as `lotproof key list` shows it.", field="signer")
    bare = Challenge(domain, signer, chain_id, drawn.hex(), issued_at)
    return replace(bare, nonce=bare.nonce + _code(bare, secret))


def read(text: str) -> Challenge:
    """Read a challenge.

    Args:
        text: As `Challenge.text` writes it.

    Raises:
        InvalidInputError: It is none.
    """
    found = _TEXT.fullmatch(text) if len(text) <= MAX_TEXT else None
    if found is not None:
        try:
            issued_at = int(datetime.fromisoformat(found["issued_at"]).timestamp())
        except ValueError:
            issued_at = -1
        made = Challenge(
            found["domain"], bytes.fromhex(found["signer"]), int(found["chain_id"]), found["nonce"], issued_at
        )
        if issued_at >= 0 and made.text() == text:
            return made
    raise InvalidInputError("This is no challenge of a Lotproof server.", advice=_AGAIN, field="message")


def require_own(answered: Challenge, secret: bytes, chain_id: int, now: int) -> None:
    """Require that a challenge is one of this installation's, for this ledger, and may still be answered.

    Args:
        answered: The challenge, as `read` reads it.
        secret: Of the installation, 32 bytes.
        chain_id: Of the ledger's chain.
        now: Unix seconds.

    Raises:
        NotSignedInError: It is not.
    """
    bare = replace(answered, nonce=answered.nonce[: 2 * DRAWN_BYTES])
    if not hmac.compare_digest(bare.nonce + _code(bare, secret), answered.nonce) or answered.chain_id != chain_id:
        raise NotSignedInError("This server gave no such challenge.", advice=_AGAIN, field="message")
    if not answered.issued_at - _AHEAD_SECONDS <= now < answered.expires_at:
        raise NotSignedInError("The challenge has expired.", advice=_AGAIN, field="message")


def fault_of(key: Key | None, organisation: Organisation | None, now: int) -> str:
    """Say why a key may not be signed in with, or no longer.

    Args:
        key: Everything said of it; None if the ledger does not know it.
        organisation: Everything said of whose key it is.
        now: Unix seconds.

    Returns:
        Words, "" if it may.
    """
    if key is None or organisation is None:
        return "The ledger knows no such key."
    added = key.addition
    if key.endings or now < added.valid_from or (added.valid_until and now >= added.valid_until):
        return "The key has been ended, has expired or is not valid yet."
    if Purpose.EVENTS not in added.purposes:
        return "The key is not one for events."
    return "" if active_at(organisation) else "The organisation is suspended."


def _code(bare: Challenge, secret: bytes) -> str:
    return hmac.new(secret, bare.text().encode(), sha256).digest()[:_CODE_BYTES].hex()


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
