"""How each fact stands in its table, and back: one `Codec` per kind of fact, with its prepared SQL.

The SQL text of reads is compiled once by SQLAlchemy from the schema and then run by the driver itself, which is where
the time goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from ledger.core import facts
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role
from ledger.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Table

    from ledger.store.engine import Connection

Row = tuple[Any, ...]
_KINDS: Final = {kind.value: kind for kind in Kind}  # a dictionary answers faster than calling the enumeration
_DIALECT: Final = sqlite.dialect(paramstyle="qmark")


@dataclass(frozen=True, slots=True)
class Codec:
    """How one kind of fact is written and read.

    Attributes:
        table: Where it stands.
        select: SQL up to and without WHERE; its rows are what `fact` takes.
        row: The values of a fact, place in the chain first.
        fact: A fact of a row whose last value is the block's time.
        batch_at: Where in the row the batch belongs, if `row` gives a consignment there whose batch must be looked up.
    """

    table: Table
    select: str
    row: Callable[[Any], Row]
    fact: Callable[[Row], Any]
    batch_at: int | None = None


def select_sql(table: Table) -> str:
    """Every column of `table` with the time of its block last, up to and without WHERE."""
    joined = table.join(schema.blocks, schema.blocks.c.number == table.c.block)
    return str(select(*table.c, schema.blocks.c.time).select_from(joined).compile(dialect=_DIALECT))


def _place(fact: Any) -> Row:  # noqa: ANN401 - any fact; a union would cost a cast at each caller
    recorded = fact.recorded
    return (recorded.block, recorded.log_index, recorded.transaction)


def _recorded(row: Row) -> facts.Recorded:
    return facts.Recorded(row[0], row[1], row[-1], row[2])


def _date(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100)


def _number(day: date | None) -> int:
    return 0 if day is None else day.year * 10000 + day.month * 100 + day.day


def _registration_row(f: facts.Registration) -> Row:
    product_class, manufactured, expiry = int(f.product_class), _number(f.manufactured), _number(f.expiry)
    about = (f.digest, f.batch, f.manufacturer, f.gtin, f.lot, product_class, f.quantity, manufactured, expiry)
    return (*_place(f), *about, f.unit_root, f.details, f.key)


def _registration(row: Row) -> facts.Registration:
    _, _, _, digest, batch, manufacturer, gtin, lot, product, quantity, made, expiry, root, details, key, _ = row
    manufactured = _date(made) if made else None
    return facts.Registration(
        digest,
        batch,
        manufacturer,
        gtin,
        lot,
        ProductClass(product),
        quantity,
        manufactured,
        _date(expiry),
        root,
        details,
        key,
        _recorded(row),
    )


def _event_row(f: facts.CustodyEvent) -> Row:
    recorded = f.recorded
    own = f.digest if f.kind == Kind.PACK else f.consignment  # a pallet's id is the digest of what packed it
    return (
        recorded.block,
        recorded.log_index,
        recorded.transaction,
        f.digest,
        own,
        f.consignment,
        f.previous,
        f.actor,
        int(f.kind),
        f.occurred_at,
        f.counterparty,
        f.quantity,
        f.place,
        f.parts,
        f.details,
        f.key,
    )


def _event(row: Row) -> facts.CustodyEvent:
    _, _, _, digest, _, consignment, previous, actor, kind, occurred, counterparty, quantity, place, *hashes, _ = row
    parts, details, key = hashes
    return facts.CustodyEvent(
        digest,
        consignment,
        previous,
        actor,
        _KINDS[kind],
        occurred,
        counterparty,
        quantity,
        place,
        parts,
        details,
        key,
        _recorded(row),
    )


def _child_row(f: facts.Child) -> Row:
    return (*_place(f), f.consignment, f.parent, f.batch, f.sscc or "", f.quantity, f.digest)


def _child(row: Row) -> facts.Child:
    _, _, _, consignment, parent, batch, sscc, quantity, digest, _ = row
    return facts.Child(consignment, parent, batch, sscc or None, quantity, digest, _recorded(row))


def _pallet_row(f: facts.Pallet) -> Row:
    return (*_place(f), f.pallet, f.number, f.sscc or "")


def _pallet(row: Row) -> facts.Pallet:
    return facts.Pallet(row[3], row[4], row[5] or None, _recorded(row))


def _packing_row(f: facts.Packing) -> Row:
    return (*_place(f), f.consignment, f.pallet, int(f.packed), f.consignment)


def _packing(row: Row) -> facts.Packing:
    return facts.Packing(row[3], row[4], bool(row[5]), _recorded(row))


def _change_row(f: facts.OrganisationChange) -> Row:
    prefixes = " ".join(f.prefixes)
    return (*_place(f), f.number, f.authority, f.name, f.country, f.gln, int(f.roles), prefixes, f.digest)


def _change(row: Row) -> facts.OrganisationChange:
    _, _, _, number, authority, name, country, gln, roles, prefixes, digest, _ = row
    licensed = tuple(prefixes.split())
    return facts.OrganisationChange(
        number, authority, name, country, gln, Role(roles), licensed, digest, _recorded(row)
    )


def _suspension_row(f: facts.Suspension) -> Row:
    return (*_place(f), f.number, f.authority, int(f.suspended), f.digest)


def _suspension(row: Row) -> facts.Suspension:
    return facts.Suspension(row[3], row[4], bool(row[5]), row[6], _recorded(row))


def _addition_row(f: facts.KeyAddition) -> Row:
    return (*_place(f), f.key, f.organisation, f.signer, int(f.purposes), f.valid_from, f.valid_until, f.digest)


def _addition(row: Row) -> facts.KeyAddition:
    _, _, _, key, organisation, signer, purposes, valid_from, valid_until, digest, _ = row
    return facts.KeyAddition(
        key, organisation, signer, Purpose(purposes), valid_from, valid_until, digest, _recorded(row)
    )


def _ending_row(f: facts.KeyEnding) -> Row:
    return (*_place(f), f.key, f.organisation, f.doubt_since, f.digest)


def _anchor_row(f: facts.Anchor) -> Row:
    return (*_place(f), f.digest, f.organisation, f.count, f.root, f.previous, f.key)


def _refusal_row(f: facts.Refusal) -> Row:
    return (*_place(f), f.digest, f.error_data)


def _notice_row(f: facts.Notice) -> Row:
    return (*_place(f), f.name, f.until, f.successor)


def _plain(kind: Callable[..., Any]) -> Callable[[Row], Any]:
    """A fact whose fields are its row's columns as they stand."""
    return lambda row: kind(*row[3:-1], _recorded(row))


