"""Every screen and every verdict word is usable by everybody (WCAG 2.2 AA), and the first one is there soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.web import built
from tests.web.phone import NARROW, WIDE, note
from tests.web.screens import grave_faults, visit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.running_demo import Demo
    from tests.web.phone import Phone

pytestmark = pytest.mark.system

LARGEST = 300 * 1024  # bytes of the first load as sent, without the reader of codes
SLOWNESS = 4  # times slower than this machine: a cheap phone
READY = 5000  # milliseconds after which such a phone answers the first touch

LONG_TASKS = """
window.busyUntil = 0;
new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.busyUntil = Math.max(window.busyUntil, task.startTime + task.duration);
}).observe({type: "longtask", buffered: true});
"""
QUIET = "() => document.readyState === 'complete' && performance.now() - window.busyUntil > 1000"


def is_reader(name: str) -> bool:
    """Whether a file is of the reader of codes, which is loaded beside the page."""
    return "decoder" in name or ".wasm" in name


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["360", "1280"])
def test_axe_finds_nothing_grave_on_any_screen(
    new_phone: Callable[..., Phone], demo: Demo, width: dict[str, int]
) -> None:
    phone = new_phone(viewport=width)
    faults = {}
    for screen in visit(phone, demo):
        for scheme in ("light", "dark"):
            phone.page.emulate_media(color_scheme=scheme)
            if found := grave_faults(phone):
                faults[f"{screen.title}, {scheme}"] = found
    assert faults == {}


def test_the_first_load_is_small_and_soon_answers_a_cheap_phone(
    new_phone: Callable[..., Phone], checkout: Path
) -> None:
    phone = new_phone()
    page = phone.context.new_page()
    cdp = phone.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    cdp.send("Network.setBypassServiceWorker", {"bypass": True})
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWNESS})
    names: dict[str, str] = {}
    sent: dict[str, float] = {}
    cdp.on("Network.requestWillBeSent", lambda event: names.update({event["requestId"]: event["request"]["url"]}))
    cdp.on("Network.loadingFinished", lambda event: sent.update({event["requestId"]: event["encodedDataLength"]}))
    page.add_init_script(LONG_TASKS)
    page.goto(f"{phone.url}/app/", wait_until="commit")
    page.locator("#code").fill("00359267102522")
    page.locator("#code").press("Enter")
    page.locator("[data-verdict]").wait_for()
    answered = page.evaluate("performance.now()")
    page.wait_for_function(QUIET)
    ready = page.evaluate("Math.max(busyUntil, performance.getEntriesByName('first-contentful-paint')[0].startTime)")
    sizes = {names[each].split("/app/")[-1]: round(size) for each, size in sent.items() if each in names}
    first = sum(size for name, size in sizes.items() if not is_reader(name))
    reader = sum(path.stat().st_size for path in built.FOLDER.rglob("*.br") if is_reader(path.name))
    note(checkout, first_load_bytes=first, reader_bytes=reader)
    note(checkout, interactive_slowed_4_times_ms=round(ready), first_answer_slowed_4_times_ms=round(answered))
    assert {name.rsplit(".", 1)[-1] for name in sizes} >= {"", "js", "css"}, "the page, its script and its style"
    assert first < LARGEST
    assert ready < READY
