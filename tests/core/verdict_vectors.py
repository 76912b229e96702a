"""Verdict vectors: a ledger's facts, a question, a clock and the answer due, as JSON files that any program can read.

`tests/vectors/verdicts/README.md` tells the form. The files are written by `python -m tests.core.verdict_cases`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import IntFlag
from pathlib import Path
from typing import Any, get_args, get_type_hints

from ledger.core import facts
from ledger.core.dossier import Dossier
from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import Code, parse_code
from ledger.core.history import fold
from ledger.core.label_signature import label_key_id
from ledger.core.unit import UnitEvent, UnitFacts, UnitKind
from ledger.core.verdict import Question, Subject, Verdict, VerdictFacts, judge
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

FOLDER = Path(__file__).parents[1] / "vectors" / "verdicts"
HOSTS = ("lotproof.example",)
_NAMES = {
    "date": date,
    "Kind": Kind,
    "ProductClass": ProductClass,
    "Purpose": Purpose,
    "Role": Role,
    "UnitKind": UnitKind,
}


@dataclass(frozen=True)
class Vector:
    """One vector, as read."""

    description: str
    now: int
    code: str
    place: str | None
    at: int | None
    organisation: int | None
    as_of: facts.AsOf
    batches: tuple[facts.BatchFacts, ...]
    consignments: tuple[bytes, ...]  # for each batch what the SSCC names; empty bytes = the whole batch
    organisations: dict[int, facts.Organisation]
    keys: dict[bytes, facts.Key]
    licensee: int | None
    unit_events: tuple[UnitEvent, ...]  # signed about the pack that the code names
    unit: UnitFacts  # what else is known of that pack
    expected: dict[str, Any]

    def subjects(self) -> tuple[Subject, ...]:
        dossiers = [Dossier(fold(batch), self.organisations, self.keys, "Vaccine") for batch in self.batches]
        return tuple(Subject(dossier, each) for dossier, each in zip(dossiers, self.consignments, strict=True))

    def label_keys(self, code: Code | InvalidCodeError) -> tuple[facts.Key, ...]:
        """The keys that AI 91 names; where there are none, the maker's label keys."""
        if isinstance(code, InvalidCodeError) or not (code.label_key or code.label_signature):
            return ()
        named = tuple(key for name, key in self.keys.items() if label_key_id(name) == code.label_key)
        makers = {batch.registration.manufacturer for batch in self.batches} or {self.licensee}
        keys = (key for key in self.keys.values() if Purpose.LABELS in key.addition.purposes)
        return named or tuple(key for key in keys if key.addition.organisation in makers)

    def judged(self) -> Verdict:
        licensee = None if self.licensee is None else self.organisations[self.licensee]
        asker = self.organisations.get(self.organisation or 0)
        code, subjects = read_code(self.code, self.now), self.subjects()
        signers = tuple(self.organisations[number] for number in sorted({event.actor for event in self.unit_events}))
        unit = replace(self.unit, label_keys=self.label_keys(code), events=self.unit_events, signers=signers)
        known = VerdictFacts(self.as_of, subjects, licensee=licensee, asker=asker, unit=unit)
        question = Question(code, self.place, self.at, self.organisation)
        return judge(question, known, self.now)


def read_code(text: str, now: int) -> Code | InvalidCodeError:
    try:
        return parse_code(text, today=datetime.fromtimestamp(now, UTC).date(), hosts=HOSTS)
    except InvalidCodeError as error:
        return error


def to_json(value: Any) -> Any:  # noqa: PLR0911 - one line for each type
    """Write facts: records as objects, bytes as hexadecimal, dates as ISO 8601, words of a vocabulary by name."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, IntFlag):
        return [member.name for member in type(value) if member & value]
    if isinstance(value, (Kind, ProductClass, UnitKind)):
        return value.name
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return [to_json(each) for each in value.values()]
    return [to_json(each) for each in value] if isinstance(value, (list, tuple)) else value


def from_json(kind: Any, value: Any) -> Any:  # noqa: PLR0911 - one line for each type
    """Read what `to_json` wrote; the inverse for every type of `ledger.core.facts`."""
    if value is None or kind in (int, str, bool):
        return value
    if is_dataclass(kind):
        hints = get_type_hints(kind, vars(facts), _NAMES)
        return kind(**{name: from_json(hints[name], each) for name, each in value.items()})  # type: ignore[operator]  # hints give classes
    if kind is bytes:
        return bytes.fromhex(value[2:])
    if kind is date:
        return date.fromisoformat(value)
    if kind in (Role, Purpose):
        return kind(sum(kind[name] for name in value))
    if kind in (Kind, ProductClass, UnitKind):
        return kind[value]
    inner = get_args(kind)[0]
    return tuple(from_json(inner, each) for each in value) if isinstance(value, list) else from_json(inner, value)


def vector_of(raw: dict[str, Any]) -> Vector:
    """Read one file's content."""
    organisations = [from_json(facts.Organisation, each) for each in raw["ledger"]["organisations"]]
    keys = [from_json(facts.Key, each) for each in raw["ledger"]["keys"]]
    return Vector(
        description=raw["description"],
        now=raw["now"],
        code=raw["question"]["code"],
        place=raw["question"]["place"],
        at=raw["question"]["at"],
        organisation=raw["question"]["organisation"],
        as_of=from_json(facts.AsOf, raw["as_of"]),
        batches=tuple(from_json(facts.BatchFacts, each["facts"]) for each in raw["subjects"]),
        consignments=tuple(from_json(bytes, each["consignment"]) for each in raw["subjects"]),
        organisations={each.number: each for each in organisations},
        keys={each.addition.key: each for each in keys},
        licensee=raw["licensee"],
        unit_events=tuple(from_json(UnitEvent, each) for each in raw.get("unit_events", ())),
        unit=UnitFacts(**raw.get("unit", {})),
        expected=raw["expected"],
    )
