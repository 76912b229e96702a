"""Bringing accepted statements to the chain, losing none and doubling none.

A round finishes what is final, sends again what is not mined, and puts pending statements into new transactions.
Nothing is kept in memory that a restart would need: every round starts from the journal, the outbox and the chain. A
statement is final when its log stands in a canonical block at the finality depth and the contract's code is what was
deployed; a receipt that says success proves neither.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.chain.contracts import TOGETHER, call_data
from ledger.chain.refusals import UNKNOWN, decode_error
from ledger.chain.transactions import GAS_A_BYTE, GAS_CAP, Payload, gas_limit
from ledger.core.errors import LotproofError, NodeError, UnavailableError
from ledger.core.signature import P256_BYTES
from ledger.core.submission import parse_submission
from ledger.core.vocabulary import Kind
from ledger.store.notes import BALANCE, RELAYER, Beat, Notes
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel
from ledger.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from ledger.chain.client import Receipt
    from ledger.chain.contracts import Ledger
    from ledger.chain.source import LedgerSource
    from ledger.core.structs import CustodyStatement
    from ledger.core.submission import Submission
    from ledger.sending import Sending, Standing
    from ledger.store.database import Database
    from ledger.store.journal import Journal, Slot

MOST_EVENTS: Final = 100  # statements in one transaction
MOST_IN_FLIGHT: Final = 8  # transactions sent and not mined
_LOOK_AHEAD: Final = 4  # batches of statements that a plan may reorder
_FAILURES: Final = 3  # reverts of a statement alone, after which it is refused
_LONGEST_PAUSE: Final = 30.0  # seconds
_SHORT_PAUSE: Final = 0.05  # seconds, while there is more to do
_NO_REASON: Final = "The ledger cannot process this statement and gives no reason. Check its parts and sign it anew."
_LOG: Final = logging.getLogger(__name__)

# Gas of what a statement may do at most, signature aside: new storage slots and logs (docs/contract.md has what it was
# measured to take). Too much only makes batches smaller. Too little is noticed by the simulation before sending, but
# not where what it builds on is still on its way.
_GAS: Final = {"BatchRegistration": 130_000, "CustodyEvent": 62_000, "Anchor": 90_000}
_GAS_OTHER: Final = 400_000
_GAS_A_CHILD: Final = 76_000
_GAS_A_PACKED: Final = 20_000
_GAS_EARLIER_EVENT: Final = 30_000
_GAS_SECP256K1: Final = 8_000
_GAS_P256: Final = 12_000  # with the precompile of EIP-7951
_GAS_P256_SOFTWARE: Final = 400_000
_GAS_WALLET: Final = 125_000  # ERC-1271
_ECDSA_BYTES: Final = 65


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    sent: int  # new transactions
    finished: int  # transactions that became final
    waiting: int  # transactions that are not mined

    @property
    def busy(self) -> bool:
        """Whether another round should follow soon."""
        return bool(self.sent or self.finished or self.waiting)


@dataclass(frozen=True, slots=True)
class _Item:
    digest: bytes
    submission: Submission


class Relay:
    """Relays the statements of one installation.

    Args:
        db: Its database.
        ledger: The contract.
        source: Tells which block is final.
        sending: The account that pays, and its journal.
        journal: The same journal.
        account: Address of the account.
        most_events: Statements in one transaction.
    """

    def __init__(  # noqa: PLR0913 - what it joins, by name
        self,
        db: Database,
        ledger: Ledger,
        source: LedgerSource,
        sending: Sending,
        journal: Journal,
        *,
        account: bytes,
        most_events: int = MOST_EVENTS,
    ) -> None:
        self._ledger = ledger
        self._source = source
        self._sending = sending
        self._journal = journal
        self._account = account
        self._most_events = self._ceiling = most_events
        self._outbox = Outbox(db)
        self._read_model = ReadModel(db)
        self._failures: dict[bytes, int] = {}  # by digest: how often it reverted alone
        self._failed = False  # whether a transaction failed: its statements are tried again once that is final
        self._mined = -1  # the newest block that has a transaction of ours which is not final
        self._past: int | None = 1 << 62  # the block up to which the index must have come before anything new is sent
        self._beat = Beat(Notes(db), RELAYER)
        self._tally = Tally(_LOG, "transactions were relayed")
        self.trouble: LotproofError | None = None  # why the last round of `run` failed

    def step(self) -> Round:
        """Do one round.

        Raises:
            UnavailableError: The chain cannot be reached, or the account has too little money.
            ConfigurationError: The contract is not the one that was deployed.
        """
        if self._sending.recover():
            self._outbox.unsettle()
        standings = self._sending.survey()
        finished = self._finish(standings)
        self._sending.resend(standings)
        waiting = sum(standing.receipt is None for standing in standings)
        self._failed = any(standing.receipt is not None and not standing.receipt.success for standing in standings)
        self._mined = max((one.receipt.block for one in standings if one.receipt is not None), default=-1)
        sent = self._send_new(waiting) if self._knows_the_past() else 0
        self._tally.add(standing={"waiting": waiting}, sent=sent, finished=finished)
        return Round(sent, finished, waiting)

    def run(self, stop: Event, *, poll_seconds: float = 1.0) -> None:
        """Do rounds until told to stop; in trouble, wait longer each time.

        Raises:
            ConfigurationError: The contract is not the one that was deployed; a person must look.
        """
        pause = poll_seconds
        while not stop.is_set():
            try:
                self._give_beat()
                done = self.step()
            except UnavailableError as error:
                if self.trouble is None or self.trouble.detail != error.detail:
                    _LOG.warning("relaying pauses: %s", error.detail)
                self.trouble = error
                pause = min(_LONGEST_PAUSE, 2 * pause)
            else:
                if self.trouble is not None:
                    _LOG.info("relaying goes on")
                self.trouble = None
                pause = min(_SHORT_PAUSE, poll_seconds) if done.busy else poll_seconds
            stop.wait(pause)

    def _give_beat(self) -> None:
        """Note that the relayer lives, also while the chain does not answer; and its money, if it does."""
        if not self._beat.due():
            return
        try:
            money = {BALANCE: self._ledger.chain.balance(self._account)}
        except UnavailableError:
            money = {}  # why, the round itself will tell
        self._beat.give(**money)

    # ---- what was sent ----

    def _finish(self, standings: Sequence[Standing]) -> int:
        final = self._source.finalized()
        as_of = self._read_model.as_of()
        reach = min(final, as_of.block)  # before the index has read a block, its statements would seem unanswered
        reached = [one for one in standings if one.receipt is not None and one.receipt.block <= reach]
        if reached or as_of.finalized_block >= 0:
            self._ledger.require_code()
        finished = 0
        for standing, receipt in self._firm(reached):
            self._journal.finish(standing.slot.sender, standing.slot.nonce, receipt.hash)
            self._learn(standing.slot, success=receipt.success)
            finished += 1
        finished += self._finish_superseded(standings, final)
        self._outbox.settle()
        return finished

    def _firm(self, reached: Sequence[Standing]) -> list[tuple[Standing, Receipt]]:
        """Keep those whose receipt is of a block that is the chain's still; none that several nodes do not confirm."""
        receipts = [one.receipt for one in reached if one.receipt is not None]
        headers = self._source.headers([receipt.block for receipt in receipts])
        firm = [
            (standing, receipt)
            for standing, receipt, header in zip(reached, receipts, headers, strict=True)
            if header is not None and header.hash == receipt.block_hash
        ]
        return firm if self._ledger.chain.confirmed([receipt for _, receipt in firm]) else []

    def _finish_superseded(self, standings: Sequence[Standing], final: int) -> int:
        """Give up slots whose nonce something else has used, finally: their statements are pending again."""
        waiting = [standing.slot for standing in standings if standing.receipt is None]
        finished = 0
        for sender in {slot.sender for slot in waiting}:
            try:
                used = self._ledger.chain.nonce(sender, hex(max(0, final)))
            except NodeError:
                continue  # the node has no state of that block: later
            for slot in waiting:
                if slot.sender == sender and slot.nonce < used:
                    _LOG.error("a nonce was used elsewhere", extra={"nonce": slot.nonce, "sender": sender})
                    self._journal.finish(sender, slot.nonce, None)
                    finished += 1
        return finished

    def _learn(self, slot: Slot, *, success: bool) -> None:
        """A transaction that reverted as a whole makes the next ones smaller, down to single statements."""
        if success:
            self._ceiling = min(self._most_events, 2 * self._ceiling)
            return
        digests = slot.latest.digests
        self._ceiling = max(1, len(digests) // 2)
        _LOG.warning("a transaction reverted", extra={"nonce": slot.nonce, "statements": len(digests)})
        if len(digests) == 1:
            self._failures[digests[0]] = self._failures.get(digests[0], 0) + 1

    # ---- what is to be sent ----

    def _knows_the_past(self) -> bool:
        """Wait until the index has once read what was on the chain when this began.

        After a backup was brought back, statements may be recorded that seem to be pending. The ledger would refuse
        them as recorded, and take the money for saying so.
        """
        if self._past is not None:
            head = self._source.head().number
            self._past = min(self._past, head)  # a development chain can lose blocks
            if self._read_model.as_of().block >= self._past:
                self._past = None
        return self._past is None

    def _send_new(self, waiting: int) -> int:
        if waiting >= MOST_IN_FLIGHT:
            return 0
        items = self._pending()
        sent = 0
        while items and waiting + sent < MOST_IN_FLIGHT:
            group = _first_group(items, self._ceiling)
            alone = group[0].submission.type not in TOGETHER
            if alone and waiting + sent:
                break  # what the ledger will say can be seen only when everything before it is mined
            fitted = self._fit(group)
            if fitted is None:
                break
            chosen, payload = fitted
            if chosen:
                digests = [item.digest for item in chosen]
                self._sending.push(self._sending.write(payload, "statements", digests))
                sent += 1
            gone = {item.digest for item in chosen or group[:1]}
            items = [item for item in items if item.digest not in gone]
        return sent

    def _pending(self) -> list[_Item]:
        entries = self._outbox.pending(_LOOK_AHEAD * self._most_events)
        return _ordered([_Item(entry.digest, parse_submission(json.loads(entry.payload))) for entry in entries])

    def _fit(self, group: Sequence[_Item]) -> tuple[list[_Item], Payload] | None:
        """Find the longest beginning of a group that a transaction can carry.

        Returns:
            The statements and the transaction; no statements if the first was refused or must wait for the index; None
            if nothing can be sent now.
        """
        chosen = self._within_gas(group)
        while True:
            data = call_data([item.submission for item in chosen])
            gas = min(GAS_CAP, gas_limit(data, sum(self._gas(item.submission) for item in chosen)))
            if len(chosen) == 1 and self._failures.get(chosen[0].digest, 0):
                gas = GAS_CAP
            payload = Payload(self._ledger.address, data, gas)
            outcome = self._ledger.simulate(data, sender=self._account, gas=gas)
            if not outcome.reverted and not self._gave_up(chosen):
                return chosen, payload
            if len(chosen) > 1:
                error = decode_error(outcome.data)
                if error.name == "Paused":
                    return None
                chosen = chosen[: len(chosen) // 2]
                continue
            return self._alone(chosen[0], payload, outcome.data)

    def _alone(self, item: _Item, payload: Payload, data: bytes) -> tuple[list[_Item], Payload] | None:
        """Judge a statement that reverts on its own: it waits, gets more gas, or is refused with words."""
        error = decode_error(data)
        if error.name == "Paused":
            return None
        if error.name == "AlreadyRecorded":
            return [], payload  # the index will say where
        if payload.gas < GAS_CAP and (not data or error.name == "InsufficientGas"):
            more = Payload(payload.to, payload.data, GAS_CAP)
            outcome = self._ledger.simulate(more.data, sender=self._account, gas=more.gas)
            if not outcome.reverted:
                return [item], more
            data, error = outcome.data, decode_error(outcome.data)
        if self._failed:
            return [], payload  # what is to be tried again may be what this one builds on
        if not self._gave_up([item]) and not self._refused_as_known(payload.data):
            return None
        refusal = error.refusal()
        words = _NO_REASON if error.name == UNKNOWN else f"{refusal.detail} {refusal.advice}".strip()
        self._outbox.refuse(item.digest, data, words)
        _LOG.info("a statement was refused by the ledger", extra={"digest": item.digest, "reason": error.name})
        return [], payload

    def _refused_as_known(self, data: bytes) -> bool:
        """Ask again about the newest block that we know: a node of a pool may lag, and a refusal is for good.

        Raises:
            UnavailableError: The node does not have that block.
        """
        block = max(self._mined, self._read_model.as_of().block)
        return block < 0 or self._ledger.simulate(data, sender=self._account, gas=GAS_CAP, block=block).reverted

    def _gave_up(self, chosen: Sequence[_Item]) -> bool:
        return len(chosen) == 1 and self._failures.get(chosen[0].digest, 0) >= _FAILURES

    def _within_gas(self, group: Sequence[_Item]) -> list[_Item]:
        chosen: list[_Item] = []
        used = 0
        for item in group:
            used += self._gas(item.submission) + len(call_data([item.submission])) * GAS_A_BYTE
            if chosen and used > GAS_CAP - 100_000:
                break
            chosen.append(item)
        return chosen

    def _gas(self, submission: Submission) -> int:
        """Estimate, from above, the gas that a statement takes."""
        signatures = self._signature_gas(submission.signer, submission.signature)
        if submission.events:
            return signatures + sum(_event_gas(event.statement, event.attachment) for event in submission.events)
        if submission.type == "CustodyEvent":
            statement: CustodyStatement = submission.statement  # type: ignore[assignment]  # its type says which struct it is
            own = _event_gas(statement, submission.attachment)
            both = 2 if statement.kind == Kind.HANDOVER else 1
            return own + both * max(signatures, self._signature_gas(b"", b"") if both > 1 else 0)
        cosigned = self._signature_gas(b"", b"") if submission.cosignature else 0
        return signatures + cosigned + _GAS.get(submission.type, _GAS_OTHER)

    def _signature_gas(self, signer: bytes, signature: bytes) -> int:
        if len(signer) == P256_BYTES or not signer:
            return _GAS_P256 if self._ledger.has_p256_precompile else _GAS_P256_SOFTWARE
        return _GAS_SECP256K1 if len(signature) == _ECDSA_BYTES else _GAS_WALLET


def _event_gas(statement: CustodyStatement, attachment: bytes) -> int:
    parts = {
        Kind.SPLIT: len(attachment) // 12 * _GAS_A_CHILD,
        Kind.PACK: len(attachment) // 64 * _GAS_A_PACKED,
        Kind.UNPACK: len(attachment) // 32 * _GAS_A_PACKED,
        Kind.CORRECT: _GAS_EARLIER_EVENT,
    }
    return _GAS["CustodyEvent"] + parts.get(Kind(statement.kind), 0)


def _ordered(items: Sequence[_Item]) -> list[_Item]:
    """Put registrations before custody events, so that more go together; neither passes any other statement.

    A registration depends on accreditations and keys, never on a custody event; a custody event may depend on a
    registration that came before it. All else stays in order of arrival.
    """
    ordered: list[_Item] = []
    run: list[_Item] = []
    for item in items:
        if item.submission.type not in TOGETHER:
            ordered += [*_registrations_first(run), item]
            run = []
        else:
            run.append(item)
    return ordered + _registrations_first(run)


def _registrations_first(run: Sequence[_Item]) -> list[_Item]:
    return sorted(run, key=lambda item: item.submission.type != "BatchRegistration")


def _first_group(items: Sequence[_Item], most: int) -> list[_Item]:
    """Take the statements at the front that can go in one call."""
    kind = items[0].submission.type
    if kind not in TOGETHER:
        return [items[0]]
    group: list[_Item] = []
    for item in items[:most]:
        if item.submission.type != kind:
            break
        group.append(item)
    return group
