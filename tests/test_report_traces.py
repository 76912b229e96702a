"""Nothing leads from a report to whoever sent it: no table, file, log, photo, backup, export or answer has a trace.

Every report here comes with marks in all that a client sends unasked: its address, its headers, the name of its file,
the fields of a form that nobody asked for, and all that a picture can say beside its pixels.
"""

from __future__ import annotations

import io
import logging
import random
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import httpx
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from ledger import backup
from ledger.cli.logs import JsonLines, TextLines
from ledger.config import Settings
from ledger.core.exported import TABLES
from ledger.export.folder import export
from ledger.store import tables
from ledger.store.schema import metadata
from tests.exchange import BELGIUM, SINGAPORE, Exchanging
from tests.indexed_world import link

RUN_ON = ("sqlite", "postgresql")
ADDRESS, PROXIED, MARK = "203.0.113.77", "198.51.100.23", "Trace7K"
LATITUDE = ((1.0, 17.0, 24.75), b"\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x11\x00\x00\x00\x01")
HEADERS = {
    "user-agent": f"{MARK}Phone/7 (Android 15; {MARK} Model)",
    "x-forwarded-for": f"{PROXIED}, 192.0.2.1",
    "forwarded": f"for={PROXIED}",
    "referer": f"https://{MARK}.example/",
    "cookie": f"session={MARK}",
    "accept-language": f"xx-{MARK}",
    "sec-ch-ua-model": f'"{MARK}"',
    "from": f"{MARK}@example.com",
    "authorization": f"Basic {MARK}",
}
UNASKED = {"name": MARK, "phone": MARK, "device": MARK, "email": f"{MARK}@example.com"}


def pixels() -> Image.Image:
    image = Image.linear_gradient("L").resize((400, 300)).convert("RGB")
    drawn = random.Random(7)
    for _ in range(9):
        x, y = drawn.randrange(350), drawn.randrange(250)
        image.paste(tuple(drawn.randrange(256) for _ in range(3)), (x, y, x + 70, y + 50))
    return image


def exif() -> Image.Exif:
    notes = Image.Exif()
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):  # description, maker, model, software, artist, rights
        notes[tag] = MARK
    notes[0x0132] = "2026:05:28 11:12:13"
    notes.get_ifd(0x8825).update({1: "N", 2: LATITUDE[0], 3: "E", 4: (103.0, 50.0, 2.5), 27: MARK})
    notes.get_ifd(0x8769).update({0x9003: "2026:05:28 11:12:13", 0x927C: MARK.encode() * 9, 0xA431: MARK})
    return notes


def xmp() -> bytes:
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><creator>{MARK}</creator></x:xmpmeta>'.encode()


def profile() -> bytes:
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made.replace(b"sRGB built-in", (MARK * 3)[:13].encode())


def photos() -> Iterator[bytes]:
    """One as phones make it, and one as a PNG may be; each with everything that fits beside pixels."""
    for form in ("JPEG", "PNG"):
        out = io.BytesIO()
        beside: dict[str, Any] = {"exif": exif(), "icc_profile": profile()}
        if form == "JPEG":
            thumbnail = b"\xff\xed" + (2 + len(MARK)).to_bytes(2) + MARK.encode()  # APP13, as Photoshop's
            pixels().save(out, form, comment=MARK.encode(), xmp=xmp(), extra=thumbnail, **beside)
        else:
            texts = PngInfo()
            texts.add_text("Author", MARK)
            texts.add_itxt("XML:com.adobe.xmp", xmp().decode())
            pixels().save(out, form, pnginfo=texts, **beside)
        yield out.getvalue() + MARK.encode()  # and behind the end, as motion photos have their film


class Watched:
    """An installation, all that it wrote, and all that it answers."""

    def __init__(self, here: Exchanging) -> None:
        self.here = here
        self.logged = io.StringIO()

    def send(self, **said: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.here.app, raise_app_exceptions=False, client=(ADDRESS, 50_777))
            async with httpx.AsyncClient(transport=transport, base_url="http://lotproof.example") as client:
                return await client.post("/v1/reports", headers=HEADERS, **said)

        return anyio.run(ask)

    def pieces(self) -> Iterator[tuple[str, bytes]]:
        with self.here.db.snapshot() as connection:
            for table in metadata.sorted_tables:
                yield f"table {table.name}", b"".join(tables.lines(connection, table))
        yield "logs", self.logged.getvalue().encode()
        target = self.here.folder / "all.backup"
        backup.make(self.here.db, Settings(data_dir=self.here.folder), target, None, now=self.here.now)
        with zipfile.ZipFile(target) as archive:
            yield from ((f"backup {name}", archive.read(name)) for name in archive.namelist())
        export(self.here.db, self.here.folder / "export", tables=tuple(TABLES))
        for path in sorted(self.here.folder.rglob("*")):
            if path.is_file():
                yield f"file {path.name}", path.read_bytes()
        for one, path in product((BELGIUM, SINGAPORE), ("queue", "queue/1", "queue/2", "queue/1/photo", "counts")):
            yield f"answer {path}", self.here.get(one, f"/v1/reports/{path}").content
        for path in ("/metrics", "/v1/organisations/2/alerts"):
            yield f"answer {path}", self.here.ask.get(path).content


