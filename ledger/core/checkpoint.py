"""Checkpoints: a block that witnesses saw final on their own nodes, signed, so that others can trust its hash.

A checkpoint is EIP-712 typed data in the ledger's domain, but no statement of the contract: no call takes one. A
verifier names the witnesses it believes and how many of them must agree; nothing else about a checkpoint is believed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from ledger.core.errors import InvalidInputError, InvalidProofError, InvalidStatementError
from ledger.core.nesting import is_nested_deeper
from ledger.core.signature import ADDRESS_BYTES, P256_BYTES, verify
from ledger.core.structs import Domain, TypedStatement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MAX_BYTES: Final = 1 << 20
_MAX_DEPTH: Final = 3
_FIELDS: Final = frozenset({"chain_id", "ledger", "number", "hash", "time", "signatures"})
_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})+")


@dataclass(frozen=True, slots=True)
class Checkpoint(TypedStatement):
    """What a witness signs: this block was final on its own node. The domain names chain and ledger."""

    TYPE: ClassVar[str] = "Checkpoint(uint64 number,bytes32 hash,uint40 time)"
    number: int
    hash: bytes
    time: int  # of the block, Unix seconds


class Witnessed(NamedTuple):
    """A checkpoint with signatures that were not checked yet."""

    domain: Domain
    checkpoint: Checkpoint
    signatures: tuple[tuple[bytes, bytes], ...]  # signer, signature


def checkpoint_json(witnessed: Witnessed) -> dict[str, Any]:
    """Give a checkpoint as its file holds it.

    Args:
        witnessed: The checkpoint with its signatures.
    """
    domain, checkpoint = witnessed.domain, witnessed.checkpoint
    return {
        "chain_id": domain.chain_id,
        "ledger": _hex(domain.ledger),
        "number": checkpoint.number,
        "hash": _hex(checkpoint.hash),
        "time": checkpoint.time,
        "signatures": [
            {"signer": _hex(signer), "signature": _hex(signature)} for signer, signature in witnessed.signatures
        ],
    }


def read_checkpoint(data: bytes) -> Witnessed:
    """Read a checkpoint's file.

    Args:
        data: The file, whole.

    Raises:
        InvalidInputError: It is none; `field` says where.
    """
    value = _json(data, "checkpoint")
    if not isinstance(value, dict) or value.keys() != _FIELDS:
        raise _malformed("checkpoint", f"An object with the fields {', '.join(sorted(_FIELDS))} is expected.")
    signatures = value["signatures"]
    if not isinstance(signatures, list):
        raise _malformed("signatures", "A list is expected.")
    try:
        domain = Domain(_number(value, "chain_id"), _octets(value, "ledger"))
        checkpoint = Checkpoint(_number(value, "number"), _octets(value, "hash"), _number(value, "time"))
    except InvalidStatementError as error:
        raise _malformed(str(error.field), error.detail) from error
    return Witnessed(domain, checkpoint, tuple(_signature(each) for each in signatures))


def read_witnesses(data: bytes) -> tuple[bytes, ...]:
    """Read the witnesses that a verifier believes: a JSON list of signers, each an address or a P-256 key.

    Args:
        data: The file, whole.

    Returns:
        The signers, 20 or 64 bytes each.

    Raises:
        InvalidInputError: It is no such list, or names one twice.
    """
    value = _json(data, "witnesses")
    if not isinstance(value, list) or not all(isinstance(each, str) and _HEX.fullmatch(each) for each in value):
        raise _malformed("witnesses", "A list of signers is expected, each 0x and lower-case hexadecimal digits.")
    signers = tuple(bytes.fromhex(each[2:]) for each in value)
    if len(set(signers)) != len(signers) or not all(len(each) in {ADDRESS_BYTES, P256_BYTES} for each in signers):
        raise _malformed("witnesses", "Each witness is named once, by an address (20 bytes) or a P-256 key (64 bytes).")
    return signers


def agreed(files: Iterable[Witnessed], witnesses: Collection[bytes], threshold: int) -> Witnessed:
    """Require that enough of the believed witnesses signed one checkpoint.

    Args:
        files: Checkpoints as they came, each with one signature or more.
        witnesses: The signers that are believed.
        threshold: How many of them must have signed.

    Returns:
        The checkpoint, with one signature of each witness that counted.

    Raises:
        InvalidInputError: The threshold is not between 1 and the number of witnesses.
        InvalidProofError: The files name different blocks, or too few witnesses signed.
    """
    if not 0 < threshold <= len(witnesses):
        raise _malformed("threshold", f"It must be from 1 to {len(witnesses)}, the number of witnesses.")
    given = list(files)
    if len({(each.domain, each.checkpoint) for each in given}) != 1:
        raise InvalidProofError("The checkpoints are not of one block.", rule="checkpoint")
    first = given[0]
    digest = first.checkpoint.digest(first.domain)
    pairs = dict(pair for each in given for pair in each.signatures if verify(pair[0], digest, pair[1]))
    counted = {signer: signature for signer, signature in pairs.items() if signer in witnesses}
    if len(counted) < threshold:
        detail = f"{len(counted)} of the {len(witnesses)} witnesses signed this checkpoint; {threshold} are needed."
        raise InvalidProofError(detail, rule="checkpoint")
    return Witnessed(first.domain, first.checkpoint, tuple(sorted(counted.items())))


def _json(data: bytes, name: str) -> object:
    try:
        text = data.decode("ascii") if len(data) <= MAX_BYTES else ""
        if not is_nested_deeper(text, _MAX_DEPTH):
            return json.loads(text, object_pairs_hook=_unique)
    except ValueError:
        pass
    raise _malformed(name, f"JSON in ASCII is expected, of at most {MAX_BYTES:,} bytes and no key twice.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError(pairs[0][0])
    return value


def _signature(value: object) -> tuple[bytes, bytes]:
    if not isinstance(value, dict) or value.keys() != {"signer", "signature"}:
        raise _malformed("signatures", "Each is an object with signer and signature.")
    return _octets(value, "signer"), _octets(value, "signature")


def _number(value: dict[str, Any], name: str) -> int:
    number = value[name]
    if isinstance(number, bool) or not isinstance(number, int):
        raise _malformed(name, "A whole number is expected.")
    return number


def _octets(value: dict[str, Any], name: str) -> bytes:
    text = value[name]
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise _malformed(name, "Bytes are expected, as 0x and lower-case hexadecimal digits.")
    return bytes.fromhex(text[2:])


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _malformed(field: str, words: str) -> InvalidInputError:
    return InvalidInputError(f"{field}: {words}", field=field)
