"""Rates of what every scan and every statement costs: reading codes, hashing and checking signatures."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from eth_account import Account
from eth_account.messages import encode_typed_data

from bench.figures import Figure, figure
from bench.trade import CHAIN_ID, DOMAIN, NOTHING
from ledger.chain.signers import AddressSigner, P256Signer
from ledger.core.gs1 import parse_code
from ledger.core.signature import verify
from ledger.core.structs import CustodyStatement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.trade import Lot
    from ledger.chain.signers import Signer

_TEST_KEY: Final = 0x1234  # known to everyone


def measure(lots: Sequence[Lot], rounds: int, seconds: float) -> list[Figure]:
    """Repeat each for a while in each round, baseline and subject in turn.

    Args:
        lots: What is printed on labels.
        rounds: How often.
        seconds: How long each lasts.
    """
    today = datetime.now(UTC).date()
    links = [lot.link() for lot in lots]
    strings = [lot.element_string(f"S{at}") for at, lot in enumerate(lots)]
    ethereum = AddressSigner("test", PrivateKey(_TEST_KEY.to_bytes(32, "big")))
    phone = P256Signer("test", derive_private_key(_TEST_KEY, SECP256R1()))
    signed = {each.kind: _signed(each) for each in (ethereum, phone)}
    typed = [(_typed(statement), signature) for statement, _signer, signature in signed[ethereum.kind][:20]]
    lines: list[tuple[str, Callable[[Any], object], Sequence[Any], str, Callable[[Any], object] | None, Sequence[Any]]]
    lines = [
        ("parse_code, Digital Links", lambda text: parse_code(text, today=today), links, "", None, ()),
        ("parse_code, element strings", lambda text: parse_code(text, today=today), strings, *_biip(strings)),
        (
            "digest and check of a statement, secp256k1",
            _check,
            signed[ethereum.kind],
            "eth-account",
            lambda pair: Account.recover_message(encode_typed_data(full_message=pair[0]), signature=pair[1]),
            typed,
        ),
        ("digest and check of a statement, P-256", _check, signed[phone.kind], "", None, ()),
    ]
    figures = []
    for name, ours, items, against, theirs, their_items in lines:
        values, baselines = [], []
        for _ in range(rounds):
            if theirs is not None:
                baselines.append(_rate(theirs, their_items, seconds))
            values.append(_rate(ours, items, seconds))
        figures.append(figure(name, values, "a second", against=against, baselines=baselines))
    return figures


def _rate(work: Callable[[Any], object], items: Sequence[Any], seconds: float) -> float:
    begun, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - begun) < seconds:
        for item in items[:100]:
            work(item)
        done += len(items[:100])
    return done / spent


def _biip(strings: Sequence[str]) -> tuple[str, Callable[[Any], object] | None, Sequence[str]]:
    """Take biip as the baseline where it is installed: the product does not need it."""
    if find_spec("biip") is None:
        return "", None, ()
    import biip  # noqa: PLC0415 - only this part needs it, and the environment is set by now

    return "biip", biip.parse, strings


def _signed(signer: Signer, count: int = 100) -> list[tuple[CustodyStatement, bytes, bytes]]:
    statements = [_statement(number) for number in range(count)]
    return [(each, signer.signer, signer.sign(each.digest(DOMAIN))) for each in statements]


def _statement(number: int) -> CustodyStatement:
    consignment = number.to_bytes(32, "big")
    return CustodyStatement(consignment, consignment, 2, 1, 1_780_000_000, 3, 100, b"BEBRU", NOTHING, consignment)


def _check(signed: tuple[CustodyStatement, bytes, bytes]) -> None:
    statement, signer, signature = signed
    if not verify(signer, statement.digest(DOMAIN), signature):
        raise RuntimeError(statement)


def _typed(statement: CustodyStatement) -> dict[str, Any]:
    """Write a statement as `eth_signTypedData_v4` takes it."""
    domain = {"name": "Lotproof", "version": "1", "chainId": CHAIN_ID, "verifyingContract": "0x" + DOMAIN.ledger.hex()}
    kinds = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    own = statement.TYPE.partition("(")[2].rstrip(")").split(",")
    members = [dict(zip(("type", "name"), each.split(), strict=True)) for each in own]
    types = {
        "EIP712Domain": [{"name": name, "type": kind} for name, kind in kinds.items()],
        statement.NAME: members,
    }
    values = {member.name: getattr(statement, member.attribute) for member in statement.MEMBERS}
    return {"types": types, "primaryType": statement.NAME, "domain": domain, "message": values}
