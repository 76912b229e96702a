"""The contract's error bytes, decoded; the words for them are the core's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from ledger.chain.artifact import abi_of
from ledger.core.keccak import keccak256
from ledger.core.refusals import refused

if TYPE_CHECKING:
    from ledger.core.errors import StatementRefusedError

UNKNOWN: Final = "Unknown"
_SELECTOR_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class ContractError:
    """One error of the contract; `name` is `Unknown` for bytes that are of none of them."""

    name: str
    arguments: tuple[Any, ...] = ()  # as ABI decoding gives them: numbers, bytes, text

    def refusal(self) -> StatementRefusedError:
        """Put it into words, as the error that edges report."""
        return refused(self.name, *self.arguments)


def decode_error(data: bytes) -> ContractError:
    """Decode what the contract reverted with, or put into a `Refused` log.

    Args:
        data: Selector and ABI-encoded arguments.
    """
    entry = _errors().get(data[:_SELECTOR_BYTES])
    if entry is None:
        return ContractError(UNKNOWN)
    name, types = entry
    try:
        return ContractError(name, decode(types, data[_SELECTOR_BYTES:]))
    except (DecodingError, ValueError):
        return ContractError(UNKNOWN)


def error_name(selector: bytes) -> str:
    """The name of the error with this selector (4 bytes); `Unknown` for one that is none of the contract's."""
    return _errors().get(selector, (UNKNOWN, []))[0]


@cache
def _errors() -> dict[bytes, tuple[str, list[str]]]:
    found = {}
    for entry in abi_of("error"):
        types = [argument["type"] for argument in entry["inputs"]]
        selector = keccak256(f"{entry['name']}({','.join(types)})".encode())[:_SELECTOR_BYTES]
        found[selector] = (entry["name"], types)
    return found
