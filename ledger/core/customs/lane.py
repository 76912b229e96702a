"""The green lane: whether release of goods can be recommended, with the reasons, or each reason why not.

It recommends and blocks nothing: what has no recommendation is treated as it would be without the ledger, and what has
one may be inspected all the same. Source: WCO SAFE Framework of Standards, pillar 2 (authorised economic operators) and
Revised Kyoto Convention, general annex, standard 6.3 (control limited to what is needed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.attestation.standing import Trusted, trusted
from ledger.core.customs import goods_rules, route_rules
from ledger.core.customs.case import Case
from ledger.core.customs.declaration import DeclarationLine
from ledger.core.organisation import name_of, state_at, suspended_since
from ledger.core.wording import day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.core.attestation.standing import Granted, Trust
    from ledger.core.customs.case import Evidence
    from ledger.core.customs.journey import Goods, Journey
    from ledger.core.customs.signals import Hit
    from ledger.core.facts import Organisation

RECOMMENDED: Final = "Release recommended"
NOT_RECOMMENDED: Final = "No recommendation"
# Why, in the order in which reasons are told; the last four speak for release, all others against.
REASONS: Final = {
    "no_reference": "The line names neither GTIN with lot nor SSCC.",
    "not_on_ledger": "The ledger does not know the goods.",
    "not_exact": "GTIN and lot can mean several consignments: the SSCC is needed.",
    "behind": "The ledger's latest records are missing here.",
    "history_incomplete": "The record does not reach this country.",
    "history_broken": "The record contradicts itself.",
    "not_final": "What is on record may still be taken back by the chain.",
    "operator_not_trusted": "Somebody who held the goods, or is to get them, has no trusted status that counts here.",
    "signal": "There is a signal.",
    "history_complete": "Every hand-over from the maker to this country is recorded.",
    "history_final": "All of it is final.",
    "operators_trusted": "All who held the goods, or are to get them, are trusted.",
    "no_signal": "There is no signal.",
}

# The line that says nothing but which goods are meant.
_BARE: Final = DeclarationLine(
    *("", 1, 0, "", 1, "", "", "", "", ""),  # from the declaration's number to the place of loading
    *((), "", "", 0, 0.0, 0.0, 0.0, ""),  # from the itinerary to the currency
    *("", "", "", "", "", "", "", 0),  # from the importer to the quantity
)


class Reason(NamedTuple):
    """One reason for or against a recommendation."""

    reason: str  # a key of `REASONS`
    detail: str


class Operator(NamedTuple):
    """Somebody who held the goods, or is to get them."""

    number: int
    name: str
    country: str
    status: Granted | None  # the trusted status that counts
    fault: str  # why none does, "" if one does


class Lane(NamedTuple):
    """Whether release is recommended."""

    recommended: bool
    reasons: tuple[Reason, ...]  # for it if it is recommended, else against it
    operators: tuple[Operator, ...]


class Asked(NamedTuple):
    """What is asked about."""

    country: str  # whose officers ask, ISO 3166-1 alpha-2
    named: bool  # whether the goods are named at all
    goods: tuple[Goods, ...]  # none = the ledger does not know them
    hits: tuple[Hit, ...]
    consignee: Organisation | None  # as declared, if it is on the ledger
    behind: bool  # the read model is
    finalized_block: int
    at: int  # Unix seconds


def lane(asked: Asked, trust: Trust) -> Lane:
    """Tell whether release is recommended.

    Args:
        asked: The goods, and what is known against them.
        trust: What was attested about `operators_of` the goods.

    Returns:
        The answer; it is a recommendation only if nothing speaks against it.
    """
    operators = tuple(_operator(number, asked, trust) for number in operators_of(asked.goods, asked.consignee))
    against = (*_of_goods(asked), *_of_operators(operators), *(_of_hit(hit) for hit in asked.hits))
    if against:
        return Lane(recommended=False, reasons=against, operators=operators)
    return Lane(recommended=True, reasons=tuple(_in_favour(asked, operators)), operators=operators)


def operators_of(goods: Iterable[Goods], consignee: Organisation | None) -> tuple[int, ...]:
    """Give the numbers of everybody whose trusted status is needed: who made, held or is to get the goods.

    Args:
        goods: What is asked about.
        consignee: As declared, if it is on the ledger.
    """
    parties = {number for each in goods for journey in each.journeys for number in journey.parties}
    return tuple(sorted(parties | ({consignee.number} if consignee and parties else set())))


def signals_of_goods(sscc: str, country: str, evidence: Evidence, goods: tuple[Goods, ...]) -> tuple[Hit, ...]:
    """Find the signals of goods of which there is no declaration: those that need none.

    Args:
        sscc: By which they are asked for.
        country: Whose officers ask.
        evidence: What is known.
        goods: The same goods.
    """
    line = _BARE._replace(sscc=sscc, declaration_office_id=country, acceptance_date_time=evidence.now)
    case = Case(line, evidence, goods, tuple(journey for each in goods for journey in each.journeys))
    rules = (goods_rules.trust, goods_rules.stops, goods_rules.certificates, route_rules.times)
    return tuple({hit.signal: hit for rule in rules for hit in rule(case)}.values())


def _of_goods(asked: Asked) -> Iterator[Reason]:
    """What speaks against a recommendation in the goods' own record."""
    if not asked.goods:
        yield _reason("not_on_ledger" if asked.named else "no_reference")
    if asked.behind:
        yield _reason("behind")
    for goods in asked.goods:
        if not goods.exact and len(goods.dossier.history.consignments()) > 1:
            yield _reason("not_exact")
            continue
        for journey in goods.journeys:
            yield from _of_journey(goods, journey, asked)


