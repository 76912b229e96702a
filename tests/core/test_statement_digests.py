"""Digests of the eight statements agree with eth-account and with the generic encoder."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import structs
from ledger.core.errors import InvalidStatementError
from ledger.core.keccak import keccak256
from ledger.core.statement import STATEMENTS, TYPES, CustodyStatement, Domain, Suspension, typed_data
from ledger.core.typed_data import domain_separator, encode_type, hash_struct, signing_digest

if TYPE_CHECKING:
    from ledger.core.statement import Statement

DOMAIN = Domain(31337, bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3"))
EVENT = CustodyStatement(bytes(32), bytes(32), 1, 1, 1, 0, 1, b"SGSIN", bytes(32), bytes(32))


def values_of(kind: str) -> st.SearchStrategy[Any]:
    if kind == "bool":
        return st.booleans()
    if kind == "string":
        return st.text(max_size=40)
    if kind == "bytes":
        return st.binary(max_size=70)
    size = int(re.sub("[a-z]", "", kind))
    return st.integers(0, 2**size - 1) if kind.startswith("uint") else st.binary(min_size=size, max_size=size)


def one_of_type(statement: type[Statement]) -> st.SearchStrategy[Statement]:
    return st.builds(statement, **{member.attribute: values_of(member.kind) for member in statement.MEMBERS})


any_statement = st.one_of([one_of_type(statement) for statement in STATEMENTS.values()])
any_domain = st.builds(Domain, st.integers(0, 2**256 - 1), st.binary(min_size=20, max_size=20))


def digest_by_eth_account(payload: dict[str, Any]) -> bytes:
    message = encode_typed_data(full_message=payload)
    return keccak256(b"\x19" + message.version + message.header + message.body)


@given(any_statement, any_domain)
def test_a_digest_is_what_eth_account_signs(statement: Statement, domain: Domain) -> None:
    assert statement.digest(domain) == digest_by_eth_account(typed_data(statement, domain))


@given(any_statement, any_domain)
def test_a_digest_is_what_the_generic_encoder_gives(statement: Statement, domain: Domain) -> None:
    payload = typed_data(statement, domain)
    assert statement.digest(domain) == signing_digest(
        payload["types"], payload["primaryType"], payload["domain"], payload["message"]
    )
    assert statement.struct_hash() == hash_struct(TYPES, statement.NAME, statement.message())
    assert domain.separator == domain_separator(domain.to_json())


@given(any_statement, st.data())
def test_a_change_of_any_field_changes_the_digest(statement: Statement, data: st.DataObject) -> None:
    member = data.draw(st.sampled_from(statement.MEMBERS))
    before = {each.attribute: getattr(statement, each.attribute) for each in statement.MEMBERS}
    other = data.draw(values_of(member.kind).filter(lambda value: value != before[member.attribute]))
    assert type(statement)(**before | {member.attribute: other}).digest(DOMAIN) != statement.digest(DOMAIN)


def test_a_digest_is_for_one_chain_and_one_contract_only() -> None:
    elsewhere = [Domain(1, DOMAIN.ledger), Domain(DOMAIN.chain_id, bytes(20))]
    assert len({EVENT.digest(domain) for domain in [DOMAIN, *elsewhere]}) == 3


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_type_string_the_declared_types_and_the_fields_say_the_same(name: str) -> None:
    statement = STATEMENTS[name]
    assert encode_type(TYPES, name) == statement.TYPE
    assert [item.name for item in fields(statement)] == [member.attribute for member in statement.MEMBERS]
    assert keccak256(statement.TYPE.encode()) == statement.TYPE_HASH


def test_the_domain_type_is_the_declared_one() -> None:
    assert encode_type(TYPES, "EIP712Domain") == structs.DOMAIN_TYPE


@pytest.mark.parametrize(
    ("chain_id", "ledger", "field"),
    [(-1, bytes(20), "chainId"), (1 << 256, bytes(20), "chainId"), (1, b"", "verifyingContract")],
)
def test_a_domain_out_of_range_is_refused(chain_id: int, ledger: bytes, field: str) -> None:
    with pytest.raises(InvalidStatementError) as caught:
        Domain(chain_id, ledger)
    assert caught.value.field == field


def unfit_values() -> list[tuple[type[Statement], str, str, object]]:
    """For every field of every statement: one value too large, one of the wrong length, one of another type."""
    unfit: list[tuple[type[Statement], str, str, object]] = []
    for statement in STATEMENTS.values():
        for member in statement.MEMBERS:
            wrong: list[object] = [None, 1.0]
            if member.kind.startswith("uint"):
                wrong += [-1, 2 ** int(member.kind[4:]), True, "1"]
            elif member.kind == "string":
                wrong += ["\ud800", b"text"]
            elif member.kind == "bool":
                wrong += [1]
            elif member.kind == "bytes":
                wrong += ["0x"]
            else:
                wrong += [bytes(int(member.kind[5:]) + 1), b"", "0x"]
            unfit += [(statement, member.attribute, member.name, value) for value in wrong]
    return unfit


@pytest.mark.parametrize(("statement", "attribute", "name", "value"), unfit_values())
def test_a_statement_that_cannot_stand_on_chain_cannot_be_made(
    statement: type[Statement], attribute: str, name: str, value: object
) -> None:
    plain: dict[str, Any] = {"string": "x", "bytes": b"", "bool": False}
    fitting = {
        member.attribute: plain.get(member.kind, bytes(member.limit) if member.kind.startswith("bytes") else 0)
        for member in statement.MEMBERS
    }
    statement(**fitting)
    with pytest.raises(InvalidStatementError) as caught:
        statement(**fitting | {attribute: value})
    assert caught.value.field == name


def test_the_message_is_json_as_wallets_take_it() -> None:
    assert EVENT.message()["place"] == "0x" + b"SGSIN".hex()
    assert EVENT.message()["occurredAt"] == 1
    assert Suspension(1, 2, 3, suspended=True).message()["suspended"] is True
