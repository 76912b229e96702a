"""What a Digital Link leads to is built from the checked code only."""

from __future__ import annotations

from datetime import date
from urllib.parse import unquote

import pytest

from ledger import resolve
from ledger.core.errors import NotFoundError
from ledger.core.gs1 import Code, parse_code
from tests.indexed_world import CARTON, GTIN

HOST = "lotproof.example"
BASE = "http://127.0.0.1:8000"


def code(text: str) -> Code:
    return parse_code(text, today=date(2026, 5, 1), hosts=[HOST])


def test_every_form_of_a_code_resolves_to_one_link() -> None:
    forms = (f"(01){GTIN}(10)A/B", f"https://evil.example/01/{GTIN}/10/A%2FB", f"]d201{GTIN}10A/B")
    anchors = {resolve.resolve(code(form), HOST, BASE).anchor for form in forms}
    assert anchors == {f"https://{HOST}/01/{GTIN}/10/A%2FB"}


@pytest.mark.parametrize(
    ("text", "data", "words"),
    [
        (f"(01){GTIN}(10)A/B", f"{BASE}/v1/batches/{GTIN}/A%2FB", f"Product {GTIN}, lot A/B"),
        (f"(00){CARTON}", f"{BASE}/v1/consignments/{CARTON}", f"Consignment {CARTON}"),
        (GTIN, None, f"Product {GTIN}"),
    ],
)
def test_the_data_are_those_of_what_is_named(text: str, data: str | None, words: str) -> None:
    resolution = resolve.resolve(code(text), HOST, BASE)
    assert resolution.description == words
    assert [link.href for link in resolution.links if link.relation == "traceability"] == ([data] if data else [])


@pytest.mark.parametrize("wanted", ["", "gs1:defaultLink", "https://ref.gs1.org/voc/defaultLink"])
def test_the_default_comes_in_the_wanted_form(wanted: str) -> None:
    resolution = resolve.resolve(code(GTIN), HOST, BASE)
    assert "/check?" in resolution.link(wanted, "text/html").href
    assert "/v1/verify?" in resolution.link(wanted, "application/json").href
    assert "/check?" in resolution.link(wanted, "image/png").href


def test_a_kind_that_there_is_not_names_those_there_are() -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve.resolve(code(GTIN), HOST, BASE).link("gs1:traceability", "text/html")
    assert "gs1:recallStatus" in caught.value.advice


def test_the_header_names_the_link_set() -> None:
    plain = resolve.resolve(code(GTIN), HOST, BASE).header()
    dated = resolve.resolve(code(f"(01){GTIN}(17)270331"), HOST, BASE).header()
    assert plain.startswith(f"<https://{HOST}/01/{GTIN}?linkType=linkset>")
    assert dated.startswith(f"<https://{HOST}/01/{GTIN}?17=270331&linkType=linkset>")


def test_pages_are_asked_for_the_whole_code() -> None:
    text = f"https://{HOST}/01/{GTIN}/10/A%2FB/21/S%25?17=270331"
    link = resolve.resolve(code(text), HOST, BASE).link("", "text/html")
    assert unquote(link.href.partition("code=")[2]) == text
