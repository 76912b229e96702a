"""A line of a customs declaration: what a goods item of the WCO Data Model says, in the units that we compare.

A field's name is that of the WCO class and attribute, in small letters with underscores; `FIELDS` is the mapping, and
docs/customs.md tells it. Source: WCO Data Model 3.10, Declaration information package; code lists of UN/EDIFACT where
the WCO refers to them.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Field(NamedTuple):
    """A column of a declaration file."""

    name: str
    path: str  # in the WCO Data Model, below `Declaration`
    required: bool
    means: str  # for a person


_SHIPMENT: Final = "GoodsShipment"
_CONSIGNMENT: Final = f"{_SHIPMENT}/Consignment"
_ITEM: Final = f"{_SHIPMENT}/GovernmentAgencyGoodsItem"
_COMMODITY: Final = f"{_ITEM}/Commodity"
_OF_TYPE: Final = f"{_COMMODITY}/Classification/ID, IdentificationTypeCode"

FIELDS: Final = (
    Field("declaration_id", "ID", True, "The declaration's number at its office."),
    Field("version_id", "VersionID", False, "1 if it is left out; an amended line has a higher one."),
    Field("acceptance_date_time", "AcceptanceDateTime", True, "A date, or ISO 8601 with a time zone."),
    Field(
        "declaration_office_id",
        "DeclarationOffice/ID",
        True,
        "The customs office; its first two letters are the country (ISO 3166-1).",
    ),
    Field("sequence_numeric", f"{_ITEM}/SequenceNumeric", True, "The line's number in its declaration, from 1."),
    Field("classification_id", f"{_OF_TYPE} HS", True, "6 to 12 digits; the first six are the HS subheading."),
    Field("description", f"{_COMMODITY}/Description", False, "The goods in words."),
    Field("origin_country_code", f"{_ITEM}/Origin/CountryCode", True, "Where they were made (ISO 3166-1)."),
    Field("export_country_id", f"{_SHIPMENT}/ExportCountry/ID", False, "Whence they were sent (ISO 3166-1)."),
    Field("loading_location_id", f"{_CONSIGNMENT}/LoadingLocation/ID", True, "UN/LOCODE."),
    Field(
        "itinerary_id",
        f"{_CONSIGNMENT}/Itinerary/ID",
        False,
        "UN/LOCODEs passed between, in order, separated by spaces; in JSON also a list.",
    ),
    Field("unloading_location_id", f"{_CONSIGNMENT}/UnloadingLocation/ID", True, "UN/LOCODE."),
    Field(
        "arrival_date_time",
        f"{_CONSIGNMENT}/ArrivalTransportMeans/ArrivalDateTime",
        False,
        "When they arrive where they are unloaded: ISO 8601 with a time zone.",
    ),
    Field("gross_mass_measure", f"{_COMMODITY}/GoodsMeasure/GrossMassMeasure", True, "kg, with packaging."),
    Field("net_net_weight_measure", f"{_COMMODITY}/GoodsMeasure/NetNetWeightMeasure", True, "kg, without any."),
    Field("customs_value_amount", f"{_ITEM}/CustomsValueAmount", True, "In the currency named beside it."),
    Field("currency_id", f"{_ITEM}/CustomsValueAmount/@currencyID", True, "ISO 4217."),
    Field("importer_id", f"{_SHIPMENT}/Importer/ID", True, "A GLN, or the number in the country's own register."),
    Field("consignee_id", f"{_SHIPMENT}/Consignee/ID", False, "Who gets the goods; the importer if it is left out."),
    Field("exporter_id", f"{_SHIPMENT}/Exporter/ID", True, "A GLN, or the number in the country's own register."),
    Field("carrier_id", f"{_CONSIGNMENT}/Carrier/ID", False, "A GLN, or another number."),
    Field("gtin", f"{_OF_TYPE} SRV", False, "The product's GTIN; with the lot."),
    Field("lot", f"{_OF_TYPE} NB", False, "The batch or lot; with the GTIN."),
    Field("sscc", f"{_ITEM}/Packaging/MarksNumbersID", False, "18 digits: the carton or pallet."),
    Field(
        "tariff_quantity",
        f"{_COMMODITY}/GoodsMeasure/TariffQuantity",
        False,
        "How many units of the GTIN; needed where the line names goods of the ledger.",
    ),
)
REQUIRED: Final = tuple(field.name for field in FIELDS if field.required)
OPTIONAL: Final = tuple(field.name for field in FIELDS if not field.required)


class DeclarationLine(NamedTuple):
    """One goods item of one declaration, checked. Times are Unix seconds; a text that was not given is empty."""

    declaration_id: str
    version_id: int  # from 1
    acceptance_date_time: int
    declaration_office_id: str
    sequence_numeric: int  # from 1
    classification_id: str  # 6 to 12 digits
    description: str
    origin_country_code: str  # ISO 3166-1 alpha-2
    export_country_id: str  # the same
    loading_location_id: str  # UN/LOCODE
    itinerary_id: tuple[str, ...]  # UN/LOCODEs, in order
    unloading_location_id: str  # UN/LOCODE
    arrival_date_time: int  # 0 = not given
    gross_mass_measure: float  # kg
    net_net_weight_measure: float  # kg
    customs_value_amount: float  # in `currency_id`
    currency_id: str  # ISO 4217
    importer_id: str
    consignee_id: str
    exporter_id: str
    carrier_id: str
    gtin: str  # 14 digits
    lot: str
    sscc: str  # 18 digits
    tariff_quantity: int  # units of the GTIN; 0 = not given

    @property
    def hs6(self) -> str:
        """The subheading of the Harmonised System, six digits."""
        return self.classification_id[:6]

    @property
    def country(self) -> str:
        """The country to which it is declared."""
        return self.declaration_office_id[:2]

    @property
    def consignee(self) -> str:
        """Who is to get the goods."""
        return self.consignee_id or self.importer_id

    @property
    def route(self) -> tuple[str, ...]:
        """Every place of the declared route, in order."""
        return (self.loading_location_id, *self.itinerary_id, self.unloading_location_id)

    @property
    def names_goods(self) -> bool:
        """Whether it names anything that the ledger could know."""
        return bool(self.gtin or self.sscc)
