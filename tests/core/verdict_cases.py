"""The stories behind the verdict vectors. `python -m tests.core.verdict_cases` writes the files anew."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ledger.core.gs1 import check_digit, element_string
from ledger.core.parts import encode_event
from ledger.core.structs import CustodyStatement
from ledger.core.unit import UnitEvent, UnitKind
from ledger.core.vocabulary import Kind, ProductClass, Role
from tests.core.batch_story import (
    CARRIER,
    CUSTOMS,
    GTIN,
    LOT,
    MAKER,
    NO_HASH,
    PHARMACY,
    REGULATOR,
    STRANGER,
    BatchStory,
    key_of,
    settled,
    unit_event,
)
from tests.core.label_story import ANOTHER, MAKERS, UNIT, TestKey, changed, enrol, text
from tests.core.unit_story import SERIAL, UnitStory
from tests.core.verdict_vectors import FOLDER, to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core import facts
    from ledger.core.unit import UnitEvent

BRACKETED = f"(01){GTIN}(10){LOT}(17)270331"
LINK = f"https://lotproof.example/01/{GTIN}/10/{LOT}?17=270331"
SERIALISED = f"https://lotproof.example/01/{GTIN}/10/{LOT}/21/S1?17=270331"
EXPIRY = datetime(2027, 3, 31, tzinfo=UTC)
SSCC = "154138680000000015"[:17] + str(check_digit("154138680000000015"[:17]))
FOREIGN_SSCC = "177777770000000015"[:17] + str(check_digit("177777770000000015"[:17]))


@dataclass
class Told:
    """A story told to its end, and what is asked of it."""

    story: BatchStory
    code: str = BRACKETED
    organisation: int | None = None
    place: str | None = None
    at: int | None = None
    consignment: bytes = b""
    batches: list[facts.BatchFacts] | None = None  # instead of the story's own
    licensee: int | None = None
    unit_events: tuple[UnitEvent, ...] = ()  # about the pack that the code names
    later: int = 0  # seconds after the story's end
    as_of: dict[str, int] = field(default_factory=dict)
    unit: dict[str, bool] = field(default_factory=dict)  # what is known of the pack, by field of `UnitFacts`


@dataclass(frozen=True)
class Case:
    """A story with the answer that is due."""

    name: str
    description: str
    tell: Callable[[], Told]
    verdict: str
    reason: str
    failed: tuple[str, ...]


CASES: list[Case] = []


def case(verdict: str, reason: str, *failed: str) -> Callable[[Callable[[], Told]], Callable[[], Told]]:
    """Enter a story; its name and docstring become the file's."""

    def enter(tell: Callable[[], Told]) -> Callable[[], Told]:
        CASES.append(Case(tell.__name__, tell.__doc__ or "", tell, verdict, reason, failed))
        return tell

    return enter


def delivered() -> tuple[BatchStory, bytes, bytes]:
    """From the maker by a carrier, split in two, 400 of 1,000 units to a pharmacy in Singapore."""
    story = settled()
    batch = story.register()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.receive(batch, CARRIER, MAKER, 1000)
    sold, kept = story.split(batch, CARRIER, [(SSCC, 400), (None, 600)])
    story.ship(sold, CARRIER, PHARMACY, 400)
    story.receive(sold, PHARMACY, CARRIER, 400, place="SGSIN")
    return story, sold, kept


def at_maker() -> tuple[BatchStory, bytes]:
    story = settled()
    return story, story.register()


@case("verified", "verified")
def verified_at_the_border() -> Told:
    """Customs scans a consignment on its way: an authority may ask about anyone's goods."""
    story, batch = at_maker()
    story.ship(batch, MAKER, PHARMACY, 1000)
    return Told(story, organisation=CUSTOMS, place="SGSIN")


@case("verified", "verified")
def verified_at_the_pharmacy_after_a_split() -> Told:
    """The pharmacy scans a pack of its part of the batch."""
    story, _sold, _kept = delivered()
    return Told(story, LINK, PHARMACY, "SGSIN")


