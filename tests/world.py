"""A real Anvil with a deployed ledger and a few organisations on it: what the tests of the chain play with.

Nothing here is shared between tests; each world has its own node.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from ledger.chain.client import Chain, Receipt
from ledger.chain.contracts import Ledger, call_data, deployment_data, encode_call
from ledger.chain.devchain import CHAIN_ID, find_anvil
from ledger.chain.signers import AddressSigner, P256Signer, Signer, development_signer
from ledger.core import parts
from ledger.core.errors import UnavailableError
from ledger.core.gs1 import check_digit
from ledger.core.structs import (
    Accreditation,
    BatchRegistration,
    CustodyStatement,
    Domain,
    KeyAddition,
)
from ledger.core.submission import Submission
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.store.outbox import Outbox, StatementState

ZERO: Final = bytes(32)
REGULATOR, MAKER, CARRIER, PHARMACY = 1, 2, 3, 4  # organisation numbers
RELAYER: Final = development_signer(0, CHAIN_ID)
COUNCIL: Final = development_signer(1, CHAIN_ID)
KEYS: Final[dict[int, Signer]] = {
    REGULATOR: development_signer(2, CHAIN_ID),
    MAKER: development_signer(3, CHAIN_ID),
    CARRIER: P256Signer("carrier", derive_private_key(0xC0FFEE, SECP256R1())),  # a published test key
    PHARMACY: development_signer(4, CHAIN_ID),
}
_MESSENGER: Final = development_signer(9, CHAIN_ID)  # brings what is set up
_PREFIX: Final = "5413868"
_PLACE: Final = b"BEBRU"
BLOCK_SECONDS: Final = 12  # where blocks are the same every time


class Anvil:
    """One node on the loopback interface, ended by its process alone."""

    def __init__(
        self, folder: Path, *, slots: int = 1, genesis: int | None = None, branch_of: tuple[str, int] | None = None
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        home = folder / "anvil-home"
        home.mkdir(parents=True, exist_ok=True)
        command = [str(find_anvil()), "--port", str(self.port), "--chain-id", str(CHAIN_ID), "--quiet"]
        command += ["--hardfork", "osaka", "--enable-tx-gas-limit", "--slots-in-an-epoch", str(slots)]
        if genesis is not None:  # the same blocks every time
            command += ["--timestamp", str(genesis)]
        if branch_of is not None:  # the blocks of another node up to one of them, and its own after that
            command += ["--fork-url", branch_of[0], "--fork-block-number", str(branch_of[1]), "--no-storage-caching"]
        self.process = subprocess.Popen(command, env={**os.environ, "HOME": str(home)}, stdin=subprocess.DEVNULL)
        self.chain = Chain(self.url)
        self._mines_at_once = True
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                self.chain.head()
            except UnavailableError:
                time.sleep(0.02)
            else:
                if genesis is not None:
                    self.rpc("anvil_setBlockTimestampInterval", BLOCK_SECONDS)
                return
        raise AssertionError("Anvil does not come up")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def rpc(self, method: str, *params: Any) -> Any:
        return self.chain.rpc.request(method, *params)

    def automine(self, *, on: bool) -> None:
        self.rpc("evm_setAutomine", on)
        self._mines_at_once = on

    def rest(self) -> None:
        """Wait until what was sent is mined: the node answers a sending before it has made the block."""
        until = time.monotonic() + 10
        while self._mines_at_once and int(self.rpc("txpool_status")["pending"], 16) and time.monotonic() < until:
            time.sleep(0.002)

    def mine(self, blocks: int = 1) -> None:
        self.rpc("anvil_mine", hex(blocks))

    def end(self) -> None:
        self.chain.close()
        self.process.kill()
        self.process.wait()


class Scribe:
    """Writes and signs the statements of these organisations.

    Args:
        domain: The ledger they are for.
        now: Unix seconds, for the time that events state.
    """

    def __init__(self, domain: Domain, now: Callable[[], float]) -> None:
        self.domain = domain
        self.sequence = 0  # of the regulator
        self.now = now

    def signed(self, statement: Any, key: Signer, **beside: Any) -> Submission:
        signature = key.sign(statement.digest(self.domain))
        return Submission(statement.NAME, statement, key.signer, signature, **beside)

    def accreditation(
        self,
        number: int,
        roles: Role,
        *,
        prefixes: tuple[str, ...] = (),
        key: Signer | None = None,
        sequence: int | None = None,
    ) -> Submission:
        """Accredit a new organisation, which will have this number."""
        key = key or KEYS[number]
        encoded = tuple(parts.company_prefix_number(prefix) for prefix in prefixes)
        statement = Accreditation(
            authority=REGULATOR,
            organisation=0,
            sequence=self.sequence if sequence is None else sequence,
            name=f"Organisation {number} Ω",
            country=b"BE",
            gln=0,
            roles=int(roles),
            prefixes=parts.prefixes_hash(encoded),
            admin_key=key.signer,
        )
        self.sequence = statement.sequence + 1
        addition = KeyAddition(number, key.signer, int(Purpose.ADMIN | Purpose.EVENTS), 0, 0)
        cosignature = key.sign(addition.digest(self.domain))
        return self.signed(statement, KEYS[REGULATOR], cosignature=cosignature, prefixes=encoded)

    def registration(self, lot: str, quantity: int = 1_000, item: int = 1, **changes: Any) -> Submission:
        body = f"0{_PREFIX}{item:05d}"
        fields = {
            "manufacturer": MAKER,
            "gtin": int(body + str(check_digit(body))),
            "lot": lot,
            "product_class": int(ProductClass.VACCINE),
            "quantity": quantity,
            "manufactured": 20260101,
            "expiry": 20290131,
            "unit_root": ZERO,
            "details": ZERO,
        }
        return self.signed(BatchRegistration(**(fields | changes)), KEYS[MAKER])

    def event(
        self,
        kind: Kind,
        actor: int,
        consignment: bytes,
        previous: bytes,
        *,
        counterparty: int = 0,
        quantity: int = 1_000,
        attachment: bytes = b"",
        key: Signer | None = None,
        place: bytes = _PLACE,
        details: bytes = ZERO,
        occurred_at: int | None = None,
    ) -> Submission:
        hashed = kind in {Kind.SPLIT, Kind.PACK, Kind.UNPACK}
        statement = CustodyStatement(
            consignment=consignment,
            previous=previous,
            actor=actor,
            kind=int(kind),
            occurred_at=int(self.now()) if occurred_at is None else occurred_at,
            counterparty=counterparty,
            quantity=quantity,
            place=place,
            parts=parts.keccak256(attachment) if hashed else ZERO,
            details=details,
        )
        return self.signed(statement, key or KEYS[actor], attachment=attachment)

    def shipment(self, registration: Submission, to: int = CARRIER, **changes: Any) -> Submission:
        """Ship a whole batch right after its registration."""
        statement: Any = registration.statement
        batch = parts.batch_id(statement.gtin, statement.lot)
        head = registration.digest(self.domain)
        return self.event(Kind.SHIP, MAKER, batch, head, counterparty=to, quantity=statement.quantity, **changes)

    def accept(self, outbox: Outbox, submission: Submission) -> StatementState:
        """Put a statement into an outbox without any check, as if it had been checked."""
        return outbox.add(
            submission.digest(self.domain),
            submission.type,
            orjson.dumps(submission.payload()),
            expects=submission.digests(self.domain),
            arrived_at=int(time.time()),
        )


class World(Scribe):
    """A node, a ledger, a regulator, a maker, a carrier (with a P-256 key) and a pharmacy."""

    def __init__(self, folder: Path, *, slots: int = 1, genesis: int | None = None) -> None:
        self.anvil = Anvil(folder, slots=slots, genesis=genesis)
        self.chain = self.anvil.chain
        receipt = self.send(b"", deployment_data(COUNCIL.signer))
        self.ledger = Ledger(self.chain, receipt.contract)
        super().__init__(Domain(CHAIN_ID, receipt.contract), lambda: self.chain.head().time)
        self._admit()
        for number, roles in ((MAKER, Role.MANUFACTURER), (CARRIER, Role.CARRIER), (PHARMACY, Role.PHARMACY)):
            prefixes = (_PREFIX,) if number == MAKER else ()
            self.bring(self.accreditation(number, roles, prefixes=prefixes))

    def send(self, to: bytes, data: bytes, sender: AddressSigner = _MESSENGER) -> Receipt:
        """Bring call data at once, outside every journal."""
        fields = {"from": sender.address, "data": "0x" + data.hex(), "gas": hex(16_000_000)}
        if to:
            fields["to"] = "0x" + to.hex()
        hash_ = bytes.fromhex(self.anvil.rpc("eth_sendTransaction", fields)[2:])
        return self.receipt(hash_)

    def receipt(self, hash_: bytes) -> Receipt:
        """Anvil mines a moment after it answers."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            receipt = self.chain.receipts([hash_])[0]
            if receipt is not None:
                return receipt
            time.sleep(0.005)
        raise AssertionError("not mined")

    def bring(self, *submissions: Submission) -> Receipt:
        return self.send(self.ledger.address, call_data(submissions))

    def _admit(self) -> None:
        key = KEYS[REGULATOR]
        addition = KeyAddition(REGULATOR, key.signer, int(Purpose.ADMIN | Purpose.EVENTS), 0, 0)
        signature = key.sign(addition.digest(self.domain))
        arguments = ("Regulator", b"BE", 0, int(Role.REGULATOR | Role.CUSTOMS), [], key.signer, signature)
        receipt = self.send(self.ledger.address, encode_call("admitAuthority", *arguments), COUNCIL)
        assert receipt.success


@contextmanager
def a_world(folder: Path, *, slots: int = 1, genesis: int | None = None) -> Iterator[World]:
    """Set up a world, and take it down again."""
    world = World(folder, slots=slots, genesis=genesis)
    try:
        yield world
    finally:
        world.anvil.end()
