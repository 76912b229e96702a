"""One table: every signal that a declaration line can give against the ledger, with its weight and its source.

A weight says how much one signal alone moves a line up the queue: 0 leaves it where chance would, 100 at the top. The
weights are judgements, stated here for everyone to see; docs/customs-signals.md tells what they lead to on simulated
trade. Signals of one family rest on the same fact, so only the heaviest of them counts (decision 0031).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALL: Final = 100


class Signal(NamedTuple):
    """One kind of contradiction between a declaration and the ledger."""

    family: str
    weight: int  # 1 to 99
    source: str  # what is compared with what
    means: str  # for a person


class Hit(NamedTuple):
    """A signal that a line gives."""

    signal: str  # a key of `SIGNALS`
    reason: str  # with the values that it rests on


SIGNALS: Final[dict[str, Signal]] = {
    # The goods themselves.
    "unknown_lot": Signal(
        "identity",
        60,
        "GTIN and lot; the maker's registrations",
        "The GTIN is of a maker on the ledger, who never registered this lot.",
    ),
    "lot_misspelt": Signal(
        "identity",
        10,
        "GTIN and lot; the maker's registrations",
        "The lot is not registered, but one that differs in a single character is: most likely a typing error.",
    ),
    "contents_differ": Signal(
        "identity",
        60,
        "GTIN, lot and SSCC; what the SSCC carries on record",
        "The SSCC carries other goods than the line names.",
    ),
    "never_recorded": Signal(
        "identity",
        40,
        "SSCC; the splits and pallets on record, 30 days after they arrived",
        "The SSCC has the company prefix of somebody on the ledger, who did not record it and cannot any more.",
    ),
    "not_recorded_yet": Signal(
        "identity",
        15,
        "SSCC; the splits and pallets on record",
        "The SSCC has the company prefix of somebody on the ledger, who has not recorded it so far.",
    ),
    "quantity_over": Signal(
        "quantity",
        55,
        "Tariff quantity; the units of the consignment or batch",
        "The line declares more units than the consignment, or the whole batch, ever had.",
    ),
    "lot_over_declared": Signal(
        "quantity",
        45,
        "Tariff quantities of all lines of the lot in this country; the units on record that can have come",
        "All lines of this lot together declare more units into this country than the ledger lets come there.",
    ),
    # The same goods again.
    "declared_twice": Signal(
        "repetition",
        50,
        "SSCC and quantity; earlier lines in the same country",
        "Earlier declarations in this country have cleared the consignment, and the ledger has no way out and back.",
    ),
    "declared_in_two_countries": Signal(
        "repetition",
        55,
        "SSCC; earlier lines in other countries",
        "The consignment was declared in another country, and the ledger has no way from there to here.",
    ),
    # Where the goods are, and for whom.
    "destination_differs": Signal(
        "route",
        50,
        "Place of unloading; the country of the named counterparty",
        "On record the goods are on their way to another country.",
    ),
    "never_shipped": Signal(
        "route",
        50,
        "Place of unloading; where the goods are at rest, 30 days after they arrived",
        "On record the goods are at rest in another country, and a shipment could not be recorded any more.",
    ),
    "not_shipped_yet": Signal(
        "route",
        12,
        "Place of unloading; where the goods are at rest",
        "On record the goods are at rest in another country; a shipment may still be recorded.",
    ),
    "route_misses_custody": Signal(
        "route",
        15,
        "Places of loading, itinerary and unloading, country of export; where the goods were last recorded",
        "The declared route does not touch the country in which the goods were last recorded.",
    ),
    "consignee_differs": Signal(
        "party",
        25,
        "Consignee's GLN; the named counterparty",
        "The consignee is an organisation on the ledger, but not the one for which the goods are.",
    ),
    "consignee_unknown": Signal(
        "party",
        15,
        "Consignee's GLN; the named counterparty",
        "The goods are for an organisation on the ledger; the consignee's GLN is of none.",
    ),
    "impossible_passage": Signal(
        "time",
        60,
        "Time of arrival, mode of transport; times and places on record",
        "No carrier brings the goods from where they were recorded to where they are declared in the time between.",
    ),
    "impossible_custody": Signal(
        "time",
        40,
        "Times and places on record among themselves",
        "No carrier brings the goods from one recorded place to the next in the time between.",
    ),
    # Whom the record rests on.
    "maker_suspended": Signal(
        "trust",
        60,
        "The batch's maker; the authorities' suspensions",
        "The maker is suspended, or was when it registered the batch.",
    ),
    "key_in_doubt": Signal(
        "trust",
        65,
        "The keys that signed; the endings of keys",
        "The registration, or an event on the way, was signed with a key that may have been stolen by then.",
    ),
    "custody_broken": Signal(
        "trust",
        55,
        "The chain of custody; the rules of the ledger",
        "The recorded custody breaks the ledger's own rules.",
    ),
    # What an administration or the maker has said.
    "recalled": Signal("stop", 90, "The batch's recalls", "The batch is recalled."),
    "held_or_seized": Signal(
        "stop", 85, "Holds and seizures", "An administration holds the goods, or has seized them."
    ),
    "used_up": Signal(
        "stop", 70, "What was dispensed and destroyed", "On record all of the goods were dispensed or destroyed."
    ),
    "expired": Signal("stop", 40, "The batch's last day of use; the day of acceptance", "The goods have expired."),
    # What a conformity body or another administration has said.
    "certificate_not_covering": Signal(
        "conformity",
        30,
        "The batch's model and maker; the certificates of conformity bodies on file",
        "Protective equipment of a maker with certificates, none of which covers it.",
    ),
    "alert_match": Signal(
        "alert",
        50,
        "Goods, route and companies of the line; the indicators that administrations share openly",
        "Another administration asks to look out for it.",
    ),
}


def risk(hits: Iterable[Hit]) -> int:
    """Put the signals of a line into one number, by which lines are ranked.

    The heaviest signal of each family counts; families add up as independent reasons do: what is left of 100 after
    each has taken its share of the rest.

    Args:
        hits: The signals.

    Returns:
        0 to 100. It is an order, not a probability.
    """
    heaviest: dict[str, int] = {}
    for hit in hits:
        signal = SIGNALS[hit.signal]
        heaviest[signal.family] = max(signal.weight, heaviest.get(signal.family, 0))
    rest = 1.0
    for weight in heaviest.values():
        rest *= 1 - weight / _ALL
    return round(_ALL * (1 - rest))
