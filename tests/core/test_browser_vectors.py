"""The browser is tested against what this program answers: the files say what it answers today."""

from __future__ import annotations

from tests.core.browser_vectors import FOLDER, checkpoints, contents, verdicts


def test_the_vectors_are_what_their_module_writes() -> None:
    for name, text in contents().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, name


def test_the_vectors_hold_every_word_and_every_rule() -> None:
    verdict_words = {each["expected"].get("reason") for each in verdicts()["cases"]}
    assert verdict_words >= {"verified", "recalled", "held", "seized", "expired", "quantity_over", "key_in_doubt"}
    rules = {each["expected"].get("rule") for each in checkpoints()["cases"]}
    assert rules == {None, "form", "checkpoint", "ledger"}
