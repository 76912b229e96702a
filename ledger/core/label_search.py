"""The search for misreads, remembered and rationed: whoever sends forged labels must not be able to keep it busy.

A search of every character takes a third of a second (docs/decisions/0014). Each is made once; a few may be made at
once, then one every few seconds. What is put off for that is told so: such a label is neither good nor suspect yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core import label_repair
from ledger.core.kept import Kept
from ledger.core.label_repair import Repair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.label_repair import Seek
    from ledger.core.label_signature import Label

AT_ONCE: Final = 10  # searches of every character: 3 seconds of one core
SECONDS_EACH: Final = 3  # afterwards one in so many seconds: a tenth of one core
REMEMBERED: Final = 10_000  # labels
PUT_OFF: Final = Repair("Whether one misread character explains it was not looked into now: too many such labels came.")
_NOT_ASKED: Final = Repair("")


class LabelSearch:
    """Looks for misreads. Safe to share between threads: a race can make one search too many, not a wrong answer."""

    def __init__(self) -> None:
        self._found: Kept[tuple[bytes, Label], Repair | None] = Kept(REMEMBERED)
        self._left = float(AT_ONCE)
        self._counted = 0  # Unix seconds

    def at(self, now: int) -> Seek:
        """Give what looks for a misread at a time.

        Args:
            now: Unix seconds.
        """
        return lambda label, signers: self._seek(label, signers, now)

    def _seek(self, label: Label, signers: Sequence[bytes], now: int) -> Repair | None:
        signer = label_repair.searched_by(label, signers)
        if signer is None:
            return label_repair.quick(label, signers)
        asked = signer, label
        known = self._found.get(asked, _NOT_ASKED)
        if known is not _NOT_ASKED:
            return known
        repair = label_repair.quick(label, signers)
        if repair is None and not self._may_search(now):
            return PUT_OFF
        return self._found.put(asked, repair or label_repair.exhaustive(label, signer))

    def _may_search(self, now: int) -> bool:
        self._left = min(AT_ONCE, self._left + max(0, now - self._counted) / SECONDS_EACH)
        self._counted = max(now, self._counted)
        if self._left < 1:
            return False
        self._left -= 1
        return True
