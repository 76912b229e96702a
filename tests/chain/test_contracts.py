"""Call data, simulation and code checks against the committed contract on a real node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from eth_abi.abi import encode

from ledger.chain import artifact
from ledger.chain.client import Fees
from ledger.chain.contracts import Ledger, call_data, deployment_data, encode_call, values
from ledger.chain.refusals import UNKNOWN, decode_error
from ledger.chain.signers import P256Signer
from ledger.chain.transactions import Payload, contract_address, gas_limit, payload_of, sign
from ledger.core import parts
from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.core.keccak import keccak256
from ledger.core.refusals import REFUSALS
from ledger.core.structs import Anchor, Bundle, KeyAddition, KeyEnding, Suspension
from ledger.core.submission import BundledEvent, Submission
from ledger.core.vocabulary import Kind, Purpose, Role
from tests.world import CARRIER, COUNCIL, KEYS, MAKER, PHARMACY, REGULATOR, RELAYER, ZERO, World, a_world

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


def recorded(world: World, submission: Submission) -> bool:
    """Whether the ledger logged this very statement, and refused nothing."""
    receipt = world.bring(submission)
    query = {"blockHash": "0x" + receipt.block_hash.hex(), "address": "0x" + world.ledger.address.hex()}
    logs = world.anvil.rpc("eth_getLogs", query)
    wanted = submission.digests(world.domain)[0].hex()
    refused = keccak256(b"Refused(bytes32,bytes)").hex()
    texts = [" ".join([*log["topics"], log["data"]]) for log in logs]
    return receipt.success and any(wanted in text for text in texts) and not any(refused in text for text in texts)


def test_every_sort_of_statement_reaches_the_ledger_as_signed(world: World) -> None:
    registration = world.registration("C1")
    batch = parts.batch_id(registration.statement.gtin, "C1")  # type: ignore[union-attr]  # it is a BatchRegistration
    assert recorded(world, registration)
    shipment = world.shipment(registration)
    assert recorded(world, shipment)
    head = parts.next_head(registration.digest(world.domain), shipment.digest(world.domain))
    receipt = world.event(Kind.RECEIVE, CARRIER, batch, head, counterparty=MAKER)  # signed with P-256
    bundle = Bundle(CARRIER, 1, keccak256(receipt.digest(world.domain)))
    assert recorded(world, world.signed(bundle, KEYS[CARRIER], events=(BundledEvent(receipt.statement),)))  # type: ignore[arg-type]  # it is a CustodyEvent
    assert recorded(world, world.signed(Anchor(MAKER, 5, b"r" * 32, ZERO), KEYS[MAKER]))
    assert recorded(world, world.signed(Suspension(REGULATOR, PHARMACY, 3, suspended=True), KEYS[REGULATOR]))
    addition = KeyAddition(MAKER, RELAYER.signer, 1, 0, 0)
    added = world.signed(addition, KEYS[MAKER], cosignature=RELAYER.sign(addition.digest(world.domain)))
    assert recorded(world, added)
    assert recorded(world, world.signed(KeyEnding(MAKER, parts.key_id(RELAYER.signer), 0), KEYS[MAKER]))
    assert recorded(world, world.accreditation(5, Role.CARRIER, prefixes=("0614141",), key=COUNCIL, sequence=4))


def test_a_label_key_is_taken_with_its_own_signature_and_no_statement_by_it(world: World) -> None:
    key = P256Signer("test", derive_private_key(0x1ABE1, SECP256R1()))
    addition = KeyAddition(MAKER, key.signer, int(Purpose.LABELS), 0, 0)
    cosignature = key.sign(addition.digest(world.domain))
    assert recorded(world, world.signed(addition, KEYS[MAKER], cosignature=cosignature))
    by_label_key = world.signed(Anchor(MAKER, 1, b"r" * 32, ZERO), key)
    answer = world.ledger.simulate(call_data([by_label_key]), sender=RELAYER.signer, gas=1_000_000)
    assert answer.reverted
    assert decode_error(answer.data).name == "PurposeMissing"
    assert recorded(world, world.signed(KeyEnding(MAKER, key.key_id, 0), KEYS[MAKER]))


def test_the_digests_of_views_are_the_ones_that_are_signed(world: World) -> None:
    for submission in (world.registration("D1"), world.shipment(world.registration("D1"))):
        name = submission.type
        (digest,) = world.ledger.view(f"digestOf{name}", values(submission.statement))
        assert digest == submission.digest(world.domain)
    assert world.ledger.view("domainSeparator")[0] == world.domain.separator
    assert world.ledger.council() == COUNCIL.signer


def test_statements_that_cannot_go_together_are_not_put_together(world: World) -> None:
    registration = world.registration("E1")
    anchor = world.signed(Anchor(MAKER, 9, ZERO, ZERO), KEYS[MAKER])
    for group in ([registration, world.shipment(registration)], [anchor, anchor]):
        with pytest.raises(ValueError, match=r"Batch|Anchor"):
            call_data(group)


def test_a_simulation_tells_the_contracts_error(world: World) -> None:
    data = encode_call("pause")
    outcome = world.ledger.simulate(data, sender=RELAYER.signer, gas=1_000_000)
    error = decode_error(outcome.data)
    assert (error.name, error.arguments) == ("NotCouncil", (RELAYER.address,))
    assert "is not the council" in error.refusal().detail
    assert not world.ledger.simulate(data, sender=COUNCIL.signer, gas=1_000_000).reverted


def test_the_committed_contract_is_recognised_whatever_its_immutables(world: World) -> None:
    code = world.ledger.require_code()
    assert artifact.is_our_code(code)
    assert code != bytes.fromhex(artifact.artifact()["deployed_bytecode"][2:])
    other = world.send(b"", deployment_data(b"\x77" * 20)).contract
    assert Ledger(world.chain, other).require_code() != code
    assert Ledger(world.chain, other).council() == b"\x77" * 20


def test_a_contract_that_differs_in_one_byte_is_refused(world: World) -> None:
    code = bytearray(world.ledger.require_code())
    code[len(code) // 2] ^= 1
    places = [range(one["start"], one["start"] + one["length"]) for one in artifact.artifact()["immutable_references"]]
    assert not any(len(code) // 2 in place for place in places)
    assert not artifact.is_our_code(bytes(code))
    assert not artifact.is_our_code(bytes(code) + b"\0")
    with pytest.raises(ConfigurationError, match="no contract at") as caught:
        Ledger(world.chain, b"\x99" * 20).require_code()
    assert caught.value.field == "ledger_address"


def test_a_view_that_does_not_answer_is_an_unavailable_ledger(world: World) -> None:
    with pytest.raises(UnavailableError, match="did not answer"):
        Ledger(world.chain, b"\x99" * 20).view("council")


def test_the_chain_says_whether_it_checks_p256_natively(world: World) -> None:
    assert world.ledger.has_p256_precompile


def test_every_error_of_the_contract_is_decoded_and_has_words() -> None:
    samples = {"bytes32": b"\1" * 32, "bytes": b"\2" * 64, "string": "L", "address": "0x" + "11" * 20, "bytes2": b"BE"}
    samples["bytes5"] = b"SGSIN"
    strange = {"InvalidShortString", "StringTooLong"}  # of OpenZeppelin's, and never reached
    for entry in artifact.abi_of("error"):
        types = [argument["type"] for argument in entry["inputs"]]
        arguments = [samples.get(kind, 7) for kind in types]
        data = selector(f"{entry['name']}({','.join(types)})") + encode(types, arguments)
        error = decode_error(data)
        assert (error.name, list(error.arguments)) == (entry["name"], arguments)
        assert entry["name"] in REFUSALS or entry["name"] in strange
        if entry["name"] in REFUSALS:
            assert error.refusal().evidence["error"] == entry["name"]


@pytest.mark.parametrize("data", [b"", b"\1\2\3", b"\xff" * 36, selector("StaleHead(bytes32,bytes32)") + b"\0" * 40])
def test_bytes_that_are_no_error_of_ours_are_told_as_unknown(data: bytes) -> None:
    error = decode_error(data)
    assert error.name == UNKNOWN
    assert error.refusal().detail


def test_a_signed_transaction_says_what_it_does_and_can_be_signed_again() -> None:
    for payload in (Payload(b"\x11" * 20, b"\1\2\3", 90_000), Payload(b"", b"\4", 16_000_000)):
        signed = sign(RELAYER, 31337, 7, payload, Fees(10, 2))
        assert payload_of(signed.raw) == payload
        assert signed.hash == keccak256(signed.raw)
        assert sign(RELAYER, 31337, 7, payload, Fees(10, 2)) == signed
        assert sign(RELAYER, 31337, 7, payload, Fees(11, 2)).hash != signed.hash


@pytest.mark.parametrize(
    ("nonce", "address"),
    [
        (0, "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"),
        (1, "343c43a37d37dff08ae8c4a11544c718abb4fcf8"),
        (2, "f778b86fa74e846c4f0a1fbd1335fe81c00a0c91"),
        (3, "fffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c"),
    ],
)
def test_a_deployments_address_is_known_before_it_is_sent(nonce: int, address: str) -> None:
    """Published figures for this sender: ethereum.stackexchange.com, question 760."""
    sender = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert contract_address(sender, nonce).hex() == address


def test_a_nonce_of_several_bytes_follows_the_same_rule(world: World) -> None:
    sender = b"\x42" * 20
    for nonce in (0x7F, 0x80, 0x1234):
        world.anvil.rpc("anvil_setBalance", "0x" + sender.hex(), hex(10**20))
        world.anvil.rpc("anvil_impersonateAccount", "0x" + sender.hex())
        world.anvil.rpc("anvil_setNonce", "0x" + sender.hex(), hex(nonce))
        fields = {"from": "0x" + sender.hex(), "data": "0x600160005360016000f3", "gas": hex(100_000)}
        hash_ = bytes.fromhex(world.anvil.rpc("eth_sendTransaction", fields)[2:])
        assert world.receipt(hash_).contract == contract_address(sender, nonce)


def test_call_data_counts_with_every_byte_dear_and_never_below_the_floor() -> None:
    assert gas_limit(b"\0" * 10, 1_000) == 21_000 + 160 + 1_000
    assert gas_limit(b"\0" * 10, 0) == 21_000 + 400
