"""A declaration line beside what the ledger and earlier lines know of the goods that it names."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.conditions import LATEST_CAPTURE_SECONDS
from ledger.core.customs.journey import batch_goods
from ledger.core.wording import day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.core.attestation.coverage import Papers
    from ledger.core.customs.declaration import DeclarationLine
    from ledger.core.customs.journey import Goods, Journey
    from ledger.core.dossier import Dossier
    from ledger.core.facts import Organisation


class Earlier(NamedTuple):
    """Another line about the same SSCC, of another goods item, accepted before."""

    declaration_office_id: str
    declaration_id: str
    sequence_numeric: int
    accepted: int  # Unix seconds
    quantity: int  # units

    @property
    def country(self) -> str:
        """The country to which it was declared."""
        return self.declaration_office_id[:2]

    @property
    def words(self) -> str:
        """It for a person."""
        where = f"declaration {self.declaration_id} line {self.sequence_numeric} at {self.declaration_office_id}"
        return f"{where} of {day(self.accepted)}"


_NO_PAPERS: Final[Mapping[bytes, Papers]] = MappingProxyType({})


class Evidence(NamedTuple):
    """Everything that is known about what a line names; looked up by whoever can."""

    carried: tuple[Goods, ...] = ()  # what its SSCC carries, by batch
    batch: Dossier | None = None  # of its GTIN and lot
    licensee: Organisation | None = None  # whose company prefix GTIN or SSCC carries, where the goods are not known
    near_lots: tuple[str, ...] = ()  # of the same GTIN, one character apart, where the lot is not known
    consignee: Organisation | None = None  # whose GLN the line gives as its consignee
    earlier: tuple[Earlier, ...] = ()  # in the order in which they were accepted
    declared_before: int = 0  # units of the lot in earlier lines of the same country
    now: int = 0  # Unix seconds: what is recorded by then is known
    behind: bool = False  # the read model is: what it does not say proves nothing
    papers: Mapping[bytes, Papers] = _NO_PAPERS  # by batch, of protective equipment


class Case(NamedTuple):
    """What the rules look at."""

    line: DeclarationLine
    evidence: Evidence
    goods: tuple[Goods, ...]  # what the line means; none = not on the ledger
    journeys: tuple[Journey, ...]  # of all of them

    @property
    def arrival(self) -> int:
        """When the goods are declared to arrive, Unix seconds; if that is not said, when the line was accepted."""
        return self.line.arrival_date_time or self.line.acceptance_date_time

    @property
    def settled(self) -> bool:
        """Whether everything that happened before the arrival is on record, or can never be."""
        return self.evidence.now > self.arrival + LATEST_CAPTURE_SECONDS

    @property
    def here(self) -> frozenset[str]:
        """Where the line says that the goods end: the country that clears them, and where they are unloaded."""
        return frozenset({self.line.country, self.line.unloading_location_id[:2]})


def case_of(line: DeclarationLine, evidence: Evidence) -> Case:
    """Find what a line means.

    Args:
        line: The line.
        evidence: What is known.

    Returns:
        The case. An SSCC comes before GTIN and lot; where it carries several batches, the one that the line names.
    """
    goods = evidence.carried
    if goods:
        goods = tuple(each for each in goods if _is_of(each, line)) or goods
    elif evidence.batch is not None:
        consignee = evidence.consignee.number if evidence.consignee else 0
        goods = (batch_goods(evidence.batch, line.country, consignee),)
    return Case(line, evidence, goods, tuple(journey for each in goods for journey in each.journeys))


def _is_of(goods: Goods, line: DeclarationLine) -> bool:
    registration = goods.dossier.registration
    return (registration.gtin, registration.lot) == (line.gtin, line.lot)