@case("verified", "verified")
def verified_from_an_element_string() -> Told:
    """A scanner gives an element string with FNC1 after the lot."""
    story, _batch = at_maker()
    return Told(story, f"]d201{GTIN}10{LOT}\x1d17270331")


@case("verified", "verified")
def verified_without_saying_who_asks() -> Told:
    """Nobody says who scans; the goods are on the way."""
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    return Told(story)


@case("verified", "verified")
def verified_by_the_receiver_before_receiving() -> Told:
    """The named receiver scans before it has recorded the receipt."""
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    return Told(story, organisation=CARRIER)


@case("verified", "verified")
def protective_equipment_has_a_check_of_its_own() -> Told:
    """Of protective equipment certificates are looked for: check 14, which decides nothing."""
    story = settled()
    story.register(product_class=ProductClass.PPE)
    return Told(story)


@case("verified", "verified")
def verified_by_its_sscc() -> Told:
    """A carton's SSCC names one consignment of a split."""
    story, sold, _kept = delivered()
    return Told(story, f"(00){SSCC}", PHARMACY, consignment=sold)


@case("verified", "verified")
def verified_though_its_link_has_a_foreign_host() -> Told:
    """A link's host is not ours: it is not opened, the code inside is judged."""
    story, _batch = at_maker()
    return Told(story, f"https://vaccines.example/01/{GTIN}/10/{LOT}?17=270331")


@case("verified", "verified")
def maker_suspended_after_registration() -> Told:
    """A suspension takes nothing back that was registered before it."""
    story, _batch = at_maker()
    story.suspend(MAKER)
    return Told(story)


@case("verified", "verified")
def maker_reinstated_before_registration() -> Told:
    """Suspended, reinstated, then registered."""
    story = settled()
    story.suspend(MAKER)
    story.suspend(MAKER, suspended=False)
    story.register()
    return Told(story)


@case("verified", "verified")
def received_short() -> Told:
    """Fewer arrived than were sent: on record, and no reason for suspicion of what is there."""
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.receive(batch, CARRIER, MAKER, 990)
    return Told(story, organisation=CARRIER)


@case("verified", "verified")
def received_over_and_corrected() -> Told:
    """The receiver miscounted and said so."""
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    event = story.receive(batch, CARRIER, MAKER, 1001)
    story.record(
        Kind.CORRECT, batch, CARRIER, previous=event.digest, attachment=encode_event(statement_of(event)), parts=NO_HASH
    )
    return Told(story, organisation=CARRIER)


@case("verified", "verified")
def one_of_two_consignments_held() -> Told:
    """The lot alone does not say which consignment is meant: the advice is to scan the carton."""
    story, _sold, kept = delivered()
    story.record(Kind.HOLD, kept, REGULATOR)
    return Told(story)


@case("verified", "verified")
def held_and_released() -> Told:
    """A hold ends with its release."""
    story, batch = at_maker()
    story.record(Kind.HOLD, batch, REGULATOR)
    story.record(Kind.RELEASE, batch, REGULATOR)
    return Told(story)


@case("verified", "verified")
def on_its_last_day() -> Told:
    """The day of expiry has not ended everywhere on earth."""
    story, _batch = at_maker()
    return Told(story, at=int((EXPIRY + timedelta(hours=35)).timestamp()))


@case("verified", "verified")
def all_dispensed() -> Told:
    """Packs of a consignment that was dispensed to the last are with patients, who may scan them."""
    story, sold, kept = delivered()
    story.record(Kind.DISPENSE, sold, PHARMACY, 400, place="SGSIN")
    story.record(Kind.DESTROY, kept, CARRIER, 600)
    return Told(story, f"(00){SSCC}", consignment=sold)


@case("verified", "verified", "fresh")
def old_data() -> Told:
    """The chain was last heard from an hour ago: the verdict stands, with its age."""
    story, _batch = at_maker()
    return Told(story, later=3600)


