"""Lists of work for one organisation: the goods that it holds or is to receive, and alerts about batches it made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from ledger.core.check import FAILED, NUMBERS
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.gs1 import bracketed
from ledger.core.organisation import name_of, state_at
from ledger.core.reporting.counts import LEAST, at_least
from ledger.core.vocabulary import Kind
from ledger.core.wording import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.core.dossier import Dossier
    from ledger.core.facts import Organisation
    from ledger.core.verdict import Verdict
    from ledger.store.read_model import ConsignmentReference, ReadModel
    from ledger.store.worklists import Act, Reported, SeenPack

Json = dict[str, Any]
MOST: Final = 500  # rows in one answer
MOST_PACKS: Final = 2_000  # packs seen by several that are judged for one answer, the last seen first: a second's work
_DAY: Final = 86_400  # seconds
_ID: Final = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_WORDS: Final = {
    Kind.INSPECT: ("finding", "Inspected, with a document on what was found."),
    Kind.HOLD: ("hold", "Held: not to be moved or used until it is released."),
    Kind.SEIZE: ("seize", "Seized: taken out of trade for good."),
    Kind.RECALL: ("recall", "The batch is recalled."),
}


class Judge(Protocol):
    """Where folded batches and verdicts come from; `verify.Verifier` fits."""

    def dossier_of(self, reference: ConsignmentReference, batch: bytes) -> Dossier | None:
        """All that is known of a consignment's or pallet's batch."""

    def verify(self, code: str, *, now: int) -> Verdict:
        """The verdict on one code."""


def consignments(facts: ReadModel, judge: Judge, number: int, after: str = "") -> Json:
    """The consignments and pallets that an organisation holds or is to receive, and of which something is left.

    Args:
        facts: The read model.
        judge: Where the folded batches come from.
        number: The organisation.
        after: The id of the last one that is known already, to go on from; "" for the beginning.

    Returns:
        At most 500: those of the batch registered last first, in each the youngest first.

    Raises:
        NotFoundError: No organisation has this number.
        InvalidInputError: `after` is no id of one of its batches' consignments.
    """
    if after and not _ID.fullmatch(after):
        raise InvalidInputError("`after` is no consignment's id.", advice="Give the id of the last row.", field="after")
    found: list[Json] = []
    known = not after
    with facts.snapshot():
        _organisation(facts, number)
        for dossier, identifier in _goods(facts, judge, number):
            if not known:
                known = "0x" + identifier.hex() == after
            elif _concerns(dossier, identifier, number):
                found.append(_row(dossier, identifier))
            if len(found) == MOST:
                break
    if not known:
        advice = "Begin again without `after`."
        raise InvalidInputError("`after` is no consignment of its batches.", advice=advice, field="after")
    return {"consignments": found}


def alerts(facts: ReadModel, judge: Judge, number: int, now: int) -> Json:
    """What a maker should look at, about the batches that it made, the newest first, at most 500.

    Args:
        facts: The read model.
        judge: Gives the verdicts on packs.
        number: The maker.
        now: Unix seconds.

    Raises:
        NotFoundError: No organisation has this number.
    """
    with facts.snapshot():
        _organisation(facts, number)
        found = [_of_act(facts, act) for act in facts.acts_on(number, MOST)]
        found += [_of_discrepancy(facts, act) for act in facts.discrepancies(number, MOST)]
        today = now // _DAY * _DAY
        found += [_of_reports(each) for each in facts.reported(number, today, LEAST, MOST)]
        found += [row for pack in facts.seen_packs(number, MOST_PACKS) if (row := _of_pack(judge, pack, now))]
    found.sort(key=lambda row: row["at"], reverse=True)
    return {"alerts": found[:MOST]}


def _organisation(facts: ReadModel, number: int) -> Organisation:
    found = facts.organisation(number) if 0 < number < 1 << 32 else None
    if found is None:
        raise NotFoundError(
            f"No organisation has the number {number}.", advice="See /v1/organisations.", field="number"
        )
    return found


def _goods(facts: ReadModel, judge: Judge, number: int) -> Iterator[tuple[Dossier, bytes]]:
    """Everything that its batches ever were divided into; a pallet with several batches once."""
    told: set[bytes] = set()
    for batch in facts.batches_of(number):
        reference = facts.consignment(batch)
        dossier = None if reference is None else judge.dossier_of(reference, batch)
        if dossier is None:
            continue
        for identifier in reversed(tuple(dossier.history.states)):
            if identifier not in told:
                told.add(identifier)
                yield dossier, identifier


def _concerns(dossier: Dossier, identifier: bytes, number: int) -> bool:
    state = dossier.history.effective(identifier)
    return bool(state.rest) and number in (state.holder, state.counterparty)


def _row(dossier: Dossier, identifier: bytes) -> Json:
    """As `GET /v1/consignments/…` without the events, with what its label says; a pallet's batches are many."""
    shown = dossier.consignment_json(identifier)
    registration = dossier.registration
    if shown["is_pallet"]:
        return shown | {"gtin": None, "lot": None, "expiry": None, "product": None}
    label = {"gtin": registration.gtin, "lot": registration.lot, "expiry": registration.expiry.isoformat()}
    return shown | label | {"product": dossier.product or None}


def _of_act(facts: ReadModel, act: Act) -> Json:
    kind, detail = _WORDS[act.kind]
    return _alert(kind, act, detail, place=act.place or None, by=_by(facts, act.actor))


def _of_discrepancy(facts: ReadModel, act: Act) -> Json:
    detail = f"{act.quantity} recorded as received where {act.shipped} were shipped."
    return _alert("discrepancy", act, detail, place=act.place or None, by=_by(facts, act.actor))


def _of_reports(found: Reported) -> Json:
    """What was reported is for administrations to read. Anybody sees this row, so it tells no small number and no time.

    It is counted up to the day before, and rounded down: who looks often sees no single report come.
    """
    times = f"at least {at_least(found.reports):,} times"
    detail = f"Reported {times} before today by people who are not known. Unverified; administrations can read it."
    return _alert("report", found, detail)


def _of_pack(judge: Judge, pack: SeenPack, now: int) -> Json | None:
    verdict = judge.verify(bracketed([("01", pack.gtin), ("10", pack.lot), ("21", pack.serial)]), now=now)
    check = verdict.checks[NUMBERS["no_conflict"] - 1]
    return _alert("conflict", pack, check.detail, serial=pack.serial) if check.result == FAILED else None


def _alert(kind: str, about: Act | Reported | SeenPack, detail: str, **known: Any) -> Json:  # noqa: ANN401 - JSON values
    row = {"kind": kind, "gtin": about.gtin, "lot": about.lot, "serial": None, "at": moment(about.time)}
    return row | {"place": None, "by": None} | known | {"detail": detail}


def _by(facts: ReadModel, number: int) -> Json:
    found = facts.organisation(number)
    state = state_at(found) if found else None
    return {"number": number, "name": name_of(found, number), "country": state.country if state else None}
