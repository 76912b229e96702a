"""Whether a node says of the state what the state is, by a sample that a block's hash proves.

Verdict-relevant state is read by `eth_call`, whose answers nobody can check as they come. So a node is first asked for
things that can be proved: the ledger's code and the slots of its first organisations.

Sources: EIP-1186 (`eth_getProof`); docs/contract.md, "Where state lies".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core import slots
from ledger.core.errors import InvalidProofError
from ledger.core.header import encode_header, read_header
from ledger.core.keccak import keccak256
from ledger.core.trie import Nodes

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE: Final = (1, 2, 3)  # numbers of organisations: 1 is the first authority
SAMPLE_SLOTS: Final = tuple(slots.slot_of(number, slots.ORGANISATIONS) for number in SAMPLE)
_WORD: Final = 32


class Sample(NamedTuple):
    """What a node says of one block's state.

    Attributes:
        block: As `eth_getBlockByNumber` gives it.
        proof: As `eth_getProof` gives it for the ledger and `SAMPLE_SLOTS`.
        code: What `eth_getCode` gives for the ledger.
        organisations: What `eth_call` of `organisation` returns for each number of `SAMPLE`.
    """

    block: dict[str, Any]
    proof: dict[str, Any]
    code: bytes
    organisations: Sequence[bytes]


def check_sample(sample: Sample, block_hash: bytes, address: bytes) -> None:
    """Compare what a node says of the state with what it proves.

    Args:
        sample: What it says.
        block_hash: Of the block, on which several nodes agree.
        address: The ledger's, 20 bytes; it may not be deployed yet.

    Raises:
        InvalidProofError: They differ; `rule` is `header` if the block's fields do not make its hash, which may also
            mean a chain with headers of another form.
    """
    header = read_header(encode_header(sample.block))
    if header.hash != block_hash:
        raise InvalidProofError("It gives another block than the one agreed on.", rule="block", given=header.hash)
    nodes = _nodes(sample.proof)
    account = nodes.account(header.state_root, address)
    if account.code_hash != keccak256(sample.code):
        raise InvalidProofError("The ledger's code is not what the state holds.", rule="code")
    for number, slot, said in zip(SAMPLE, SAMPLE_SLOTS, sample.organisations, strict=True):
        stored = nodes.word(account.storage_root, slot)
        if sample.code and said != _returned(slots.organisation(stored)):
            raise InvalidProofError(f"Organisation {number} is not what the state holds.", rule="call")


def _nodes(proof: dict[str, Any]) -> Nodes:
    try:
        parts = [proof["accountProof"], *(each["proof"] for each in proof["storageProof"])]
        return Nodes(bytes.fromhex(node[2:]) for part in parts for node in part)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidProofError("The proof of the state is malformed.", rule="encoding") from error


def _returned(stored: slots.StoredOrganisation) -> bytes:
    """Write an organisation as the contract's view returns it."""
    country = stored.country.encode("latin-1").ljust(_WORD, b"\0")
    after = (stored.authority, stored.suspended_at, stored.admitted, stored.sequence, stored.gln)
    return _number(stored.roles) + country + b"".join(map(_number, after))


def _number(value: int) -> bytes:
    return int(value).to_bytes(_WORD, "big")