@case("verified", "verified", "fresh")
def recorded_but_not_final() -> Told:
    """The last event could still be undone by the chain."""
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    return Told(story, as_of={"finalized_block": story.block - 2})


@case("suspect", "second_dispense", "unit_unused", "no_conflict")
def dispensed_by_two_pharmacies() -> Told:
    """Two organisations dispensed a pack with one serial number, and neither took it back."""
    story, _sold, _kept = delivered()
    events = (
        unit_event(PHARMACY, "SGSIN", story.time - 20 * 86_400, UnitKind.DISPENSE),
        unit_event(CARRIER, "BEBRU", story.time - 86_400, UnitKind.DISPENSE),
    )
    return Told(story, SERIALISED, unit_events=events)


@case("suspect", "copied", "no_conflict")
def seen_in_two_places_within_an_hour() -> Told:
    """The pharmacy in Singapore asks about a pack that the carrier had in Brussels an hour ago."""
    story, _sold, _kept = delivered()
    events = (unit_event(CARRIER, "BEBRU", story.time - 3_600),)
    return Told(story, SERIALISED, PHARMACY, "SGSIN", unit_events=events)


@case("verified", "verified")
def signed_for_in_two_places_by_a_scanner_that_was_offline() -> Told:
    """The carrier's scan of last week came in an hour ago: late data is no second pack."""
    story, _sold, _kept = delivered()
    late = unit_event(CARRIER, "BEBRU", story.time - 7 * 86_400, received_at=story.time - 3_600)
    return Told(story, SERIALISED, PHARMACY, "SGSIN", unit_events=(late,))


@case("verified", "verified")
def one_stranger_says_it_dispensed_the_pack() -> Told:
    """Who never had goods of the batch cannot make a pack suspect by its word alone."""
    story, _sold, _kept = delivered()
    events = (
        unit_event(PHARMACY, "SGSIN", story.time - 86_400),
        unit_event(STRANGER, "BEBRU", story.time - 86_000, UnitKind.SCAN),
    )
    return Told(story, SERIALISED, PHARMACY, "SGSIN", unit_events=events)


@case("do_not_use", "recalled", "not_recalled")
def recalled_by_its_maker() -> Told:
    """A recall concerns the whole batch, also what was split off before."""
    story, _sold, _kept = delivered()
    assert story.registration
    story.record(Kind.RECALL, story.registration.batch, MAKER, place="")
    return Told(story, organisation=PHARMACY)


@case("do_not_use", "recalled", "not_recalled")
def recalled_by_a_regulator() -> Told:
    """A regulator of any country may recall."""
    story, batch = at_maker()
    story.record(Kind.RECALL, batch, REGULATOR, place="")
    return Told(story)


@case("do_not_use", "expired", "not_expired")
def expired() -> Told:
    """The last day of use has ended everywhere on earth."""
    story, _batch = at_maker()
    return Told(story, at=int((EXPIRY + timedelta(hours=36)).timestamp()))


@case("do_not_use", "held", "not_held_or_seized")
def held_by_customs() -> Told:
    """Customs holds the goods on their way."""
    story, batch = at_maker()
    story.ship(batch, MAKER, PHARMACY, 1000)
    story.record(Kind.HOLD, batch, CUSTOMS, place="SGSIN")
    return Told(story, organisation=PHARMACY)


@case("do_not_use", "held", "not_held_or_seized")
def held_with_its_pallet() -> Told:
    """What is on a pallet is held with it."""
    story, sold, kept = delivered()
    pallet = story.pack(CARRIER, [kept], others=1)
    story.record(Kind.HOLD, pallet, REGULATOR)
    story.record(Kind.HOLD, sold, CUSTOMS, place="SGSIN")
    return Told(story)


@case("do_not_use", "seized", "not_held_or_seized")
def seized() -> Told:
    """Seized goods never move again."""
    story, batch = at_maker()
    story.record(Kind.HOLD, batch, REGULATOR)
    story.record(Kind.SEIZE, batch, REGULATOR)
    return Told(story)


