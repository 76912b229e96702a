"""The tree over serial numbers: what OpenZeppelin's library builds, and nothing that can be passed off as a member."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidInputError
from ledger.core.gs1.lint.charsets import CSET82_ORDER
from ledger.core.keccak import keccak256
from ledger.core.unit_tree import (
    MAX_PATH,
    UnitProof,
    build,
    is_member,
    leaf,
    leaf_at,
    leaf_count,
    leaves,
    node,
    path_of,
    rank_of,
    root_over,
    salt_of,
)

VECTORS = Path(__file__).resolve().parents[1] / "vectors/unit_tree.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
PROGRAM = Path(__file__).with_name("openzeppelin_trees.mjs")
SECRET = bytes(range(32))
SERIALS = st.lists(st.text(CSET82_ORDER, min_size=1, max_size=20), min_size=1, max_size=40, unique=True)


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def tree_of(serials: list[str], secret: bytes = SECRET) -> bytes:
    return build(leaves(secret, [serial.encode() for serial in serials]))


def proof_of(nodes: bytes, serial: str, secret: bytes = SECRET) -> UnitProof:
    salt = salt_of(secret, serial)
    return UnitProof(serial, salt, path_of(nodes, rank_of(nodes, leaf(salt, serial))))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_salts_leaves_root_and_paths_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    secret, units = raw(case["secret"]), case["units"]
    nodes = tree_of([unit["serial"] for unit in units], secret)
    assert nodes[:32] == raw(case["root"])
    if case["tree"]:
        assert nodes == b"".join(map(raw, case["tree"]))
    for unit in units:
        proof = proof_of(nodes, unit["serial"], secret)
        assert proof.salt == raw(unit["salt"])
        assert leaf(proof.salt, unit["serial"]) == raw(unit["leaf"])
        assert list(proof.path) == list(map(raw, unit["path"]))
        assert is_member(raw(case["root"]), proof)


def test_the_vectors_cover_trees_with_full_and_with_ragged_levels() -> None:
    assert {len(case["units"]) for case in CASES} >= {1, 2, 3, 16, 17, 100}


@pytest.mark.parametrize(
    "name", ["simple-v1.sorted", "simple-v1.unsorted", "standard-v1.sorted", "standard-v1.unsorted"]
)
def test_every_node_and_path_of_openzeppelins_own_dumps_is_ours(test_data: Path, name: str) -> None:
    dump = json.loads((test_data / f"crypto/openzeppelin_merkle/{name}.1_0_6.json").read_text(encoding="utf-8"))
    nodes = b"".join(map(raw, dump["tree"]))
    assert leaf_count(nodes) == len(dump["values"]) == 6
    for at in range(5):
        assert node(nodes, at) == root_over(node(nodes, 2 * at + 1), [node(nodes, 2 * at + 2)])
    for value in dump["values"]:
        at = value["treeIndex"]
        assert node(nodes, at) == dumped_leaf(dump, value)
        assert root_over(node(nodes, at), path_of(nodes, 10 - at)) == nodes[:32]
    if "unsorted" not in name:
        assert build([dumped_leaf(dump, value) for value in dump["values"]]) == nodes


def dumped_leaf(dump: dict[str, Any], value: dict[str, Any]) -> bytes:
    if dump["format"] == "simple-v1":
        return raw(value["value"])
    text = value["value"][0].encode()
    encoded = (32).to_bytes(32, "big") + len(text).to_bytes(32, "big") + text.ljust(32, b"\0")
    return keccak256(keccak256(encoded))


@pytest.fixture(scope="module")
def node_program(checkout: Path) -> str:
    found = shutil.which("node", path=f"{checkout / '.venv/bin'}{os.pathsep}{os.environ['PATH']}")
    missing = found is None or not (checkout / "node_modules/@openzeppelin/merkle-tree").is_dir()
    if found is None or missing:
        reason = "Node or OpenZeppelin's library is missing; scripts/setup brings them"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return found


def dumped(serials: list[str]) -> dict[str, Any]:
    """A tree of ours in the library's own form, with all its proofs."""
    nodes = tree_of(serials)
    proofs = [proof_of(nodes, serial) for serial in serials]
    last = len(nodes) // 32 - 1
    values = [
        {"value": [hexed(proof.salt), proof.serial], "treeIndex": last - rank_of(nodes, leaf(proof.salt, proof.serial))}
        for proof in proofs
    ]
    dump = {
        "format": "standard-v1",
        "leafEncoding": ["bytes32", "string"],
        "tree": [hexed(node(nodes, at)) for at in range(last + 1)],
        "values": values,
    }
    return {
        "dump": dump,
        "proofs": [{"value": [hexed(p.salt), p.serial], "path": list(map(hexed, p.path))} for p in proofs],
    }


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


