"""Whether the logs of a block agree with themselves: digests recomputed, and no part of a statement missing.

A log's digest commits to what the statement said, so a node that alters a field, or a decoder that misreads one, is
found out here. What no digest covers (who accredited whom under which name) is vouched for by the node alone.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Final

from ledger.core import facts
from ledger.core.errors import ContradictionError, UnavailableError
from ledger.core.keccak import keccak256
from ledger.core.statement import (
    Anchor,
    BatchRegistration,
    CustodyStatement,
    Domain,
    KeyAddition,
    batch_id,
    child_id,
    key_id,
    pack_children,
)
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

_EVENT_TYPE: Final = CustodyStatement.TYPE_HASH
_PARTED: Final = frozenset({Kind.SPLIT, Kind.PACK, Kind.UNPACK})
_LAST_WRITTEN_DAY: Final = 31


def check_block(block: facts.IndexedBlock, domain: Domain) -> None:
    """Check everything the ledger logged in one block.

    Args:
        block: Its facts in log order.
        domain: The EIP-712 domain that the statements were signed for.

    Raises: ContradictionError: A log disagrees with its own digest or identifier; `fact` in the evidence is the log.
        UnavailableError: Logs stand in the wrong order or place, twice, or are missing: the node's answer is
        incomplete.
    """
    _check_places(block)
    separator = domain.separator
    for index, fact in enumerate(block.facts):
        if type(fact) is facts.CustodyEvent:  # by far the most frequent
            if custody_digest(fact, separator) != fact.digest:
                raise _contradiction(fact, "digest")
            if fact.kind in _PARTED:
                _check_parts(fact, block.facts, index + 1)
        else:
            check = _CHECKS.get(type(fact))
            wrong = check(fact, domain) if check else ""
            if wrong:
                raise _contradiction(fact, wrong)


def custody_digest(event: facts.CustodyEvent, separator: bytes) -> bytes:
    """The EIP-712 digest of a logged custody event; written out because it is the indexer's hottest line.

    Args:
        event: As decoded from its log.
        separator: Of the domain, 32 bytes.
    """
    words = (
        _EVENT_TYPE,
        event.consignment,
        event.previous,
        event.actor.to_bytes(32, "big"),
        event.kind.to_bytes(32, "big"),
        event.occurred_at.to_bytes(32, "big"),
        event.counterparty.to_bytes(32, "big"),
        event.quantity.to_bytes(32, "big"),
        event.place.encode().ljust(32, b"\0"),
        event.parts,
        event.details,
    )
    return keccak256(b"\x19\x01" + separator + keccak256(b"".join(words)))


def _check_places(block: facts.IndexedBlock) -> None:
    before = -1
    for fact in block.facts:
        recorded = fact.recorded
        if recorded.block != block.number or recorded.time != block.time or recorded.log_index <= before:
            raise _incomplete(block.number, f"log {recorded.log_index} of block {recorded.block} is out of place")
        before = recorded.log_index


def _check_parts(event: facts.CustodyEvent, block: Sequence[facts.Fact], start: int) -> None:
    """The contract logs an event's parts right after it; their number and, where the log tells it, hash are signed."""
    if event.kind == Kind.SPLIT:
        _check_children(event, block, start)
    elif event.kind == Kind.PACK:
        pallet = block[start] if start < len(block) else None
        if not isinstance(pallet, facts.Pallet) or pallet.pallet != event.digest:
            raise _incomplete(event.recorded.block, f"the pallet of log {event.recorded.log_index} is missing")
        _packings(event, block, start + 1, event.digest, packed=True)
    else:
        ids = [packing.consignment for packing in _packings(event, block, start, event.consignment, packed=False)]
        if keccak256(b"".join(ids)) != event.parts:
            raise _contradiction(event, "parts")


def _check_children(event: facts.CustodyEvent, block: Sequence[facts.Fact], start: int) -> None:
    children: list[facts.Child] = []
    for fact in block[start:]:
        if not isinstance(fact, facts.Child) or fact.digest != event.digest:
            break
        if fact.consignment != child_id(event.digest, len(children)) or fact.parent != event.consignment:
            raise _contradiction(fact, "consignment")
        children.append(fact)
    if sum(child.quantity for child in children) != event.quantity:
        raise _incomplete(event.recorded.block, f"children of the split in log {event.recorded.log_index} are missing")
    if keccak256(pack_children([(child.sscc, child.quantity) for child in children])) != event.parts:
        raise _contradiction(event, "parts")


def _packings(
    event: facts.CustodyEvent, block: Sequence[facts.Fact], start: int, pallet: bytes, *, packed: bool
) -> list[facts.Packing]:
    found = [fact for fact in block[start : start + event.quantity] if isinstance(fact, facts.Packing)]
    if len(found) != event.quantity or any(fact.pallet != pallet or fact.packed != packed for fact in found):
        raise _incomplete(event.recorded.block, f"consignments of log {event.recorded.log_index} are missing")
    return found


def _check_registration(fact: facts.Registration, domain: Domain) -> str:
    if fact.batch != batch_id(int(fact.gtin), fact.lot):
        return "batch"
    days = product(_written(fact.manufactured), _written(fact.expiry))
    return "" if any(_registration_digest(fact, *pair, domain) == fact.digest for pair in days) else "digest"


def _registration_digest(fact: facts.Registration, manufactured: int, expiry: int, domain: Domain) -> bytes:
    return BatchRegistration(
        manufacturer=fact.manufacturer,
        gtin=int(fact.gtin),
        lot=fact.lot,
        product_class=fact.product_class,
        quantity=fact.quantity,
        manufactured=manufactured,
        expiry=expiry,
        unit_root=fact.unit_root,
        details=fact.details,
    ).digest(domain)


def _written(day: date | None) -> list[int]:
    """The numbers that may have been signed for a day.

    The contract takes 31 days in every month, and one past the end is read as the month's last day.
    """
    if day is None:
        return [0]
    number = day.year * 10_000 + day.month * 100 + day.day
    is_last = (day + timedelta(days=1)).day == 1
    return [number, *range(number + 1, number + _LAST_WRITTEN_DAY - day.day + 1)] if is_last else [number]


def _check_key(fact: facts.KeyAddition, domain: Domain) -> str:
    if fact.key != key_id(fact.signer):
        return "key"
    statement = KeyAddition(
        fact.organisation, fact.signer, int(fact.purposes), fact.valid_from, fact.valid_until
    )  # fmt: skip
    return "" if statement.digest(domain) == fact.digest else "digest"


def _check_anchor(fact: facts.Anchor, domain: Domain) -> str:
    statement = Anchor(fact.organisation, fact.count, fact.root, fact.previous)
    return "" if statement.digest(domain) == fact.digest else "digest"


_CHECKS: Final[dict[type, Callable[..., str]]] = {
    facts.Registration: _check_registration,
    facts.KeyAddition: _check_key,
    facts.Anchor: _check_anchor,
}


def _contradiction(fact: facts.Fact, field: str) -> ContradictionError:
    recorded = fact.recorded
    detail = (
        f"Log {recorded.log_index} of block {recorded.block} disagrees with itself: its {field} is not what its other "
        "fields come to. It was not indexed."
    )
    advice = "Ask another node; if that gives the same, check that the ledger's address and chain id are right."
    return ContradictionError(detail, advice=advice, field=field, fact=fact)


def _incomplete(block: int, what: str) -> UnavailableError:
    detail = f"The chain's node gave an incomplete answer for block {block}: {what}."
    advice = "It is asked again; if this stays, use another node."
    return UnavailableError(detail, advice=advice, block=block, cause="garbled")
