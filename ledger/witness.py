"""Sign what this machine's own node holds final, so that others can trust a block's hash without asking anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.chain.state import header_bytes
from ledger.core.checkpoint import Checkpoint, Witnessed
from ledger.core.errors import InvalidInputError
from ledger.core.header import read_header

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.chain.contracts import Ledger
    from ledger.chain.signers import Signer
    from ledger.core.structs import Domain


def witness(
    ledger: Ledger, domain: Domain, finalized: Callable[[], int], signer: Signer, block: int | None = None
) -> Witnessed:
    """Sign a checkpoint of a final block.

    Args:
        ledger: The contract on the witness's own node; its code is compared first.
        domain: Chain and contract.
        finalized: Gives the number of the node's last final block.
        signer: The witness's key.
        block: Which final block; None for the last.

    Returns:
        The checkpoint with one signature.

    Raises:
        ConfigurationError: The contract at the address is not ours.
        InvalidInputError: The block is not final.
        UnavailableError: The node does not answer, or has no such block.
    """
    ledger.require_code()
    last = finalized()
    number = last if block is None else block
    if not 0 <= number <= last:
        raise InvalidInputError(
            f"Block {number} is not final; the last final one is {last}.",
            advice="A witness signs what cannot change any more: wait, or name an earlier block.",
            field="block",
        )
    header = read_header(header_bytes(ledger.chain, number))
    checkpoint = Checkpoint(header.number, header.hash, header.time)
    signature = signer.sign(checkpoint.digest(domain))
    return Witnessed(domain, checkpoint, ((signer.signer, signature),))
