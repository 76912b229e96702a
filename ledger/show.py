"""Show what the ledger knows of a batch, a consignment or an organisation, as JSON. Nothing is judged here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from ledger.core.dossier import recorded_json
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.gs1 import element_string, gtin14, sscc18
from ledger.core.organisation import active_at, state_at, suspended_since
from ledger.core.vocabulary import Purpose, Role
from ledger.core.wording import moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import IntFlag

    from ledger.core.dossier import Dossier
    from ledger.core.facts import Key, Organisation
    from ledger.store.read_model import ConsignmentReference, ReadModel

Json = dict[str, Any]
ADDRESS_BYTES: Final = 20
MAX_ORGANISATION: Final = 2**32 - 1  # uint32 on chain
NOTHING: Final = bytes(32)
NOT_HERE_YET: Final = "If it was recorded just now, ask again in a moment: GET /v1/chain says how far this server is."
_ID: Final = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)


class Dossiers(Protocol):
    """Where the folded batches come from; `verify.Verifier` fits."""

    def dossier(self, gtin: str, lot: str) -> Dossier | None:
        """All that is known of a registered batch."""

    def dossier_of(self, reference: ConsignmentReference, batch: bytes) -> Dossier | None:
        """All that is known of a consignment's or pallet's batch."""


def batch(facts: ReadModel, dossiers: Dossiers, gtin: str, lot: str) -> Json:
    """A batch, its consignments and its custody events.

    Args:
        facts: The read model.
        dossiers: Where the folded batches come from.
        gtin: Of 8, 12, 13 or 14 digits.
        lot: As on the label.

    Raises:
        InvalidCodeError: The GTIN or the lot breaks a rule of GS1.
        NotFoundError: No such batch is registered.
    """
    gtin = gtin14(gtin)
    element_string([("01", gtin), ("10", lot)])
    with facts.snapshot():
        found = dossiers.dossier(gtin, lot)
    if found is None:
        raise NotFoundError(f"No batch {lot!r} of {gtin} is registered.", advice=NOT_HERE_YET, field="lot")
    consignments = found.history.consignments()
    return {
        "batch": _batch_json(found),
        "consignments": [found.consignment_json(each) for each in consignments],
        "custody": found.custody_json(consignments),
    }


def consignment(facts: ReadModel, dossiers: Dossiers, name: str) -> Json:
    """A consignment or pallet; of several with one SSCC the newest of which something is left, the rest in `others`.

    Args:
        facts: The read model.
        dossiers: Where the folded batches come from.
        name: An id, 0x and 64 digits, or an SSCC.

    Raises:
        InvalidInputError: It is neither.
        NotFoundError: Nothing on the ledger has this id or SSCC.
    """
    with facts.snapshot():
        references = _references(facts, name)
        shown = [_referenced(dossiers, reference) for reference in reversed(references)]
    if not shown:
        detail = f"No consignment or pallet is recorded as {name}."
        raise NotFoundError(detail, advice=NOT_HERE_YET, field="consignment")
    shown.sort(key=lambda each: not each["rest"])
    return shown[0] | {"others": [each["id"] for each in shown[1:]]}


def organisations(facts: ReadModel) -> Json:
    """Every organisation with its keys."""
    with facts.snapshot():
        everyone = facts.organisations()
        return {"organisations": [_organisation(facts, each, everyone) for each in everyone]}


def organisation(facts: ReadModel, number: int) -> Json:
    """One organisation with its keys.

    Raises:
        InvalidInputError: It cannot be the number of one.
        NotFoundError: No organisation has this number.
    """
    if not 0 < number <= MAX_ORGANISATION:
        raise InvalidInputError(
            "An organisation's number is from 1 to 4,294,967,295.", advice="See /v1/organisations.", field="number"
        )
    with facts.snapshot():
        found = facts.organisation(number)
        if found is None:
            raise NotFoundError(f"No organisation has the number {number}.", advice=NOT_HERE_YET, field="number")
        return _organisation(facts, found, facts.organisations())


def _references(facts: ReadModel, name: str) -> list[ConsignmentReference]:
    if _ID.fullmatch(name):
        found = facts.consignment(bytes.fromhex(name[2:]))
        return [] if found is None else [found]
    if name.startswith("0x"):
        raise InvalidInputError(
            "A consignment's id is 0x and 64 hexadecimal digits.", advice="Copy it whole.", field="consignment"
        )
    return facts.consignments_by_sscc(sscc18(name))


def _referenced(dossiers: Dossiers, reference: ConsignmentReference) -> Json:
    found = [each for batch in reference.batches if (each := dossiers.dossier_of(reference, batch)) is not None]
    if not found:
        raise NotFoundError("Its batch is not recorded here.", advice=NOT_HERE_YET, field="consignment")
    shown = found[0].consignment_json(reference.consignment)
    shown["custody"] = found[0].custody_json((reference.consignment,))
    if shown["is_pallet"]:
        shown["contents"] = [content for each in found for content in _contents(each, reference.consignment)]
    return shown


def _contents(found: Dossier, pallet: bytes) -> Iterable[Json]:
    for each in found.history.on_pallet(pallet):
        state = found.history.states[each]
        if state.pallet == pallet:
            yield {
                "id": _hex(each),
                "sscc": state.sscc,
                "head": _hex(state.head),
                "rest": state.rest,
                "batch": found.name_json(),
            }


def _batch_json(found: Dossier) -> Json:
    recall = found.history.recall
    return {
        "gtin": found.registration.gtin,
        "lot": found.registration.lot,
        **found.batch_json(),
        "unit_root": _hex(found.registration.unit_root) if found.registration.unit_root != NOTHING else None,
        "recalled": None if recall is None else recorded_json(recall.recorded) | {"by": found.actor_json(recall.actor)},
    }


def _organisation(facts: ReadModel, found: Organisation, everyone: list[Organisation]) -> Json:
    state = state_at(found)
    assert state is not None  # noqa: S101 - the read model has organisations by their changes
    suspended = suspended_since(found)
    anchors = facts.anchors(found.number)
    return {
        "number": found.number,
        "name": state.name,
        "country": state.country,
        "gln": state.gln or None,
        "roles": _names(Role, state.roles),
        "prefixes": list(state.prefixes),
        "authority": state.authority,
        "active": active_at(found),
        "suspended_at": None if suspended is None else moment(suspended.recorded.time),
        "keys": [_key(key) for key in facts.keys_of(found.number)],
        "authority_sequence": _authority_sequence(found.number, everyone),
        "anchor": {
            "accumulator": _hex(anchors[-1].digest if anchors else NOTHING),
            "count": anchors[-1].count if anchors else 0,
        },
    }


def _authority_sequence(number: int, everyone: list[Organisation]) -> int:
    """How many statements an authority has signed: its accreditations and suspensions, none of the council's."""
    signed = [fact for each in everyone for fact in each.changes + each.suspensions if fact.digest != NOTHING]
    return sum(fact.authority == number for fact in signed)


def _key(key: Key) -> Json:
    addition = key.addition
    doubts = [ending.doubt_since for ending in key.endings if ending.doubt_since]
    return {
        "id": _hex(addition.key),
        "signer": _hex(addition.signer),
        "kind": "address" if len(addition.signer) == ADDRESS_BYTES else "p256",
        "purposes": _names(Purpose, addition.purposes),
        "valid_from": moment(addition.valid_from) if addition.valid_from else None,
        "valid_until": moment(addition.valid_until) if addition.valid_until else None,
        "ended_at": moment(key.endings[0].recorded.time) if key.endings else None,
        "doubt_since": moment(min(doubts)) if doubts else None,
    }


def _names(kind: type[IntFlag], flags: IntFlag) -> list[str]:
    return [flag.name for flag in kind if flag in flags and flag.name]


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
