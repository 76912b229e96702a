"""The FNC1 separator as scanners send it. GS1 General Specifications, section 7.8.4.

The standard transmits FNC1 between elements as the control character GS. Hand scanners that type into a form often
cannot, and are set to type something visible instead.
"""

from __future__ import annotations

from ledger.core.gs1.traced import Traced

FNC1 = "\x1d"
VISIBLE_GS = "␝"  # U+241D, the picture of GS that some programs show and copy
# Characters that no GS1 value can contain come first; the bracketed names only count where nothing better separates.
CERTAIN = (FNC1, "{GS}", VISIBLE_GS, "^")
LIKELY = ("<GS>", "[GS]")


def _replace(text: Traced, tokens: tuple[str, ...]) -> Traced:
    characters: list[str] = []
    origins: list[int] = []
    index = 0
    while index < len(text):
        token = next((token for token in tokens if text.text.startswith(token, index)), None)
        characters.append(FNC1 if token else text.text[index])
        origins.append(text.at(index))
        index += len(token or " ")
    return Traced("".join(characters), (*origins, text.at(len(text))))


def with_separators(text: Traced) -> tuple[Traced, tuple[str, ...]]:
    """Turn a scanner's stand-ins for FNC1 into the real one.

    Args:
        text: An element string as scanned.

    Returns:
        The element string with GS as its only separator, and a note for each kind of stand-in found.
    """
    certain = tuple(token for token in CERTAIN if token in text.text)
    found = certain or tuple(token for token in LIKELY if token in text.text)
    stand_ins = tuple(token for token in found if token != FNC1)
    if not stand_ins:
        return text, ()
    return _replace(text, found), tuple(f"{token} was read as the separator FNC1" for token in stand_ins)
