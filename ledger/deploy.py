"""Deploying a ledger, and the acts of its council: transactions of their own accounts, journalled like all others."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

from ledger.chain.client import Chain
from ledger.chain.contracts import Ledger, deployment_data, encode_call
from ledger.chain.devchain import endpoint
from ledger.chain.endpoints import Endpoints
from ledger.chain.refusals import decode_error
from ledger.chain.signers import DEVELOPMENT_CHAIN, AddressSigner, development_signer
from ledger.chain.transactions import GAS_CAP, Payload, contract_address
from ledger.chain.watch import LOOK_SECONDS
from ledger.core import parts
from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.core.keccak import keccak256
from ledger.core.structs import Domain, KeyAddition
from ledger.core.vocabulary import Purpose, Role
from ledger.sending import Sending
from ledger.store.database import Database, open_database
from ledger.store.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ledger.chain.client import Receipt
    from ledger.chain.signers import Signer
    from ledger.config import Settings
    from ledger.sending import Standing
    from ledger.store.journal import Transaction

RELAYER_INDEX: Final = 0  # of the development accounts
COUNCIL_INDEX: Final = 1
_PATIENCE_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.05
_FIRST_PURPOSES: Final = Purpose.ADMIN | Purpose.EVENTS


class Authority(Protocol):
    """What is said of an authority when it is admitted; a row of an organisation file has it."""

    @property
    def name(self) -> str:
        """As it calls itself."""

    @property
    def country(self) -> str:
        """ISO 3166-1 alpha-2."""

    @property
    def roles(self) -> Role:
        """What it may do."""

    @property
    def gln(self) -> int:
        """GLN-13 as a number, 0 if none."""

    @property
    def prefixes(self) -> tuple[str, ...]:
        """GS1 Company Prefixes, digits."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Which contract an installation is bound to."""

    chain_id: int
    ledger: bytes  # address, 20 bytes
    council: bytes  # address, 20 bytes
    block: int  # before which nothing needs to be indexed

    @property
    def domain(self) -> Domain:
        """The EIP-712 domain of its statements."""
        return Domain(self.chain_id, self.ledger)


def chain_folder(settings: Settings) -> Path:
    """Give the folder of the embedded chain."""
    return settings.data_dir / "chain"


def open_chain(settings: Settings) -> Chain:
    """Connect to the chain that the settings name.

    Raises:
        ConfigurationError: It is another chain than was expected.
        UnavailableError: It cannot be reached, or the embedded chain does not run.
    """
    chain = Chain(_nodes(settings))
    expected = DEVELOPMENT_CHAIN if settings.embedded_chain else settings.chain_id
    if expected:
        chain.require_chain_id(expected)
    return chain


def _nodes(settings: Settings) -> str | Endpoints:
    if len(settings.rpc_urls) > 1:
        pause = min(LOOK_SECONDS, settings.poll_seconds)
        return Endpoints(settings.rpc_urls, agree=settings.rpc_agree, finality=settings.finality, look_seconds=pause)
    url = settings.rpc_urls[0] if settings.rpc_urls else endpoint(chain_folder(settings))
    if url is None:
        raise UnavailableError(
            "The embedded chain does not run.", advice="Start it with `lotproof up` or `lotproof chain`."
        )
    return url


def account_of(name: str, index: int, chain_id: int, unlock: Callable[[str], Signer]) -> AddressSigner:
    """Give the account that a setting names, or a development account if it names none.

    Args:
        name: Of a key, or empty.
        index: Of the development account.
        chain_id: Development accounts work on development chains only.
        unlock: Opens a key by its name.

    Raises:
        ConfigurationError: The key cannot send transactions, or the chain is not a development chain.
    """
    if not name:
        return development_signer(index, chain_id)
    signer = unlock(name)
    if not isinstance(signer, AddressSigner):
        raise ConfigurationError(
            f"The key {name!r} is a P-256 key, which cannot send transactions.",
            advice="Name a key made with `lotproof key new NAME --kind secp256k1`.",
            field="relay_key",
        )
    return signer


