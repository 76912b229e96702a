"""The scan vectors, which the browser's reader is held to, are what `parse_code` answers today; so are its tables."""

from __future__ import annotations

import json
from collections import Counter

from scripts.web_dictionary import TARGET
from scripts.web_dictionary import written as written_tables
from tests.core.scan_cases import FILE, GROUPS, PAYLOADS, written


def test_the_vectors_are_current() -> None:
    assert FILE.read_text(encoding="utf-8") == written()


def test_every_group_has_good_codes_or_names_its_damage() -> None:
    scans = json.loads(FILE.read_text(encoding="utf-8"))["scans"]
    assert set(Counter(scan["group"] for scan in scans)) == set(GROUPS)
    assert {"gtin", "sscc", "bracketed", "element_string", "digital_link"} == {
        scan["form"] for scan in scans if "form" in scan
    }
    rules = {scan["rule"] for scan in scans if "rule" in scan}
    assert len(rules) > 80, sorted(rules)
    assert any(payload in scan.get("lot", "") for scan in scans for payload in PAYLOADS)


def test_the_tables_of_the_browser_are_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == written_tables(), "run python scripts/web_dictionary.py"
