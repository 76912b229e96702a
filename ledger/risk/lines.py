"""Declaration lines as columns, which is how a model reads them.

The columns are fields of the WCO Data Model under the names of `ledger.core.customs.declaration` (class and attribute,
in small letters with underscores); those that only a risk model reads are named in the same way here. An administration
may add columns of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Every line must have these: who it is, when it was declared, and what the goods are.
OFFICE: Final = "declaration_office_id"  # also part of what a line is, where it is given
IDENTITY: Final = ("declaration_id", "sequence_numeric")
DAY: Final = "acceptance_date_time"
COMMODITY: Final = "classification_id"
REQUIRED: Final = (*IDENTITY, DAY, COMMODITY)
NET_MASS: Final = "net_net_weight_measure"
VALUE: Final = "customs_value_amount"
CURRENCY: Final = "currency_id"
TAX_RATE: Final = "tax_rate_numeric"
ORIGIN: Final = "origin_country_code"
EXPORT: Final = "export_country_id"
# Of the declaration: WCO Data Model 3.10, paths below `Declaration`.
CATEGORIES: Final = {
    OFFICE: "DeclarationOffice/ID",
    "type_code": "TypeCode",
    "transaction_nature_code": "GoodsShipment/TransactionNatureCode",
    "government_procedure_current_code": "GoodsShipment/GovernmentAgencyGoodsItem/GovernmentProcedure/CurrentCode",
    "importer_id": "GoodsShipment/Importer/ID",
    "consignee_id": "GoodsShipment/Consignee/ID",
    "exporter_id": "GoodsShipment/Exporter/ID",
    "agent_id": "Agent/ID",
    "carrier_id": "GoodsShipment/Consignment/Carrier/ID",
    ORIGIN: "GoodsShipment/GovernmentAgencyGoodsItem/Origin/CountryCode",
    EXPORT: "GoodsShipment/ExportCountry/ID",
    "loading_location_id": "GoodsShipment/Consignment/LoadingLocation/ID",
    "unloading_location_id": "GoodsShipment/Consignment/UnloadingLocation/ID",
    "mode_code": "GoodsShipment/Consignment/ArrivalTransportMeans/ModeCode",
    "duty_regime_code": "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/DutyTaxFee/DutyRegimeCode",
    "payment_method_code": "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/DutyTaxFee/Payment/MethodCode",
    CURRENCY: "GoodsShipment/GovernmentAgencyGoodsItem/CustomsValueAmount/@currencyID",
}
NUMBERS: Final = {
    "gross_mass_measure": "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/GoodsMeasure/GrossMassMeasure",
    NET_MASS: "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/GoodsMeasure/NetNetWeightMeasure",
    "tariff_quantity": "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/GoodsMeasure/TariffQuantity",
    VALUE: "GoodsShipment/GovernmentAgencyGoodsItem/CustomsValueAmount",
    TAX_RATE: "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/DutyTaxFee/TaxRateNumeric",
}


class Identity(NamedTuple):
    """What tells a line from all others: a declaration's number is its office's."""

    office: str  # "" where files do not name it
    declaration: str
    number: int  # from 1

    def __str__(self) -> str:
        return f"{self.office} {self.declaration} line {self.number}".lstrip()

    @property
    def shipment(self) -> str:
        """What all lines of one declaration have in common."""
        return f"{self.office}/{self.declaration}"


@dataclass(frozen=True, slots=True)
class Lines:
    """Declaration lines, a value a line in every column."""

    names: NDArray[np.object_]  # an `Identity` each
    days: NDArray[np.datetime64]  # of acceptance
    commodities: NDArray[np.object_]  # 6 to 12 digits, the first six of the Harmonised System
    categories: dict[str, NDArray[np.object_]]  # texts; "" where there is none
    numbers: dict[str, NDArray[np.float64]]  # NaN where there is none

    def __len__(self) -> int:
        return len(self.names)

    def take(self, which: NDArray[Any]) -> Self:
        """Some of the lines: by indices, or by true and false."""
        return type(self)(
            self.names[which],
            self.days[which],
            self.commodities[which],
            {name: values[which] for name, values in self.categories.items()},
            {name: values[which] for name, values in self.numbers.items()},
        )

    @property
    def shipments(self) -> NDArray[np.object_]:
        """The declaration of each line."""
        return texts([name.shipment for name in self.names])

    def category(self, name: str) -> NDArray[np.object_]:
        """A column of texts; all "" if there is no such column."""
        found = self.categories.get(name)
        return np.full(len(self), "", dtype=object) if found is None else found

    def number(self, name: str) -> NDArray[np.float64]:
        """A column of numbers; all NaN if there is no such column."""
        found = self.numbers.get(name)
        return np.full(len(self), np.nan) if found is None else found


def identities(names: list[Identity]) -> NDArray[np.object_]:
    """A column of identities."""
    column = np.empty(len(names), dtype=object)  # numpy would make a table of a list of tuples
    for place, name in enumerate(names):
        column[place] = name
    return column


def texts(values: list[str]) -> NDArray[np.object_]:
    """A column of texts, each text kept once in memory."""
    kept: dict[str, str] = {}
    return np.array([kept.setdefault(value, value) for value in values], dtype=object)


def paired(first: NDArray[np.object_], second: NDArray[np.object_]) -> NDArray[np.object_]:
    """Two columns as one."""
    return np.array([f"{one} {other}" for one, other in zip(first, second, strict=True)], dtype=object)


def mapped(values: NDArray[np.object_], function: Callable[[str], str]) -> NDArray[np.object_]:
    """A column of texts, each changed."""
    done: dict[str, str] = {}
    return np.array(
        [done[value] if value in done else done.setdefault(value, function(value)) for value in values], dtype=object
    )
