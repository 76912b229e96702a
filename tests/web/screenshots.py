"""Pictures of every screen for the documents: `python -m tests.web.screenshots` writes docs/images/scanner/.

`python -m tests.web.screenshots desk` writes docs/images/desk/ instead.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.running_demo import Demo
from tests.web import desk, reporting
from tests.web.phone import NARROW, WIDE, Phone, launch
from tests.web.screens import languages, visit

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

FOLDER = Path(__file__).resolve().parents[2] / "docs/images/scanner"
DESK = FOLDER.with_name("desk")
DULL = {"queue-filtered", "shipment-not-found"}  # pages of the desk that look as others do
COLOURS = 96  # enough for flat colours and smooth letters
COLUMNS, GAP = 4, 10  # of the sheet of languages; pixels between two pictures
TALLEST = 2000  # pixels; what is longer is cut off


def take(demo: Demo, folder: Path, language: str = "en", scheme: str = "light") -> None:
    """Write `<screen>-<width>.png` of every screen, at both widths."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for viewport in (NARROW, WIDE):
            phone = Phone(browser.new_context(viewport=viewport, locale="en-GB", color_scheme=scheme), demo.url)  # type: ignore[arg-type]  # a word typed on the command line
            for screen in visit(phone, demo, language):
                _picture(phone, viewport, folder / f"{screen.title}-{viewport['width']}.png")
        browser.close()


def all_languages(demo: Demo, folder: Path) -> None:
    """Write one sheet, `languages-360.png`: the same verdict in every language on a small phone."""
    code = demo.case("recalled")["code"]
    pictures = []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for language in languages():
            phone = Phone(browser.new_context(viewport=NARROW, locale="en-GB"), demo.url)
            phone.be("public", None, "", language)
            phone.go("check", code=code)
            phone.page.wait_for_selector("[data-verdict]")
            phone.settled()
            pictures.append(Image.open(io.BytesIO(phone.page.screenshot(animations="disabled"))).convert("RGB"))
        browser.close()
    width, height = NARROW["width"] + GAP, NARROW["height"] + GAP
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * width, rows * height), "grey")
    for index, picture in enumerate(pictures):
        sheet.paste(picture, (index % COLUMNS * width, index // COLUMNS * height))
    packed = io.BytesIO()
    sheet.save(packed, "PNG")
    (folder / "languages-360.png").write_bytes(small(packed.getvalue()))


def desk_pages(demo: Demo, folder: Path) -> None:
    """Write `<page>-<width>.png` of every page of the desk, at both widths."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as kept:
        browser = launch(playwright)
        phone = Phone(browser.new_context(viewport=WIDE, locale="en-GB"), demo.url)
        desk.sign_in(phone, demo)
        desk.hand_in(phone, demo)
        desk.tell(demo, Path(kept))
        desk.tell(demo, Path(kept), desk.CUSTOMS)
        desk.command(demo, "intelligence", "list", "--as", "idcustoms", "--server", demo.url)
        reporting.some_months(demo)
        reporting.report(demo)
        made = desk.work(phone, demo)
        for viewport in (NARROW, WIDE):
            phone.page.set_viewport_size(viewport)
            for page in desk.pages(phone, made):
                if page.title in DULL:
                    continue
                _picture(phone, viewport, folder / f"{page.title}-{viewport['width']}.png")
        phone.page.get_by_role("button", name="Sign out").click()
        for viewport in (NARROW, WIDE):
            phone.page.set_viewport_size(viewport)
            _picture(phone, viewport, folder / f"sign-in-{viewport['width']}.png")
        browser.close()


def _picture(phone: Phone, viewport: ViewportSize, path: Path) -> None:
    """What is shown, down to its end."""
    phone.page.evaluate("document.activeElement?.blur()")
    tall = phone.page.evaluate("document.documentElement.scrollHeight")
    phone.page.set_viewport_size({"width": viewport["width"], "height": min(max(tall, 1), TALLEST)})
    picture = phone.page.screenshot(animations="disabled")
    phone.page.set_viewport_size(viewport)
    path.write_bytes(small(picture))


def small(picture: bytes) -> bytes:
    """The picture with few colours: also those of which there is little, as the red bars among grey letters."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    packed = io.BytesIO()
    image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def main() -> None:
    """Start a demonstration, take the pictures and say how large they are. Words: folder, language, scheme; or desk."""
    of_desk = sys.argv[1:] == ["desk"]
    folder = DESK if of_desk else Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with tempfile.TemporaryDirectory() as kept:
        demo = Demo(Path(kept))
        try:
            if of_desk:
                desk_pages(demo, folder)
            else:
                take(demo, folder, *sys.argv[2:])
                all_languages(demo, folder)
        finally:
            demo.stop()
    sizes = [path.stat().st_size for path in folder.glob("*.png")]
    print(f"{len(sizes)} pictures in {folder}, {sum(sizes) // 1024} KiB")  # noqa: T201 - a program's output


if __name__ == "__main__":
    main()
