"""What was signed, read back out of the transactions that brought it: logs hold statements, but no signatures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from ledger.chain.contracts import inputs_of, selector_of
from ledger.core.errors import InvalidStatementError
from ledger.core.structs import BatchRegistration, Bundle, CustodyStatement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.core.structs import Statement

_FUNCTIONS: Final = ("register", "registerMany", "record", "recordMany", "recordBundle")


@dataclass(frozen=True, slots=True)
class Brought:
    """A statement as a transaction brought it; events of a bundle have its signature."""

    statement: Statement
    attachment: bytes
    signer: bytes
    signature: bytes
    bundle: Bundle | None = None
    beside: tuple[CustodyStatement, ...] = ()  # all events of the bundle


def statements_in(data: bytes) -> list[Brought]:
    """Read the registrations and custody events that a call to the ledger brought.

    Args:
        data: The transaction's input.

    Returns:
        All of them, also those that were refused; none if it is another call, or of another contract.
    """
    function = _by_selector().get(data[:4])
    if function is None:
        return []
    try:
        arguments = decode(inputs_of(function), data[4:])
        return list(_READERS[function](*arguments))
    except (DecodingError, InvalidStatementError, OverflowError):
        return []


def _register(statement: tuple[Any, ...], signer: bytes, signature: bytes) -> Iterator[Brought]:
    yield Brought(BatchRegistration(*statement), b"", signer, signature)


def _register_many(items: tuple[Any, ...]) -> Iterator[Brought]:
    for item in items:
        yield from _register(*item)


def _record(statement: tuple[Any, ...], attachment: bytes, signer: bytes, signature: bytes) -> Iterator[Brought]:
    yield Brought(CustodyStatement(*statement), attachment, signer, signature)


def _record_many(items: tuple[Any, ...]) -> Iterator[Brought]:
    for item in items:
        yield from _record(*item)


def _record_bundle(
    statement: tuple[Any, ...],
    events: tuple[tuple[Any, ...], ...],
    attachments: tuple[bytes, ...],
    signer: bytes,
    signature: bytes,
) -> Iterator[Brought]:
    bundle, statements = Bundle(*statement), tuple(CustodyStatement(*event) for event in events)
    for event, attachment in zip(statements, attachments, strict=False):
        yield Brought(event, attachment, signer, signature, bundle, statements)


_READERS: Final[dict[str, Callable[..., Iterator[Brought]]]] = {
    "register": _register,
    "registerMany": _register_many,
    "record": _record,
    "recordMany": _record_many,
    "recordBundle": _record_bundle,
}


@cache
def _by_selector() -> dict[bytes, str]:
    return {selector_of(function): function for function in _FUNCTIONS}
