"""The goods that a case or a target names, as they stand on packs: GTIN, lot and serial, or an SSCC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.errors import InvalidInputError
from ledger.core.gs1 import element_string, gtin14, sscc18

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final = ("gtin", "lot", "serial", "sscc")


class Goods(NamedTuple):
    """Goods by their identification keys; "" where one is not named (GS1 General Specifications, section 3)."""

    gtin: str = ""  # 14 digits, AI 01
    lot: str = ""  # AI 10
    serial: str = ""  # AI 21
    sscc: str = ""  # 18 digits, AI 00

    def __bool__(self) -> bool:
        """Tell whether anything is named."""
        return any(self)

    def to_json(self) -> dict[str, str | None]:
        """Give what is named, None for the rest."""
        return {name: getattr(self, name) or None for name in NAMES}

    def words(self) -> str:
        """Name them for a person."""
        named = (("GTIN", self.gtin), ("lot", self.lot), ("serial", self.serial), ("SSCC", self.sscc))
        return " ".join(f"{name} {value}" for name, value in named if value)


def read_goods(value: Mapping[str, Any]) -> Goods:
    """Read and check goods.

    Args:
        value: `gtin`, `lot`, `serial` and `sscc`, of which some may be missing, None or "".

    Returns:
        The goods; of a GTIN with 8, 12 or 13 digits the one with 14.

    Raises:
        InvalidInputError: Nothing is named, or a rule of GS1 is broken.
    """
    texts = {name: value.get(name) or "" for name in NAMES}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise InvalidInputError(f"`{name}` must be a text.", advice="Write it as on the pack.", field=name)
    gtin = gtin14(texts["gtin"]) if texts["gtin"] else ""
    sscc = sscc18(texts["sscc"]) if texts["sscc"] else ""
    goods = Goods(gtin, texts["lot"], texts["serial"], sscc)
    if not goods:
        raise InvalidInputError("No goods are named.", advice="Give a GTIN with its lot, or an SSCC.", field="gtin")
    if not gtin and (goods.lot or goods.serial):
        detail = "A lot or a serial number says nothing without its GTIN."
        raise InvalidInputError(detail, advice="Give the GTIN too.", field="gtin")
    if gtin:
        element_string([(ai, text) for ai, text in (("01", gtin), ("10", goods.lot), ("21", goods.serial)) if text])
    return goods


def goods_of(value: Mapping[str, Any]) -> Goods:
    """Give goods as `Goods.to_json` wrote them."""
    return Goods(*(value[name] or "" for name in NAMES))
