"""What a rule answers when data breaks it, and how that becomes an error for a person."""

from __future__ import annotations

from typing import Any, NamedTuple

from ledger.core.errors import InvalidCodeError

SCAN_AGAIN = "Scan the code again, or type it as printed."


class Fault(NamedTuple):
    """One broken rule inside one value.

    Attributes:
        rule: The rule's slug: the name of the reference linter's error, in lower case.
        start: Zero-based index of the first character at fault.
        length: How many characters are at fault; may be 0 where something is missing.
        words: What is wrong, for a person, as the end of a sentence about the value.
    """

    rule: str
    start: int
    length: int
    words: str


def refusal(
    rule: str,
    detail: str,
    position: int,
    *,
    advice: str = SCAN_AGAIN,
    **evidence: Any,  # noqa: ANN401 - evidence is whatever explains the error; edges print it as JSON
) -> InvalidCodeError:
    """Build the one error that this package raises.

    Args:
        rule: The slug of the broken rule.
        detail: What happened, in words.
        position: Zero-based index into the text as scanned.
        advice: What to do next.
        evidence: Further values that explain the error.
    """
    return InvalidCodeError(detail, advice=advice, field="code", position=position, rule=rule, **evidence)
