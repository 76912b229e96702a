"""The tables of an export for analysis: their columns, what each means, and how a stored value is told.

Hashes and identifiers are told as 0x hexadecimal text, GTIN, SSCC and GLN as text (leading zeros count), times in UTC.
What the ledger stores as zero or empty for "there is none" is null. All of it is what the chain says, but for
`unit_events`, which only their own installation has and which are exported only when asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.unit import UnitKind
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from enum import IntEnum, IntFlag

_LAST_SECOND: Final = 253_402_300_799  # 9999-12-31T23:59:59Z: on chain a time has 40 bits, a calendar fewer
Row = tuple[Any, ...]


class Form(NamedTuple):
    """How values of one sort are told: `type` for people and for Parquet, `told` from what the database holds."""

    type: str
    told: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export; `source` is the database's column, `recorded_at` the time of the row's block."""

    name: str
    form: Form
    about: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One table of an export; `source` is the database's table."""

    name: str
    source: str
    about: str
    columns: tuple[Column, ...]

    def reader(self, stored: Sequence[str]) -> Callable[[Row], Row]:
        """What turns a row of the columns `stored` into a row of this table's columns."""
        steps = [(stored.index(column.source or column.name), column.form.told) for column in self.columns]
        return lambda row: tuple([told(row[at]) for at, told in steps])


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _hex_or_none(value: bytes) -> str | None:
    return "0x" + value.hex() if any(value) else None


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC)


