"""One table: every reason a verdict can have, in order of precedence, with the words for the person who scans.

The first reason that applies gives the verdict its word; the others are named after it. The order is what a person must
know first: a code that is misread says nothing at all; a forgery hides behind whatever else is wrong; what must not be
used comes before what is merely not known. docs/decisions/0009 gives the reasons, docs/verdicts.md the whole list.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.clock import is_clock_behind

if TYPE_CHECKING:
    from ledger.core.facts import AsOf

_APART: Final = "Do not use. Keep it apart"
_REPORT: Final = f"{_APART} and report it to the regulator and to the maker."
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_ROUNDED: Final = 2  # from two of a unit on, that unit is exact enough


class Reason(NamedTuple):
    """What one reason means for the person who scans. `{who}` is whom it names."""

    verdict: str
    headline: str
    advice: str


REASONS: Final[dict[str, Reason]] = {
    # The label was misread: nothing else that is said of it can be relied on.
    "label_misread": Reason(
        "unreadable",
        "The label's signature does not hold as read",
        "Scan the code again. If it reads the same, keep the pack apart and scan another code on it, or ask the maker.",
    ),
    # The record contradicts the label, or itself.
    "label_forged": Reason("suspect", "{who} never issued this label", _REPORT),
    "label_key_not_allowed": Reason("suspect", "Signed with a key that may not sign labels of {who}", _REPORT),
    "label_key_unknown": Reason("suspect", "{who} has no such label key", _REPORT),
    "label_key_in_doubt": Reason("suspect", "Labelled with a key of {who} that may be stolen", _REPORT),
    "expiry_differs": Reason("suspect", "The expiry on the label is not the registered one", _REPORT),
    "contents_differ": Reason("suspect", "The label names other goods than the ledger", _REPORT),
    "unknown_lot": Reason("suspect", "{who} never registered this lot", _REPORT),
    "unknown_consignment": Reason("suspect", "{who} never recorded this consignment", _REPORT),
    "serial_not_in_batch": Reason(
        "suspect",
        "{who} never registered this serial number",
        f"If it was typed, scan the code instead: a slip of one character does this. Else: {_REPORT}",
    ),
    "maker_suspended": Reason("suspect", "Its maker, {who}, was suspended", _REPORT),
    "maker_not_accredited": Reason("suspect", "{who} was not accredited to make this", _REPORT),
    "key_in_doubt": Reason("suspect", "Signed with a key of {who} that may be stolen", _REPORT),
    "custody_broken": Reason("suspect", "The chain of custody is broken", _REPORT),
    "quantity_over": Reason("suspect", "{who} received more than was shipped", _REPORT),
    "destroyed": Reason("suspect", "On record as destroyed", _REPORT),
    "second_dispense": Reason("suspect", "Dispensed twice: one of two packs with this number is a copy", _REPORT),
    "copied": Reason("suspect", "More than one pack has this number", _REPORT),
    # The record is in order and says not to use it.
    "recalled": Reason("do_not_use", "Recalled by {who}", f"{_APART} and follow the recall notice."),
    "seized": Reason("do_not_use", "Seized by {who}", f"{_APART} and call that administration."),
    "held": Reason("do_not_use", "Held by {who}", f"{_APART} until that administration releases it."),
    "already_dispensed": Reason(
        "do_not_use",
        "Dispensed before, by {who}",
        f"{_APART} and call them: one pack cannot be handed out twice. If it was put back, they can undo it.",
    ),
    "sampled": Reason("do_not_use", "Taken as a sample by {who}", f"{_APART}: a sample does not go back on the shelf."),
    "expired": Reason("do_not_use", "Expired", f"{_APART} for disposal."),
    # The record does not say enough.
    "custody_elsewhere": Reason(
        "undetermined",
        "Recorded {who}",
        "Keep it apart and ask the sender: a record that comes late is commoner than a theft. Then scan again.",
    ),
    "lot_needed": Reason("undetermined", "The lot is needed", "Scan the larger code, or type the lot beside it."),
    "not_a_product": Reason(
        "undetermined", "This code names no product", "Scan the code with the GTIN, or the SSCC of the carton."
    ),
    "not_yet_known": Reason(
        "undetermined",
        "Not known yet",
        "Keep it apart and scan again later: the ledger's latest records are missing here.",
    ),
    "maker_unknown": Reason(
        "undetermined",
        "Its maker is not on this ledger",
        "The ledger can say nothing. Check it as you would without it.",
    ),
    "verified": Reason(
        "verified",
        "On record, and nothing against it",
        "Check that seal and pack are whole: a printed code can be copied.",
    ),
}
UNREADABLE_HEADLINE: Final = "This code cannot be read"
UNREADABLE_HEADLINES: Final = {
    "incorrect_check_digit": "Misread or mistyped: the check digit is wrong",
    "look_alike": "A character that only looks like the right one",
    "foreign_digit": "Digits of another script stand in the code",
    "keyboard_layout": "The scanner's keyboard setting changed the code",
    "not_gs1": "This is not a GS1 code",
}
READ_AGAIN: Final = "Scan the code again, or type it as printed."
PRECEDENCE: Final = {reason: rank for rank, reason in enumerate(REASONS)}


def aged(headline: str, as_of: AsOf, now: int) -> str:
    """Add to a headline how old the data is that it rests on.

    Args:
        headline: The headline.
        as_of: How far the read model has come.
        now: What the clock says, Unix seconds.
    """
    if is_clock_behind(as_of.time, now):
        return f"{headline} (of unknown age: this server's clock is wrong)"
    behind = as_of.head_block - as_of.block
    silence = span(max(0, now - as_of.heard_at))
    blocks = f", {behind} blocks behind" if behind > 0 else ""
    return f"{headline} (as of {silence} ago{blocks})"


def span(seconds: int) -> str:
    """Say a length of time in its largest fitting unit.

    Args:
        seconds: 0 or more.
    """
    for unit, name in ((_DAY, "days"), (_HOUR, "hours"), (_MINUTE, "minutes")):
        if seconds >= _ROUNDED * unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} seconds"


@lru_cache(maxsize=4096)  # a verdict writes the same few times again and again
def moment(unix_seconds: int) -> str:
    """Write a time as ISO 8601 in UTC.

    Args:
        unix_seconds: Up to 40 bits as on chain; the calendar ends with the year 9999.
    """
    return datetime.fromtimestamp(min(unix_seconds, 253_402_300_799), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(unix_seconds: int) -> str:
    """Write the day of a time, in UTC.

    Args:
        unix_seconds: As for `moment`.
    """
    return moment(unix_seconds)[:10]
