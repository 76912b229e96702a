"""Following the chain: every fact that the ledger logs goes into the read model, and out again if its block is undone.

Final blocks are read in ranges of logs, as large as the node allows. Blocks that may still change are read one by one:
each header must name its parent, and logs are asked for by block hash, so that what is stored for a block is what that
very block holds. A reorganisation shows when a new block does not continue the last one we have; we walk back to the
last block that both know, forget what came after, and go on. That what was final changes is not a reorganisation: we
stop.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

from ledger.core.clock import is_clock_behind
from ledger.core.errors import ContradictionError, LotproofError, TooManyResultsError, UnavailableError
from ledger.core.facts import Header, IndexedBlock
from ledger.core.integrity import check_block
from ledger.store import indexing
from ledger.store.notes import INDEXER, Beat, Notes
from ledger.tally import Tally

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from ledger.core.statement import Domain
    from ledger.store.database import Database

SPAN: Final = 2_000  # blocks: what public nodes usually allow in one range of logs
_WINDOW: Final = 64  # unfinalised blocks read at once
# Some nodes give a block out before its logs. So one whose bloom speaks of the ledger, and of which no logs were given,
# is settled by its receipts: on a busy network the bloom may also mean another contract. Where a node gives none, it is
# asked again after so many seconds.
_ASK_AGAIN: Final = (0.2, 0.5, 1.0)
_ENOUGH_FACTS: Final = 20_000  # in one range; more would only cost memory
# Ranges written together. Indexes of hashes take new rows anywhere, so that each transaction writes a large part of
# their pages: fewer and larger ones write less.
_RANGES: Final = 4
_SELF_CONTRADICTION: Final = frozenset({"inconsistent", "garbled"})  # causes that lie in the answers of one node
_LONGEST_PAUSE: Final = 30.0  # seconds between attempts while the chain cannot be reached
_log = logging.getLogger(__name__)


class ChainSource(Protocol):
    """What the indexer asks of a chain. Each method raises UnavailableError if the node gives no good answer."""

    def head(self) -> Header:
        """The newest block."""

    def finalized(self) -> int:
        """The number of the newest block that is final; -1 if there is none."""

    def headers(self, numbers: Sequence[int]) -> list[Header | None]:
        """The headers of these blocks; None for one that the node does not have."""

    def final_facts(self, first: int, last: int) -> list[IndexedBlock]:
        """Every block with facts in a final range, ascending, and in any case `first` and `last`.

        Raises:
            TooManyResultsError: The node wants a smaller range.
        """

    def facts_of(self, headers: Sequence[Header]) -> list[IndexedBlock]:
        """These very blocks, by their hash, in the same order."""

    def proved_facts_of(self, headers: Sequence[Header]) -> list[IndexedBlock | None]:
        """These very blocks, read from their receipts; None where nothing can be proved."""

    def agreed_hash(self, number: int) -> bytes | None:
        """The hash of a final block on which several nodes agree; None if there is only one node."""

    def doubt(self, error: LotproofError) -> bool:
        """Leave the node whose answer contradicts itself or what is known; whether there is another that does not."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step came to.

    Attributes:
        indexed: How many facts were added.
        block: The newest block indexed; -1 if none.
        head: The chain's newest block.
        caught_up: Whether nothing is left to read now.
        rolled_back: How many block rows were undone.
    """

    indexed: int
    block: int
    head: int
    caught_up: bool
    rolled_back: int = 0


class Indexer:
    """Keeps the read model in step with the chain.

    Args:
        db: Where the facts go.
        chain: Where they come from.
        domain: The ledger's EIP-712 domain, to recompute digests with.
        start_block: The block that the ledger was deployed in; nothing before it is read.
        span: How many final blocks to ask for at once, at most.
        development: Follow even when final blocks change; only for the embedded development chain, which can lose some.
        clock: Seconds since 1970.
        sleep: Waits so many seconds.
    """

    def __init__(  # noqa: PLR0913 - all but three have a default, and are named
        self,
        db: Database,
        chain: ChainSource,
        domain: Domain,
        *,
        start_block: int = 0,
        span: int = SPAN,
        development: bool = False,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._db = db
        self._chain = chain
        self._domain = domain
        self._start_block = start_block
        self._largest_span = self._span = span
        self._development = development
        self._clock = clock
        self._sleep = sleep
        self._clock_told = False  # that the clock is behind the chain
        self._notes = Notes(db)
        self._beat = Beat(self._notes, INDEXER, clock)
        self._tally = Tally(_log, "blocks were indexed")
        self.trouble: LotproofError | None = None  # why the last attempt of `run` failed

    def step(self) -> Progress:
        """Read one range of blocks, or undo what the chain has undone.

        Returns:
            How far it came.

        Raises: UnavailableError: The node or the database does not answer, or not well; nothing was half-written. Try
            again. ContradictionError: A log disagrees with its digest, or what was final has changed; nothing was
            written.
        """
        head = self._chain.head()
        finalized = min(self._chain.finalized(), head.number)
        last = indexing.last_block(self._db)
        if last is not None and head.number < last.number and not self._development:
            return self._behind(head, last)
        indexing.set_status(self._db, head_block=head.number, finalized_block=-1, heard_at=self._now(head))
        if last is not None and head.number <= last.number:
            return self._at_tip(head, finalized, last)
        first = self._start_block if last is None else last.number + 1
        if first > head.number:
            return Progress(0, -1, head.number, caught_up=False)
        blocks = self._read(first, finalized, head.number)
        if last is not None and blocks[0].parent_hash != last.hash:
            return self._undo(head)
        return self._append(blocks, finalized, head)

    def run(self, stop: threading.Event, *, poll_seconds: float = 1.0) -> None:
        """Step until `stop` is set; while the chain cannot be reached, try again at growing intervals.

        Raises:
            ContradictionError: As `step`; a person must look.
        """
        failures = 0
        while not stop.is_set():
            try:
                if self._beat.due():
                    self._beat.give()
                progress = self._step_on()
            except UnavailableError as error:
                failures += 1
                self.trouble = error
                if failures == 1:
                    _log.warning("indexing pauses: %s", error.detail)
                stop.wait(min(_LONGEST_PAUSE, poll_seconds * 2 ** min(failures, 10)))
            else:
                if failures:
                    _log.info("indexing goes on", extra={"block": progress.block, "head": progress.head})
                failures, self.trouble = 0, None
                stop.wait(poll_seconds if progress.caught_up else 0)

    def _step_on(self) -> Progress:
        """Step; a node that contradicts itself or what is known is left for another one, if there is one.

        Raises: As `step`.
        """
        try:
            return self.step()
        except UnavailableError as error:
            if error.evidence.get("cause") in _SELF_CONTRADICTION:
                self._chain.doubt(error)
            raise
        except ContradictionError as error:
            self.trouble = error
            if not self._chain.doubt(error):
                raise
            raise UnavailableError(error.detail, advice="Another node is asked.", **error.evidence) from error

    def _behind(self, head: Header, last: IndexedBlock) -> Progress:
        """The node knows less than we: it catches up by itself, or goes another way. Of the chain it tells nothing new.

        So the age of the data grows meanwhile: what was heard is not from now.
        """
        ours = indexing.block_hash(self._db, head.number)
        if ours is not None and ours != head.hash:
            return self._undo(head)
        return Progress(0, last.number, head.number, caught_up=True)

    def _now(self, head: Header) -> int:
        """The clock's time, but never before the newest block's: a clock that is behind is wrong."""
        now = int(self._clock())
        wrong = is_clock_behind(head.time, now)
        if wrong and not self._clock_told:
            _log.warning("this machine's clock is %d seconds behind block %d; set it", head.time - now, head.number)
        self._clock_told = wrong
        return max(now, head.time)

    def _at_tip(self, head: Header, finalized: int, last: IndexedBlock) -> Progress:
        """The chain is not ahead of us: it waits, or it has changed."""
        ours = last.hash if head.number == last.number else indexing.block_hash(self._db, head.number)
        if ours is not None and ours != head.hash:
            return self._undo(head)
        if head.number == last.number:
            self._check_final(finalized)
            self._raise_finality(finalized, head)
            return Progress(0, last.number, head.number, caught_up=True)
        return self._undo(head)  # the embedded chain was restarted and lost its newest blocks

    def _check_final(self, finalized: int) -> None:
        """See that the block which becomes final is the one that we hold, where several nodes agree on its hash.

        Raises:
            ContradictionError: It is another.
        """
        agreed = self._chain.agreed_hash(finalized) if finalized >= 0 else None
        ours = None if agreed is None else indexing.block_hash(self._db, finalized)
        if ours is not None and agreed is not None and ours != agreed:
            raise ContradictionError(
                f"Block {finalized} was read with hash 0x{ours.hex()}, and 0x{agreed.hex()} is final there.",
                advice="Another node is asked.",
                block=finalized,
                expected=agreed,
                given=ours,
            )

    def _append(self, blocks: list[IndexedBlock], finalized: int, head: Header) -> Progress:
        for block in blocks:
            check_block(block, self._domain)
        newest = blocks[-1]
        if newest.number > finalized:  # a range of final blocks was agreed upon when it was read
            self._check_final(finalized)
        # An empty block in the middle of a final range links nothing any more.
        kept = [block for block in blocks if block.facts or block is newest or block.number > finalized]
        with (
            self._db.transaction()
        ):  # together: a final range has gaps, which must never look like blocks that may change
            indexed = indexing.append(self._db, kept)
            self._raise_finality(min(finalized, newest.number), head)
        place = {"block": newest.number, "head": head.number, "finalized": finalized}
        self._tally.add(standing=place, blocks=len(blocks), facts=indexed)
        return Progress(indexed, newest.number, head.number, caught_up=newest.number == head.number)

    def _raise_finality(self, finalized: int, head: Header) -> None:
        """Only once what we have is seen to be on the chain: rows of an abandoned branch must never pass for final."""
        heard_at = self._now(head)
        indexing.set_status(self._db, head_block=head.number, finalized_block=finalized, heard_at=heard_at)

    def _read(self, first: int, finalized: int, head: int) -> list[IndexedBlock]:
        blocks = self._read_final(first, finalized) if first <= finalized else self._read_recent(first, head)
        if blocks[0].number != first:
            raise _inconsistent(f"block {first} is missing")
        for before, block in pairwise(blocks):
            if block.number <= before.number:
                raise _inconsistent(f"block {block.number} follows block {before.number}")
            if block.number == before.number + 1 and block.parent_hash != before.hash:
                raise _inconsistent(f"block {block.number} does not continue block {before.number}")
        return blocks

    def _read_final(self, first: int, finalized: int) -> list[IndexedBlock]:
        blocks = self._read_range(first, finalized)
        for _ in range(_RANGES - 1):
            if blocks[-1].number >= finalized:
                break
            try:
                blocks += self._read_range(blocks[-1].number + 1, finalized)
            except UnavailableError:
                break  # what was read is kept; the next step meets the trouble again, or finds it gone
        return blocks

    def _read_range(self, first: int, finalized: int) -> list[IndexedBlock]:
        while True:
            last = min(finalized, first + self._span - 1)
            try:
                blocks = self._chain.final_facts(first, last)
            except TooManyResultsError:
                if self._span == 1:
                    raise
                self._span = max(1, min(self._span, last - first + 1) // 2)
                continue
            break
        if not blocks or blocks[-1].number != last:
            raise _inconsistent(f"block {last} is missing")
        if sum(len(block.facts) for block in blocks) > _ENOUGH_FACTS:
            self._span = max(1, self._span // 2)
        else:
            self._span = min(self._largest_span, self._span + self._span // 8 + 1)
        return blocks

    def _read_recent(self, first: int, head: int) -> list[IndexedBlock]:
        numbers = range(first, min(head, first + _WINDOW - 1) + 1)
        headers: list[Header] = []
        for number, header in zip(numbers, self._chain.headers(numbers), strict=True):
            if header is None:
                break  # another node answered, which is behind
            if header.number != number:
                raise _inconsistent(f"block {header.number} was given for block {number}")
            headers.append(header)
        if not headers:
            raise _inconsistent(f"block {first} is missing")
        bearing = [header for header in headers if header.may_hold_facts]
        found = self._facts_of(bearing) if bearing else {}
        for header, block in found.items():
            if block.hash != header.hash or block.number != header.number:
                raise _inconsistent(f"another block was given for block {header.number}")
        return [found.get(header) or _empty(header) for header in headers]

    def _facts_of(self, bearing: list[Header]) -> dict[Header, IndexedBlock]:
        found = dict(zip(bearing, self._chain.facts_of(bearing), strict=True))
        bare = [header for header in bearing if not found[header].facts]
        if bare:
            proved = dict(zip(bare, self._chain.proved_facts_of(bare), strict=True))
            found |= {header: block for header, block in proved.items() if block is not None}
            found |= self._asked_again([header for header, block in proved.items() if block is None])
        return found

    def _asked_again(self, bare: list[Header]) -> dict[Header, IndexedBlock]:
        """Blocks of which nothing can be proved: they are empty if they stay so for a while."""
        found: dict[Header, IndexedBlock] = {}
        for seconds in _ASK_AGAIN:
            if not bare:
                break
            self._sleep(seconds)
            found.update(zip(bare, self._chain.facts_of(bare), strict=True))
            bare = [header for header in bare if not found[header].facts]
        return found

    def _undo(self, head: Header) -> Progress:
        """Walk back to the newest block that the chain still has, and forget everything above it."""
        finalized = indexing.finalized_block(self._db)
        ancestor = self._common_ancestor(finalized)
        with self._db.transaction():
            if ancestor < finalized:  # only in development: otherwise the walk has stopped at the final block
                indexing.lower_finality(self._db, ancestor)
            undone = indexing.rollback(self._db, ancestor)
            self._notes.reorganised(undone, int(self._clock()))
        _log.warning("the chain was reorganised", extra={"block": ancestor, "undone": undone, "head": head.number})
        last = indexing.last_block(self._db)
        return Progress(0, -1 if last is None else last.number, head.number, caught_up=False, rolled_back=undone)

    def _common_ancestor(self, finalized: int) -> int:
        """The newest kept block that the chain has too; -1 if there is none."""
        below = 1 << 62
        while page := indexing.kept_blocks(self._db, below=below, limit=_WINDOW):
            headers = self._chain.headers([number for number, _ in page])
            for (number, ours), header in zip(page, headers, strict=True):
                if header is not None and header.hash == ours:
                    return number
                if number <= finalized and not self._development:
                    raise _final_changed(number, ours, header)
            below = page[-1][0]
        return -1


def _empty(header: Header) -> IndexedBlock:
    return IndexedBlock(header.number, header.hash, header.parent_hash, header.time)


def _inconsistent(what: str) -> UnavailableError:
    detail = f"The chain's node contradicts itself: {what}."
    return UnavailableError(detail, advice="It is asked again; if this stays, use another node.", cause="inconsistent")


def _final_changed(number: int, ours: bytes, header: Header | None) -> LotproofError:
    if header is None:
        detail = f"The chain's node does not have block {number}, which was final: it is behind or on another chain."
        return UnavailableError(detail, advice="It is asked again; if this stays, use another node.", block=number)
    detail = f"Block {number} was final with hash 0x{ours.hex()}, and now the chain has 0x{header.hash.hex()} there."
    advice = (
        "Check that the RPC URL names the right chain and ask another node. If the chain itself has undone final "
        "blocks, rebuild the index from it; nothing was changed here."
    )
    return ContradictionError(detail, advice=advice, block=number, expected=ours, given=header.hash)
