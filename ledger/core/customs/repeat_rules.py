"""Signals about goods that were declared before: the same consignment again, here or in another country.

A consignment may come back, or go on: then the ledger shows its way out. Only a repetition that no recorded custody
explains is a signal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.customs.signals import Hit
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.core.customs.case import Case, Earlier

# Goods can leave within days of being declared, and are often declared some days before they arrive.
BEFORE_CLEARING: Final = 10 * 86_400  # seconds
_LEAVING: Final = (Kind.SHIP, Kind.HANDOVER, Kind.RETURN)


def repetition(case: Case) -> Iterator[Hit]:
    """Compare a line with earlier ones about the same SSCC.

    Args:
        case: The line and what is known.
    """
    unexplained = [each for each in case.evidence.earlier if not _went_on(case, each)]
    elsewhere = next((each for each in unexplained if each.country != case.line.country), None)
    if elsewhere is not None:
        yield Hit(
            "declared_in_two_countries",
            f"SSCC {case.line.sscc} was declared to {elsewhere.country} before ({elsewhere.words}), and no way from "
            f"there to {case.line.country} is recorded.",
        )
    here = [each for each in unexplained if each.country == case.line.country]
    if here and _is_more_than_there_is(case, here):
        total = case.line.tariff_quantity + sum(each.quantity for each in here)
        known = f"; the consignment has {case.goods[0].quantity:,} on record" if case.goods else ""
        yield Hit(
            "declared_twice",
            f"SSCC {case.line.sscc} was declared before ({here[0].words}): {total:,} units in all{known}.",
        )


def _went_on(case: Case, earlier: Earlier) -> bool:
    """Whether the ledger shows that the goods came to the country to which they were declared, and left it after."""
    since = earlier.accepted - BEFORE_CLEARING
    return any(
        stop.kind in _LEAVING
        and stop.place[:2] == earlier.country
        and stop.at >= since
        and any(before.place[:2] != earlier.country for before in journey.stops[:index])
        for journey in case.journeys
        for index, stop in enumerate(journey.stops)
    )


def _is_more_than_there_is(case: Case, before: list[Earlier]) -> bool:
    """Parts of a consignment may be cleared one after another; all of it only once."""
    if not case.goods or not case.goods[0].exact:
        return any(each.declaration_id != case.line.declaration_id for each in before)
    declared = case.line.tariff_quantity + sum(each.quantity for each in before)
    return declared > sum(each.quantity for each in case.goods)
