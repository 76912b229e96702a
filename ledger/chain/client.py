"""What is asked of a node: blocks, code, fees, calls, receipts and the sending of signed transactions.

Transactions and calls go through web3; what is asked often or in bulk goes raw and batched, because web3's formatting
of results costs several times the call. Both share one connection and one set of errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from eth_utils.address import to_checksum_address
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3RPCError
from web3.providers.base import JSONBaseProvider

from ledger.chain.rpc import TIMEOUT_SECONDS, Rpc
from ledger.core.errors import ConfigurationError, NodeError, UnavailableError
from ledger.core.facts import Header
from ledger.core.keccak import keccak256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web3.types import RPCEndpoint, RPCResponse, TxParams

    from ledger.chain.endpoints import Endpoints
    from ledger.chain.watch import Standing

# As geth, Anvil, Nethermind, Besu and EthereumJS say it; there are no standard codes.
_KNOWN: Final = re.compile(r"already known|already imported|known transaction|already in the .*pool", re.IGNORECASE)
_STALE_NONCE: Final = re.compile(r"nonce too low|old nonce|nonce .*already", re.IGNORECASE)
_UNDERPRICED: Final = re.compile(
    r"underpriced|fee too low|max fee per gas less than|below.* base ?fee|replacement gas too low|cannot pay basefee"
    r"|minimum gas price",
    re.IGNORECASE,
)
_NO_FUNDS: Final = re.compile(r"insufficient (funds|balance)", re.IGNORECASE)
_OUT_OF_GAS: Final = re.compile(r"out ?of ?gas|gas required exceeds|revert", re.IGNORECASE)
_BLOOM_BITS: Final = 2048
_FEE_BLOCKS: Final = 10
MINIMUM_PRIORITY_FEE: Final = 10**9  # wei per gas; what most networks' nodes take without asking twice


class Sent(StrEnum):
    """What a node made of a signed transaction."""

    ACCEPTED = "accepted"
    KNOWN = "known"  # it has it already
    STALE_NONCE = "stale nonce"  # that nonce is mined: look for a receipt
    UNDERPRICED = "underpriced"  # pay more


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a mined transaction came to. `success` alone does not show that anything was recorded."""

    hash: bytes
    block: int
    block_hash: bytes
    success: bool
    gas_used: int
    contract: bytes  # 20 bytes, empty if it created none


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 fees in wei per gas."""

    max_fee: int
    priority_fee: int


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What a simulated call came to: `data` is what it returned, or the error bytes it reverted with."""

    reverted: bool
    data: bytes


class _SharedConnection(JSONBaseProvider):
    """Lets web3 speak through the same connection and errors as everything else."""

    def __init__(self, rpc: Rpc | Endpoints) -> None:
        super().__init__()
        self._rpc = rpc

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:  # noqa: ANN401 - web3's signature
        try:
            result = self._rpc.request(method, *params)
        except NodeError as error:
            answer = {"code": error.evidence["code"], "message": error.evidence["message"]}
            if error.evidence["data"] is not None:
                answer["data"] = error.evidence["data"]
            return cast("RPCResponse", {"jsonrpc": "2.0", "id": 0, "error": answer})
        return cast("RPCResponse", {"jsonrpc": "2.0", "id": 0, "result": result})


