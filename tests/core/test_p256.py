"""The points of P-256, against `cryptography`."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.p256 import GENERATOR, INFINITY, NOWHERE, PRIME, added, affine, doubled, lifted, multiplied, negative
from ledger.core.signature import P256_ORDER

SCALAR = st.one_of(st.integers(1, 300), st.integers(1, P256_ORDER - 1))


def point(secret: int) -> tuple[int, int]:
    numbers = derive_private_key(secret, SECP256R1()).public_key().public_numbers()
    return numbers.x, numbers.y


@given(SCALAR)
def test_a_multiple_of_the_generator_is_the_public_key(secret: int) -> None:
    assert affine(multiplied(GENERATOR, secret)) == point(secret)


@given(SCALAR, SCALAR)
def test_the_sum_of_multiples_is_the_multiple_of_the_sum(first: int, second: int) -> None:
    total = affine(added(multiplied(GENERATOR, first), point(second)))
    whole = (first + second) % P256_ORDER
    assert total == (point(whole) if whole else NOWHERE)


def test_a_point_and_itself_a_point_and_its_negative_and_infinity_are_added_right() -> None:
    one = (*GENERATOR, 1)
    assert affine(added(one, GENERATOR)) == affine(doubled(one)) == point(2)
    assert added(one, negative(GENERATOR)) == INFINITY
    assert affine(added(INFINITY, GENERATOR)) == GENERATOR
    assert affine(doubled(INFINITY)) == NOWHERE
    assert multiplied(GENERATOR, 0) == INFINITY
    assert affine(multiplied(GENERATOR, P256_ORDER)) == NOWHERE


@given(SCALAR)
def test_a_point_is_found_by_its_x(secret: int) -> None:
    meant = point(secret)
    assert lifted(meant[0]) in {meant, negative(meant)}
    assert lifted(meant[0] + PRIME) == lifted(meant[0])


def test_an_x_of_no_point_finds_none() -> None:
    assert lifted(1) is None
    assert sum(lifted(x) is None for x in range(100)) in range(30, 70)