def deploy(db: Database, chain: Chain, account: AddressSigner, council: bytes) -> Deployment:
    """Deploy a ledger, or go on with a deployment that was begun, and bind the database to it.

    Args:
        db: The installation's database.
        chain: Where to.
        account: Who pays.
        council: The address that will admit authorities, 20 bytes.

    Raises:
        ConfigurationError: The database is bound to another contract, or what was deployed is not ours.
        UnavailableError: The chain does not take the transaction in time; what was signed goes on at the next try.
    """
    chain_id = chain.chain_id()
    development = chain_id == DEVELOPMENT_CHAIN
    # The council's acts too, so that what a development chain lost comes again in the order in which it was signed.
    sending = Sending(chain, Journal(db), account, chain_id, others=(council,), development=development)
    sending.recover()
    transaction = _begun(db, chain, account.signer) or sending.write(
        Payload(b"", deployment_data(council), GAS_CAP), "deploy"
    )
    block = _mined(chain, sending, transaction)
    return attach(db, chain, contract_address(account.signer, transaction.nonce), start_block=block)


def attach(db: Database, chain: Chain, address: bytes, *, start_block: int = 0) -> Deployment:
    """Bind the database to a deployed ledger.

    Args:
        db: The installation's database.
        chain: Where the ledger stands.
        address: The ledger's, 20 bytes.
        start_block: The block it was deployed in, if known.

    Raises:
        ConfigurationError: There is no ledger of ours at the address, or the database is bound to another.
    """
    ledger = Ledger(chain, address)
    code = ledger.require_code()
    chain_id = chain.chain_id()
    db.bind(chain_id, address, keccak256(code))
    return Deployment(chain_id, address, ledger.council(), start_block)


def _begun(db: Database, chain: Chain, sender: bytes) -> Transaction | None:
    """Give the newest deployment in the journal that has not failed."""
    found = None
    for slot in Journal(db).everything(sender):
        receipt = chain.receipts([slot.latest.hash])[0] if slot.latest.kind == "deploy" else None
        if slot.latest.kind == "deploy" and (receipt is None or receipt.success):
            found = slot.latest
    return found


