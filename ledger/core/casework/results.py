"""Results of an operation, counted as WCO reports count them: cases, seizures, and units by kind of goods.

Source: WCO Illicit Trade Report (IPR, Health and Safety), whose tables give the number of cases or seizures and the
number of pieces by category of goods and by reporting country. What the ledger proves and what officers state of goods
that it does not know stand in columns of their own and are never added up.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.casework.case import State
from ledger.core.casework.case_rules import KINDS
from ledger.core.table import csv_cell
from ledger.core.wording import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.core.casework.case import Case
    from ledger.core.casework.operation import Operation

Json = dict[str, Any]
SEVERAL: Final = "SEVERAL"  # kinds on one pallet
COUNTS: Final = ("cases", "closed", "holds", "releases", "seizures", "units", "stated_seizures", "stated_units")
OF_KIND: Final = ("seizures", "units", "stated_seizures", "stated_units")
_COLUMNS: Final = ("counted", "country", "administration", "kind_of_goods", *COUNTS)


class Shared(NamedTuple):
    """A case that an administration put on the board."""

    organisation: int
    number: int  # of the case, its organisation's own
    case: Case


def counts_in(operation: Operation, case: Case) -> bool:
    """Tell whether a case counts: it was opened, or something was decided or seized, within the window.

    Args:
        operation: With its window.
        case: One of its cases.
    """
    times = [case.opened_at, *(each.block_time for each in case.outcomes), *(each.at for each in case.seizures)]
    return any(map(operation.in_window, times))


def count(operation: Operation, shared: Iterable[Shared], now: int) -> Json:
    """Count the results; of each case only what lies in the window.

    Args:
        operation: With its window and members.
        shared: Its cases.
        now: Unix seconds.

    Returns:
        The counts of all, by kind of goods and by member; those without anything to count are there with zeros.
    """
    by_member = {number: dict.fromkeys(COUNTS, 0) for number, each in operation.members.items() if each.status.reads}
    by_kind = {kind: dict.fromkeys(OF_KIND, 0) for kind in (*KINDS, SEVERAL)}
    for each in shared:
        own = by_member.setdefault(each.organisation, dict.fromkeys(COUNTS, 0))
        if counts_in(operation, each.case):
            own["cases"] += 1
            own["closed"] += each.case.state is State.CLOSED
            _count_outcomes(operation, each.case, own, by_kind)
    total = {name: sum(own[name] for own in by_member.values()) for name in COUNTS}
    return {
        "counted_at": now,
        **total,
        "by_kind": [
            {"product_class": kind, **own} for kind, own in by_kind.items() if kind in KINDS or any(own.values())
        ],
        "by_member": [{"organisation": number, **own} for number, own in sorted(by_member.items())],
    }


def _count_outcomes(operation: Operation, case: Case, own: dict[str, int], by_kind: dict[str, dict[str, int]]) -> None:
    for outcome in case.outcomes:
        if not operation.in_window(outcome.block_time):
            continue
        if outcome.kind != "SEIZE":
            own["holds" if outcome.kind == "HOLD" else "releases"] += 1
            continue
        for counts in (own, by_kind[outcome.product_class or SEVERAL]):
            counts["seizures"] += 1
            counts["units"] += outcome.units
    for seizure in case.seizures:
        if operation.in_window(seizure.at):
            for counts in (own, by_kind[seizure.product_class]):
                counts["stated_seizures"] += 1
                counts["stated_units"] += seizure.units


def rows(told: Json) -> list[dict[str, Any]]:
    """Give results as rows: of all, of each member, of each kind of goods.

    Args:
        told: As `count` gave them, each member with `name` and `country` too.
    """
    everything = {"counted": "all", **{name: told[name] for name in COUNTS}}
    members = [
        {"counted": "administration", "country": each["country"], "administration": each["name"]}
        | {name: each[name] for name in COUNTS}
        for each in told["by_member"]
    ]
    kinds = [
        {"counted": "kind of goods", "kind_of_goods": each["product_class"]} | {name: each[name] for name in OF_KIND}
        for each in told["by_kind"]
    ]
    return [dict.fromkeys(_COLUMNS, "") | row for row in (everything, *members, *kinds)]


def csv_of(told: Json, about: Sequence[tuple[str, str]]) -> str:
    """Write results as CSV, which no spreadsheet runs: a text that begins like a formula has an apostrophe before it.

    Args:
        told: As for `rows`.
        about: What the operation is, as pairs of a name and a text, written above the table.
    """
    written = io.StringIO()
    plain = csv.writer(written, lineterminator="\r\n")
    plain.writerows(
        [csv_cell(name), csv_cell(text)] for name, text in (*about, ("counted_at", moment(told["counted_at"])))
    )
    plain.writerow([])
    plain.writerow(_COLUMNS)
    plain.writerows([csv_cell(value) for value in row.values()] for row in rows(told))
    return written.getvalue()
