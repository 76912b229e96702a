"""Every proof vector is judged as it says: good bundles with their verdict, attacks with the rule that stops them."""

from __future__ import annotations

import socket

import pytest

from ledger.core.check import NUMBERS
from ledger.core.errors import InvalidProofError
from tests.core.proof_vectors import ProofVector, good, vectors
from tests.proof_cases import ATTACKS, TALES

ALL = vectors()
OF_TIME_AND_PLACE = {"attack_stale_header", "attack_replayed_history", "attack_other_contract"}


@pytest.mark.parametrize("vector", good(), ids=lambda vector: vector.name)
def test_good_bundle_gives_the_verdict_that_is_due(vector: ProofVector) -> None:
    verdict = vector.judged()
    assert (verdict.verdict, verdict.reason) == (vector.expected["verdict"], vector.expected["reason"])
    names = list(NUMBERS)[: 14 if vector.name == "mask" else 13]
    assert [check.name for check in verdict.checks] == names


@pytest.mark.parametrize("vector", [each for each in ALL if "rule" in each.expected], ids=lambda vector: vector.name)
def test_attack_is_refused_by_the_rule_that_stops_it(vector: ProofVector) -> None:
    with pytest.raises(InvalidProofError) as caught:
        vector.judged()
    assert caught.value.evidence["rule"] == vector.expected["rule"], caught.value.detail


def test_every_story_and_attack_has_its_file() -> None:
    told = {tale.__name__ for tale in TALES} | {attack.name for attack in ATTACKS} | OF_TIME_AND_PLACE
    assert {vector.name for vector in ALL} == told


def test_a_bundle_is_checked_with_the_network_unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_network)
    monkeypatch.setattr(socket, "create_connection", no_network)
    for vector in good():
        vector.judged()
