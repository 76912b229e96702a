"""A sealed file is read anywhere with its password, and never believed where it is not as it was written."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import ConfigurationError, InvalidInputError
from ledger.sealed import CHUNK, MAGIC, DamagedError, SealedReader, SealedWriter

PASSWORD = "a password for tests"
CHEAP = 4  # scrypt's N = 16: these files are worth nothing
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17)
HEADER = len(MAGIC) + 33
SEALED_CHUNK = CHUNK + 16


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def sealed(plain: bytes, step: int = 50_000) -> bytes:
    file = io.BytesIO()
    with SealedWriter(file, PASSWORD, work_factor=CHEAP) as writer:
        for at in range(0, len(plain), step):
            assert writer.write(plain[at : at + step]) == len(plain[at : at + step])
    return file.getvalue()


def opened(whole: bytes, password: str = PASSWORD) -> bytes:
    return io.BufferedReader(SealedReader(io.BytesIO(whole), password)).read()


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_is_read_again(size: int) -> None:
    assert opened(sealed(content(size))) == content(size)


@given(st.integers(0, 3 * CHUNK), st.integers(0, CHUNK + 9))
def test_any_place_is_read_by_itself(start: int, length: int) -> None:
    reader = io.BufferedReader(SealedReader(io.BytesIO(LARGE), PASSWORD))
    assert reader.seek(start) == start
    assert reader.read(length) == content(3 * CHUNK)[start : start + length]


LARGE = sealed(content(3 * CHUNK))


def test_nothing_of_the_content_shows() -> None:
    assert b"canary" not in sealed(b"canary" * 100_000)


def test_two_files_of_the_same_content_have_nothing_in_common() -> None:
    first, second = sealed(content(CHUNK)), sealed(content(CHUNK))
    assert first[HEADER:] != second[HEADER:]
    assert first[len(MAGIC) + 1 : HEADER] != second[len(MAGIC) + 1 : HEADER]


def test_another_password_opens_nothing() -> None:
    with pytest.raises(InvalidInputError, match="password is wrong"):
        opened(sealed(b"secret"), "another password")


def test_a_password_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="too short"):
        SealedWriter(io.BytesIO(), "1234567")


@pytest.mark.parametrize("at", [0, 5, len(MAGIC), len(MAGIC) + 1, HEADER, HEADER + SEALED_CHUNK, -1])
def test_one_altered_bit_anywhere_is_noticed(at: int) -> None:
    damaged = bytearray(LARGE)
    damaged[at] ^= 1
    with pytest.raises((DamagedError, InvalidInputError)):
        opened(bytes(damaged))


@pytest.mark.parametrize("cut", [1, 16, SEALED_CHUNK, SEALED_CHUNK + 1, 2 * SEALED_CHUNK, len(LARGE) - 20])
def test_a_file_that_is_cut_off_is_noticed(cut: int) -> None:
    with pytest.raises((DamagedError, InvalidInputError)):
        opened(LARGE[:-cut])


def test_chunks_that_change_places_are_noticed() -> None:
    one, two = HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK
    with pytest.raises((DamagedError, InvalidInputError)):
        opened(LARGE[:HEADER] + LARGE[one:two] + LARGE[HEADER:one] + LARGE[two:])


def test_a_chunk_of_another_file_is_noticed() -> None:
    other = sealed(content(3 * CHUNK))
    first, second = HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK
    mixed = LARGE[:first] + other[first:second] + LARGE[second:]
    with pytest.raises(DamagedError, match="damaged between bytes 65,536 and 131,072"):
        opened(mixed)


def test_a_file_that_asks_for_all_memory_is_refused() -> None:
    greedy = MAGIC + bytes([40]) + LARGE[len(MAGIC) + 1 :]
    with pytest.raises(InvalidInputError, match="no sealed file"):
        opened(greedy)


def test_a_writer_that_fails_leaves_a_file_that_is_not_whole() -> None:
    file = io.BytesIO()
    writer = SealedWriter(file, PASSWORD, work_factor=CHEAP)
    writer.write(content(2 * CHUNK))
    writer.__exit__(ZeroDivisionError, None, None)
    with pytest.raises((DamagedError, InvalidInputError)):
        opened(file.getvalue())
