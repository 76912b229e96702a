"""Ten thousand mutations over every field of every good bundle: not one is still accepted.

A mutation changes one place: a bit of the file; or one value of the document, which is then written in canonical form
again, so that it is not the form that stops it.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledger.core.errors import InvalidProofError
from tests.core.proof_vectors import ProofVector, good

MUTATIONS = 10_000
Place = tuple[Any, str | int]  # a container and a key in it
HEX = "0123456789abcdef"
VALUES = (None, True, False, 0, 1, -1, 2**64, 1.5, "", "0x", "0x00", [], {}, "x", "\u0660")


def _places(value: Any) -> Iterator[Place]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _flip_bit(place: Place, dice: random.Random) -> None:
    container, key = place
    value = container[key]
    if isinstance(value, bool) or value is None or isinstance(value, float):
        container[key] = not value
    elif isinstance(value, int):
        container[key] = value ^ 1 << dice.randrange(0, max(8, value.bit_length()))
    elif isinstance(value, str) and value.startswith("0x") and len(value) > 2:
        at = dice.randrange(2, len(value))
        container[key] = value[:at] + dice.choice(HEX) + value[at + 1 :]
    elif isinstance(value, str):
        at = dice.randrange(0, len(value) + 1)
        container[key] = value[:at] + dice.choice("0A/é") + value[at + 1 :]
    else:
        container[key] = dice.choice(VALUES)


def _replace(place: Place, dice: random.Random) -> None:
    container, key = place
    container[key] = dice.choice(VALUES)


def _drop(place: Place, _dice: random.Random) -> None:
    container, key = place
    del container[key]


def _double(place: Place, dice: random.Random) -> None:
    container, key = place
    if isinstance(container, list):
        container.insert(dice.randrange(len(container) + 1), copy.deepcopy(container[key]))
    else:
        container[f"{key}_"] = copy.deepcopy(container[key])


def _add(place: Place, dice: random.Random) -> None:
    container, _key = place
    if isinstance(container, list):
        container.insert(dice.randrange(len(container) + 1), dice.choice(VALUES))
    else:
        container[dice.choice(("note", "verdict", "recall", ""))] = dice.choice(VALUES)


def _swap(place: Place, dice: random.Random) -> None:
    container, key = place
    other = dice.choice(list(container.keys()) if isinstance(container, dict) else range(len(container)))
    container[key], container[other] = container[other], container[key]


def _reverse(place: Place, _dice: random.Random) -> None:
    container, key = place
    if isinstance(container[key], list):
        container[key].reverse()


def _lengthen(place: Place, dice: random.Random) -> None:
    container, key = place
    value = container[key]
    if isinstance(value, str):
        container[key] = value + dice.choice(("00", "0", " ", "\n"))
    elif isinstance(value, int):
        container[key] = value * 256


def _shorten(place: Place, dice: random.Random) -> None:
    container, key = place
    value = container[key]
    if isinstance(value, str | list):
        container[key] = value[: -dice.randrange(1, 3)]


def _transplant(place: Place, dice: random.Random) -> None:
    """Put here what stands at the same place in another good bundle, if that has it."""
    container, key = place
    donor = dice.choice(DOCUMENTS)
    found = [other[other_key] for other, other_key in _places(donor) if other_key == key and type(key) is str]
    if found:
        container[key] = copy.deepcopy(dice.choice(found))


MUTATORS: tuple[Callable[[Place, random.Random], None], ...] = (
    _flip_bit, _flip_bit, _flip_bit, _replace, _drop, _double, _add, _swap, _reverse, _lengthen, _shorten, _transplant,
)  # fmt: skip
BUNDLES = good()
DOCUMENTS = [json.loads(vector.bundle) for vector in BUNDLES]


def _mutated(document: Any, dice: random.Random) -> tuple[str, bytes]:
    changed = copy.deepcopy(document)
    places = list(_places(changed))
    place = dice.choice(places)
    name = str(place[1]) if isinstance(place[1], str) else "item"
    dice.choice(MUTATORS)(place, dice)
    return name, json.dumps(changed, sort_keys=True, separators=(",", ":")).encode()


def _refused(vector: ProofVector, mutated: bytes) -> str:
    """The rule that stops a mutation; empty if nothing does."""
    try:
        vector.judged(mutated)
    except InvalidProofError as error:
        return str(error.evidence["rule"])
    return ""


@pytest.mark.slow
def test_of_ten_thousand_mutations_over_every_field_none_is_accepted() -> None:
    dice = random.Random(20260528)
    rules: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    accepted = []
    for turn in range(MUTATIONS + 10_000):
        vector, document = BUNDLES[turn % len(BUNDLES)], DOCUMENTS[turn % len(BUNDLES)]
        name, mutated = _mutated(document, dice)
        if mutated == vector.bundle:  # it changed nothing
            continue
        rule = _refused(vector, mutated)
        rules[rule] += 1
        fields[name] += 1
        if not rule:
            accepted.append((vector.name, name))
        if rules.total() == MUTATIONS:
            break
    assert accepted == []
    assert rules.total() == MUTATIONS
    every = {key for document in DOCUMENTS for _container, key in _places(document) if isinstance(key, str)}
    assert every <= fields.keys()
    assert len(rules) > 10, rules  # it is not always the form that stops it


def test_no_bit_of_a_file_can_be_flipped() -> None:
    dice = random.Random(7)
    for vector in BUNDLES:
        for _ in range(100):
            at, bit = dice.randrange(len(vector.bundle)), 1 << dice.randrange(8)
            flipped = bytearray(vector.bundle)
            flipped[at] ^= bit
            assert _refused(vector, bytes(flipped)), (vector.name, at, bit)


@pytest.mark.parametrize("field", ["header", "registration", "events", "state", "storage", "immutables", "unit"])
def test_every_digit_of_a_field_counts(field: str) -> None:
    vector = next(each for each in BUNDLES if each.name == ("unit" if field == "unit" else "p256"))
    document = json.loads(vector.bundle)
    for container, key in list(_places({field: document[field]})):
        value = container[key]
        if not isinstance(value, str) or not value.startswith("0x"):
            continue
        for at in range(2, len(value), max(1, len(value) // 40)):
            changed = value[:at] + HEX[(HEX.index(value[at]) + 1) % 16] + value[at + 1 :]
            container[key] = changed
            whole = document if container is not None else {}
            mutated = json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()
            container[key] = value
            if mutated != vector.bundle:
                assert _refused(vector, mutated), (field, key, at)
