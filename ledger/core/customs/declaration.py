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
_MEASURE: Final = f"{_COMMODITY}/GoodsMeasure"
_OF_TYPE: Final = f"{_COMMODITY}/Classification/ID, IdentificationTypeCode"
_ARRIVAL: Final = f"{_CONSIGNMENT}/ArrivalTransportMeans"
_COMPANY: Final = "A GLN, or the number in the country's own register."


def _needed(name: str, path: str, means: str) -> Field:
    return Field(name, path, required=True, means=means)


def _free(name: str, path: str, means: str) -> Field:
    return Field(name, path, required=False, means=means)


FIELDS: Final = (
    _needed("declaration_id", "ID", "The declaration's number at its office."),
    _free("version_id", "VersionID", "1 if it is left out; an amended line has a higher one."),
    _needed("acceptance_date_time", "AcceptanceDateTime", "A date, or ISO 8601 with a time zone."),
    _needed("declaration_office_id", "DeclarationOffice/ID", "The customs office; first the country (ISO 3166-1)."),
    _needed("sequence_numeric", f"{_ITEM}/SequenceNumeric", "The line's number in its declaration, from 1."),
    _needed("classification_id", f"{_OF_TYPE} HS", "6 to 12 digits; the first six are the HS subheading."),
    _free("description", f"{_COMMODITY}/Description", "The goods in words."),
    _needed("origin_country_code", f"{_ITEM}/Origin/CountryCode", "Where they were made (ISO 3166-1)."),
    _free("export_country_id", f"{_SHIPMENT}/ExportCountry/ID", "Whence they were sent (ISO 3166-1)."),
    _needed("loading_location_id", f"{_CONSIGNMENT}/LoadingLocation/ID", "UN/LOCODE."),
    _free("itinerary_id", f"{_CONSIGNMENT}/Itinerary/ID", "UN/LOCODEs between, with spaces; in JSON also a list."),
    _needed("unloading_location_id", f"{_CONSIGNMENT}/UnloadingLocation/ID", "UN/LOCODE."),
    _free("mode_code", f"{_ARRIVAL}/ModeCode", "1 sea, 2 rail, 3 road, 4 air, 8 inland water (UN/ECE Rec. 19)."),
    _free("arrival_date_time", f"{_ARRIVAL}/ArrivalDateTime", "At the place of unloading: ISO 8601 with a time zone."),
    _needed("gross_mass_measure", f"{_MEASURE}/GrossMassMeasure", "kg, with packaging."),
    _needed("net_net_weight_measure", f"{_MEASURE}/NetNetWeightMeasure", "kg, without any packaging."),
    _needed("customs_value_amount", f"{_ITEM}/CustomsValueAmount", "In the currency named beside it."),
    _needed("currency_id", f"{_ITEM}/CustomsValueAmount/@currencyID", "ISO 4217."),
    _needed("importer_id", f"{_SHIPMENT}/Importer/ID", _COMPANY),
    _free("consignee_id", f"{_SHIPMENT}/Consignee/ID", "Who gets the goods; the importer if it is left out."),
    _needed("exporter_id", f"{_SHIPMENT}/Exporter/ID", _COMPANY),
    _free("carrier_id", f"{_CONSIGNMENT}/Carrier/ID", _COMPANY),
    _free("gtin", f"{_OF_TYPE} SRV", "The product's GTIN; with the lot."),
    _free("lot", f"{_OF_TYPE} NB", "The batch or lot; with the GTIN."),
    _free("sscc", f"{_ITEM}/Packaging/MarksNumbersID", "18 digits: the carton or pallet."),
    _free("tariff_quantity", f"{_MEASURE}/TariffQuantity", "Units of the GTIN; needed with GTIN or SSCC."),
)
REQUIRED: Final = tuple(field.name for field in FIELDS if field.required)
OPTIONAL: Final = tuple(field.name for field in FIELDS if not field.required)
# A file may have these too, for `lotproof risk`, which reads the same files; the ledger has nothing to compare them to.
FOR_RISK_ONLY: Final = (
    *("agent_id", "duty_regime_code", "government_procedure_current_code", "payment_method_code"),
    *("tax_rate_numeric", "transaction_nature_code", "type_code"),
)


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
    mode_code: str  # UN/ECE Recommendation 19
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
