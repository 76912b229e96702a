"""Labels before the camera: the verdict of each, and the time from a frame to its verdict."""

from __future__ import annotations

import random
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.label.damage import damaged
from tests.running_demo import Demo, scanner
from tests.web.film import film
from tests.web.phone import NARROW, Phone, latencies, launch, note, spread

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

pytestmark = pytest.mark.system
SOON = 1000  # milliseconds that a person may wait for a verdict


def who(case: dict[str, Any]) -> tuple[int, str]:
    return case["organisation"] or 0, case["place"] or ""


def before_the_camera(browser: Browser, demo: Demo, **profile: Any) -> Phone:
    phone = Phone(browser.new_context(viewport=NARROW, permissions=["camera"]), demo.url)
    phone.be(**profile)
    phone.go("scan")
    phone.page.get_by_role("button", name="Start the camera").click()
    return phone


def wait_for(phone: Phone, codes: set[str]) -> dict[str, str]:
    """Let the film run until every one of the codes was judged."""
    phone.page.wait_for_function(
        """(wanted) => {
            const code = (link) => new URLSearchParams(link.hash.split("?")[1]).get("code");
            const links = [...document.querySelectorAll("main .list a, .answer a.button")].map(code);
            return wanted.every((each) => links.some((link) => link.endsWith(each)));
        }""",
        arg=sorted(codes),
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
