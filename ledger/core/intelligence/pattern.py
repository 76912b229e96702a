"""What an indicator looks for: one thing of one of eight kinds, and the keys by which it is found among many.

Everything that can match is told by keys too, so that an indicator and a thing match if they have a key in common; only
a range of serial numbers is compared beyond that.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ledger.core.court import has_check_digit
from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_VALUE: Final = 120  # characters of a free value: a company's name, a number, a feature
_CHARACTERS: Final = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}", re.ASCII)  # GS1: AI 10 and AI 21
_LOCODE: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{1,14}", re.ASCII)
_GTIN_DIGITS: Final = 14
_GLN_DIGITS: Final = 13


class PatternKind(StrEnum):
    """What is looked for."""

    LOT = "lot"
    GTIN = "gtin"
    SERIALS = "serials"
    CERTIFICATE = "certificate"
    COMPANY = "company"
    ROUTE = "route"
    SEAL = "seal"
    FEATURE = "feature"


# The values of each kind; those in the second place may be left out.
FIELDS: Final[dict[PatternKind, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    PatternKind.LOT: (("lot",), ("gtin",)),
    PatternKind.GTIN: (("gtin",), ()),
    PatternKind.SERIALS: (("gtin", "first", "last"), ()),
    PatternKind.CERTIFICATE: (("number",), ()),
    PatternKind.COMPANY: ((), ("name", "gln")),  # one of them
    PatternKind.ROUTE: (("from", "to"), ()),
    PatternKind.SEAL: (("number",), ()),
    PatternKind.FEATURE: (("text",), ()),
}
WRITTEN: Final = frozenset({PatternKind.CERTIFICATE, PatternKind.SEAL, PatternKind.FEATURE})  # found in documents


@dataclass(frozen=True, slots=True)
class Pattern:
    """What an indicator looks for."""

    kind: PatternKind
    values: tuple[tuple[str, str], ...]  # by name, in the order of `FIELDS`; what was left out is not there

    def get(self, name: str) -> str:
        """Give a value, "" if it was left out."""
        return dict(self.values).get(name, "")

    def lookups(self) -> tuple[str, ...]:
        """Give the keys of which a matching thing has one."""
        kind, get = self.kind, self.get
        if kind is PatternKind.LOT:
            return (lot_key(get("gtin"), get("lot")),)
        if kind is PatternKind.GTIN:
            return (gtin_key(get("gtin")),)
        if kind is PatternKind.SERIALS:
            return (serials_key(get("gtin")),)
        if kind is PatternKind.COMPANY:
            return company_keys(get("name"), get("gln"))
        if kind is PatternKind.ROUTE:
            return (route_key(get("from"), get("to")),)
        return (written_key(self.values[0][1]),)

    def covers(self, serial: str) -> bool:
        """Tell whether a serial number lies in the range: as long as its ends, and between them character by character.

        Args:
            serial: As it stands on the pack.
        """
        first, last = self.get("first"), self.get("last")
        return len(serial) == len(first) and first <= serial <= last

    def to_json(self) -> dict[str, str]:
        """Give it as content holds it."""
        return {"kind": self.kind.value, **dict(self.values)}


def lot_key(gtin: str, lot: str) -> str:
    """Give the key of a lot, of one product or, with "" for it, of any.

    Args:
        gtin: 14 digits or "".
        lot: As registered.
    """
    return f"lot:{gtin}:{lot}"


def gtin_key(gtin: str) -> str:
    """Give the key of a product.

    Args:
        gtin: 14 digits.
    """
    return f"gtin:{gtin}"


def serials_key(gtin: str) -> str:
    """Give the key of a product of which a range of serial numbers is looked for.

    Args:
        gtin: 14 digits.
    """
    return f"serials:{gtin}"


def company_keys(name: str, gln: str) -> tuple[str, ...]:
    """Give the keys of a company: by its name, however it is spaced, accented and punctuated, and by its GLN.

    Args:
        name: As written.
        gln: 13 digits or "".
    """
    folded = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(each for each in folded if each.isalnum())
    return (*((f"company:{plain}",) if plain else ()), *((f"gln:{gln}",) if gln else ()))


def route_key(start: str, end: str) -> str:
    """Give the key of goods that were at one place and next at another.

    Args:
        start: UN/LOCODE.
        end: UN/LOCODE.
    """
    return f"route:{start}:{end}"


def written_key(value: str) -> str:
    """Give the key of a value that stands in a document: a certificate's or seal's number, a feature of packaging.

    Args:
        value: Character by character as in the document.
    """
    return f"written:{value}"


def read_pattern(value: object, path: str = "pattern") -> Pattern:
    """Read what an indicator looks for.

    Args:
        value: `{"kind": …}` and the values of that kind (`FIELDS`).
        path: Where it stands, for errors.

    Raises:
        InvalidInputError: It is malformed; `field` says where.
    """
    if not isinstance(value, dict):
        raise _refuse(path, "What an indicator looks for must be an object.")
    kinds = {kind.value: kind for kind in PatternKind}
    kind = kinds.get(str(value.get("kind")))
    if kind is None:
        raise _refuse(f"{path}.kind", f"The kind is none of {', '.join(kinds)}.")
    needed, optional = FIELDS[kind]
    for name in value:
        if name not in {"kind", *needed, *optional}:
            raise _refuse(path, f"An indicator of a {kind.value} takes {', '.join((*needed, *optional))} only.")
    given = [name for name in (*needed, *optional) if name in value or name in needed]
    found = Pattern(kind, tuple((name, _READERS[name](value.get(name), f"{path}.{name}")) for name in given))
    _require_sense(found, path)
    return found


def _require_sense(pattern: Pattern, path: str) -> None:
    get = pattern.get
    if pattern.kind is PatternKind.SERIALS and not pattern.covers(get("last")):
        raise _refuse(f"{path}.last", "A range ends with a serial number as long as its first and not before it.")
    if pattern.kind is PatternKind.ROUTE and get("from") == get("to"):
        raise _refuse(f"{path}.to", "A route leads to another place.")
    if pattern.kind is PatternKind.COMPANY and len(pattern.lookups()) != 1:
        raise _refuse(f"{path}.name", "A company is named by its name, with letters or digits, or by its GLN.")


def _gtin(value: object, field: str) -> str:
    digits = value if isinstance(value, str) and _DIGITS.fullmatch(value) else ""
    gtin = digits.zfill(_GTIN_DIGITS)
    if not digits or not has_check_digit(gtin) or not int(gtin):
        raise _refuse(field, "A GTIN has up to 14 digits, the last of which checks the others.")
    return gtin


def _gln(value: object, field: str) -> str:
    if not (isinstance(value, str) and re.fullmatch(r"[0-9]{13}", value, re.ASCII) and has_check_digit(value)):
        raise _refuse(field, f"A GLN has {_GLN_DIGITS} digits, the last of which checks the others.")
    return value


def _gs1(value: object, field: str) -> str:
    if not (isinstance(value, str) and _CHARACTERS.fullmatch(value)):
        raise _refuse(field, "1 to 20 characters of those that GS1 allows (AI 10, AI 21) are expected.")
    return value


def _place(value: object, field: str) -> str:
    if not (isinstance(value, str) and _LOCODE.fullmatch(value)):
        raise _refuse(field, "A UN/LOCODE of five capital letters or digits is expected.")
    return value


def _free(value: object, field: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not 0 < len(text) <= MAX_VALUE or not text.isprintable():
        raise _refuse(field, f"1 to {MAX_VALUE} printable characters are expected.")
    return text


_READERS: Final[dict[str, Callable[[object, str], str]]] = {
    "gtin": _gtin,
    "lot": _gs1,
    "first": _gs1,
    "last": _gs1,
    "number": _free,
    "name": _free,
    "text": _free,
    "gln": _gln,
    "from": _place,
    "to": _place,
}


def _refuse(field: str, detail: str) -> InvalidInputError:
    return InvalidInputError(detail, advice="docs/intelligence.md says what each kind takes.", field=field)
