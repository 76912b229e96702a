"""Damaged codes are refused in order, whatever the damage: nothing but InvalidCodeError ever comes out."""

from __future__ import annotations

import os
import random
from datetime import date

import pytest
from hypothesis import given, settings, strategies

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import Code, looks_like_damage, parse_code
from ledger.core.gs1.dictionary import AIS
from ledger.core.gs1.layouts import LAYOUTS
from ledger.core.gs1.lint.charsets import CSET82_ORDER

TODAY = date(2026, 3, 1)
MUTATED = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 20_000  # codes
GTIN = "09520123456788"
SEEDS = (
    f"https://lotproof.example/01/{GTIN}/10/ABC123/21/S1%2F2?17=270331&91=Ab-_5678&92=c2lnbmF0dXJl",
    "https://lotproof.example/00/106141412345678908?02=09520123456788&37=25&10=ABC",
    f"]d201{GTIN}1727033110ABC\x1d21S1",
    f"01{GTIN}10ABC{{GS}}17270331",
    f"(01){GTIN}(17)270331(10)A\\(B(21)S1",
    "]E09520123456788|]e010ABC\x1d21S1",
    "(253)9520123456788X(8030)ABC12_",
    "(415)9520123456788(8020)REF(3911)97812(8007)FR7630006000011234567890189",
    "(255)95201234567881(8110)012345612345611110123(8112)001234561234560123456(3900)5",
    "(8006)095201234567880102(21)S(7040)1ABC(8012)1.0",
    GTIN,
    "00106141412345678908",
    "(00)106141412345678908(4309)02790858483015297971(4324)2703311200(4307)BE(4300)A%20B",
)
ALPHABET = CSET82_ORDER + "\x1d^{}[]() \\\t\x00\xb2\u0663\u0410\xdf`\xb4" + "".join(LAYOUTS.values())


def mutate(text: str, source: random.Random) -> str:
    """Change a code in one to five places, as misreads, lost characters, swaps and garbage do."""
    for _ in range(source.randint(1, 5)):
        index = source.randint(0, len(text))
        end = min(len(text), index + source.randint(0, 3))
        how = source.randrange(7)
        if how == 0:
            text = text[:index] + source.choice(ALPHABET) + text[index + 1 :]
        elif how == 1:
            text = text[:index] + text[end:]
        elif how == 2:
            text = text[:index] + source.choice(ALPHABET) * source.randint(1, 3) + text[index:]
        elif how == 3:
            text = text[:index] + text[index:end][::-1] + text[end:]
        elif how == 4:
            text = text[:index] + source.choice(list(AIS)) + text[index:]
        elif how == 5:
            text = text[:index].swapcase() + text[index:]
        else:
            text = text[:index] + source.choice(SEEDS)[index:]
    return text


def read(text: str) -> Code | InvalidCodeError:
    """Give the code or the refusal; anything else raised fails the test."""
    try:
        return parse_code(text, today=TODAY)
    except InvalidCodeError as error:
        return error


def check_refusal(error: InvalidCodeError, text: str) -> None:
    assert error.detail, text
    assert error.evidence["rule"], text
    assert error.position is not None, text
    assert 0 <= error.position <= len(text), text


def run(count: int, seed: int) -> tuple[int, int]:
    """Read that many mutated codes; count those accepted and refused."""
    source = random.Random(seed)
    accepted = 0
    for _ in range(count):
        text = mutate(source.choice(SEEDS), source)
        outcome = read(text)
        if isinstance(outcome, InvalidCodeError):
            check_refusal(outcome, text)
        else:
            accepted += 1
            assert outcome.gtin is None or (outcome.gtin.isascii() and outcome.gtin.isdigit()), text
    return accepted, count - accepted


def test_every_seed_is_a_valid_code() -> None:
    for seed in SEEDS:
        assert parse_code(seed, today=TODAY).elements


@pytest.mark.slow
def test_mutated_codes_are_read_or_refused_in_order() -> None:
    accepted, refused = run(MUTATED, 2)
    assert accepted
    assert refused
    assert accepted + refused == MUTATED


@settings(max_examples=300)
@given(strategies.text(max_size=60))
def test_any_text_at_all_is_read_or_refused_in_order(text: str) -> None:
    for symbol in ("", "]d2", "https://a/", "("):
        outcome = read(symbol + text)
        if isinstance(outcome, InvalidCodeError):
            check_refusal(outcome, symbol + text)
        looks_like_damage(symbol + text)