def _mined(chain: Chain, sending: Sending, transaction: Transaction) -> int:
    """Send a transaction until it, or what replaced it, is mined; give its block.

    Raises:
        UnavailableError: It is not mined in time, or it failed.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        standings = sending.survey()
        receipt = _receipt(chain, standings, transaction)
        if receipt is None:
            sending.resend(standings)
            time.sleep(_POLL_SECONDS)
        elif receipt.success:
            return receipt.block
        else:
            raise UnavailableError(
                f"Transaction 0x{receipt.hash.hex()} failed on the chain.",
                advice="Check the council's address and the account's money, then try again.",
                transaction="0x" + receipt.hash.hex(),
            )
    raise UnavailableError(
        f"Transaction 0x{transaction.hash.hex()} is not mined yet.",
        advice="It stays in the journal and is sent again by itself; look again later.",
        transaction="0x" + transaction.hash.hex(),
    )


def _receipt(chain: Chain, standings: Sequence[Standing], transaction: Transaction) -> Receipt | None:
    for standing in standings:
        if (standing.slot.sender, standing.slot.nonce) == (transaction.sender, transaction.nonce):
            return standing.receipt
    return chain.receipts([transaction.hash])[0]  # the relayer has finished its slot meanwhile


def admission(authority: Authority, number: int, key: Signer, domain: Domain) -> bytes:
    """Encode the call by which the council admits an authority with its first key.

    Args:
        authority: What is said of it.
        number: What its number will be: one more than there are organisations when the call is made.
        key: Its first key, which signs too.
        domain: The ledger's.
    """
    addition = KeyAddition(number, key.signer, int(_FIRST_PURPOSES), 0, 0)
    return encode_call(
        "admitAuthority",
        authority.name,
        authority.country.encode(),
        authority.gln,
        int(authority.roles),
        [parts.company_prefix_number(prefix) for prefix in authority.prefixes],
        key.signer,
        key.sign(addition.digest(domain)),
    )


def propose_admissions(
    settings: Settings, authorities: Sequence[tuple[Authority, Signer]]
) -> tuple[bytes, list[bytes]]:
    """Write the calls by which a council that is a contract admits authorities.

    They hold only in this order and before any other organisation is admitted, as a first key signs its number.

    Args:
        settings: The installation's.
        authorities: Each with its first key.

    Returns:
        The ledger's address and the calls' data.

    Raises:
        ConfigurationError: There is no ledger yet.
        UnavailableError: The chain cannot be reached.
    """
    with closing(open_database(settings.database_url)) as db:
        installation = db.installation()
    if installation is None:
        raise ConfigurationError("No ledger is deployed yet.", advice="Run `lotproof deploy` first.")
    with closing(open_chain(settings)) as chain:
        ledger = Ledger(chain, installation.ledger)
        domain, first = Domain(installation.chain_id, ledger.address), int(ledger.view("organisationCount")[0]) + 1
    return ledger.address, [
        admission(authority, number, key, domain) for number, (authority, key) in enumerate(authorities, first)
    ]


class Council:
    """Acts of the council's address. Each is journalled, sent, and waited for.

    Args:
        db: The installation's database.
        ledger: The contract.
        account: The council's key; a council that is a multisig contract acts through its own tools instead.
        chain_id: EIP-155 chain id.
    """

    def __init__(self, db: Database, ledger: Ledger, account: AddressSigner, chain_id: int) -> None:
        self._ledger = ledger
        self._account = account
        self._domain = Domain(chain_id, ledger.address)
        development = chain_id == DEVELOPMENT_CHAIN
        self._sending = Sending(ledger.chain, Journal(db), account, chain_id, development=development)

    @classmethod
    def open(cls, settings: Settings, unlock: Callable[[str], Signer]) -> Self:
        """Open the installation that the settings name, as its council.

        Raises:
            ConfigurationError: There is no ledger yet, or the key is not the council's.
            UnavailableError: The chain cannot be reached.
        """
        db = open_database(settings.database_url)
        chain = open_chain(settings)
        installation = db.installation()
        if installation is None:
            raise ConfigurationError("No ledger is deployed yet.", advice="Run `lotproof deploy` first.")
        ledger = Ledger(chain, installation.ledger)
        account = account_of(settings.council_key, COUNCIL_INDEX, installation.chain_id, unlock)
        if ledger.council() != account.signer:
            raise ConfigurationError(
                f"The key of {account.address} is not the council's, 0x{ledger.council().hex()}.",
                advice="Set LOTPROOF_COUNCIL_KEY to the council's key.",
                field="council_key",
            )
        return cls(db, ledger, account, installation.chain_id)

    def admit(self, authority: Authority, key: Signer) -> int:
        """Admit an authority with its first key.

        Args:
            authority: What is said of it.
            key: Its first key, which signs too.

        Returns:
            Its number.

        Raises:
            StatementRefusedError: The ledger refuses, with the reason.
        """
        number = int(self._ledger.view("organisationCount")[0]) + 1
        self._act(admission(authority, number, key, self._domain))
        return number

    def suspend(self, number: int, *, suspended: bool = True) -> None:
        """Suspend or reinstate an authority.

        Raises:
            StatementRefusedError: The ledger refuses, with the reason.
        """
        self._act(encode_call("suspendAuthority", number, suspended))

    def pause(self) -> None:
        """Stop new statements for 72 hours at most.

        Raises:
            StatementRefusedError: The ledger refuses, with the reason.
        """
        self._act(encode_call("pause"))

    def resume(self) -> None:
        """End a pause early.

        Raises:
            StatementRefusedError: The ledger refuses, with the reason.
        """
        self._act(encode_call("unpause"))

    def name_successor(self, successor: bytes) -> None:
        """Name the contract that follows this one; once.

        Args:
            successor: Its address, 20 bytes.

        Raises:
            StatementRefusedError: The ledger refuses, with the reason.
        """
        self._act(encode_call("nameSuccessor", "0x" + successor.hex()))

    def _act(self, data: bytes) -> None:
        outcome = self._ledger.simulate(data, sender=self._account.signer, gas=GAS_CAP)
        if outcome.reverted:
            raise decode_error(outcome.data).refusal()
        transaction = self._sending.write(Payload(self._ledger.address, data, GAS_CAP), "council")
        _mined(self._ledger.chain, self._sending, transaction)
