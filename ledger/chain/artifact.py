"""The committed ABI and bytecode of the contract, and whether code on a chain is what they say."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ledger.core.errors import ConfigurationError
from ledger.core.proof import CodeTemplate

_FILE: Final = "abi/CustodyLedger.json"
_WORD: Final = 32  # bytes of an immutable; the compiler sets all of them so


@cache
def artifact() -> dict[str, Any]:
    """Read the committed artifact, as `ledger.chain.compile` writes it.

    Raises:
        ConfigurationError: The installation is incomplete.
    """
    try:
        found: dict[str, Any] = json.loads((files("ledger.chain") / _FILE).read_text())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The contract's artifact {_FILE} is missing or broken.", advice="Install Lotproof again."
        ) from error
    return found


def abi_of(kind: str) -> list[dict[str, Any]]:
    """Give the ABI's entries of one kind: `constructor`, `function`, `event` or `error`."""
    return [entry for entry in artifact()["abi"] if entry["type"] == kind]


def creation_code() -> bytes:
    """Give the bytecode that a deployment runs, without the constructor's arguments."""
    return bytes.fromhex(artifact()["bytecode"].removeprefix("0x"))


def is_our_code(code: bytes) -> bool:
    """Tell whether deployed code is the committed contract's, its immutables (the council, the domain) left aside."""
    expected = bytes.fromhex(artifact()["deployed_bytecode"].removeprefix("0x"))
    return len(code) == len(expected) and _without_immutables(code) == _without_immutables(expected)


def _without_immutables(code: bytes) -> bytes:
    blank = bytearray(code)
    for place in artifact()["immutable_references"]:
        start, length = place["start"], place["length"]
        blank[start : start + length] = bytes(length)
    return bytes(blank)


def code_template() -> CodeTemplate:
    """Give the published code with the places of a deployment's own words, for whoever checks a proof offline."""
    places = tuple(place["start"] for place in artifact()["immutable_references"])
    return CodeTemplate(bytes.fromhex(artifact()["deployed_bytecode"].removeprefix("0x")), places)


def immutables_of(code: bytes) -> tuple[bytes, ...]:
    """Read a deployment's own words out of its code: the council, the domain.

    Args:
        code: As deployed.
    """
    return tuple(code[place : place + _WORD] for place in code_template().places)