@case("do_not_use", "seized", "custody_unbroken", "not_held_or_seized")
def seized_and_elsewhere() -> Told:
    """What must not be used comes before what is not known."""
    story, batch = at_maker()
    story.record(Kind.SEIZE, batch, REGULATOR)
    return Told(story, organisation=STRANGER)


@case("do_not_use", "recalled", "not_recalled", "not_held_or_seized")
def recalled_and_held() -> Told:
    """Both apply; the recall is named first, the hold in the advice."""
    story, batch = at_maker()
    story.record(Kind.HOLD, batch, REGULATOR)
    story.record(Kind.RECALL, batch, MAKER, place="")
    return Told(story)


@case("undetermined", "custody_elsewhere", "custody_unbroken")
def in_transit_to_someone_else() -> Told:
    """A stranger has goods in hand that are recorded as on the way to another."""
    story, batch = at_maker()
    story.ship(batch, MAKER, PHARMACY, 1000)
    return Told(story, organisation=STRANGER, place="MYPKG")


@case("undetermined", "custody_elsewhere", "custody_unbroken")
def with_someone_else() -> Told:
    """A former holder has goods in hand that it handed on."""
    story, sold, _kept = delivered()
    return Told(story, f"(00){SSCC}", CARRIER, consignment=sold)


@case("undetermined", "lot_needed", "batch_registered")
def gtin_without_lot() -> Told:
    """A GTIN alone names no batch."""
    return Told(settled(), GTIN, licensee=MAKER)


@case("undetermined", "not_a_product", "batch_registered")
def code_of_a_place() -> Told:
    """A GLN can be read, and names no goods."""
    return Told(settled(), "(414)5413868000009")


@case("undetermined", "maker_unknown", "batch_registered")
def maker_not_on_the_ledger() -> Told:
    """A product of a company that does not take part says nothing about a forgery."""
    return Told(settled(), "(01)04006381333931(10)X1")


@case("undetermined", "not_yet_known", "batch_registered", "fresh")
def unknown_lot_while_behind() -> Told:
    """The registration may be among the records that are missing here."""
    return Told(settled(), licensee=MAKER, as_of={"head_block": 1000})


@case("undetermined", "maker_unknown", "batch_registered")
def unknown_sscc_of_a_stranger() -> Told:
    """An SSCC of a company that does not take part."""
    return Told(settled(), f"(00){FOREIGN_SSCC}")


@case("do_not_use", "expired", "batch_registered", "not_expired")
def unknown_and_expired_by_its_own_label() -> Told:
    """What the label itself says must not be used, whoever made it."""
    return Told(settled(), "(01)04006381333931(10)X1(17)260101")


@case("suspect", "unknown_lot", "batch_registered")
def unknown_lot_of_a_known_maker() -> Told:
    """The maker is active and never registered this lot."""
    return Told(settled(), f"(01){GTIN}(10)FORGED", licensee=MAKER)


@case("suspect", "unknown_consignment", "batch_registered")
def unknown_sscc_of_a_known_company() -> Told:
    """The company is active and never recorded this SSCC."""
    return Told(settled(), f"(00){SSCC}", licensee=MAKER)


@case("suspect", "maker_suspended", "batch_registered", "maker_accredited")
def maker_suspended_before_registration() -> Told:
    """A suspended maker cannot register, so its lot is not on the ledger."""
    story = settled()
    story.suspend(MAKER)
    return Told(story, licensee=MAKER)


@case("suspect", "maker_not_accredited", "maker_accredited")
def registered_while_suspended() -> Told:
    """A log that the contract would never write: registered by a suspended maker."""
    story = settled()
    story.suspend(MAKER)
    story.register()
    return Told(story)


@case("suspect", "maker_not_accredited", "maker_accredited")
def registered_without_the_role() -> Told:
    """A log that the contract would never write: registered by a carrier."""
    story = settled()
    story.register(manufacturer=CARRIER)
    return Told(story)


