"""The desk is usable by everybody at both widths, keeps to who is signed in, and tells what others did meanwhile."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from api.web import built
from tests.web import desk as play
from tests.web import reporting
from tests.web.hands import tab_to
from tests.web.phone import NARROW, WIDE, Phone
from tests.web.screens import LEAST, TARGETS, WIDER, grave_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.running_demo import Demo

pytestmark = pytest.mark.system

MARKUP = "<img src=x onerror=alert(1)>"
# What stands on a page where a value or a text is missing.
UNSAID = re.compile(
    r"undefined|NaN|Invalid Date|\[object|\bnull\b"
    r"|\b(?:alert|case|counted|desk|field|lane|operation|queue|shipment|signal)\.\w+"
)
TOLD = 5_000  # milliseconds until an open page shows what others tell; the server itself takes half a second


@pytest.fixture(scope="module")
def desk(browser: Browser, demo: Demo) -> Iterator[Phone]:
    """One officer's browser, signed in, with declarations on file. It adds a key to the ledger, and nothing else."""
    context = browser.new_context(viewport=WIDE, locale="en-GB")
    phone = Phone(context, demo.url)
    play.sign_in(phone, demo)
    play.hand_in(phone, demo)
    yield phone
    assert phone.violations() == []
    context.close()
    assert phone.foreign() == []
    assert phone.dialogs == []
    assert phone.faults == []


@pytest.fixture(scope="module")
def made(desk: Phone, demo: Demo) -> play.Work:
    """A case and an operation that are under way; and people report something."""
    reporting.some_months(demo)
    reporting.report(demo)
    return play.work(desk, demo)


@pytest.fixture(autouse=True)
def wide(desk: Phone) -> None:
    """Each test begins on a wide screen by day."""
    desk.page.set_viewport_size(WIDE)
    desk.page.emulate_media(color_scheme="light")


def test_bad_rows_are_named_and_the_rest_is_kept(desk: Phone, demo: Demo) -> None:
    play.hand_in(desk, demo)
    figures = [each.split("\n")[0] for each in desk.page.locator(".figures li").all_inner_texts()]
    assert figures == ["0", str(len(play.DECLARED) + play.PLAIN), "7", "2"]
    bad = desk.page.locator("main .list li").all_inner_texts()
    assert len(bad) == 2
    assert "currency_id" in bad[0]
    assert "SGSIN is no office of TH" in bad[1]


def test_what_is_declared_is_text_and_never_markup(desk: Phone, demo: Demo) -> None:
    line = play.declarations(demo, bad=False).decode().splitlines()[:2]
    changed = line[1].replace("TH26-7001", "TH26-MARKUP").replace("Antibody", MARKUP)
    assert MARKUP in changed
    desk.go("import")
    file = {"name": "one.csv", "mimeType": "text/csv", "buffer": "\n".join([line[0], changed]).encode()}
    desk.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]  # as Playwright documents it
    desk.page.locator(".figures").wait_for()
    desk.go("queue", risk="0", find="TH26-MARKUP")
    row = desk.page.locator(".queue li")
    assert MARKUP in row.inner_text()
    row.locator("a").click()
    desk.page.get_by_role("heading", name="Declaration line TH26-MARKUP/1").wait_for()
    assert MARKUP in desk.page.locator("main").inner_text()
    assert desk.page.locator("main img").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark"), (WIDE, "light")], ids=["360", "1280"])
def test_everybody_can_use_every_page(desk: Phone, made: play.Work, width: dict[str, int], scheme: str) -> None:
    desk.page.set_viewport_size(width)  # type: ignore[arg-type]  # one of Playwright's own
    desk.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its two words
    faults = {}
    for page in play.pages(desk, made):
        small = [
            each
            for each in desk.page.evaluate(TARGETS)
            if not each["inline"] and min(each["width"], each["height"]) < LEAST
        ]
        unsaid = UNSAID.findall(desk.page.locator("body").inner_text())
        if found := [*grave_faults(desk), *small, *desk.page.evaluate(WIDER), *unsaid]:
            faults[page.title] = found
    assert faults == {}


