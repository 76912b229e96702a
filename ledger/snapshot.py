"""Make the signed snapshot of the ledger that phones keep: as of the last indexed block, made once for everybody."""

from __future__ import annotations

import gzip
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from ledger.chain.snapshot_key import snapshot_key
from ledger.core.errors import UnavailableError
from ledger.core.snapshot import Block, Content, content, statement_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.chain.signers import P256Signer
    from ledger.core.structs import Domain
    from ledger.store.read_model import ReadModel

RENEWED_SECONDS: Final = 3_600  # by the chain's clock: one that says nothing new is still made anew, to show its age
_SQUEEZE: Final = 6  # gzip's own default: a third of the time of 9 for a per cent more


class SignedSnapshot(NamedTuple):
    """A snapshot ready to be sent."""

    json: bytes
    gzipped: bytes
    tag: str  # differs with the text
    block: Block
    content: Content


class Snapshots:
    """The newest snapshot of one installation. Safe to share between threads.

    Args:
        read_model: The facts.
        domain: Chain and contract.
        hosts: Of Digital Links that are ours.
        folder: The data directory, where the key is or will be.
    """

    def __init__(self, read_model: ReadModel, domain: Domain, hosts: Sequence[str], folder: Path) -> None:
        self._read_model = read_model
        self._domain = domain
        self._hosts = hosts
        self._folder = folder
        self._making = threading.Lock()
        self._kept: tuple[int, SignedSnapshot] | None = None

    @cached_property
    def key(self) -> P256Signer:
        """The installation's key; made if there is none yet.

        Raises:
            ConfigurationError: It cannot be read or made.
        """
        return snapshot_key(self._folder)

    def current(self) -> SignedSnapshot:
        """The snapshot as of the last indexed block; the one before while it says the same and is not an hour older.

        Raises:
            UnavailableError: Nothing of the chain is indexed yet.
            ConfigurationError: The key cannot be read or made.
        """
        with self._making, self._read_model.snapshot():
            version, block = self._read_model.version(), self._read_model.last_block()
            if block is None:
                advice = "Wait for the indexer (`lotproof index` or `lotproof up`), or see why it does not run."
                raise UnavailableError("Nothing of the chain is indexed yet.", advice=advice)
            kept = self._kept if self._kept is not None and self._stands(self._kept[1].block, block) else None
            if kept is None or kept[0] != version:
                kept = self._kept = version, self._made(block, None if kept is None else kept[1])
            return kept[1]

    def _made(self, block: Block, before: SignedSnapshot | None) -> SignedSnapshot:
        facts = self._read_model
        found = content(facts.organisations(), facts.keys(), facts.recalls(), facts.holds())
        if before is not None and found == before.content:
            return before
        text = text_of(found, self._domain, self._hosts, block)
        statement = statement_of(text, block)
        signature = self.key.sign(statement.digest(self._domain))
        answer = orjson.dumps(
            {"snapshot": text, "signer": "0x" + self.key.signer.hex(), "signature": "0x" + signature.hex()}
        )
        return SignedSnapshot(answer, gzip.compress(answer, _SQUEEZE, mtime=0), statement.hash.hex(), block, found)

    def _stands(self, before: Block, now: Block) -> bool:
        """Whether the block of an earlier snapshot is still on the chain, and not too old.

        Of final blocks only those with facts are kept; one that is gone though later ones are here was such.
        """
        known = self._read_model.block_hash(before.number)
        on_chain = known == before.hash or (not known and before.number < now.number)
        return on_chain and now.time - before.time < RENEWED_SECONDS