@case("suspect", "maker_not_accredited", "maker_accredited")
def registered_outside_its_prefixes() -> Told:
    """A log that the contract would never write: a GTIN that is another's."""
    story = settled()
    story.accredit(MAKER, "Biofarm", "BE", Role.MANUFACTURER, ("7777777",))
    story.register()
    return Told(story)


@case("suspect", "key_in_doubt", "maker_accredited")
def registered_with_a_stolen_key() -> Told:
    """The maker ended its key and doubts everything since before the registration."""
    story = settled()
    stolen_at = story.time
    story.register()
    story.end_key(key_of(MAKER), doubt_since=stolen_at)
    return Told(story)


@case("suspect", "key_in_doubt", "custody_unbroken")
def shipped_with_a_stolen_key() -> Told:
    """The carrier ended its key and doubts what it signed in between."""
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.receive(batch, CARRIER, MAKER, 1000)
    stolen_at = story.time
    story.ship(batch, CARRIER, PHARMACY, 1000)
    story.end_key(key_of(CARRIER), doubt_since=stolen_at)
    return Told(story, organisation=PHARMACY)


@case("suspect", "custody_broken", "custody_unbroken")
def event_by_an_ended_key() -> Told:
    """A log that the contract would never write: signed after the key was ended."""
    story, batch = at_maker()
    story.end_key(key_of(MAKER))
    story.ship(batch, MAKER, CARRIER, 1000)
    return Told(story)


@case("suspect", "custody_broken", "custody_unbroken")
def event_dropped_on_the_way_to_us() -> Told:
    """A node leaves out one log; the next event names a head that does not follow."""
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.receive(batch, CARRIER, MAKER, 1000)
    story.ship(batch, CARRIER, PHARMACY, 1000)
    del story.events[1]
    return Told(story, organisation=PHARMACY)


@case("suspect", "quantity_over", "custody_unbroken")
def received_more_than_was_shipped() -> Told:
    """Goods came in on the way that nobody registered."""
    story, batch = at_maker()
    story.ship(batch, MAKER, CARRIER, 1000)
    story.receive(batch, CARRIER, MAKER, 1200)
    return Told(story, organisation=CARRIER)


@case("suspect", "destroyed", "custody_unbroken")
def on_record_as_destroyed() -> Told:
    """Goods that no longer exist are scanned."""
    story, sold, _kept = delivered()
    story.record(Kind.DESTROY, sold, PHARMACY, 400, place="SGSIN")
    return Told(story, f"(00){SSCC}", PHARMACY, consignment=sold)


def serialised() -> BatchStory:
    story = settled()
    story.register(unit_root=b"\x77" * 32)
    return story


@case("verified", "verified")
def verified_pack_whose_serial_is_registered() -> Told:
    """The serial number of the pack is under the batch's root."""
    return Told(serialised(), f"{BRACKETED}(21)A7", unit={"listed": True})


@case("verified", "verified")
def verified_though_no_list_of_serials_is_held() -> Told:
    """The batch is serialised, but this server was not given the list: that is nobody's fault but ours."""
    return Told(serialised(), f"{BRACKETED}(21)A7")


@case("suspect", "serial_not_in_batch", "unit_in_batch")
def serial_that_was_never_registered() -> Told:
    """GTIN and lot are real and copied from a genuine pack, the serial number is made up."""
    return Told(serialised(), f"{BRACKETED}(21)A8", unit={"listed": False})


@case("suspect", "serial_not_in_batch", "unit_in_batch", "not_recalled")
def unregistered_serial_of_a_recalled_batch() -> Told:
    """A forgery hides behind whatever else is wrong; the recall is told too."""
    story = serialised()
    assert story.registration
    story.record(Kind.RECALL, story.registration.batch, MAKER, place="")
    return Told(story, f"{BRACKETED}(21)A8", unit={"listed": False})


