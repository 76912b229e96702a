"""What a machine remembers of a log comes back as it was, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.errors import ConfigurationError
from ledger.core.log_watch import Head, Receipt
from ledger.core.structs import Domain
from ledger.store.receipts import Dispensed, Receipts, open_receipts

DOMAIN = Domain(31337, b"\x11" * 20)


def filled(folder: Path) -> Receipts:
    receipts = open_receipts(folder / "receipts", DOMAIN, 4)
    receipts.signed, receipts.digest = Head(3, b"r" * 32), b"d" * 32
    receipts.open = [Receipt(b"o" * 32, 3, b"l" * 32)]
    receipts.dispensed = [Dispensed(b"o" * 32, "05413868000016", "S1", "SGSIN", 5)]
    return receipts


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    receipts = open_receipts(tmp_path, DOMAIN, 4)
    assert (receipts.signed, receipts.digest, receipts.open, receipts.dispensed) == (None, b"", [], [])
    receipts.save()
    assert open_receipts(tmp_path, DOMAIN, 4) == receipts


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    receipts = filled(tmp_path)
    receipts.save()
    assert open_receipts(tmp_path / "receipts", DOMAIN, 4) == receipts


def test_each_ledger_and_organisation_has_a_file_of_its_own(tmp_path: Path) -> None:
    filled(tmp_path).save()
    for domain, number in ((DOMAIN, 5), (Domain(1, b"\x11" * 20), 4), (Domain(31337, b"\x12" * 20), 4)):
        assert open_receipts(tmp_path / "receipts", domain, number).signed is None


def test_a_write_that_fails_leaves_what_was_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    receipts = filled(tmp_path)
    receipts.save()
    before = receipts.path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ledger.durable.os.fsync", full)
    receipts.open.append(Receipt(b"p" * 32, 4, b"m" * 32))
    with pytest.raises(OSError, match="No space"):
        receipts.save()
    assert receipts.path.read_bytes() == before


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"signed": [1, "zz"], "digest": "", "open": [], "dispensed": []}']
)
def test_a_damaged_file_is_named_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = open_receipts(tmp_path, DOMAIN, 4).path
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        open_receipts(tmp_path, DOMAIN, 4)
    assert caught.value.advice
    assert path.read_text(encoding="utf-8") == content
