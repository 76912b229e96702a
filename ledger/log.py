"""Keeping logs of what happened to single packs: taking statements in, and proving what a log holds.

Unlike other statements these never go to the chain one by one, so the rules are applied here once and for all: what is
in a log was signed by a live key when it arrived. Their organisation anchors the log's root; from then on anyone can
tell a log that was rewritten, and an event that was dropped, by the chain alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ledger.core import unit_rules
from ledger.core.clock import time_of
from ledger.core.court import Court
from ledger.core.dossier import recorded_json
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.parts import batch_id
from ledger.core.unit import UnitFacts, UnitKind
from ledger.core.unit_use import repeat_of
from ledger.store.ledger_view import ReadModelView
from ledger.store.read_model import ReadModel
from ledger.store.unit_log import UnitLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core.facts import Anchor
    from ledger.core.structs import UnitStatement
    from ledger.core.unit import UnitEvent
    from ledger.core.unit_submission import UnitSubmission
    from ledger.store.database import Database
    from ledger.store.ledger_view import ChainView

    Listed = Callable[[bytes, bytes, str], bool | None]  # whether a batch's root covers a serial number; None: no list

Json = dict[str, Any]
MAX_LEAVES: Final = 10_000  # in one answer
MAX_ORGANISATION: Final = 2**32 - 1  # uint32 on chain


@dataclass(frozen=True, slots=True)
class Logged:
    """A statement about one pack that stands in its organisation's log.

    Attributes:
        event: The event.
        submission: What was handed in for it.
        leaf: Its hash in the log's tree.
        anchor: The first anchor on the chain that covers it, if there is one.
        repeated: The digest that was handed in, if it says once more what the event says.
    """

    event: UnitEvent
    submission: UnitSubmission
    leaf: bytes
    anchor: Anchor | None = None
    repeated: bytes | None = None


def record(
    database: Database,
    chain_view: ChainView | None,
    submission: UnitSubmission,
    *,
    listed: Listed = lambda _batch, _root, _serial: None,
    clock: Callable[[], float] = time.time,
) -> Logged:
    """Take in a statement about one pack; it is durable when this returns.

    Args:
        database: The installation's.
        chain_view: Answers for contracts that sign (ERC-1271).
        submission: The statement, as `parse_unit_submission` reads it.
        listed: Looks a serial number up in the lists that are held here.
        clock: Unix seconds.

    Returns:
        Where it stands. The same statement again gives the same answer; a DISPENSE that repeats one of the last minutes
        is not put into the log again: the answer is the first of them.

    Raises:
        StatementRefusedError: The rules refuse it; nothing is written.
        ConfigurationError: The installation has no ledger yet.
        UnavailableError: The database cannot be written, or a contract's signature not be checked now.
    """
    domain = database.domain()
    statement = submission.statement
    digest = statement.digest(domain)
    known = find(database, digest)
    if known is not None:
        return known
    read_model, log = ReadModel(database), UnitLog(database)
    with read_model.snapshot():
        now = time_of(read_model.as_of(), int(clock()))  # no chain corrects a wrong clock here
        view = ReadModelView(read_model, chain_view, strict=True)
        unit_rules.require_signed(submission, Court(view, domain, now))
    with database.transaction():
        registration = read_model.registration(batch_id(statement.gtin, statement.lot))
        on_list = None if registration is None else listed(registration.batch, registration.unit_root, statement.serial)
        facts = UnitFacts(listed=on_list, events=read_model.unit_events(f"{statement.gtin:014d}", statement.serial))
        earlier = _earlier(statement, digest, facts)
        if earlier is None:
            court = Court(ReadModelView(read_model), domain, now)
            unit_rules.require_known(statement, registration, facts, court)
            earlier = log.append(submission, domain, now)
    logged = find(database, earlier.digest)
    assert logged is not None  # noqa: S101 - just written, or there before
    return Logged(logged.event, logged.submission, logged.leaf, logged.anchor, _repeated(digest, earlier))


def _earlier(statement: UnitStatement, digest: bytes, facts: UnitFacts) -> UnitEvent | None:
    """Find the event that answers a statement: itself, if it came in twice at once, or the one that it repeats."""
    same = next((event for event in facts.events if event.digest == digest), None)
    if same is not None or statement.kind != UnitKind.DISPENSE:
        return same
    # Another lot on the same serial number is no repeat: one of the two packs is wrong, and both must be seen.
    of_lot = [event for event in facts.events if event.lot == statement.lot]
    return repeat_of(statement.actor, statement.place.decode(), statement.occurred_at, of_lot)


def _repeated(digest: bytes, event: UnitEvent) -> bytes | None:
    return None if digest == event.digest else digest


def find(database: Database, digest: bytes) -> Logged | None:
    """Where the statement with this digest stands; None if no log here has it."""
    read_model, log = ReadModel(database), UnitLog(database)
    with read_model.snapshot():
        entry = log.find(digest)
        if entry is None:
            return None
        anchor = read_model.anchor_of(entry.event.actor, entry.event.index)
        holds = anchor is not None and _holds(log, anchor)
        leaf = entry.submission.leaf(database.domain())
        return Logged(entry.event, entry.submission, leaf, anchor if holds else None)


def head(database: Database, organisation: int) -> Json:
    """How large an organisation's log is, its root, and its last anchor on the chain.

    Raises:
        NotFoundError: No organisation has this number.
    """
    read_model, log = ReadModel(database), UnitLog(database)
    with read_model.snapshot():
        _require_organisation(read_model, organisation)
        size = log.size(organisation)
        anchor = read_model.last_anchor(organisation)
        return {
            "organisation": organisation,
            "size": size,
            "root": _hex(log.root(organisation, size)),
            "anchor": None if anchor is None else anchor_json(anchor) | {"holds": _holds(log, anchor)},
        }


def inclusion(database: Database, organisation: int, index: int, size: int) -> Json:
    """Prove that the event at `index` is in an organisation's log of `size` events.

    Raises:
        InvalidInputError: The log never had that size, or no such event at it; `field` says which.
        NotFoundError: No organisation has this number.
    """
    log = UnitLog(database)
    with ReadModel(database).snapshot():
        _require_size(database, organisation, size, "size")
        if not 0 <= index < size:
            raise InvalidInputError(f"A log of {size} events has none at {index}.", field="index")
        return {
            "organisation": organisation,
            "index": index,
            "size": size,
            "leaf": _hex(log.leaves(organisation, index, 1)[0]),
            "root": _hex(log.root(organisation, size)),
            "proof": [_hex(each) for each in log.inclusion(organisation, index, size)],
        }


def consistency(database: Database, organisation: int, first: int, second: int) -> Json:
    """Prove that an organisation's log of `second` events begins with the one of `first`.

    Raises:
        InvalidInputError: The log never had those sizes; `field` says which.
        NotFoundError: No organisation has this number.
    """
    log = UnitLog(database)
    with ReadModel(database).snapshot():
        _require_size(database, organisation, second, "second")
        if not 0 < first <= second:
            raise InvalidInputError(f"The smaller log must have 1 to {second} events.", field="first")
        return {
            "organisation": organisation,
            "first": first,
            "second": second,
            "first_root": _hex(log.root(organisation, first)),
            "second_root": _hex(log.root(organisation, second)),
            "proof": [_hex(each) for each in log.consistency(organisation, first, second)],
        }


def leaves(database: Database, organisation: int, first: int, count: int) -> Json:
    """The hashes of up to `count` events from `first` on: an auditor makes the anchored roots of them.

    They tell nothing of the packs: serial numbers that are still in use are not for everyone to read.

    Raises:
        InvalidInputError: `first` or `count` is out of range.
        NotFoundError: No organisation has this number.
    """
    log = UnitLog(database)
    with ReadModel(database).snapshot():
        _require_size(database, organisation, first, "first")
        if not 0 < count <= MAX_LEAVES:
            raise InvalidInputError(f"1 to {MAX_LEAVES:,} hashes are given at once.", field="count")
        found = log.leaves(organisation, first, count)
        return {"organisation": organisation, "first": first, "leaves": [_hex(each) for each in found]}


def anchor_json(anchor: Anchor) -> Json:
    """An anchor as the API shows it.

    Args:
        anchor: As it stands on the chain.
    """
    return {
        "digest": _hex(anchor.digest),
        "count": anchor.count,
        "root": _hex(anchor.root),
        "previous": _hex(anchor.previous),
        "recorded": recorded_json(anchor.recorded),
    }


def _holds(log: UnitLog, anchor: Anchor) -> bool:
    """Whether the log kept here is the one that was anchored."""
    return anchor.count <= log.size(anchor.organisation) and (
        log.root(anchor.organisation, anchor.count) == anchor.root
    )


def _require_organisation(read_model: ReadModel, number: int) -> None:
    if not 0 < number <= MAX_ORGANISATION or read_model.organisation(number) is None:
        advice = "GET /v1/organisations lists those there are."
        raise NotFoundError(f"No organisation has the number {number}.", advice=advice, field="number")


def _require_size(database: Database, organisation: int, size: int, field: str) -> None:
    _require_organisation(ReadModel(database), organisation)
    most = UnitLog(database).size(organisation)
    if not 0 <= size <= most:
        raise InvalidInputError(f"The log of organisation {organisation} has {most} events, not {size}.", field=field)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
