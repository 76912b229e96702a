"""What the browser's own verifier must answer, word by word: verdicts by proof bundles, and checkpoints.

The answers are those of `proof_verdict` and `checkpoint`, so the two programs say the same. `python -m
tests.core.browser_vectors` writes `tests/vectors/proof_verdicts.json` and `tests/vectors/checkpoints.json` anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.chain.signers import Signer, development_signer
from ledger.core.checkpoint import Checkpoint, Witnessed, agreed, checkpoint_json, read_checkpoint
from ledger.core.errors import InvalidInputError, InvalidProofError
from ledger.core.gs1 import Code, parse_code
from ledger.core.proof_verdict import judge_proof
from ledger.core.structs import Domain
from tests.core.proof_vectors import ProofVector, good
from tests.proof_cases import STEADY

FOLDER = Path(__file__).parents[1] / "vectors"
HOUR, DAY = 3_600, 86_400
DOMAIN = Domain(31337, b"\x11" * 20)
BLOCK = Checkpoint(7, b"\x22" * 32, 1_790_000_000)
FIRST, SECOND, STRANGER = (development_signer(number, 31337) for number in (6, 7, 8))
WITNESSES = (FIRST, SECOND, STEADY)


# Verdicts


def _code(vector: ProofVector) -> Code:
    return parse_code(vector.code, today=datetime.fromtimestamp(vector.now, UTC).date(), hosts=())


def _codes(vector: ProofVector) -> Iterator[tuple[Code, int]]:
    """Each bundle with the codes that it may be asked about, and some that it is not of."""
    code, now = _code(vector), vector.now
    proven = vector.proved()
    expiry = proven.history.registration.expiry
    yield code, now
    yield replace(code, expiry=expiry), now + 3 * DAY
    yield replace(code, expiry=expiry + timedelta(days=1)), now - 2 * HOUR
    for sscc in sorted({state.sscc for state in proven.history.states.values() if state.sscc}):
        yield replace(code, gtin=None, lot=None, serial=proven.serial, sscc=sscc), now
        yield replace(code, sscc=sscc), now
    yield replace(code, lot="ANOTHER"), now
    yield replace(code, gtin=None, lot=None, sscc="340123450000000000"), now
    yield replace(code, serial="ANOTHER"), now
    for hours in (-15, -14, 35, 36):
        yield code, _midnight(expiry) + hours * HOUR


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _verdict(vector: ProofVector, code: Code, now: int) -> dict[str, Any]:
    try:
        judged = judge_proof(vector.proved(), vector.trusted, code, now)
    except InvalidProofError as error:
        return {"rule": error.evidence["rule"]}
    return {
        "verdict": judged.verdict,
        "reason": judged.reason,
        "headline": judged.headline,
        "advice": judged.advice,
        "checks": [f"{check.result}: {check.detail}" for check in judged.checks],
    }


def _times(vector: ProofVector) -> dict[str, str]:
    """Until when each event was recorded at the latest, by its digest."""
    custody = judge_proof(vector.proved(), vector.trusted, _code(vector), vector.now).facts["custody"]
    return {event["digest"]: event["recorded_before"] for event in custody}


def verdicts() -> dict[str, Any]:
    """Every good bundle with codes and times, and the verdict due."""
    cases = [
        {
            "bundle": vector.name,
            "code": {
                "gtin": code.gtin,
                "lot": code.lot,
                "serial": code.serial,
                "expiry": code.expiry.isoformat() if code.expiry else None,
                "sscc": code.sscc,
            },
            "now": now,
            "expected": _verdict(vector, code, now),
        }
        for vector in good()
        for code, now in _codes(vector)
    ]
    return {"cases": cases, "recorded_before": {vector.name: _times(vector) for vector in good()}}


# Checkpoints


def _signed(*signers: Signer, block: Checkpoint = BLOCK, domain: Domain = DOMAIN) -> Witnessed:
    digest = block.digest(domain)
    return Witnessed(domain, block, tuple((each.signer, each.sign(digest)) for each in signers))


def _written(witnessed: Witnessed, **changes: Any) -> str:
    return json.dumps(checkpoint_json(witnessed) | changes)


def _forged() -> Witnessed:
    return Witnessed(DOMAIN, BLOCK, ((FIRST.signer, SECOND.sign(BLOCK.digest(DOMAIN))),))


def _files() -> Iterator[tuple[str, list[str], int]]:
    """Each case: its name, the files, and how many witnesses must agree."""
    whole = _written(_signed(*WITNESSES))
    apart = [_written(_signed(each)) for each in WITNESSES]
    other_block = _signed(FIRST, block=replace(BLOCK, hash=b"\x33" * 32))
    other_chain = _signed(*WITNESSES, domain=Domain(1, DOMAIN.ledger))
    yield "all in one file", [whole], 3
    yield "all in one file, all of them asked for", [whole], 0
    yield "one file each", apart, 3
    yield "two of three", apart[:2], 2
    yield "two of three where all must agree", apart[:2], 0
    yield "one witness twice", [apart[0], apart[0]], 2
    yield "a stranger does not count", [apart[0], _written(_signed(STRANGER))], 2
    yield "a forged signature does not count", [_written(_forged()), apart[2]], 2
    yield "a forged signature takes nothing away", [apart[0], _written(_forged())], 1
    yield "a signature for another block", [_written(Witnessed(DOMAIN, BLOCK, other_block.signatures))], 1
    yield "a signature for another chain", [_written(Witnessed(DOMAIN, BLOCK, other_chain.signatures))], 1
    yield "files of two blocks", [apart[1], _written(other_block)], 1
    yield "files of two times", [apart[1], _written(_signed(FIRST, block=replace(BLOCK, time=1)))], 1
    yield "no file", [], 1
    yield "another chain", [_written(other_chain)], 3
    yield "another contract", [_written(_signed(*WITNESSES, domain=Domain(31337, b"\x12" * 20)))], 3
    yield "more than there are", [whole], 4
    yield "fewer than none", [whole], -1
    yield from ((f"malformed: {name}", [text], 1) for name, text in _malformed())


def _malformed() -> Iterator[tuple[str, str]]:
    good_one = _signed(STEADY)
    text = _written(good_one)
    yield "a list", "[]"
    yield "cut short", "{"
    yield "not ASCII", "\u00e9"
    yield "nested too deep", "[" * 9 + "]" * 9
    yield "a key twice", text.replace('"number"', '"number": 7, "number"')
    yield "another field", _written(good_one, note="x")
    yield "a field missing", text.replace('"time": 1790000000, ', "")
    yield "a number that is true", _written(good_one, number=True)
    yield "a number below zero", _written(good_one, number=-1)
    yield "a number with a point", text.replace('"number": 7', '"number": 7.0')
    yield "a time beyond 40 bits", _written(good_one, time=1 << 40)
    yield "a short hash", _written(good_one, hash="0x22")
    yield "capital digits", _written(good_one, hash="0x" + "AB" * 32)
    yield "a short address", _written(good_one, ledger="0x22")
    yield "signatures that are no list", _written(good_one, signatures={})
    yield "a signature that is a number", _written(good_one, signatures=[1])
    yield "a signer that is a number", _written(good_one, signatures=[{"signer": 1, "signature": "0x00"}])
    yield "a signature without a byte", _written(good_one, signatures=[{"signer": "0x00", "signature": "0x"}])


def _agreed(files: list[str], threshold: int) -> dict[str, Any]:
    witnesses = tuple(each.signer for each in WITNESSES)
    try:
        read = [read_checkpoint(each.encode()) for each in files]
        found = agreed(read, witnesses, threshold or len(witnesses))
    except InvalidInputError:
        return {"rule": "form"}
    except InvalidProofError as error:
        return {"rule": error.evidence["rule"]}
    if found.domain != DOMAIN:  # whoever verifies at a desk names the ledger by the checkpoint, a phone knows its own
        return {"rule": "ledger"}
    block = found.checkpoint
    return {"number": block.number, "hash": "0x" + block.hash.hex(), "time": block.time}


def checkpoints() -> dict[str, Any]:
    """Checkpoints' files, and the block that they make trusted or the rule that refuses them."""
    return {
        "trusted": {"chain_id": DOMAIN.chain_id, "ledger": "0x" + DOMAIN.ledger.hex()},
        "witnesses": ["0x" + each.signer.hex() for each in WITNESSES],
        "cases": [
            {"name": name, "files": files, "threshold": threshold, "expected": _agreed(files, threshold)}
            for name, files, threshold in _files()
        ],
    }


def contents() -> dict[str, str]:
    """The files by name, as they are written."""
    made = {"proof_verdicts.json": verdicts(), "checkpoints.json": checkpoints()}
    return {name: json.dumps(content, indent=1, sort_keys=True) + "\n" for name, content in made.items()}


if __name__ == "__main__":
    for name, text in contents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
