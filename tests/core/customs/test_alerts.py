"""By which keys a line is found, and what its score says of the alerts that match it."""

from __future__ import annotations

from ledger.core.customs.alerts import Alert, alert_hits, batch_key, line_keys, with_alerts
from ledger.core.customs.case import Evidence
from ledger.core.customs.score import score
from ledger.core.customs.signals import SIGNALS
from tests.core.customs.desk_story import GLNS, GOOD, shipped, told

ALERT = Alert("Customs", "TLP:GREEN", b"\x11" * 32)


def test_a_line_is_found_by_goods_route_companies_and_what_it_carries() -> None:
    story, _carton = shipped()
    assert story.registration
    line = GOOD._replace(itinerary_id=("AEDXB",), importer_id="SG-1", exporter_id="54138680000\u0660\u0661")
    assert line_keys(line, [story.registration]) == (
        f"gtin:{line.gtin}",
        f"lot:{line.gtin}:{line.lot}",
        f"lot::{line.lot}",
        "route:BEBRU:AEDXB",
        "route:AEDXB:SGSIN",
        f"gln:{line.consignee_id}",
        batch_key(story.registration.batch),
    )
    assert line.consignee_id in GLNS.values()


def test_alerts_come_into_a_score_and_go_out_of_it_again() -> None:
    story, carton = shipped()
    before = told(story, carton, line=GOOD._replace(tariff_quantity=500)).to_json()
    found = with_alerts(before, [ALERT])
    assert [each["signal"] for each in found["signals"]] == ["quantity_over", "alert_match"]
    assert found["signals"][1] == {
        "signal": "alert_match",
        "weight": SIGNALS["alert_match"].weight,
        "reason": f"Looked for by Customs (TLP:GREEN, 0x{'11' * 32}).",
    }
    assert found["risk"] > before["risk"]
    assert with_alerts(found, [ALERT]) == found
    assert with_alerts(found, []) == before
    assert alert_hits([ALERT])[0].reason == found["signals"][1]["reason"]
    assert alert_hits([]) == ()


def test_a_line_that_names_no_goods_can_match_an_alert_too() -> None:
    line = GOOD._replace(gtin="", lot="", sscc="", tariff_quantity=0)
    found = with_alerts(score(line, Evidence()).to_json(), [ALERT])
    assert (found["match"], found["risk"]) == ("no_reference", SIGNALS["alert_match"].weight)
