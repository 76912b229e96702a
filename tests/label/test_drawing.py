"""Labels hold what they are given, for machines and for people."""

from __future__ import annotations

import io
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger import label, scan
from ledger.core.errors import InvalidInputError
from ledger.core.gs1 import parse_code

ELEMENTS = label.batch_elements("00359267102522", "PB26/K0%17", date(2027, 3, 31))
SVG = "{http://www.w3.org/2000/svg}"


def modules(drawing: ET.Element) -> Image.Image:
    """The symbol of a drawing as a picture, four pixels a module."""
    path = next(drawing.iter(f"{SVG}path")).attrib["d"]
    cells = [tuple(map(int, part.removesuffix("h1v1h-1z").split())) for part in path.split("M")[1:]]
    side = max(max(cell) for cell in cells) + 1 + label.QUIET_ZONE
    small = Image.new("L", (side, side), 255)
    for cell in cells:
        small.putpixel(cell, 0)
    return small.resize((side * 4, side * 4), Image.Resampling.NEAREST)


def test_a_label_names_gtin_lot_and_expiry() -> None:
    assert ELEMENTS == [("01", "00359267102522"), ("10", "PB26/K0%17"), ("17", "270331")]
    assert label.human_readable(ELEMENTS) == ["(01) 00359267102522", "(10) PB26/K0%17", "(17) 270331"]


def test_the_link_is_read_back_by_the_parser() -> None:
    code = parse_code(label.link(ELEMENTS, "lotproof.example"), today=date(2026, 5, 1), hosts=["lotproof.example"])
    assert (code.gtin, code.lot, code.expiry) == ("00359267102522", "PB26/K0%17", date(2027, 3, 31))
    assert code.host_known


def test_picture_and_drawing_hold_the_same_symbol() -> None:
    text = label.link(ELEMENTS, "lotproof.example")
    drawing = ET.fromstring(label.svg(text, label.human_readable(ELEMENTS)))  # noqa: S314 - our own bytes
    out = io.BytesIO()
    modules(drawing).save(out, "PNG")
    for image in (label.png(text, label.human_readable(ELEMENTS)), out.getvalue()):
        assert [code.text for code in scan.read_codes(image)] == ["]Q1" + text]


def test_an_element_string_is_marked_as_gs1() -> None:
    (code,) = scan.read_codes(label.gs1_png(ELEMENTS, ["(10) PB26/K0%17"]))
    assert code.text.startswith("]Q3")
    assert dict(parse_code(code.text, today=date(2026, 5, 1)).elements) == dict(ELEMENTS)


def test_a_datamatrix_is_read_back_with_the_same_elements() -> None:
    (code,) = scan.read_codes(label.datamatrix_png(ELEMENTS, ["(10) PB26/K0%17"]))
    assert code.text.startswith("]d2")
    assert sorted(parse_code(code.text, today=date(2026, 5, 1)).elements) == sorted(ELEMENTS)


def test_the_drawing_tells_its_text_to_people() -> None:
    lines = ["(10) <&>", "(17) 270331"]
    drawing = ET.fromstring(label.svg("x", lines))  # noqa: S314 - our own bytes
    assert [each.text for each in drawing.iter(f"{SVG}text")] == lines
    assert next(drawing.iter(f"{SVG}title")).text == " ".join(lines)
    assert drawing.attrib["role"] == "img"


def test_long_text_under_the_symbol_is_not_cut() -> None:
    narrow, wide = (Image.open(io.BytesIO(label.png("x", [line]))) for line in ("a", "W" * 60))
    assert wide.width > narrow.width
    assert wide.getbbox() is not None


def test_the_quiet_zone_is_four_modules() -> None:
    picture = Image.open(io.BytesIO(label.png("x", []))).convert("L")
    margin = label.QUIET_ZONE * label.MODULE_PIXELS
    assert picture.crop((0, 0, picture.width, margin)).getextrema() == (255, 255)
    assert picture.crop((0, 0, margin, picture.height)).getextrema() == (255, 255)
    assert picture.getpixel((margin, margin)) == 0


@given(st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"]), min_size=1, max_size=120))
@settings(max_examples=20)
def test_any_text_is_read_back(text: str) -> None:
    (code,) = scan.read_codes(label.png(text, []))
    assert code.text.partition("]Q1")[2] == text


def test_what_no_label_carries_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="2,049 characters"):
        label.png("x" * 2_049, [])
    assert label.svg("x" * 2_048, [])