def _of_journey(goods: Goods, journey: Journey, asked: Asked) -> Iterator[Reason]:
    way = goods.dossier.way(journey.consignment)
    if journey.bound_for != asked.country:  # whoever has the goods, or is to get them, is not there or not named yet
        yield Reason("history_incomplete", f"{_last(journey)}; nothing on record brings the goods to {asked.country}.")
    broken = way.broken or way.doubt
    if broken:
        yield Reason("history_broken", broken.words)
    if words := _discrepancy(goods, journey):
        yield Reason("history_broken", words)
    last = max(way.last_block, goods.dossier.registration.recorded.block)
    if last > asked.finalized_block:
        yield Reason("not_final", f"Recorded in block {last:,}; final is block {asked.finalized_block:,}.")


def _discrepancy(goods: Goods, journey: Journey) -> str:
    """Where another quantity was received than was shipped, and nobody has corrected it."""
    history = goods.dossier.history
    on_path = {event.digest for event in history.path(journey.consignment)} - history.corrections.keys()
    for event, shipped in history.discrepancies:
        if event.digest in on_path:
            who = goods.dossier.name(event.actor)
            return f"{who} recorded {event.quantity:,} received where {shipped:,} were shipped."
    return ""


def _last(journey: Journey) -> str:
    return f"Last recorded at {journey.stops[-1].place}" if journey.stops else "No movement is recorded"


def _of_operators(operators: tuple[Operator, ...]) -> Iterator[Reason]:
    for each in operators:
        if each.fault:
            yield Reason("operator_not_trusted", f"{each.name}: {each.fault}.")


def _of_hit(hit: Hit) -> Reason:
    return Reason("signal", f"{hit.signal}: {hit.reason}")


def _operator(number: int, asked: Asked, trust: Trust) -> Operator:
    present = [each.dossier.organisations for each in asked.goods]
    if asked.consignee:
        present.append({asked.consignee.number: asked.consignee})
    known = next((each[number] for each in present if number in each), None)
    state = state_at(known) if known else None
    suspension = suspended_since(known) if known else None
    found = trusted(number, asked.country, trust, asked.at)
    if suspension is not None:
        found = Trusted(None, f"it is suspended since {day(suspension.recorded.time)}")
    return Operator(number, name_of(known, number), state.country if state else "", found.status, found.fault)


def _in_favour(asked: Asked, operators: tuple[Operator, ...]) -> Iterator[Reason]:
    hops = sum(len(journey.stops) for goods in asked.goods for journey in goods.journeys)
    yield Reason("history_complete", f"{REASONS['history_complete']} {hops} places are on record.")
    yield Reason("history_final", f"{REASONS['history_final']} Final is block {asked.finalized_block:,}.")
    yield Reason("operators_trusted", f"Trusted: {', '.join(each.name for each in operators)}.")
    yield _reason("no_signal")


def _reason(name: str) -> Reason:
    return Reason(name, REASONS[name])
