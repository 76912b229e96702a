"""Whether a certificate covers a batch of protective equipment, and if not, for which reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.attestation.coverage import (
    COVERED,
    NOT_COVERED,
    REASONS,
    UNKNOWN,
    Coverage,
    Paper,
    Papers,
    coverage,
    needs_certificate,
)
from ledger.core.vocabulary import ProductClass
from tests.attest_world import DAY, OTHER_KEY, SCOPES, YEAR, certificate, designation, granted, held, paper
from tests.core.batch_story import settled
from tests.exchange import BELGIUM

STORY = settled()
STORY.register()
assert STORY.registration
BATCH = replace(STORY.registration, product_class=ProductClass.PPE)
NOW = BATCH.recorded.time
DESIGNATED = granted(designation(BELGIUM, NOW))
GOOD = Paper(held(certificate(NOW), received_at=NOW), (DESIGNATED,))


def of(*papers: Paper, at: int = NOW) -> Coverage:
    return coverage(BATCH, Papers(papers, max(1, len(papers))), at)


def one(about: dict[str, Any] | None = None, revoked_since: int = 0, **changes: Any) -> Paper:
    kept = held(certificate(NOW, about, **changes), received_at=NOW, revoked_since=revoked_since)
    return Paper(kept, (DESIGNATED,))


def test_only_protective_equipment_is_asked_for_a_certificate() -> None:
    assert needs_certificate(BATCH)
    assert not needs_certificate(replace(BATCH, product_class=ProductClass.DEVICE))


def test_a_certificate_that_covers_is_named_with_number_body_and_scope() -> None:
    found = of(GOOD)
    assert (found.result, found.reason, found.remark, found.advice) == (COVERED, "", "", "")
    assert (
        "EU type-examination certificate C-17 of body 2797 (respiratory, EN 149:2001+A1:2009, module B)" in found.detail
    )


def test_supervision_of_production_is_not_called_a_type_examination() -> None:
    assert of(one(paper(module="D"))).detail.startswith("Certificate C-17")


def test_nothing_is_said_where_no_certificate_is_on_file_or_none_can_be_looked_up() -> None:
    assert coverage(BATCH, Papers((), 0), NOW).result == UNKNOWN
    assert coverage(BATCH, None, NOW).result == UNKNOWN


@pytest.mark.parametrize(
    ("paper_", "reason", "words"),
    [
        (one(paper(module=None, voluntary=True)), "certificate_voluntary", "is a voluntary paper by Prüfhaus"),
        (one(revoked_since=NOW - DAY), "certificate_withdrawn", "was taken back on"),
        (one(valid_from=NOW + 1), "certificate_not_valid", "the batch was registered on"),
        (one(valid_until=NOW), "certificate_not_valid", "the batch was registered on"),
        (one(paper(standard="EN 143")), "certificate_body_not_entitled", "for other things than respiratory, EN 143"),
        (one(key=OTHER_KEY), "certificate_body_not_entitled", "names the key that signed it"),
        (
            Paper(GOOD.held, (granted(designation(BELGIUM, NOW), revoked_since=NOW - DAY),)),
            "certificate_body_not_entitled",
            "did not count then: it was taken back",
        ),
        (Paper(GOOD.held, ()), "certificate_body_not_entitled", "no designation of the body 2797"),
    ],
)
def test_a_certificate_that_does_not_cover_says_why(paper_: Paper, reason: str, words: str) -> None:
    found = of(paper_)
    assert (found.result, found.reason, found.advice) == (NOT_COVERED, reason, REASONS[reason])
    assert words in found.detail


@pytest.mark.parametrize(("count", "words"), [(1, "There is one certificate"), (1_200, "There are 1,200 certificates")])
def test_certificates_for_other_models_of_the_maker_are_counted(count: int, words: str) -> None:
    found = coverage(BATCH, Papers((), count), NOW)
    assert (found.reason, found.detail.startswith(words)) == ("certificate_other_model", True)


def test_one_that_covers_is_enough_and_of_several_faults_the_first_is_named() -> None:
    voluntary, withdrawn = one(paper(module=None, voluntary=True)), one(revoked_since=NOW - DAY)
    assert of(voluntary, withdrawn, GOOD).result == COVERED
    assert of(voluntary, withdrawn).reason == "certificate_withdrawn"


def test_what_was_placed_on_the_market_under_a_valid_certificate_stays_covered_when_that_ends() -> None:
    found = of(GOOD, at=NOW + 2 * YEAR)
    assert found.result == COVERED
    assert "it ended on" in found.remark
    assert "the batch is older than that" in found.remark


def test_a_scope_of_one_designation_is_enough() -> None:
    narrow = granted(designation(BELGIUM, NOW, scopes=SCOPES[1:]))
    assert of(Paper(GOOD.held, (narrow, DESIGNATED))).result == COVERED
