"""The curve P-256, as far as the search for a misread character needs its points; nothing here handles a secret.

Jacobian coordinates (X, Y, Z) stand for the point (X/Z², Y/Z³); Z is 0 at infinity. One mixed addition costs 11
multiplications of 256 bits, here about 7 microseconds.

Sources: SEC 2 version 2, section 2.4.2 (parameters); Explicit-Formulas Database, short Weierstrass with a = -3:
dbl-2001-b, madd-2007-bl (simplified).
"""

from __future__ import annotations

from typing import Final

PRIME: Final = 0xFFFFFFFF_00000001_00000000_00000000_00000000_FFFFFFFF_FFFFFFFF_FFFFFFFF
_B: Final = 0x5AC635D8_AA3A93E7_B3EBBD55_769886BC_651D06B0_CC53B0F6_3BCE3C3E_27D2604B
Affine = tuple[int, int]
Jacobian = tuple[int, int, int]
GENERATOR: Final[Affine] = (
    0x6B17D1F2_E12C4247_F8BCE6E5_63A440F2_77037D81_2DEB33A0_F4A13945_D898C296,
    0x4FE342E2_FE1A7F9B_8EE7EB4A_7C0F9E16_2BCE3357_6B315ECE_CBB64068_37BF51F5,
)
INFINITY: Final[Jacobian] = (1, 1, 0)
NOWHERE: Final[Affine] = (0, 0)  # stands for infinity in its own coordinates; it is not on the curve


def lifted(x: int) -> Affine | None:
    """Find a point with this x-coordinate; the other is its negative.

    Args:
        x: 0 or more; of a number beyond the prime the remainder counts.

    Returns:
        One of the two points; None if there is none.
    """
    square = (x * x * x - 3 * x + _B) % PRIME
    y = pow(square, (PRIME + 1) // 4, PRIME)  # the prime is 3 modulo 4
    return (x % PRIME, y) if y * y % PRIME == square else None


def affine(point: Jacobian) -> Affine:
    """Give a point's own coordinates, `NOWHERE` at infinity.

    Args:
        point: Any point.
    """
    x, y, z = point
    if not z:
        return NOWHERE
    inverse = pow(z, -1, PRIME)
    square = inverse * inverse % PRIME
    return x * square % PRIME, y * square * inverse % PRIME


def doubled(point: Jacobian) -> Jacobian:
    """Add a point to itself.

    Args:
        point: Any point.
    """
    x, y, z = point
    delta = z * z % PRIME
    gamma = y * y % PRIME
    beta = x * gamma % PRIME
    alpha = 3 * (x - delta) * (x + delta) % PRIME
    new_x = (alpha * alpha - 8 * beta) % PRIME
    new_z = 2 * y * z % PRIME
    return new_x, (alpha * (4 * beta - new_x) - 8 * gamma * gamma) % PRIME, new_z


def added(point: Jacobian, other: Affine) -> Jacobian:
    """Add two points.

    Args:
        point: Any point.
        other: A point that is not at infinity.
    """
    x, y, z = point
    if not z:
        return (*other, 1)
    square = z * z % PRIME
    across = (other[0] * square - x) % PRIME
    up = (other[1] * square * z - y) % PRIME
    if not across:
        return INFINITY if up else doubled(point)
    across_square = across * across % PRIME
    across_cube = across * across_square % PRIME
    scaled = x * across_square % PRIME
    new_x = (up * up - across_cube - 2 * scaled) % PRIME
    return new_x, (up * (scaled - new_x) - y * across_cube) % PRIME, z * across % PRIME


def multiplied(point: Affine, times: int) -> Jacobian:
    """Add a point to itself several times.

    Args:
        point: A point that is not at infinity.
        times: 0 or more.
    """
    total = INFINITY
    for bit in f"{times:b}":
        total = doubled(total)
        if bit == "1":
            total = added(total, point)
    return total


def negative(point: Affine) -> Affine:
    """Give the point with the opposite y.

    Args:
        point: A point that is not at infinity.
    """
    return point[0], -point[1] % PRIME
