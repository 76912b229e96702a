"""What a node proves of its state: blocks whole, and the trie nodes behind accounts and slots (EIP-1186)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.errors import InvalidProofError, NodeError, UnavailableError
from ledger.core.header import encode_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.chain.client import Chain

SLOTS_A_CALL: Final = 500  # go-ethereum takes 1,024 (internal/ethapi: maxGetStorageSlots)
_LATER: Final = (
    "Ask for a later block, or point LOTPROOF_RPC_URL at an archive node: "
    "most nodes keep the state of about 128 blocks."
)


def header_bytes(chain: Chain, block: int | str) -> bytes:
    """Read a block's header in the bytes that its hash is taken over.

    Args:
        chain: The node.
        block: A number, or `finalized`.

    Raises:
        UnavailableError: The node has no such block, or what it says of it does not fit its hash.
    """
    named = hex(block) if isinstance(block, int) else block
    found = chain.rpc.request("eth_getBlockByNumber", named, False)  # noqa: FBT003 - JSON-RPC: hashes only
    if found is None:
        raise UnavailableError(f"The chain's node has no block {block}.", advice=_LATER, block=block)
    try:
        return encode_header(found)
    except InvalidProofError as error:
        raise UnavailableError(f"The chain's node gave a broken block: {error.detail}", cause="garbled") from error


def proof_nodes(chain: Chain, address: bytes, slots: Sequence[bytes], block: int) -> tuple[list[bytes], list[bytes]]:
    """Ask for the trie nodes that prove an account and some of its slots.

    Args:
        chain: The node.
        address: 20 bytes.
        slots: 32 bytes each; may be none.
        block: Its number.

    Returns:
        Nodes of the state trie and nodes of the account's storage trie, each once.

    Raises:
        UnavailableError: The node no longer has that state, or proves nothing.
    """
    parts = [slots[start : start + SLOTS_A_CALL] for start in range(0, len(slots), SLOTS_A_CALL)] or [()]
    calls = [
        ("eth_getProof", ("0x" + address.hex(), ["0x" + slot.hex() for slot in part], hex(block))) for part in parts
    ]
    try:
        answers = chain.rpc.batch(calls)
    except NodeError as error:
        detail = f"The chain's node cannot prove the state of block {block}: {error.evidence['message']}"
        raise UnavailableError(detail, advice=_LATER, block=block) from error
    return _nodes(answers)


def _nodes(answers: Iterable[dict[str, Any]]) -> tuple[list[bytes], list[bytes]]:
    account: dict[str, None] = {}
    storage: dict[str, None] = {}
    try:
        for answer in answers:
            account.update(dict.fromkeys(answer["accountProof"]))
            for slot in answer["storageProof"]:
                storage.update(dict.fromkeys(slot["proof"]))
        return [bytes.fromhex(node[2:]) for node in account], [bytes.fromhex(node[2:]) for node in storage]
    except (KeyError, TypeError, ValueError) as error:
        raise UnavailableError("The chain's node answered with a malformed proof.", cause="garbled") from error


def transaction_inputs(chain: Chain, hashes: Sequence[bytes]) -> list[bytes]:
    """Read what transactions carried.

    Args:
        chain: The node.
        hashes: Of the transactions.

    Returns:
        Their inputs in order; empty for those that the node does not have.
    """
    answers = chain.rpc.batch([("eth_getTransactionByHash", ("0x" + each.hex(),)) for each in hashes])
    return [bytes.fromhex(answer["input"][2:]) if isinstance(answer, dict) else b"" for answer in answers]