def _codec(
    table: Table, row: Callable[[Any], Row], fact: Callable[[Row], Any], *, batch_at: int | None = None
) -> Codec:
    return Codec(table, select_sql(table), row, fact, batch_at)


CODECS: Final[dict[type, Codec]] = {
    facts.Registration: _codec(schema.registrations, _registration_row, _registration),
    facts.Child: _codec(schema.consignment_splits, _child_row, _child),  # before those that look a batch up
    facts.CustodyEvent: _codec(schema.custody_events, _event_row, _event, batch_at=4),
    facts.Pallet: _codec(schema.pallets, _pallet_row, _pallet),
    facts.Packing: _codec(schema.packings, _packing_row, _packing, batch_at=6),
    facts.OrganisationChange: _codec(schema.organisation_changes, _change_row, _change),
    facts.Suspension: _codec(schema.suspensions, _suspension_row, _suspension),
    facts.KeyAddition: _codec(schema.key_additions, _addition_row, _addition),
    facts.KeyEnding: _codec(schema.key_endings, _ending_row, _plain(facts.KeyEnding)),
    facts.Anchor: _codec(schema.anchors, _anchor_row, _plain(facts.Anchor)),
    facts.Refusal: _codec(schema.refusals, _refusal_row, _plain(facts.Refusal)),
    facts.Notice: _codec(schema.notices, _notice_row, _plain(facts.Notice)),
}


def read(connection: Connection, kind: type, where: str, values: Row) -> list[Any]:
    """The facts of `kind` that `where` (a constant, with its ORDER BY) selects."""
    codec = CODECS[kind]
    return list(map(codec.fact, connection.execute(codec.select + where, values)))
