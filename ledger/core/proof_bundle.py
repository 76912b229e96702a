"""A proof bundle as a file: one JSON object in its one canonical form, or no bundle at all.

Whatever could be written in two ways is refused: the bytes must be those that `write_bundle` makes of what was read. So
no field can be added, dropped, doubled, moved or respelled, and each that is there is one that `proof` checks.
docs/proofs.md describes every field for whoever writes another verifier.

Source: RFC 8785 (JSON canonicalisation), whose form this is for texts of ASCII and whole numbers below 2^53.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ledger.core.errors import InvalidProofError, InvalidStatementError
from ledger.core.nesting import is_nested_deeper
from ledger.core.structs import BatchRegistration, Bundle, CustodyStatement, TypedStatement

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT: Final = "lotproof-proof-1"
MAX_BYTES: Final = 16 << 20  # 2,000 events on a chain as deep as Ethereum's need about 12 MB
MAX_EVENTS: Final = 2_000
_MAX_DEPTH: Final = 4  # object, list, object, message
_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})*")
_MAX_DIGITS: Final = 100  # of a number; a chain id has 78 at most

T = TypeVar("T")
S = TypeVar("S", bound=TypedStatement)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed what. `signature` is None for a wallet (ERC-1271), which only the chain could ask."""

    signer: bytes
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    """A custody event; `signed` is None if one of the bundles signs it."""

    statement: CustodyStatement
    attachment: bytes
    signed: Signed | None


@dataclass(frozen=True, slots=True)
class SignedBundle:
    """One signature over many events, of which this proof may need only some."""

    statement: Bundle
    digests: tuple[bytes, ...]  # of all its events
    signed: Signed


@dataclass(frozen=True, slots=True)
class UnitPath:
    """What shows that a serial number is under the batch's unit root."""

    salt: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ProofBundle:
    """Everything that proves what the ledger says of one code, at one block."""

    chain_id: int
    ledger: bytes  # address of the contract
    gtin: str  # 14 digits
    lot: str
    serial: str | None
    unit: UnitPath | None
    registration: BatchRegistration
    registered: Signed
    events: tuple[ProvenEvent, ...]
    bundles: tuple[SignedBundle, ...]  # ascending by digests
    label_keys: tuple[bytes, ...]  # P-256 keys of the maker, ascending
    immutables: tuple[bytes, ...]  # what the contract's code holds beside the published one
    header: bytes
    state: tuple[bytes, ...]  # nodes of the state trie, ascending by hash
    storage: tuple[bytes, ...]  # nodes of the contract's storage trie, ascending by hash


