"""EIP-712 typed structured data: a generic, exact encoder.

Lotproof's own statements are flat and take a shorter way (`structs.py`); a property test holds the two equal. This one
exists so that the published vectors of other libraries, with nested structs and arrays, can be run against our reading
of the standard, and for whoever checks a signature over a payload that carries its own types.

Source: EIP-712, sections "Definition of encodeType", "encodeData" and "domainSeparator".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ledger.core.errors import InvalidStatementError
from ledger.core.keccak import keccak256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Types = Mapping[str, Sequence[Mapping[str, str]]]

# Fields of the domain in order; only those present are part of its type (EIP-712, "Definition of domainSeparator").
DOMAIN_FIELDS: Final = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
MAX_DEPTH: Final = 32  # nested structs and arrays; the standard sets none, an unbounded payload would exhaust the stack
_INTEGER: Final = re.compile(r"u?int([1-9][0-9]{0,2})?")
_FIXED_BYTES: Final = re.compile(r"bytes([1-9][0-9]?)")
_SUFFIXES: Final = re.compile(r"(\[([1-9][0-9]{0,8})?\])+\Z")
_ARRAY: Final = re.compile(r"(.+)\[([0-9]*)\]", re.DOTALL)
_DECIMAL: Final = re.compile(r"-?[0-9]{1,78}")
_HEX: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_HEX_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_WORD_BITS: Final = 256
_ADDRESS_BYTES: Final = 20
_FIXED_BYTES_MAX: Final = 32


def signing_digest(types: Types, primary_type: str, domain: Mapping[str, Any], message: Mapping[str, Any]) -> bytes:
    """Compute the 32 bytes that a wallet signs for a payload of `eth_signTypedData_v4`.

    Args:
        types: Struct name to its members, each `{"name", "type"}`; `EIP712Domain` may be absent and then follows the
            fields of `domain`.
        primary_type: Name of the message's struct.
        domain: The domain's values.
        message: The message's values.

    Returns:
        keccak256(0x19 0x01 ‖ domain separator ‖ hashStruct(message)).

    Raises:
        InvalidStatementError: A type is unknown or malformed, or a value does not fit its type; `field` is its path.
    """
    return keccak256(b"\x19\x01" + domain_separator(domain, types) + hash_struct(types, primary_type, message))


def domain_separator(domain: Mapping[str, Any], types: Types | None = None) -> bytes:
    """Hash a domain by its declared type, or else by the standard fields that it has.

    Args:
        domain: The domain's values.
        types: The payload's types, which may declare `EIP712Domain`.

    Returns:
        32 bytes.

    Raises:
        InvalidStatementError: A field is not of the standard or its value does not fit.
    """
    if types and "EIP712Domain" in types:
        return hash_struct(types, "EIP712Domain", domain, "domain")
    members = [{"name": name, "type": kind} for name, kind in DOMAIN_FIELDS.items() if name in domain]
    return hash_struct({"EIP712Domain": members}, "EIP712Domain", domain, "domain")


def encode_type(types: Types, primary_type: str) -> str:
    """Write a struct's type: itself first, then every struct it refers to, in alphabetical order.

    Args:
        types: Struct name to its members.
        primary_type: The struct to write.

    Returns:
        For example `Mail(Person from,string contents)Person(string name)`.

    Raises:
        InvalidStatementError: The struct, or one it refers to, is not declared, or a type is not of the standard.
    """
    found: set[str] = set()
    pending = [primary_type]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        pending += _referred(types, name)
    return "".join(_encode_one(types, name) for name in [primary_type, *sorted(found - {primary_type})])


def hash_struct(types: Types, name: str, value: Mapping[str, Any], path: str = "message") -> bytes:
    """Hash a struct: keccak256(typeHash ‖ encodeData(value)).

    Args:
        types: Struct name to its members.
        name: The struct.
        value: Its values by member name.
        path: Where the value stands, for errors.

    Returns:
        32 bytes.

    Raises:
        InvalidStatementError: A value is missing, surplus, or does not fit its type; `field` is its path.
    """
    return keccak256(encode_struct(types, name, value, path))


def encode_struct(types: Types, name: str, value: Mapping[str, Any], path: str = "message", depth: int = 0) -> bytes:
    """Write what `hash_struct` hashes: the type's hash and one 32-byte word per member.

    Args:
        types: Struct name to its members.
        name: The struct.
        value: Its values by member name.
        path: Where the value stands, for errors.
        depth: How many structs and arrays enclose it.

    Returns:
        32 bytes for the type and 32 for each member.

    Raises:
        InvalidStatementError: A value is missing, surplus, or does not fit its type; `field` is its path.
    """
    members = _members(types, name)
    _check_shape(members, name, value, path, depth)
    words = [keccak256(encode_type(types, name).encode())]
    words += [
        _encode_value(types, member["type"], value[member["name"]], f"{path}.{member['name']}", depth + 1)
        for member in members
    ]
    return b"".join(words)


def _check_shape(members: Sequence[Mapping[str, str]], name: str, value: object, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _refuse(path, f"The value is nested more than {MAX_DEPTH} deep.")
    if not isinstance(value, dict):
        raise _refuse(path, f"A struct {name} is expected, given as an object.")
    names = {member["name"] for member in members}
    for missing in names - value.keys():
        raise _refuse(f"{path}.{missing}", f"The value of {name}.{missing} is missing.")
    for surplus in value.keys() - names:
        raise _refuse(f"{path}.{surplus}", f"{name} has no member {surplus!r}.")


def _encode_value(types: Types, kind: str, value: object, path: str, depth: int) -> bytes:
    if array := _ARRAY.fullmatch(kind):
        return keccak256(_encode_array(types, array, value, path, depth))
    if kind in types:
        return keccak256(encode_struct(types, kind, value, path, depth))  # type: ignore[arg-type]  # it refuses others
    if kind == "string":
        return keccak256(_text(value, path))
    if kind == "bytes":
        return keccak256(_octets(value, path))
    return _encode_atom(kind, value, path)


def _encode_array(types: Types, array: re.Match[str], value: object, path: str, depth: int) -> bytes:
    element, length = array.groups()
    if depth > MAX_DEPTH:
        raise _refuse(path, f"The value is nested more than {MAX_DEPTH} deep.")
    if not isinstance(value, (list, tuple)):
        raise _refuse(path, "A list is expected.")
    if length and len(value) != int(length):
        raise _refuse(path, f"The list has {len(value)} items where its type says {length}.")
    return b"".join(
        _encode_value(types, element, item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)
    )


def _encode_atom(kind: str, value: object, path: str) -> bytes:
    if kind == "bool":
        if not isinstance(value, bool):
            raise _refuse(path, "True or false is expected.")
        return int(value).to_bytes(32, "big")
    if kind == "address":
        return _sized(value, _ADDRESS_BYTES, path).rjust(32, b"\0")
    if kind.startswith("bytes"):
        return _sized(value, int(kind[5:]), path).ljust(32, b"\0")
    return _encode_integer(kind, value, path)


def _encode_integer(kind: str, value: object, path: str) -> bytes:
    number = _number(value, path)
    signed = kind.startswith("int")
    bits = int(kind.lstrip("uint") or _WORD_BITS)
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if not low <= number <= high:
        raise _refuse(path, f"The number {number} does not fit {kind}.")
    return number.to_bytes(32, "big", signed=signed)


def _number(value: object, path: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return int(value)
    if isinstance(value, str) and _HEX_NUMBER.fullmatch(value):
        return int(value, 16)
    raise _refuse(path, "A whole number is expected.")


def _text(value: object, path: str) -> bytes:
    if not isinstance(value, str):
        raise _refuse(path, "A text is expected.")
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise _refuse(path, "The text holds half a character (an unpaired surrogate).") from error


def _octets(value: object, path: str) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str) and _HEX.fullmatch(value):
        return bytes.fromhex(value[2:])
    raise _refuse(path, "Bytes are expected, written as 0x and pairs of hexadecimal digits.")


def _sized(value: object, size: int, path: str) -> bytes:
    octets = _octets(value, path)
    if len(octets) != size:
        raise _refuse(path, f"{size} bytes are expected, {len(octets)} are given.")
    return octets


def _members(types: Types, name: str) -> Sequence[Mapping[str, str]]:
    if name not in types:
        raise _refuse("types", f"The struct {name!r} is not declared.")
    return types[name]


def _referred(types: Types, name: str) -> list[str]:
    """List the structs that a struct's members refer to; a type neither declared nor of the standard is refused."""
    bases = {member["name"]: _SUFFIXES.sub("", member["type"]) for member in _members(types, name)}
    for member, base in bases.items():
        if base not in types and not _is_standard(base):
            raise _refuse(f"types.{name}.{member}", f"The type {base!r} is neither declared nor one of the standard's.")
    return [base for base in bases.values() if base in types]


def _is_standard(kind: str) -> bool:
    if fixed := _FIXED_BYTES.fullmatch(kind):
        return int(fixed[1]) <= _FIXED_BYTES_MAX
    if integer := _INTEGER.fullmatch(kind):
        bits = int(integer[1] or _WORD_BITS)
        return bits % 8 == 0 and bits <= _WORD_BITS
    return kind in {"bool", "address", "string", "bytes"}


def _encode_one(types: Types, name: str) -> str:
    members = ",".join(f"{member['type']} {member['name']}" for member in types[name])
    return f"{name}({members})"


def _refuse(field: str, detail: str) -> InvalidStatementError:
    return InvalidStatementError(detail, field=field)
