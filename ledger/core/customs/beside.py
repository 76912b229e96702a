"""A declaration line beside what the ledger says of the goods that it names, point by point, for a person to look at.

The signals say what contradicts; this shows what stands on either side, agreeing or not. It weighs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.customs.journey import MOST_JOURNEYS
from ledger.core.wording import day, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.core.customs.case import Case
    from ledger.core.customs.journey import Goods, Journey

MOST_SAID: Final = 3  # values of one point that are told one by one


class Point(NamedTuple):
    """One point of the comparison."""

    subject: str  # goods, quantity, route, destination, consignee, arrival or expiry
    declared: str  # for a person, "" = the line does not say
    recorded: str  # the same of the ledger
    agrees: bool | None  # None = one side says nothing, or the two cannot be compared


def compare(case: Case) -> tuple[Point, ...]:
    """Put a line and the record side by side.

    Args:
        case: The line and what is known.

    Returns:
        The points in the order in which a person reads them; none if the ledger does not know the goods.
    """
    return tuple(_points(case)) if case.goods else ()


def goods_json(case: Case) -> list[dict[str, Any]]:
    """Give what the line means as the API shows it: each batch, its consignments and what these went through.

    Args:
        case: The line and what is known.

    Returns:
        Of each batch `batch`, `exact` (named by an SSCC) and at most 16 `consignments`, `more` of which are left out.
    """
    return [_one_json(goods) for goods in case.goods]


def _one_json(goods: Goods) -> dict[str, Any]:
    dossier, shown = goods.dossier, goods.journeys[:MOST_JOURNEYS]
    return {
        "batch": dossier.batch_json(),
        "exact": goods.exact,
        "more": len(goods.journeys) - len(shown),
        "consignments": [
            dossier.consignment_json(each.consignment)
            | {
                "custody": dossier.custody_json([each.consignment]),
                "stops": [{"place": stop.place, "at": moment(stop.at), "kind": stop.kind.name} for stop in each.stops],
            }
            for each in shown
        ],
    }


def _points(case: Case) -> Iterator[Point]:
    line = case.line
    names = {(each.dossier.registration.gtin, each.dossier.registration.lot) for each in case.goods}
    named = (line.gtin, line.lot)
    said = f"{line.gtin} lot {line.lot}" if line.gtin else f"SSCC {line.sscc}"
    yield Point("goods", said, _listed(map(_named, case.goods)), named in names if line.gtin else None)
    there = sum(each.quantity for each in case.goods)
    units = line.tariff_quantity
    yield Point("quantity", f"{units:,}" if units else "", f"{there:,}", units <= there if units else None)
    lasts = [each.stops[-1] for each in case.journeys if each.stops]
    touched = {place[:2] for place in line.route} | {line.country, line.export_country_id}
    passed = any(each.place[:2] in touched for each in lasts) if lasts else None
    yield Point("route", " → ".join(line.route), _listed(map(_way, case.journeys)), passed)
    bound = {each.bound_for for each in case.journeys if each.bound_for}
    yield Point(
        "destination", line.unloading_location_id, _listed(sorted(bound)), bool(bound & case.here) if bound else None
    )
    yield _consignee(case)
    arrival = moment(line.arrival_date_time) if line.arrival_date_time else ""
    last = max((each.at for each in lasts), default=0)
    yield Point("arrival", arrival, moment(last) if last else "", None)
    expiries = [each.dossier.registration.expiry.isoformat() for each in case.goods]
    accepted = day(line.acceptance_date_time)
    yield Point("expiry", accepted, _listed(sorted(set(expiries))), accepted <= min(expiries))


def _consignee(case: Case) -> Point:
    """Whom the goods are for: compared where the line names somebody whom the ledger knows."""
    consignee = case.evidence.consignee
    receivers = {each.receiver for each in case.journeys if each.receiver}
    dossier = case.goods[0].dossier
    names = _listed(dossier.name(number) for number in sorted(receivers))
    agrees = consignee.number in receivers if consignee is not None and receivers else None
    return Point("consignee", case.line.consignee, names, agrees)


def _named(goods: Goods) -> str:
    registration = goods.dossier.registration
    product = f"{goods.dossier.product}, " if goods.dossier.product else ""
    return f"{product}{registration.gtin} lot {registration.lot}, {goods.dossier.name(registration.manufacturer)}"


def _way(journey: Journey) -> str:
    places = [stop.place for stop in journey.stops]
    return " → ".join(place for index, place in enumerate(places) if index == 0 or place != places[index - 1])


def _listed(values: Iterable[str]) -> str:
    """Different values, of many the first and how many more there are."""
    told = [value for value in dict.fromkeys(values) if value]
    more = f" and {len(told) - MOST_SAID} more" if len(told) > MOST_SAID else ""
    return "; ".join(told[:MOST_SAID]) + more
