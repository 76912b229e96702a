"""The present state that the rules are asked with: told from the read model, and by the chain where only it knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.chain.contracts import encode_call
from ledger.core import parts
from ledger.core.errors import UnavailableError
from ledger.core.structs import Anchor, Suspension
from ledger.core.vocabulary import Kind
from ledger.store.database import open_database
from ledger.store.ledger_view import ReadModelView
from ledger.store.read_model import ReadModel
from tests.installation import Installation
from tests.world import COUNCIL, KEYS, MAKER, PHARMACY, REGULATOR, ZERO, World, a_world

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def view(world: World, tmp_path: Path) -> Iterator[Any]:
    """Index what the world says by now, whenever asked."""
    db = open_database(f"sqlite:///{tmp_path}/lotproof.db")
    here = Installation(world, db)

    def look(chain: Any = None) -> ReadModelView:
        here.index()
        return ReadModelView(ReadModel(db), chain)

    yield look
    db.close()


def test_consignments_and_pallets_are_told_with_their_state(world: World, view: Any) -> None:
    registration = world.registration("V1", quantity=10)
    world.bring(registration)
    digest = registration.digest(world.domain)
    batch = parts.batch_id(registration.statement.gtin, "V1")  # type: ignore[union-attr]  # it is a BatchRegistration
    attachment = parts.pack_pallet(None, [(batch, digest)])
    pack = world.event(Kind.PACK, MAKER, ZERO, ZERO, quantity=1, attachment=attachment)
    world.bring(pack)
    pallet = pack.digest(world.domain)
    state = view().consignment(batch)
    assert (state.rest, state.pallet) == (10, pallet)
    assert view().consignment(pallet).rest == 1
    assert view().pallet_count() == 1
    assert view().consignment(b"?" * 32) is None


def test_recalls_and_corrections_are_told(world: World, view: Any) -> None:
    registration = world.registration("V2")
    shipment = world.shipment(registration)
    batch = shipment.statement.consignment  # type: ignore[union-attr]  # it is a CustodyEvent
    world.bring(registration)
    world.bring(shipment)
    digest = shipment.digest(world.domain)
    assert (view().corrected(digest), view().recalled(batch)) == (None, False)
    correct = world.event(
        Kind.CORRECT,
        MAKER,
        batch,
        digest,
        quantity=0,
        attachment=parts.encode_event(shipment.statement),  # type: ignore[arg-type]  # it is a CustodyEvent
    )
    world.bring(correct)
    recall = world.event(Kind.RECALL, MAKER, batch, ZERO, quantity=0)
    world.bring(recall)
    assert view().corrected(digest) == correct.digest(world.domain)
    assert view().recalled(batch)
    assert view().recorded(recall.digest(world.domain))
    assert not view().recorded(b"?" * 32)
    assert view().corrected(b"?" * 32) is None


def test_an_authoritys_sequence_counts_its_signed_statements_only(world: World, view: Any) -> None:
    before = view().authority_sequence(REGULATOR)
    assert before == 3  # the council's admission of itself does not count
    world.bring(world.signed(Suspension(REGULATOR, PHARMACY, before, suspended=True), KEYS[REGULATOR]))
    assert view().authority_sequence(REGULATOR) == before + 1
    assert view().authority_sequence(MAKER) == 0
    assert view().organisation_count() == 4
    assert view().organisation(PHARMACY).suspensions[-1].suspended


def test_anchors_and_pauses_are_told(world: World, view: Any) -> None:
    assert view().anchor(MAKER) == (ZERO, 0)
    assert view().paused_until() == 0
    anchor = world.signed(Anchor(MAKER, 5, b"r" * 32, ZERO), KEYS[MAKER])
    world.bring(anchor)
    assert view().anchor(MAKER) == (anchor.digest(world.domain), 5)
    world.send(world.ledger.address, encode_call("pause"), COUNCIL)
    assert view().paused_until() > world.now()
    world.send(world.ledger.address, encode_call("unpause"), COUNCIL)
    assert view().paused_until() == 0


@pytest.mark.parametrize("answer", [True, False])
def test_a_wallet_is_asked_through_the_chain(view: Any, answer: bool) -> None:
    chain = SimpleNamespace(is_wallet_signature=lambda *_: answer)
    assert view(chain).is_wallet_signature(b"w" * 20, ZERO, b"s") is answer


def test_a_wallet_that_cannot_be_asked_is_left_to_the_contract(view: Any) -> None:
    def down(*_: Any) -> bool:
        raise UnavailableError("down")

    assert view().is_wallet_signature(b"w" * 20, ZERO, b"s")
    assert view(SimpleNamespace(is_wallet_signature=down)).is_wallet_signature(b"w" * 20, ZERO, b"s")
