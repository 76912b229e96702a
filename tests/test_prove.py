"""Bundles made from a real ledger: as of which block, from which source, and what is said where none can be made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.artifact import code_template
from ledger.chain.contracts import Ledger
from ledger.chain.signers import development_signer
from ledger.chain.source import LedgerSource
from ledger.core.errors import ConfigurationError, InvalidInputError, NotFoundError, UnavailableError
from ledger.core.header import read_header
from ledger.core.parts import bundle_digests
from ledger.core.proof import Trusted, check_proof
from ledger.core.proof_bundle import read_bundle
from ledger.core.structs import Bundle
from ledger.core.submission import BundledEvent
from ledger.core.vocabulary import Kind
from ledger.prove import ATTEMPTS, Prover
from ledger.store.outbox import Outbox
from ledger.witness import witness
from tests.core.proof_vectors import FOLDER
from tests.proof_cases import UNIT_ROOT, Stage, content_of_all
from tests.world import CARRIER, KEYS, MAKER, PHARMACY, World, a_world

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def stage(world: World, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(world, tmp_path)
    yield made
    made.close()


def checked(world: World, data: bytes) -> list[Kind]:
    bundle = read_bundle(data)
    trusted = Trusted(31337, world.ledger.address, read_header(bundle.header).hash, "")
    return [event.kind for event in check_proof(bundle, trusted, code_template()).history.events]


def test_a_proof_of_an_earlier_block_leaves_out_what_came_later(stage: Stage) -> None:
    gtin, batch = stage.register("EARLIER")
    block = stage.world.chain.head().number
    stage.do(Kind.SHIP, MAKER, batch, counterparty=CARRIER)
    assert checked(stage.world, stage.prove(gtin, "EARLIER")) == [Kind.SHIP]
    assert checked(stage.world, stage.prove(gtin, "EARLIER", block=block)) == []


def test_signatures_come_from_the_outbox_where_they_were_handed_in(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    registration = stage.world.registration("HANDED")
    shipment = stage.world.shipment(registration)
    stage.installation.accept(registration, shipment)
    stage.installation.settle()
    monkeypatch.setattr("ledger.prove.transaction_inputs", lambda _chain, hashes: [b"" for _ in hashes])
    gtin = f"{registration.statement.gtin:014d}"  # type: ignore[union-attr]  # it is a BatchRegistration
    assert checked(stage.world, stage.prove(gtin, "HANDED")) == [Kind.SHIP]


def test_events_of_a_bundle_in_the_outbox_are_proved_by_its_signature(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = stage.world
    registration = world.registration("BUNDLED")
    event: Any = world.shipment(registration).statement
    bundle = Bundle(MAKER, 1, bundle_digests([event.digest(world.domain)]))
    stage.installation.accept(registration, world.signed(bundle, KEYS[MAKER], events=(BundledEvent(event),)))
    stage.installation.settle()
    monkeypatch.setattr("ledger.prove.transaction_inputs", lambda _chain, hashes: [b"" for _ in hashes])
    statement: Any = registration.statement
    data = stage.prove(f"{statement.gtin:014d}", "BUNDLED")
    assert checked(world, data) == [Kind.SHIP]
    assert len(read_bundle(data).bundles) == 1


def test_a_statement_brought_again_with_a_bad_signature_is_proved_with_the_good_one(stage: Stage) -> None:
    registration = stage.world.registration("AGAIN")
    forged = replace(registration, signature=registration.signature[:-1] + b"\x1d")
    assert stage.world.bring(forged, registration).success
    statement: Any = registration.statement
    assert checked(stage.world, stage.prove(f"{statement.gtin:014d}", "AGAIN")) == []


def test_nodes_that_prove_nothing_are_asked_for_again_and_then_given_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gtin, _batch = stage.register("GIVENUP")
    asked: list[int] = []

    def nothing(*_arguments: object) -> tuple[list[bytes], list[bytes]]:
        asked.append(1)
        return [], []

    monkeypatch.setattr("ledger.prove.proof_nodes", nothing)
    with pytest.raises(UnavailableError, match="does not prove what is indexed"):
        stage.prove(gtin, "GIVENUP")
    assert len(asked) == ATTEMPTS


@pytest.mark.slow
def test_every_vector_is_what_its_story_comes_to_on_a_real_node() -> None:
    for name, content in content_of_all().items():
        assert json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) == content, name


def test_a_signature_that_is_nowhere_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    gtin, _batch = stage.register("NOWHERE")
    monkeypatch.setattr("ledger.prove.transaction_inputs", lambda _chain, hashes: [b"" for _ in hashes])
    with pytest.raises(UnavailableError, match="signature"):
        stage.prove(gtin, "NOWHERE")


@pytest.mark.parametrize("block", [10**9, -1, "latest"])
def test_a_block_that_is_not_indexed_is_refused(stage: Stage, block: int | str) -> None:
    gtin, _batch = stage.register(f"BLOCK{block}"[:20].replace("-", ""))
    with pytest.raises(InvalidInputError) as caught:
        stage.prove(gtin, "BLOCK", block=block)
    assert caught.value.field == "block"


def test_an_unknown_batch_and_an_unlisted_pack_are_not_found(stage: Stage) -> None:
    gtin, _batch = stage.register("PACKS", 3, unit_root=UNIT_ROOT)
    for lot, serial, field in (("NONE", None, "lot"), ("PACKS", "A9", "serial")):
        with pytest.raises(NotFoundError) as caught:
            stage.prove(gtin, lot, serial)
        assert caught.value.field == field
    gtin, _batch = stage.register("BULK")
    with pytest.raises(NotFoundError):
        stage.prove(gtin, "BULK", "A1")


def test_a_block_before_the_registration_has_no_batch(stage: Stage) -> None:
    before = stage.world.chain.head().number
    gtin, _batch = stage.register("BEFORE")
    with pytest.raises(NotFoundError):
        stage.prove(gtin, "BEFORE", block=before)


def test_a_batch_with_too_many_events_is_told_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    gtin, batch = stage.register("MANY")
    stage.do(Kind.SHIP, MAKER, batch, counterparty=CARRIER)
    monkeypatch.setattr("ledger.prove.MAX_EVENTS", 0)
    with pytest.raises(InvalidInputError, match="at most 0"):
        stage.prove(gtin, "MANY")


def test_state_that_the_node_no_longer_has_is_unavailable(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    gtin, _batch = stage.register("PRUNED")
    stage.installation.index()
    real = stage.world.chain.rpc.batch

    def pruned(calls: list[tuple[str, tuple[object, ...]]]) -> object:
        if calls[0][0] == "eth_getProof":
            calls = [(method, (*params[:2], hex(10**9))) for method, params in calls]
        return real(calls)

    monkeypatch.setattr(stage.world.chain.rpc, "batch", pruned)
    with pytest.raises(UnavailableError, match="cannot prove the state"):
        stage.prover.prove(gtin, "PRUNED")


def test_a_node_that_proves_another_state_than_is_indexed_is_unavailable(stage: Stage) -> None:
    """What a reorganisation looks like from here: the read model has an event that the block's state has not."""
    gtin, batch = stage.register("REORG")
    stage.do(Kind.SHIP, MAKER, batch, counterparty=PHARMACY)
    stage.installation.index()
    late = Prover(stage.facts, Outbox(stage.database), stage.world.ledger, stage.world.domain)
    stage.world.anvil.rpc("anvil_reorg", 1, [])
    with pytest.raises(UnavailableError):
        late.prove(gtin, "REORG")
    stage.world.anvil.mine()


def test_a_witness_signs_only_what_is_final_on_its_node(world: World) -> None:
    world.anvil.mine(5)
    finalized = LedgerSource(world.chain, world.ledger.address).finalized
    key = development_signer(7, 31337)
    made = witness(world.ledger, world.domain, finalized, key)
    header = world.chain.header(made.checkpoint.number)
    assert header is not None
    assert (made.checkpoint.hash, made.checkpoint.time) == (header.hash, header.time)
    assert witness(world.ledger, world.domain, finalized, key, 3).checkpoint.number == 3
    with pytest.raises(InvalidInputError, match="not final"):
        witness(world.ledger, world.domain, finalized, key, world.chain.head().number + 1)
    assert json.dumps(made.checkpoint.message())


def test_a_witness_refuses_a_ledger_that_is_not_ours(world: World) -> None:
    with pytest.raises(ConfigurationError):
        witness(Ledger(world.chain, bytes(20)), world.domain, lambda: 1, development_signer(7, 31337))
