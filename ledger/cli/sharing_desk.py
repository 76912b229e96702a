"""One administration at the exchange of a server: it signs in, seals what it tells, and opens what it is told.

What comes from the server is believed as far as it can be checked here: a message by its issuer's signature and the
hash of its content, an encryption key by the signature of whose it is. Whose a signing key is, the chain says where a
node is at hand (LOTPROOF_RPC_URL), else the server.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ledger import envelope
from ledger.cli.desk import domain_of, organisation_of
from ledger.core import sign_in
from ledger.core.errors import ContradictionError, InvalidInputError, InvalidProofError, NotFoundError
from ledger.core.intelligence.content import Content, read_content
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.statements import (
    NOTHING,
    EncryptionKey,
    Enrolment,
    Form,
    Intelligence,
    Message,
    number_of,
    parse_enrolment,
    parse_message,
    recipients_hash,
    word_of,
)
from ledger.core.log_watch import Receipt
from ledger.core.parts import key_id
from ledger.core.signature import verify
from ledger.store.receipts import open_receipts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from ledger.chain.keys import Signer
    from ledger.cli.client import Client, Json
    from ledger.core.intelligence.stix import Draft

BASE: Final = "/v1/intelligence"
_PARTS: Final = ("message", "signer", "signature", "recipients", "content", "box")


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it was checked and read here."""

    told: Json  # as the server showed it
    statement: Intelligence
    digest: bytes
    content: Content | None  # None: a withdrawal, or sealed and not for this key
    fault: str  # why it could not be read, "" if it was


def require_host(text: str, server: str) -> sign_in.Challenge:
    """Read a challenge, and require that it is for the server that is asked: another's would let that one sign in.

    Args:
        text: The challenge.
        server: The server's address.

    Raises:
        ContradictionError: It is for another server.
    """
    challenge, asked = sign_in.read(text), urlsplit(server).netloc.lower()
    if challenge.domain != asked:
        detail = f"{asked} gave a challenge for {challenge.domain}: signing it could let somebody else sign in there."
        raise ContradictionError(detail, advice="Sign nothing here, and tell the server's operator.")
    return challenge


def open_session(client: Client, signer: Signer, chain_id: int) -> Json:
    """Sign in with a key; every call of the client after it is made in the session.

    Args:
        client: Of the server.
        signer: The key.
        chain_id: Of the ledger: a challenge for another chain is not signed.

    Raises:
        ContradictionError: The challenge is for another server, key or chain.
    """
    asked = client.post("/v1/session/challenge", {"signer": "0x" + signer.signer.hex()})
    challenge = require_host(str(asked["message"]), client.server)
    if challenge.signer != signer.signer or challenge.chain_id != chain_id:
        raise ContradictionError("The server's challenge is for another key or chain.", advice="Sign nothing here.")
    signature = "0x" + signer.sign_challenge(challenge).hex()
    opened = client.post("/v1/session", {"message": challenge.text(), "signature": signature})
    client.bear(str(opened["token"]))
    return opened


