"""Every screen of the app by its address, and a look at what is on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Route

    from tests.running_demo import Demo
    from tests.web.phone import Phone

APP = Path(__file__).resolve().parents[2] / "api/web/app/src"
AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]  # WCAG 2.2, level AA
GRAVE = {"serious", "critical"}
TOUCH = 44  # CSS pixels that a finger in a glove needs (WCAG 2.5.5); 24 are the least (2.5.8)
LEAST = 24

# What a finger aims at, with the size of what answers to it: a hidden field's label stands for it.
TARGETS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .map((each) => each.matches(".visually-hidden, input[type=file], input[type=checkbox], input[type=radio]")
        ? each.closest("label") ?? each.labels?.[0] ?? each : each)
    .filter((each) => each.checkVisibility() && !each.matches(".skip"))
    .map((each) => {
        const box = each.getBoundingClientRect();
        const inline = getComputedStyle(each).display === "inline";
        return {what: each.outerHTML.slice(0, 100), width: box.width, height: box.height, inline};
    })"""
# What is wider than the screen, without what scrolls in a box of its own.
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
        .filter((each) => each.getBoundingClientRect().right > innerWidth + 0.5 && each.checkVisibility())
        .map((each) => each.outerHTML.slice(0, 120)).slice(0, 5)"""


@dataclass(frozen=True)
class Screen:
    """One screen, or one state of it."""

    title: str
    name: str
    role: str = "public"
    values: dict[str, str] = field(default_factory=dict)


def screens(demo: Demo) -> list[Screen]:
    """Every screen at least once, those of a role as that role sees them, and a verdict of each word."""
    pack = demo.case("genuine pack at the pharmacy")["code"]
    goods = demo.case("verified at the border")["code"]
    found = [
        *(Screen(word.replace("_", "-"), "check", values={"code": code}) for word, code in words(demo).items()),
        Screen("scan", "scan"),
        Screen("work-public", "work"),
        Screen("report", "report", values={"code": goods}),
        Screen("receipts", "receipts"),
        Screen("bundle", "bundle"),
        Screen("work-pharmacy", "work", "pharmacy"),
        Screen("dispense", "unit", "pharmacy", {"kind": "DISPENSE", "code": pack}),
        Screen("undo", "unit", "pharmacy", {"kind": "UNDO", "code": pack}),
        Screen("delivery", "delivery", "pharmacy"),
        Screen("close-the-day", "anchor", "pharmacy"),
        Screen("settings", "settings", "pharmacy"),
        Screen("enrol", "enrol", "pharmacy"),
        Screen("accept", "accept", "pharmacy"),
        Screen("work-carrier", "work", "carrier"),
        Screen("goods", "goods", "carrier"),
        Screen("ship", "act", "carrier", {"kind": "SHIP", "code": "(00)095213010000000021"}),
        Screen("work-customs", "work", "customs"),
        Screen("inspect", "act", "customs", {"kind": "INSPECT", "code": goods}),
        Screen("seize", "act", "customs", {"kind": "SEIZE", "code": goods}),
        Screen("today", "today", "customs"),
        Screen("work-manufacturer", "work", "manufacturer"),
        Screen("register", "register", "manufacturer"),
        Screen("labels", "labels", "manufacturer"),
        Screen("alerts", "alerts", "manufacturer"),
    ]
    assert {each.name for each in found} == built(), "a screen that no test looks at, or none of the app's"
    return found


def built() -> set[str]:
    """The names of the screens that the app has."""
    return {path.stem.lower() for path in (APP / "screens").glob("*.svelte")}


def languages() -> list[str]:
    """The languages that the app has texts in."""
    return sorted(path.name for path in (APP / "messages").iterdir() if path.is_dir())


def words(demo: Demo) -> dict[str, str]:
    """A code for each verdict word, as the public gets it."""
    cases = ("recalled", "copied pack", "wrong check digit", "a bare GTIN", "verified by the SSCC of a pallet")
    return {
        demo.get("/v1/verify", code=code)["verdict"]: code for code in (demo.case(label)["code"] for label in cases)
    }


# Organisations of the demonstration: a pharmacy and a distributor of Singapore, Indonesia's customs, a maker.
ORGANISATIONS = {"public": None, "pharmacy": 22, "carrier": 14, "customs": 19, "manufacturer": 9}


def visit(phone: Phone, demo: Demo, language: str = "en") -> Iterator[Screen]:
    """Open one screen after the other, as the role that it is for, on a phone that may sign."""
    let_sign(phone)
    role = None
    for screen in screens(demo):
        if screen.role != role:
            role = screen.role
            phone.be(role, ORGANISATIONS[role], "SGSIN", language=language)
        phone.go(screen.name, **screen.values)
        yield screen
    yield cut_off(phone, demo, language)


def cut_off(phone: Phone, demo: Demo, language: str) -> Screen:
    """The verdict on a recalled batch, as the phone gives it without a line."""
    phone.be(language=language)
    phone.ready_offline()
    phone.context.set_offline(offline=True)
    phone.page.reload()
    code = demo.case("recalled")["code"]
    phone.go("check", code=code)
    assert phone.word() == "do_not_use"
    return Screen("offline", "check", values={"code": code})


def let_sign(phone: Phone) -> None:
    """Give the phone a key, and let the server's answers name it among the keys of every organisation.

    So one phone sees the screens of all roles as an enrolled one; nothing that it signs here would be taken.
    """
    phone.be("pharmacy", 1, "SGSIN")
    phone.go("enrol")
    phone.page.locator("#name").fill("a phone")
    phone.page.locator("form button.wide").click()
    phone.page.locator(".code code").wait_for(state="attached")
    signer = phone.page.evaluate(SIGNER)

    def known(route: Route) -> None:
        answer = route.fetch()
        organisation = answer.json()
        key = {"signer": signer, "purposes": ["EVENTS", "ADMIN"], "ended_at": None}
        route.fulfill(response=answer, json=organisation | {"keys": [*organisation.get("keys", []), key]})

    phone.context.route(re.compile(r"/v1/organisations/\d+$"), known)


SIGNER = """() => new Promise((resolve) => {
    indexedDB.open("lotproof").onsuccess = ({target: {result: opened}}) => {
        opened.transaction("key").objectStore("key").get("device").onsuccess = ({target: {result: key}}) => {
            opened.close();
            resolve(key.signer);
        };
    };
})"""


def grave_faults(phone: Phone) -> list[dict[str, Any]]:
    """What axe calls serious or critical on what is shown."""
    if not phone.page.evaluate("'axe' in window"):
        phone.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = phone.page.evaluate(
        """async (tags) => {
            const found = await axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]});
            return found.violations.map(({id, impact, nodes}) =>
                ({id, impact, where: nodes.map((node) => node.html.slice(0, 160))}));
        }""",
        TAGS,
    )
    return [each for each in found if each["impact"] in GRAVE]
