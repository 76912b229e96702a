"""A phone with the scanner on it: Debian's Chromium, and what a person does with the app."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize

NARROW: ViewportSize = {"width": 360, "height": 740}  # CSS pixels
WIDE: ViewportSize = {"width": 1280, "height": 800}
PATIENCE = 60_000  # milliseconds: a busy machine must not fail a test by its slowness
WATCHED = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
# Codes and their verdicts as the first screen shows them: the last one large, those before in a list.
NOTED = """
window.scans = {};
const codeOf = (link) => new URLSearchParams(link.hash.split("?")[1]).get("code");
new MutationObserver(() => {
    for (const link of document.querySelectorAll("main .list a:has(.tone)"))
        window.scans[codeOf(link)] = link.querySelector(".tone").classList[1];
    const last = document.querySelector(".answer a.button[href*=code]");
    const card = document.querySelector("[data-verdict]");
    if (last && card) window.scans[codeOf(last)] = card.dataset.verdict;
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["href", "data-verdict"]});
"""
# What was shown is marked, so that the next screen is told from it.
LEAVE = """(address) => {
    if (location.hash === address) return;
    for (const each of document.querySelectorAll("main > *")) each.dataset.left = "";
    location.hash = address;
}"""
ARRIVED = """() => {
    const waits = [...document.querySelectorAll("main .hint[role=status]")];
    return document.querySelector("main > [data-left], main [aria-busy=true]") === null
        && document.querySelector("main h1, main .notice, main [data-verdict]") !== null
        && !waits.some((each) => each.textContent.trim().endsWith("…"));
}"""


def chromium() -> str:
    """The browser's program; without it the test is skipped, but fails where CI promises it."""
    found = shutil.which("chromium")
    if found is None:
        reason = "no chromium on this machine (Debian: apt-get install chromium)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return found


def launch(playwright: Playwright, camera: Path | None = None) -> Browser:
    """Start the browser, with a film before its camera if there is one."""
    return playwright.chromium.launch(executable_path=chromium(), args=arguments(camera))


def arguments(camera: Path | None = None) -> list[str]:
    """Chromium's arguments; its sandbox cannot start as root."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    film = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    film += [f"--use-file-for-fake-video-capture={camera}"]
    return root + (film if camera else [])


class Phone:
    """One page of the scanner, watched: whom it asks, what it logs, whether its policy was offended."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.asked: list[str] = []
        self.dialogs: list[str] = []
        self.faults: list[str] = []
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCHED + NOTED)
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        self.page = self.turn_on()

    def turn_on(self) -> Page:
        """A new tab with the app."""
        self.page = self.context.new_page()
        self.page.on("dialog", self._dialog)
        self.page.goto(f"{self.url}/app/")
        self.page.locator("nav.tabs").wait_for()
        return self.page

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def go(self, name: str, **values: str) -> None:
        """Open a screen by its address."""
        query = "&".join(f"{key}={quote(value, safe='')}" for key, value in values.items())
        address = f"#/{'' if name == 'scan' else name}{'?' + query if query else ''}"
        self.page.evaluate(LEAVE, address)
        self.settled()

    def settled(self) -> None:
        """Wait until the screen that was gone to is there, with all that it has to get."""
        self.page.wait_for_function(ARRIVED)

    def enter(self, code: str) -> str:
        """Type a code on the first screen.

        Returns:
            The word of the verdict.
        """
        before = self.page.evaluate("performance.getEntriesByName('lotproof:verdict').length")
        self.page.locator("#code").fill(code)
        self.page.locator("#code").press("Enter")
        self.page.wait_for_function(
            "before => performance.getEntriesByName('lotproof:verdict').length > before", arg=before
        )
        return self.word()

    def word(self) -> str:
        """The verdict that is shown."""
        return self.page.locator("[data-verdict]").first.get_attribute("data-verdict") or ""

    def scans(self) -> dict[str, str]:
        """Every code that the first screen has shown since it was opened, with its verdict's word."""
        found: dict[str, str] = self.page.evaluate("window.scans")
        return found

    def be(
        self, role: str = "public", organisation: int | None = None, place: str | None = None, language: str = "en"
    ) -> None:
        """Say who scans, where and in which language, under Settings."""
        self.go("settings")
        self.page.locator("#language").select_option(language)
        self.page.locator("#role").select_option("pharmacy" if organisation and role == "public" else role)
        if organisation:
            self._fill("#organisation", str(organisation))
        self._fill("#place", place or "")
        self.page.wait_for_function("language => document.documentElement.lang === language", arg=language)

    def _fill(self, field: str, value: str) -> None:
        self.page.locator(field).fill(value)
        self.page.locator(field).press("Tab")

    def violations(self) -> list[str]:
        """What the content policy forbade on this page."""
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def foreign(self) -> list[str]:
        """Requests that did not go to the app's own server."""
        own = (f"{self.url}/", f"blob:{self.url}/", "data:")
        return [url for url in self.asked if not url.startswith(own)]

    def ready_offline(self) -> None:
        """Wait until the service worker has kept the app."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        self.page.wait_for_function("navigator.serviceWorker.controller !== null")


def latencies(phone: Phone) -> list[float]:
    """Milliseconds from each frame to its verdict on the screen."""
    found: list[float] = phone.page.evaluate(
        "performance.getEntriesByName('lotproof:verdict').map((entry) => entry.duration)"
    )
    return found


def note(folder: Path, **figures: Any) -> None:
    """Add figures to `.cache/scanner-figures.json`, for the document that states them."""
    path = folder / ".cache" / "scanner-figures.json"
    path.parent.mkdir(exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # other processes run other tests
        file.seek(0)
        known = json.loads(file.read() or "{}")
        file.truncate(0)
        file.write(json.dumps(known | figures, indent=2, sort_keys=True) + "\n")


def spread(values: Iterable[float]) -> dict[str, float]:
    """The median, the worst and the count of some durations."""
    ordered = sorted(values)
    return {"median": round(ordered[len(ordered) // 2], 1), "worst": round(ordered[-1], 1), "count": len(ordered)}
