"""Write-ahead sending: a transaction is durable in the journal before the node hears of it.

The order of every write is: sign → journal (durable) → send. A crash before the journal leaves nothing; a crash after
it leaves bytes that are sent again, unchanged, until they are final. Starting is no special case: it is the same
sending again. Relaying, deploying and the council's acts all go this way.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.chain.client import Fees, Sent
from ledger.chain.transactions import Payload, payload_of, sign
from ledger.core.errors import NodeError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.chain.client import Chain, Receipt
    from ledger.chain.signers import AddressSigner
    from ledger.store.journal import Journal, Slot, Transaction, TransactionKind

RESEND_SECONDS: Final = 5.0
BUMP_SECONDS: Final = 60.0
FEE_CEILING: Final = 2_000 * 10**9  # wei per gas: above this a person must decide
_BUMP_PERCENT: Final = 125  # nodes want a replacement to pay at least 110
_CANCEL_AFTER: Final = 3  # refusals by the node
_CANCEL_GAS: Final = 21_000  # a transfer of nothing to oneself
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """An unfinished slot of the journal, and what the chain says of it."""

    slot: Slot
    receipt: Receipt | None  # of whichever of its transactions was mined


class Sending:
    """Sends for one account, and sends again for any whose transactions are in the journal.

    Args:
        chain: Where to.
        journal: What was signed.
        account: Who pays.
        chain_id: EIP-155 chain id.
        others: Further addresses that the journal has transactions of (the council).
        development: The chain is the embedded one, which can lose blocks that counted as final.
        clock: Unix seconds.
    """

    def __init__(  # noqa: PLR0913 - what it joins, by name
        self,
        chain: Chain,
        journal: Journal,
        account: AddressSigner,
        chain_id: int,
        *,
        others: Sequence[bytes] = (),
        development: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._chain = chain
        self._journal = journal
        self._account = account
        self._chain_id = chain_id
        self._senders = (account.signer, *others)
        self._development = development
        self._clock = clock
        self._first_sent: dict[bytes, float] = {}  # by hash, by this process
        self._sent_at: dict[bytes, float] = {}  # by hash
        self._refusals: dict[bytes, int] = {}  # by hash: how often the node refused it

    def recover(self) -> bool:
        """Notice that the chain has fewer transactions than are final in the journal, and take those up again.

        Returns:
            Whether the embedded chain lost any.

        Raises:
            UnavailableError: Another chain's node is behind what was final.
        """
        lost = False
        for sender in self._senders:
            unfinished = self._journal.unfinished(sender)
            first = unfinished[0].nonce if unfinished else self._journal.next_nonce(sender)
            mined = self._chain.nonce(sender)
            if first is None or mined >= first:
                continue
            if not self._development:
                raise UnavailableError(
                    f"The chain's node has {mined} transactions of 0x{sender.hex()}, but {first} were final already.",
                    advice="It is behind, or on another chain. Ask another node; nothing is sent meanwhile.",
                    cause="behind",
                )
            _LOG.warning("the embedded chain lost blocks; their transactions are sent again", extra={"nonce": mined})
            self._journal.reopen_from(sender, mined)
            lost = True
        return lost

    def survey(self) -> list[Standing]:
        """Ask the chain about every unfinished transaction, in one batch; in the order of writing."""
        slots = sorted(self._journal.unfinished(), key=lambda slot: slot.transactions[0].id)
        hashes = [transaction.hash for slot in slots for transaction in slot.transactions]
        receipts = {receipt.hash: receipt for receipt in self._chain.receipts(hashes) if receipt is not None}
        return [
            Standing(slot, next((receipts[one.hash] for one in slot.transactions if one.hash in receipts), None))
            for slot in slots
        ]

    def write(self, payload: Payload, kind: TransactionKind, digests: Sequence[bytes] = ()) -> Transaction:
        """Sign a transaction and make it durable. It is not sent yet."""
        fees = self._chain.fees()
        nonce = self._next_nonce()
        signed = sign(self._account, self._chain_id, nonce, payload, fees)
        return self._journal.append(
            self._account.signer,
            nonce,
            signed.raw,
            signed.hash,
            kind=kind,
            max_fee=fees.max_fee,
            priority_fee=fees.priority_fee,
            gas=payload.gas,
            digests=digests,
            created_at=int(self._clock()),
        )

    def push(self, transaction: Transaction) -> Sent | None:
        """Hand a journalled transaction to the node; None if the node refuses it, which may pass.

        Raises:
            UnavailableError: The node cannot be reached, or the account has too little money.
        """
        self._sent_at[transaction.hash] = self._clock()
        self._first_sent.setdefault(transaction.hash, self._clock())
        try:
            return self._chain.send(transaction.raw)
        except NodeError as error:
            self._refusals[transaction.hash] = self._refusals.get(transaction.hash, 0) + 1
            _LOG.warning("the node refuses a transaction: %s", error.detail, extra={"transaction": transaction.hash})
            return None

    def resend(self, standings: Sequence[Standing]) -> None:
        """Send again what is not mined, oldest first, and replace what the node does not take for its fee.

        Raises:
            UnavailableError: The node cannot be reached, or the account has too little money.
        """
        waiting = [standing.slot for standing in standings if standing.receipt is None]
        oldest = {slot.sender: slot for slot in reversed(waiting)}
        for slot in waiting:
            transaction = slot.latest
            if self._clock() - self._sent_at.get(transaction.hash, 0.0) >= RESEND_SECONDS:
                outcome = self.push(transaction)
                if slot is oldest[slot.sender] and slot.sender == self._account.signer:
                    self._mend(slot, outcome, [each for each in waiting if each.sender == slot.sender])

    def _mend(self, slot: Slot, outcome: Sent | None, line: Sequence[Slot]) -> None:
        """Replace the first in line if its fee is too low, it waits for long, or the node will not have it."""
        late = self._clock() - self._first_sent[slot.latest.hash] > BUMP_SECONDS
        if outcome is Sent.UNDERPRICED or (late and outcome in {Sent.ACCEPTED, Sent.KNOWN}):
            self._replace(slot, payload_of(slot.latest.raw))
        elif self._refusals.get(slot.latest.hash, 0) >= _CANCEL_AFTER:
            about = {"nonce": slot.nonce}
            _LOG.error("the node keeps refusing a nonce: it is used up, and its statements go out anew", extra=about)
            # With all that stands behind it, which may build on what it was to record and would be refused for good.
            # The last first, because the first lets the others go.
            for each in reversed(line):
                self._replace(each, Payload(self._account.signer, b"", _CANCEL_GAS))

    def _replace(self, slot: Slot, payload: Payload) -> None:
        last, market = slot.latest, self._chain.fees()
        fees = Fees(
            max(market.max_fee, last.max_fee * _BUMP_PERCENT // 100 + 1),
            max(market.priority_fee, last.priority_fee * _BUMP_PERCENT // 100 + 1),
        )
        about = {"nonce": slot.nonce, "fee": fees.max_fee}  # wei per gas
        if fees.max_fee > FEE_CEILING:
            _LOG.error("a transaction waits: the fee asked for is above the ceiling", extra=about)
            return
        signed = sign(self._account, self._chain_id, slot.nonce, payload, fees)
        _LOG.info("a transaction is replaced by one with a higher fee", extra={**about, "transaction": signed.hash})
        self.push(
            self._journal.replace(
                slot.sender,
                slot.nonce,
                signed.raw,
                signed.hash,
                max_fee=fees.max_fee,
                priority_fee=fees.priority_fee,
                gas=payload.gas,
                created_at=int(self._clock()),
            )
        )

    def _next_nonce(self) -> int:
        """The journal's, unless the account was used elsewhere and the chain is ahead of it."""
        mined = self._chain.nonce(self._account.signer)
        return max(mined, self._journal.next_nonce(self._account.signer) or 0)