@case("suspect", "expiry_differs", "facts_agree")
def expiry_altered_on_the_label() -> Told:
    """The label promises a year more than the maker registered."""
    story, _batch = at_maker()
    return Told(story, BRACKETED.replace("270331", "280331"))


@case("verified", "verified")
def expiry_by_month() -> Told:
    """Day 00 on a label means the last day of the month."""
    story, _batch = at_maker()
    return Told(story, BRACKETED.replace("270331", "270300"))


@case("suspect", "expiry_differs", "facts_agree", "not_recalled")
def recalled_and_expiry_altered() -> Told:
    """A forgery hides behind whatever else is wrong."""
    story, batch = at_maker()
    story.record(Kind.RECALL, batch, MAKER, place="")
    return Told(story, BRACKETED.replace("270331", "280331"))


@case("suspect", "contents_differ", "facts_agree")
def label_names_other_contents() -> Told:
    """The SSCC is of one lot, the label names another."""
    story, sold, _kept = delivered()
    return Told(story, f"(00){SSCC}(01){GTIN}(10)OTHER", consignment=sold)


@case("do_not_use", "recalled", "not_recalled")
def pallet_of_two_batches_one_recalled() -> Told:
    """The worst batch on a pallet gives the verdict, and is named."""
    story, _sold, kept = delivered()
    pallet = story.pack(CARRIER, [kept], sscc=SSCC, others=1)
    good = story.logs()
    assert story.registration
    story.record(Kind.RECALL, story.registration.batch, MAKER, place="")
    other = BatchStory(organisations=story.organisations, keys=story.keys)
    other.register(lot="OTHER")
    return Told(story, f"(00){SSCC}", consignment=pallet, batches=[good, story.logs()])


@case("unreadable", "incorrect_check_digit", "code_readable")
def wrong_check_digit() -> Told:
    """One digit was misread."""
    return Told(settled(), BRACKETED.replace(GTIN, GTIN[:-1] + "7"))


@case("unreadable", "foreign_digit", "code_readable")
def arabic_digits() -> Told:
    """Two strings must not mean one product."""
    return Told(settled(), BRACKETED.replace("5413868", "٥٤١٣٨٦٨"))


@case("unreadable", "not_gs1", "code_readable")
def no_gs1_code_at_all() -> Told:
    """Some other text."""
    return Told(settled(), "hello")


# Signed labels


def labelled(key: TestKey = MAKERS, **enrolled: Any) -> BatchStory:
    """A batch whose maker has a label key, enrolled before the batch was registered."""
    story = settled()
    enrol(story, key, **enrolled)
    story.register()
    return story


@case("verified", "verified")
def verified_by_a_signed_label() -> Told:
    """The label of one pack, signed by its maker's label key."""
    return Told(labelled(), text(MAKERS.elements()))


@case("unreadable", "label_misread", "label_signature")
def serial_number_misread() -> Told:
    """One character of the serial number of a signed label is another: the signature tells that it was misread."""
    return Told(labelled(), text(changed(MAKERS.elements(), "21", "7Kq-R2n")))


@case("unreadable", "label_misread", "label_signature", "batch_registered")
def lot_misread_on_a_signed_label() -> Told:
    """The lot as read is not on the ledger, but the signature shows that it was misread: no one is accused."""
    return Told(labelled(), text(changed(MAKERS.elements(), "10", "AB1Z")), licensee=MAKER, batches=[])


@case("unreadable", "label_misread", "label_signature", "batch_registered")
def bracket_misread_on_a_signed_label() -> Told:
    """The bracket before the expiry is another character: lot and expiry run together."""
    return Told(labelled(), text(MAKERS.elements()).replace("(17)", "717)"), licensee=MAKER, batches=[])


@case("unreadable", "label_misread", "label_signature")
def identifier_misread_on_a_signed_label() -> Told:
    """The expiry stands under AI 15, best before: one digit of its identifier was misread."""
    return Told(labelled(), text(MAKERS.elements()).replace("(17)", "(15)"))


