"""The browser app says of a reason what the server says of it."""

from __future__ import annotations

import json
from pathlib import Path

from ledger.core.check import NUMBERS
from ledger.core.customs.score import MATCHES
from ledger.core.customs.signals import SIGNALS
from ledger.core.wording import READ_AGAIN, REASONS, UNREADABLE_HEADLINE, UNREADABLE_HEADLINES

APP = Path(__file__).parents[1] / "api" / "web" / "app" / "src"
MESSAGES = APP / "messages" / "en"


def words(area: str) -> dict[str, str]:
    read: dict[str, str] = json.loads((MESSAGES / f"{area}.json").read_text(encoding="utf-8"))
    return read


def test_every_reason_of_the_server_is_worded_alike() -> None:
    reasons = words("reasons")
    for name, reason in REASONS.items():
        assert (reasons[f"reason.{name}.headline"], reasons[f"reason.{name}.advice"]) == reason[1:]


def test_codes_that_cannot_be_read_are_worded_alike() -> None:
    reasons = words("reasons")
    assert reasons["reason.unreadable.headline"] == UNREADABLE_HEADLINE
    assert reasons["reason.unreadable.advice"] == READ_AGAIN
    for rule, headline in UNREADABLE_HEADLINES.items():
        assert reasons[f"reason.{rule}.headline"] == headline
        assert reasons[f"reason.{rule}.advice"]


def test_every_check_has_a_name() -> None:
    assert {f"check.{name}" for name in NUMBERS} <= set(words("checks"))


def test_the_desk_has_words_for_every_signal_and_match() -> None:
    said = json.loads((APP / "desk" / "messages" / "signals.json").read_text(encoding="utf-8"))
    assert {f"signal.{name}" for name in SIGNALS} | {f"match.{name}" for name in MATCHES} == set(said)
