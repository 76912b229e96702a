"""STIX 2.1: writing messages as indicators and reports, and reading indicators of others.

What Lotproof looks for is none of STIX's own observables, so patterns name custom ones (`x-lotproof-…`), as the
standard allows (STIX 2.1, section 11.1); the grammar is the standard's (section 9). An object's identifier follows from
the statement's digest, so that everybody writes the same.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.errors import InvalidInputError
from ledger.core.intelligence.content import MAX_TITLE, MAX_WORDS
from ledger.core.intelligence.marking import STIX_IDS, Marking, definition, marking_of
from ledger.core.intelligence.pattern import Pattern, PatternKind, read_pattern
from ledger.core.intelligence.statements import Form
from ledger.core.keccak import keccak256

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.core.intelligence.content import Content
    from ledger.core.intelligence.statements import Intelligence

Json = dict[str, Any]
VERSION: Final = "2.1"
MOST_OBJECTS: Final = 1_000  # of one bundle
MAX_PATTERN: Final = 2_000  # characters
PREFIX_BYTES: Final = 6  # of a digest that stand unaltered in an identifier
_SOURCE: Final = "lotproof"
# By kind: the observable's path for each value; of a range the comparison too.
_PATHS: Final[dict[PatternKind, dict[str, str]]] = {
    PatternKind.LOT: {"lot": "x-lotproof-goods:lot =", "gtin": "x-lotproof-goods:gtin ="},
    PatternKind.GTIN: {"gtin": "x-lotproof-goods:gtin ="},
    PatternKind.SERIALS: {
        "gtin": "x-lotproof-goods:gtin =",
        "first": "x-lotproof-goods:serial >=",
        "last": "x-lotproof-goods:serial <=",
    },
    PatternKind.CERTIFICATE: {"number": "x-lotproof-certificate:number ="},
    PatternKind.COMPANY: {"name": "x-lotproof-company:name =", "gln": "x-lotproof-company:gln ="},
    PatternKind.ROUTE: {"from": "x-lotproof-route:origin =", "to": "x-lotproof-route:destination ="},
    PatternKind.SEAL: {"number": "x-lotproof-seal:number ="},
    PatternKind.FEATURE: {"text": "x-lotproof-packaging:feature ="},
}
_COMPARISON: Final = re.compile(r"\s*([a-z0-9-]+:[a-z_]+)\s*(=|>=|<=)\s*'((?:[^'\\]|\\.)*)'\s*")
_ID: Final = re.compile(r"[a-z-]{3,40}--([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")


class Draft(NamedTuple):
    """What an indicator or report of others says, to be issued as a message."""

    form: Form
    title: str
    words: str
    pattern: Pattern | None
    marking: Marking | None  # None: it bears none of TLP 2.0
    valid_until: int  # Unix seconds, 0 = open


def uuid_of(digest: bytes) -> str:
    """Give the UUID that a digest stands for: its first 16 bytes with the bits of version 4 (RFC 9562, section 5.4).

    Args:
        digest: At least 16 bytes.
    """
    raw = bytearray(digest[:16])
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def identity(number: int, name: str, ledger: bytes) -> Json:
    """Write an organisation.

    Args:
        number: On the ledger.
        name: Its name.
        ledger: Address of the contract, 20 bytes.
    """
    return {
        "type": "identity",
        "spec_version": VERSION,
        "id": identity_id(number, ledger),
        "created": "2020-01-01T00:00:00.000Z",
        "modified": "2020-01-01T00:00:00.000Z",
        "name": name,
        "identity_class": "organization",
    }


def identity_id(number: int, ledger: bytes) -> str:
    """Give the identifier of an organisation.

    Args:
        number: On the ledger.
        ledger: Address of the contract, 20 bytes.
    """
    return f"identity--{uuid_of(keccak256(ledger + number.to_bytes(4, 'big')))}"


def object_id(form: int, digest: bytes) -> str:
    """Give the identifier of a message.

    Args:
        form: An indicator or a bulletin.
        digest: Of its statement, 32 bytes.
    """
    return f"{'indicator' if form == Form.INDICATOR else 'report'}--{uuid_of(digest)}"


def prefix_of(identifier: str) -> bytes:
    """Give the first bytes of the digest that an identifier stands for; none if it is no identifier of ours.

    Args:
        identifier: Of an object.
    """
    found = _ID.fullmatch(identifier)
    return bytes.fromhex(found[1].replace("-", ""))[:PREFIX_BYTES] if found else b""


def write(statement: Intelligence, digest: bytes, content: Content, ledger: bytes, revoked_at: int = 0) -> Json:
    """Write a message as an indicator or a report.

    Args:
        statement: The statement.
        digest: Of it, 32 bytes.
        content: What it says.
        ledger: Address of the contract, 20 bytes.
        revoked_at: When it was withdrawn, Unix seconds; 0 if it stands.
    """
    issuer = identity_id(statement.issuer, ledger)
    issued = stix_time(statement.issued_at)
    told: Json = {
        "type": "indicator" if content.pattern else "report",
        "spec_version": VERSION,
        "id": object_id(statement.form, digest),
        "created_by_ref": issuer,
        "created": issued,
        "modified": stix_time(max(revoked_at, statement.issued_at + 1)) if revoked_at else issued,
        "name": content.title,
        "object_marking_refs": [STIX_IDS[Marking(statement.marking)]],
        "external_references": [{"source_name": _SOURCE, "external_id": "0x" + digest.hex()}],
    }
    if content.words:
        told["description"] = content.words
    if revoked_at:
        told["revoked"] = True
    return told | (_indicator(statement, content.pattern) if content.pattern else _report(issued, issuer))


def bundle(objects: Iterable[Json], markings: Iterable[Marking], digest: bytes) -> Json:
    """Put objects into a bundle, with the definitions of their markings.

    Args:
        objects: Indicators, reports and identities.
        markings: That they bear.
        digest: From which the bundle's identifier is made, at least 16 bytes.
    """
    definitions = [definition(marking) for marking in sorted(set(markings))]
    return {"type": "bundle", "id": f"bundle--{uuid_of(digest)}", "objects": [*definitions, *objects]}


def write_pattern(pattern: Pattern) -> str:
    """Write what an indicator looks for in STIX's pattern language.

    Args:
        pattern: What it looks for.
    """
    paths = _PATHS[pattern.kind]
    return f"[{' AND '.join(f'{paths[name]} {_quoted(value)}' for name, value in pattern.values)}]"


def parse_pattern(text: str, field: str) -> Pattern:
    """Read a pattern that compares Lotproof's observables.

    Args:
        text: One observation of comparisons joined by AND.
        field: Where it stands, for errors.

    Raises:
        InvalidInputError: It is none, or looks for something else.
    """
    pairs = _comparisons(text) if len(text) <= MAX_PATTERN else None
    for kind, paths in _PATHS.items() if pairs else ():
        names = {path: name for name, path in paths.items()}
        values = {names[path]: value for path, value in pairs or () if path in names}
        if len(values) == len(pairs or ()) and not (kind is PatternKind.LOT and "lot" not in values):
            return read_pattern({"kind": kind.value, **values}, field)
    raise InvalidInputError(
        "The pattern is none of those that Lotproof compares.",
        advice="docs/intelligence.md lists them: one observation of comparisons joined by AND.",
        field=field,
    )


def read_bundle(value: object) -> list[Draft]:
    """Read the indicators and reports of a bundle; its other objects are left out.

    Args:
        value: The decoded JSON.

    Raises:
        InvalidInputError: It is no bundle, or an indicator or report is malformed; `position` is that object's.
    """
    objects = value.get("objects") if isinstance(value, dict) and value.get("type") == "bundle" else None
    if not isinstance(objects, list) or len(objects) > MOST_OBJECTS:
        detail = f"A STIX 2.1 bundle of at most {MOST_OBJECTS:,} objects is expected."
        raise InvalidInputError(detail, field="bundle")
    drafts = []
    for position, each in enumerate(objects):
        if isinstance(each, dict) and each.get("type") in {"indicator", "report"} and not each.get("revoked"):
            try:
                drafts.append(_draft(each))
            except InvalidInputError as error:
                error.position = position
                raise
    return drafts


def stix_time(unix_seconds: int) -> str:
    """Write a time as STIX does (section 3.13), in milliseconds.

    Args:
        unix_seconds: Up to the year 9999.
    """
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _draft(told: Json) -> Draft:
    indicator = told["type"] == "indicator"
    if indicator and told.get("pattern_type") != "stix":
        raise InvalidInputError("The indicator's pattern is not one of STIX.", field="pattern_type")
    pattern = parse_pattern(str(told.get("pattern")), "pattern") if indicator else None
    title = _text(told.get("name") or (write_pattern(pattern) if pattern else ""), "name", MAX_TITLE)
    words = _text(told.get("description", ""), "description", MAX_WORDS)
    if not title.strip():
        raise InvalidInputError("A report has a name.", field="name")
    form = Form.INDICATOR if indicator else Form.BULLETIN
    return Draft(form, title, words, pattern, _marking(told), _until(told.get("valid_until")))


def _text(value: object, field: str, most: int) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise InvalidInputError("A text is expected.", field=field)
    return value[:most]


def _marking(told: Json) -> Marking | None:
    refs = told.get("object_marking_refs", [])
    found = [marking for ref in refs if (marking := marking_of(str(ref))) is not None] if isinstance(refs, list) else []
    return max(found, default=None)  # of several the narrowest


def _until(value: object) -> int:
    if value is None:
        return 0
    try:
        return int(datetime.fromisoformat(str(value)).timestamp())
    except (ValueError, OverflowError) as error:
        raise InvalidInputError("The time is none.", field="valid_until") from error


def _indicator(statement: Intelligence, pattern: Pattern) -> Json:
    until = {"valid_until": stix_time(statement.valid_until)} if statement.valid_until else {}
    return {
        "pattern": write_pattern(pattern),
        "pattern_type": "stix",
        "pattern_version": VERSION,
        "valid_from": stix_time(statement.issued_at),
        **until,
    }


def _report(issued: str, issuer: str) -> Json:
    return {"published": issued, "object_refs": [issuer]}  # a report must name an object


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _comparisons(text: str) -> list[tuple[str, str]] | None:
    """The comparisons of one observation: path with operator, and value; None if it is anything else."""
    inner = text.strip()
    if not (inner.startswith("[") and inner.endswith("]")):
        return None
    inner, pairs, at = inner[1:-1], [], 0
    while found := _COMPARISON.match(inner, at):
        pairs.append((f"{found[1]} {found[2]}", re.sub(r"\\(.)", r"\1", found[3])))
        at = found.end()
        if at == len(inner):
            return pairs if len({path for path, _ in pairs}) == len(pairs) else None
        if not inner.startswith("AND", at):
            return None
        at += len("AND")
    return None
