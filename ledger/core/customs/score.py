"""Score a declaration line: every signal that it gives, with reasons, and one number to rank it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.customs import goods_rules, repeat_rules, route_rules
from ledger.core.customs.case import case_of
from ledger.core.customs.signals import SIGNALS, Hit, risk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.core.customs.case import Case, Evidence
    from ledger.core.customs.declaration import DeclarationLine

# What a line names, as the ledger knows it.
CONSIGNMENT: Final = "consignment"
BATCH: Final = "batch"
NOT_FOUND: Final = "not_found"  # of somebody on the ledger, who never recorded it
NOT_ON_LEDGER: Final = "not_on_ledger"  # of nobody on the ledger
NO_REFERENCE: Final = "no_reference"
MATCHES: Final = {
    CONSIGNMENT: "The ledger knows the consignment that the SSCC names.",
    BATCH: "The ledger knows the batch; which of its consignments this is, the line does not say.",
    NOT_FOUND: "The code is of a company on the ledger; the ledger does not know the goods.",
    NOT_ON_LEDGER: "Neither goods nor maker are on this ledger: it can say nothing about them.",
    NO_REFERENCE: "The line names neither GTIN with lot nor SSCC: the ledger can say nothing of it. That is no risk.",
}
BEHIND: Final = "The ledger's latest records are missing here: what it does not know was not held against the line."
RULES: Final[tuple[Callable[[Case], Iterator[Hit]], ...]] = (
    goods_rules.identity,
    goods_rules.quantity,
    repeat_rules.repetition,
    route_rules.whereabouts,
    route_rules.route,
    route_rules.consignee,
    route_rules.times,
    goods_rules.trust,
    goods_rules.stops,
    goods_rules.certificates,
)


class Score(NamedTuple):
    """What the ledger says of a line."""

    risk: int  # 0 to 100; an order, not a probability
    match: str  # a key of `MATCHES`
    hits: tuple[Hit, ...]  # heaviest first
    behind: bool  # whether the ledger's latest records were missing

    def to_json(self) -> dict[str, Any]:
        """Give it as it is kept and shown."""
        return {
            "risk": self.risk,
            "match": self.match,
            "detail": f"{MATCHES[self.match]} {BEHIND}" if self.behind else MATCHES[self.match],
            "signals": [
                {"signal": hit.signal, "weight": SIGNALS[hit.signal].weight, "reason": hit.reason} for hit in self.hits
            ],
        }


def score(line: DeclarationLine, evidence: Evidence) -> Score:
    """Score a line.

    Args:
        line: The line.
        evidence: What the ledger and earlier lines know of what it names.

    Returns:
        Its signals, each once, and its risk. Without a reference to the ledger there is neither.
    """
    if not line.names_goods:
        return Score(0, NO_REFERENCE, (), behind=False)
    case = case_of(line, evidence)
    found: dict[str, Hit] = {}
    for rule in RULES:
        for hit in rule(case):
            found.setdefault(hit.signal, hit)
    hits = tuple(sorted(found.values(), key=lambda hit: -SIGNALS[hit.signal].weight))
    return Score(risk(hits), _match(case), hits, evidence.behind)


def _match(case: Case) -> str:
    if case.goods:
        return CONSIGNMENT if case.goods[0].exact else BATCH
    return NOT_FOUND if case.evidence.licensee is not None else NOT_ON_LEDGER
