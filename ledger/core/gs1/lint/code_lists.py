"""Values that must stand in a published list of codes."""

from __future__ import annotations

from ledger.core.gs1.dictionary_data import COUNTRY_LETTERS, COUNTRY_NUMBERS, CURRENCIES, PACKAGE_TYPES
from ledger.core.gs1.faults import Fault

# AIDC media types of GS1 General Specifications, section 3.8.19: 01 to 10 are named, 80 to 99 are free for local use.
MEDIA_TYPES = frozenset(f"{number:02}" for number in (*range(1, 11), *range(80, 100)))


def _listed(data: str, codes: frozenset[str], rule: str, words: str) -> Fault | None:
    return None if data in codes else Fault(rule, 0, len(data), f"{words}: {data!r}")


def iso3166(data: str) -> Fault | None:
    """A country by its three digits, ISO 3166-1."""
    return _listed(data, COUNTRY_NUMBERS, "not_iso3166", "has an unknown country number")


def iso3166999(data: str) -> Fault | None:
    """A country by its three digits, or 999 for several."""
    return _listed(data, COUNTRY_NUMBERS | {"999"}, "not_iso3166_or_999", "has an unknown country number")


def iso3166alpha2(data: str) -> Fault | None:
    """A country by its two letters, ISO 3166-1."""
    return _listed(data, COUNTRY_LETTERS, "not_iso3166_alpha2", "has an unknown country code")


def iso4217(data: str) -> Fault | None:
    """A currency by its three digits, ISO 4217."""
    return _listed(data, CURRENCIES, "not_iso4217", "has an unknown currency number")


def iso5218(data: str) -> Fault | None:
    """Sex by one digit, ISO/IEC 5218."""
    return _listed(data, frozenset("0129"), "invalid_biological_sex_code", "has an unknown code for sex")


def mediatype(data: str) -> Fault | None:
    """An AIDC media type."""
    return _listed(data, MEDIA_TYPES, "invalid_media_type", "has an unknown media type")


def packagetype(data: str) -> Fault | None:
    """A package type of the GS1 code list."""
    return _listed(data, PACKAGE_TYPES, "invalid_package_type", "has an unknown package type")
