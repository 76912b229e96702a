"""What is scanned: a mixture of codes over all batches, some of them far more often than others."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final

from bench.goods import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.goods import Lot
    from bench.trade import Trade

# Of a thousand scans. Packs are what is scanned most, signed labels first; a photo of a torn label is unreadable.
SHARES: Final = {
    "pack, signed label": 420,
    "pack, not signed": 180,
    "pack with a serial number that was never made": 20,
    "batch": 200,
    "carton": 100,
    "lot that was never registered": 30,
    "damaged": 50,
}


class Scans:
    """Draws codes, the same for the same trade.

    The batch at rank r of a shuffled order is asked for with a probability in proportion to 1/r (Zipf's law, exponent
    1): of 100,000 batches the first thousand get 62 % of all scans, and every batch is asked for now and then.

    Args:
        trade: What was traded.
    """

    def __init__(self, trade: Trade) -> None:
        self._trade = trade
        self._random = Random(trade.seed + 2)
        self._order = list(range(trade.batches))
        self._random.shuffle(self._order)
        self._weights = list(accumulate(1 / rank for rank in range(1, trade.batches + 1)))
        self._kinds = list(SHARES)
        self._kind_weights = list(accumulate(SHARES.values()))

    def draw(self, count: int) -> list[str]:
        """So many codes."""
        lots = self._random.choices(self._order, cum_weights=self._weights, k=count)
        kinds = self._random.choices(self._kinds, cum_weights=self._kind_weights, k=count)
        return [self._code(kind, self._trade.lot(index)) for kind, index in zip(kinds, lots, strict=True)]

    def _code(self, kind: str, lot: Lot) -> str:
        number = self._random.randrange(lot.units or 1)
        forms: dict[str, Callable[[], str]] = {
            "pack, signed label": lambda: lot.signed_link(_serials(lot)[number]),
            "pack, not signed": lambda: lot.element_string(_serials(lot)[number]),
            "pack with a serial number that was never made": lambda: lot.element_string(f"MADEUP{number}"),
            "batch": lot.link,
            "carton": lambda: lot.sscc(0),
            "lot that was never registered": lambda: f"https://{HOST}/01/{lot.gtin}/10/NO{lot.index}",
            "damaged": lambda: f"(01){lot.gtin[:-1]}{(int(lot.gtin[-1]) + 1) % 10}(10){lot.lot}",
        }
        return forms[kind]()


@lru_cache(maxsize=10_000)
def _serials(lot: Lot) -> list[str]:
    return [serial.decode() for serial in lot.serials()] or [f"S{lot.index}"]
