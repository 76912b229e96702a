"""What is declared of a shipment, with the slips and gaps of honest papers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.customs.declaration import DeclarationLine
from sim.custody import checked, gln_of
from sim.world import DAY, HOUR

if TYPE_CHECKING:
    from random import Random

    from sim.passages import Leg
    from sim.world import Organisation, World

HONEST: Final = "honest"
DIVERSION: Final = "diversion"
OVER: Final = "over-declaration"
DOUBLE: Final = "double declaration"
CLONE: Final = "clone"
STOLEN_KEY: Final = "stolen key"
FRAUDS: Final = (DIVERSION, OVER, DOUBLE, CLONE, STOLEN_KEY)
HS: Final = "300241"
UNIT_KG: Final = 0.035  # net, of a vial in its box
UNIT_VALUE: Final = 9.0  # USD
SLIP_IN_LOT: Final = 0.008
SLIP_IN_QUANTITY: Final = 0.005
OTHER_SITE: Final = 0.04  # the consignee declares with the GLN of another of its sites
AFFILIATE: Final = 0.01  # another organisation on the ledger, of the same country, stands as consignee
NATIONAL_NUMBER: Final = 0.25  # consignees declared by a number that is no GLN
NEW_IMPORTER: Final = 0.03
NEW_OUTSIDER: Final = 0.6  # of importers in frauds by outsiders
NO_ARRIVAL: Final = 0.2  # lines without a time of arrival
BEFORE_ARRIVAL: Final = 0.6  # lines accepted before the goods are there
WRONG_MASS: Final = 0.01
MASS_OF_THE_PAPERS: Final = 0.3  # of over-declarations: the mass is that of the true consignment
EXPORT_NAMED: Final = 0.8  # lines with the country of export
WHOLE_ROUTE: Final = 0.7  # of transshipments: the route is declared whole; of the others only the hub
WHENCE_FORGOTTEN: Final = 0.1  # of transshipments: the hub's country stands as country of export
# What a line names: SSCC with GTIN and lot, GTIN and lot, SSCC alone, nothing.
REFERENCES: Final = ((0.6, "all"), (0.85, "lot"), (0.9, "sscc"), (1.0, "none"))
HIDING: Final = 0.2  # of frauds leave the references out


class Goods(NamedTuple):
    """What a batch is."""

    maker: Organisation
    gtin: str
    lot: str


class Lie(NamedTuple):
    """What papers say otherwise than the shipment is."""

    kind: str = HONEST
    quantity: int = 0  # 0 = that of the shipment
    consignee: str = ""  # "" = the receiver
    later: int = 0  # seconds after the shipment
    lot: str = ""  # "" = that of the batch
    value: float = 1.0  # of the usual
    outsider: bool = False  # the importer is none that usually gets such goods


class Declared(NamedTuple):
    """A line, what it truly is, and whether its importer was never seen in this country before."""

    line: DeclarationLine
    kind: str
    new_importer: bool


class Papers:
    """Writes the declarations of one batch.

    Args:
        there: Who there is.
        goods: What is declared.
        number: The batch's.
        random: The generator.
    """

    def __init__(self, there: World, goods: Goods, number: int, random: Random) -> None:
        self._world = there
        self._goods = goods
        self._number = number
        self._random = random
        self.noise: Counter[str] = Counter()
        self.declared: list[Declared] = []

    def declare(self, leg: Leg, lie: Lie = Lie()) -> None:  # noqa: B008 - a tuple, which nothing changes
        """Declare a shipment."""
        random, receiver = self._random, leg.receiver
        units = lie.quantity or leg.quantity
        arrival = leg.arrived + lie.later
        early = random.random() < BEFORE_ARRIVAL
        accepted = arrival + (random.randint(-2 * DAY, 0) if early else random.randint(0, 5 * DAY))
        places, export = self._route(leg)
        mass = self._mass(leg, lie, units)
        gtin, lot, sscc = self._named(leg.sscc, lie)
        line = DeclarationLine(
            declaration_id=f"D{self._number}-{len(self.declared) + 1}",
            version_id=1,
            acceptance_date_time=accepted,
            declaration_office_id=receiver.place[:2] + "000001",
            sequence_numeric=1,
            classification_id=HS,
            description="Vaccines for human medicine",
            origin_country_code=self._goods.maker.place[:2],
            export_country_id=export,
            loading_location_id=places[0],
            itinerary_id=tuple(places[1:]),
            unloading_location_id=leg.unloading,
            mode_code=leg.mode,
            arrival_date_time=0 if random.random() < NO_ARRIVAL else arrival + int(random.gauss(0, 3 * HOUR)),
            gross_mass_measure=round(mass * random.uniform(1.15, 1.4), 2),
            net_net_weight_measure=round(mass, 2),
            customs_value_amount=round(units * UNIT_VALUE * lie.value * random.lognormvariate(0, 0.15), 2),
            currency_id="USD",
            importer_id=f"{receiver.place[:2]}-{receiver.number}",
            consignee_id=lie.consignee or self._consignee(receiver),
            exporter_id=gln_of(self._goods.maker.number),
            carrier_id="",
            gtin=gtin,
            lot=lot,
            sscc=sscc,
            tariff_quantity=self._written(units) if gtin or sscc else 0,
        )
        new = random.random() < (NEW_OUTSIDER if lie.outsider else NEW_IMPORTER)
        self.declared.append(Declared(line, lie.kind, new))

    def outsider(self) -> str:
        """A consignee that is not on the ledger: by a GLN of its own, or by a national number."""
        number = self._random.randrange(10**9)
        return f"N{number:09d}" if self._random.random() < NATIONAL_NUMBER else checked(f"42{number:010d}")

    def _mass(self, leg: Leg, lie: Lie, units: int) -> float:
        random = self._random
        if lie.kind == OVER and random.random() < MASS_OF_THE_PAPERS:
            units = leg.quantity
        wrong = random.uniform(0.3, 3) if random.random() < WRONG_MASS else 1.0
        return units * UNIT_KG * random.lognormvariate(0, 0.05) * wrong

    def _written(self, units: int) -> int:
        """A quantity as it is typed."""
        random = self._random
        if random.random() >= SLIP_IN_QUANTITY:
            return units
        self.noise["quantity mistyped"] += 1
        digits = str(units)
        at = random.randrange(len(digits))
        return random.choice((units * 10, int(digits[:at] + random.choice("123456789") + digits[at + 1 :])))

    def _route(self, leg: Leg) -> tuple[list[str], str]:
        """Places before the unloading, and the country of export if it is given."""
        random = self._random
        export = leg.loading[:2] if random.random() < EXPORT_NAMED else ""
        if not leg.hub:
            return [leg.loading], export
        self.noise["transshipped"] += 1
        draw = random.random()
        if draw < WHOLE_ROUTE:
            return [leg.loading, leg.hub], export
        self.noise["declared from the hub only"] += 1
        return [leg.hub], leg.hub[:2] if draw > 1 - WHENCE_FORGOTTEN else export

    def _named(self, sscc: str, lie: Lie) -> tuple[str, str, str]:
        """GTIN, lot and SSCC as they are given."""
        random = self._random
        draw = random.random()
        form = next(form for share, form in REFERENCES if draw <= share)
        if form == "none" or (lie.kind not in {HONEST, STOLEN_KEY} and random.random() < HIDING):
            return "", "", ""
        if form == "sscc":
            return "", "", sscc
        lot = lie.lot or self._goods.lot
        if random.random() < SLIP_IN_LOT:
            self.noise["lot mistyped"] += 1
            lot = slip(lot, random)
        return self._goods.gtin, lot, sscc if form == "all" else ""

    def _consignee(self, receiver: Organisation) -> str:
        country, draw = receiver.place[:2], self._random.random()
        if draw < NATIONAL_NUMBER:
            return f"{country}{receiver.number:08d}"
        if draw < NATIONAL_NUMBER + OTHER_SITE:
            self.noise["GLN of another site"] += 1
            return checked(f"41{receiver.number:010d}")
        if draw < NATIONAL_NUMBER + OTHER_SITE + AFFILIATE:
            self.noise["an affiliate as consignee"] += 1
            return gln_of(self._random.choice(self._world.wholesalers[country]).number)
        return gln_of(receiver.number)


def slip(lot: str, random: Random) -> str:
    """A lot as it is mistyped: a character changed or lost, or two swapped.

    Args:
        lot: As it is printed.
        random: The generator.
    """
    at = random.randrange(len(lot) - 1)
    changed = random.choice("0123456789ABCDEFGHJKLMNPRSTUVWXYZ")
    swapped = lot[at + 1] + lot[at]
    return lot[:at] + random.choice((changed + lot[at + 1 :], swapped + lot[at + 2 :], lot[at + 1 :]))
