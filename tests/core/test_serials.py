"""Serial numbers: what one is, how a list is read, and how new ones are made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import serials as subject
from ledger.core.errors import InvalidInputError
from ledger.core.gs1 import element_string
from ledger.core.gs1.lint.charsets import CSET82, CSET82_ORDER
from ledger.core.serials import check_serials, generate, is_serial, most_bytes, read_list, write_list

SECRET = bytes(range(32))
SEED = b"\x07" * 32


@given(st.text(max_size=24))
def test_a_serial_number_is_what_the_gs1_rules_take(text: str) -> None:
    assert is_serial(text) == (0 < len(text) <= 20 and set(text) <= CSET82)


def test_every_serial_number_can_stand_in_a_code() -> None:
    for character in CSET82_ORDER:
        assert is_serial(character)
        element_string([("01", "05413868000016"), ("21", character)])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (b"", "takes 1 to 20 characters, but has 0"),
        (b"x" * 21, "takes 1 to 20 characters, but has 21"),
        (b"A B", "SPACE"),
        ("Ä".encode(), "LATIN CAPITAL LETTER A WITH DIAERESIS"),
        (b"\xff", "REPLACEMENT CHARACTER"),
    ],
)
def test_a_malformed_row_is_named_with_what_is_wrong_with_it(wrong: bytes, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        check_serials([b"A1", b"A2", wrong])
    assert (caught.value.position, caught.value.field) == (3, "serials")
    assert caught.value.detail.startswith("Row 3, ")


def test_a_repeated_serial_number_is_named_with_both_rows() -> None:
    with pytest.raises(InvalidInputError, match="Row 4 repeats the serial number B of row 2") as caught:
        check_serials([b"A", b"B", b"C", b"B", b"A"])
    assert caught.value.position == 4


def test_a_list_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no serial numbers"):
        check_serials([])


def test_the_same_seed_makes_the_same_serial_numbers_and_a_longer_list_begins_with_the_shorter() -> None:
    assert generate(SEED, 500)[:300] == generate(SEED, 300)
    assert not set(generate(b"\x08" * 32, 300)) & set(generate(SEED, 300))


def test_generated_serial_numbers_are_different_well_formed_and_hold_65_bits() -> None:
    made = generate(SEED, 20_000)
    assert len(set(made)) == 20_000
    check_serials(made)
    assert {len(serial) for serial in made} == {13}
    assert len(subject.ALPHABET) ** 13 == 2**65
    for place in range(13):
        counts = [sum(serial[place] == sign for serial in made) for sign in subject.ALPHABET]
        assert min(counts) > 500  # of 625 expected; a sign that is missing or rare would be a bias
        assert max(counts) < 750


def test_no_two_signs_of_generated_serial_numbers_look_alike() -> None:
    assert not set(subject.ALPHABET) & set(b"ILOUilou")
    assert subject.ALPHABET.upper() == subject.ALPHABET


def test_a_serial_number_drawn_twice_is_drawn_anew() -> None:
    pieces = [b"\x01" * 13, b"\x01" * 13, b"\x02" * 13, b"\x02" * 13, b"\x03" * 13]
    made = subject._distinct(lambda size: b"".join(pieces)[:size], 3)
    assert made == [b"1" * 13, b"2" * 13, b"3" * 13]


def test_a_seed_that_is_too_short_to_be_unguessable_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="32 bytes"):
        generate(b"short", 1)


@given(st.lists(st.text(CSET82_ORDER, min_size=1, max_size=20).map(str.encode), min_size=1, unique=True))
def test_a_written_list_reads_back_also_with_the_line_ends_of_windows(serials: list[bytes]) -> None:
    written = write_list(SECRET, serials)
    windows = written.replace(b"\n", b"\r\n")
    assert read_list(written) == read_list(windows) == (SECRET, serials)
    assert len(windows) <= most_bytes(len(serials))


def test_the_longest_list_fits_its_bound_and_no_more() -> None:
    longest = write_list(SECRET, [b"x" * 19 + bytes([97 + at]) for at in range(3)]).replace(b"\n", b"\r\n")
    assert len(longest) == most_bytes(3)


@pytest.mark.parametrize("first", [b"", b"0x12", b"0x" + b"A" * 64, b"A1", b"0x" + b"a" * 65])
def test_a_list_without_its_secret_is_refused(first: bytes) -> None:
    with pytest.raises(InvalidInputError, match="secret") as caught:
        read_list(first + b"\nA1\n")
    assert (caught.value.field, caught.value.position) == ("secret", 1)


def test_a_fault_in_a_list_is_named_with_its_line() -> None:
    with pytest.raises(InvalidInputError, match="Row 3") as caught:
        read_list(write_list(SECRET, [b"A", b"B C"]))
    assert caught.value.position == 3
    with pytest.raises(InvalidInputError, match="no serial numbers"):
        read_list(write_list(SECRET, []))
