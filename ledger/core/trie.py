"""Reading Ethereum's state out of a few trie nodes: every node is found by its hash, so only true ones lead anywhere.

The nodes of many proofs (`eth_getProof`, EIP-1186) are one set, each node once. Those that no look-up needed are told,
because whoever reads a proof bundle refuses what proves nothing.

Sources: Ethereum yellow paper, appendix D (modified Merkle Patricia tree) and section 4.1 (accounts); EIP-1186.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from ledger.core.errors import InvalidProofError
from ledger.core.keccak import keccak256
from ledger.core.rlp import decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.core.rlp import Item

EMPTY_ROOT: Final = keccak256(b"\x80")  # of a trie without entries
EMPTY_CODE: Final = keccak256(b"")
_HASH: Final = 32
_BRANCH: Final = 17
_PAIR: Final = 2
_LEAF: Final = 2  # bit of the first nibble of a packed path; the other bit says that the path is odd
_ODD: Final = 1
_ACCOUNT_FIELDS: Final = 4


class Account(NamedTuple):
    """What the state holds of one address."""

    storage_root: bytes
    code_hash: bytes

    @property
    def has_code(self) -> bool:
        """Whether the address is a contract, or an account that delegates to one (EIP-7702)."""
        return self.code_hash != EMPTY_CODE


NO_ACCOUNT: Final = Account(EMPTY_ROOT, EMPTY_CODE)


class Nodes:
    """Trie nodes by their hashes, and which of them were needed.

    Args:
        nodes: Encoded nodes of 32 bytes or more; shorter ones stand inside their parents.
    """

    def __init__(self, nodes: Iterable[bytes]) -> None:
        self._nodes = {keccak256(node): node for node in nodes}
        self._needed: dict[bytes, Item] = {}

    def value(self, root: bytes, key: bytes) -> bytes:
        """Look up what a trie with hashed keys holds under a key.

        Args:
            root: Of the trie, 32 bytes, trusted.
            key: Before hashing: an address or a slot.

        Returns:
            The value, still encoded; empty if the trie provably holds none.

        Raises:
            InvalidProofError: A node on the way is missing or malformed.
        """
        return self.entry(root, keccak256(key))

    def entry(self, root: bytes, path: bytes) -> bytes:
        """Look up what a trie holds under a path, which is not hashed again.

        Args:
            root: Of the trie, 32 bytes, trusted.
            path: Its key as it stands in the trie.

        Returns:
            As `value`.

        Raises:
            InvalidProofError: As there.
        """
        if root == EMPTY_ROOT:
            return b""
        way = path.hex()
        child: Item = root
        while child:
            child, way, found = _step(self._open(child), way)
            if found:
                return child if isinstance(child, bytes) else _refuse("a value is a list")
        return b""

    def account(self, root: bytes, address: bytes) -> Account:
        """Read an account.

        Args:
            root: Of the state, from a trusted header.
            address: 20 bytes.

        Raises:
            InvalidProofError: The nodes do not prove it, or it is malformed.
        """
        value = self.value(root, address)
        if not value:
            return NO_ACCOUNT
        fields = decode(value)
        if not isinstance(fields, list) or len(fields) != _ACCOUNT_FIELDS:
            _refuse("an account does not have four fields")
        storage_root, code_hash = fields[2:]
        if not (_is_hash(storage_root) and _is_hash(code_hash)):
            _refuse("an account's hashes do not have 32 bytes")
        return Account(storage_root, code_hash)  # type: ignore[arg-type]  # `_is_hash` said so

    def word(self, root: bytes, slot: bytes) -> bytes:
        """Read a storage slot.

        Args:
            root: Of the contract's storage, from its account.
            slot: 32 bytes.

        Returns:
            32 bytes; zeros if nothing is stored there.

        Raises:
            InvalidProofError: The nodes do not prove it, or it is malformed.
        """
        value = self.value(root, slot)
        number = decode(value) if value else b""
        if not isinstance(number, bytes) or len(number) > _HASH or number[:1] == b"\0":
            _refuse("a slot holds no number")
        return number.rjust(_HASH, b"\0")

    def needed(self) -> list[bytes]:
        """Give the nodes that the look-ups so far needed, in ascending order of their hashes."""
        return [self._nodes[each] for each in sorted(self._needed)]

    def _open(self, reference: Item) -> list[Item]:
        if isinstance(reference, list):  # shorter than a hash, so it stands inside its parent
            return reference
        if len(reference) != _HASH:
            _refuse("a reference is neither a hash nor a node")
        node = self._needed.get(reference)
        if node is None:
            if reference not in self._nodes:
                raise InvalidProofError(
                    f"A node of the state is missing: 0x{reference.hex()}.", rule="missing_node", hash=reference
                )
            node = self._needed[reference] = decode(self._nodes[reference])
        return node if isinstance(node, list) else _refuse("a node is not a list")


def _step(node: list[Item], way: str) -> tuple[Item, str, bool]:
    """Go from a node one step down: what is there, what is left of the way, and whether that is the value."""
    if len(node) == _BRANCH:
        return (node[int(way[0], 16)], way[1:], False) if way else (node[16], "", True)
    if len(node) != _PAIR or not isinstance(node[0], bytes):
        _refuse("a node is neither a branch nor a pair")
    prefix, is_leaf = _unpacked(node[0])
    if is_leaf:
        return (node[1] if prefix == way else b""), "", True
    if not prefix:
        _refuse("an extension has no path")
    return (node[1], way[len(prefix) :], False) if way.startswith(prefix) else (b"", "", True)


def _unpacked(packed: bytes) -> tuple[str, bool]:
    """Read a packed path (yellow paper, appendix C): its digits, and whether it ends in a leaf."""
    digits = packed.hex()
    flags = int(digits[:1] or "f", 16)
    if flags > (_LEAF | _ODD) or (not flags & _ODD and digits[1] != "0"):
        _refuse("a path is malformed")
    return digits[1 if flags & _ODD else 2 :], bool(flags & _LEAF)


def _is_hash(item: Item) -> bool:
    return isinstance(item, bytes) and len(item) == _HASH


def _refuse(words: str) -> NoReturn:
    raise InvalidProofError(f"A proof of the state is malformed: {words}.", rule="encoding")
