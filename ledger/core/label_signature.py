"""The signature that a label carries: AI 91 names the key, AI 92 is ECDSA P-256 with SHA-256 over the canonical string.

A signature over a statement is one over 32 bytes that Keccak made, a label's one over text that begins with `01` and
a GTIN. Of 2^256 digests fewer than 2^137 spell such a text, so neither can be passed off as the other:
`is_label_message` tells them apart, and whoever signs asks it (docs/decisions/0014).

Sources: RFC 4648, section 5 (base64url), section 3.5 (canonical form); SEC 1 version 2, section 4.1; GS1 General
Specifications, section 3.9 (AI 91 to 99: company internal information).
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.errors import InvalidInputError
from ledger.core.gs1 import canonical
from ledger.core.gs1.faults import refusal
from ledger.core.signature import P256_BYTES, is_low_s, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KEY_AI: Final = "91"
SIGNATURE_AI: Final = "92"
KEY_BYTES: Final = 6  # of the key's id
KEY_CHARACTERS: Final = 8  # base64url of 6 bytes; none of its bits is spare
SIGNATURE_CHARACTERS: Final = 86  # base64url of 64 bytes; the last character carries 2 bits and 4 that are zero
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # RFC 4648, table 2
LAST_CHARACTERS: Final = "AQgw"  # those of the alphabet whose four lower bits are zero
_KEY_ID_BYTES: Final = 32
_NAMES: Final = {KEY_AI: "the label key's id", SIGNATURE_AI: "the label's signature"}
_LENGTHS: Final = {KEY_AI: KEY_CHARACTERS, SIGNATURE_AI: SIGNATURE_CHARACTERS}
_SET82: Final = rb"[!-\"%-?A-Z_a-z]"  # GS1 General Specifications, figure 7.11-1
_MESSAGE: Final = re.compile(
    rb"01[0-9]{14}(?:10" + _SET82 + rb"{1,20}(?:\x1d(?=17|21)|\Z))?(?:17[0-9]{6})?(?:21" + _SET82 + rb"{1,20})?"
)

Elements = list[tuple[str, str]]


class Label(NamedTuple):
    """What a signed label says.

    Args:
        elements: Pairs of application identifier and value; of them the signature covers AI 01, 10, 17 and 21.
        key: AI 91.
        signature: AI 92.
    """

    elements: tuple[tuple[str, str], ...]
    key: str
    signature: str

    @property
    def message(self) -> bytes:
        """What the signature is over: the canonical element string's UTF-8 bytes."""
        return canonical(self.elements).encode()


def is_label_message(message: bytes) -> bool:
    """Tell whether bytes are a canonical element string, of which labels are signed.

    Args:
        message: Any bytes.
    """
    return _MESSAGE.fullmatch(message) is not None


def label_key_id(key: bytes) -> str:
    """Give what AI 91 says of a key.

    Args:
        key: The key's id on chain, keccak256 of its signer, 32 bytes.

    Returns:
        Eight characters: base64url of its first six bytes.

    Raises:
        InvalidInputError: It is no key's id.
    """
    if len(key) != _KEY_ID_BYTES:
        raise InvalidInputError(f"A key's id has 32 bytes, not {len(key)}.", field="key")
    return urlsafe_b64encode(key[:KEY_BYTES]).decode()


def key_prefix(text: str) -> bytes:
    """Read AI 91.

    Args:
        text: Its value.

    Returns:
        The first six bytes of the key's id.

    Raises:
        InvalidCodeError: Rules `label_length` and `label_character`; the position counts inside the value.
    """
    _check_form(KEY_AI, text)
    return urlsafe_b64decode(text)


def label_signature(text: str) -> bytes:
    """Read AI 92.

    Args:
        text: Its value.

    Returns:
        64 bytes r‖s; whether they are in range and s is low is for `verify_label` to say.

    Raises:
        InvalidCodeError: Rules `label_length`, `label_character` and `label_last_character`; the position counts inside
            the value.
    """
    _check_form(SIGNATURE_AI, text)
    if text[-1] not in LAST_CHARACTERS:
        detail = f"(92) {_NAMES[SIGNATURE_AI]} ends with {text[-1]!r}, which carries bits that must be zero."
        raise refusal("label_last_character", detail, len(text) - 1, ai=SIGNATURE_AI)
    return urlsafe_b64decode(text + "==")


def written(signature: bytes) -> str:
    """Write a signature as AI 92 takes it.

    Args:
        signature: 64 bytes r‖s.
    """
    return urlsafe_b64encode(signature).decode().rstrip("=")


def signed_elements(elements: Iterable[tuple[str, str]], sign: Callable[[bytes], bytes], key: bytes) -> Elements:
    """Sign a label.

    Args:
        elements: Pairs of application identifier and value, already checked, with AI 01.
        sign: Gives r‖s with low s over a message, as `P256Signer.sign_label` does.
        key: The id of the key that signs, 32 bytes.

    Returns:
        The elements with AI 91 and 92 after them.

    Raises:
        InvalidInputError: There is no GTIN, or the elements are signed already.
    """
    unsigned = list(elements)
    present = {ai for ai, _ in unsigned}
    if present & {KEY_AI, SIGNATURE_AI}:
        raise InvalidInputError("The label has AI 91 or 92 already.", advice="Sign it once.", field="elements")
    message = canonical(unsigned).encode()
    if not is_label_message(message):
        raise InvalidInputError("A label without a GTIN (AI 01) cannot be signed.", field="elements")
    return [*unsigned, (KEY_AI, label_key_id(key)), (SIGNATURE_AI, written(sign(message)))]


def verify_label(signer: bytes, label: Label) -> bool:
    """Tell whether a label's signature is a key's.

    Args:
        signer: The key's P-256 public key, 64 bytes x‖y; an address signs no labels.
        label: The label; that its AI 91 names this key is not asked.

    Returns:
        Whether it holds. High s does not: one label would have two forms.

    Raises:
        InvalidCodeError: AI 92 is malformed.
    """
    return len(signer) == P256_BYTES and verify(signer, label.message, label_signature(label.signature))


def has_high_s(label: Label) -> bool:
    """Tell whether a label's signature has the upper of the two forms of s, which no signer of ours makes.

    Args:
        label: The label.

    Raises:
        InvalidCodeError: AI 92 is malformed.
    """
    return not is_low_s(label_signature(label.signature))


def _check_form(ai: str, text: str) -> None:
    if len(text) != _LENGTHS[ai]:
        detail = f"({ai}) {_NAMES[ai]} has {_LENGTHS[ai]} characters, but {len(text)} were read."
        raise refusal("label_length", detail, min(len(text), _LENGTHS[ai]), ai=ai)
    alien = next((index for index, character in enumerate(text) if character not in ALPHABET), None)
    if alien is not None:
        detail = f"({ai}) {_NAMES[ai]} takes only letters, digits, - and _, but has {text[alien]!r}."
        raise refusal("label_character", detail, alien, ai=ai)
