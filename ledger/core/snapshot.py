"""The compact snapshot that a phone keeps for when it has no line: who takes part, and what must not be used.

It is a text of JSON without spaces. What is signed is EIP-712 typed data over the hash of that very text, in the
ledger's domain, so that no reading and writing again stands between what was signed and what is checked. Rows are
arrays to keep it small; times are Unix seconds, 0 where there is none. `docs/api.md` shows it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from ledger.core.keccak import keccak256
from ledger.core.organisation import doubt_since, state_at, suspended_since
from ledger.core.structs import Domain, TypedStatement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.facts import Key, Organisation

FORMAT: Final = "lotproof-snapshot-1"
Rows = tuple[list[Any], ...]


class Recalled(NamedTuple):
    """A recalled batch."""

    gtin: str  # 14 digits
    lot: str
    by: int  # organisation
    time: int  # of the block, Unix seconds


class Stopped(NamedTuple):
    """A consignment or pallet that is held or seized; a pallet is told once for each batch on it."""

    gtin: str  # 14 digits
    lot: str
    sscc: str  # 18 digits, "" if none
    consignment: bytes
    seized: bool
    by: int  # organisation
    time: int  # of the block, Unix seconds


class Block(NamedTuple):
    """The block as of which a snapshot is true."""

    number: int
    hash: bytes
    time: int  # Unix seconds


class Content(NamedTuple):
    """What a snapshot says, apart from when."""

    organisations: Rows
    keys: Rows
    recalls: Rows
    holds: Rows


@dataclass(frozen=True, slots=True)
class Snapshot(TypedStatement):
    """What the installation signs; no call of the contract takes it."""

    TYPE: ClassVar[str] = "Snapshot(bytes32 hash,uint64 number,uint40 time)"
    hash: bytes  # keccak256 of the text in UTF-8
    number: int  # of the block
    time: int  # of the block, Unix seconds


def content(
    organisations: Sequence[Organisation], keys: Sequence[Key], recalls: Sequence[Recalled], holds: Sequence[Stopped]
) -> Content:
    """Make the rows.

    Args:
        organisations: All that were ever accredited.
        keys: All that were ever added.
        recalls: Of batches.
        holds: Those in force.
    """
    return Content(
        tuple(map(_organisation, organisations)),
        tuple(map(_key, keys)),
        tuple(list(each) for each in recalls),
        tuple(map(_hold, holds)),
    )


def text_of(content: Content, domain: Domain, hosts: Sequence[str], block: Block) -> str:
    """Write a snapshot.

    Args:
        content: Its rows.
        domain: Chain and contract.
        hosts: Of Digital Links that are ours.
        block: As of which it is true.
    """
    value = {
        "format": FORMAT,
        "chain_id": domain.chain_id,
        "ledger": _hex(domain.ledger),
        "hosts": list(hosts),
        "block": block.number,
        "block_hash": _hex(block.hash),
        "time": block.time,
        **content._asdict(),
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def statement_of(text: str, block: Block) -> Snapshot:
    """Give what is signed of a snapshot.

    Args:
        text: As `text_of` wrote it.
        block: As of which it is true.
    """
    return Snapshot(keccak256(text.encode()), block.number, block.time)


def _organisation(each: Organisation) -> list[Any]:
    state, suspended = state_at(each), suspended_since(each)
    assert state is not None  # noqa: S101 - the read model has organisations by their changes
    since = 0 if suspended is None else suspended.recorded.time
    return [each.number, state.name, state.country, state.gln, int(state.roles), since, list(state.prefixes)]


def _key(key: Key) -> list[Any]:
    added = key.addition
    window = [added.valid_from, added.valid_until]
    ended = key.endings[0].recorded.time if key.endings else 0
    return [_hex(added.signer), added.organisation, int(added.purposes), *window, ended, doubt_since(key)]


def _hold(each: Stopped) -> list[Any]:
    word = "seized" if each.seized else "held"
    return [each.gtin, each.lot, each.sscc, _hex(each.consignment), word, each.by, each.time]


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
