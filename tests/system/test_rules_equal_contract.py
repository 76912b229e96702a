"""The rules in Python and the contract on a real node decide the same and end in the same state."""

from __future__ import annotations

import os
import time
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from ledger.chain.client import Chain
from ledger.chain.contracts import Ledger, call_data, deployment_data, encode_call, values
from ledger.chain.devchain import DevChain
from ledger.chain.logs import decode_log
from ledger.chain.refusals import decode_error
from ledger.chain.signers import AddressSigner, P256Signer, development_signer
from ledger.core import structs
from ledger.core.errors import NodeError
from ledger.core.facts import Fact, Refusal
from ledger.core.parts import prefixes_hash
from ledger.core.rules import bundle_refusals, refusal
from ledger.core.structs import BatchRegistration, Bundle, CustodyStatement, KeyAddition
from ledger.core.submission import Submission
from ledger.core.vocabulary import Purpose, Role, Status
from tests.system.logged_ledger import LoggedLedger
from tests.system.random_statements import RandomStatements, Signer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system
STATEMENTS = 400  # a sequence
SEEDS = range(1, int(os.environ.get("LOTPROOF_SEQUENCES", "3")) + 1)
GAS = 16_000_000
FIRST_KEY = Purpose.ADMIN | Purpose.EVENTS
ORGANISATIONS = (  # number, authority, country, roles, prefixes; 1 and 7 are authorities
    (2, 1, b"BE", Role.MANUFACTURER | Role.WHOLESALER, (15413868, 10614141)),
    (3, 1, b"BE", Role.MANUFACTURER, (1400638,)),
    (4, 1, b"BE", Role.CARRIER, ()),
    (5, 1, b"BE", Role.PHARMACY | Role.WHOLESALER, (15413868,)),
    (6, 1, b"BE", Role.CUSTOMS, ()),
    (8, 7, b"SG", Role.PHARMACY, (1400638,)),
    (9, 7, b"SG", Role.CUSTOMS, ()),
)


class Node:
    """The contract on Anvil, with the clock in our hand."""

    def __init__(self, chain: Chain, council: AddressSigner) -> None:
        self.chain = chain
        self.council = council
        self.time = chain.head().time + 1
        created = self.send({"data": _hex(deployment_data(council.signer))})
        self.ledger = Ledger(chain, bytes.fromhex(created["contractAddress"][2:]))
        self.domain = structs.Domain(31337, self.ledger.address)

    def tick(self, seconds: int = 7) -> int:
        self.time += seconds
        return self.time

    def would_refuse(self, data: bytes) -> bytes | None:
        """Ask what a call in a block at this time reverts with; None if it goes through."""
        call = {"from": self.council.address, "to": _hex(self.ledger.address), "data": _hex(data), "gas": hex(GAS)}
        answer = self.chain.rpc.outcomes([("eth_call", (call, "latest", {}, {"time": hex(self.time)}))])[0]
        if not isinstance(answer, NodeError):
            return None
        return bytes.fromhex(str(answer.evidence["data"])[2:])

    def send(self, transaction: dict[str, Any]) -> dict[str, Any]:
        self.chain.rpc.request("evm_setNextBlockTimestamp", hex(self.tick(0)))
        whole = {"from": self.council.address, "gas": hex(GAS), **transaction}
        sent = self.chain.rpc.request("eth_sendTransaction", whole)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            receipt: dict[str, Any] | None = self.chain.rpc.request("eth_getTransactionReceipt", sent)
            if receipt:
                return receipt
        raise TimeoutError(sent)

    def bring(self, data: bytes) -> list[Fact]:
        receipt = self.send({"to": _hex(self.ledger.address), "data": _hex(data)})
        assert receipt["status"] == "0x1", receipt
        return [decode_log(log, self.time) for log in receipt["logs"]]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    council = development_signer(0, 31337)
    chain = DevChain(tmp_path_factory.mktemp("chain"), fund=[council.signer])
    chain.start()
    try:
        yield Node(Chain(chain.url), council)
    finally:
        chain.stop()


def _signers(random: Random) -> dict[int, list[Signer]]:
    """Three keys each, of both curves; the first becomes the organisation's first key."""
    signers: dict[int, list[Signer]] = {}
    for number in range(1, 10):
        secrets = [random.randrange(1, 1 << 250) for _ in range(3)]
        account = AddressSigner(f"{number}a", PrivateKey(secrets[0].to_bytes(32, "big")))
        phone = P256Signer(f"{number}b", derive_private_key(secrets[1], SECP256R1()))
        spare = AddressSigner(f"{number}c", PrivateKey(secrets[2].to_bytes(32, "big")))
        signers[number] = [account, phone, spare] if number % 2 else [phone, account, spare]
    return signers


