"""The page docs/customs-signals.md, written from the figures of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from ledger.core.customs.signals import SIGNALS
from sim.clearance import ALONE, LOOK_AT
from sim.papers import FRAUDS, HONEST

_KINDS: Final = (HONEST, *FRAUDS)
_TEXT: Final = Path(__file__).with_name("customs-signals.txt").read_text(encoding="utf-8")


def page(figures: dict[str, Any]) -> str:
    """Write the page.

    Args:
        figures: What `measure` gave.
    """
    lines = {kind: figures["kinds"][kind]["lines"] for kind in _KINDS}
    return _TEXT.format(
        shipments=figures["shipments"],
        lines=figures["lines"],
        seed=figures["seed"],
        look_at=LOOK_AT,
        **{name: figures[name] for name in ("found", "found_later", "false")},
        kinds="\n".join(_kind(kind, figures["kinds"][kind]) for kind in _KINDS),
        precision="\n".join(
            f"| {float(share):.0%} | {at['ledger']:.1%} | {at['later']:.1%} | {at['alone']:.1%} | {at['chance']:.1%} |"
            for share, at in figures["precision"].items()
        ),
        heads=" | ".join(_KINDS),
        dashes=" | ".join(["---:"] * len(_KINDS)),
        signals=_rows(figures["signals"], lines),
        later=_rows(figures["signals_later"], lines),
        alone="\n".join(_row(f"{name} | {ALONE[name]}", figures["rules_alone"][name], lines) for name in ALONE),
        noise=", ".join(f"{what} {count:,}" for what, count in figures["noise"].items()),
    )


def _rows(counts: dict[str, dict[str, int]], lines: dict[str, int]) -> str:
    """The signals that occurred, in the order of their table."""
    return "\n".join(_row(f"`{name}`", counts[name], lines) for name in SIGNALS if any(counts[name].values()))


def _kind(kind: str, told: dict[str, int]) -> str:
    lines, named = told["lines"], told["named"]
    shares = [_share(told[name], lines) for name in ("ledger", "later", "alone", "both")]
    return (
        f"| {kind} | {lines:,} | {named:,} | {shares[0]} | {_share(told['ledger'], named)} | {' | '.join(shares[1:])} |"
    )


def _share(count: int, of: int) -> str:
    return f"{count / of:.1%}" if of else "-"


def _row(name: str, counts: dict[str, int], lines: dict[str, int]) -> str:
    told = " | ".join(f"{counts[kind]:,}" for kind in _KINDS)
    return f"| {name} | {told} | {1000 * counts[HONEST] / max(1, lines[HONEST]):.2f} |"
