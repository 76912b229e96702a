"""Alerts of other administrations on a declaration line: by which keys a line is found, and what is said of a match.

A line and an indicator match if they have a key in common, as everything else that indicators are compared with
(`ledger.core.intelligence`). Only open indicators can be compared here; sealed ones are compared by their receivers.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.customs.signals import SIGNALS, Hit, risk
from ledger.core.intelligence.matching import goods_keys, organisation_keys, route_keys
from ledger.core.intelligence.pattern import company_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.core.customs.declaration import DeclarationLine
    from ledger.core.facts import Organisation, Registration

ALERT: Final = "alert_match"
MOST_NAMED: Final = 5  # alerts that a reason names one by one
_GLN_DIGITS: Final = 13


class Alert(NamedTuple):
    """An indicator that matches a line."""

    issuer: str  # name
    marking: str  # of TLP 2.0
    digest: bytes  # of the message

    @property
    def words(self) -> str:
        """It for a person; what it says is read by its digest, so that the look is noted."""
        return f"{self.issuer} ({self.marking}, 0x{self.digest.hex()})"


def line_keys(line: DeclarationLine, carried: Iterable[Registration]) -> tuple[str, ...]:
    """Give the keys by which a line is found for an indicator.

    Args:
        line: The line.
        carried: The batches that it names, as far as the ledger knows them.
    """
    batches = tuple(carried)
    keys = [*goods_keys(line.gtin, line.lot), *_routes(line), *_companies(line)]
    keys += [key for each in batches for key in goods_keys(each.gtin, each.lot)]
    keys += [batch_key(each.batch) for each in batches]
    return tuple(dict.fromkeys(keys))


def party_keys(organisations: Iterable[Organisation | None]) -> tuple[str, ...]:
    """Give the keys of the companies of a line that the ledger knows: of each name and GLN that they ever had.

    Args:
        organisations: The companies.
    """
    return tuple(dict.fromkeys(key for each in organisations for key in organisation_keys(each)))


def batch_key(batch: bytes) -> str:
    """Give the key of what names a batch, whatever of the batch an indicator looks for.

    Args:
        batch: Its id, 32 bytes.
    """
    return f"batch:0x{batch.hex()}"


def with_alerts(told: dict[str, Any], alerts: Sequence[Alert]) -> dict[str, Any]:
    """Give a score with the alerts that match its line now, in place of those that did before.

    Args:
        told: The score as JSON.
        alerts: The indicators that match and stand.

    Returns:
        A copy, with risk and signals as they are with these.
    """
    signals = [each for each in told["signals"] if each["signal"] != ALERT]
    if alerts:
        signals.append({"signal": ALERT, "weight": SIGNALS[ALERT].weight, "reason": _reason(alerts)})
        signals.sort(key=lambda each: -int(each["weight"]))
    return told | {"signals": signals, "risk": risk(Hit(each["signal"], each["reason"]) for each in signals)}


def alert_hits(alerts: Sequence[Alert]) -> tuple[Hit, ...]:
    """Give the alerts that match as the signal that they are; none if there are none.

    Args:
        alerts: The indicators that match and stand.
    """
    return (Hit(ALERT, _reason(alerts)),) if alerts else ()


def _reason(alerts: Sequence[Alert]) -> str:
    named = "; ".join(alert.words for alert in alerts[:MOST_NAMED])
    more = f"; and {len(alerts) - MOST_NAMED:,} more" if len(alerts) > MOST_NAMED else ""
    return f"Looked for by {named}{more}."


def _routes(line: DeclarationLine) -> list[str]:
    return [key for one, other in pairwise(line.route) for key in route_keys(one, other)]


def _companies(line: DeclarationLine) -> list[str]:
    named = (line.importer_id, line.consignee_id, line.exporter_id, line.carrier_id)
    glns = [each for each in named if len(each) == _GLN_DIGITS and each.isascii() and each.isdecimal()]
    return [key for gln in glns for key in company_keys("", gln)]
