"""What comes over a keyboard: a hand scanner that acts as one, and a person who uses nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

FNC1 = "\x1d"  # as hand scanners send it, by Ctrl and ]
CONTROL = 2  # Chromium's bit for that modifier
MOST = 80  # times that a person presses Tab before giving up

# What has the focus: is it seen, is it marked as having it, and what lies on it?
FOCUS = """() => {
    let shown = document.activeElement;
    if (shown.matches(".visually-hidden, input[type=file]")) shown = shown.closest("label") ?? shown;
    const box = shown.getBoundingClientRect(), style = getComputedStyle(shown);
    const at = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, innerHeight / 2));
    return {
        what: shown.outerHTML.slice(0, 120),
        marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        inside: box.top >= 0 && box.left >= 0 && box.top < innerHeight && box.right <= innerWidth + 1,
        free: at !== null && (shown.contains(at) || at.contains(shown)),
    };
}"""


def scan_by_hand(page: Page, text: str, pause: float = 0.004) -> None:
    """Send a code as key presses that follow each other by so many seconds, and Enter.

    The presses carry their own times, so that a slow test machine does not turn a scanner into a person.
    """
    keys = page.context.new_cdp_session(page)
    at: float = page.evaluate("Date.now() / 1000")
    for character in [*text, "\r"]:
        at += pause
        press: dict[str, Any] = {"timestamp": at}
        if character == FNC1:
            press |= {"key": "]", "code": "BracketRight", "modifiers": CONTROL, "windowsVirtualKeyCode": 221}
        elif character == "\r":
            press |= {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
        else:
            press |= {"key": character, "text": character}
        keys.send("Input.dispatchKeyEvent", {"type": "keyDown", **press})
        keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **press})
    keys.detach()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until that has the focus; on the way the focus must always be seen.

    Raises:
        AssertionError: If it is hidden, unmarked or outside the screen somewhere, or never comes there.
    """
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue  # past the last one the browser's own controls come, then the first one again
        focus = page.evaluate(FOCUS)
        assert focus["marked"], f"it does not show that it has the focus: {focus['what']}"
        assert focus["inside"], f"it has the focus outside the screen: {focus['what']}"
        assert focus["free"], f"it has the focus under something else: {focus['what']}"
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{MOST} times Tab do not lead to {selector}")
