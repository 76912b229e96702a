"""State read out of trie nodes: published proofs and tries, the `trie` package's, and nodes that are forged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trie import HexaryTrie

from ledger.core.errors import InvalidProofError
from ledger.core.keccak import keccak256
from ledger.core.rlp import decode, encode
from ledger.core.trie import EMPTY_ROOT, NO_ACCOUNT, Account, Nodes

EXCHANGES = ("blockhash", "default-block", "latest", "with-storage")
TRIES = ("trieanyorder_secureTrie", "trietest_secureTrie", "hex_encoded_securetrie_test", "trieanyorder", "trietest")


def _octets(text: str | None) -> bytes:
    if text is None:
        return b""
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


def _exchange(test_data: Path, name: str) -> dict[str, Any]:
    lines = (test_data / "crypto/eip1186" / f"{name}.io").read_text().splitlines()
    answer: dict[str, Any] = json.loads(next(line for line in lines if line.startswith("<<"))[3:])["result"]
    return answer


def _state_root(test_data: Path) -> bytes:
    return bytes.fromhex(_exchange(test_data, "eth_getBlockByNumber__get-latest")["stateRoot"][2:])


@pytest.mark.parametrize("name", EXCHANGES)
def test_published_account_proof_holds_against_the_state_root(test_data: Path, name: str) -> None:
    answer = _exchange(test_data, f"get-account-proof-{name}")
    nodes = Nodes(_octets(node) for node in answer["accountProof"])
    account = nodes.account(_state_root(test_data), _octets(answer["address"]))
    assert account == Account(_octets(answer["storageHash"]), _octets(answer["codeHash"]))
    assert account.has_code
    for slot in answer["storageProof"]:
        storage = Nodes(_octets(node) for node in slot["proof"])
        key, value = int(slot["key"], 16).to_bytes(32, "big"), int(slot["value"], 16).to_bytes(32, "big")
        assert storage.word(account.storage_root, key) == value


def test_an_account_that_is_not_there_is_proved_absent(test_data: Path) -> None:
    answer = _exchange(test_data, "get-account-proof-latest")
    nodes = Nodes(_octets(node) for node in answer["accountProof"])
    root = _state_root(test_data)
    second: Any = decode(_octets(answer["accountProof"][1]))
    digit = keccak256(_octets(answer["address"])).hex()[0]
    ends = {f"{digit}{index:x}" for index in range(16) if not second[index]}
    addresses = (each.to_bytes(20, "big") for each in range(9_999))
    absent = next(each for each in addresses if keccak256(each).hex()[:2] in ends)
    assert nodes.account(root, absent) == NO_ACCOUNT
    assert not NO_ACCOUNT.has_code


def _cases(test_data: Path, name: str) -> list[tuple[str, list[Any], bytes]]:
    told = json.loads((test_data / "crypto/ethereum_tests/TrieTests" / f"{name}.json").read_text())
    return [
        (case, list(each["in"].items()) if isinstance(each["in"], dict) else each["in"], _octets(each["root"]))
        for case, each in told.items()
    ]


@pytest.mark.parametrize("name", TRIES)
def test_published_tries_give_every_value_and_no_other(test_data: Path, name: str) -> None:
    hashed = "secure" in name
    for case, pairs, root in _cases(test_data, name):
        trie, values = HexaryTrie({}), {}
        for key, value in pairs:
            path = keccak256(_octets(key)) if hashed else _octets(key)
            values[path] = _octets(value)
            trie[path] = values[path]
        assert trie.root_hash == root, case
        for path, value in {**values, keccak256(b"nowhere"): b""}.items():
            nodes = Nodes(encode(_plain(node)) for node in trie.get_proof(path))
            assert nodes.entry(root, path) == value, (case, path)


def _plain(node: Any) -> Any:
    return [_plain(each) for each in node] if isinstance(node, list | tuple) else bytes(node)


@given(st.dictionaries(st.binary(min_size=32, max_size=32), st.binary(min_size=1, max_size=40), max_size=40))
def test_one_set_of_nodes_proves_what_the_trie_package_holds(values: dict[bytes, bytes]) -> None:
    trie: Any = HexaryTrie({})
    for key, value in values.items():
        trie[keccak256(key)] = value
    nodes = Nodes(node for node in trie.db.values())
    for key, value in values.items():
        assert nodes.value(trie.root_hash, key) == value
    assert nodes.value(trie.root_hash, b"nobody") == b""
    needed = nodes.needed()
    assert [keccak256(node) for node in needed] == sorted(keccak256(node) for node in needed)
    again = Nodes(needed)
    assert all(again.value(trie.root_hash, key) == value for key, value in values.items())


def test_a_missing_node_is_named() -> None:
    with pytest.raises(InvalidProofError) as caught:
        Nodes([]).value(b"\x11" * 32, b"x")
    assert (caught.value.evidence["rule"], caught.value.evidence["hash"]) == ("missing_node", b"\x11" * 32)


def test_an_empty_trie_needs_no_nodes() -> None:
    assert Nodes([]).value(EMPTY_ROOT, b"x") == b""
    assert Nodes([]).word(EMPTY_ROOT, bytes(32)) == bytes(32)


def _entry(*nodes: Any, path: bytes = b"\x12") -> bytes:
    """Look up in nodes that refer to each other, the first being the root."""
    encoded = [encode(node) for node in nodes]
    return Nodes(encoded).entry(keccak256(encoded[0]), path)


BRANCH = [b""] * 17
MALFORMED = {
    "a node of three": [b"a", b"b", b"c"],
    "a path that is a list": [[b"a"], b"b"],
    "an empty path": [b"", b"b"],
    "flags of no kind": [b"\x40", b"b"],
    "padding that is not zero": [b"\x01\x12", b"b"],
    "an extension without a path": [b"\x00", b"b" * 32],
    "a reference of 31 bytes": [b"\x00\x12", b"b" * 31],
    "a value that is a list": [b"\x20\x12", [b"b"]],
    "a node that is no list": b"x" * 40,
}


@pytest.mark.parametrize("node", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_node_is_refused(node: Any) -> None:
    with pytest.raises(InvalidProofError) as caught:
        _entry(node)
    assert caught.value.evidence["rule"] == "encoding"


def test_values_stand_in_leaves_in_branches_and_in_nodes_inside_nodes() -> None:
    inner = [b"\x20", b"v"]  # a leaf at the end of the way, shorter than a hash
    branch = [*BRANCH[:2], inner, *BRANCH[3:16], b"here"]
    assert _entry([b"\x11", branch]) == b"v"
    assert _entry([b"\x00\x12", branch]) == b"here"
    assert _entry([b"\x13", branch]) == b""
    assert _entry([b"\x20\x13", b"v"]) == b""
    assert _entry([*BRANCH[:1], [b"\x20", b"v"], *BRANCH[2:]]) == b""


def _of_trie(key: bytes, value: bytes) -> tuple[Nodes, bytes]:
    leaf = encode([b"\x20" + keccak256(key), value])
    return Nodes([leaf]), keccak256(leaf)


@pytest.mark.parametrize("value", [encode([b"1"]), encode(b"\x00\x01"), encode(b"x" * 33), b"\x81\x01"])
def test_a_slot_that_holds_no_number_is_refused(value: bytes) -> None:
    nodes, root = _of_trie(bytes(32), value)
    with pytest.raises(InvalidProofError):
        nodes.word(root, bytes(32))


@pytest.mark.parametrize(
    "account", [b"no list", [b"", b"", bytes(32)], [b"", b"", b"short", bytes(32)], [b"", b"", bytes(32), [b"x"]]]
)
def test_a_malformed_account_is_refused(account: Any) -> None:
    nodes, root = _of_trie(bytes(20), encode(account))
    with pytest.raises(InvalidProofError):
        nodes.account(root, bytes(20))
