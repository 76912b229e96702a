"""Score every declaration of a batch when it is accepted, with what the ledger knows by then; and once more later.

Beside it stands what a declaration shows without any ledger: the rules that customs administrations use on declarations
alone, as far as they can be stated in a few lines.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.customs.case import Earlier, Evidence
from ledger.core.customs.goods_rules import near_lots
from ledger.core.customs.journey import named_goods
from ledger.core.customs.score import Score, score
from sim.custody import gln_of
from sim.papers import UNIT_KG, UNIT_VALUE
from sim.shipments import batch
from sim.world import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.core.customs.declaration import DeclarationLine
    from ledger.core.dossier import Dossier
    from ledger.core.facts import Organisation
    from sim.papers import Declared
    from sim.shipments import Batch

LOOK_AT: Final = 30  # of 100: the risk from which a line counts as pointed out
SETTLED: Final = 45 * DAY  # after the last declaration: records may be 30 days late
# The rules on declarations alone, with the points that each gives; a mass or value is judged against the product's own.
ALONE: Final = {
    "declared twice here": 40,
    "origin not on the route": 15,
    "mass out of line": 30,
    "value out of line": 25,
    "new importer": 20,
}
MASS_TOLERANCE: Final = 0.2
VALUE_TOLERANCE: Final = 0.4


class Answer(NamedTuple):
    """What was said of one declaration."""

    kind: str
    named: bool  # whether it names anything of the ledger
    risk: int
    signals: tuple[str, ...]
    later_risk: int
    later_signals: tuple[str, ...]
    alone: int  # points of the declaration alone
    alone_signals: tuple[str, ...]


@dataclass
class Outcome:
    """The answers of many batches."""

    answers: list[Answer] = field(default_factory=list)
    noise: Counter[str] = field(default_factory=Counter)

    def add(self, other: Outcome) -> None:
        """Take in the answers of others."""
        self.answers += other.answers
        self.noise.update(other.noise)


def cleared(seed: int, first: int, count: int) -> Outcome:
    """Simulate some batches.

    Args:
        seed: Of the generator.
        first: The first batch's number.
        count: How many.
    """
    outcome = Outcome()
    for number in range(first, first + count):
        made = batch(seed, number)
        outcome.noise.update(made.noise)
        outcome.answers += _answers(made)
    return outcome


def _answers(made: Batch) -> list[Answer]:
    lines = [(each, made.declared[:index]) for index, each in enumerate(made.declared)]
    end = lines[-1][0].line.acceptance_date_time + SETTLED
    then = [_score(made, each, before, each.line.acceptance_date_time + HOUR) for each, before in lines]
    later = [_score(made, each, before, end) for each, before in lines]
    return [
        _answer(each, at_once, settled, tuple(_alone(each, before)))
        for (each, before), at_once, settled in zip(lines, then, later, strict=True)
    ]


def _answer(declared: Declared, then: Score, later: Score, alone: tuple[str, ...]) -> Answer:
    return Answer(
        declared.kind,
        declared.line.names_goods,
        then.risk,
        tuple(hit.signal for hit in then.hits),
        later.risk,
        tuple(hit.signal for hit in later.hits),
        sum(ALONE[rule] for rule in alone),
        alone,
    )


def _score(made: Batch, declared: Declared, before: list[Declared], at: int) -> Score:
    line = declared.line
    dossiers = [found for book in made.books if (found := book.dossier(at)) is not None]
    named = [(dossier, state.id) for dossier in dossiers for state in dossier.history.states.values()]
    carried = tuple(
        named_goods(dossier, each)
        for dossier, each in named
        if line.sscc and dossier.history.states[each].sscc == line.sscc
    )
    known = next((each for each in dossiers if line.gtin and each.registration.lot == line.lot), None)
    there = known is not None or (bool(carried) and not line.gtin) or not line.names_goods
    others = [each.line for each in before if each.line.sscc == line.sscc != ""]
    return score(
        line,
        Evidence(
            carried=carried,
            batch=known,
            licensee=None if carried or (there and not line.sscc) else made.books[0].organisation(made.maker),
            near_lots=near_lots(line.lot, _registered(made, dossiers)) if line.gtin and known is None else (),
            consignee=_company(made, line),
            earlier=tuple(map(_earlier, others)),
            declared_before=_declared_before(line, before),
            now=at,
        ),
    )


def _registered(made: Batch, dossiers: list[Dossier]) -> tuple[str, ...]:
    """The product's lots that are registered: those of other batches, and of this one what is known."""
    own = made.books[0].registration.lot
    return (*(lot for lot in made.lots if lot != own), *(each.registration.lot for each in dossiers))


def _company(made: Batch, line: DeclarationLine) -> Organisation | None:
    gln = line.consignee
    number = int(gln[2:12]) if gln.startswith("40") and gln.isdigit() else 0
    if not number or gln != gln_of(number):
        return None
    found = made.books[0].organisation(number)
    return found if found.changes[0].gln == gln else None


def _earlier(line: DeclarationLine) -> Earlier:
    return Earlier(
        line.declaration_office_id,
        line.declaration_id,
        line.sequence_numeric,
        line.acceptance_date_time,
        line.tariff_quantity,
    )


def _declared_before(line: DeclarationLine, before: list[Declared]) -> int:
    return sum(
        each.line.tariff_quantity
        for each in before
        if (each.line.gtin, each.line.lot, each.line.country) == (line.gtin, line.lot, line.country) and line.gtin
    )


def _alone(declared: Declared, before: list[Declared]) -> Iterator[str]:
    """What the declaration alone shows, with the administration's own earlier ones beside it."""
    line = declared.line
    mine = [each.line for each in before if each.line.country == line.country]
    if any(_same_goods(line, each) for each in mine):
        yield "declared twice here"
    if line.origin_country_code not in {*(place[:2] for place in line.route), line.export_country_id}:
        yield "origin not on the route"
    units = line.tariff_quantity
    if units and abs(line.net_net_weight_measure / units / UNIT_KG - 1) > MASS_TOLERANCE:
        yield "mass out of line"
    if units and abs(line.customs_value_amount / units / UNIT_VALUE - 1) > VALUE_TOLERANCE:
        yield "value out of line"
    if declared.new_importer:
        yield "new importer"


def _same_goods(line: DeclarationLine, other: DeclarationLine) -> bool:
    """The same carton for the whole of the same quantity: parts have other quantities."""
    return line.sscc == other.sscc != "" and line.tariff_quantity == other.tariff_quantity