@case("unreadable", "label_misread", "label_signature")
def serial_identifier_misread_on_a_signed_label() -> Told:
    """The serial number stands under AI 22, variant: the pack has no number as read."""
    return Told(labelled(), text(MAKERS.elements()).replace("(21)", "(22)"))


@case("unreadable", "label_misread", "label_signature", "batch_registered")
def separator_misread_on_a_signed_label() -> Told:
    """An element string whose separator after the lot is another character: lot and serial number run together."""
    gtin, lot, expiry, *rest = MAKERS.elements()
    read = element_string([gtin, expiry, lot, *rest]).replace("AB12\x1d", "AB12J")
    return Told(labelled(), read, licensee=MAKER, batches=[])


@case("unreadable", "label_misread", "label_signature")
def mixed_case_lost_on_a_signed_label() -> Told:
    """Capitals and small letters of the serial number were typed as capitals only."""
    return Told(labelled(), text(changed(MAKERS.elements(), "21", "7KQ-R2M")))


@case("unreadable", "label_misread", "label_signature")
def label_signature_cut_off() -> Told:
    """The end of the signature is missing."""
    return Told(labelled(), text(MAKERS.elements())[:-6])


@case("suspect", "label_forged", "label_signature")
def label_signature_of_another_pack() -> Told:
    """A signature copied from another label of the maker, with its key, under a serial number made up."""
    forged = MAKERS.elements([*UNIT[:3], ("21", "FORGED-1")])[-1][1]
    return Told(labelled(), text(changed(MAKERS.elements(), "92", forged)))


@case("suspect", "label_key_unknown", "label_signature")
def label_signed_with_a_key_nobody_has() -> Told:
    """Whoever made the label signed it with a key of their own, which is not on the ledger."""
    return Told(labelled(), text(ANOTHER.elements()))


@case("undetermined", "not_yet_known", "label_signature", "fresh")
def label_key_not_yet_known() -> Told:
    """The label's key is not on record here, but the latest records are missing here."""
    story = labelled()
    behind = {"head_block": story.block + 100}
    return Told(story, text(ANOTHER.elements()), as_of=behind)


@case("suspect", "label_key_not_allowed", "label_signature")
def label_signed_with_a_key_of_another_organisation() -> Told:
    """A wholesaler signed labels for the maker's batch with a label key of its own."""
    story = labelled()
    enrol(story, ANOTHER, STRANGER)
    return Told(story, text(ANOTHER.elements()))


@case("suspect", "label_key_in_doubt", "label_signature")
def label_signed_with_a_stolen_key() -> Told:
    """The maker says that its label key may have been stolen before the batch was registered."""
    story = labelled()
    assert story.registration
    story.end_key(MAKERS.key_id, story.registration.recorded.time - 1)
    return Told(story, text(MAKERS.elements()))


@case("verified", "verified")
def label_key_stolen_after_registration() -> Told:
    """The label key may have been stolen since the batch was registered: the advice says so."""
    story = labelled()
    story.end_key(MAKERS.key_id, story.time)
    return Told(story, text(MAKERS.elements()))


@case("verified", "verified")
def label_key_ended_without_doubt() -> Told:
    """The label key is no longer used, and nothing is held against what it signed."""
    story = labelled()
    story.end_key(MAKERS.key_id)
    return Told(story, text(MAKERS.elements()))


@case("suspect", "unknown_lot", "batch_registered")
def signed_label_of_a_batch_not_registered() -> Told:
    """The label is the maker's own, but the maker has not registered the batch."""
    story = settled()
    enrol(story)
    return Told(story, text(MAKERS.elements()), licensee=MAKER)


PACK = f"{BRACKETED}(21){SERIAL}"
MINUTE = 60


def in_the_pharmacy() -> tuple[BatchStory, UnitStory]:
    story, _sold, _kept = delivered()
    return story, UnitStory(story.time)


