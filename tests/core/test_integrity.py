"""A log that disagrees with its digest, or lacks its parts, is found out."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from ledger.core import facts
from ledger.core.errors import ContradictionError, UnavailableError
from ledger.core.integrity import check_block, custody_digest
from ledger.core.statement import CustodyStatement
from ledger.core.vocabulary import Kind, ProductClass
from tests.simulated_ledger import DOMAIN, START, Story, placed

if TYPE_CHECKING:
    from collections.abc import Sequence

OTHER = bytes(31) + b"?"


def block_of(*statements: Sequence[facts.Fact]) -> facts.IndexedBlock:
    logs = [fact for statement in statements for fact in statement]
    return facts.IndexedBlock(5, b"h" * 32, b"p" * 32, START, tuple(placed(tuple(logs), 5, 0, START, b"t" * 32)))


def altered(block: facts.IndexedBlock, index: int, **values: Any) -> facts.IndexedBlock:
    logs = list(block.facts)
    logs[index] = replace(logs[index], **values)
    return replace(block, facts=tuple(logs))


def without(block: facts.IndexedBlock, index: int) -> facts.IndexedBlock:
    return replace(block, facts=block.facts[:index] + block.facts[index + 1 :])


@pytest.fixture
def story() -> Story:
    told = Story()
    told.register()
    return told


def test_everything_a_ledger_logs_agrees_with_itself(story: Story) -> None:
    statements = story.statements()
    check_block(block_of(*(next(statements) for _ in range(400))), DOMAIN)


def test_the_short_way_to_a_custody_digest_is_the_standard_one(story: Story) -> None:
    event = story.event(story.goods[0], Kind.SHIP, counterparty=2, quantity=1000)
    values = {field.name: getattr(event, field.name) for field in fields(CustodyStatement)}
    standard = CustodyStatement(**values | {"place": event.place.encode()}).digest(DOMAIN)
    assert custody_digest(event, DOMAIN.separator) == standard
    nowhere = replace(event, place="")
    values["place"] = bytes(5)
    assert custody_digest(nowhere, DOMAIN.separator) == CustodyStatement(**values).digest(DOMAIN)


@pytest.mark.parametrize(
    "name", [field.name for field in fields(facts.CustodyEvent) if field.name not in ("key", "recorded")]
)
def test_no_field_of_an_event_can_be_altered(name: str, story: Story) -> None:
    block = block_of(story.move(story.goods[0]))
    value = getattr(block.facts[0], name)
    other = {int: 77, str: "XXXXX", bytes: OTHER, Kind: Kind.SHIP}[type(value)]
    with pytest.raises(ContradictionError) as caught:
        check_block(altered(block, 0, **{name: other}), DOMAIN)
    assert caught.value.field == "digest"


REGISTERED = {
    "digest": OTHER,
    "batch": OTHER,
    "manufacturer": 9,
    "gtin": "09506000134369",
    "lot": "OTHER",
    "product_class": ProductClass.PPE,
    "quantity": 9,
    "manufactured": None,
    "expiry": date(2029, 4, 1),
    "unit_root": OTHER,
    "details": OTHER,
}


@pytest.mark.parametrize("name", REGISTERED)
def test_no_field_of_a_registration_can_be_altered(name: str, story: Story) -> None:
    with pytest.raises(ContradictionError):
        check_block(altered(block_of(story.register()), 0, **{name: REGISTERED[name]}), DOMAIN)


@pytest.mark.parametrize("expiry", [20290228, 20290229, 20290231, 20280229, 20280231, 20290430, 20290431, 20291231])
def test_a_day_past_the_months_end_that_the_contract_takes_is_no_contradiction(expiry: int, story: Story) -> None:
    (registration,) = story.register(expiry=expiry)
    last = {20280229: 29, 20280231: 29}.get(expiry, {2: 28, 4: 30}.get(expiry // 100 % 100, 31))
    block = block_of([registration])
    check_block(altered(block, 0, expiry=date(expiry // 10000, expiry // 100 % 100, last)), DOMAIN)
    with pytest.raises(ContradictionError):
        check_block(altered(block, 0, expiry=date(expiry // 10000, expiry // 100 % 100, last - 1)), DOMAIN)


def test_a_key_must_be_the_hash_of_its_signer_and_as_it_was_signed() -> None:
    block = block_of(next(Story().opening()))
    for values in ({"key": OTHER}, {"signer": b"s" * 20}, {"organisation": 3}, {"valid_until": 9}):
        with pytest.raises(ContradictionError):
            check_block(altered(block, 1, **values), DOMAIN)


def test_an_anchor_must_be_as_it_was_signed(story: Story) -> None:
    logs = next(logs for _ in range(100) if isinstance((logs := story.aside())[0], facts.Anchor))
    check_block(block_of(logs), DOMAIN)
    with pytest.raises(ContradictionError):
        check_block(altered(block_of(logs), 0, count=1), DOMAIN)


def test_children_of_a_split_can_neither_be_missing_nor_altered(story: Story) -> None:
    block = block_of(story.split(story.goods[0], 3), story.register())
    check_block(block, DOMAIN)
    for index in (1, 2, 3):
        with pytest.raises((UnavailableError, ContradictionError)):
            check_block(without(block, index), DOMAIN)
    for values in ({"sscc": None}, {"consignment": OTHER}, {"parent": OTHER}):
        with pytest.raises(ContradictionError):
            check_block(altered(block, 2, **values), DOMAIN)
    with pytest.raises(UnavailableError):
        check_block(altered(block, 2, quantity=1), DOMAIN)


def test_a_pallet_and_what_is_put_on_it_cannot_be_missing(story: Story) -> None:
    story.register()
    block = block_of(story.pack(story.goods[:2]), story.register())
    check_block(block, DOMAIN)
    for index in (1, 2, 3):
        with pytest.raises(UnavailableError):
            check_block(without(block, index), DOMAIN)
    with pytest.raises(UnavailableError):
        check_block(replace(block, facts=block.facts[:1]), DOMAIN)
    with pytest.raises(UnavailableError):
        check_block(altered(block, 2, pallet=OTHER), DOMAIN)


def test_what_is_taken_off_a_pallet_can_neither_be_missing_nor_altered(story: Story) -> None:
    story.register()
    story.pack(story.goods[:2])
    block = block_of(story.unpack(story.pallets[0]))
    check_block(block, DOMAIN)
    with pytest.raises(UnavailableError):
        check_block(without(block, 2), DOMAIN)
    with pytest.raises(ContradictionError):
        check_block(altered(block, 2, consignment=OTHER), DOMAIN)


def test_logs_out_of_place_are_an_incomplete_answer(story: Story) -> None:
    block = block_of(story.move(story.goods[0]), story.move(story.goods[0]))
    recorded = block.facts[1].recorded
    for place in (replace(recorded, block=6), replace(recorded, time=1), replace(recorded, log_index=0)):
        with pytest.raises(UnavailableError):
            check_block(altered(block, 1, recorded=place), DOMAIN)
