"""Every screen in every language: it fits a small screen and a finger, and other scripts are as usable as Latin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.screens import LEAST, TARGETS, TOUCH, WIDER, grave_faults, languages, visit

if TYPE_CHECKING:
    from tests.running_demo import Demo
    from tests.web.phone import Phone

pytestmark = pytest.mark.system
OTHER_SCRIPTS = {"th", "my"}  # axe looks at these too


@pytest.mark.parametrize("language", languages())
def test_every_screen_fits_a_small_phone_and_a_finger(phone: Phone, demo: Demo, language: str) -> None:
    wide: dict[str, Any] = {}
    small: dict[str, Any] = {}
    grave: dict[str, Any] = {}
    for screen in visit(phone, demo, language):
        if wider := phone.page.evaluate(WIDER):
            wide[screen.title] = wider
        for target in phone.page.evaluate(TARGETS):
            least = LEAST if target["inline"] else TOUCH
            if target["height"] < least or target["width"] < least:
                small.setdefault(target["what"], (screen.title, target["width"], target["height"]))
        if language in OTHER_SCRIPTS and (faults := grave_faults(phone)):
            grave[screen.title] = faults
    assert wide == {}
    assert small == {}
    assert grave == {}