def test_openzeppelins_library_and_ours_accept_each_others_trees_and_proofs(node_program: str) -> None:
    dice = random.Random(82)
    lists = [
        list({"".join(dice.choices(CSET82_ORDER, k=dice.randint(1, 20))) for _ in range(size)})
        for size in (1, 2, 3, 7, 8, 9, 64, 100, 333)
    ]
    values = [[[hexed(salt_of(SECRET, serial)), serial] for serial in serials] for serials in lists]
    asked = json.dumps({"dumps": [dumped(serials) for serials in lists], "values": values})
    ran = subprocess.run([node_program, PROGRAM], input=asked.encode(), capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    told = json.loads(ran.stdout)
    for serials, checked, built in zip(lists, told["checked"], told["built"], strict=True):
        root = tree_of(serials)[:32]
        assert checked == {"root": hexed(root), "held": len(serials), "equal": len(serials)}
        assert built["root"] == hexed(root)
        for serial, path in zip(serials, built["paths"], strict=True):
            assert is_member(root, UnitProof(serial, salt_of(SECRET, serial), tuple(map(raw, path))))


def test_the_published_vectors_are_what_openzeppelins_library_makes(
    node_program: str, checkout: Path, tmp_path: Path
) -> None:
    script = checkout / "scripts/unit_vectors.mjs"
    subprocess.run([node_program, script, tmp_path / "made.json"], check=True)
    assert (tmp_path / "made.json").read_bytes() == VECTORS.read_bytes()


@given(SERIALS)
def test_every_serial_number_of_a_list_is_a_member_and_its_place_is_found(serials: list[str]) -> None:
    nodes = tree_of(serials)
    assert [leaf_at(nodes, rank) for rank in range(leaf_count(nodes))] == sorted(
        leaves(SECRET, [s.encode() for s in serials])
    )
    assert all(is_member(nodes[:32], proof_of(nodes, serial)) for serial in serials)


@given(SERIALS, st.randoms(use_true_random=False))
def test_the_order_of_a_list_does_not_matter(serials: list[str], dice: random.Random) -> None:
    assert tree_of(dice.sample(serials, len(serials))) == tree_of(serials)


@given(SERIALS, st.data())
def test_a_proof_with_anything_changed_is_refused(serials: list[str], data: st.DataObject) -> None:
    nodes = tree_of(serials)
    proof = proof_of(nodes, data.draw(st.sampled_from(serials)))
    spot = data.draw(st.integers(0, 31))
    flip = data.draw(st.integers(1, 255))
    changed = [proof._replace(salt=flipped(proof.salt, spot, flip)), proof._replace(serial=proof.serial[:19] + "~")]
    changed += [proof._replace(serial=other) for other in serials if other != proof.serial]
    for at, part in enumerate(proof.path):
        changed.append(proof._replace(path=(*proof.path[:at], flipped(part, spot, flip), *proof.path[at + 1 :])))
        changed.append(proof._replace(path=proof.path[:at] + proof.path[at + 1 :]))
    assert not any(is_member(nodes[:32], each) for each in changed)
    assert not is_member(flipped(nodes[:32], spot, flip), proof)


def flipped(value: bytes, spot: int, flip: int) -> bytes:
    return value[:spot] + bytes([value[spot] ^ flip]) + value[spot + 1 :]


def test_a_tree_of_one_has_its_leaf_as_root_and_an_empty_path() -> None:
    nodes = tree_of(["A"])
    assert nodes == leaf(salt_of(SECRET, "A"), "A")
    assert proof_of(nodes, "A").path == ()
    assert is_member(nodes, proof_of(nodes, "A"))


def test_a_tree_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least one"):
        build([])


def test_a_leaf_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="twice"):
        tree_of(["A", "B", "A"])


def test_an_inner_node_cannot_be_passed_off_as_a_leaf() -> None:
    """The pitfall of 64-byte leaves: hashed once, what lies under an inner node would be a leaf with a shorter path."""
    nodes = tree_of(["A", "B", "C", "D"])
    under = b"".join(sorted([node(nodes, 3), node(nodes, 4)]))
    path = [node(nodes, 2)]
    assert root_over(keccak256(under), path) == nodes[:32]  # the attack, against leaves hashed once
    assert root_over(keccak256(keccak256(under)), path) != nodes[:32]
    assert not is_member(nodes[:32], UnitProof(under[32:].hex()[:20], under[:32], tuple(path)))


def test_a_path_longer_than_any_batch_is_refused_before_it_is_hashed() -> None:
    proof = UnitProof("A", bytes(32), (bytes(32),) * MAX_PATH)
    root = root_over(leaf(proof.salt, "A"), proof.path)
    assert is_member(root, proof)
    longer = proof._replace(path=(*proof.path, bytes(32)))
    assert not is_member(root_over(root, [bytes(32)]), longer)


@pytest.mark.parametrize("serial", ["", "x" * 21, "A B", "Ä", "٣", "\ud800"])
def test_what_is_no_serial_number_is_no_member(serial: str) -> None:
    assert not is_member(bytes(32), UnitProof(serial, bytes(32), ()))


@pytest.mark.parametrize(
    "proof",
    [UnitProof("A", bytes(31), ()), UnitProof("A", bytes(32), (bytes(64),)), UnitProof("A", bytes(32), (b"",))],
)
def test_parts_of_another_length_than_a_hash_are_refused_though_the_hashes_agree(proof: UnitProof) -> None:
    """Or the bytes of two nodes could be divided anew between them."""
    assert not is_member(root_over(leaf(proof.salt, proof.serial), proof.path), proof)


def test_a_proof_reveals_neither_the_secret_nor_another_packs_salt() -> None:
    nodes = tree_of([f"S{at}" for at in range(8)])
    proof = proof_of(nodes, "S3")
    shown = (proof.salt, *proof.path)
    assert SECRET not in shown
    assert not {salt_of(SECRET, f"S{at}") for at in range(8) if at != 3} & set(shown)
