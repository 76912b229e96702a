"""Without a line the app opens, judges and signs; whatever dies when, each event comes onto the ledger once."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import Error as BrowserError

from tests.running_demo import Demo
from tests.web.film import film
from tests.web.line import Line
from tests.web.pharmacy import enrol, found_on_chain, fresh_packs, logged
from tests.web.phone import NARROW, PATIENCE, Phone, arguments, chromium, latencies, note, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Playwright

    from tests.web.pharmacy import Pack

pytestmark = pytest.mark.system

PHARMACY, CARRIER = 22, 14  # organisations of the demonstration
SHOWN = 6  # signed labels that are before the camera
SOON = 1000  # milliseconds that a person may wait for a verdict


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One of this module's own, for these tests write on the ledger."""
    chromium()
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def line(demo: Demo) -> Iterator[Line]:
    host, port = demo.url.removeprefix("http://").split(":")
    made = Line(host, int(port))
    yield made
    made.cut()


@pytest.fixture(scope="module")
def packs(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pack]:
    return fresh_packs(demo, tmp_path_factory.mktemp("packs"))


class Device:
    """A phone whose memory outlives its tabs and its browser, on a line that can be cut."""

    def __init__(self, playwright: Playwright, line: Line, memory: Path, camera: Path | None = None) -> None:
        self._playwright, self._memory, self._camera = playwright, memory, camera
        self.line = line
        self.switch_on()

    def switch_on(self) -> None:
        context: BrowserContext = self._playwright.chromium.launch_persistent_context(
            self._memory, executable_path=chromium(), args=arguments(self._camera), viewport=NARROW, locale="en-GB"
        )
        context.grant_permissions(["camera"])
        self.phone = Phone(context, self.line.url)

    def offline(self) -> None:
        """The browser believes in a network all the same, as in a Wi-Fi that leads nowhere."""
        self.line.cut()

    def online(self) -> None:
        self.line.lose_answers_to(None)
        self.line.cut()
        self.line.mend()

    def kill_tab(self) -> None:
        """End the tab's process as the system does when memory is short."""
        with self.phone.page.expect_event("crash"):
            self._kill("renderer")
        self.phone.page.close()
        self.phone.turn_on()

    def kill_all(self) -> None:
        """End the browser as an empty battery does."""
        self._kill("browser")
        with suppress(BrowserError):
            self.phone.context.close()
        self.switch_on()

    def _kill(self, kind: str) -> None:
        browser = self.phone.context.browser
        assert browser is not None
        processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        for each in processes:
            if each["type"] == kind:
                os.kill(each["id"], signal.SIGKILL)


@pytest.fixture(autouse=True)
def mended(line: Line) -> Iterator[None]:
    """What one test does to the line is not left to the next."""
    yield
    line.lose_answers_to(None)
    line.cut()
    line.mend()


@pytest.fixture(scope="module")
def pharmacist(
    playwright: Playwright, demo: Demo, line: Line, packs: Iterator[Pack], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Device, list[Pack]]]:
    """A pharmacy's enrolled phone that has been online once, and the packs before its camera."""
    folder = tmp_path_factory.mktemp("pharmacist")
    seen = [next(packs) for _ in range(SHOWN)]
    labels = film(folder / "labels.mjpeg", (Image.open(pack.picture) for pack in seen))
    device = Device(playwright, line, folder / "memory", labels)
    device.phone.be("pharmacy", PHARMACY, "SGSIN")
    enrol(device.phone, demo, "bahru")
    device.phone.ready_offline()
    yield device, seen
    device.phone.context.close()


