"""One table: every error of the contract, with the words for the person whose statement it refuses.

Used for what is refused before it is relayed (`rules`) and for the error bytes that come back from the chain, so that a
refusal reads the same wherever it was decided. The parameters are those of the contract's interfaces; a test compares.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from ledger.core.errors import StatementRefusedError
from ledger.core.vocabulary import Purpose, Role

_SHOWN_BYTES: Final = 6  # of a digest in a sentence; the evidence holds all of it
_TIMES: Final = frozenset(
    {"time", "occurredAt", "earliest", "latest", "suspendedAt", "until", "notBefore", "validFrom", "validUntil"}
)
_NO_DATE: Final = 253_402_300_800  # year 10000: a statement's 40 bits reach further than the calendar
_TEXTS: Final = frozenset({"country", "place", "name"})
_READ_AGAIN: Final = "Read its present state, then sign a new statement."
_SIGN_AGAIN: Final = "Mend the statement and sign it again."
_ASK_AUTHORITY: Final = "Ask the authority that accredits it."
_NOT_YOURS: Final = "Only the council can do this."


class Words(NamedTuple):
    """How one error is told."""

    parameters: str  # as in the contract's interface: `type name, …`
    detail: str  # what happened; `{name}` takes the argument of that name
    advice: str  # what to do next

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names in order."""
        return tuple(declaration.split()[1] for declaration in self.parameters.split(",") if declaration)


