"""The GS1 check digit. GS1 General Specifications, section 7.9.1."""

from __future__ import annotations

from ledger.core.gs1.characters import require_digits
from ledger.core.gs1.traced import traced


def check_digit(digits: str) -> int:
    """Compute the check digit that follows these digits.

    Args:
        digits: The digits before the check digit, 0 to 9 only.

    Returns:
        The digit 0 to 9 that makes the sum a multiple of ten, weights 3, 1, 3 … from the right.

    Raises:
        InvalidCodeError: Something is not a digit (rule `non_digit_character`).
    """
    require_digits(traced(digits))
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(digits)))
    return -total % 10
