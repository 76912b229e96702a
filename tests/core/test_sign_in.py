"""The challenge is EIP-4361's text, ours alone, for a while; and whose key may not sign may not enter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils import to_checksum_address

from ledger.chain.signers import AddressSigner
from ledger.core import sign_in
from ledger.core.errors import InvalidInputError, NotSignedInError
from ledger.core.sign_in import Session, challenge, fault_of, read, require_own
from ledger.core.signature import verify
from ledger.core.vocabulary import Purpose, Role
from tests.core.batch_story import CUSTOMS, NOON, BatchStory, key_of

SECRET = b"s" * 32
ADDRESS = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
P256 = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def made(domain: str = "customs.example", signer: bytes = ADDRESS) -> sign_in.Challenge:
    return challenge(domain, signer, 31337, NOON, drawn=b"d" * 16, secret=SECRET)


def test_the_text_is_that_of_the_standard() -> None:
    one = made()
    assert one.text() == (
        "customs.example wants you to sign in with your Ethereum account:\n"
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n\n"
        "Sign in to Lotproof. This opens a session; it signs no statement and moves no goods.\n\n"
        "URI: https://customs.example/v1/session\nVersion: 1\nChain ID: 31337\n"
        f"Nonce: {one.nonce}\nIssued At: 2026-05-28T20:26:40Z\nExpiration Time: 2026-05-28T20:31:40Z"
    )
    assert len(one.nonce) == 64


def test_a_p256_key_is_named_whole() -> None:
    text = made("localhost:8000", P256).text()
    assert text.startswith(f"localhost:8000 wants you to sign in with your Lotproof key:\n0x{P256.hex()}\n")
    assert "URI: http://localhost:8000/v1/session" in text


def test_wallets_sign_what_we_check() -> None:
    key = "0x" + "46" * 32
    account = Account.from_key(key)
    one = made(signer=bytes.fromhex(account.address[2:]))
    signed = account.sign_message(encode_defunct(text=one.text()))
    assert verify(one.signer, one.message(), bytes(signed.signature))
    ours = AddressSigner("x", PrivateKey(bytes.fromhex(key[2:]))).sign_challenge(one)
    assert ours == bytes(signed.signature)


@pytest.mark.parametrize("seed", range(20))
def test_addresses_are_written_with_their_checksum(seed: int) -> None:
    address = bytes([(seed * 37 + each * 11) % 256 for each in range(20)])
    assert sign_in.checksummed(address) == to_checksum_address(address)


@pytest.mark.parametrize("signer", [ADDRESS, P256])
@pytest.mark.parametrize("domain", ["customs.example", "a:65535", "127.0.0.1:8000", "[::1]:80", "[::1]"])
def test_a_challenge_is_read_back(domain: str, signer: bytes) -> None:
    one = made(domain, signer)
    assert read(one.text()) == one
    require_own(one, SECRET, 31337, NOON)


@pytest.mark.parametrize("domain", ["", "UPPER.example", "a/b", "a b", "-a", "a" * 300, "x\ny", "http://a"])
def test_what_is_no_host_gets_no_challenge(domain: str) -> None:
    with pytest.raises(InvalidInputError, match="host"):
        made(domain)


@pytest.mark.parametrize("signer", [b"", b"x" * 19, b"x" * 64])
def test_what_is_no_key_gets_no_challenge(signer: bytes) -> None:
    with pytest.raises(InvalidInputError, match="A signer is"):
        made(signer=signer)


@pytest.mark.parametrize(
    "alter",
    [
        lambda _: "",
        lambda _: "x" * 2_000,
        lambda text: text + "\n",
        lambda text: text.replace("f39F", "F39f"),
        lambda text: text.replace("Version: 1", "Version: 2"),
        lambda text: text.replace("2026-05-28T20:26", "2026-05-38T20:26"),
        lambda text: text.replace("2026-05-28T20:26", "0001-05-28T20:26"),
        lambda text: text.replace("20:31:40", "20:31:41"),
        lambda text: text.replace("Sign in to", "Pay to"),
        lambda text: text.replace("/v1/session", "/v1/other"),
    ],
)
def test_another_text_is_no_challenge(alter: Any) -> None:
    with pytest.raises(InvalidInputError, match="no challenge"):
        read(alter(made().text()))


@pytest.mark.parametrize(
    "changes", [{"domain": "other.example"}, {"signer": P256}, {"chain_id": 1}, {"issued_at": NOON + 1}]
)
def test_a_challenge_that_was_altered_is_not_ours(changes: dict[str, Any]) -> None:
    with pytest.raises(NotSignedInError, match="no such challenge"):
        require_own(replace(made(), **changes), SECRET, 31337, NOON)


def test_a_challenge_for_another_chain_is_not_ours() -> None:
    with pytest.raises(NotSignedInError, match="no such challenge"):
        require_own(made(), SECRET, 1, NOON)


@pytest.mark.parametrize(
    ("now", "good"), [(NOON - 61, False), (NOON - 60, True), (NOON + 299, True), (NOON + 300, False)]
)
def test_a_challenge_is_for_five_minutes(now: int, *, good: bool) -> None:
    if good:
        require_own(made(), SECRET, 31337, now)
        return
    with pytest.raises(NotSignedInError, match="expired"):
        require_own(made(), SECRET, 31337, now)


def test_a_session_ends_by_the_first_of_both() -> None:
    session = Session(5, b"k" * 32, NOON, NOON + 100)
    assert session.ends_at(900, 28_800) == NOON + 1_000
    assert session.ends_at(900, 500) == NOON + 500


@pytest.fixture
def story() -> BatchStory:
    told = BatchStory()
    told.accredit(CUSTOMS, "Customs", "SG", Role.CUSTOMS)
    return told


def said(story: BatchStory, now: int = NOON) -> str:
    return fault_of(story.keys.get(key_of(CUSTOMS)), story.organisations.get(CUSTOMS), now)


def test_a_live_key_of_an_active_organisation_may_enter(story: BatchStory) -> None:
    assert said(story) == ""


def test_who_is_unknown_may_not(story: BatchStory) -> None:
    assert "no such key" in fault_of(None, story.organisations[CUSTOMS], NOON)
    assert "no such key" in fault_of(story.keys[key_of(CUSTOMS)], None, NOON)


def test_whose_key_was_ended_may_not(story: BatchStory) -> None:
    story.end_key(key_of(CUSTOMS))
    assert "ended" in said(story)


@pytest.mark.parametrize(("window", "now"), [({"valid_from": NOON + 1}, NOON), ({"valid_until": NOON}, NOON)])
def test_outside_of_its_time_a_key_may_not(story: BatchStory, window: dict[str, int], now: int) -> None:
    story.add_key(key_of(CUSTOMS), CUSTOMS, **window)
    assert "expired or is not valid" in said(story, now)


def test_a_key_for_other_things_may_not(story: BatchStory) -> None:
    story.add_key(key_of(CUSTOMS), CUSTOMS, Purpose.LABELS | Purpose.ADMIN)
    assert "not one for events" in said(story)


def test_who_is_suspended_may_not(story: BatchStory) -> None:
    story.suspend(CUSTOMS)
    assert "suspended" in said(story)
