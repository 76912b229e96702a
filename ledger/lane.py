"""The green lane: whether release of goods is recommended, of a declaration line or of an SSCC, with the reasons.

It is worked out when it is asked for, with what the ledger, the attestations and the alerts say then; nothing is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.customs.alerts import alert_hits
from ledger.core.customs.case import case_of
from ledger.core.customs.lane import NOT_RECOMMENDED, RECOMMENDED, Asked, Lane, lane, operators_of, signals_of_goods
from ledger.core.customs.score import score
from ledger.core.errors import NotFoundError
from ledger.core.verdict import as_of_json
from ledger.core.wording import moment
from ledger.store.declarations import Declarations
from ledger.store.line_alerts import LineAlerts
from ledger.store.line_evidence import LineEvidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.config import Settings
    from ledger.core.attestation.standing import Granted
    from ledger.core.customs.alerts import Alert
    from ledger.core.customs.case import Evidence
    from ledger.core.customs.journey import Goods
    from ledger.core.customs.lane import Operator
    from ledger.core.customs.signals import Hit
    from ledger.store.database import Database
    from ledger.store.declarations import Kept

Json = dict[str, Any]
PAGE: Final = 500  # lines without a signal that are looked at for one answer


class GreenLane:
    """Recommends releases. Safe to share between threads.

    Args:
        db: The installation's.
        settings: What counts as fresh.
    """

    def __init__(self, db: Database, settings: Settings) -> None:
        self._lines = Declarations(db)
        self._alerts = LineAlerts(db)
        self._evidence = LineEvidence(db, settings.fresh_seconds, settings.fresh_blocks)

    def of_line(self, kept: Kept, now: int) -> Json:
        """What is recommended for a declaration line, to the country to which it is declared.

        Args:
            kept: The line.
            now: Unix seconds.
        """
        with self._evidence.snapshot():
            (found,) = self._of_lines([kept], now)
            return self._told(found)

    def of_goods(self, sscc: str, country: str, now: int) -> Json:
        """What is recommended for a consignment or pallet, whoever declares it.

        Args:
            sscc: 18 digits.
            country: Whose officers ask, ISO 3166-1 alpha-2.
            now: Unix seconds.

        Raises:
            NotFoundError: Nothing on the ledger has this SSCC.
        """
        with self._evidence.snapshot():
            evidence = self._evidence.of_goods(sscc, now)
            if not evidence.carried:
                raise NotFoundError(f"Nothing on the ledger has the SSCC {sscc}.", advice="Check it.", field="sscc")
            batches = [each.dossier.registration.batch for each in evidence.carried]
            alerts = self._alerts.of_batches(batches, now)
            hits = (*signals_of_goods(sscc, country, evidence, evidence.carried), *alert_hits(alerts))
            return self._told(self._lane(country, evidence.carried, hits, evidence))

    def recommended(self, country: str, after: int, most: int, now: int) -> tuple[list[tuple[Kept, Json]], int | None]:
        """The lines of a country for which release is recommended, in the order in which they came.

        Args:
            country: To which they are declared.
            after: The last number that is known; 0 begins at the start.
            most: How many at once.
            now: Unix seconds.

        Returns:
            Lines with what is recommended, and the number to go on after; None at the end.
        """
        found: list[tuple[Kept, Json]] = []
        with self._evidence.snapshot():
            page = self._lines.without_signal(country, after, PAGE)
            for kept, each in zip(page, self._of_lines(page, now), strict=True):
                after = kept.number
                if each.recommended:
                    found.append((kept, self._told(each)))
                if len(found) == most:
                    return found, after
        return found, after if len(page) == PAGE else None

    def _of_lines(self, lines: Sequence[Kept], now: int) -> list[Lane]:
        history = self._lines.history(lines)
        known = self._evidence.of_lines(lines, history, now)
        alerts = self._alerts.standing([each.number for each in lines], now)
        return [
            self._of_line(kept, evidence, alerts.get(kept.number, []))
            for kept, evidence in zip(lines, known, strict=True)
        ]

    def _of_line(self, kept: Kept, evidence: Evidence, alerts: Sequence[Alert]) -> Lane:
        line = kept.line
        hits = (*score(line, evidence).hits, *alert_hits(alerts))
        goods = case_of(line, evidence).goods
        return self._lane(line.country, goods, hits, evidence, named=line.names_goods)

    def _lane(
        self,
        country: str,
        goods: tuple[Goods, ...],
        hits: tuple[Hit, ...],
        evidence: Evidence,
        *,
        named: bool = True,
    ) -> Lane:
        consignee = evidence.consignee
        final = self._evidence.as_of().finalized_block
        asked = Asked(country, named, goods, hits, consignee, evidence.behind, final, evidence.now)
        return lane(asked, self._evidence.trust(operators_of(goods, consignee)))

    def _told(self, found: Lane) -> Json:
        return {
            "recommended": found.recommended,
            "headline": RECOMMENDED if found.recommended else NOT_RECOMMENDED,
            "reasons": [each._asdict() for each in found.reasons],
            "operators": [_operator_json(each) for each in found.operators],
            "as_of": as_of_json(self._evidence.as_of()),
        }


def _operator_json(operator: Operator) -> Json:
    status = operator.status
    return {
        "number": operator.number,
        "name": operator.name,
        "country": operator.country or None,
        "trusted_by": _issuer_json(status) if status else None,
        "valid_until": moment(getattr(status.held.attestation.statement, "valid_until", 0)) if status else None,
        "fault": operator.fault or None,
    }


def _issuer_json(status: Granted) -> Json:
    return {"number": status.held.issuer, "name": status.who, "country": status.country or None}