def _day(number: int) -> date | None:
    return date(number // 10000, number // 100 % 100, number % 100) if number else None


def _word(vocabulary: type[IntEnum]) -> Form:
    names = {each.value: each.name for each in vocabulary}
    return Form("text", lambda value: names[value])


def _words(flags: type[IntFlag]) -> Form:
    return Form("list of text", lambda value: [flag.name for flag in flags if flag & value])


HEX: Final = Form("hex", _hex)
MAYBE_HEX: Final = Form("hex or null", _hex_or_none)
WHOLE: Final = Form("integer", int)
MAYBE_WHOLE: Final = Form("integer or null", lambda value: value or None)
TEXT: Final = Form("text", str)
MAYBE_TEXT: Final = Form("text or null", lambda value: value or None)
TIME: Final = Form("time", _time)
MAYBE_TIME: Final = Form("time or null", lambda value: _time(value) if value else None)
DATE: Final = Form("date", _day)
MAYBE_DATE: Final = Form("date or null", _day)
YES_NO: Final = Form("boolean", bool)
LIST: Final = Form("list of text", str.split)

PLACE: Final = (
    Column("block", WHOLE, "Number of the block in which the chain recorded it."),
    Column("log_index", WHOLE, "Place among the block's logs; (block, log_index) is the order of the chain."),
    Column("recorded_at", TIME, "Time of that block."),
    Column("transaction", HEX, "Hash of the transaction.", "transaction_hash"),
)
_DIGEST: Final = Column("digest", HEX, "EIP-712 digest of the signed statement.")
_KEY: Final = Column("key", HEX, "Id of the key that signed: keys.key.")
_DETAILS: Final = Column("details", MAYBE_HEX, "Salted hash of the document behind it.")


def _chain_table(name: str, source: str, about: str, *columns: Column) -> ExportTable:
    return ExportTable(name, source, about, (*PLACE, *columns))


BATCHES: Final = _chain_table(
    "batches",
    "registrations",
    "Batches, one row each: what their makers registered.",
    _DIGEST,
    Column("batch", HEX, "Id of the batch, and of its first consignment."),
    Column("manufacturer", WHOLE, "Number of the maker: organisations.organisation."),
    Column("gtin", TEXT, "Trade item, 14 digits."),
    Column("lot", TEXT, "Batch or lot."),
    Column("product_class", _word(ProductClass), "VACCINE, MEDICINE, PPE or DEVICE."),
    Column("quantity", WHOLE, "Units in the batch."),
    Column("manufactured", MAYBE_DATE, "When it was made, where stated."),
    Column("expiry", DATE, "Last day of use."),
    Column("unit_root", MAYBE_HEX, "Merkle root of its serial numbers; null if it is not serialised."),
    _DETAILS,
    _KEY,
)
CUSTODY_EVENTS: Final = _chain_table(
    "custody_events",
    "custody_events",
    "Custody events, one row each.",
    _DIGEST,
    Column("batch", HEX, "Id of the consignment's batch; for a pallet, which may carry several, the pallet's own id."),
    Column("consignment", HEX, "What it is about: batches.batch, consignments.consignment or pallets.pallet."),
    Column("previous", HEX, "The consignment's head that the signer saw; an administration's sequence number."),
    Column("actor", WHOLE, "Number of the organisation that signed."),
    Column("kind", _word(Kind), "SHIP, RECEIVE, … : docs/statements.md."),
    Column("occurred_at", TIME, "When it happened, as the signer says."),
    Column("counterparty", MAYBE_WHOLE, "Number of the other organisation, where the kind has one."),
    Column("quantity", WHOLE, "Units, or consignments of a pallet."),
    Column("place", MAYBE_TEXT, "UN/LOCODE."),
    Column("parts", MAYBE_HEX, "Hash of what was passed beside the statement."),
    _DETAILS,
    _KEY,
)
CONSIGNMENTS: Final = _chain_table(
    "consignments",
    "consignment_splits",
    "Consignments that were split off, one row each. A batch's first consignment is its row in `batches`.",
    Column("consignment", HEX, "Id of the consignment."),
    Column("parent", HEX, "Id of what it was split off."),
    Column("batch", HEX, "Id of its batch."),
    Column("sscc", MAYBE_TEXT, "SSCC, 18 digits."),
    Column("quantity", WHOLE, "Units."),
    Column("digest", HEX, "Digest of the SPLIT: custody_events.digest."),
)
PALLETS: Final = _chain_table(
    "pallets",
    "pallets",
    "Pallets, one row each.",
    Column("pallet", HEX, "Id of the pallet, which is the digest of its PACK."),
    Column("number", WHOLE, "The how manieth of the ledger it is."),
    Column("sscc", MAYBE_TEXT, "SSCC, 18 digits."),
)
PACKINGS: Final = _chain_table(
    "packings",
    "packings",
    "What was put on pallets and taken off.",
    Column("consignment", HEX, "Id of the consignment."),
    Column("pallet", HEX, "Id of the pallet."),
    Column("packed", YES_NO, "true: put on; false: taken off."),
    Column("batch", HEX, "Id of the consignment's batch."),
)
ORGANISATIONS: Final = _chain_table(
    "organisations",
    "organisation_changes",
    "Organisations: a row for each accreditation and amendment, which holds from its block on.",
    Column("organisation", WHOLE, "Its number.", "number"),
    Column("authority", WHOLE, "Number of the authority that accredited it; its own if the council admitted it."),
    Column("name", TEXT, "Its name."),
    Column("country", TEXT, "ISO 3166-1, two letters."),
    Column("gln", MAYBE_TEXT, "GS1 Global Location Number, 13 digits."),
    Column("roles", _words(Role), "What it is accredited to do."),
    Column("prefixes", LIST, "GS1 Company Prefixes that it licenses."),
    Column("digest", MAYBE_HEX, "Digest of the accreditation; null if the council admitted it."),
)
SUSPENSIONS: Final = _chain_table(
    "suspensions",
    "suspensions",
    "Suspensions and their ends.",
    Column("organisation", WHOLE, "Its number.", "number"),
    Column("authority", WHOLE, "Number of the authority that decided."),
    Column("suspended", YES_NO, "true: from here on suspended; false: reinstated."),
    Column("digest", MAYBE_HEX, "Digest of the statement; null if the council decided."),
)
KEYS: Final = _chain_table(
    "keys",
    "key_additions",
    "Keys, one row each.",
    Column("key", HEX, "Id of the key: keccak256 of the signer."),
    Column("organisation", WHOLE, "Whose it is."),
    Column("signer", HEX, "20 bytes: an address; 64 bytes: a P-256 public key."),
    Column("purposes", _words(Purpose), "What it may sign."),
    Column("valid_from", MAYBE_TIME, "From when, if stated."),
    Column("valid_until", MAYBE_TIME, "Until when, if stated."),
    Column("digest", MAYBE_HEX, "Digest of the addition; null if it came with the council's admission."),
)
KEY_ENDINGS: Final = _chain_table(
    "key_endings",
    "key_endings",
    "Endings of keys, and doubts.",
    Column("key", HEX, "Id of the key."),
    Column("organisation", WHOLE, "Number of the organisation that ended it."),
    Column("doubt_since", MAYBE_TIME, "Since when it may have been stolen; null: never in doubt."),
    Column("digest", HEX, "Digest of the ending."),
)
ANCHORS: Final = _chain_table(
    "anchors",
    "anchors",
    "Anchors of the logs of events about single packs.",
    _DIGEST,
    Column("organisation", WHOLE, "Whose log."),
    Column("count", WHOLE, "Events in the log by then."),
    Column("root", HEX, "Root of the log's tree (RFC 6962)."),
    Column("previous", MAYBE_HEX, "Digest of the anchor that it continues; null for the first."),
    _KEY,
)
REFUSALS: Final = _chain_table(
    "refusals",
    "refusals",
    "Statements that the contract refused when they came in a batch of several.",
    Column("digest", HEX, "Digest of the statement."),
    Column("error_data", HEX, "The contract's error: selector and arguments, docs/contract.md."),
)
NOTICES: Final = _chain_table(
    "notices",
    "notices",
    "Pauses of the ledger, their ends, and the naming of a successor.",
    Column("name", TEXT, "StatementsPaused, StatementsResumed or SuccessorNamed."),
    Column("until", MAYBE_TIME, "When a pause ends."),
    Column("successor", MAYBE_HEX, "Address of the successor."),
)
CHAIN_TABLES: Final = (
    BATCHES,
    CUSTODY_EVENTS,
    CONSIGNMENTS,
    PALLETS,
    PACKINGS,
    ORGANISATIONS,
    SUSPENSIONS,
    KEYS,
    KEY_ENDINGS,
    ANCHORS,
    REFUSALS,
    NOTICES,
)
UNIT_EVENTS: Final = ExportTable(
    "unit_events",
    "unit_events",
    "Signed events about single packs. They are not on the chain and not public: keep this table to yourself.",
    (
        Column("organisation", WHOLE, "Number of the organisation that signed; each has a log of its own."),
        Column("position", WHOLE, "Place in that log, from 0."),
        _DIGEST,
        Column("kind", _word(UnitKind), "What was done with the pack: docs/statements.md."),
        Column("gtin", TEXT, "Trade item, 14 digits."),
        Column("lot", MAYBE_TEXT, "Batch or lot."),
        Column("serial", TEXT, "Serial number."),
        Column("occurred_at", TIME, "When it happened, as the signer says."),
        Column("place", MAYBE_TEXT, "UN/LOCODE."),
        Column("previous", MAYBE_HEX, "Of an UNDO: the digest of the DISPENSE that it takes back."),
        _DETAILS,
        _KEY,
        Column("received_at", TIME, "When this installation received it."),
    ),
)
TABLES: Final = {table.name: table for table in (*CHAIN_TABLES, UNIT_EVENTS)}


def described() -> dict[str, dict[str, dict[str, str]]]:
    """Type and meaning of every column, by table and column: the `schema.json` of an export."""
    return {
        table.name: {column.name: {"type": column.form.type, "about": column.about} for column in table.columns}
        for table in TABLES.values()
    }


def columns_page() -> str:
    """The same as Markdown: a heading and a table for each, as docs/export.md and an export's README have it."""
    parts = []
    for table in TABLES.values():
        rows = [f"| `{column.name}` | {column.form.type} | {column.about} |" for column in table.columns]
        heading = f"### {table.name}\n\n{table.about}\n\n| Column | Type | Meaning |\n|---|---|---|"
        parts.append("\n".join([heading, *rows]))
    return "\n\n".join(parts) + "\n"