REFUSALS: Final[dict[str, Words]] = {
    # Signatures and keys
    "InvalidSigner": Words(
        "bytes signer",
        "The signer {signer} is neither an address (20 bytes) nor a P-256 key (64 bytes).",
        "Sign with a key of the organisation.",
    ),
    "InvalidSignature": Words(
        "bytes32 digest, bytes signer",
        "The signature is not that of {signer} for this statement.",
        "Sign exactly this statement, for this chain and contract, with a low s, and send it again.",
    ),
    "KeyNotLive": Words(
        "bytes32 key, uint40 time",
        "Key {key} is not on the ledger, not valid yet, expired or ended as of {time}.",
        "Sign with a live key of the organisation.",
    ),
    "KeyOfAnother": Words(
        "bytes32 key, uint32 expected, uint32 actual",
        "Key {key} belongs to organisation {actual}, but the statement speaks for organisation {expected}.",
        "Sign with a key of organisation {expected}.",
    ),
    "PurposeMissing": Words(
        "bytes32 key, uint8 needed",
        "Key {key} may not sign this: it lacks the purpose {needed}.",
        "Sign with a key that has the purpose {needed}.",
    ),
    "KeyTaken": Words(
        "bytes32 key, uint32 by",
        "Key {key} was added before, by organisation {by}; a key stays with one organisation.",
        "Make a new key and add that one.",
    ),
    "InvalidPurposes": Words(
        "uint8 purposes",
        "The purposes {purposes} of the key are not valid.",
        "Give it one or more of EVENTS (1), LABELS (2) and ADMIN (4).",
    ),
    "InvalidWindow": Words(
        "uint40 validFrom, uint40 validUntil",
        "The key's time of validity ends at {validUntil}, not after its start at {validFrom}.",
        "Give a later end, or 0 for none.",
    ),
    "InsufficientGas": Words(
        "uint256 needed, uint256 available",
        "The transaction had {available} gas left where a check needs {needed}; nothing was decided.",
        "Send it again with more gas.",
    ),
    # Organisations
    "UnknownOrganisation": Words(
        "uint32 organisation",
        "Organisation {organisation} is not on the ledger.",
        "Check the number.",
    ),
    "OrganisationNotActive": Words(
        "uint32 organisation, uint40 suspendedAt",
        "Organisation {organisation} has been suspended since {suspendedAt}.",
        _ASK_AUTHORITY,
    ),
    "RoleMissing": Words(
        "uint32 organisation, uint8 needed",
        "Organisation {organisation} is not accredited for this: it needs the role {needed}.",
        _ASK_AUTHORITY,
    ),
    "NotAuthority": Words(
        "uint32 organisation",
        "Organisation {organisation} is not an authority.",
        "Only an authority admitted by the council can do this.",
    ),
    "NotAccreditedBy": Words(
        "uint32 organisation, uint32 authority",
        "Organisation {organisation} was not accredited by authority {authority}.",
        "Ask the authority that accredited it; an authority itself is the council's.",
    ),
    "WrongCountry": Words(
        "bytes2 expected, bytes2 given",
        "The authority accredits for {expected}, the statement names {given}.",
        "Ask the authority of that country.",
    ),
    "InvalidCountry": Words(
        "bytes2 country", "{country} is not a country code.", "Give the two capital letters of ISO 3166-1."
    ),
    "InvalidRoles": Words(
        "uint8 roles", "The roles {roles} are not valid.", "Give one or more of the six roles; their sum is 1 to 63."
    ),
    "InvalidGln": Words("uint64 gln", "The GLN {gln} has a wrong check digit or length.", "Check the 13 digits."),
    "InvalidPrefix": Words(
        "uint64 prefix", "{prefix} is not a GS1 Company Prefix.", "Give 4 to 12 digits, written after a leading 1."
    ),
    # Order
    "StaleSequence": Words(
        "uint256 expected, uint256 given",
        "Another statement of an administration came first: number {expected} is next, this one names {given}.",
        _READ_AGAIN,
    ),
    "AlreadyRecorded": Words(
        "bytes32 digest", "This is recorded already ({digest}).", "Nothing to do: sending it again changes nothing."
    ),
    "PartsMismatch": Words(
        "bytes32 expected, bytes32 given",
        "What is passed beside the statement hashes to {given}, but {expected} was signed.",
        "Send the parts exactly as they were signed.",
    ),
    "OccurredAtOutOfRange": Words(
        "uint40 occurredAt, uint40 earliest, uint40 latest",
        "The stated time {occurredAt} must lie from {earliest} to {latest}.",
        "Check the device's clock, then sign again with the right time.",
    ),
    # The council
    "NotCouncil": Words("address caller", "{caller} is not the council.", _NOT_YOURS),
    "Paused": Words(
        "uint40 until",
        "The council has paused new statements until {until}.",
        "Nothing is lost: the statement can be sent again after that.",
    ),
    "NotPaused": Words("", "Statements are not paused.", "Nothing to do."),
    "PauseTooSoon": Words("uint40 notBefore", "The next pause may begin at {notBefore}.", "Wait until then."),
    "SuccessorAlreadyNamed": Words(
        "address successor", "The successor {successor} was named before.", "It cannot be named again."
    ),
    "InvalidAddress": Words("", "The address is zero.", "Give a real address."),
    "NotSelf": Words("address caller", "Only the contract itself may call this, not {caller}.", "Call `record`."),
    # What is said
    "InvalidGtin": Words(
        "uint64 gtin", "The GTIN {gtin} has a wrong check digit or length.", "Check the 14 digits of the GTIN."
    ),
    "InvalidLot": Words(
        "string lot", "The lot {lot} is not valid.", "Give 1 to 20 letters, digits or signs of GS1 character set 82."
    ),
    "InvalidProductClass": Words(
        "uint8 productClass",
        "The product class {productClass} does not exist.",
        "Give VACCINE (1), MEDICINE (2), PPE (3) or DEVICE (4).",
    ),
    "InvalidDate": Words(
        "uint32 date",
        "The date {date} is not valid.",
        "Give YYYYMMDD from 2000 to 2099, with an expiry after the day of manufacture.",
    ),
    "InvalidSscc": Words("uint64 sscc", "The SSCC {sscc} has a wrong check digit or length.", "Check the 18 digits."),
    "InvalidKind": Words("uint8 kind", "There is no custody event of kind {kind}.", "Give a kind from 1 to 15."),
    "InvalidPlace": Words(
        "bytes5 place",
        "The place {place} is not a UN/LOCODE.",
        "Give five characters, country and place, such as SGSIN.",
    ),
    "InvalidParts": Words(
        "uint256 index", "Part {index} of what is passed beside the statement is malformed.", _SIGN_AGAIN
    ),
    "UnexpectedField": Words("bytes32 name", "This kind of event has no {name}.", "Leave it empty and sign again."),
    "NoQuantity": Words("", "The quantity is zero, or nothing is left.", "Check the quantity."),
    "QuantityMismatch": Words(
        "uint32 expected, uint32 given", "{expected} are there, the statement says {given}.", "Count again, then sign."
    ),
    "QuantityExceeded": Words(
        "uint32 rest, uint256 given", "Only {rest} are left, the statement takes {given}.", "Count again, then sign."
    ),
    "NoPrefixes": Words(
        "uint32 organisation", "Organisation {organisation} has no GS1 Company Prefix on the ledger.", _ASK_AUTHORITY
    ),
    "PrefixNotLicensed": Words(
        "uint32 organisation, uint64 code",
        "The number {code} lies outside the GS1 Company Prefixes of organisation {organisation}.",
        "Check the number, or ask the authority to add the prefix.",
    ),
    # What is there
    "BatchAlreadyRegistered": Words(
        "bytes32 batch", "This GTIN and lot are registered already, with other facts.", "Check GTIN and lot."
    ),
    "AlreadyRecalled": Words("bytes32 batch", "This batch is recalled already.", "Nothing to do."),
    "UnknownConsignment": Words(
        "bytes32 consignment",
        "Consignment {consignment} is not on the ledger.",
        "Register the batch first, or check the id.",
    ),
    "NotBatch": Words(
        "bytes32 consignment", "Consignment {consignment} is not a whole batch.", "A recall names the batch's own id."
    ),
    "IsPallet": Words(
        "bytes32 consignment", "{consignment} is a pallet.", "Unpack it first, then act on what was on it."
    ),
    "NotPallet": Words("bytes32 consignment", "{consignment} is not a pallet.", "Name the pallet to unpack."),
    "InPallet": Words(
        "bytes32 consignment, uint32 pallet",
        "Consignment {consignment} is on a pallet (number {pallet}).",
        "Act on the pallet, or unpack it first.",
    ),
    "NotOnPallet": Words(
        "bytes32 consignment, bytes32 pallet",
        "Consignment {consignment} is not on the pallet {pallet}.",
        "Check what is on the pallet.",
    ),
    "StaleHead": Words(
        "bytes32 expected, bytes32 given",
        "Another event came first: the history now ends in {expected}, the statement follows {given}.",
        _READ_AGAIN,
    ),
    "NotHolder": Words(
        "uint32 holder, uint32 actor",
        "Organisation {holder} holds the goods, not organisation {actor}.",
        "Only the holder can do this; if the goods are with you, ask the holder to ship them to you on the ledger.",
    ),
    "NotActor": Words(
        "uint32 expected, uint32 given",
        "The event was stated by organisation {expected}, not by organisation {given}.",
        "Each organisation corrects, and bundles, its own events only.",
    ),
    "NotCounterparty": Words(
        "uint32 expected, uint32 given",
        "The other side must be organisation {expected}, not organisation {given}.",
        "Check who the goods are recorded as going to and coming from.",
    ),
    "InTransit": Words(
        "uint32 to",
        "The goods are recorded as on the way to organisation {to}.",
        "It must receive or return them first.",
    ),
    "NotInTransit": Words(
        "", "The goods are not on the way to anyone.", "The sender must ship them on the ledger first."
    ),
    "Held": Words(
        "uint32 by",
        "The goods are held by the administration {by}.",
        "They may not move. Ask that administration for their release.",
    ),
    "NotHeld": Words("", "The goods are not held.", "Nothing to release."),
    "Seized": Words("uint32 by", "The goods were seized by the administration {by}.", "They stay with it."),
    "OutsideJurisdiction": Words(
        "bytes2 country, bytes5 place",
        "The administration acts for {country}, the place {place} is elsewhere.",
        "Give the place where the goods are; in another country that country's administration acts.",
    ),
    # Bundles and anchors
    "BundleMismatch": Words(
        "bytes32 expected, bytes32 given",
        "The events passed hash to {given}, but {expected} was signed.",
        "Send exactly the events that the bundle was signed for.",
    ),
    "BundleNotAscending": Words(
        "uint256 index", "Event {index} of the bundle is out of order or doubled.", "Sort the events by their digests."
    ),
    "AccumulatorMismatch": Words(
        "bytes32 expected, bytes32 given",
        "The last anchor is {expected}, this one continues {given}.",
        "Continue the last anchor and sign again.",
    ),
    "CountNotGrowing": Words(
        "uint64 stored, uint64 given",
        "{stored} unit events are anchored, this anchor says {given}.",
        "Count again, then sign.",
    ),
}


