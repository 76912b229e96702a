"""Threat intelligence platforms read what is open by TAXII 2.1: what they may, page by page, without missing any."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.core.intelligence import taxii
from ledger.core.intelligence.marking import STIX_IDS, Marking
from ledger.share import objects as sharing
from tests.api.problems import assert_problem
from tests.core.batch_story import GTIN
from tests.exchange import CHEMIST, SINGAPORE, THAI, Exchanging
from tests.share_world import Officer, content

ROOT = "/taxii2/intelligence/"
CLEAR, GREEN = (each.id for each in taxii.COLLECTIONS)
PATTERN = {"kind": "gtin", "gtin": GTIN}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Exchanging]:
    made = Exchanging.new(tmp_path)
    yield made
    made.db.close()


def told(here: Exchanging, count: int = 1, marking: Marking = Marking.GREEN) -> list[dict[str, Any]]:
    sent = []
    for number in range(count):
        message = SINGAPORE.message(here.now + number, content(PATTERN, title=f"{number}"), marking)
        sent.append(here.tell(SINGAPORE, message))
    return sent


def get(here: Exchanging, path: str, one: Officer = THAI, collection: str = GREEN, **params: Any) -> httpx.Response:
    return here.get(one, f"{ROOT}collections/{collection}/{path}", **params)


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json().get("objects", [])]


def test_a_client_finds_its_way(here: Exchanging) -> None:
    discovery = here.get(THAI, "/taxii2/")
    assert discovery.headers["content-type"] == taxii.MEDIA
    (root,) = discovery.json()["api_roots"]
    assert here.get(THAI, root).json()["versions"] == [taxii.MEDIA]
    collections = here.get(THAI, f"{root}collections/").json()["collections"]
    assert [each["title"] for each in collections] == ["TLP:CLEAR", "TLP:GREEN"]
    assert all(each["can_read"] and not each["can_write"] for each in collections)
    assert get(here, "").json() == collections[1]
    assert get(here, "", collection="green").json() == collections[1]
    assert get(here, "objects/").json() == {"more": False}


def test_who_is_no_administration_sees_what_is_clear(here: Exchanging) -> None:
    told(here, 1, Marking.CLEAR)
    collections = here.get(CHEMIST, f"{ROOT}collections/").json()["collections"]
    assert [each["id"] for each in collections] == [CLEAR]
    assert len(names(get(here, "objects/", CHEMIST, CLEAR))) == 1
    assert_problem(get(here, "objects/", CHEMIST), 404, "not-found")


def test_nobody_reads_without_signing_in_and_basic_will_do(here: Exchanging) -> None:
    nobody = here.ask.get("/taxii2/")
    assert_problem(nobody, 401, "not-signed-in")
    assert "Basic" in nobody.headers["www-authenticate"]
    token = here.headers(THAI)["authorization"].split()[1]
    basic = base64.b64encode(f"taxii:{token}".encode()).decode()
    assert here.ask.get("/taxii2/", headers={"authorization": f"Basic {basic}"}).status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (taxii.MEDIA, 200),
        ("application/taxii+json", 200),
        ('application/taxii+json; version="2.1"', 200),
        ("text/html, */*;q=0.1", 200),
        ("application/taxii+json;version=2.0", 406),
        ("text/html", 406),
    ],
)
def test_a_client_gets_what_it_reads(here: Exchanging, accept: str, status: int) -> None:
    headers = here.headers(THAI) | {"accept": accept}
    assert here.ask.get("/taxii2/", headers=headers).status_code == status


def test_pages_follow_each_other_and_miss_nothing(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "PAGE", 2)
    told(here, 7)
    seen: list[str] = []
    answer = get(here, "objects/", limit=3)
    while True:
        seen += names(answer)
        if not answer.json()["more"]:
            break
        answer = get(here, "objects/", limit=3, next=answer.json()["next"])
    assert seen == [str(number) for number in range(7)]


def test_what_was_added_after_the_last_that_was_seen_is_all_that_is_new(here: Exchanging) -> None:
    told(here, 5)  # all within one second of the server's clock
    first = get(here, "objects/", limit=2)
    last = first.headers["x-taxii-date-added-last"]
    assert names(get(here, "objects/", added_after=last)) == ["2", "3", "4"]
    manifest = get(here, "manifest/").json()["objects"]
    assert manifest[1]["date_added"] == last
    assert first.headers["x-taxii-date-added-first"] == manifest[0]["date_added"]
    assert [each["id"] for each in manifest[:2]] == [each["id"] for each in first.json()["objects"]]
    assert get(here, "objects/", added_after=manifest[-1]["date_added"]).json() == {"more": False}


def test_objects_are_filtered(here: Exchanging) -> None:
    told(here, 2)
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content(title="a bulletin")))
    one, two, report = get(here, "objects/").json()["objects"]
    assert names(get(here, "objects/", **{"match[type]": "report"})) == ["a bulletin"]
    assert names(get(here, "objects/", **{"match[id]": f"{one['id']},{report['id']}"})) == ["0", "a bulletin"]
    assert names(get(here, "objects/", **{"match[spec_version]": "2.0"})) == []
    assert names(get(here, "objects/", **{"match[version]": two["modified"]})) == ["1"]


def test_a_withdrawn_object_has_two_versions(here: Exchanging) -> None:
    (sent,) = told(here)
    here.now += 60
    here.tell(SINGAPORE, SINGAPORE.message(here.now, None, previous=bytes.fromhex(sent["digest"][2:])))
    (last,) = get(here, "objects/").json()["objects"]
    assert last["revoked"] is True
    (first,) = get(here, "objects/", **{"match[version]": "first"}).json()["objects"]
    assert "revoked" not in first
    assert first["id"] == last["id"]
    assert len(names(get(here, "objects/", **{"match[version]": "all"}))) == 2
    assert get(here, f"objects/{last['id']}/").json()["objects"] == [last]
    assert get(here, f"objects/{last['id']}/versions/").json()["versions"] == [first["modified"], last["modified"]]


def test_what_objects_refer_to_is_there(here: Exchanging) -> None:
    told(here)
    (one,) = get(here, "objects/").json()["objects"]
    (issuer,) = get(here, f"objects/{one['created_by_ref']}/").json()["objects"]
    assert issuer["name"] == "Customs"
    (marking,) = get(here, f"objects/{STIX_IDS[Marking.GREEN]}/").json()["objects"]
    assert marking["name"] == "TLP:GREEN"
    assert get(here, f"objects/{marking['id']}/versions/").json()["versions"] == [marking["created"]]


def test_what_stands_in_another_collection_is_not_there(here: Exchanging) -> None:
    told(here, 1, Marking.CLEAR)
    (one,) = get(here, "objects/", collection=CLEAR).json()["objects"]
    assert names(get(here, "objects/")) == []
    assert_problem(get(here, f"objects/{one['id']}/"), 404, "not-found")
    assert_problem(get(here, "objects/indicator--x/"), 404, "not-found")
    assert_problem(get(here, "objects/", collection="red"), 404, "not-found")


def test_who_read_is_told_to_the_issuer(here: Exchanging) -> None:
    (sent,) = told(here)
    get(here, "objects/")
    (look,) = here.get(SINGAPORE, "/v1/looks").json()["looks"]
    assert (look["id"], look["kind"]) == (sent["digest"], "intelligence")


@pytest.mark.parametrize(
    "params",
    [
        {"added_after": "yesterday"},
        {"added_after": "2026-05-28T20:26:40"},
        {"added_after": "2026-99-28T20:26:40Z"},
        {"limit": "0"},
        {"limit": "-1"},
        {"next": "x"},
        {"next": "9" * 20},
        {"match[id]": ",".join("abc" for _ in range(51))},
        {"more": "x"},
        {"match[type]": ["a", "b"]},
    ],
)
def test_a_malformed_question_is_refused(here: Exchanging, params: dict[str, Any]) -> None:
    answer = get(here, "objects/", **params)
    assert_problem(answer, 422, "invalid-input")


def test_at_most_a_hundred_are_given_at_once() -> None:
    assert taxii.parse_query([("limit", "5000")]).limit == taxii.MOST
    assert taxii.parse_query([("added_after", "2026-05-28T20:26:40.123456Z")]).added_after == (1780000000, 123456)
    assert taxii.parse_query([("added_after", "")]) == taxii.Query()
