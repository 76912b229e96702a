"""The verdict words that a language's page explains are those that the scanner shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

LANGUAGES = ["id", "ms", "th", "vi", "tl", "km", "lo", "my", "zh", "fr"]
WORDS = ["verified", "do_not_use", "suspect", "unreadable", "undetermined"]


def shown(checkout: Path, language: str) -> list[str]:
    messages = checkout / "api/web/app/src/messages" / language / "verdict.json"
    texts = json.loads(messages.read_text(encoding="utf-8"))
    return [texts[f"verdict.{word}"] for word in WORDS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_glossary_explains_the_words_that_are_shown(checkout: Path, language: str) -> None:
    page = (checkout / "docs/glossary" / f"{language}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|([^|]+)\|([^|]+)\|", page, re.MULTILINE)[2:]  # after the head and the line below it
    assert [word.strip() for _, word in rows[: len(WORDS)]] == shown(checkout, language)


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_no_verdict_word_can_be_taken_for_another(checkout: Path, language: str) -> None:
    words = [word.casefold() for word in shown(checkout, language)]
    assert len(set(words)) == len(words)
    assert not [(one, other) for one in words for other in words if one != other and one in other]
