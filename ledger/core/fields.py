"""Reading a statement's fields from JSON: tolerant where a value can mean one thing only, else an error with its field.

The canonical form is what `message()` of a statement gives; besides it, names are taken for closed vocabularies, ISO
dates and times for numbers, letters for UN/LOCODE and country, digit strings for numbers.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ledger.core.errors import InvalidInputError, InvalidStatementError
from ledger.core.signature import ADDRESS_BYTES, is_p256_point
from ledger.core.structs import TypedStatement, UnitStatement
from ledger.core.unit import UnitKind
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import IntEnum, IntFlag

    from ledger.core.structs import Member

MAX_FIELD_NAME: Final = 40  # characters of an unknown field's name that an error repeats
MAX_NAME_BYTES: Final = 200  # of an organisation, UTF-8
_DIGITS: Final = re.compile(r"[0-9]{1,20}")
_HEX: Final = re.compile(r"0[xX](?:[0-9a-fA-F]{2})*")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})")
_UNCOMPRESSED: Final = re.compile(r"0[xX]04[0-9a-fA-F]{128}")
_ZERO_PLACE: Final = re.compile(r"0[xX](?:0{10})?")
_NO_PLACE: Final = bytes(5)
_LOCODE: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
# GS1 General Specifications, figure 7.11-1: the 82 characters allowed in AI 10.
_LOT: Final = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}")
_SERIAL: Final = _LOT  # the same figure: AI 21 has the same characters and length
_GTIN_LIMIT: Final = 10**14
_GLN_LIMIT: Final = 10**13
_NUMBER_LIMIT: Final = 1 << 64  # the widest number of the eight statements; the statement checks the field's own width
_YEARS: Final = range(1900, 2200)  # a date outside is a slip of the pen
_Kind = TypeVar("_Kind", bound=TypedStatement)


def refuse(field: str, detail: str, position: int | None = None) -> InvalidStatementError:
    """Make the error for a field.

    Args:
        field: Its name, with the path to it.
        detail: What is wrong, in words.
        position: The index inside the field, if there is one.

    Returns:
        The error, to be raised.
    """
    return InvalidStatementError(detail, field=field, position=position)


def refuse_unknown(path: str, name: object, kind: str) -> InvalidStatementError:
    """Make the error for a field that is not one; its name is a stranger's text and is shown only if it is harmless.

    Args:
        path: What stands before the name, with its dot.
        name: The name as given.
        kind: The statement that has no such field.

    Returns:
        The error, to be raised.
    """
    shown = name if isinstance(name, str) and name.isprintable() and 0 < len(name) <= MAX_FIELD_NAME else "?"
    return refuse(f"{path}{shown}", f"A {kind} has no field {shown!r} here.")


def read_statement(kind: type[_Kind], message: object, path: str = "message") -> _Kind:
    """Read a statement from the JSON form of its message.

    Args:
        kind: Which of the statements.
        message: The JSON value.
        path: Where it stands, for errors.

    Returns:
        The statement.

    Raises:
        InvalidStatementError: A field is missing, unknown or malformed; `field` is its path.
    """
    if not isinstance(message, dict):
        raise refuse(path, "The message must be an object.")
    known = {member.name for member in kind.MEMBERS}
    for name in message:
        if name not in known:
            raise refuse_unknown(f"{path}.", name, kind.NAME)
    values = {member.attribute: _read_member(kind, member, message, path) for member in kind.MEMBERS}
    make: Callable[..., _Kind] = kind
    try:
        return make(**values)
    except InvalidStatementError as error:
        raise refuse(f"{path}.{error.field}", error.detail) from error


def _read_member(kind: type[TypedStatement], member: Member, message: dict[Any, Any], path: str) -> Any:  # noqa: ANN401 - whatever the member's type is
    field = f"{path}.{member.name}"
    if member.name not in message:
        raise refuse(field, f"The field {member.name} of {kind.NAME} is missing.")
    value = message[member.name]
    reader = _READERS_OF.get((kind.NAME, member.name)) or _READERS.get(member.name)
    if reader:
        return reader(value, field)
    if member.kind.startswith("uint"):
        return read_number(value, field)
    return read_bytes(value, field) if member.kind.startswith("bytes") else value


def read_object(payload: object, names: tuple[str, ...], kind: str) -> dict[str, Any]:
    """Read an object that has certain members and no others.

    Args:
        payload: The JSON value.
        names: Of its members.
        kind: What it is, for errors.

    Returns:
        The object.

    Raises:
        InvalidInputError: It is no object, or a member is missing or unknown; `field` says which.
    """
    if not isinstance(payload, dict):
        raise InvalidInputError(f"The body must be an object of {', '.join(names)}.", field="body")
    for name in payload:
        if name not in names:
            raise refuse_unknown("", name, kind)
    for name in names:
        if name not in payload:
            raise refuse(name, f"The field {name!r} is missing.")
    return payload


def read_number(value: object, field: str) -> int:
    """Read a whole number, given as one or as its decimal digits.

    Args:
        value: The JSON value.
        field: Its path, for errors.

    Returns:
        The number, not negative.

    Raises:
        InvalidStatementError: It is not such a number.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _NUMBER_LIMIT:
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    raise refuse(field, "A whole number, not negative, is expected.")