class SharingDesk:
    """Shares for one key of one administration at one server.

    Args:
        client: The server.
        signer: The key.
        private: The encryption key of its holder.
        receipts: The folder where this machine remembers what it signed, for the next anchor of its log.
        owner: Tells by the chain whose a signing key is, by its id; None without a node: the server is believed.
    """

    def __init__(
        self,
        client: Client,
        signer: Signer,
        private: EllipticCurvePrivateKey,
        receipts: Path,
        owner: Callable[[bytes], int] | None = None,
    ) -> None:
        self.client = client
        self.signer = signer
        self.domain = domain_of(client)
        self.number = organisation_of(client, signer)
        self._private = private
        self._owner = owner
        self._receipts = receipts
        self._keys: dict[int, dict[bytes, bytes]] = {}
        self._owners: dict[str, int] = {}

    def sign_in(self) -> Json:
        """Open a session; every call after it is made in it."""
        return open_session(self.client, self.signer, self.domain.chain_id)

    def publish_key(self) -> Json:
        """Publish the encryption key, so that messages can be sealed to this key's holder."""
        numbers = self._private.public_key().public_numbers()
        public = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        statement = EncryptionKey(self.number, public, int(time.time()))
        signature = self.signer.sign(statement.digest(self.domain))
        return self.client.post(f"{BASE}/keys", Enrolment(statement, self.signer.signer, signature).to_json())

    def send(self, draft: Draft, marking: Marking, to: tuple[str, ...]) -> Json:
        """Sign a message, seal it if its marking asks for that, and hand it in.

        Args:
            draft: What it says.
            marking: How far it may go.
            to: Organisations' numbers, or keys' ids if it is RED.
        """
        values: dict[str, Any] = {"salt": "0x" + secrets.token_hex(32), "title": draft.title, "words": draft.words}
        if draft.pattern:
            values["pattern"] = draft.pattern.to_json()
        content = read_content(values, indicator=draft.form is Form.INDICATOR)
        keys = self._recipients(marking, to) if marking.sealed else {}
        words = tuple(sorted({key if marking.personal else word_of(number) for key, (number, _) in keys.items()}))
        statement = Intelligence(
            issuer=self.number,
            form=draft.form,
            marking=marking,
            issued_at=int(time.time()),
            valid_until=draft.valid_until,
            recipients=recipients_hash(words),
            content=content.hash(),
            previous=NOTHING,
        )
        if not marking.sealed:
            return self._hand_in(statement, words, content, None)
        publics = {key: public for key, (_, public) in keys.items()}
        box = envelope.seal(content, statement.digest(self.domain), publics)
        return self._hand_in(statement, words, None, box)

    def withdraw(self, digest: str) -> Json:
        """Withdraw a message of this administration, for all whom it reached."""
        told = self.client.get(f"{BASE}/{digest}")
        earlier = parse_message({name: told[name] for name in _PARTS})
        statement = Intelligence(
            issuer=self.number,
            form=Form.WITHDRAWAL,
            marking=earlier.statement.marking,
            issued_at=int(time.time()),
            valid_until=0,
            recipients=earlier.statement.recipients,
            content=NOTHING,
            previous=bytes.fromhex(digest[2:]),
        )
        return self._hand_in(statement, earlier.recipients, None, None)

    def answer(self, digest: str, result: str, words: str) -> Json:
        """Tell a message's issuer what was found."""
        return self.client.post(f"{BASE}/{digest}/feedback", {"result": result} | ({"words": words} if words else {}))

    def heard(self, after: int = 0) -> Iterator[Heard]:
        """Every message for this key after a number, checked and opened."""
        while page := self.client.get(BASE, after=after)["messages"]:
            for told in page:
                yield self.read(told)
                after = int(told["number"])

    def read(self, told: Json) -> Heard:
        """Check a message and open it; `fault` says why it is not to be believed, or could not be read."""
        message = parse_message({name: told[name] for name in _PARTS})
        statement, digest = message.statement, message.statement.digest(self.domain)
        if told["digest"] != "0x" + digest.hex() or not self._signed(message, digest):
            fault = "No key of its issuer signed it as far as can be told here: believe nothing of it."
            return Heard(told, statement, digest, None, fault)
        if message.box is None:
            return Heard(told, statement, digest, message.content, "")
        try:
            content = envelope.opened(message.box, statement, digest, self.signer.key_id, self._private)
        except InvalidProofError as error:
            return Heard(told, statement, digest, None, error.detail)
        return Heard(told, statement, digest, content, "")

    def _hand_in(self, statement: Intelligence, words: tuple[bytes, ...], content: Any, box: Any) -> Json:  # noqa: ANN401 - one of the two
        signature = self.signer.sign(statement.digest(self.domain))
        message = Message(statement, words, content, box, self.signer.signer, signature)
        told = self.client.post(BASE, message.to_json())
        if told["digest"] != "0x" + statement.digest(self.domain).hex():
            raise ContradictionError("The server took the message for another.", advice="Tell the server's operator.")
        self._remember(message, told)
        return told

    def _remember(self, message: Message, told: Json) -> None:
        """Remember where the server said that it put a message: it must be there when the log is anchored."""
        receipts = open_receipts(self._receipts, self.domain, self.number)
        digest = message.statement.digest(self.domain)
        receipts.open.append(Receipt(digest, int(told["log"]["index"]), message.leaf(self.domain)))
        receipts.save()

    def _recipients(self, marking: Marking, to: tuple[str, ...]) -> dict[bytes, tuple[int, bytes]]:
        """The encryption keys of the recipients, with whose they are, by the ids of their signing keys."""
        found: dict[bytes, tuple[int, bytes]] = {}
        for each in to:
            if marking.personal:
                number, wanted = self._organisation_of_key(each), bytes.fromhex(each[2:])
                keys = {key: public for key, public in self._keys_of(number).items() if key == wanted}
            else:
                number = _number(each)
                keys = self._keys_of(number)
            if not keys:
                detail = f"{each} has published no encryption key, so nothing can be sealed to it."
                raise NotFoundError(detail, advice="Ask them to run `lotproof intelligence key`.", field="to")
            found |= {key: (number, public) for key, public in keys.items()}
        if not found:
            raise InvalidInputError(f"{marking.label} names its recipients.", advice="Give --to.", field="to")
        return found

    def _keys_of(self, number: int) -> dict[bytes, bytes]:
        """The encryption keys of an administration, each signed by a key of it."""
        if number not in self._keys:
            published = self.client.get(f"{BASE}/keys/{number}")["keys"]
            enrolments = [parse_enrolment({n: v for n, v in each.items() if n != "key"}) for each in published]
            self._keys[number] = {key_id(one.signer): self._checked(one, number) for one in enrolments}
        return self._keys[number]

    def _checked(self, enrolment: Enrolment, number: int) -> bytes:
        """A published key, if a key of that organisation signed it."""
        statement, key = enrolment.statement, key_id(enrolment.signer)
        signed = verify(enrolment.signer, statement.digest(self.domain), enrolment.signature)
        if not signed or statement.organisation != number or self._owner_of(key) != number:
            detail = f"The server shows an encryption key of organisation {number} that no key of it signed."
            raise ContradictionError(detail, advice="Send nothing sealed by this server, and tell its operator.")
        return statement.public_key

    def _owner_of(self, key: bytes) -> int:
        return self._owner(key) if self._owner is not None else self._organisation_of_key("0x" + key.hex())

    def _organisation_of_key(self, key: str) -> int:
        if key not in self._owners:  # a key stays with one organisation, so what is known stays true
            everyone = self.client.get("/v1/organisations")["organisations"]
            self._owners |= {each["id"]: int(one["number"]) for one in everyone for each in one["keys"]}
        if key in self._owners:
            return self._owners[key]
        detail = f"The key {key} belongs to no organisation on this ledger."
        raise NotFoundError(detail, advice="Copy the key's id whole: 0x and 64 digits.", field="to")

    def _signed(self, message: Message, digest: bytes) -> bool:
        """Whether a key of its issuer signed a message; a contract's signature only the chain could check."""
        try:
            owner = self._owner_of(key_id(message.signer))
        except NotFoundError:
            return False
        return owner == message.statement.issuer and verify(message.signer, digest, message.signature)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:12]) < 1 << 32):
        advice = "Give the organisation's number, as `GET /v1/organisations` lists it."
        raise InvalidInputError(f"{text!r} is no organisation's number.", advice=advice, field="to")
    return int(text)


def recipients_words(heard: Heard) -> str:
    """Name the recipients of a message for a person."""
    named = [number_of(bytes.fromhex(each[2:])) if isinstance(each, str) else each for each in heard.told["recipients"]]
    return ", ".join("a key" if number is None else f"organisation {number}" for number in named)
