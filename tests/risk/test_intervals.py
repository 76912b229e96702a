"""An interval covers what it says, and few shipments are not taken for a rate."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.risk.intervals import MOST_STRENGTH, fitted_prior, wilson


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    # The published examples: Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_the_published_ones(hits: int, trials: int, low: float, high: float) -> None:
    found = wilson(hits, trials)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nothing_is_known_of_one_never_tried() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_prior_finds_how_much_traders_differ() -> None:
    chance = np.random.default_rng(3)
    trials = chance.integers(2, 30, 4000).astype(float)
    hits = chance.binomial(trials.astype(int), chance.beta(2, 8, 4000)).astype(float)
    prior = fitted_prior(hits, trials)
    assert abs(prior.rate - 0.2) < 0.01
    assert 8 < prior.strength < 12  # the beta distribution they were drawn from is worth 2 + 8 trials


def test_traders_who_are_all_alike_are_shrunk_to_one_rate() -> None:
    chance = np.random.default_rng(4)
    trials = np.full(4000, 10.0)
    prior = fitted_prior(chance.binomial(10, 0.2, 4000).astype(float), trials)
    assert prior.strength > 150


def test_three_bad_shipments_of_three_are_not_a_rate_of_one() -> None:
    prior = fitted_prior(np.array([3.0, 1, 0, 2, 0, 0, 1, 0]), np.array([3.0, 10, 9, 12, 8, 10, 11, 9]))
    assert prior.shrunk(3, 3) < 0.75
    assert prior.shrunk(300, 300) > 0.95


@pytest.mark.parametrize("hits", [[0.0, 0.0], [1.0, 1.0]])
def test_single_shipments_say_nothing_of_how_much_traders_differ(hits: list[float]) -> None:
    assert fitted_prior(np.array(hits), np.array([1.0, 1.0])).strength == MOST_STRENGTH


def test_a_prior_of_nobody_is_no_rate() -> None:
    assert fitted_prior(np.array([]), np.array([])) == (0.0, MOST_STRENGTH)