def refused(error: str, *arguments: Any) -> StatementRefusedError:  # noqa: ANN401 - whatever the error's types say
    """Tell a refusal in words.

    Args:
        error: The contract's error name; one that is not in the table is told by its name.
        arguments: Its arguments as ABI decoding gives them: numbers, bytes, text.

    Returns:
        An error whose evidence holds `error` and `arguments` (by name; bytes as hexadecimal).
    """
    words = REFUSALS.get(error)
    if words is None:
        detail = f"The ledger refuses the statement: {error}."
        return StatementRefusedError(detail, advice=_SIGN_AGAIN, error=error, arguments={})
    named = dict(zip(words.names, arguments, strict=True))
    shown = {name: _shown(error, name, value) for name, value in named.items()}
    evidence = {name: "0x" + value.hex() if isinstance(value, bytes) else value for name, value in named.items()}
    return StatementRefusedError(
        words.detail.format(**shown), advice=words.advice.format(**shown), error=error, arguments=evidence
    )


def _shown(error: str, name: str, value: Any) -> str:  # noqa: ANN401 - as `refused`
    if name == "needed" and error == "RoleMissing":
        return " or ".join(role.name or "" for role in Role if role & value)
    if name == "needed" and error == "PurposeMissing":
        return " or ".join(purpose.name or "" for purpose in Purpose if purpose & value)
    if name in _TIMES and value < _NO_DATE:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, bytes):
        return _bytes_shown(value, text=name in _TEXTS or error == "WrongCountry")
    return str(value)


def _bytes_shown(value: bytes, *, text: bool) -> str:
    words = value.rstrip(b"\0")
    if text and words.isalnum():
        return words.decode()
    tail = "…" if len(value) > _SHOWN_BYTES else ""
    return "0x" + value[:_SHOWN_BYTES].hex() + tail
