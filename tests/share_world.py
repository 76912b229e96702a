"""The small indexed ledger with four administrations, each with keys to sign with and to be written to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from ledger import envelope
from ledger.chain.signers import AddressSigner, P256Signer
from ledger.core import facts, sign_in
from ledger.core.intelligence.content import read_content
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.rules import Reader
from ledger.core.intelligence.statements import (
    NOTHING,
    EncryptionKey,
    Enrolment,
    Form,
    Intelligence,
    Message,
    parse_message,
    recipients_hash,
    word_of,
)
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Purpose, Role
from tests.core.batch_story import CUSTOMS, DOMAIN, NO_HASH, REGULATOR, BatchStory
from tests.core.unit_story import secret_of
from tests.unit_world import unit_world

if TYPE_CHECKING:
    from ledger.core.intelligence.content import Content
    from tests.indexed_world import World

THAILAND, INDONESIA = 7, 8
ADMINISTRATIONS = {REGULATOR: "BE", CUSTOMS: "SG", THAILAND: "TH", INDONESIA: "ID"}
SALT = "0x" + "5a" * 32


@dataclass(frozen=True)
class Officer:
    """One key of an administration: it signs in, signs messages, and opens what is sealed to it."""

    organisation: int
    signer: AddressSigner | P256Signer
    private: Any  # of P-256, for what is sealed to it

    @property
    def key(self) -> bytes:
        return self.signer.key_id

    @property
    def reader(self) -> Reader:
        return Reader(self.organisation, self.key, administration=True)

    @property
    def public(self) -> bytes:
        numbers = self.private.public_key().public_numbers()
        return bytes(numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))

    def enrolment(self, now: int, **changes: Any) -> Enrolment:
        statement = EncryptionKey(self.organisation, self.public, now)
        statement = replace(statement, **changes)
        return Enrolment(statement, self.signer.signer, self.signer.sign(statement.digest(DOMAIN)))

    def message(
        self,
        now: int,
        content: Content | None,
        marking: Marking = Marking.GREEN,
        to: tuple[Officer, ...] = (),
        previous: bytes = NOTHING,
        **changes: Any,
    ) -> Message:
        """A message, sealed to everybody in `to` where its marking asks for it."""
        words = {officer.key if marking.personal else word_of(officer.organisation) for officer in to}
        recipients = tuple(sorted(words))
        form = Form.WITHDRAWAL if content is None else Form.INDICATOR if content.pattern else Form.BULLETIN
        hashed = content.hash() if content else NOTHING
        statement = Intelligence(
            self.organisation, form, marking, now, 0, recipients_hash(recipients), hashed, previous
        )
        statement = replace(statement, **changes)
        digest = statement.digest(DOMAIN)
        box = None
        if content and marking.sealed:
            box = envelope.seal(content, digest, {officer.key: officer.public for officer in to})
        open_content = None if marking.sealed else content
        return Message(statement, recipients, open_content, box, self.signer.signer, self.signer.sign(digest))

    def opened(self, told: dict[str, Any]) -> Content:
        """What this officer reads of a message, as it was shown to him."""
        named = ("message", "signer", "signature", "recipients", "box")
        message = parse_message({name: told[name] for name in named} | {"content": None})
        assert message.box
        digest = bytes.fromhex(told["digest"][2:])
        return envelope.opened(message.box, message.statement, digest, self.key, self.private)


def officer(organisation: int, *, person: int = 0) -> Officer:
    """The first of an administration has an address, the others P-256 keys as phones have them."""
    private = derive_private_key(10_000 + 100 * organisation + person, SECP256R1())
    if person == 0:
        return Officer(organisation, AddressSigner("test", PrivateKey(secret_of(organisation).secret)), private)
    signing = derive_private_key(20_000 + 100 * organisation + person, SECP256R1())
    return Officer(organisation, P256Signer("test", signing), private)


def content(pattern: dict[str, str] | None = None, title: str = "Look out", words: str = "") -> Content:
    told: dict[str, Any] = {"salt": SALT, "title": title, "words": words}
    return read_content(told | ({"pattern": pattern} if pattern else {}), indicator=pattern is not None)


def share_world() -> World:
    """The world of single packs, with two more administrations and two keys of each."""
    told = unit_world()
    last = list(told.stories.values())[-1]
    story = BatchStory(time=last.time, block=last.block)
    story.accredit(THAILAND, "Customs of Thailand", "TH", Role.CUSTOMS)
    story.accredit(INDONESIA, "Customs of Indonesia", "ID", Role.CUSTOMS)
    for organisation in ADMINISTRATIONS:
        for person in (0, 1):
            if person or organisation in {THAILAND, INDONESIA}:
                add_key(story, officer(organisation, person=person))
    story.mine()
    told.stories["administrations"] = story
    told.now, told.last_block = story.time, story.block - 1
    return told


def add_key(story: BatchStory, one: Officer, purposes: Purpose = Purpose.EVENTS) -> None:
    addition = facts.KeyAddition(
        one.key, one.organisation, one.signer.signer, purposes, 0, 0, NO_HASH, story._recorded()
    )
    story.keys[one.key] = facts.Key(addition)


def end_key(one: Officer, block: int, time: int) -> facts.IndexedBlock:
    """The block in which a key is ended."""
    recorded = facts.Recorded(block, 0, time, keccak256(b"ending"))
    ending = facts.KeyEnding(one.key, one.organisation, 0, NO_HASH, recorded)
    return facts.IndexedBlock(block, keccak256(b"block%d" % block), NO_HASH, time, (ending,))


def suspend(number: int, block: int, time: int, *, suspended: bool = True) -> facts.IndexedBlock:
    """The block in which an organisation is suspended."""
    recorded = facts.Recorded(block, 0, time, keccak256(b"suspension"))
    suspension = facts.Suspension(number, REGULATOR, suspended, NO_HASH, recorded)
    return facts.IndexedBlock(block, keccak256(b"block%d" % block), NO_HASH, time, (suspension,))


def answer_of(text: str, one: Officer) -> dict[str, str]:
    """What a client sends for a challenge."""
    signature = one.signer.sign_challenge(sign_in.read(text))
    return {"message": text, "signature": "0x" + signature.hex()}
