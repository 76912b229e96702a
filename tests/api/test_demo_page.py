"""`/demo`: the codes of a demonstration, large enough to be scanned from the screen, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.app import Identity, create_app
from ledger import label, scan
from ledger.config import Settings
from ledger.store.database import Database
from tests.api.conftest import Asker
from tests.api.html_tree import tree
from tests.api.problems import assert_problem
from tests.core.batch_story import DOMAIN
from tests.indexed_world import EVIL, link


@pytest.fixture
def demo(database: Database, tmp_path: Path) -> Asker:
    identity = Identity(DOMAIN.chain_id, DOMAIN.ledger, None)
    return Asker(create_app(Settings(data_dir=tmp_path), database, identity, demo_folder=tmp_path))


def case(folder: Path, name: str, code: str, **said: Any) -> dict[str, Any]:
    (folder / f"{name}.png").write_bytes(label.png(code, [name]))
    known = {"label": name, "code": code, "expect": "verified", "reason": "", "why": "All is well.", "place": None}
    return known | {"organisation": None, "image": str(folder / f"{name}.png")} | said


def test_every_case_is_shown_with_what_it_should_come_to(demo: Asker, tmp_path: Path) -> None:
    cases = [
        case(tmp_path, "genuine", link(), organisation=5, place="SGSIN"),
        case(tmp_path, "recalled", link("RC1"), expect="do_not_use", why=EVIL),
    ]
    (tmp_path / "codes.json").write_text(json.dumps(cases), encoding="utf-8")
    answer = demo.get("/demo")
    page = tree(answer.text)
    assert len(page.all("h1")) == 1
    pictures = [each["src"] for each in page.all("img") if each["src"].startswith("/demo")]
    assert pictures == ["/demo/1.png", "/demo/2.png"]
    for told in ("Verified", "Do not use", "by organisation 5 at SGSIN", link("RC1")):
        assert told in answer.text
    assert not page.all("script")
    assert "onerror" not in {name for _, attributes in page.elements for name in attributes}
    for path, each in zip(pictures, cases, strict=True):
        picture = demo.get(path)
        assert picture.headers["content-type"] == "image/png"
        assert [code.text for code in scan.read_codes(picture.content)] == ["]Q1" + each["code"]]


@pytest.mark.parametrize("number", [0, 2])
def test_a_case_that_there_is_not_is_not_found(demo: Asker, tmp_path: Path, number: int) -> None:
    (tmp_path / "codes.json").write_text(json.dumps([case(tmp_path, "genuine", link())]), encoding="utf-8")
    assert_problem(demo.get(f"/demo/{number}.png"), 404, "not-found")


def test_while_the_story_is_played_the_page_says_so(demo: Asker) -> None:
    answer = demo.get("/demo", headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert "still being played" in answer.text


def test_without_a_demonstration_there_is_no_such_page(ask: Asker) -> None:
    for path in ("/demo", "/demo/1.png"):
        assert ask.get(path).status_code == 404
