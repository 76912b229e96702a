"""Bugs that the harness `endpoints` puts into an indexer on several nodes before it runs, and how soon it forgives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ledger.chain import checked, endpoints, watch
from ledger.core import agreement
from ledger.core.block_receipts import logs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FORGIVES_SECONDS: Final = 0.5  # a liar is looked at again, so that one program meets one fault after the other
TRUSTS_FIRST: Final = "trusts-first"  # compares nothing: the leader's logs of final blocks are taken
TRUSTS_RECEIPTS: Final = "trusts-receipts"  # does not compute what a block's receipts come to
TRUSTS_FINALITY: Final = "trusts-finality"  # what the first node calls final is final
NONE: Final = "none"


def install(bug: str) -> None:
    """Put a bug in, or none."""
    watch.LIAR_SECONDS = FORGIVES_SECONDS  # type: ignore[misc]  # a constant of the product, not of its tests
    {TRUSTS_FIRST: _trust_first, TRUSTS_RECEIPTS: _trust_receipts, TRUSTS_FINALITY: _trust_finality}.get(
        bug, _nothing
    )()


def _nothing() -> None:
    """The product as it is."""


def _trust_first() -> None:
    def said(self: Any, calls: Sequence[Any], read: Callable[[list[Any]], Any]) -> dict[str, Any]:
        answer = read(self.batch(calls))
        return {str(number): answer for number in range(self.need)}

    endpoints.Endpoints.said = said  # type: ignore[method-assign]  # that is the bug


def _trust_receipts() -> None:
    def believed(block: dict[str, Any], receipts: Sequence[dict[str, Any]], address: bytes) -> list[dict[str, Any]]:
        try:
            return logs_of(block, receipts, address)
        except checked.InvalidProofError:
            return []

    checked.logs_of = believed


def _trust_finality() -> None:
    def first(answers: Mapping[str, Any], need: int, **about: Any) -> agreement.Judgement:
        one = next((answer for answer in answers.values() if isinstance(answer, agreement.Answer)), None)
        known = one is not None and one.final in one.hashes
        final = agreement.Block(one.final, one.hashes[one.final]) if one is not None and known else None
        return replace(agreement.judge(answers, need, **about), final=final)

    watch.judge = first
