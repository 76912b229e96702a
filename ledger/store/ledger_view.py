"""The ledger's present state as the rules ask for it, folded from the read model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from ledger.core.errors import UnavailableError
from ledger.core.history import fold
from ledger.core.parts import WORD

if TYPE_CHECKING:
    from ledger.core.custody import ConsignmentState
    from ledger.core.facts import Key, Organisation
    from ledger.core.history import BatchHistory
    from ledger.store.read_model import ReadModel

_NO_DIGEST: Final = bytes(WORD)


class ChainView(Protocol):
    """What only the chain can answer; `ledger.chain.contracts.Ledger` does."""

    def is_wallet_signature(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        """Ask a contract whether a signature is its own (ERC-1271).

        Raises:
            UnavailableError: The chain cannot be reached.
        """


class ReadModelView:
    """One look at the read model: what was asked once is kept, so make a new one for each statement.

    Args:
        read_model: Best inside a snapshot of it.
        chain: Answers what only the chain can; None leaves that to the contract.
        strict: No contract will check after us: what cannot be asked now is not taken.
    """

    def __init__(self, read_model: ReadModel, chain: ChainView | None = None, *, strict: bool = False) -> None:
        self._read_model = read_model
        self._chain = chain
        self._strict = strict
        self._histories: dict[bytes, BatchHistory | None] = {}

    def paused_until(self) -> int:
        """Give the time until which no statement is taken, Unix seconds; 0 if none is or was."""
        pauses = [notice for notice in self._read_model.notices() if notice.name.startswith("Statements")]
        last = max(pauses, key=lambda notice: notice.recorded, default=None)
        return last.until if last is not None else 0

    def organisation(self, number: int) -> Organisation | None:
        """Give an organisation."""
        return self._read_model.organisation(number)

    def organisation_count(self) -> int:
        """Count the organisations."""
        return len(self._organisations)

    def key(self, identifier: bytes) -> Key | None:
        """Give a key, by keccak256 of its signer."""
        return self._read_model.key(identifier)

    def is_wallet_signature(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        """Tell whether a contract says that a signature is its own; True where it cannot be asked now.

        Raises:
            UnavailableError: It cannot be asked now, and `strict` wants to know.
        """
        try:
            if self._chain is not None:
                return self._chain.is_wallet_signature(wallet, digest, signature)
        except UnavailableError:
            if self._strict:
                raise
        if self._strict:
            detail = "Whether a contract signed this cannot be asked without the chain."
            raise UnavailableError(detail, advice="Hand it in again when the chain answers.")
        return True

    def pallet_count(self) -> int:
        """Count the pallets."""
        return self._read_model.pallet_count()

    def consignment(self, identifier: bytes) -> ConsignmentState | None:
        """Give the state of a consignment or a pallet."""
        history = self._history(identifier)
        return None if history is None else history.states.get(identifier)

    def recalled(self, batch: bytes) -> bool:
        """Tell whether a batch is recalled."""
        history = self._history(batch)
        return history is not None and history.recall is not None

    def recorded(self, digest: bytes) -> bool:
        """Tell whether a statement stands on the ledger."""
        outcome = self._read_model.outcome(digest)
        return outcome is not None and outcome.result == "recorded"

    def corrected(self, digest: bytes) -> bytes | None:
        """Give the digest of the CORRECT that names an event wrong."""
        event = self._read_model.event(digest)
        history = None if event is None else self._history(event.consignment)
        correction = None if history is None else history.corrections.get(digest)
        return None if correction is None else correction.digest

    def authority_sequence(self, number: int) -> int:
        """Count the statements that an authority has made; the next one signs this number."""
        made = 0
        for organisation in self._organisations:
            statements = [(one.authority, one.digest) for one in organisation.changes]
            statements += [(one.authority, one.digest) for one in organisation.suspensions]
            made += sum(authority == number and digest != _NO_DIGEST for authority, digest in statements)
        return made

    def anchor(self, number: int) -> tuple[bytes, int]:
        """Give an organisation's accumulator (32 zero bytes first) and count."""
        anchors = self._read_model.anchors(number)
        return (anchors[-1].digest, anchors[-1].count) if anchors else (_NO_DIGEST, 0)

    @cached_property
    def _organisations(self) -> list[Organisation]:
        return self._read_model.organisations()

    def _history(self, consignment: bytes) -> BatchHistory | None:
        if consignment not in self._histories:
            facts = self._read_model.lineage(self._member(consignment))
            self._histories[consignment] = None if facts is None else fold(facts, complete=False)
        return self._histories[consignment]

    def _member(self, identifier: bytes) -> bytes:
        """Give a consignment whose history tells of this one: itself, or for a pallet the first that was put on it."""
        pallet = self._read_model.pallet(identifier)
        return identifier if pallet is None or not pallet.packings else pallet.packings[0].consignment
