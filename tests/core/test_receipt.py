"""Receipts of reports: the same for the same number, found again as people copy them, and not when copied wrong."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidInputError
from ledger.core.receipt import receipt_of, sealed
from ledger.core.serials import ALPHABET

IDENTIFIER = "7d2f1c0a-93b4-4e6f-8a51-0c9d8e7f6a5b"
RECEIPT = receipt_of(IDENTIFIER)
random_ids = st.uuids(version=4).map(str)


@given(random_ids)
def test_every_receipt_is_found_by_its_seal(identifier: str) -> None:
    receipt = receipt_of(identifier)
    assert [len(group) for group in receipt.split("-")] == [4, 4, 4, 4]
    assert receipt == receipt_of(identifier.upper())
    assert len(sealed(receipt)) == 32


def test_two_numbers_have_two_receipts() -> None:
    assert len({receipt_of(str(UUID(int=number, version=4))) for number in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "typed", [RECEIPT.lower(), RECEIPT.replace("-", ""), RECEIPT.replace("-", " "), RECEIPT.replace("0", "O")]
)
def test_a_receipt_is_found_however_it_is_typed(typed: str) -> None:
    assert sealed(typed) == sealed(RECEIPT)


def test_one_wrong_sign_is_noticed_wherever_it_stands() -> None:
    signs = RECEIPT.replace("-", "")
    for at, sign in enumerate(signs):
        for other in ALPHABET.decode().replace(sign, ""):
            with pytest.raises(InvalidInputError, match="copied wrong"):
                sealed(signs[:at] + other + signs[at + 1 :])


@pytest.mark.parametrize("typed", ["", RECEIPT[:-1], RECEIPT + "0", "U" + RECEIPT[1:], "é" * 16])
def test_what_is_no_receipt_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        sealed(typed)
    assert caught.value.field == "receipt"


@pytest.mark.parametrize(
    "identifier", ["", "1", "7d2f1c0a-93b4-1e6f-8a51-0c9d8e7f6a5b", IDENTIFIER + "0", IDENTIFIER.replace("-", "")]
)
def test_a_number_that_could_be_guessed_is_refused(identifier: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        receipt_of(identifier)
    assert caught.value.field == "id"
