"""Sums for the log come at intervals, and none is lost in between."""

from __future__ import annotations

import logging

import pytest

from ledger.tally import Tally

LOG = logging.getLogger("ledger.tally.test")


def test_the_first_is_told_at_once_and_what_follows_together(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    tally = Tally(LOG, "it happened", seconds=60, clock=lambda: now)
    with caplog.at_level(logging.INFO):
        tally.add(taken=0)
        assert caplog.records == []
        tally.add(standing={"block": 7}, taken=2)
        for second in (1.0, 30.0, 59.9):
            now = second
            tally.add(taken=1, refused=1)
        assert len(caplog.records) == 1
        now = 60.0
        tally.add(taken=0)
    first, second_record = caplog.records
    assert (first.getMessage(), first.__dict__["taken"], first.__dict__["block"]) == ("it happened", 2, 7)
    assert (second_record.__dict__["taken"], second_record.__dict__["refused"]) == (3, 3)
    assert "block" not in second_record.__dict__