@pytest.fixture
def watched(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched]:
    made = Watched(
        Exchanging.new(tmp_path) if engine == "sqlite" else Exchanging(request.getfixturevalue("db"), tmp_path)
    )
    handlers = [logging.StreamHandler(made.logged) for _ in range(2)]
    for handler, form in zip(handlers, (TextLines(), JsonLines()), strict=True):
        handler.setFormatter(form)
        logging.getLogger().addHandler(handler)
    # As the program has it: other people's libraries are heard from warnings on (Pillow would log what a photo says).
    wanted = {"": logging.WARNING, "api": logging.DEBUG, "ledger": logging.DEBUG}
    loggers = [logging.getLogger(name) for name in wanted]
    levels = [each.level for each in loggers]
    for each, level in zip(loggers, wanted.values(), strict=True):
        each.setLevel(level)
    yield made
    for each, level in zip(loggers, levels, strict=True):
        each.setLevel(level)
    for handler in handlers:
        logging.getLogger().removeHandler(handler)


def traces_in(content: bytes) -> set[str]:
    found = {mark for mark in (ADDRESS, PROXIED, MARK, "50777") if mark.lower().encode() in content.lower()}
    hexadecimal = {mark for mark in (MARK, ADDRESS) if mark.encode().hex().encode() in content.lower()}
    return found | hexadecimal | ({"GPS"} if b"GPSLatitude" in content or LATITUDE[1] in content else set())


def test_no_report_leaves_a_trace_of_who_sent_it(watched: Watched) -> None:
    for photo in photos():
        form = {name: (None, text) for name, text in ({"id": str(uuid4())} | UNASKED).items()}
        said = {"code": (None, link()), "words": (None, "The seal was broken."), "place": (None, "SGSIN")}
        attached = {"photo": (f"{MARK}.jpg", photo, "image/jpeg", {"x-device": MARK})}
        assert watched.send(files={**form, **said, **attached}).status_code == 201
    # What is refused, what is no form at all, and what breaks leave none either.
    assert watched.send(files={"id": (None, "1"), "words": (None, "a")}).status_code == 422
    broken = {"id": (None, str(uuid4())), "photo": (f"{MARK}.jpg", b"\xff\xd8\xff" + MARK.encode(), "image/jpeg")}
    assert watched.send(files=broken).status_code == 422
    assert watched.send(content=MARK.encode()).status_code in {400, 415}
    watched.here.post(SINGAPORE, "/v1/reports/queue/1/answer", {"words": "Thank you."})
    pieces = list(watched.pieces())
    assert {name: found for name, content in pieces if (found := traces_in(content))} == {}
    names = [name for name, _content in pieces]
    assert sum(name.endswith(".jpg") for name in names) == 4  # both photos, in the folder and in the backup
    assert any(b"The seal was broken." in content for name, content in pieces if name == "table reports")
    assert any("report_counts" in name for name in names)


def segments(jpeg: bytes) -> list[int]:
    """The markers of a JPEG's segments up to its pixels (ITU-T T.81, annex B)."""
    found, at = [], 2
    while jpeg[at] == 0xFF and (marker := jpeg[at + 1]) != 0xDA:
        found.append(marker)
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return found


@pytest.mark.parametrize("number", [0, 1])
def test_a_kept_photo_has_no_segment_but_those_that_pixels_need(watched: Watched, number: int) -> None:
    photo = list(photos())[number]
    assert traces_in(photo) >= {MARK}
    files = {"id": (None, str(uuid4())), "photo": (f"{MARK}.jpg", photo, "image/jpeg")}
    assert watched.send(files=files).status_code == 201
    (path,) = (watched.here.folder / "reports").iterdir()
    kept = path.read_bytes()
    # JFIF's own header, tables of quantisation and Huffman's, the frame: no APP1 to APP15, no comment.
    assert set(segments(kept)) <= {0xE0, 0xDB, 0xC0, 0xC4}
    assert kept.endswith(b"\xff\xd9")
    with Image.open(io.BytesIO(kept)) as image:
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert image.info["jfif_density"] == (1, 1)


def test_a_planted_trace_is_found(watched: Watched) -> None:
    watched.send(files={"id": (None, str(uuid4())), "words": (None, f"I call from {ADDRESS}")})
    logging.getLogger("api").info("a report from %s", MARK)
    found = {name for name, content in watched.pieces() if traces_in(content)}
    assert {"table reports", "logs"} <= found
    assert any(name.startswith("backup ") for name in found)


def test_no_table_has_a_column_for_an_address_or_a_device() -> None:
    names = {column.name for name in ("reports", "incidents") for column in metadata.tables[name].columns}
    assert names & {"address", "ip", "host", "device", "user_agent", "name", "phone", "email"} == set()
