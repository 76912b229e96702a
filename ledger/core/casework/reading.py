"""What an officer asks to be done, read from JSON: every act has its fields, and nothing else is taken."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Reader = Callable[[object, str], Any]

Json = dict[str, Any]
MAX_WORDS: Final = 2_000  # characters
MAX_TITLE: Final = 200  # characters
MAX_UNITS: Final = 2**40 - 1  # more than any consignment has on chain
MAX_ORGANISATION: Final = 2**32 - 1  # uint32 on chain
MAX_NUMBER: Final = 2**53 - 1  # what every reader of JSON holds exactly (RFC 8259, section 6)
LATEST: Final = 253_402_300_799  # Unix seconds: the calendar ends with the year 9999
_KEY: Final = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_REFERENCE: Final = re.compile(r"[0-9a-f]{8}", re.ASCII)


class Field(NamedTuple):
    """A field of an act."""

    read: Reader
    needed: bool = True
    default: Any = ""


class Asked(NamedTuple):
    """What is asked to be done to a file."""

    version: int  # of the file as whoever asks saw it
    act: str
    details: Json


def words(value: object, field: str) -> str:
    """Read words of a person.

    Raises:
        InvalidInputError: They are no text, empty or too long, or hold a NUL.
    """
    return _text(value, field, MAX_WORDS)


def title(value: object, field: str) -> str:
    """Read one line of a person: a title or a name.

    Raises:
        InvalidInputError: It is no text, empty or too long, or has control characters or several lines.
    """
    text = _text(value, field, MAX_TITLE)
    if not text.isprintable():
        raise InvalidInputError(f"`{field}` must be one line of plain text.", advice="Shorten it.", field=field)
    return text


def moment(value: object, field: str) -> int:
    """Read a time.

    Returns:
        Unix seconds.

    Raises:
        InvalidInputError: It is no ISO 8601 with a time zone, or lies outside of 1970 to 9999.
    """
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            seconds = int(datetime.fromisoformat(value).timestamp())
        except ValueError:
            seconds = -1
        if 0 < seconds <= LATEST:
            return seconds
    advice = "Write it like 2026-06-01T08:00:00Z."
    raise InvalidInputError(f"`{field}` must be a time with its zone.", advice=advice, field=field)


def whole(most: int) -> Reader:
    """Make the reader of a whole number from 1 on.

    Args:
        most: The largest.
    """

    def read(value: object, field: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most:
            return value
        raise InvalidInputError(f"`{field}` must be a whole number from 1 to {most:,}.", field=field)

    return read


def choice(names: Collection[str]) -> Reader:
    """Make the reader of one of several words.

    Args:
        names: The words.
    """

    def read(value: object, field: str) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise InvalidInputError(f"`{field}` must be one of {', '.join(names)}.", field=field)

    return read


def digest(value: object, field: str) -> str:
    """Read a digest or a key's id: 0x and 64 hexadecimal digits, given in lower case.

    Raises:
        InvalidInputError: It is none.
    """
    if isinstance(value, str) and _KEY.fullmatch(value):
        return value.lower()
    raise InvalidInputError(f"`{field}` must be 0x and 64 hexadecimal digits.", advice="Copy it whole.", field=field)


def reference(value: object, field: str) -> str:
    """Read the reference of an operation, or "" for none.

    Raises:
        InvalidInputError: It is none.
    """
    if value == "" or (isinstance(value, str) and _REFERENCE.fullmatch(value)):
        return str(value)
    detail = f"`{field}` must be an operation's reference, eight hexadecimal digits."
    raise InvalidInputError(detail, advice="`lotproof operation list` shows those of your organisation.", field=field)


def read_fields(payload: Mapping[str, Any], fields: Mapping[str, Field]) -> Json:
    """Read the fields of an object; none may be missing that is needed, and none be there that is not known.

    Args:
        payload: The object.
        fields: By name.

    Raises:
        InvalidInputError: `field` names the one at fault.
    """
    for name in payload:
        if name not in fields:
            detail = f"`{name[:60]}` is no field of this; there are {', '.join(fields) or 'none'}."
            raise InvalidInputError(detail, field=name[:60])
    values: Json = {}
    for name, field in fields.items():
        value = payload.get(name)
        if value is None:
            if field.needed:
                raise InvalidInputError(f"`{name}` is missing.", advice=f"Give `{name}`.", field=name)
            values[name] = field.default
        else:
            values[name] = field.default if not field.needed and value == "" else field.read(value, name)
    return values


def read_act(payload: object, acts: Mapping[str, Mapping[str, Field]]) -> Asked:
    """Read what is asked to be done to a file.

    Args:
        payload: An object of `version`, `act` and the act's fields.
        acts: The fields of each act.

    Raises:
        InvalidInputError: `field` names the one at fault.
    """
    if not isinstance(payload, dict):
        raise InvalidInputError("The body must be an object of `version`, `act` and its fields.", field="body")
    version = whole(MAX_NUMBER)(payload.get("version"), "version")
    act = choice(acts)(payload.get("act"), "act")
    rest = {name: value for name, value in payload.items() if name not in {"version", "act"}}
    return Asked(version, act, read_fields(rest, acts[act]))


def _text(value: object, field: str, most: int) -> str:
    if not isinstance(value, str):
        raise InvalidInputError(f"`{field}` must be a text.", field=field)
    text = value.strip()
    if not 0 < len(text) <= most or "\0" in text or not _is_unicode(text):
        raise InvalidInputError(f"`{field}` must have 1 to {most:,} characters.", advice="Shorten it.", field=field)
    return text


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be written: a lone surrogate, which JSON can spell, cannot."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
