"""Every error of the contract is told in words, with the arguments it has there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.core.refusals import REFUSALS, refused

INTERFACES = sorted((Path(__file__).parents[2] / "contracts" / "interfaces").glob("*.sol"))
DECLARATION = re.compile(r"^\s*error (\w+)\(([^)]*)\);", re.MULTILINE)


def declared() -> dict[str, str]:
    found = (match for path in INTERFACES for match in DECLARATION.findall(path.read_text(encoding="utf-8")))
    return {name: " ".join(parameters.split()) for name, parameters in found}


def test_every_error_of_the_contract_is_in_the_table_with_its_parameters() -> None:
    assert {name: words.parameters for name, words in REFUSALS.items()} == declared()


VALUES = {"string": "LOT 1", "address": "0x" + "11" * 20, "bytes": b"\x01" * 64, "bytes32": b"\xab" * 32}
VALUES |= {"bytes2": b"BE", "bytes5": b"SGSIN"}


@pytest.mark.parametrize("error", REFUSALS)
def test_every_refusal_says_what_happened_and_what_to_do(error: str) -> None:
    types = [declaration.split()[0] for declaration in REFUSALS[error].parameters.split(", ") if declaration]
    told = refused(error, *(VALUES.get(kind, 3) for kind in types))
    assert told.detail.endswith(".")
    assert told.advice.endswith(".")
    assert "{" not in told.detail + told.advice
    assert told.evidence["error"] == error
    assert list(told.evidence["arguments"]) == list(REFUSALS[error].names)


def test_arguments_are_shown_as_a_person_reads_them() -> None:
    assert refused("RoleMissing", 4, 5).detail.endswith("it needs the role MANUFACTURER or WHOLESALER.")
    assert "LABELS or ADMIN" in refused("PurposeMissing", b"\1" * 32, 6).detail
    assert (
        refused("Paused", 1_780_000_000).detail == "The council has paused new statements until 2026-05-28 20:26 UTC."
    )
    assert refused("OutsideJurisdiction", b"SG", b"MYPKG").detail == (
        "The administration acts for SG, the place MYPKG is elsewhere."
    )
    assert "no parts" in refused("UnexpectedField", b"parts".ljust(32, b"\0")).detail
    assert "0xabababababab…" in refused("AlreadyRecorded", b"\xab" * 32).detail
    assert "place 0x0000000000 is" in refused("InvalidPlace", bytes(5)).detail


def test_a_time_beyond_the_calendar_is_shown_as_its_number() -> None:
    assert str(2**40 - 1) in refused("OccurredAtOutOfRange", 2**40 - 1, 0, 1).detail


def test_an_error_of_another_contract_is_told_by_its_name() -> None:
    told = refused("Unheard", 1)
    assert (told.detail, told.evidence["arguments"]) == ("The ledger refuses the statement: Unheard.", {})


def test_bytes_stand_in_the_evidence_as_hexadecimal() -> None:
    assert refused("AlreadyRecorded", b"\xab" * 32).evidence["arguments"] == {"digest": "0x" + "ab" * 32}
