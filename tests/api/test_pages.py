"""The pages: a verdict in words, symbol and colour, for everybody, and no text of a label is ever markup."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from api.web import words
from api.web.render import age, ago, count, day, moment, visible
from ledger import label
from ledger.core.check import CERTIFICATE, NAMES
from ledger.core.vocabulary import Kind, ProductClass
from ledger.store.database import Database
from tests.api.conftest import Asker
from tests.api.html_tree import tree
from tests.core.batch_story import CUSTOMS, NO_HASH
from tests.indexed_world import CARTON, EVIL, GTIN, LOTS, SCRIPT, give_document, link

PAGES = {
    "home": "/",
    "verified": "/check?" + urlencode({"code": link(), "organisation": CUSTOMS, "place": "SGSIN"}),
    "recalled": "/check?" + urlencode({"code": link(LOTS["recalled"])}),
    "suspect": "/check?" + urlencode({"code": link("ABSENT")}),
    "unreadable": "/check?" + urlencode({"code": "hello"}),
    "lot needed": "/check?" + urlencode({"code": GTIN}),
    "consignment": "/check?" + urlencode({"code": CARTON}),
    "nothing": "/check?code=",
    "wrong place": "/check?" + urlencode({"code": link(), "place": "nowhere at all"}),
}
ACTIVE = frozenset({"script", "iframe", "object", "embed", "style", "base"})


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_every_page_is_accessible(ask: Asker, path: str) -> None:
    page = tree(ask.get(path).text)
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert page.all("main")[0]["id"] == "main"
    assert page.all("a")[0]["href"] == "#main"
    labelled = {each["for"] for each in page.all("label")}
    asked = [each for each in page.all("input") if each.get("type") != "hidden"]
    assert asked or "photo" in path
    assert all(each["id"] in labelled for each in asked)
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert all(each.get("aria-hidden") == "true" for each in page.all("svg"))
    assert all("alt" in each for each in page.all("img"))


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_no_page_needs_or_allows_a_script(ask: Asker, path: str) -> None:
    answer = ask.get(path, headers={"accept": "text/html"})
    page = tree(answer.text)
    assert not ACTIVE & {tag for tag, _ in page.elements}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    loaded = [each.get("src") or each.get("href") or "" for tag in ("link", "img") for each in page.all(tag)]
    assert all(each.startswith("/static/") for each in loaded)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (link(), "verified"),
        (link(LOTS["held"]), "do_not_use"),
        (link("ABSENT"), "suspect"),
        ("hello", "unreadable"),
        (GTIN, "undetermined"),
    ],
)
def test_a_verdict_is_told_by_word_symbol_and_colour(ask: Asker, code: str, verdict: str) -> None:
    answer = ask.get("/check", params={"code": code})
    told = ask.get("/v1/verify", params={"code": code}).json()
    page = tree(answer.text)
    assert answer.status_code == 200
    assert next(each["class"] for each in page.all("section") if "class" in each) == f"verdict {verdict}"
    assert words.VERDICTS[verdict] in page.text
    assert told["headline"] in page.text
    assert f"What to do: {told['advice']}" in page.text
    assert all(check["detail"] in page.text for check in told["checks"])
    assert all(words.CHECKS[check["name"]] in page.text for check in told["checks"])
    (data,) = [each["href"] for each in page.all("a") if each["href"].startswith("/v1/verify?")]
    assert ask.get(data).json() == told


def test_the_way_of_the_goods_is_told(ask: Asker) -> None:
    page = tree(ask.get(PAGES["verified"]).text)
    for part in ("Inspected at SGSIN", "Received at BEBRU, 1\u202f000 units", "by Maker & Co (BE) to Carrier (BE)"):
        assert " ".join(part.split()) in " ".join(page.text.split())
    assert "recorded 28 May 2026" in page.text
    assert "last heard from" in page.text


def test_each_verdict_has_a_symbol_of_its_own(ask: Asker) -> None:
    home = ask.get("/").text
    symbols = re.findall(r'<svg class="symbol".*?</svg>', home, re.DOTALL)
    assert len(symbols) == len(words.VERDICTS)
    assert len(set(symbols)) == len(symbols)


def test_the_words_cover_the_vocabularies() -> None:
    assert list(words.CHECKS) == [*NAMES, CERTIFICATE]
    assert list(words.KINDS) == [kind.name for kind in Kind]
    assert list(words.CLASSES) == [each.name for each in ProductClass]


def test_text_of_labels_and_statements_is_never_markup(app: FastAPI, database: Database) -> None:
    give_document(database, NO_HASH, {"product": EVIL})
    ask = Asker(app)
    evil = f"(01){GTIN}(10){SCRIPT.replace('(', chr(92) + '(')}"
    for code in (link(SCRIPT.replace("<", "%3C").replace(">", "%3E")), EVIL, SCRIPT, evil):
        answer = ask.get("/check", params={"code": code, "place": "", "organisation": ""})
        page = tree(answer.text)
        assert not ACTIVE & {tag for tag, _ in page.elements}
        assert "onerror" not in {name for _, attributes in page.elements for name in attributes}
    page = tree(ask.get("/check", params={"code": evil}).text)
    assert SCRIPT in page.text
    assert page.text.count(EVIL) >= 2  # the product's name and the organisation's


def test_text_of_the_form_is_never_markup(ask: Asker) -> None:
    answer = ask.get("/check", params={"code": EVIL, "place": EVIL, "organisation": EVIL})
    page = tree(answer.text)
    assert answer.status_code == 422
    assert [each["value"] for each in page.all("input") if each.get("name") == "code"] == [EVIL]
    assert not ACTIVE & {tag for tag, _ in page.elements}


@given(st.text(max_size=80), st.text(max_size=20), st.text(max_size=12))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_a_page(ask: Asker, code: str, place: str, organisation: str) -> None:
    given_text = {"code": code, "place": place, "organisation": organisation}
    answer = ask.get("/check", params={n: v.encode("utf-8", "replace").decode() for n, v in given_text.items()})
    assert answer.status_code in {200, 422}
    tree(answer.text)


def test_a_separator_is_shown_and_kept(ask: Asker) -> None:
    code = f"]d201{GTIN}10AB12\x1d17270331"
    assert "10AB12[FNC1]17270331" in tree(ask.get("/check", params={"code": code}).text).text
    again = tree(ask.get("/check", params={"code": code, "place": "x"}).text)
    assert code in [each.get("value") for each in again.all("input")]


def test_a_faulty_question_keeps_what_was_typed(ask: Asker) -> None:
    answer = ask.get(PAGES["wrong place"])
    page = tree(answer.text)
    assert answer.status_code == 422
    assert "is not a UN/LOCODE" in page.text
    assert "What to do:" in page.text
    assert {each.get("name"): each.get("value") for each in page.all("input")}["code"] == link()


def photo_of(*texts: str) -> bytes:
    whole = Image.new("L", (500 * len(texts), 560), 255)
    for index, text in enumerate(texts):
        whole.paste(Image.open(io.BytesIO(label.png(text, []))).convert("L"), (500 * index, 20))
    out = io.BytesIO()
    whole.save(out, "JPEG", quality=90)
    return out.getvalue()


def test_a_photo_with_one_code_gives_its_verdict(ask: Asker) -> None:
    answer = ask.post("/check", files={"photo": ("a.jpg", photo_of(link()))}, data={"place": "SGSIN"})
    page = tree(answer.text)
    assert answer.status_code == 200, answer.text
    assert next(each["class"] for each in page.all("section") if "class" in each) == "verdict verified"


def test_a_photo_with_several_codes_lists_them(ask: Asker) -> None:
    answer = ask.post("/check", files={"photo": ("a.jpg", photo_of(link(), link(LOTS["recalled"])))})
    page = tree(answer.text)
    assert "2 codes in the photo" in page.text
    shown = [each["class"] for each in page.all("li") if each.get("class", "").startswith("verdict")]
    assert sorted(shown) == ["verdict do_not_use", "verdict verified"]
    onward = [each["href"] for each in page.all("a") if each["href"].startswith("/check?")]
    assert {ask.get(each).status_code for each in onward} == {200}


@pytest.mark.parametrize(
    ("photo", "words_told"),
    [(b"", "first"), (b"no picture", "neither a PNG nor a JPEG"), (b"\xff\xd8\xff broken", "damaged")],
)
def test_a_useless_photo_says_what_to_do(ask: Asker, photo: bytes, words_told: str) -> None:
    answer = ask.post("/check", files={"photo": ("a.jpg", photo)})
    assert answer.status_code == 422
    assert words_told in tree(answer.text).text


def test_a_photo_sent_as_something_else_is_told_as_a_page(ask: Asker) -> None:
    answer = ask.post("/check", json={}, headers={"accept": "text/html"})
    assert answer.status_code == 415
    assert "Unsupported media type" in tree(answer.text).text


def test_static_files_are_served(ask: Asker) -> None:
    assert ask.get("/static/style.css").headers["content-type"].startswith("text/css")
    assert ask.get("/static/icon.svg").status_code == 200
    assert ask.get("/favicon.ico").headers["location"] == "/static/icon.svg"


@pytest.mark.parametrize("sheet", ["static/style.css", "app/src/style.css"])
def test_colours_have_enough_contrast(checkout: Path, sheet: str) -> None:
    css = (checkout / "api/web" / sheet).read_text(encoding="utf-8")
    for scheme in re.findall(r":root \{(.*?)\}", css, re.DOTALL):
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", scheme))
        pairs = [("text", "page"), ("text", "card"), ("muted", "page"), ("muted", "card"), ("link", "page")]
        pairs += [("link", "card"), ("on-button", "button")]
        for verdict in words.VERDICTS:
            pairs += [(verdict, f"{verdict}-back"), ("text", f"{verdict}-back"), ("muted", f"{verdict}-back")]
            pairs += [(verdict, "page")]
        low = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
        assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_filters_tell_values_as_people_read_them() -> None:
    assert visible("\x1d01\n\x7f") == "[FNC1]01[0A][7F]"
    assert (ago(2), ago(3)) == ("just now", "3 seconds ago")
    assert (moment("2026-05-28T20:28:01Z"), moment(None)) == ("28 May 2026, 20:28 UTC", "")
    assert (day("2027-03-31"), day(None)) == ("31 March 2027", "")
    assert [age(seconds) for seconds in (0, 1, 59, 60, 7_200, 90_000, -5)] == [
        "0 seconds",
        "1 second",
        "59 seconds",
        "1 minute",
        "2 hours",
        "1 day",
        "0 seconds",
    ]
    assert count(1_234_567) == "1\u202f234\u202f567"
