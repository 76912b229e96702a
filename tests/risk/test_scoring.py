"""Every score comes with its reasons, and what random inspections say is said."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ledger.core.errors import InvalidInputError
from ledger.risk import making
from ledger.risk.card import card
from ledger.risk.drift import shifts
from ledger.risk.features import FAMILIES, fit
from ledger.risk.inspected import Inspected
from ledger.risk.lines import Lines
from ledger.risk.reasons import LEAST, MOST, reasons
from ledger.risk.scoring import found_at_random, probabilities_of, score
from ledger.risk.selection import estimated
from ledger.risk.training import train, watched
from tests.risk.conftest import ORIGIN, Trained, quick
from tests.risk.declared import lines_of, rows


def test_lines_are_ranked_by_probability_and_the_first_say_why(trained: Trained) -> None:
    scored = score(trained.model, trained.known.lines, 10)
    assert [each.rank for each in scored] == list(range(1, 1_501))
    assert all(one.probability >= other.probability for one, other in pairwise(scored))
    assert all(each.reasons for each in scored[:10])
    assert not any(each.reasons for each in scored[10:])
    assert sorted(each.name for each in scored) == sorted(trained.known.lines.names)


def test_without_reasons_asked_for_none_are_made(trained: Trained) -> None:
    assert not any(each.reasons for each in score(trained.model, trained.known.lines))


def test_what_the_features_add_sums_up_to_the_score(trained: Trained) -> None:
    made, lines = trained.model.made, trained.known.lines.take(np.arange(40))
    matrix = made.encoder.matrix(lines)
    added = made.trees.contributions(matrix)
    np.testing.assert_allclose(added.sum(axis=1), made.trees.scores(matrix), atol=1e-9)
    for row, told in enumerate(reasons(made.encoder, lines, matrix, added)):
        assert len(told) <= MOST
        assert all(abs(each.log_odds) >= LEAST for each in told)
        assert sorted(told, key=lambda each: -abs(each.log_odds)) == told
        importer = [each.log_odds for each in told if each.subject == "importer"]
        names = made.encoder.names
        parts = [added[row, names.index(name)] for name in ("importer.rate", "importer.trials", "importer_id.code")]
        assert importer in ([], [pytest.approx(sum(parts))])


def test_reasons_name_the_trader_and_what_is_known_of_it(trained: Trained) -> None:
    told = {
        each.subject: each.words for line in score(trained.model, trained.known.lines, 1_500) for each in line.reasons
    }
    assert "IM" in told["importer"]
    assert "past rate is" in told["importer"]
    assert " of all " in told["importer"]
    assert "times what is usual for its subheading" in told["value per kilogram"]
    assert all("odds × " in words for words in told.values())


@pytest.mark.parametrize("families", [(), tuple(FAMILIES)])
def test_every_kind_of_feature_has_words(families: tuple[str, ...]) -> None:
    """Each feature in turn is made the only one that counts; lines never seen before, and with nothing in them, too."""
    lines, truth = lines_of(rows(300, seed=77))
    lines.numbers["gross_mass_measure"] = lines.numbers["net_net_weight_measure"] + 1
    lines.categories["marking"] = np.array(["E", "B"] * 150, dtype=object)
    encoder = fit(lines, truth, np.arange(300), families, 1).encoder
    lines = lines.take(np.arange(4))
    for column in lines.categories.values():
        column[0] = ""
    lines.numbers["customs_value_amount"][1] = np.nan
    lines.commodities[2] = "999999"
    matrix = encoder.matrix(lines)
    for at, name in enumerate(encoder.names):
        told = reasons(
            encoder, lines, matrix, np.where(np.arange(len(encoder.names)) == at, 0.7, 0.0) * np.ones((4, 1))
        )
        assert all(len(each) == 1 and each[0].words.endswith("odds × 2") for each in told), name
        assert not [each.words for (each,) in told if "nan" in each.words or "_" in each.words], name


def test_random_inspections_tell_what_the_model_misses(trained: Trained) -> None:
    lines, truth = lines_of(rows(4_000, seed=1, days=600))
    found = found_at_random(
        trained.model, Inspected(lines, truth, np.array(["random", "score"] * 2_000, dtype=object), 0)
    )
    assert found.non_compliant.trials == 2_000
    assert found.precision.hits + found.missed.hits == found.non_compliant.hits
    assert found.precision.interval.low > truth.mean()
    page = card(trained.model, found)
    assert f"{found.missed.hits:,} of {found.missed.trials:,}" in page


def test_a_card_of_few_or_no_findings_says_what_it_cannot_say(trained: Trained) -> None:
    nothing = estimated(np.array([0.2]), np.array([False]), np.array([False]))
    assert "Of the non-compliant lines, scores miss (none drawn)." in card(trained.model, nothing)
    facts = json.loads(json.dumps(trained.model.facts))
    facts["validation"]["in_time_new"] |= {"lines": 0, "non_compliant": 0}
    facts["validation"]["in_time_new"]["ranking"]["auc"] = None
    assert "| of these, goods not seen before | 0 | - |" in card(trained.model._replace(facts=facts))


def test_inspections_that_were_picked_tell_nothing_of_what_was_missed(trained: Trained) -> None:
    picked = trained.known._replace(selected_by=np.full(1_500, "score", dtype=object))
    with pytest.raises(InvalidInputError, match="drawn at random"):
        found_at_random(trained.model, picked)


def test_the_card_says_what_the_model_is_for_and_how_often_it_errs(trained: Trained) -> None:
    page = card(trained.model)
    for words in (
        "Customs of Nowhere",
        "It decides nothing",
        "1,500 inspected lines",
        "1,500 random",
        "P@5%",
        "None was given",
    ):
        assert words in page
    assert trained.model.digest in page
    ranking = trained.model.facts["validation"]["by_groups"]["ranking"]
    assert f"{ranking['precision'][2]:.3f} | {1 - ranking['recall'][2]:.3f}" in page
    assert f"| {ranking['auc']:.3f} |" in page


def test_lines_like_those_it_was_made_from_have_not_moved_and_others_have(trained: Trained) -> None:
    def levels(lines: Lines) -> dict[str, str]:
        values = watched(lines, probabilities_of(trained.model, lines))
        return {each.name: each.level for each in shifts(trained.model.reference, values)}

    lines = trained.known.lines.take(np.arange(1_500))
    assert levels(lines)["importer_id"] == "steady"
    lines.numbers["customs_value_amount"] *= 0.2
    moved = levels(lines)
    assert moved["customs_value_amount"] == moved["probability"] == "moved"
    assert moved["importer_id"] == "steady"


def test_the_same_lines_and_seed_give_the_same_model(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "CANDIDATES", quick())
    told: list[tuple[int, int]] = []
    again = train(trained.known, tmp_path / "again", ORIGIN, lambda *each: told.append(each))
    assert again.digest == trained.model.digest
    assert told == [(done, len(told)) for done in range(1, len(told) + 1)]
