"""Which reports tell of one incident: the same code, the same picture, or the same goods near in place and time.

A report is compared with the first of an incident only, never with those that joined it, so that an incident cannot
grow from place to place and day to day until it holds everything. Two incidents are never made one by a report that
fits both: a stranger could put all of them into one. A person may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.travel import centres_km

if TYPE_CHECKING:
    from collections.abc import Iterable

SAME_CODE: Final = "same_code"
SAME_PICTURE: Final = "same_picture"
SAME_GOODS: Final = "same_goods"
BY_HAND: Final = "by_hand"
WORDS: Final = {
    SAME_CODE: "The same code.",
    SAME_PICTURE: "The same picture.",
    SAME_GOODS: "The same lot, near in place and time.",
    BY_HAND: "Joined by an officer.",
}
_DAY: Final = 86_400  # seconds
CODE_SECONDS: Final = 90 * _DAY  # a pack stays the same pack; after a season it is told anew
GOODS_SECONDS: Final = 14 * _DAY  # the packs of one delivery are sold and seen within days
NEAR_KM: Final = 50  # a town and what is around it; UN/LOCODE has one point for each
# Of 128. Of 66 copies of 11 photos of medicine packs (saved again, smaller, brighter, cut by 1 %) 65 differ in no more,
# any two of the photos in 48 or more. Close-ups of bar codes differ less: of 7,750 pairs of pictures of codes and of
# labels ten are as near, most of them of one scene. So a picture joins no reports whose codes spell different products.
PICTURE_BITS: Final = 8


class Told(NamedTuple):
    """What a report tells that another may tell too."""

    gtin: str  # what its code spells, "" where it spells none
    lot: str
    serial: str
    code_hash: bytes  # SHA-256 of a code that spells nothing; empty where it spells goods, or there is none
    place: str  # UN/LOCODE, "" = not told
    at: int  # Unix seconds
    picture: bytes  # fingerprint of its photo, 16 bytes; empty without one
    desks: frozenset[str]  # whose administrations read it


def joined(told: Told, firsts: Iterable[tuple[int, Told]]) -> tuple[int, str] | None:
    """Find the incident that a report tells of.

    Args:
        told: The report.
        firsts: The number and the first report of incidents that may be the one.

    Returns:
        The incident's number and why, a key of `WORDS`: the strongest reason, of those the oldest incident; None if
        it is a new one.
    """
    strength = (SAME_CODE, SAME_PICTURE, SAME_GOODS)
    found = [(strength.index(why), number) for number, first in firsts if (why := same(told, first))]
    if not found:
        return None
    rank, number = min(found)
    return number, strength[rank]


def same(told: Told, first: Told) -> str:
    """Tell why a report is of an incident.

    Args:
        told: The report.
        first: The first report of the incident.

    Returns:
        A key of `WORDS`; "" if it is not. Reports that different administrations read are never joined: each would be
        shown what is not for it.
    """
    age = abs(told.at - first.at)
    if told.desks != first.desks or age > CODE_SECONDS:
        return ""
    if _same_pack(told, first) or (told.code_hash and told.code_hash == first.code_hash):
        return SAME_CODE
    if _same_picture(told, first):
        return SAME_PICTURE
    goods = told.gtin and told.lot and (told.gtin, told.lot) == (first.gtin, first.lot)
    return SAME_GOODS if goods and age <= GOODS_SECONDS and near(told.place, first.place) else ""


def differing_bits(one: bytes, other: bytes) -> int:
    """Count the bits in which two fingerprints differ.

    Args:
        one: 16 bytes.
        other: 16 bytes.
    """
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def near(one: str, other: str) -> bool:
    """Tell whether two reports come from about the same place; two that name none do.

    Args:
        one: UN/LOCODE, or "".
        other: UN/LOCODE, or "".
    """
    if one == other:
        return True
    distance = centres_km(one, other)
    return distance is not None and distance <= NEAR_KM


def _same_pack(told: Told, first: Told) -> bool:
    return bool(told.serial) and (told.gtin, told.serial) == (first.gtin, first.serial)


def _same_picture(told: Told, first: Told) -> bool:
    if not (told.picture and first.picture) or (told.gtin and first.gtin and told.gtin != first.gtin):
        return False
    return differing_bits(told.picture, first.picture) <= PICTURE_BITS