def _accredit_all(node: Node, view: LoggedLedger, signers: dict[int, list[Signer]]) -> None:
    for authority, country, roles in ((1, b"BE", Role.REGULATOR), (7, b"SG", Role.REGULATOR | Role.CUSTOMS)):
        for number, by, *state in ORGANISATIONS:
            if by < authority == 7 and number < 7:
                view.take(node.bring(_accreditation(node, view, signers, number, by, state)))
        first = signers[authority][0]
        proof = first.sign(KeyAddition(authority, first.signer, FIRST_KEY, 0, 0).digest(node.domain))
        data = encode_call("admitAuthority", f"Authority {authority}", country, 0, int(roles), [], first.signer, proof)
        node.tick()
        view.take(node.bring(data))
    for number, by, *state in ORGANISATIONS:
        if number > 7:
            view.take(node.bring(_accreditation(node, view, signers, number, by, state)))


def _accreditation(
    node: Node, view: LoggedLedger, signers: dict[int, list[Signer]], number: int, by: int, state: list[Any]
) -> bytes:
    country, roles, prefixes = state
    first, authority = signers[number][0], signers[by][0]
    statement = structs.Accreditation(
        by,
        0,
        view.authority_sequence(by),
        f"Organisation {number}",
        country,
        0,
        int(roles),
        prefixes_hash(prefixes),
        first.signer,
    )
    proof = first.sign(KeyAddition(number, first.signer, FIRST_KEY, 0, 0).digest(node.domain))
    signature = authority.sign(statement.digest(node.domain))
    node.tick()
    return call_data(
        [Submission("Accreditation", statement, authority.signer, signature, cosignature=proof, prefixes=prefixes)]
    )


def _alone(submission: Submission) -> bytes:
    """The call that reverts with the reason, where call data for many would log it."""
    statement, signed = submission.statement, (submission.signer, submission.signature)
    if isinstance(statement, BatchRegistration):
        return encode_call("register", values(statement), *signed)
    if isinstance(statement, CustodyStatement):
        return encode_call("record", values(statement), submission.attachment, *signed)
    return call_data([submission])


def _told(error: Any) -> tuple[str, Any]:
    return error.evidence["error"], error.evidence["arguments"]


def _compare(node: Node, view: LoggedLedger, submission: Submission, seen: Counter[str]) -> None:
    """Ask both, compare, and let the contract record what both accept."""
    ours = refusal(submission, view, domain=node.domain, now=node.time)
    reverted = node.would_refuse(_alone(submission))
    theirs = decode_error(reverted).refusal() if reverted is not None else None
    assert (ours and _told(ours)) == (theirs and _told(theirs)), submission
    seen[_told(ours)[0] if ours else "accepted " + submission.type] += 1
    if ours:
        return
    expected = {}
    if isinstance(submission.statement, Bundle):
        expected = bundle_refusals(submission, view, domain=node.domain, now=node.time)
    refused: list[Refusal] = view.take(node.bring(_alone(submission)))
    found = {each.digest: _told(decode_error(each.error_data).refusal()) for each in refused}
    assert found == {digest: _told(error) for digest, error in expected.items()}, submission
    seen.update(error for error, _arguments in found.values())


def _state_on_chain(node: Node, consignment: bytes) -> tuple[Any, ...]:
    head, holder, counterparty, _maker, held, pallet, occurred, rest, sequence, status = node.ledger.view(
        "consignment", consignment
    )[0]
    return head, holder, counterparty, held, pallet, occurred, rest, sequence, Status(status)


def _state_folded(view: LoggedLedger, consignment: bytes) -> tuple[Any, ...]:
    state = view.states()[consignment]
    pallet = view.states()[state.pallet].number if state.pallet else state.number
    status = Status.SEIZED * state.seized | Status.PALLET * bool(state.number)
    return (
        *(state.head, state.holder, state.counterparty, state.held_by, pallet, state.occurred_at, state.rest),
        *(state.sequence, Status(status)),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_rules_and_contract_decide_the_same_and_end_in_the_same_state(node: Node, seed: int) -> None:
    random = Random(seed)
    signers = _signers(random)
    node = Node(node.chain, node.council)  # a fresh contract on the same chain
    view = LoggedLedger(node.ledger.is_wallet_signature)
    _accredit_all(node, view, signers)
    statements = RandomStatements(random, view, node.domain, signers)
    seen: Counter[str] = Counter()
    for _ in range(STATEMENTS):
        node.tick(random.choice((1, 7, 4000)))
        _compare(node, view, statements.next(node.time), seen)
    for consignment in view.states():
        assert _state_folded(view, consignment) == _state_on_chain(node, consignment)
    assert not [each for history in view.histories().values() for each in history.breaks]
    assert sum(count for name, count in seen.items() if name.startswith("accepted")) > STATEMENTS // 4
    assert len(seen) > 25
