"""The tree of a growing log against RFC 6962's own definition, real test cases, and every way to cheat with a proof."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.log_tree import (
    EMPTY_ROOT,
    added,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    pair_hash,
    root,
    roots_of,
    verify_consistency,
    verify_inclusion,
    verify_subtree,
)

MOST = 140
SIZES = st.integers(1, MOST)


class Log:
    """A log of `size` entries that counts how many nodes it is asked for."""

    def __init__(self, size: int = 0) -> None:
        self.leaves: list[bytes] = []
        self.stored: dict[tuple[int, int], bytes] = {}
        self.asked = 0
        for number in range(size):
            self.add(b"%d" % number)

    def add(self, entry: bytes) -> None:
        for node in added(len(self.leaves), leaf_hash(entry), self.nodes):
            assert (node.level, node.position) not in self.stored, "a node changed"
            self.stored[node.level, node.position] = node.hash
        self.leaves.append(leaf_hash(entry))

    def nodes(self, level: int, position: int) -> bytes:
        self.asked += 1
        return self.stored[level, position]


@cache
def log() -> Log:
    return Log(MOST)


def defined_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = max(2**power for power in range(20) if 2**power < len(leaves))
    return sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


def defined_proof(first: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962, section 2.1.2: SUBPROOF."""
    if first == len(leaves):
        return [] if whole else [defined_root(leaves)]
    k = max(2**power for power in range(20) if 2**power < len(leaves))
    if first <= k:
        return [*defined_proof(first, leaves[:k], whole=whole), defined_root(leaves[k:])]
    return [*defined_proof(first - k, leaves[k:], whole=False), defined_root(leaves[:k])]


# Real cases


@pytest.fixture(scope="module")
def cases(test_data: Path) -> list[tuple[str, dict[str, Any]]]:
    folder = test_data / "crypto/rfc6962_merkle/testdata"
    return [(str(path.relative_to(folder)), json.loads(path.read_text())) for path in sorted(folder.rglob("*.json"))]


def holds(case: dict[str, Any]) -> bool:
    proof = [b64decode(each) for each in case["proof"] or []]
    raw = {name: b64decode(case[name] or "") for name in ("root", "root1", "root2", "leafHash") if name in case}
    match case:
        case {"treeSize": size, "leafIdx": index}:
            return verify_inclusion(raw["leafHash"], index, size, proof, raw["root"])
        case {"start": start, "end": end, "leafIdx": index}:
            return verify_inclusion(raw["leafHash"], index, end, proof, raw["root"], start)
        case {"size1": first, "size2": second}:
            return verify_consistency(first, second, proof, raw["root1"], raw["root2"])
        case _:
            return verify_subtree(case["start"], case["end"], case["size"], proof, raw["root1"], raw["root2"])


def test_every_published_case_comes_out_as_it_must(cases: list[tuple[str, dict[str, Any]]]) -> None:
    wrong = [name for name, case in cases if holds(case) is case["wantErr"]]
    assert wrong == []
    assert len(cases) == 518
    assert sum(case["wantErr"] for _, case in cases) == 482


# Against the definition


def test_heads_and_nodes_are_those_of_the_definition() -> None:
    audited = roots_of(log().leaves, range(MOST + 5))
    assert list(audited) == list(range(MOST + 1))
    for size in range(MOST + 1):
        assert root(size, log().nodes) == defined_root(log().leaves[:size]) == audited[size]
    assert roots_of(log().leaves, [3, MOST + 1]) == {3: audited[3]}
    assert root(0, log().nodes) == EMPTY_ROOT
    assert leaf_hash(b"") == sha256(b"\x00").digest()
    assert pair_hash(b"l" * 32, b"r" * 32) == sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()


@given(SIZES, SIZES)
def test_proofs_are_those_of_the_definition(one: int, other: int) -> None:
    first, second = sorted((one, other))
    assert consistency_proof(first, second, log().nodes) == defined_proof(first, log().leaves[:second])


def test_every_entry_of_every_size_is_proved() -> None:
    for size in range(1, 70):
        head = root(size, log().nodes)
        for index in range(size):
            proof = inclusion_proof(index, size, log().nodes)
            assert verify_inclusion(log().leaves[index], index, size, proof, head)


def test_every_pair_of_sizes_is_consistent() -> None:
    for second in range(1, 70):
        for first in range(1, second + 1):
            heads = root(first, log().nodes), root(second, log().nodes)
            assert verify_consistency(first, second, consistency_proof(first, second, log().nodes), *heads)


def test_adding_and_proving_ask_for_few_nodes_however_long_the_log_is() -> None:
    grown = Log(5_000)
    bound = 2 * (5_000).bit_length()
    for size in range(4_000, 5_000, 7):
        for work in (
            lambda size=size: inclusion_proof(size // 3, size, grown.nodes),
            lambda size=size: consistency_proof(size // 3, size, grown.nodes),
            lambda size=size: root(size, grown.nodes),
        ):
            grown.asked = 0
            work()
            assert grown.asked <= bound
    grown.asked = 0
    grown.add(b"one more")
    assert grown.asked < bound


# Attacks


@given(SIZES, st.data())
def test_a_changed_inclusion_proof_does_not_hold(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    head, proof = root(size, log().nodes), inclusion_proof(index, size, log().nodes)
    leaf = log().leaves[index]
    for other in range(size):
        assert verify_inclusion(leaf, other, size, proof, head) is (other == index)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, head)
    assert not verify_inclusion(leaf, index, size, [*proof, head], head)
    assert not verify_inclusion(leaf, index, size, [head, *proof], head)
    for at in range(len(proof)):
        assert not verify_inclusion(leaf, index, size, proof[:at] + proof[at + 1 :], head)
        assert not verify_inclusion(leaf, index, size, [*proof[:at], _flipped(proof[at]), *proof[at + 1 :]], head)


@given(st.integers(1, MOST - 1), st.data())
def test_a_log_that_was_rewritten_is_not_consistent(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    changed = data.draw(st.integers(0, first - 1))
    other = Log()
    for number in range(second):
        other.add(b"rewritten" if number == changed else b"%d" % number)
    heads = root(first, log().nodes), root(second, other.nodes)
    for proof in (consistency_proof(first, second, log().nodes), consistency_proof(first, second, other.nodes)):
        assert not verify_consistency(first, second, proof, *heads)


@given(SIZES, st.data())
def test_a_changed_consistency_proof_does_not_hold(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    heads = root(first, log().nodes), root(second, log().nodes)
    proof = consistency_proof(first, second, log().nodes)
    assert not verify_consistency(first, second, [*proof, heads[0]], *heads)
    assert not verify_consistency(0, second, proof, *heads)
    for at in range(len(proof)):
        assert not verify_consistency(first, second, proof[:at] + proof[at + 1 :], *heads)
        changed = [*proof[:at], _flipped(proof[at]), *proof[at + 1 :]]
        assert not verify_consistency(first, second, changed, *heads)


def test_a_pair_of_nodes_is_no_entry() -> None:
    """Second preimage: without the prefixes, an inner node could be passed off as an entry."""
    two = Log(2)
    assert leaf_hash(two.leaves[0] + two.leaves[1]) != root(2, two.nodes)


def _flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]
