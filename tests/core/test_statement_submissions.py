"""Submissions read from JSON: tolerant where unambiguous, refused with the field otherwise, never anything else."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import fields
from ledger.core import statement as statements
from ledger.core.document import details, with_salt
from ledger.core.errors import InvalidStatementError
from ledger.core.keccak import keccak256
from ledger.core.statement import Bundle, BundledEvent, CustodyStatement, Domain, Submission, parse_submission
from ledger.core.submission import MAX_ATTACHMENT_BYTES, MAX_BUNDLE_EVENTS, MAX_PREFIXES, MAX_SIGNATURE_BYTES
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

DOMAIN = Domain(31337, b"\x11" * 20)
ADDRESS = "0x" + "ab" * 20
# The generator of P-256 (FIPS 186-4, D.1.2.3): a point of the curve.
POINT = (
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
ZERO = "0x" + "00" * 32
WORD = "0x" + "5a" * 32
DOCUMENT = with_salt({"product": "mRNA vaccine", "temperature": 2.5}, bytes(32))


def event(kind: Kind = Kind.SHIP, **changes: Any) -> CustodyStatement:
    values: dict[str, Any] = {
        "consignment": b"\x5a" * 32,
        "previous": b"\x5b" * 32,
        "actor": 7,
        "kind": kind,
        "occurred_at": 1_800_000_000,
        "counterparty": 9,
        "quantity": 100,
        "place": b"SGSIN",
        "parts": bytes(32),
        "details": bytes(32),
    }
    return CustodyStatement(**values | changes)


def submitted(type_: str, message: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {"type": type_, "message": message, "signer": ADDRESS, "signature": "0x" + "cd" * 65} | beside


def attached(kind: Kind, attachment: bytes) -> dict[str, Any]:
    parts = keccak256(attachment) if kind in {Kind.SPLIT, Kind.PACK, Kind.UNPACK} else bytes(32)
    return submitted("CustodyEvent", event(kind, parts=parts).message(), attachment="0x" + attachment.hex())


def correction() -> dict[str, Any]:
    earlier = event()
    later = event(Kind.CORRECT, previous=earlier.digest(DOMAIN), counterparty=0)
    return submitted("CustodyEvent", later.message(), attachment="0x" + statements.encode_event(earlier).hex())


def bundle() -> dict[str, Any]:
    split = statements.pack_children([(None, 5)])
    signed = [(event(), b""), (event(Kind.SPLIT, parts=keccak256(split)), split), (event(quantity=3), b"")]
    signed.sort(key=lambda pair: pair[0].digest(DOMAIN))
    digests = statements.bundle_digests(each.digest(DOMAIN) for each, _ in signed)
    listed = [{"message": each.message(), "attachment": "0x" + parts.hex()} for each, parts in signed]
    return submitted("Bundle", Bundle(7, 3, digests).message(), events=listed)


REGISTRATION = {
    "manufacturer": 7,
    "gtin": 5413868000016,
    "lot": "A-1/2",
    "productClass": 1,
    "quantity": 1000,
    "manufactured": 20260102,
    "expiry": 20270331,
    "unitRoot": ZERO,
    "details": "0x" + details(DOCUMENT).hex(),
}
ACCREDITATION = {
    "authority": 1,
    "organisation": 0,
    "sequence": 4,
    "name": "Fabrik für Impfstoffe",
    "country": "0x4245",
    "gln": 5413868000009,
    "roles": 5,
    "prefixes": "0x" + statements.prefixes_hash([15413868, 10012]).hex(),
    "adminKey": ADDRESS,
}
ADDITION = {"organisation": 7, "signer": "0x" + POINT, "purposes": 2, "validFrom": 0, "validUntil": 1900000000}

CANONICAL: dict[str, Callable[[], dict[str, Any]]] = {
    "registration": lambda: submitted("BatchRegistration", dict(REGISTRATION), document=dict(DOCUMENT)),
    "ship": lambda: submitted("CustodyEvent", event().message()),
    "recall": lambda: submitted("CustodyEvent", event(Kind.RECALL, place=bytes(5), counterparty=0).message()),
    "split": lambda: attached(Kind.SPLIT, statements.pack_children([(None, 5), ("354138680000000014", 6)])),
    "pack": lambda: attached(Kind.PACK, statements.pack_pallet("354138680000000014", [(bytes(32), bytes(32))])),
    "unpack": lambda: attached(Kind.UNPACK, statements.pack_ids([b"\x5a" * 32])),
    "handover": lambda: attached(Kind.HANDOVER, statements.encode_countersignature(b"\x01" * 20, b"\x02" * 65)),
    "correct": correction,
    "bundle": bundle,
    "anchor": lambda: submitted("Anchor", {"organisation": 7, "count": 9, "root": WORD, "previous": ZERO}),
    "accreditation": lambda: submitted(
        "Accreditation", dict(ACCREDITATION), prefixes=["5413868", "0012"], cosignature="0x" + "ef" * 65
    ),
    "suspension": lambda: submitted(
        "Suspension", {"authority": 1, "organisation": 2, "sequence": 3, "suspended": True}
    ),
    "key addition": lambda: submitted("KeyAddition", dict(ADDITION), cosignature="0x" + "ef" * 64),
    "key ending": lambda: submitted("KeyEnding", {"actor": 1, "key": WORD, "doubtSince": 1700000000}),
}


def without_empty_attachments(payload: dict[str, Any]) -> dict[str, Any]:
    for listed in payload.get("events", []):
        if listed["attachment"] == "0x":
            del listed["attachment"]
    return payload


def refusal(payload: object) -> InvalidStatementError:
    with pytest.raises(InvalidStatementError) as caught:
        parse_submission(payload)
    return caught.value


def changed(name: str, path: str, value: Any) -> dict[str, Any]:
    """A canonical payload with the value at a dotted path replaced."""
    payload = CANONICAL[name]()
    *parents, last = path.split(".")
    at: Any = payload
    for step in parents:
        at = at[int(step)] if isinstance(at, list) else at[step]
    at[last] = value
    return payload


@pytest.mark.parametrize("name", CANONICAL)
def test_the_canonical_form_comes_back_unchanged(name: str) -> None:
    payload = CANONICAL[name]()
    submission = parse_submission(payload)
    submission.check(DOMAIN)
    assert submission.payload() == without_empty_attachments(payload)
    assert json.loads(json.dumps(submission.payload())) == submission.payload()
    assert parse_submission(submission.payload()) == submission
    assert submission.digest(DOMAIN) == submission.statement.digest(DOMAIN)


@pytest.mark.parametrize(
    ("name", "path", "tolerated"),
    [
        ("ship", "message.kind", "SHIP"),
        ("ship", "message.kind", "1"),
        ("ship", "message.place", "SGSIN"),
        ("ship", "message.actor", "7"),
        ("ship", "message.occurredAt", "2027-01-15T08:00:00Z"),
        ("ship", "message.occurredAt", "2027-01-15T16:00:00+08:00"),
        ("recall", "message.place", ""),
        ("recall", "message.place", "0x"),
        ("registration", "message.gtin", "05413868000016"),
        ("registration", "message.productClass", "VACCINE"),
        ("registration", "message.expiry", "2027-03-31"),
        ("registration", "message.expiry", "20270331"),
        ("accreditation", "message.country", "BE"),
        ("accreditation", "message.gln", "5413868000009"),
        ("accreditation", "message.roles", ["MANUFACTURER", "WHOLESALER", "MANUFACTURER"]),
        ("accreditation", "message.roles", "5"),
        ("key addition", "message.purposes", ["LABELS"]),
        ("key addition", "message.validUntil", "2030-03-17T17:46:40Z"),
        ("ship", "signer", "0X" + "AB" * 20),
        ("ship", "attachment", "0x"),
    ],
)
def test_a_form_that_can_mean_one_thing_only_is_taken(name: str, path: str, tolerated: object) -> None:
    assert parse_submission(changed(name, path, tolerated)) == parse_submission(CANONICAL[name]())


def test_a_p256_signer_may_have_the_prefix_of_an_uncompressed_point() -> None:
    payload = CANONICAL["ship"]() | {"signer": "0x04" + POINT, "signature": "0x" + "cd" * 64}
    assert parse_submission(payload).signer == bytes.fromhex(POINT)


def test_a_manufacturing_date_may_be_left_open() -> None:
    assert parse_submission(changed("registration", "message.manufactured", 0)).statement.message()["manufactured"] == 0


def test_an_amendment_without_a_new_key_needs_no_second_signature() -> None:
    for empty in ("", "0x"):
        payload = changed("accreditation", "message.adminKey", empty)
        del payload["cosignature"]
        assert parse_submission(payload).cosignature == b""


def test_null_is_no_document() -> None:
    assert parse_submission(changed("registration", "document", None)).document is None


WRONG: list[tuple[str, str, Any, str]] = [
    ("ship", "type", "Event", "type"),
    ("ship", "type", 5, "type"),
    ("ship", "message", [], "message"),
    ("ship", "message.colour", 1, "message.colour"),
    ("ship", "signer", "ab" * 20, "signer"),
    ("ship", "signer", "0x" + "ab" * 21, "signer"),
    ("ship", "signer", "0x" + "ab" * 64, "signer"),
    ("ship", "signature", "0x", "signature"),
    ("ship", "signature", "0x" + "00" * (MAX_SIGNATURE_BYTES + 1), "signature"),
    ("ship", "signature", None, "signature"),
    ("ship", "nonce", 1, "nonce"),
    ("ship", "events", [], "events"),
    ("ship", "cosignature", "0x12", "cosignature"),
    ("ship", "attachment", "0x12", "attachment"),
    ("ship", "message.kind", "SHIPPED", "message.kind"),
    ("ship", "message.kind", 16, "message.kind"),
    ("ship", "message.kind", True, "message.kind"),
    ("ship", "message.kind", None, "message.kind"),
    ("ship", "message.actor", 2**32, "message.actor"),
    ("ship", "message.actor", 2**300, "message.actor"),
    ("ship", "message.actor", -1, "message.actor"),
    ("ship", "message.actor", 1.0, "message.actor"),
    ("ship", "message.actor", "\u0667", "message.actor"),
    ("ship", "message.place", "sgsin", "message.place"),
    ("ship", "message.place", "SGSI", "message.place"),
    ("ship", "message.place", "0x0000000001", "message.place"),
    ("ship", "message.place", 5, "message.place"),
    ("ship", "message.occurredAt", "2027-02-30T08:00:00Z", "message.occurredAt"),
    ("ship", "message.occurredAt", "0001-01-01T00:00:00+23:59", "message.occurredAt"),
    ("ship", "message.occurredAt", "2027-01-15T08:00:00", "message.occurredAt"),
    ("ship", "message.occurredAt", "1969-12-31T23:59:59Z", "message.occurredAt"),
    ("ship", "message.consignment", "0x12", "message.consignment"),
    ("ship", "message.parts", WORD, "message.parts"),
    ("ship", "document", {"salt": ZERO}, "document"),
    ("ship", "document", [], "document"),
    ("registration", "document", {}, "document.salt"),
    ("registration", "attachment", "0x", "attachment"),
    ("registration", "message.lot", "", "message.lot"),
    ("registration", "message.lot", "A" * 21, "message.lot"),
    ("registration", "message.lot", "Á1", "message.lot"),
    ("registration", "message.lot", 5, "message.lot"),
    ("registration", "message.gtin", 10**14, "message.gtin"),
    ("registration", "message.gtin", 0, "message.gtin"),
    ("registration", "message.expiry", 0, "message.expiry"),
    ("registration", "message.expiry", "2027-02-29", "message.expiry"),
    ("registration", "message.expiry", 2**60, "message.expiry"),
    ("registration", "message.expiry", 99990101, "message.expiry"),
    ("split", "attachment", "0x00", "attachment"),
    ("split", "message.parts", WORD, "message.parts"),
    ("pack", "attachment", "0x" + "00" * 8, "attachment"),
    ("unpack", "attachment", "0x" + "00" * 31, "attachment"),
    ("handover", "attachment", "0x" + "00" * 64, "attachment"),
    ("correct", "attachment", "0x" + "00" * 32, "attachment"),
    ("bundle", "events", {}, "events"),
    ("bundle", "events", [], "events"),
    ("bundle", "events", [{}] * (MAX_BUNDLE_EVENTS + 1), "events"),
    ("bundle", "events", [5], "events[0]"),
    ("bundle", "events", [{"attachment": "0x"}], "events[0]"),
    ("bundle", "events", [{"message": {}, "signature": "0x"}], "events[0]"),
    ("bundle", "events", [{"message": {}}], "events[0].message.consignment"),
    ("bundle", "message.count", 2, "events"),
    ("accreditation", "prefixes", "5413868", "prefixes"),
    ("accreditation", "prefixes", ["5413868"] * (MAX_PREFIXES + 1), "prefixes"),
    ("accreditation", "prefixes", ["5413868"], "prefixes"),
    ("accreditation", "prefixes", ["5413868", 5], "prefixes"),
    ("accreditation", "message.name", "", "message.name"),
    ("accreditation", "message.name", " ", "message.name"),
    ("accreditation", "message.name", "x" * (fields.MAX_NAME_BYTES + 1), "message.name"),
    ("accreditation", "message.name", "a\u202eb", "message.name"),
    ("accreditation", "message.country", "", "message.country"),
    ("accreditation", "message.country", "be", "message.country"),
    ("accreditation", "message.gln", 10**13, "message.gln"),
    ("accreditation", "message.roles", 64, "message.roles"),
    ("accreditation", "message.roles", 0, "message.roles"),
    ("accreditation", "message.roles", [], "message.roles"),
    ("accreditation", "message.roles", ["KING"], "message.roles"),
    ("accreditation", "message.roles", [1], "message.roles"),
    ("accreditation", "message.adminKey", "0x12", "message.adminKey"),
    ("accreditation", "message.adminKey", "0x", "cosignature"),
    ("accreditation", "cosignature", "0x", "cosignature"),
    ("suspension", "message.suspended", 1, "message.suspended"),
    ("key addition", "message.signer", "0x04" + POINT, "message.signer"),
    ("key addition", "cosignature", "0x" + "ef" * 65, "cosignature"),
    ("key addition", "message.validUntil", 2**40, "message.validUntil"),
]


@pytest.mark.parametrize(("name", "path", "value", "field"), WRONG)
def test_what_is_malformed_is_refused_with_its_field(name: str, path: str, value: Any, field: str) -> None:
    error = refusal(changed(name, path, value))
    assert error.field == field
    assert error.detail


def test_a_malformed_prefix_is_refused_with_its_position() -> None:
    assert refusal(changed("accreditation", "prefixes", ["5413868", "x"])).position == 1


@pytest.mark.parametrize("name", ["", "\ud800", "x" * 41, "a\nb"])
def test_the_name_of_an_unknown_field_is_repeated_only_if_it_is_harmless(name: str) -> None:
    error = refusal(CANONICAL["ship"]() | {name: 1})
    assert error.field == "?"
    assert error.detail.isprintable()


@pytest.mark.parametrize("payload", [None, [], "x", {}, {"type": "Anchor"}])
def test_what_is_no_statement_is_refused(payload: object) -> None:
    assert refusal(payload).field in {"statement", "type", "message"}


@pytest.mark.parametrize("name", CANONICAL)
def test_every_field_of_a_message_is_required(name: str) -> None:
    payload = CANONICAL[name]()
    for field in payload["message"]:
        message = {key: value for key, value in payload["message"].items() if key != field}
        assert refusal(payload | {"message": message}).field == f"message.{field}"


def test_an_attachment_larger_than_any_transaction_is_refused_however_sound() -> None:
    largest = attached(Kind.UNPACK, bytes(MAX_ATTACHMENT_BYTES))
    assert len(parse_submission(largest).attachment) == MAX_ATTACHMENT_BYTES
    assert refusal(attached(Kind.UNPACK, bytes(MAX_ATTACHMENT_BYTES + 32))).field == "attachment"


def test_a_new_key_must_sign_too() -> None:
    for name in ("accreditation", "key addition"):
        payload = CANONICAL[name]()
        del payload["cosignature"]
        assert refusal(payload).field == "cosignature"


def test_a_p256_signature_has_64_bytes() -> None:
    assert refusal(CANONICAL["ship"]() | {"signer": "0x" + POINT}).field == "signature"


def test_an_event_of_another_actor_is_refused_in_a_bundle() -> None:
    assert refusal(changed("bundle", "events.1.message.actor", 8)).field == "events[1].message.actor"


def test_an_attachment_in_a_bundle_must_be_what_its_event_signs() -> None:
    assert str(refusal(changed("bundle", "events.0.message.parts", WORD)).field).startswith("events[0].")


def check_refusal(submission: Submission) -> InvalidStatementError:
    with pytest.raises(InvalidStatementError) as caught:
        submission.check(DOMAIN)
    return caught.value


def rebundled(events: list[BundledEvent], digests: bytes) -> Submission:
    return Submission("Bundle", Bundle(7, len(events), digests), b"\x01" * 20, b"\x02" * 65, events=tuple(events))


def test_the_events_of_a_bundle_must_be_those_signed_and_in_order() -> None:
    good = parse_submission(bundle())
    assert isinstance(good.statement, Bundle)
    events = list(good.events)
    assert good.digests(DOMAIN) == tuple(each.statement.digest(DOMAIN) for each in events)
    assert check_refusal(rebundled(events[::-1], good.statement.digests)).field == "events"
    assert check_refusal(rebundled([events[0], events[0]], good.statement.digests)).position == 1
    assert check_refusal(rebundled(events[:2], good.statement.digests)).field == "message.digests"
    with pytest.raises(InvalidStatementError):
        good.check(Domain(1, b"\x11" * 20))


@pytest.mark.parametrize(
    "changes",
    [{"previous": b"\x01" * 32}, {"actor": 8}, {"consignment": b"\x01" * 32}],
    ids=lambda each: next(iter(each)),
)
def test_a_correction_must_name_the_event_that_it_shows(changes: dict[str, Any]) -> None:
    earlier = event()
    values = {"previous": earlier.digest(DOMAIN), "counterparty": 0} | changes
    encoded = statements.encode_event(earlier)
    later = Submission("CustodyEvent", event(Kind.CORRECT, **values), b"\x01" * 20, b"\x02" * 65, attachment=encoded)
    assert check_refusal(later).field == "attachment"
    bundled = [BundledEvent(event(Kind.CORRECT, **values), encoded)]
    digests = statements.bundle_digests(each.statement.digest(DOMAIN) for each in bundled)
    assert check_refusal(rebundled(bundled, digests)).field == "events[0].attachment"


def test_a_single_statement_is_recorded_under_its_own_digest() -> None:
    submission = parse_submission(CANONICAL["ship"]())
    assert submission.digests(DOMAIN) == (submission.digest(DOMAIN),)


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["0x", "0x00", WORD, ADDRESS, "SHIP", "2027-01-01", "0x" + POINT, "9" * 20, "\ud800", "0X0G"])
    | st.binary(max_size=70).map(lambda value: "0x" + value.hex()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path inside a JSON value, its own left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, inner in items for path in [(*at, key), *places(inner, (*at, key))]]


@given(st.sampled_from(sorted(CANONICAL)), st.data())
def test_a_mutated_submission_is_read_or_refused_with_a_field(name: str, data: st.DataObject) -> None:
    payload = copy.deepcopy(CANONICAL[name]())
    for _ in range(data.draw(st.integers(1, 3))):
        reachable = places(payload)
        path = data.draw(st.sampled_from(reachable))
        at: Any = payload
        for step in path[:-1]:
            at = at[step]
        action = data.draw(st.sampled_from(["replace", "drop", "add", "corrupt"]))
        if action == "drop":
            del at[path[-1]]
        elif action == "add" and isinstance(at, dict):
            at[data.draw(st.text(max_size=6))] = data.draw(junk)
        elif action == "corrupt" and isinstance(at[path[-1]], str):
            text = at[path[-1]]
            cut = data.draw(st.integers(0, len(text)))
            at[path[-1]] = text[:cut] + data.draw(st.text(max_size=3)) + text[cut + 1 :]
        else:
            at[path[-1]] = data.draw(junk)
    try:
        submission = parse_submission(payload)
    except InvalidStatementError as error:
        named = error.field
        assert named, error  # noqa: PT017 - a refusal is one of two good ends
        return
    assert parse_submission(submission.payload()) == submission


@given(junk)
def test_any_json_is_read_or_refused_with_a_field(payload: object) -> None:
    assert refusal(payload).field


@given(st.sampled_from(sorted(CANONICAL)), junk)
def test_any_message_is_read_or_refused_with_a_field(name: str, message: object) -> None:
    assert refusal(CANONICAL[name]() | {"message": message}).field
