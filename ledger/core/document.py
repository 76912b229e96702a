"""Documents kept off chain, and the salted hash by which a statement commits to one.

A document is JSON. Its `details` are keccak256 of its canonical form (RFC 8785, JSON Canonicalization Scheme), so that
any JSON library on any machine comes to the same hash. It must carry a random 32-byte `salt`, without which the content
of a short document could be guessed from its hash on a public chain.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from ledger.core.errors import InvalidStatementError
from ledger.core.keccak import keccak256

MAX_DOCUMENT_DEPTH: Final = 32  # nested objects and lists
MAX_DOCUMENT_BYTES: Final = 256 * 1024  # of the canonical form
SALT_BYTES: Final = 32
_SALT: Final = re.compile(r"0x[0-9a-f]{64}")
_SAFE_INTEGER: Final = (1 << 53) - 1  # RFC 8785, section 3.2.2.3: numbers are IEEE 754 doubles
_EXPONENT_LOW: Final = -6  # ECMA-262, Number::toString: plain notation from 1e-6 …
_EXPONENT_HIGH: Final = 21  # … to below 1e21
_FIELD: Final = "document"


def details(document: dict[str, Any]) -> bytes:
    """Hash a salted document.

    Args:
        document: JSON values by name, with `salt` as `0x` and 64 lower-case hexadecimal digits.

    Returns:
        keccak256 of the canonical form, 32 bytes: the `details` of a statement.

    Raises:
        InvalidStatementError: The salt is missing or malformed, or the document is no canonical JSON.
    """
    salt = document.get("salt")
    if not (isinstance(salt, str) and _SALT.fullmatch(salt)):
        raise InvalidStatementError(
            "The document needs a random salt, or its content could be guessed from its hash.",
            advice='Give it "salt": 0x and 64 lower-case hexadecimal digits from a random source.',
            field="document.salt",
        )
    return keccak256(canonical(document))


def with_salt(document: dict[str, Any], salt: bytes) -> dict[str, Any]:
    """Give a document its salt.

    Args:
        document: JSON values by name.
        salt: 32 random bytes; the caller draws them, this module has no randomness.

    Returns:
        A copy with `salt`.

    Raises:
        InvalidStatementError: The salt has not 32 bytes.
    """
    if len(salt) != SALT_BYTES:
        raise InvalidStatementError("The salt of a document must have 32 bytes.", field="document.salt")
    return {**document, "salt": "0x" + salt.hex()}


def canonical(value: object) -> bytes:
    """Write a JSON value in its one canonical form (RFC 8785).

    Args:
        value: Objects, lists, texts, numbers, booleans and null, as `json.loads` makes them.

    Returns:
        UTF-8 bytes.

    Raises:
        InvalidStatementError: Not JSON, a number beyond what a double holds, nested too deep or too large.
    """
    try:
        encoded = _write(value, _FIELD, 0).encode()
    except UnicodeEncodeError as error:
        raise _refuse(_FIELD, "A text in the document holds half a character (an unpaired surrogate).") from error
    if len(encoded) > MAX_DOCUMENT_BYTES:
        raise _refuse(_FIELD, f"The document has {len(encoded)} bytes; at most {MAX_DOCUMENT_BYTES} are taken.")
    return encoded


def _write(value: object, path: str, depth: int) -> str:
    if depth > MAX_DOCUMENT_DEPTH:
        raise _refuse(path, f"The document is nested more than {MAX_DOCUMENT_DEPTH} deep.")
    if isinstance(value, dict):
        return _write_object(value, path, depth)
    if isinstance(value, list):
        items = (_write(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value))
        return f"[{','.join(items)}]"
    return _write_scalar(value, path)


def _write_object(value: dict[Any, Any], path: str, depth: int) -> str:
    for name in value:
        if not isinstance(name, str):
            raise _refuse(path, f"The name {name!r} is not a text.")
    # RFC 8785, section 3.2.3: names are sorted by UTF-16 code units; 'surrogatepass' leaves the refusal to `canonical`.
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    written = (f"{_write_text(name)}:{_write(value[name], f'{path}.{name}', depth + 1)}" for name in names)
    return f"{{{','.join(written)}}}"


def _write_scalar(value: object, path: str) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _write_text(value)
    if isinstance(value, int):
        return _write_integer(value, path)
    if isinstance(value, float):
        return _write_float(value, path)
    raise _refuse(path, f"A {type(value).__name__} is not a JSON value.")


def _write_text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write_integer(value: int, path: str) -> str:
    if abs(value) <= _SAFE_INTEGER:
        return str(value)
    # Beyond, a canonical form is still read back as an integer by Python; any other would be rounded silently.
    try:
        written = _write_float(float(value), path)
    except OverflowError:
        written = ""
    if written != str(value):
        raise _refuse(path, "The number is too large to be exact in JSON; write it as a text.")
    return written


def _write_float(value: float, path: str) -> str:
    """Write a double as ECMA-262 Number::toString does; Python's repr has the same digits, laid out otherwise."""
    if not math.isfinite(value):
        raise _refuse(path, "The number is not finite.")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, point = _shortest(abs(value))
    if _EXPONENT_LOW < point <= _EXPONENT_HIGH:
        return sign + _plain(digits, point)
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{point - 1:+d}"


def _shortest(value: float) -> tuple[str, int]:
    """Give the shortest digits that read back as the number, and its decimal point: 0.digits times 10**point."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).rstrip("0")
    return digits.lstrip("0"), point - (len(digits) - len(digits.lstrip("0")))


def _plain(digits: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def _refuse(field: str, detail: str) -> InvalidStatementError:
    return InvalidStatementError(detail, field=field)