def test_the_keyboard_alone_leads_from_the_queue_to_a_line_and_back(desk: Phone) -> None:
    desk.page.set_viewport_size(NARROW)
    desk.go("queue", signal="held_or_seized")
    tab_to(desk.page, ".queue a")
    desk.page.keyboard.press("Enter")
    desk.page.get_by_role("heading", name="Declaration line TH26-7002/1").wait_for()
    assert desk.page.evaluate("document.activeElement.id") == "main"  # whoever does not see the new page is told of it
    tab_to(desk.page, "a[href*='open']")
    desk.page.keyboard.press("Shift+Tab")
    desk.page.go_back()
    desk.page.locator("#signal").wait_for()
    assert desk.page.locator("#signal").input_value() == "held_or_seized"


def test_a_line_shows_where_it_was_declared_and_where_it_was(desk: Phone) -> None:
    desk.go("shipment", number=play.number_of(desk, play.ELSEWHERE))
    label = desk.page.locator("main svg[role=img]").get_attribute("aria-label") or ""
    assert "Declared: SGSIN → THBKK." in label
    assert "Recorded: FRPAR → SGSIN" in label
    differs = desk.page.locator("li.differs").inner_text()
    assert "Destination" in differs
    assert "THBKK" in differs


def test_an_alert_is_told_while_the_page_is_open(desk: Phone, demo: Demo, tmp_path: object) -> None:
    desk.go("alerts")
    play.tell(demo, tmp_path)  # type: ignore[arg-type]  # pytest's folder
    title = desk.page.get_by_role("heading", name=play.TITLE)
    title.wait_for(timeout=TOLD)
    article = desk.page.locator("article", has=title)
    article.get_by_text("Matches:").wait_for(timeout=TOLD)
    article.locator("summary").click()
    article.locator("textarea").fill("One carton in container 7.")
    article.get_by_role("button", name="A hit").click()
    article.get_by_text("The issuer is told: a hit.").wait_for()


def test_an_officer_tells_others_of_a_lot_and_sees_what_it_matches(desk: Phone) -> None:
    desk.go("shipment", number=play.number_of(desk, play.SEIZED))
    desk.page.get_by_role("link", name="Tell others of this lot").click()
    desk.page.locator("#tell-title").fill("Broken cold chain")
    assert desk.page.locator("#tell-lot").input_value() == "PB26L555"
    desk.page.get_by_role("button", name="Sign and tell").click()
    desk.page.get_by_role("link", name="To the alerts").click()
    article = desk.page.locator("article", has=desk.page.get_by_role("heading", name="Broken cold chain"))
    article.get_by_text("Looks for a lot: lot PB26L555").wait_for()
    found = play.asked(desk, "/v1/intelligence/matches")["matches"]
    assert "PB26L555" in {each["lot"] for each in found}


def test_who_comes_second_is_told_what_the_first_did(desk: Phone, made: play.Work) -> None:
    desk.go("case", number=made.case)
    desk.page.locator("#act").select_option("note")
    play.act(desk, f"/v1/cases/{made.case}", "note", words="Seen by another officer.")
    desk.page.locator("#note-words").fill("Mine.")
    desk.page.get_by_role("button", name="Write a note").click()
    desk.page.get_by_role("button", name="See the newest").click()
    desk.page.get_by_text("Seen by another officer.").wait_for()
    desk.page.locator("#act").select_option("note")
    desk.page.locator("#note-words").fill("Mine, after all.")
    desk.page.get_by_role("button", name="Write a note").click()
    desk.page.get_by_text("Mine, after all.").wait_for()


def test_evidence_comes_back_as_it_was_handed_in(desk: Phone, made: play.Work) -> None:
    content = b"\x00photograph of a seal\xff"
    desk.go("case", number=made.case)
    desk.page.locator("#act").select_option("evidence")
    file = {"name": "seal.bin", "mimeType": "application/octet-stream", "buffer": content}
    desk.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]  # as Playwright documents it
    desk.page.locator("#evidence-holder").fill("Store 4")
    desk.page.get_by_role("button", name="Hand in evidence").click()
    desk.page.get_by_text(hashlib.sha256(content).hexdigest()).wait_for()
    assert "Held by Store 4" in desk.page.locator("main").inner_text()
    with desk.page.expect_download() as download:
        desk.page.get_by_role("button", name="Save the file").click()
    assert download.value.path().read_bytes() == content
    assert download.value.suggested_filename == "seal.bin"