def states(device: Device) -> list[tuple[str, str]]:
    """The digest of everything that was signed on the phone, and how far it has come."""
    found: list[list[str]] = device.phone.page.evaluate(
        """() => new Promise((resolve, reject) => {
            const opening = indexedDB.open("lotproof");
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
                const asking = opening.result.transaction("outbox").objectStore("outbox").getAll();
                asking.onsuccess = () => {
                    opening.result.close();
                    resolve(asking.result.map(({digest, state}) => [digest, state]));
                };
            };
        })"""
    )
    return [(digest, state) for digest, state in found]


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something that no page shows."""
    end = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < end, f"in vain waited until {what}"
        time.sleep(0.2)


def unsigned(code: str) -> str:
    """The link without the signature, which is another one each time that a label is made."""
    return code.split("&91=", maxsplit=1)[0]


def dispense(device: Device, pack: Pack, *, wait: bool = True) -> None:
    phone = device.phone
    phone.go("unit", kind="DISPENSE", code=pack.code)
    phone.page.locator("button.confirm").click()
    if wait:
        phone.page.locator("[data-stage]").wait_for()


def test_without_a_line_the_app_opens_and_judges_signed_labels_from_the_camera(
    pharmacist: tuple[Device, list[Pack]], checkout: Path
) -> None:
    device, seen = pharmacist
    phone = device.phone
    phone.go("scan")
    device.offline()
    phone.context.set_offline(offline=True)
    phone.page.reload()
    phone.page.locator("p.line", has_text="No line. Answers are as of").wait_for()
    phone.page.get_by_role("button", name="Start the camera").click()
    phone.page.wait_for_function("least => Object.keys(window.scans).length >= least", arg=len(seen))
    assert {unsigned(text) for text in phone.scans()} == {"]Q1" + unsigned(pack.code) for pack in seen}
    assert set(phone.scans().values()) == {"verified"}
    assert "It cannot know what happened since" in phone.page.locator("[data-verdict] .age").inner_text()
    times = spread(latencies(phone))
    note(checkout, frame_to_verdict_offline_ms=times)
    assert times["median"] < SOON
    phone.context.set_offline(offline=False)
    device.online()
    phone.enter(seen[0].code)
    phone.page.locator("p.line", has_text="No line").wait_for(state="hidden")
    assert "As of block" in phone.page.locator("[data-verdict] .age").inner_text()


@pytest.mark.parametrize("moment", ["kept", "tapped", "answer lost", "battery empty"])
def test_a_pack_is_dispensed_once_whatever_dies_when(
    pharmacist: tuple[Device, list[Pack]], demo: Demo, packs: Iterator[Pack], moment: str
) -> None:
    device, _ = pharmacist
    pack = next(packs)
    before, _ = logged(demo, PHARMACY)
    earlier = states(device)
    if moment == "answer lost":
        device.line.lose_answers_to("POST /v1/statements")
        lost = device.line.losses
        dispense(device, pack)
        until(lambda: device.line.losses > lost, "an answer was lost")
        assert logged(demo, PHARMACY)[0] == before + 1
    else:
        device.offline()
        dispense(device, pack, wait=moment != "tapped")
    if moment == "battery empty":
        device.kill_all()
    else:
        device.kill_tab()
    kept = states(device)[len(earlier) :]
    assert len(kept) == 1 or (moment == "tapped" and not kept)
    device.online()
    device.phone.page.reload()
    if not kept:  # the tap came too late, and the pharmacist sees that nothing was signed
        dispense(device, pack)
    until(lambda: [state for _, state in states(device)[len(earlier) :]] == ["sent"], "the server answered")
    device.phone.go("today")
    device.phone.page.get_by_role("button", name="Send now").click()
    device.phone.page.locator("button:enabled", has_text="Send now").wait_for()
    assert logged(demo, PHARMACY)[0] == before + 1


def test_closing_the_day_puts_every_event_on_the_chain_once(
    pharmacist: tuple[Device, list[Pack]], demo: Demo, packs: Iterator[Pack]
) -> None:
    device, _ = pharmacist
    phone = device.phone
    size, on_chain = logged(demo, PHARMACY)
    dispense(device, next(packs))
    until(lambda: logged(demo, PHARMACY)[0] == size + 1, "the server has it")
    phone.go("anchor")
    phone.page.locator("button.confirm").click()
    phone.page.locator("[data-stage]").wait_for()
    until(lambda: logged(demo, PHARMACY)[1] == size + 1, "the chain covers it")
    assert on_chain <= size
    assert found_on_chain(demo, states(device)[-1][0]) == 1
    phone.page.reload()
    phone.settled()
    assert logged(demo, PHARMACY) == (size + 1, size + 1)


def test_a_pack_that_is_scanned_without_a_line_is_signed_for_once_if_the_pharmacist_wants_that(
    pharmacist: tuple[Device, list[Pack]], demo: Demo, packs: Iterator[Pack]
) -> None:
    device, _ = pharmacist
    first, second = next(packs), next(packs)
    size, _ = logged(demo, PHARMACY)
    earlier = states(device)
    device.phone.go("scan")
    device.phone.enter(first.code)  # nothing is signed unasked
    device.phone.go("settings")
    device.phone.page.locator("#sightings").check()
    device.offline()
    device.phone.go("scan")
    for _ in range(2):
        device.phone.enter(second.code)
    until(lambda: len(states(device)) == len(earlier) + 1, "the sighting is kept")
    device.kill_tab()
    device.online()
    device.phone.page.reload()
    until(lambda: [state for _, state in states(device)[len(earlier) :]] == ["sent"], "the server answered")
    assert logged(demo, PHARMACY)[0] == size + 1
    device.phone.go("settings")
    device.phone.page.locator("#sightings").uncheck()


@pytest.mark.parametrize(("moment", "lot"), [("kept", "AB26H203"), ("answer lost", "PB24M902")])
def test_goods_are_shipped_once_whatever_dies_when(
    playwright: Playwright, demo: Demo, line: Line, tmp_path: Path, moment: str, lot: str
) -> None:
    device = Device(playwright, line, tmp_path / "memory")
    phone = device.phone
    phone.be("carrier", CARRIER, "SGSIN")
    enrol(phone, demo, "straits")
    phone.ready_offline()
    held = demo.get(f"/v1/organisations/{CARRIER}/consignments")["consignments"]
    goods = next(each["id"] for each in held if each["lot"] == lot and each["counterparty"] is None)
    phone.go("goods")
    phone.page.locator(f"a[href*='{goods}']").first.wait_for()
    if moment == "kept":
        device.offline()
    else:
        line.lose_answers_to("POST /v1/statements")
    lost = line.losses
    phone.go("act", kind="SHIP", id=goods)
    phone.page.locator("form input").first.fill("Tiong")
    phone.page.locator(".found button").first.click()
    phone.page.locator("button.confirm").click()
    phone.page.locator("[data-stage]").wait_for()
    if moment == "answer lost":
        until(lambda: line.losses > lost, "an answer was lost")
    device.kill_tab()
    ((digest, _),) = states(device)
    device.online()
    device.phone.page.reload()
    until(lambda: states(device)[0][1] in {"recorded", "final"}, "the ledger has it")
    device.phone.page.reload()
    device.phone.settled()
    assert found_on_chain(demo, digest) == 1
    shipped = [event for event in demo.get(f"/v1/consignments/{goods}")["custody"] if event["kind"] == "SHIP"]
    assert [event["digest"] for event in shipped].count(digest) == 1
    assert shipped[-1]["counterparty"]["number"] == PHARMACY
    device.phone.context.close()