@case("verified", "verified")
def pack_that_nobody_used() -> Told:
    """A pack was scanned on its way, and never handed out."""
    story, units = in_the_pharmacy()
    units.tell(UnitKind.SCAN, CUSTOMS)
    return Told(story, PACK, PHARMACY, "SGSIN", unit_events=units.events)


@case("do_not_use", "already_dispensed", "unit_unused")
def pack_dispensed_before() -> Told:
    """A copied pack: the genuine one was handed out two days ago."""
    story, units = in_the_pharmacy()
    units.tell(UnitKind.DISPENSE, PHARMACY, ago=2 * 24 * 60 * MINUTE)
    return Told(story, PACK, PHARMACY, "SGSIN", unit_events=units.events)


@case("verified", "verified")
def pack_dispensed_by_who_asks_a_moment_ago() -> Told:
    """The pharmacist scans the pack again that is still in hand."""
    story, units = in_the_pharmacy()
    units.tell(UnitKind.DISPENSE, PHARMACY, ago=3 * MINUTE)
    return Told(story, PACK, PHARMACY, "SGSIN", unit_events=units.events)


@case("verified", "verified")
def pack_dispensed_and_undone() -> Told:
    """The patient did not take the pack; it is back on the shelf."""
    story, units = in_the_pharmacy()
    given = units.tell(UnitKind.DISPENSE, PHARMACY, ago=24 * 60 * MINUTE)
    units.tell(UnitKind.UNDO, PHARMACY, ago=23 * 60 * MINUTE, previous=given.digest)
    return Told(story, PACK, PHARMACY, "SGSIN", unit_events=units.events)


@case("do_not_use", "sampled", "unit_unused")
def pack_taken_as_a_sample() -> Told:
    """Customs took the pack to its laboratory."""
    story, units = in_the_pharmacy()
    units.tell(UnitKind.SAMPLE, CUSTOMS, ago=24 * 60 * MINUTE)
    return Told(story, PACK, PHARMACY, "SGSIN", unit_events=units.events)


@case("suspect", "destroyed", "unit_unused")
def pack_on_record_as_destroyed() -> Told:
    """The pack was destroyed: what is scanned now came back, or never was that pack."""
    story, units = in_the_pharmacy()
    units.tell(UnitKind.DESTROY, PHARMACY, ago=24 * 60 * MINUTE)
    return Told(story, PACK, PHARMACY, "SGSIN", unit_events=units.events)


def statement_of(event: facts.CustodyEvent) -> CustodyStatement:
    """Give the statement that a log tells of."""
    return CustodyStatement(
        event.consignment,
        event.previous,
        event.actor,
        event.kind,
        event.occurred_at,
        event.counterparty,
        event.quantity,
        event.place.encode().ljust(5, b"\0"),
        event.parts,
        event.details,
    )


def content(each: Case) -> dict[str, Any]:
    """Give a vector as it stands in its file."""
    told = each.tell()
    story = told.story
    own = [story.logs()] if story.registration else []
    batches = own if told.batches is None else told.batches
    unit = {"unit": told.unit} if told.unit else {}
    return {
        "description": each.description,
        "now": story.time + told.later,
        "question": {"code": told.code, "place": told.place, "at": told.at, "organisation": told.organisation},
        "expected": {"verdict": each.verdict, "reason": each.reason, "failed": list(each.failed)},
        "as_of": to_json(story.as_of(**told.as_of)),
        "licensee": told.licensee,
        "subjects": [{"consignment": to_json(told.consignment), "facts": to_json(batch)} for batch in batches],
        "ledger": {"organisations": to_json(story.organisations), "keys": to_json(story.keys)},
        **({"unit_events": to_json(told.unit_events)} if told.unit_events else {}),
        **unit,
    }


def written(each: Case) -> str:
    """Give a vector's file."""
    return json.dumps(content(each), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for each in CASES:
        (FOLDER / f"{each.name}.json").write_text(written(each), encoding="utf-8")
