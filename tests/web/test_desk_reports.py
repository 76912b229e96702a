"""The desk's reports in a browser: read, looked at and answered, by keyboard; and counts that everybody may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.web import desk, reporting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running_demo import Demo
    from tests.web.phone import Phone

pytestmark = [pytest.mark.system, pytest.mark.slow]
ANSWER = "Thank you. The lot is recalled: bring it back."


def test_officers_read_and_answer_what_people_reported(new_phone: Callable[..., Phone], demo: Demo) -> None:
    reporting.some_months(demo)
    receipts = reporting.report(demo)
    phone = new_phone()
    page = phone.page
    page.goto(f"{demo.url}/desk#/counts")  # nobody is signed in
    page.locator("svg[role=img]").wait_for()
    assert page.locator("h1").text_content() == "How much people reported"
    assert page.locator("main section section li .name").all_text_contents() != []
    numbers = [int(each) for each in page.locator("main section section li .number").all_text_contents()]
    assert min(numbers) >= 5

    page.goto(f"{demo.url}/app/")
    desk.sign_in(phone, demo)
    phone.go("reports")
    recalled = page.locator(".incidents a", has_text="Incident 1")
    assert "Recalled by its manufacturer." in (recalled.text_content() or "")
    assert page.locator(".incidents li").count() == 4
    recalled.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Incident 1").wait_for()
    page.get_by_role("button", name="Show the photo").press("Enter")
    page.locator("article img").wait_for()
    page.locator("#answer").focus()
    page.keyboard.type(ANSWER)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("It is answered").wait_for()
    states = [httpx.get(f"{demo.url}/v1/reports/{each}", trust_env=False).json() for each in receipts]
    assert [each["answer"] for each in states] == [ANSWER, ANSWER, None, None, None]  # both of the incident
    assert states[0]["answered_by"] == "Customs of Thailand (demo)"
    page.get_by_role("button", name="It tells of something else").first.press("Enter")
    page.get_by_text("is an incident of its own now.").wait_for()
