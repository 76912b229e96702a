"""The Digital Link resolver does what the GS1-Conformant Resolver standard asks."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.conftest import SERVER, Asker
from tests.api.problems import assert_problem
from tests.indexed_world import CARTON, GTIN

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
LINK = f"/01/{GTIN}/10/AB12?17=270331"


def test_a_browser_is_sent_to_the_page(ask: Asker) -> None:
    answer = ask.get(LINK, headers=BROWSER)
    assert answer.status_code == 307
    target = urlsplit(answer.headers["location"])
    assert (target.netloc, target.path) == ("lotproof.example", "/check")
    assert parse_qs(target.query)["code"] == [f"https://lotproof.example{LINK}"]
    assert ask.get(target.path + "?" + target.query).status_code == 200


def test_a_program_is_sent_to_the_data(ask: Asker) -> None:
    answer = ask.get(LINK, headers={"accept": "application/json"})
    assert urlsplit(answer.headers["location"]).path == "/v1/verify"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (LINK, {"accept": "application/linkset+json"}),
        (LINK + "&linkType=linkset", BROWSER),
        (LINK + "&linkType=all", {}),
        (f"/00/{CARTON}?linkType=linkset", {}),
    ],
)
def test_the_link_set_lists_every_resource(ask: Asker, path: str, headers: dict[str, str]) -> None:
    answer = ask.get(path, headers=headers)
    assert answer.headers["content-type"] == "application/linkset+json"
    (context,) = answer.json()["linkset"]
    assert context["anchor"].startswith("https://lotproof.example/0")
    relations = set(context) - {"anchor", "description"}
    assert relations == {
        f"https://ref.gs1.org/voc/{name}"
        for name in ("defaultLink", "verificationService", "recallStatus", "traceability")
    }
    for relation in relations:
        for target in context[relation]:
            assert {"href", "title", "type", "hreflang"} == set(target)
            assert target["href"].startswith(SERVER)
            assert ask.get(target["href"].removeprefix(SERVER)).status_code == 200


def test_a_kind_of_link_may_be_asked_for(ask: Asker) -> None:
    answer = ask.get(f"{LINK}&linkType=gs1:traceability", headers=BROWSER)
    assert urlsplit(answer.headers["location"]).path == f"/v1/batches/{GTIN}/AB12"
    problem = assert_problem(ask.get(f"{LINK}&linkType=gs1:recipe"), 404, "not-found", field="linkType")
    assert "gs1:traceability" in problem["advice"]


def test_every_answer_names_the_link_set_and_may_be_read_from_anywhere(ask: Asker) -> None:
    for method in ("GET", "HEAD"):
        answer = ask(method, LINK)
        assert answer.headers["link"].startswith(f"<https://lotproof.example{LINK}&linkType=linkset>; rel=")
        assert answer.headers["access-control-allow-origin"] == "*"
    assert ask("OPTIONS", LINK).headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path", ["/01/05413868000017", "/01/", "/00/12", f"/01/{GTIN}/10/", f"/01/{GTIN}/99/x", "/01/%FF"]
)
def test_a_malformed_link_is_answered_with_400(ask: Asker, path: str) -> None:
    assert_problem(ask.get(path), 400, "malformed-link", field="code")


def test_a_forged_host_header_is_not_repeated(ask: Asker) -> None:
    answer = ask.get(LINK, headers={"host": "evil.example"})
    assert answer.headers["location"].startswith("https://lotproof.example/")
    assert "evil" not in ask.get(LINK + "&linkType=linkset", headers={"host": "evil.example"}).text


@pytest.mark.parametrize("host", ["127.0.0.1:41234", "localhost:8000", "localhost"])
def test_a_server_at_home_leads_to_itself(ask: Asker, host: str) -> None:
    answer = ask.get(LINK, headers={"host": host})
    assert answer.headers["location"].startswith(f"http://{host}/check?")


def test_the_resolver_describes_itself(ask: Asker) -> None:
    told = ask.get("/.well-known/gs1resolver").json()
    assert told["resolverRoot"] == SERVER
    assert told["supportedPrimaryKeys"] == ["01", "00"]


def test_characters_of_a_lot_survive_the_way(ask: Asker) -> None:
    answer = ask.get(f"/01/{GTIN}/10/A%2FB%2525", headers=BROWSER)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    assert ask.get("/v1/verify", params={"code": code}).json()["code"]["lot"] == "A/B%25"
