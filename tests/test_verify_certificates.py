"""Check 14 through the API: of protective equipment only, told with reason and advice, and never the verdict's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.document import details, with_salt
from ledger.core.vocabulary import ProductClass
from tests.api.test_matches import tell
from tests.attest_world import DAY, attestation, certificate, designation, paper, revocation
from tests.core.batch_story import DOMAIN, GTIN, LOT, BatchStory
from tests.exchange import BELGIUM, Exchanging
from tests.indexed_world import give_document

Told = dict[str, Any]


@pytest.fixture
def here(tmp_path: Path) -> Exchanging:
    made = Exchanging.new(tmp_path)
    tell(made, _mask)
    made.now += DAY
    return made


def _mask(story: BatchStory) -> None:
    story.register(lot="MASK1", product_class=ProductClass.PPE)


def verdict(here: Exchanging, lot: str = "MASK1") -> Told:
    told: Told = here.ask.get("/v1/verify", params={"code": f"(01){GTIN}(10){lot}"}).json()
    return told


def attest(here: Exchanging, *given: Any) -> None:
    for one in given:
        assert here.ask.post("/v1/attestations", json=one.to_json()).status_code == 201


def test_other_products_keep_exactly_thirteen_checks(here: Exchanging) -> None:
    before = verdict(here, LOT)
    attest(here, designation(BELGIUM, here.now), certificate(here.now))
    assert verdict(here, LOT) == before
    assert [check["id"] for check in before["checks"]] == list(range(1, 14))


def test_nothing_is_said_while_no_certificate_is_on_file(here: Exchanging) -> None:
    told = verdict(here)
    assert len(told["checks"]) == 14
    assert told["checks"][13] == {
        "id": 14,
        "name": "certificate_covers",
        "result": "skipped",
        "detail": "No certificate of a conformity body for its maker is on file here, so nothing can be said.",
    }


def test_a_certificate_counts_as_soon_as_it_is_taken_in(here: Exchanging) -> None:
    assert verdict(here)["checks"][13]["result"] == "skipped"
    attest(here, designation(BELGIUM, here.now), certificate(here.now))
    assert verdict(here)["checks"][13]["result"] == "passed"
    attest(here, revocation_of(here, certificate(here.now)))
    check = verdict(here)["checks"][13]
    assert (check["result"], check["reason"]) == ("failed", "certificate_withdrawn")


def revocation_of(here: Exchanging, one: Any) -> Any:
    return revocation(BELGIUM.signer, one.statement.digest(DOMAIN), here.now)


FAILING: dict[str, Callable[[int], Any]] = {
    "certificate_voluntary": lambda now: certificate(now, paper(module=None, voluntary=True)),
    "certificate_body_not_entitled": lambda now: certificate(now, paper(category="eyes")),
    "certificate_not_valid": lambda now: certificate(now, valid_from=now),
    "certificate_other_model": lambda now: certificate(now, paper(models=[{"name": "Another"}])),
}


@pytest.mark.parametrize("reason", FAILING)
def test_a_failure_names_reason_and_advice_and_leaves_the_word_alone(here: Exchanging, reason: str) -> None:
    before = verdict(here)
    attest(here, designation(BELGIUM, here.now), FAILING[reason](here.now))
    told = verdict(here)
    check = told["checks"][13]
    assert (check["result"], check["reason"]) == ("failed", reason)
    assert check["advice"]
    same = ("verdict", "reason", "headline", "code", "batch", "custody", "as_of", "proof")
    assert {name: told[name] for name in same} == {name: before[name] for name in same}
    assert told["checks"][:13] == before["checks"][:13]
    assert told["advice"] == f"{before['advice']} Its certificate: {check['detail']} {check['advice']}"


def test_a_model_is_also_known_by_the_name_in_the_batchs_document(here: Exchanging) -> None:
    attest(here, designation(BELGIUM, here.now), certificate(here.now, paper(models=[{"name": "MASK  95"}])))
    assert verdict(here)["checks"][13]["reason"] == "certificate_other_model"
    document = with_salt({"product": "Mask 95"}, b"s" * 32)
    give_document(here.db, details(document), document)

    def named(story: BatchStory) -> None:
        story.register(lot="MASK2", product_class=ProductClass.PPE)
        assert story.registration
        story.registration = replace(story.registration, details=details(document))

    tell(here, named)
    assert verdict(here, "MASK2")["checks"][13]["result"] == "passed"


def test_a_certificate_of_another_maker_covers_nothing(here: Exchanging) -> None:
    attest(here, designation(BELGIUM, here.now))
    given = certificate(here.now)
    other = attestation(replace(given.statement, holder=4), BELGIUM.signer, given.content)
    assert here.ask.post("/v1/attestations", json=other.to_json()).status_code == 409
    assert verdict(here)["checks"][13]["result"] == "skipped"


def test_the_page_shows_it_among_the_others(here: Exchanging) -> None:
    attest(here, designation(BELGIUM, here.now), certificate(here.now))
    page = here.ask.get("/check", params={"code": f"(01){GTIN}(10)MASK1"})
    assert page.status_code == 200
    assert "A certificate covers the model" in page.text