def test_an_operator_is_trusted_and_no_more(desk: Phone) -> None:
    desk.go("attestations", kind="trusted_status")
    desk.page.locator("summary").click()
    desk.page.locator("#trust-operator").select_option(label="Sukhumvit Pharmacy (demo)")
    desk.page.locator("#trust-valid_until").fill(f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M}")
    desk.page.get_by_role("button", name="Trust an operator").click()
    row = desk.page.locator("main .list li", has_text="Sukhumvit Pharmacy (demo)")
    row.get_by_text("stands").wait_for()
    row.get_by_role("button", name="Take it back").click()
    row.get_by_role("alertdialog").get_by_role("button", name="Take it back").click()
    row.get_by_text("does not count").wait_for()


def test_the_results_of_an_operation_are_saved_as_a_file(desk: Phone, made: play.Work) -> None:
    desk.go("operation", reference=made.operation)
    assert desk.page.locator(".figures strong").all_inner_texts()[:3] == ["2", "1", "2,400"]
    for form, start in (("PDF", b"%PDF-"), ("CSV", b"")):
        with desk.page.expect_download() as download:
            desk.page.get_by_role("button", name=form).click()
        content = download.value.path().read_bytes()
        assert content.startswith(start)
        assert download.value.suggested_filename == f"operation-{made.operation}.{form.lower()}"


def test_a_session_that_ended_shows_nothing_and_is_taken_up_where_it_was(desk: Phone) -> None:
    desk.go("shipment", number=play.number_of(desk, play.SEIZED))
    headers = play.signed_in(desk)
    httpx.delete(f"{desk.url}/v1/session", headers=headers, trust_env=False).raise_for_status()
    desk.page.get_by_role("button", name="Compare again with the ledger").click()
    desk.page.get_by_text("Your session has ended.").wait_for()
    assert "TH26-7002" not in desk.page.locator("body").inner_text()
    assert desk.page.evaluate("sessionStorage.length") == 0
    desk.page.get_by_role("button", name="Sign in with this device's key").click()
    desk.page.get_by_role("heading", name="Declaration line TH26-7002/1").wait_for()
    desk.page.reload()  # the same tab goes on with the same session
    desk.page.get_by_role("heading", name="Declaration line TH26-7002/1").wait_for()


def test_a_desk_that_is_left_alone_is_cleared(desk: Phone) -> None:
    desk.go("queue")
    desk.page.clock.install()
    desk.page.reload()
    desk.page.locator(".queue li").first.wait_for()
    desk.page.clock.fast_forward(14 * 60_000)
    desk.page.get_by_role("button", name="Stay signed in").wait_for()
    desk.page.clock.fast_forward(2 * 60_000)
    desk.page.get_by_text("Your session has ended.").wait_for()
    assert desk.page.locator(".queue").count() == 0
    desk.page.get_by_role("button", name="Sign in with this device's key").click()
    desk.page.locator(".queue li").first.wait_for()


def test_signing_out_ends_the_session_at_the_server_too(desk: Phone) -> None:
    headers = play.signed_in(desk)
    desk.page.get_by_role("button", name="Sign out").click()
    desk.page.get_by_text("You are signed out.").wait_for()
    asked = httpx.get(f"{desk.url}/v1/session", headers=headers, trust_env=False)
    assert asked.status_code == 401


def test_a_device_without_a_key_is_led_to_get_one(browser: Browser, demo: Demo) -> None:
    context = browser.new_context(viewport=NARROW, locale="en-GB")
    page = context.new_page()
    page.goto(f"{demo.url}/desk#/queue")
    page.get_by_role("link", name="Enrol this device").wait_for()
    assert page.get_by_role("button", name="Sign in").count() == 0
    context.close()


def test_a_visitor_of_the_demonstration_enters_a_desk_of_its_story(browser: Browser, demo: Demo) -> None:
    context = browser.new_context(viewport=WIDE, locale="en-GB")
    page = context.new_page()
    page.goto(f"{demo.url}/desk#/operations")
    page.get_by_role("button", name="Singapore Customs (demo)").click()
    page.get_by_role("link", name="Clear Crossing (demo)").click()
    page.get_by_role("heading", name="Clear Crossing (demo)").wait_for()
    assert "2,100\nunits seized" in page.locator("main").inner_text()
    context.close()


def test_phones_keep_nothing_of_the_desk() -> None:
    worker = (built.FOLDER / "sw.js").read_text(encoding="utf-8")
    assert "index.html" in worker
    assert "desk" not in worker
