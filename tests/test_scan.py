"""Codes are read from real pictures, and what is no picture is refused before it is decoded."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections import Counter
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ledger import label, scan
from ledger.core.errors import InvalidInputError
from ledger.picture import SIGNATURES

LINK = "https://lotproof.example/01/05413868000016/10/AB12?17=270331"
GS = "\x1d"


def image_bytes(picture: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def qr(text: str = LINK) -> Image.Image:
    return Image.open(io.BytesIO(label.png(text, []))).convert("L")


def texts(image: bytes) -> list[str]:
    try:
        return [code.text for code in scan.read_codes(image)]
    except InvalidInputError:
        return []


def folder(test_data: Path, name: str) -> Path:
    return test_data / "barcode_images" / name


def readable(path: Path) -> bytes:
    """The file as a PNG or JPEG; the samples are mostly WebP, which is not taken."""
    if path.suffix in {".png", ".jpg", ".jpeg"}:
        return path.read_bytes()
    with Image.open(path) as picture:
        return image_bytes(picture.convert("RGB"))


def plain(hri: str) -> str:
    """Bracketed text as a scanner sends it, separators apart."""
    return hri.replace("(", "").replace(")", "") if hri.startswith("(") else hri


@pytest.mark.parametrize("level", range(5))
def test_damaged_labels_are_read_as_often_as_measured(test_data: Path, level: int) -> None:
    """Out of 24 a level; the plain decoder reads 24, 23, 21, 10 and 6."""
    at_least = (24, 24, 21, 13, 7)[level]
    rows = json.loads((folder(test_data, "generated_open") / "manifest.json").read_text())["images"]
    read = 0
    for row in (row for row in rows if row["level"] == level):
        found = texts((folder(test_data, "generated_open") / row["file"]).read_bytes())
        if found:
            assert [text[3:].replace(GS, "") for text in found] == [plain(row["expected"])]
            assert found[0].startswith(row["symbology_identifier"])
            read += 1
    assert read >= at_least


def test_a_real_photo_keeps_its_separators(test_data: Path) -> None:
    photo = (folder(test_data, "medicine_photos") / "nurofen_calpol.jpg").read_bytes()
    assert texts(photo) == [f"]d20108699522705160219400000002429226{GS}172710311024S637"]


def test_a_published_gs1_datamatrix_is_read(test_data: Path) -> None:
    picture = folder(test_data, "zxing_samples") / "datamatrix-1/gs1-figure-4.15.1-2-32x32.png"
    assert texts(readable(picture)) == [
        f"]d201095040000591012112345678p901{GS}101234567p{GS}171411208200http://www.gs1.org/demo/"
    ]


@pytest.mark.slow
def test_published_samples_are_read_and_never_misread(test_data: Path) -> None:
    wanted = ("datamatrix", "code128", "databarltd", "rss14", "rssexpanded", "itf", "ean8", "upce", "qrcode")
    rows = json.loads(folder(test_data, "manifest.json").read_text(encoding="utf-8"))
    outcome: Counter[str] = Counter()
    for row in rows:
        if row["expected"] is None or row["zxingcpp_3_1_1"] != "ok" or not row["file"].startswith(wanted):
            continue
        found = [text[3:] for text in texts(readable(folder(test_data, "zxing_samples") / row["file"]))]
        outcome["read" if row["expected"] in found else "other" if found else "none"] += 1
    assert outcome["read"] >= 440
    assert outcome["other"] <= 2  # two with binary content, which is not text
    assert outcome["none"] == 0


@pytest.mark.slow
def test_nothing_is_read_where_there_is_no_code(test_data: Path) -> None:
    samples = sorted(folder(test_data, "zxing_samples").glob("falsepositives-*/*.*"))
    pictures = [path for path in samples if path.suffix in {".png", ".jpg", ".webp"}]
    assert len(pictures) == 46
    assert [path.name for path in pictures if texts(readable(path))] == []


@pytest.mark.parametrize("degrees", [0, 90, 180, 33])
def test_a_turned_label_is_read(degrees: int) -> None:
    assert texts(image_bytes(qr().rotate(degrees, expand=True, fillcolor=255))) == ["]Q1" + LINK]


def test_faint_print_is_read() -> None:
    faint = qr().point(lambda value: 120 + value // 32)
    assert texts(image_bytes(faint)) == ["]Q1" + LINK]


def test_every_form_of_picture_is_read() -> None:
    grey = qr()
    clear = Image.merge("LA", (Image.new("L", grey.size, 0), grey.point(lambda value: 255 - value)))
    deep = Image.frombytes("I;16", grey.size, b"".join(bytes((0, value)) for value in grey.tobytes()))
    for picture in (grey.convert("1"), grey.convert("RGB"), grey.convert("P"), clear, clear.convert("RGBA"), deep):
        assert texts(image_bytes(picture)) == ["]Q1" + LINK], picture.mode
    assert texts(image_bytes(grey, "JPEG")) == ["]Q1" + LINK]


def test_several_codes_come_in_reading_order_with_their_places() -> None:
    sheet = Image.new("L", (1200, 1100), 255)
    for index, (left, top) in enumerate([(0, 0), (600, 10), (0, 550)]):
        sheet.paste(qr(f"{LINK}&21={index}"), (left, top))
    found = scan.read_codes(image_bytes(sheet))
    assert [code.text[-1] for code in found] == ["0", "1", "2"]
    corners = [code.position[0] for code in found]
    assert [(round(x, -2), round(y, -2)) for x, y in corners] == [(0, 0), (600, 0), (0, 600)]


def test_places_are_those_of_the_picture_that_was_sent() -> None:
    large = Image.new("L", (4000, 4000), 255)
    large.paste(qr().resize((1800, 1800)), (1000, 2000))
    (code,) = scan.read_codes(image_bytes(large, "JPEG"))
    assert all(1000 < x < 2800 and 2000 < y < 3800 for x, y in code.position)


def test_the_same_code_twice_is_told_once() -> None:
    sheet = Image.new("L", (1000, 500), 255)
    sheet.paste(qr(), (0, 0))
    sheet.paste(qr(), (500, 0))
    assert texts(image_bytes(sheet)) == ["]Q1" + LINK]


def test_codes_that_gs1_does_not_use_are_left_alone() -> None:
    other = zxingcpp.create_barcode("HELLO", zxingcpp.BarcodeFormat.Code39).to_image(scale=4)
    picture = (
        Image.fromarray(other) if hasattr(other, "shape") else Image.frombytes("L", other.shape[::-1], bytes(other))
    )
    assert [each.text for each in zxingcpp.read_barcodes(picture)] == ["HELLO"]
    assert texts(image_bytes(picture)) == []


@pytest.mark.parametrize(
    ("image", "rule"),
    [
        (b"", "not_a_picture"),
        (b"GIF89a" + bytes(100), "not_a_picture"),
        (b"RIFF\x00\x00\x00\x00WEBP", "not_a_picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "damaged"),
    ],
)
def test_what_is_no_picture_is_named(image: bytes, rule: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        scan.read_codes(image)
    assert (caught.value.field, caught.value.evidence["rule"]) == ("image", rule)
    assert caught.value.advice


def test_a_cut_picture_is_damaged() -> None:
    whole = image_bytes(qr(), "JPEG")
    with pytest.raises(InvalidInputError, match="damaged"):
        scan.read_codes(whole[: len(whole) // 2])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("side", [20_000, 2**31 - 1])
def test_a_picture_bomb_is_refused_by_its_header(side: int) -> None:
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    bomb += chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")
    with pytest.raises(InvalidInputError) as caught:
        scan.read_codes(bomb)
    assert caught.value.evidence["rule"] in {"too_large", "damaged"}


def test_bounds_are_those_that_are_set() -> None:
    image = image_bytes(qr())
    for bounds in ({"max_bytes": len(image) - 1}, {"max_pixels": 1_000}):
        with pytest.raises(InvalidInputError, match="at most"):
            scan.read_codes(image, **bounds)


def test_a_picture_without_a_code_says_how_to_take_a_better_one() -> None:
    with pytest.raises(InvalidInputError, match="No code found") as caught:
        scan.read_codes(image_bytes(Image.effect_noise((300, 300), 60)))
    assert "closer" in caught.value.advice


def test_attempts_end_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    monkeypatch.setattr(scan, "SECONDS", -1.0)
    monkeypatch.setattr(scan.zxingcpp, "read_barcodes", lambda *_args, **_options: tried.append(1) or [])
    with pytest.raises(InvalidInputError, match="No code found"):
        scan.read_codes(image_bytes(qr()))
    assert len(tried) == 1


@given(st.binary(max_size=200), st.sampled_from([b"", *SIGNATURES]))
def test_no_bytes_break_the_reader(body: bytes, start: bytes) -> None:
    assert texts(start + body) == []
