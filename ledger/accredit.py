"""Organisation files: CSV or JSON rows to what an authority accredits. A file is read whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import gln13
from ledger.core.table import read_rows
from ledger.core.vocabulary import Role

if TYPE_CHECKING:
    from ledger.core.table import Row

REQUIRED: Final = ("name", "country", "roles")
OPTIONAL: Final = ("gln", "prefixes", "admin_key", "number")
MAX_NAME: Final = 120  # characters
PREFIX_DIGITS: Final = range(
    4, 13
)  # GS1 General Specifications, section 1.4.4: a GS1 Company Prefix has 4 to 12 digits
MAX_NUMBER: Final = 2**32 - 1  # uint32 on chain


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """One row of an organisation file; `number` 0 accredits a new organisation, else amends that one."""

    name: str
    country: str
    roles: Role
    gln: int  # 0 if none
    prefixes: tuple[str, ...]
    admin_key: str  # name of its key in this keystore, "" to keep the keys it has
    number: int


def read_organisations(text: bytes, *, as_json: bool) -> list[OrganisationRow]:
    """The organisations that a file asks to accredit or amend.

    Args:
        text: The file. Columns: `name`, `country` (ISO 3166-1 alpha-2), `roles` (joined by spaces), and may have `gln`,
            `prefixes` (GS1 Company Prefixes joined by spaces), `admin_key` (the name of the organisation's first
            key in the keystore, needed for a new one), `number` (of the organisation to amend).
        as_json: Whether the file is JSON.

    Raises:
        InvalidInputError: The file, a row or a column is malformed; `position` is the row, counted from 1.
    """
    return [_organisation(row) for row in read_rows(text, REQUIRED, OPTIONAL, as_json=as_json)]


def _organisation(row: Row) -> OrganisationRow:
    name = row.text("name")
    if len(name) > MAX_NAME:
        raise row.fault("name", f"has {len(name)} characters, at most {MAX_NAME}")
    country = row.text("country")
    if not (len(country) == len("BE") and country.isascii() and country.isalpha() and country.isupper()):
        raise row.fault("country", f"{country!r} is not an ISO 3166-1 alpha-2 code such as BE")
    number = row.whole("number", MAX_NUMBER) if row.optional("number") else 0
    admin_key = row.optional("admin_key")
    if not (number or admin_key):
        raise row.fault("admin_key", "is missing: a new organisation needs its first key")
    return OrganisationRow(name, country, _roles(row), _gln(row), _prefixes(row), admin_key, number)


def _roles(row: Row) -> Role:
    roles = Role(0)
    for name in row.text("roles").upper().split():
        if name not in Role.__members__:
            raise row.fault("roles", f"{name!r} is none of {', '.join(Role.__members__)}")
        roles |= Role[name]
    return roles


def _gln(row: Row) -> int:
    text = row.optional("gln")
    try:
        return int(gln13(text)) if text else 0
    except InvalidCodeError as error:
        raise row.fault("gln", f"{text!r}: {error.detail}") from error


def _prefixes(row: Row) -> tuple[str, ...]:
    prefixes = tuple(row.optional("prefixes").split())
    for prefix in prefixes:
        if not (prefix.isascii() and prefix.isdigit() and len(prefix) in PREFIX_DIGITS):
            raise row.fault("prefixes", f"{prefix!r} is not a GS1 Company Prefix of 4 to 12 digits")
    return prefixes
