"""What the tests in a browser share: a demonstration, one browser for each module, and phones as many as wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.running_demo import Demo
from tests.web.phone import NARROW, Phone, chromium, launch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Playwright


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Ended with its module: while it runs, no other test of the process can start an event loop of its own."""
    chromium()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Shared by all tests that change nothing on the ledger."""
    chromium()
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    running = launch(playwright)
    yield running
    running.close()


@pytest.fixture
def new_phone(browser: Browser, demo: Demo) -> Iterator[Callable[..., Phone]]:
    """Makes phones on which nothing is kept yet; none may ask a foreign server, offend its policy or fail inside."""
    made: list[Phone] = []

    def make(url: str = demo.url, **options: object) -> Phone:
        context = browser.new_context(**{"viewport": NARROW, "locale": "en-GB"} | options)  # type: ignore[arg-type]  # options as Playwright names them
        made.append(Phone(context, url))
        return made[-1]

    yield make
    for phone in made:
        if not phone.page.is_closed():
            assert phone.violations() == []
        phone.context.close()
        assert phone.foreign() == []
        assert phone.dialogs == []
        assert phone.faults == []


@pytest.fixture
def phone(new_phone: Callable[..., Phone]) -> Phone:
    return new_phone()
