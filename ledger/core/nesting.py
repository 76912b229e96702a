"""How deep JSON is nested, told before a parser recurses into it.

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