def read_bytes(value: object, field: str) -> bytes:
    """Read bytes, given as `0x` and pairs of hexadecimal digits.

    Args:
        value: The JSON value.
        field: Its path, for errors.

    Returns:
        The bytes.

    Raises:
        InvalidStatementError: It is not in that form.
    """
    if isinstance(value, str) and _HEX.fullmatch(value):
        return bytes.fromhex(value[2:])
    raise refuse(field, "Bytes are expected, written as 0x and pairs of hexadecimal digits.")


def read_text(value: object, field: str) -> str:
    """Read a text.

    Args:
        value: The JSON value.
        field: Its path, for errors.

    Returns:
        The text.

    Raises:
        InvalidStatementError: It is not a text.
    """
    if isinstance(value, str):
        return value
    raise refuse(field, "A text is expected.")


def _read_member_of(vocabulary: type[IntEnum]) -> Callable[[object, str], int]:
    by_name = {item.name: item.value for item in vocabulary}

    def read(value: object, field: str) -> int:
        if isinstance(value, str) and value in by_name:
            return by_name[value]
        if not isinstance(value, str) or _DIGITS.fullmatch(value):
            number = read_number(value, field)
            if number in by_name.values():
                return number
        raise refuse(field, f"The value is none of {', '.join(by_name)}.")

    return read


def _read_bits_of(flags: type[IntFlag]) -> Callable[[object, str], int]:
    by_name = {str(flag.name): flag.value for flag in flags}
    expected = f"At least one of {', '.join(by_name)} is expected, as a list of names or as the sum of their bits."

    def read(value: object, field: str) -> int:
        if not isinstance(value, list):
            number = read_number(value, field)
        elif all(isinstance(item, str) and item in by_name for item in value):
            number = sum(by_name[item] for item in set(value))
        else:
            raise refuse(field, expected)
        if not 0 < number <= sum(by_name.values()):
            raise refuse(field, expected)
        return number

    return read


def _read_gtin(value: object, field: str) -> int:
    number = read_number(value, field)
    if not 0 < number < _GTIN_LIMIT:
        raise refuse(field, "A GTIN has up to 14 digits.")
    return number


def _read_gln(value: object, field: str) -> int:
    number = read_number(value, field)
    if number >= _GLN_LIMIT:
        raise refuse(field, "A GLN has 13 digits.")
    return number


def _read_lot(value: object, field: str) -> str:
    lot = read_text(value, field)
    if not _LOT.fullmatch(lot):
        raise refuse(field, "A lot has 1 to 20 characters of those that GS1 allows (AI 10).")
    return lot


def _read_serial(value: object, field: str) -> str:
    serial = read_text(value, field)
    if not _SERIAL.fullmatch(serial):
        raise refuse(field, "A serial number has 1 to 20 characters of those that GS1 allows (AI 21).")
    return serial


