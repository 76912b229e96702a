"""The checks on the label and on the one pack that a code names: 2, 6, 11 and 12 of the thirteen in `checks`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.check import failed, passed, skipped
from ledger.core.clones import SECOND_DISPENSE, Sighting, Standing, asked_at, conflict, sightings, told
from ledger.core.label_check import Maker, judge_label
from ledger.core.organisation import administers, name_of
from ledger.core.unit import UnitKind
from ledger.core.unit_use import use
from ledger.core.wording import moment

if TYPE_CHECKING:
    from ledger.core.check import Case, Check, Inquiry
    from ledger.core.facts import Organisation

_NO_PACK: Final = {
    name: skipped(name, "This code names no single pack.") for name in ("unit_in_batch", "unit_unused", "no_conflict")
}


# (2) The label


def label_signature(case: Case) -> Check:
    """(2) The label's own signature, GS1 AI 91 and 92, is the maker's."""
    registration = case.dossier.registration
    maker = Maker(registration.manufacturer, case.dossier.name(registration.manufacturer), registration.recorded)
    return judge_label(case.inquiry, maker)


# (6) The serial number


def unit_in_batch(case: Case) -> Check:
    """(6) The serial number is one of the batch."""
    registration, listed = case.dossier.registration, case.inquiry.unit.listed
    if case.inquiry.code.serial is None:
        return _NO_PACK["unit_in_batch"]
    if not any(registration.unit_root):
        return _NOT_SERIALISED
    if listed is None:
        return LIST_NOT_HELD
    if not listed:
        detail = f"Its serial number is none of the {registration.quantity:,} that the maker registered."
        return failed("unit_in_batch", detail, "serial_not_in_batch", case.dossier.name(registration.manufacturer))
    return passed(
        "unit_in_batch", f"Its serial number is one of the {registration.quantity:,} that the maker registered."
    )


_NOT_SERIALISED: Final = skipped("unit_in_batch", "The maker registered no serial numbers for this batch.")
LIST_NOT_HELD: Final = skipped(
    "unit_in_batch", "No sound list of this batch's serial numbers is held here, so this one could not be compared."
)


# (11) Its use


def unit_unused(case: Case) -> Check:
    """(11) The pack was not dispensed, destroyed or taken as a sample before."""
    inquiry = case.inquiry
    if inquiry.code.serial is None:
        return _NO_PACK["unit_unused"]
    found = use(inquiry.unit.events, inquiry.organisation, inquiry.place, inquiry.now)
    if found is None:
        return _UNUSED
    event = found.event
    if found.repeated:
        remark = f"You dispensed this {_minutes_ago(inquiry.now - event.occurred_at)}."
        return passed("unit_unused", remark, remark)
    words, reason = _USES[event.kind]
    who = name_of(_present(case).get(event.actor), event.actor)
    return failed("unit_unused", f"{words} by {who} at {event.place} on {moment(event.occurred_at)}.", reason, who)


def _minutes_ago(seconds: int) -> str:
    minutes = max(0, seconds) // 60
    return f"{minutes} minute{'' if minutes == 1 else 's'} ago"


_UNUSED: Final = passed("unit_unused", "Nobody recorded that this pack was dispensed, destroyed or sampled.")
_USES: Final = {
    UnitKind.DISPENSE: ("Dispensed", "already_dispensed"),
    UnitKind.DESTROY: ("Destroyed", "destroyed"),
    UnitKind.SAMPLE: ("Taken as a sample", "sampled"),
}


# (12) Copies


def no_conflict(case: Case) -> Check:
    """(12) One pack explains all that organisations signed about this serial number; `clones` has the rules."""
    inquiry, events = case.inquiry, case.inquiry.unit.events
    if inquiry.code.serial is None:
        return _NO_PACK["no_conflict"]
    if not events:
        return _NO_SIGHTING
    present = _present(case)
    standing = _standing(case, present)
    found = conflict(events, _asker_sees(inquiry), standing, inquiry.now)
    if found:
        reason = "second_dispense" if found.rule == SECOND_DISPENSE else "copied"
        return failed("no_conflict", told(found, lambda number: name_of(present[number], number)), reason)
    count = len(sightings(events, standing.known))
    return passed("no_conflict", f"{count} signed sighting{' fits' if count == 1 else 's fit'} one pack.")


def _asker_sees(inquiry: Inquiry) -> Sighting | None:
    if inquiry.organisation is None:
        return None
    return asked_at(inquiry.organisation, inquiry.place or "", inquiry.at, inquiry.now)


def _present(case: Case) -> dict[int, Organisation]:
    """Give all on the ledger that the batch's record names, that signed for the pack, or that ask."""
    asker = (case.inquiry.asker,) if case.inquiry.asker else ()
    return {each.number: each for each in (*case.dossier.organisations.values(), *case.inquiry.unit.signers, *asker)}


def _standing(case: Case, present: dict[int, Organisation]) -> Standing:
    """Tell who has to do with the batch. A carton's own lineage leaves out who holds the rest of a large batch."""
    return Standing(
        maker=case.dossier.registration.manufacturer,
        holders=case.dossier.history.organisations,
        administrations=frozenset(number for number, each in present.items() if administers(each)),
        known=frozenset(present),
        complete=not (case.inquiry.behind or case.inquiry.code.sscc),
    )


_NO_SIGHTING: Final = skipped("no_conflict", "No organisation has signed for this pack yet: nothing to compare.")
