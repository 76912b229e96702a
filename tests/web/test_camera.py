"""Labels before the camera: the verdict of each, and the time from a frame to its verdict."""

from __future__ import annotations

import json
import random
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.label.damage import damaged
from tests.running_demo import Demo, scanner
from tests.web.film import film
from tests.web.phone import NARROW, Phone, latencies, launch, note, spread

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Playwright

pytestmark = pytest.mark.system
# What the one photo of a real pack says (barcode_images/README.md).
NUROFEN = "0108699522705160219400000002429226172710311024S637"
SOON = 1000  # milliseconds that a person may wait for a verdict


def who(case: dict[str, Any]) -> tuple[int, str]:
    return case["organisation"] or 0, case["place"] or ""


def before_the_camera(browser: Browser, demo: Demo, **profile: Any) -> Phone:
    phone = Phone(browser.new_context(viewport=NARROW, permissions=["camera"]), demo.url)
    phone.be(**profile)
    phone.go("scan")
    phone.page.get_by_role("button", name="Start the camera").click()
    return phone


def wait_for(phone: Phone, codes: set[str], least: int | None = None) -> dict[str, str]:
    """Let the film run until every one of the codes was judged, or at least so many of them."""
    phone.page.wait_for_function(
        """([wanted, least]) => {
            const seen = Object.keys(window.scans);
            return wanted.filter((each) => seen.some((text) => text.endsWith(each))).length >= least;
        }""",
        arg=[sorted(codes), len(codes) if least is None else least],
    )
    return {plain(text): word for text, word in phone.scans().items()}


def plain(text: str) -> str:
    """Without the symbology identifier, which the camera's reader puts first (ISO/IEC 15424)."""
    return text[3:] if text.startswith("]") else text


def test_every_printed_label_gets_its_verdict_from_the_camera(
    playwright: Playwright, demo: Demo, tmp_path: Path, checkout: Path
) -> None:
    times: list[float] = []
    for (organisation, place), group in groupby(sorted(demo.cases, key=who), key=who):
        cases = list(group)
        labels = film(tmp_path / f"{organisation}.mjpeg", (Image.open(case["image"]) for case in cases))
        browser = launch(playwright, labels)
        phone = before_the_camera(browser, demo, organisation=organisation, place=place)
        found = wait_for(phone, {plain(case["code"]) for case in cases})
        assert found == {plain(case["code"]): case["expect"] for case in cases}
        times += latencies(phone)
        assert phone.violations() == phone.foreign() == phone.faults == []
        browser.close()
    note(checkout, frame_to_verdict_online_ms=spread(times))
    assert spread(times)["median"] < SOON


def test_worn_labels_get_their_verdict_and_no_other_code_is_read(
    playwright: Playwright, demo: Demo, tmp_path: Path
) -> None:
    cases = [case for case in demo.cases if not scanner(case)]
    chance = random.Random(5)
    labels = [damaged(Image.open(case["image"]).convert("L"), 1, chance) for case in cases]
    expected = {plain(case["code"]): case["expect"] for case in cases}
    browser = launch(playwright, film(tmp_path / "worn.mjpeg", labels))
    phone = before_the_camera(browser, demo)
    found = wait_for(phone, set(expected), least=len(cases) * 3 // 4)
    browser.close()
    assert found == {code: word for code, word in expected.items() if code in found}


def test_photographed_and_damaged_codes_are_read_rightly_or_not_at_all(
    playwright: Playwright, demo: Demo, test_data: Path, tmp_path: Path
) -> None:
    folder = test_data / "barcode_images"
    if not folder.is_dir():
        pytest.skip(f"no photographed labels at {folder}")
    rows = json.loads((folder / "generated_open/manifest.json").read_text(encoding="utf-8"))["images"]
    rows = [row for row in rows if row["level"] in {1, 2, 3} and row["zxingcpp_3_1_1"] == "ok"][::2]
    texts = {bare(row["expected"]) for row in rows}
    assert len(texts) > 20
    pictures = [Image.open(folder / "generated_open" / row["file"]) for row in rows]
    pictures.append(Image.open(folder / "medicine_photos/nurofen_calpol.jpg"))
    browser = launch(playwright, film(tmp_path / "photographed.mjpeg", pictures))
    phone = before_the_camera(browser, demo)
    phone.page.wait_for_function("least => Object.keys(window.scans).length >= least", arg=len(texts) // 2)
    found = phone.scans()
    browser.close()
    assert {bare(text) for text in found} <= texts | {NUROFEN}
    assert found == {text: demo.get("/v1/verify", code=text)["verdict"] for text in found}


def bare(text: str) -> str:
    """An element string without brackets and separators; a link as it is."""
    return plain(text) if "://" in text else re.sub(r"[()\x1d]", "", plain(text))
