"""The deployed ledger: call data for what is submitted, and what it answers."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from eth_abi.abi import decode, encode

from ledger.chain.artifact import abi_of, creation_code, is_our_code
from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.core.keccak import keccak256
from ledger.core.structs import (
    Accreditation,
    Anchor,
    BatchRegistration,
    Bundle,
    CustodyStatement,
    KeyAddition,
    KeyEnding,
    Suspension,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.chain.client import CallOutcome, Chain
    from ledger.core.structs import Statement
    from ledger.core.submission import Submission

TOGETHER: Final = frozenset({BatchRegistration.NAME, CustodyStatement.NAME})
"""Statements of these types are relayed many at once; a bad one among them cannot spoil the others."""

_ERC1271_ANSWER: Final = bytes.fromhex("1626ba7e")
_ERC1271_GAS: Final = 100_000  # what the contract gives a wallet
_P256_PRECOMPILE: Final = bytes(18) + b"\x01\x00"  # EIP-7951


class Ledger:
    """One deployed `CustodyLedger`.

    Args:
        chain: Where it stands.
        address: 20 bytes.
    """

    def __init__(self, chain: Chain, address: bytes) -> None:
        self.chain = chain
        self.address = address

    def require_code(self) -> bytes:
        """Make sure that the address holds our contract, and give its code.

        Raises:
            ConfigurationError: It holds nothing, or another contract.
        """
        code = self.chain.code(self.address)
        shown = "0x" + self.address.hex()
        if not code:
            raise ConfigurationError(
                f"There is no contract at {shown} on this chain.",
                advice="Set LOTPROOF_LEDGER_ADDRESS to the deployed ledger, or deploy one with `lotproof deploy`.",
                field="ledger_address",
            )
        if not is_our_code(code):
            raise ConfigurationError(
                f"The contract at {shown} is not the Lotproof ledger that this version knows.",
                advice="Check LOTPROOF_LEDGER_ADDRESS, or use the version of Lotproof that deployed it.",
                field="ledger_address",
            )
        return code

    def view(self, function: str, *arguments: Any) -> tuple[Any, ...]:  # noqa: ANN401 - ABI values
        """Call a view on the newest state.

        Raises:
            UnavailableError: It reverted, which a view of our contract never does.
        """
        outcome = self.chain.call(self.address, encode_call(function, *arguments))
        if outcome.reverted or not outcome.data:
            raise UnavailableError(
                f"The ledger did not answer {function}.", advice="Check the node.", function=function
            )
        return decode(_types(_functions()[function]["outputs"]), outcome.data)

    def simulate(self, data: bytes, *, sender: bytes, gas: int, block: int | None = None) -> CallOutcome:
        """See what a transaction with this call data would come to on the newest state, or on that of a block."""
        return self.chain.call(self.address, data, sender=sender, gas=gas, block=block)

    def council(self) -> bytes:
        """Read the council's address."""
        return bytes.fromhex(self.view("council")[0][2:])

    def is_wallet_signature(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        """Ask a contract whether a signature is its own, as the ledger will (ERC-1271).

        Args:
            wallet: The contract's address.
            digest: What is signed.
            signature: In whatever form the contract takes.

        Returns:
            False also where there is no contract at the address.
        """
        question = bytes.fromhex("1626ba7e") + encode(["bytes32", "bytes"], [digest, signature])
        outcome = self.chain.call(
            wallet, question, sender=self.address, gas=_ERC1271_GAS + 2 * len(question) * 16 + 21_000
        )
        return not outcome.reverted and outcome.data[:32] == _ERC1271_ANSWER + bytes(28)

    @cached_property
    def has_p256_precompile(self) -> bool:
        """Whether the chain checks P-256 signatures natively (EIP-7951); else each costs some 300,000 gas more."""
        outcome = self.chain.call(_P256_PRECOMPILE, _P256_PROBE)
        return outcome.data == (1).to_bytes(32, "big")


# A valid signature of the published key of RFC 6979, appendix A.2.5 (P-256, SHA-256, message "sample").
_P256_PROBE: Final = bytes.fromhex(
    "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)


def call_data(submissions: Sequence[Submission]) -> bytes:
    """Encode the call that brings statements to the ledger.

    Args:
        submissions: Any number of one type in `TOGETHER`, or one of another type.

    Returns:
        Selector and arguments.

    Raises:
        ValueError: They cannot go in one call.
    """
    first = submissions[0].statement
    if len({submission.type for submission in submissions}) > 1 or (
        len(submissions) > 1 and first.NAME not in TOGETHER
    ):
        raise ValueError([submission.type for submission in submissions])
    if isinstance(first, BatchRegistration):
        return encode_call("registerMany", [(values(s.statement), s.signer, s.signature) for s in submissions])
    if isinstance(first, CustodyStatement):
        items = [(values(s.statement), s.attachment, s.signer, s.signature) for s in submissions]
        return encode_call("recordMany", items)
    return _single(submissions[0])


def _single(submission: Submission) -> bytes:
    statement = submission.statement
    signed = (submission.signer, submission.signature)
    match statement:
        case Bundle():
            events = [values(event.statement) for event in submission.events]
            return encode_call(
                "recordBundle", values(statement), events, [e.attachment for e in submission.events], *signed
            )
        case Accreditation():
            return encode_call("accredit", values(statement), submission.prefixes, *signed, submission.cosignature)
        case KeyAddition():
            return encode_call("addKey", values(statement), *signed, submission.cosignature)
        case Anchor():
            return encode_call("anchor", values(statement), *signed)
        case Suspension():
            return encode_call("suspend", values(statement), *signed)
        case KeyEnding():
            return encode_call("endKey", values(statement), *signed)
    raise ValueError(submission.type)


def deployment_data(council: bytes) -> bytes:
    """Encode the creation of a ledger.

    Args:
        council: The address that will admit authorities, 20 bytes.
    """
    return creation_code() + encode(["address"], [council])


def values(statement: Statement) -> tuple[Any, ...]:
    """Give a statement's fields in the order of its struct."""
    return tuple(getattr(statement, member.attribute) for member in statement.MEMBERS)


def encode_call(function: str, *arguments: Any) -> bytes:  # noqa: ANN401 - ABI values
    """Encode a call of one of the contract's functions."""
    return selector_of(function) + encode(inputs_of(function), arguments)


@cache
def _functions() -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in abi_of("function")}


@cache
def selector_of(function: str) -> bytes:
    """Give the four bytes that call data of a function begins with."""
    return keccak256(f"{function}({','.join(inputs_of(function))})".encode())[:4]


def inputs_of(function: str) -> list[str]:
    """Give the ABI types of a function's arguments."""
    return _types(_functions()[function]["inputs"])


def _types(arguments: list[dict[str, Any]]) -> list[str]:
    return [_type(argument) for argument in arguments]


def _type(argument: dict[str, Any]) -> str:
    kind: str = argument["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_types(argument['components']))}){kind.removeprefix('tuple')}"
