"""docs/public-reports.md tells the reasons, their weights and the bounds that the code has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.core.reporting import counts, joining, triage

if TYPE_CHECKING:
    from pathlib import Path

_DAY = 86_400


def page(checkout: Path) -> str:
    return (checkout / "docs" / "public-reports.md").read_text(encoding="utf-8")


def test_every_reason_of_urgency_is_told_with_its_weight(checkout: Path) -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \| (.+) \|$", page(checkout), re.MULTILINE)
    assert rows == [(name, reason.family, str(reason.weight), reason.means) for name, reason in triage.REASONS.items()]


def test_every_reason_to_join_is_told(checkout: Path) -> None:
    rows = re.findall(r"^\| `(same_\w+)` \| .+ \|$", page(checkout), re.MULTILINE)
    assert {*rows, joining.BY_HAND} - set(triage.REASONS) == set(joining.WORDS)


def test_the_bounds_that_are_told_are_those_that_hold(checkout: Path) -> None:
    text = page(checkout)
    for told in (
        f"within {joining.CODE_SECONDS // _DAY} days",
        f"within {joining.GOODS_SECONDS // _DAY} days",
        f"at most {joining.NEAR_KM} km",
        f"at most the {joining.PICTURE_BITS} bits",
        f"From {triage.URGENT} on it is called urgent, from {triage.SOON} on soon",
        f"fewer than {counts.LEAST} incidents",
        f"fewer than {counts.LEAST_TOTAL} tells nothing",
    ):
        assert told in text
    assert triage.MANY == 5
