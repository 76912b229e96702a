"""Signals about the goods: whether the ledger has them, how many, and whether its record can be relied on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ledger.core.attestation.coverage import NOT_COVERED, coverage, needs_certificate
from ledger.core.customs.journey import units_for
from ledger.core.customs.signals import Hit
from ledger.core.organisation import key_in_doubt, name_of, suspended_since
from ledger.core.wording import day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.core.customs.case import Case
    from ledger.core.customs.journey import Goods
    from ledger.core.dossier import Finding


def identity(case: Case) -> Iterator[Hit]:
    """Compare what the line names with what is registered.

    Args:
        case: The line and what is known.
    """
    line, evidence = case.line, case.evidence
    if evidence.carried:
        yield from _contents(case)
        return
    if evidence.licensee is None or evidence.behind:
        return
    who = name_of(evidence.licensee, evidence.licensee.number)
    if line.gtin and evidence.batch is None:
        yield _unknown_lot(case, who)
    elif line.sscc:
        so_far = "" if case.settled else " so far"
        yield Hit(
            "never_recorded" if case.settled else "not_recorded_yet",
            f"{who} has recorded no consignment with SSCC {line.sscc}{so_far}.",
        )


def _contents(case: Case) -> Iterator[Hit]:
    line = case.line
    named = [each.dossier.registration for each in case.evidence.carried]
    if not line.gtin or (line.gtin, line.lot) in [(each.gtin, each.lot) for each in named]:
        return
    carried = ", ".join(f"{each.gtin} lot {each.lot}" for each in named)
    slip = near_lots(line.lot, [each.lot for each in named if each.gtin == line.gtin])
    yield Hit(
        "lot_misspelt" if slip else "contents_differ",
        f"SSCC {line.sscc} carries {carried} on record, not {line.gtin} lot {line.lot}.",
    )


def _unknown_lot(case: Case, who: str) -> Hit:
    line, near = case.line, case.evidence.near_lots
    if near:
        named = " or ".join(near)
        return Hit("lot_misspelt", f"{who} registered no lot {line.lot} of {line.gtin}, but lot {named}.")
    return Hit("unknown_lot", f"{who} never registered lot {line.lot} of {line.gtin}.")


def quantity(case: Case) -> Iterator[Hit]:
    """Compare how much is declared with how much there is.

    Args:
        case: The line and what is known.
    """
    line = case.line
    there = sum(each.quantity for each in case.goods)
    if not case.goods:
        return
    what = f"SSCC {line.sscc}" if case.goods[0].exact else f"{line.gtin} lot {line.lot}"
    if line.tariff_quantity > there:
        yield Hit("quantity_over", f"{line.tariff_quantity:,} units are declared; {what} has {there:,} on record.")
    yield from _all_lines(case)


def _all_lines(case: Case) -> Iterator[Hit]:
    """Compare all that is declared of a lot to this country with what can have come; goods at rest may be under way."""
    line, batch, before = case.line, case.evidence.batch, case.evidence.declared_before
    if batch is None or not before or case.evidence.behind:
        return
    leading, resting = units_for(batch, case.here)
    possible = leading if case.settled else leading + resting
    if before + line.tariff_quantity > possible:
        yield Hit(
            "lot_over_declared",
            f"With this line {before + line.tariff_quantity:,} units of {line.gtin} lot {line.lot} are declared to "
            f"{line.country}; on record at most {possible:,} can have come there.",
        )


def trust(case: Case) -> Iterator[Hit]:
    """Say whether maker, keys and custody on record can be relied on.

    Args:
        case: The line and what is known.
    """
    for goods in case.goods:
        yield from _maker(goods)
        yield from _keys(goods)
        ways = [goods.dossier.way(each.consignment) for each in goods.journeys]
        broken = [way.broken for way in ways]
        if all(broken):
            yield Hit("custody_broken", f"The chain of custody is broken: {_words(broken[0])}")


def _maker(goods: Goods) -> Iterator[Hit]:
    dossier, registration = goods.dossier, goods.dossier.registration
    maker = dossier.organisations.get(registration.manufacturer)
    if maker is None:
        return
    name = name_of(maker, maker.number)
    then, now = suspended_since(maker, registration.recorded), suspended_since(maker)
    if then is not None:
        yield Hit(
            "maker_suspended",
            f"{name} was suspended from {day(then.recorded.time)} on, and registered lot {registration.lot} "
            f"on {day(registration.recorded.time)}.",
        )
    elif now is not None:
        yield Hit("maker_suspended", f"{name} is suspended since {day(now.recorded.time)}.")


def _keys(goods: Goods) -> Iterator[Hit]:
    dossier, registration = goods.dossier, goods.dossier.registration
    key = dossier.keys.get(registration.key)
    if key is not None and key_in_doubt(key, registration.recorded.time):
        yield Hit("key_in_doubt", f"Lot {registration.lot} was registered with a key that is in doubt.")
        return
    doubts = [dossier.way(each.consignment).doubt for each in goods.journeys]
    if all(doubts):
        yield Hit("key_in_doubt", _words(doubts[0]))


def _words(finding: Finding | None) -> str:
    return finding.words if finding else ""


def stops(case: Case) -> Iterator[Hit]:
    """Say what an administration or the maker has said against the goods, and whether there are any left.

    Args:
        case: The line and what is known.
    """
    for goods in case.goods:
        dossier, states = goods.dossier, [each.state for each in goods.journeys]
        lot = f"{dossier.registration.gtin} lot {dossier.registration.lot}"
        recall = dossier.history.recall
        if recall is not None:
            yield Hit("recalled", f"{dossier.name(recall.actor)} recalled {lot} on {day(recall.recorded.time)}.")
        if all(state.held_by for state in states):
            how = "seized" if states[0].seized else "held"
            yield Hit("held_or_seized", f"{lot} is {how} by {dossier.name(states[0].held_by)}.")
        if all(state.dispensed + state.destroyed >= state.quantity for state in states):
            yield Hit("used_up", f"All {states[0].quantity:,} units of {lot} are on record as dispensed or destroyed.")
        accepted = datetime.fromtimestamp(case.line.acceptance_date_time, UTC).date()
        if accepted > dossier.registration.expiry:
            yield Hit("expired", f"{lot} expired on {dossier.registration.expiry}.")


def certificates(case: Case) -> Iterator[Hit]:
    """Say whether a conformity body's certificate covers protective equipment.

    Args:
        case: The line and what is known.
    """
    for goods in case.goods:
        registration = goods.dossier.registration
        if needs_certificate(registration):
            found = coverage(registration, case.evidence.papers.get(registration.batch), case.evidence.now)
            if found.result == NOT_COVERED:
                yield Hit("certificate_not_covering", found.detail)


def near_lots(lot: str, lots: Iterable[str]) -> tuple[str, ...]:
    """Find the lots that one slip of the hand makes out of another: a character changed, lost, added, or two swapped.

    Args:
        lot: As somebody wrote it.
        lots: As they are registered.
    """
    return tuple(each for each in lots if _is_one_slip(lot, each))


def _is_one_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, other_rest = one[same:], other[same:]
    swapped = rest[1:2] + rest[:1] + rest[2:]
    return rest[1:] == other_rest[1:] or rest[1:] == other_rest or rest == other_rest[1:] or swapped == other_rest
