"""The outcome of a case: a signed HOLD, RELEASE or SEIZE, looked up on the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.casework.goods import Goods
from ledger.core.errors import ConflictError, InvalidInputError, NotFoundError
from ledger.core.facts import BatchFacts
from ledger.core.history import fold
from ledger.core.parts import batch_id
from ledger.core.vocabulary import Kind, ProductClass
from ledger.store.ledger_view import ReadModelView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.core.facts import CustodyEvent, Recorded
    from ledger.store.read_model import ConsignmentReference, ReadModel

Json = dict[str, Any]
KINDS: Final = frozenset({Kind.HOLD, Kind.RELEASE, Kind.SEIZE})


class _Decided(NamedTuple):
    """What a statement decided about."""

    goods: Goods
    product_class: str  # "" if there are several
    units: int


def outcome_of(facts: ReadModel, organisation: int, named: Iterable[Goods], digest: bytes) -> Json:
    """What a case keeps of a statement.

    Args:
        facts: The read model.
        organisation: Whose case it is.
        named: The goods that the case names.
        digest: Of the statement, 32 bytes.

    Raises:
        NotFoundError: The ledger has no such custody event, or not yet.
        InvalidInputError: It is another kind of event, another organisation's, or about other goods.
        ConflictError: It was corrected.
    """
    with facts.snapshot():
        event = facts.event(digest)
        if event is None:
            raise NotFoundError(
                "No custody event with this digest is on the ledger.",
                advice="If it was sent just now, wait until it is recorded; GET /v1/statements/{digest} tells.",
                field="digest",
            )
        _require_own_decision(event, organisation)
        if ReadModelView(facts).corrected(digest):
            detail = "The statement was corrected: its signer called it wrong."
            raise ConflictError(detail, advice="Take the digest of the one that holds.", field="digest")
        reference = facts.consignment(event.consignment)
        if reference is None or not any(_is_about(facts, goods, event, reference) for goods in named):
            raise InvalidInputError(
                "The statement is about other goods than those that the case names.",
                advice="Name the goods in the case first (act `goods`), or take another statement.",
                field="digest",
            )
        decided = _decided(facts, reference, event.recorded)
    return {
        "digest": "0x" + digest.hex(),
        "kind": event.kind.name,
        "goods": decided.goods.to_json(),
        "product_class": decided.product_class,
        "units": decided.units,
        "occurred_at": event.occurred_at,
        "block": event.recorded.block,
        "block_time": event.recorded.time,
    }


def _require_own_decision(event: CustodyEvent, organisation: int) -> None:
    if event.kind not in KINDS:
        detail = f"The statement is a {event.kind.name}; an outcome is a HOLD, RELEASE or SEIZE."
        raise InvalidInputError(detail, advice="Take the digest of the decision.", field="digest")
    if event.actor != organisation:
        detail = "The statement is another organisation's."
        raise InvalidInputError(detail, advice="A case is decided by whose it is.", field="digest")


def _is_about(facts: ReadModel, goods: Goods, event: CustodyEvent, reference: ConsignmentReference) -> bool:
    """Whether an event stops or frees goods: by their SSCC, or else by their batch; on a pallet too."""
    if goods.sscc:
        pallet = facts.pallet(reference.consignment)
        on_it = {packing.consignment for packing in pallet.packings} if pallet else set()
        given = {each.consignment for each in facts.consignments_by_sscc(goods.sscc)}
        return bool(given & {event.consignment, *on_it})
    if goods.gtin and goods.lot:
        return batch_id(int(goods.gtin), goods.lot) in reference.batches
    return bool(goods.gtin) and any(each.batch in reference.batches for each in facts.registered(goods.gtin))


def _decided(facts: ReadModel, reference: ConsignmentReference, at: Recorded) -> _Decided:
    """The goods by name, their kind, and how many units there were when it was decided."""
    units, kinds, goods = 0, set(), Goods(sscc=reference.sscc or "")
    for batch in reference.batches:
        whole = reference.kind == "pallet"
        found = facts.batch_by_id(batch) if whole else facts.lineage(reference.consignment)
        if found is None:
            continue
        history = fold(_until(found, at), complete=whole)
        inside = history.on_pallet(reference.consignment) if whole else (reference.consignment,)
        units += sum(history.states[each].rest for each in inside)
        kinds.add(ProductClass(found.registration.product_class).name)
        if len(reference.batches) == 1:
            goods = Goods(found.registration.gtin, found.registration.lot, "", reference.sscc or "")
    return _Decided(goods, kinds.pop() if len(kinds) == 1 else "", units)


def _until(found: BatchFacts, at: Recorded) -> BatchFacts:
    """What was recorded up to a place in the chain: what was seized may have been destroyed since."""
    place = (at.block, at.log_index)

    def before(facts: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(fact for fact in facts if (fact.recorded.block, fact.recorded.log_index) <= place)

    return BatchFacts(
        found.registration,
        before(found.events),
        before(found.children),
        before(found.pallets),
        before(found.packings),
    )
