"""Codes that are typed, scanned by hand or meant to do harm, and a person who uses the keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from ledger.core.gs1.layouts import LAYOUTS, US
from tests.web.hands import scan_by_hand, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.running_demo import Demo
    from tests.web.phone import Phone

pytestmark = pytest.mark.system

MARKUP = "<img src=x onerror=alert(1)>"
PAYLOADS = {
    "image": MARKUP,
    "script": '"><script>alert(1)</script>',
    "link": "javascript:alert(1)",
    "right to left": "\u202e1(trela=daolno gvs<\u2066",
    "template": "{{7*7}}${alert(1)}{who}{@html 1}",
}
FIELDS = ("00", "01", "10", "17", "21", "91", "92", "240", "400", "422", "8200")
GOOD = {"01": "00359267102522", "10": "PB26K017", "17": "280519", "21": "S7K2M9"}
LOOK_ALIKES = (
    "https://lotproof.example.evil.test/01/00359267102522/10/PB26K017",
    "https://xn--ltproof-v5a.example/01/00359267102522/10/PB26K017",
    "https://lotproof.example@evil.test/01/00359267102522/10/PB26K017",
    "https://lotproof.example:443@evil.test:8443/01/00359267102522/10/PB26K017",
    "http://127.0.0.1.evil.test/01/00359267102522/10/PB26K017",
    "https://evil.test/#/check?code=https://lotproof.example/01/00359267102522/10/PB26K017",
    "javascript:alert(1)//01/00359267102522/10/PB26K017",
    "data:text/html,<script>alert(1)</script>",
    "//evil.test/01/00359267102522/10/PB26K017",
)
# Whatever would act if a payload became markup, or lead away if a label's link became one.
ALIVE = """() => [...document.querySelectorAll("script, iframe, object, embed, img, base, form[action], a[href], *")]
    .filter((each) =>
        [...each.attributes].some(({name}) => name.startsWith("on"))
        || each.matches("iframe, object, embed, base, form[action], svg script, [srcdoc]")
        || (each.matches("script, img, link") && new URL(each.src || each.href, location).origin !== location.origin)
        || (each.matches("img") && !each.src.endsWith("/app/icon.svg"))
        || (each.matches("script") && !each.src.startsWith(location.origin + "/app/"))
        || (each.matches("a[href], area[href]") && each.protocol !== "blob:" && each.origin !== location.origin))
    .map((each) => each.outerHTML.slice(0, 200))"""


def shown(phone: Phone) -> str:
    return phone.page.locator("main").inner_text()


def check_inert(phone: Phone) -> None:
    assert phone.page.evaluate(ALIVE) == []
    assert phone.page.url.startswith(f"{phone.url}/app/")
    assert phone.context.pages == [phone.page]
    assert phone.dialogs == []
    assert phone.violations() == []


def asked(demo: Demo, code: str) -> str:
    word: str = demo.get("/v1/verify", code=code)["verdict"]
    return word


def test_a_hand_scanner_is_heard_without_a_field_and_its_fnc1_is_kept(phone: Phone, demo: Demo) -> None:
    code = demo.case("verified from a GS1 element string")["code"]
    assert "\x1d" in code
    scan_by_hand(phone.page, code)
    phone.page.locator("[data-verdict]").wait_for()
    assert phone.scans() == {code: asked(demo, code)}


def test_a_hand_scanner_in_the_field_keeps_its_fnc1_too(phone: Phone, demo: Demo) -> None:
    code = demo.case("verified from a GS1 element string")["code"]
    phone.page.locator("#code").focus()
    scan_by_hand(phone.page, code)
    phone.page.locator("[data-verdict]").wait_for()
    assert phone.scans() == {code: asked(demo, code)}


def test_what_a_person_types_beside_the_field_is_no_scan(phone: Phone, demo: Demo) -> None:
    scan_by_hand(phone.page, demo.case("recalled")["code"], pause=0.3)
    assert phone.enter("00359267102522") == "undetermined"
    assert set(phone.scans()) == {"00359267102522"}


@pytest.mark.parametrize("layout", ["German (QWERTZ)", "French (AZERTY)"])
def test_what_a_keyboard_layout_did_to_a_code_is_named(phone: Phone, demo: Demo, layout: str) -> None:
    through = str.maketrans(US, LAYOUTS[layout])
    scan_by_hand(phone.page, demo.case("recalled")["code"].translate(through))
    phone.page.locator("[data-verdict=unreadable]").wait_for()
    phone.page.get_by_role("link", name="Details").click()
    phone.page.locator("h1.word").wait_for()
    assert f"{layout}" in shown(phone)


def test_everything_is_reached_by_the_keyboard_and_the_focus_is_always_seen(phone: Phone, demo: Demo) -> None:
    page, code = phone.page, demo.case("recalled")["code"]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.skip')")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    tab_to(page, "#code")
    page.keyboard.insert_text(code)
    page.keyboard.press("Enter")
    page.locator("[data-verdict=do_not_use]").wait_for()
    page.evaluate("document.activeElement.blur()")
    tab_to(page, ".answer a.button")
    page.keyboard.press("Enter")
    page.locator("h1.word").wait_for()
    assert page.evaluate("document.activeElement.id") == "main"
    for summary in range(page.locator("details > summary").count()):
        page.locator("details > summary").nth(summary).evaluate("each => each.dataset.number = 'open'")
        opened = page.locator("details").nth(summary).evaluate("each => each.open")
        tab_to(page, "summary[data-number]")
        page.keyboard.press("Enter")
        assert page.locator("details").nth(summary).evaluate("each => each.open") is not opened
        page.locator("details > summary").nth(summary).evaluate("each => delete each.dataset.number")
    for tab in ("Work", "Today", "Settings", "Scan"):
        tab_to(page, f"nav.tabs a[href='#/{'' if tab == 'Scan' else tab.lower()}']")
        page.keyboard.press("Enter")
        phone.settled()
        assert page.evaluate("document.activeElement.id") == "main"
        page.locator("nav.tabs [aria-current=page]", has_text=tab).wait_for()


def test_markup_in_any_field_of_a_code_stays_text(phone: Phone) -> None:
    for payload in PAYLOADS.values():
        for field in FIELDS:
            parts = GOOD | {field: payload}
            typed = "".join(f"({name}){value}" for name, value in parts.items())
            phone.go("check", code=typed)
            assert payload in shown(phone)
            check_inert(phone)
        phone.go("scan")
        phone.enter(f"(01){GOOD['01']}(10){payload}(21){payload}")
        check_inert(phone)


def test_markup_in_a_link_stays_text(phone: Phone) -> None:
    for payload in PAYLOADS.values():
        link = f"https://lotproof.example/01/00359267102522/10/{quote(payload, safe='')}/21/{payload}?17={payload}"
        phone.go("check", code=link)
        assert link in shown(phone)
        check_inert(phone)
    phone.go("today")
    check_inert(phone)


def test_markup_in_names_from_the_server_stays_text(phone: Phone, demo: Demo) -> None:
    def poison(route: Route) -> None:
        answer = route.fetch()
        verdict = answer.json()
        for text in ("headline", "advice", "reason"):
            verdict[text] = MARKUP
        verdict["batch"]["product"] = MARKUP
        verdict["batch"]["manufacturer"]["name"] = MARKUP
        for event in verdict["custody"]:
            event["actor"]["name"] = event["place"] = MARKUP
        for check in verdict["checks"]:
            check["detail"] = check["name"] = MARKUP
        verdict["proof"] = "javascript:alert(1)"
        route.fulfill(response=answer, json=verdict)

    phone.context.route("**/v1/verify?*", poison)
    code = demo.case("verified by the SSCC of a pallet")["code"]
    assert phone.enter(code)
    check_inert(phone)
    phone.go("check", code=code)
    assert shown(phone).count(MARKUP) > 10
    check_inert(phone)


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_a_foreign_link_is_judged_but_never_opened(phone: Phone, text: str) -> None:
    phone.enter(text)
    check_inert(phone)
    phone.go("check", code=text)
    check_inert(phone)


def test_the_policy_lets_no_text_become_markup(phone: Phone) -> None:
    refused = phone.page.evaluate(
        """() => { try { document.createElement("div").innerHTML = "<b>x</b>"; return false; }
                   catch (error) { return error instanceof TypeError; } }"""
    )
    assert refused
    assert [each for each in phone.violations() if each.startswith("require-trusted-types-for")]
    phone.page.evaluate("window.violations = []")  # the test's own


@pytest.mark.parametrize(
    "host", ["https://evil.test/app/", "https://lotproof.example@evil.test/", "javascript:alert(1)//"]
)
def test_of_an_enrolment_link_only_what_it_carries_counts(phone: Phone, host: str) -> None:
    phone.be("pharmacy", 22, "SGSIN")
    phone.go("enrol")
    phone.page.locator("#name").fill(MARKUP)
    phone.page.locator("form button.wide").click()
    code = phone.page.locator(".code code")
    code.wait_for(state="attached")
    carried = (code.text_content() or "").split("#/accept?e=")[1]
    phone.go("accept")
    phone.page.locator("main input").first.fill(f"{host}#/accept?e={carried}")
    phone.page.locator("main input").first.press("Enter")
    phone.page.get_by_text(MARKUP).wait_for()
    assert phone.page.url == f"{phone.url}/app/#/accept?e={carried}"
    check_inert(phone)
