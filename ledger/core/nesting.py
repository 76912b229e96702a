"""How deep JSON is nested and how much is in it, told before a parser recurses into it or makes objects of it.

Left to the parser, deep nesting is a way to kill the process: it recurses in C until Python's recursion limit stops it,
and a library (py_ecc, which eth-account brings) raises that limit to 100,000, further than the stack reaches.
"""

from __future__ import annotations

import re
from typing import Final

# A text in quotes, to its end or to the end of the input, or one bracket. Possessive, so that no input makes it slow.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{\]}]', re.DOTALL)


def is_nested_deeper(json: str, most: int) -> bool:
    """Tell whether arrays and objects stand more than `most` deep in each other, in one pass over text of any kind."""
    depth = 0
    for token in _TOKEN.finditer(json):
        if token[0] in {"[", "{"}:
            depth += 1
            if depth > most:
                return True
        elif token[0] in {"]", "}"}:
            depth -= 1
    return False


def has_more_values(json: str, most: int) -> bool:
    """Tell whether JSON may hold more than `most` values, whose objects would take fifty times the room of the text.

    What stands in texts is counted too, so `most` must leave room; in return it takes no time.
    """
    return json.count(",") + json.count("[") + json.count("{") > most