def _read_name(value: object, field: str) -> str:
    name = read_text(value, field)
    if not name.strip() or not name.isprintable() or len(name.encode()) > MAX_NAME_BYTES:
        raise refuse(field, f"A name has 1 to {MAX_NAME_BYTES} bytes of printable text.")
    return name


def _read_date(value: object, field: str) -> int:
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        value = value.replace("-", "")
    number = read_number(value, field)
    if not number:
        return 0
    return _checked_date(number, field)


def _checked_date(number: int, field: str) -> int:
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    try:
        date(year, month, day)
    except (ValueError, OverflowError) as error:
        raise refuse(field, f"{number} is not a day of the calendar, written YYYYMMDD or YYYY-MM-DD.") from error
    if year not in _YEARS:
        raise refuse(field, f"The year {year} is not plausible.")
    return number


def _read_expiry(value: object, field: str) -> int:
    number = _read_date(value, field)
    if not number:
        raise refuse(field, "An expiry date is required.")
    return number


def _read_time(value: object, field: str) -> int:
    if not (isinstance(value, str) and _ISO_TIME.fullmatch(value)):
        return read_number(value, field)
    try:
        return int(datetime.fromisoformat(value).astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise refuse(field, f"{value!r} is not a time that exists.") from error


def _read_place(value: object, field: str) -> bytes:
    if value == "" or (isinstance(value, str) and _ZERO_PLACE.fullmatch(value)):
        return _NO_PLACE
    return _read_letters(_LOCODE, value, field, "A UN/LOCODE of five capital letters or digits, or nothing,")


def _read_country(value: object, field: str) -> bytes:
    return _read_letters(_COUNTRY, value, field, "A country code of two capital letters (ISO 3166-1)")


def _read_letters(pattern: re.Pattern[str], value: object, field: str, words: str) -> bytes:
    letters = value if isinstance(value, str) else ""
    if _HEX.fullmatch(letters):
        letters = bytes.fromhex(letters[2:]).decode("latin-1")
    if not pattern.fullmatch(letters):
        raise refuse(field, f"{words} is expected, in letters or as 0x and their hexadecimal codes.")
    return letters.encode()


def _read_key(value: object, field: str) -> bytes:
    signer = read_bytes(value, field)
    if len(signer) != ADDRESS_BYTES and not is_p256_point(signer):
        raise refuse(field, "A signer is an address (20 bytes) or a public key of P-256 (64 bytes, x‖y).")
    return signer


def _read_admin_key(value: object, field: str) -> bytes:
    return b"" if value in ("", "0x") else _read_key(value, field)


def read_signer(value: object, field: str) -> bytes:
    """Read a signer: an address, or a P-256 public key with or without the prefix 04 of an uncompressed point (SEC 1).

    Args:
        value: The JSON value.
        field: Its path, for errors.

    Returns:
        20 or 64 bytes.

    Raises:
        InvalidStatementError: It is neither, or not a point of the curve.
    """
    if isinstance(value, str) and _UNCOMPRESSED.fullmatch(value):
        value = "0x" + value[4:]
    return _read_key(value, field)


# By field name as signed: a name means the same in every statement, but for the kinds of what happens to a pack.
_READERS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "gtin": _read_gtin,
    "gln": _read_gln,
    "lot": _read_lot,
    "serial": _read_serial,
    "name": _read_name,
    "productClass": _read_member_of(ProductClass),
    "kind": _read_member_of(Kind),
    "roles": _read_bits_of(Role),
    "purposes": _read_bits_of(Purpose),
    "manufactured": _read_date,
    "expiry": _read_expiry,
    "occurredAt": _read_time,
    "validFrom": _read_time,
    "validUntil": _read_time,
    "doubtSince": _read_time,
    "place": _read_place,
    "country": _read_country,
    "signer": _read_key,
    "adminKey": _read_admin_key,
}
_READERS_OF: Final[dict[tuple[str, str], Callable[[Any, str], Any]]] = {
    (UnitStatement.NAME, "kind"): _read_member_of(UnitKind),
}
