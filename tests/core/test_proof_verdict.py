"""What a bundle lets one say: words, precedence, age, and the limits that every answer repeats."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ledger.core.errors import InvalidProofError
from ledger.core.gs1 import parse_code
from ledger.core.proof import ProvenFacts
from ledger.core.proof_verdict import STALE_SECONDS, ProofVerdict, judge_proof
from ledger.core.vocabulary import Kind
from tests.core.proof_vectors import vector


def judged(name: str, *, code: str = "", later: int = 60, proven: ProvenFacts | None = None) -> ProofVerdict:
    found = vector(name)
    proven = proven or found.proved()
    now = proven.header.time + later
    parsed = parse_code(code or found.code, today=datetime.fromtimestamp(now, UTC).date(), hosts=())
    return judge_proof(proven, found.trusted, parsed, now)


def detail(verdict: ProofVerdict, name: str) -> tuple[str, str]:
    return next((check.result, check.detail) for check in verdict.checks if check.name == name)


def test_an_old_proof_says_its_age_and_fails_to_be_fresh_without_losing_its_word() -> None:
    verdict = judged("plain", later=STALE_SECONDS * 40)
    assert verdict.verdict == "verified"
    assert "(as of 40 days ago)" in verdict.headline
    assert detail(verdict, "fresh")[0] == "failed"
    assert detail(judged("plain"), "fresh")[0] == "passed"


def test_a_clock_behind_the_chain_makes_nothing_younger() -> None:
    verdict = judged("plain", later=-10_000)
    result, words = detail(verdict, "fresh")
    assert result == "failed"
    assert words.endswith("0 seconds old. This device's clock is behind the chain's: set it right.")
    assert verdict.facts["as_of"]["age_seconds"] == 0


def test_a_label_with_another_expiry_is_suspect() -> None:
    code = vector("plain").code
    assert judged("plain", code=f"{code}(17)290131").verdict == "verified"
    wrong = judged("plain", code=f"{code}(17)300131")
    assert (wrong.verdict, wrong.reason) == ("suspect", "expiry_differs")


@pytest.mark.parametrize(
    "code",
    [
        "(01)05413868000016(10)OTHER",
        "(01)05413868000023(10)PLAIN",
        "(00)054138680000000016",
        "(00)054138680000000016(01)05413868000016",
    ],
)
def test_a_bundle_of_another_batch_is_refused(code: str) -> None:
    with pytest.raises(InvalidProofError) as caught:
        judged("plain", code=code)
    assert caught.value.evidence["rule"] == "code"


def test_a_bundle_of_another_pack_is_refused_and_one_of_the_batch_says_so() -> None:
    batch = vector("unit").code.partition("(21)")[0]
    with pytest.raises(InvalidProofError, match="serial number A2"):
        judged("unit", code=f"{batch}(21)A1")
    with pytest.raises(InvalidProofError):
        judged("unit", code=batch)
    verdict = judged("plain", code=f"{vector('plain').code}(21)A1")
    assert detail(verdict, "unit_in_batch") == ("skipped", "The bundle proves the batch alone.")
    assert any("this one pack" in limit for limit in verdict.limits)


def test_every_answer_says_what_it_cannot_know() -> None:
    verdict = judged("wallet")
    told = " ".join(verdict.limits)
    for words in ("Nothing after", "can be copied", "Names of organisations", "by its order only", "by contracts"):
        assert words in told
    assert [each["signature"] for each in verdict.facts["custody"]] == ["checked", "asked by the ledger"]
    assert "contracts" not in " ".join(judged("plain").limits)


def test_json_has_the_verdict_the_checks_the_facts_and_the_limits() -> None:
    told = judged("split").to_json()
    assert list(told) == [
        *("verdict", "reason", "headline", "advice", "checks", "code", "batch", "consignments", "custody"),
        *("organisations", "keys", "label_keys", "as_of", "limits"),
    ]
    assert [each["quantity"] for each in told["consignments"]] == [400, 600]
    assert len(judged("labelled").facts["label_keys"]) == 1


def with_states(name: str, *, first_only: bool, **fields: Any) -> ProvenFacts:
    """The facts of a vector with its states changed: combinations that would take long stories to play."""
    proven = vector(name).proved()
    live = proven.history.live()
    chosen = live[:1] if first_only else live
    states = {
        each: state._replace(**fields) if each in chosen else state for each, state in proven.history.states.items()
    }
    return replace(proven, history=replace(proven.history, states=states))


def test_what_is_held_in_part_is_said_in_the_advice() -> None:
    some = judged("split", proven=with_states("split", first_only=True, held_by=2))
    assert some.verdict == "verified"
    assert "1 of 2 consignments of this lot are held or seized." in some.advice
    every = judged("split", proven=with_states("split", first_only=False, held_by=2, seized=True))
    assert (every.reason, every.headline.startswith("Seized by organisation 2")) == ("seized", True)


def test_a_carton_is_judged_by_its_sscc_alone() -> None:
    verdict = judged("split", code="(00)054138680000000016")
    assert [(each["sscc"], each["quantity"]) for each in verdict.facts["consignments"]] == [("054138680000000016", 400)]
    held = judged("split", code="(00)054138680000000016", proven=with_states("split", first_only=True, held_by=2))
    assert held.reason == "held"
    with pytest.raises(InvalidProofError, match="Nothing in this bundle has the SSCC"):
        judged("split", code="(00)054138680000000023")


def test_a_pallet_is_judged_by_what_is_on_it() -> None:
    proven = vector("pallet").proved()
    named = {
        each: state._replace(sscc="054138680000000023" if state.number else None)
        for each, state in proven.history.states.items()
    }
    proven = replace(proven, history=replace(proven.history, states=named))
    verdict = judged("pallet", code="(00)054138680000000023", proven=proven)
    assert [each["quantity"] for each in verdict.facts["consignments"]] == [1000]


def test_what_is_destroyed_is_suspect_and_what_is_used_up_has_no_rest() -> None:
    proven = vector("plain").proved()
    (batch,) = proven.history.live()
    state = proven.history.states[batch]

    def judged_as(**fields: int) -> ProofVerdict:
        history = replace(proven.history, states={batch: state._replace(rest=0, **fields)})
        return judged("plain", proven=replace(proven, history=history))

    assert judged_as(destroyed=1000).reason == "destroyed"
    assert "Nothing left at organisation 2" in detail(judged_as(dispensed=1000), "custody_unbroken")[1]


def test_a_registration_in_doubt_is_suspect_and_a_later_suspension_is_told() -> None:
    proven = vector("plain").proved()
    digest = proven.history.registration.digest
    signer = proven.signers[digest]
    doubtful = replace(signer, state=signer.state._replace(doubt_since=proven.latest[digest]))
    assert judged("plain", proven=replace(proven, signers={digest: doubtful})).reason == "key_in_doubt"
    later = replace(signer, state=signer.state._replace(doubt_since=proven.latest[digest] + 1))
    assert judged("plain", proven=replace(proven, signers={digest: later})).verdict == "verified"
    maker = proven.history.registration.manufacturer
    suspended = {maker: proven.organisations[maker]._replace(suspended_at=1_790_000_000, gln=5413868000009)}
    verdict = judged("plain", proven=replace(proven, organisations=suspended))
    assert "suspended since 2026" in detail(verdict, "maker_accredited")[1]
    assert "(GLN 5413868000009)" in detail(verdict, "batch_registered")[1]


def test_several_reasons_are_all_named_and_the_first_gives_the_word() -> None:
    verdict = judged("recalled", later=10**8)
    assert verdict.reason == "recalled"
    assert "Also: Expired." in verdict.advice
    assert date.fromisoformat(verdict.facts["batch"]["expiry"]) < date(2029, 12, 1)
    assert verdict.facts["custody"][0]["kind"] == Kind.RECALL.name