def write_bundle(bundle: ProofBundle) -> bytes:
    """Write a bundle.

    Args:
        bundle: What it holds.

    Returns:
        Its one form: JSON in ASCII, keys sorted, without spaces or line ends.
    """
    document = {
        "format": FORMAT,
        "chain_id": bundle.chain_id,
        "ledger": _hex(bundle.ledger),
        "code": {"gtin": bundle.gtin, "lot": bundle.lot, "serial": bundle.serial},
        "unit": None if bundle.unit is None else _unit_json(bundle.unit),
        "registration": {"message": bundle.registration.message(), **_signed_json(bundle.registered)},
        "events": [_event_json(event) for event in bundle.events],
        "bundles": [
            {"message": each.statement.message(), "digests": _all_hex(each.digests), **_signed_json(each.signed)}
            for each in bundle.bundles
        ],
        "label_keys": _all_hex(bundle.label_keys),
        "immutables": _all_hex(bundle.immutables),
        "header": _hex(bundle.header),
        "state": _all_hex(bundle.state),
        "storage": _all_hex(bundle.storage),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def read_bundle(data: bytes) -> ProofBundle:
    """Read a bundle.

    Args:
        data: The file, whole.

    Returns:
        What it holds; nothing of it is proved yet.

    Raises:
        InvalidProofError: It is not a bundle in its canonical form; `field` says where, if one place is at fault.
    """
    fields = _Fields(_parsed(data), "", _TOP)
    if fields.values["format"] != FORMAT:
        raise _malformed("format", f"This program reads {FORMAT}.")
    bundle = _bundle(fields)
    if write_bundle(bundle) != data:
        raise _malformed(
            "bundle", "It is not in canonical form: sorted keys, no spaces, lower-case hexadecimal digits."
        )
    return bundle


_TOP: Final = frozenset(
    "format chain_id ledger code unit registration events bundles label_keys immutables header state storage".split()
)


def _parsed(data: bytes) -> object:
    if len(data) > MAX_BYTES:
        raise _malformed("bundle", f"It has {len(data):,} bytes; at most {MAX_BYTES:,} are read.")
    try:
        text = data.decode("ascii")
        if is_nested_deeper(text, _MAX_DEPTH):
            raise _malformed("bundle", "It is nested too deep.")
        return json.loads(text, parse_int=_whole)
    except ValueError as error:
        raise _malformed("bundle", "It is not JSON in ASCII.") from error


def _whole(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(digits[:_MAX_DIGITS])
    return int(digits)


class _Fields:
    """An object that has exactly the fields it should, read one by one."""

    def __init__(self, value: object, path: str, names: frozenset[str]) -> None:
        if not isinstance(value, dict) or value.keys() != names:
            raise _malformed(path or "bundle", f"An object with the fields {', '.join(sorted(names))} is expected.")
        self.values: dict[str, Any] = value
        self._path = path

    def place(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def number(self, name: str) -> int:
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise _malformed(self.place(name), "A whole number is expected.")
        return value

    def text(self, name: str) -> str:
        value = self.values[name]
        if not isinstance(value, str) or not value.isascii():
            raise _malformed(self.place(name), "A text in ASCII is expected.")
        return value

    def octets(self, name: str, size: int | None = None) -> bytes:
        return _octets(self.values[name], self.place(name), size)

    def many(self, name: str, read: Callable[[object, str], T], most: int | None = None) -> tuple[T, ...]:
        value = self.values[name]
        if not isinstance(value, list) or (most is not None and len(value) > most):
            raise _malformed(
                self.place(name), f"A list of at most {most} is expected." if most else "A list is expected."
            )
        return tuple(read(item, f"{self.place(name)}[{index}]") for index, item in enumerate(value))


def _bundle(fields: _Fields) -> ProofBundle:
    code = _Fields(fields.values["code"], "code", frozenset({"gtin", "lot", "serial"}))
    registration = _Fields(fields.values["registration"], "registration", _SIGNED | {"message"})
    return ProofBundle(
        chain_id=fields.number("chain_id"),
        ledger=fields.octets("ledger", 20),
        gtin=code.text("gtin"),
        lot=code.text("lot"),
        serial=None if code.values["serial"] is None else code.text("serial"),
        unit=_unit(fields.values["unit"]),
        registration=_statement(BatchRegistration, registration),
        registered=_signed(registration),
        events=fields.many("events", _event, MAX_EVENTS),
        bundles=fields.many("bundles", _signed_bundle, MAX_EVENTS),
        label_keys=fields.many("label_keys", _octets),
        immutables=fields.many("immutables", _word),
        header=fields.octets("header"),
        state=fields.many("state", _octets),
        storage=fields.many("storage", _octets),
    )


_SIGNED: Final = frozenset({"signer", "signature"})
_EVENT: Final = _SIGNED | {"message", "attachment"}
_BUNDLE: Final = _SIGNED | {"message", "digests"}


def _event(value: object, path: str) -> ProvenEvent:
    fields = _Fields(value, path, _EVENT)
    signed = None if fields.values["signer"] is None and fields.values["signature"] is None else _signed(fields)
    return ProvenEvent(_statement(CustodyStatement, fields), fields.octets("attachment"), signed)


def _signed_bundle(value: object, path: str) -> SignedBundle:
    fields = _Fields(value, path, _BUNDLE)
    return SignedBundle(_statement(Bundle, fields), fields.many("digests", _word), _signed(fields))


def _signed(fields: _Fields) -> Signed:
    signature = None if fields.values["signature"] is None else fields.octets("signature")
    return Signed(fields.octets("signer"), signature)


def _unit(value: object) -> UnitPath | None:
    if value is None:
        return None
    fields = _Fields(value, "unit", frozenset({"salt", "path"}))
    return UnitPath(fields.octets("salt", 32), fields.many("path", _word, 64))


def _statement(kind: type[S], fields: _Fields) -> S:
    """Read a message in the one form that `message()` gives it; wider readings are for whoever signs."""
    path = fields.place("message")
    message = _Fields(fields.values["message"], path, frozenset(member.name for member in kind.MEMBERS))
    values = {
        member.attribute: message.octets(member.name)
        if member.kind.startswith("bytes")
        else message.values[member.name]
        for member in kind.MEMBERS
    }
    try:
        return kind(**values)
    except InvalidStatementError as error:
        raise _malformed(f"{path}.{error.field}", error.detail) from error


def _octets(value: object, path: str, size: int | None = None) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value) or size not in (None, len(value) // 2 - 1):
        words = "Bytes" if size is None else f"{size} bytes"
        raise _malformed(path, f"{words} are expected, as 0x and lower-case hexadecimal digits.")
    return bytes.fromhex(value[2:])


def _word(value: object, path: str) -> bytes:
    return _octets(value, path, 32)


def _signed_json(signed: Signed | None) -> dict[str, str | None]:
    if signed is None:
        return {"signer": None, "signature": None}
    return {"signer": _hex(signed.signer), "signature": None if signed.signature is None else _hex(signed.signature)}


def _event_json(event: ProvenEvent) -> dict[str, Any]:
    return {
        "message": event.statement.message(),
        "attachment": _hex(event.attachment),
        **_signed_json(event.signed),
    }


def _unit_json(unit: UnitPath) -> dict[str, Any]:
    return {"salt": _hex(unit.salt), "path": _all_hex(unit.path)}


def _all_hex(values: tuple[bytes, ...]) -> list[str]:
    return [_hex(value) for value in values]


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _malformed(field: str, words: str) -> InvalidProofError:
    return InvalidProofError(f"This is not a proof bundle: {words}", rule="form", field=field)