class Chain:
    """A chain, as one node tells it, or several that are compared.

    Args:
        node: JSON-RPC address of the node, or several nodes.
        timeout_seconds: How long one request to the one node may take.

    Raises:
        ConfigurationError: The address is not one of HTTP.
    """

    def __init__(self, node: str | Endpoints, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.nodes = None if isinstance(node, str) else node
        self.rpc = Rpc(node, timeout_seconds=timeout_seconds) if isinstance(node, str) else node

    def close(self) -> None:
        """Close the connections."""
        self.rpc.close()

    def standings(self) -> list[Standing]:
        """Say how each of several nodes stands; nothing of one node."""
        return [] if self.nodes is None else self.nodes.watch.standings()

    @cached_property
    def web3(self) -> Web3:
        """web3 on the same connection."""
        return Web3(_SharedConnection(self.rpc), middleware=[])  # what the usual ones add costs further calls

    def chain_id(self) -> int:
        """Ask the node for its EIP-155 chain id."""
        return _number(self.rpc.request("eth_chainId"))

    def require_chain_id(self, expected: int) -> None:
        """Refuse a node of another chain.

        Raises:
            ConfigurationError: The node's chain is not the one this installation is bound to.
        """
        if self.nodes is not None:
            self.nodes.watch.expect(expected)
        found = self.chain_id()
        if found != expected:
            raise ConfigurationError(
                f"The node at {self.rpc.shown} is on chain {found}, but this installation is for chain {expected}.",
                advice="Point LOTPROOF_RPC_URL at a node of the right chain, or start with an empty data directory.",
                field="rpc_url",
                expected=expected,
                given=found,
            )

    def header(self, block: int | str, *, watched: bytes = b"") -> Header | None:
        """Read a block's header.

        Args:
            block: A number, or `latest`, `safe`, `finalized`.
            watched: Address whose absence from the bloom sets `may_hold_facts` false.
        """
        return self.headers([block], watched=watched)[0]

    def headers(self, blocks: Sequence[int | str], *, watched: bytes = b"") -> list[Header | None]:
        """Read many headers in one batch; None where the node has no such block."""
        results = self.rpc.batch([("eth_getBlockByNumber", (_block(block), False)) for block in blocks])
        return [None if result is None else header_of(result, watched) for result in results]

    def head(self) -> Header:
        """Read the newest header.

        Raises:
            UnavailableError: The node has no block at all.
        """
        found = self.header("latest")
        if found is None:
            raise UnavailableError(
                f"The node at {self.rpc.shown} has no block yet.", advice="Wait until it has synced."
            )
        return found

    def code(self, address: bytes) -> bytes:
        """Read the code at an address, empty if there is none."""
        return bytes.fromhex(self.rpc.request("eth_getCode", _hex(address), "latest")[2:])

    def nonce(self, address: bytes, block: str = "latest") -> int:
        """Count the transactions that an address has sent, up to a block."""
        return _number(self.rpc.request("eth_getTransactionCount", _hex(address), block))

    def balance(self, address: bytes) -> int:
        """Read a balance, in wei."""
        return _number(self.rpc.request("eth_getBalance", _hex(address), "latest"))

    def fees(self) -> Fees:
        """Suggest fees that are taken soon: twice the next base fee, plus the tip that was usual lately.

        Raises:
            NodeError: The node cannot tell.
        """
        try:
            history = self.web3.eth.fee_history(_FEE_BLOCKS, "latest", [50.0])
        except Web3RPCError as error:  # some nodes refuse it while the chain is shorter than what is asked for
            return self._plain_fees(self._node_error(error, "eth_feeHistory"))
        tips = sorted(int(tip) for block in history.get("reward", []) for tip in block)
        priority = max(tips[len(tips) // 2] if tips else 0, MINIMUM_PRIORITY_FEE)
        return Fees(max_fee=2 * int(history["baseFeePerGas"][-1]) + priority, priority_fee=priority)

    def _plain_fees(self, refused: NodeError) -> Fees:
        """Suggest fees by the newest block alone."""
        block = self.rpc.outcomes([("eth_getBlockByNumber", ("latest", False))])[0]
        if not isinstance(block, dict) or "baseFeePerGas" not in block:
            raise refused
        return Fees(2 * _number(block["baseFeePerGas"]) + MINIMUM_PRIORITY_FEE, MINIMUM_PRIORITY_FEE)

    def call(
        self,
        to: bytes,
        data: bytes,
        *,
        sender: bytes = bytes(20),
        gas: int | None = None,
        block: int | None = None,
    ) -> CallOutcome:
        """Simulate a transaction on the newest state, or on that of a block.

        Raises:
            NodeError: The node cannot simulate it (other than that it reverts).
        """
        transaction: TxParams = {"to": to_checksum_address(to), "data": _hex(data), "from": to_checksum_address(sender)}  # type: ignore[typeddict-item]  # web3 takes hexadecimal text too
        if gas is not None:
            transaction["gas"] = gas
        try:
            at = "latest" if block is None else block
            return CallOutcome(reverted=False, data=bytes(self.web3.eth.call(transaction, at)))  # type: ignore[arg-type]  # web3's types want a number wrapped
        except ContractLogicError as error:
            return CallOutcome(reverted=True, data=_revert_data(error.data))
        except Web3RPCError as error:
            if _OUT_OF_GAS.search(str(error)):
                return CallOutcome(reverted=True, data=b"")
            raise self._node_error(error, "eth_call") from error

    def send(self, raw: bytes) -> Sent:
        """Hand a signed transaction to the node. Sending the same bytes again is harmless.

        Raises:
            UnavailableError: The sender has too little money, or the node cannot be reached.
            NodeError: The node refuses the transaction for another reason.
        """
        try:
            self.web3.eth.send_raw_transaction(raw)
        except (Web3RPCError, ValueError) as error:
            return self._refused_sending(error)
        return Sent.ACCEPTED

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        """Read many receipts in one batch; None for what is not mined."""
        results = self.rpc.batch([("eth_getTransactionReceipt", (_hex(one),)) for one in hashes])
        return [None if result is None else _receipt(result) for result in results]

    def confirmed(self, receipts: Sequence[Receipt]) -> bool:
        """Tell whether enough nodes give the very same receipts. One node's word is taken without asking again."""
        if self.nodes is None or not receipts:
            return True
        calls = [("eth_getTransactionReceipt", (_hex(receipt.hash),)) for receipt in receipts]
        try:
            agreed = self.nodes.agreed(calls, lambda found: [each and _receipt(each) for each in found])
        except UnavailableError:
            return False
        return agreed == list(receipts)

    def _refused_sending(self, error: Exception) -> Sent:
        message = str(error)
        for pattern, outcome in (
            (_KNOWN, Sent.KNOWN),
            (_STALE_NONCE, Sent.STALE_NONCE),
            (_UNDERPRICED, Sent.UNDERPRICED),
        ):
            if pattern.search(message):
                return outcome
        if _NO_FUNDS.search(message):
            raise UnavailableError(
                "The relayer's account has too little money to pay for a transaction.",
                advice="Send some to the relayer's address (GET /v1/chain names it); what is queued goes out then.",
                cause="funds",
            ) from error
        raise self._node_error(error, "eth_sendRawTransaction") from error

    def _node_error(self, error: Exception, method: str) -> NodeError:
        message = str(error)[:500]
        return NodeError(
            f"The chain's node at {self.rpc.shown} refused {method}: {message}", method=method, message=message
        )


def header_of(block: dict[str, Any], watched: bytes = b"") -> Header:
    """Read a header out of a JSON-RPC block.

    Raises:
        UnavailableError: The node's answer is not a block.
    """
    try:
        return Header(
            number=int(block["number"], 16),
            hash=bytes.fromhex(block["hash"][2:]),
            parent_hash=bytes.fromhex(block["parentHash"][2:]),
            time=int(block["timestamp"], 16),
            may_hold_facts=_may_log(block, watched),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnavailableError("The chain's node answered with a malformed block.", cause="garbled") from error


def _may_log(block: dict[str, Any], address: bytes) -> bool:
    """Tell whether a block may hold logs of an address, by its bloom (Ethereum yellow paper, section 4.3.1).

    Some networks leave blooms empty: an empty one counts only where no gas was used either.
    """
    bloom = int(block.get("logsBloom") or "0x0", 16)
    if not bloom:
        return int(block.get("gasUsed", "0x1"), 16) > 0
    return not address or all(bloom >> bit & 1 for bit in _bloom_bits(address))


def _bloom_bits(address: bytes) -> list[int]:
    digest = keccak256(address)
    return [int.from_bytes(digest[at : at + 2], "big") % _BLOOM_BITS for at in (0, 2, 4)]


def _receipt(result: dict[str, Any]) -> Receipt:
    try:
        return Receipt(
            hash=bytes.fromhex(result["transactionHash"][2:]),
            block=int(result["blockNumber"], 16),
            block_hash=bytes.fromhex(result["blockHash"][2:]),
            success=int(result["status"], 16) == 1,
            gas_used=int(result["gasUsed"], 16),
            contract=bytes.fromhex((result.get("contractAddress") or "0x")[2:]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnavailableError("The chain's node answered with a malformed receipt.", cause="garbled") from error


def _revert_data(data: Any) -> bytes:  # noqa: ANN401 - nodes disagree on its shape
    inner = data.get("data") if isinstance(data, dict) else data
    text = inner if isinstance(inner, str) else ""
    found = re.search(r"0x((?:[0-9a-fA-F]{2})*)", text)
    return bytes.fromhex(found[1]) if found else b""


def _number(result: Any) -> int:  # noqa: ANN401 - JSON
    try:
        return int(result, 16)
    except (TypeError, ValueError) as error:
        raise UnavailableError(
            "The chain's node answered with something other than a number.", cause="garbled"
        ) from error


def _block(block: int | str) -> str:
    return hex(block) if isinstance(block, int) else block


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
