"""The whole error tree on one page. Evidence sits in fields, so that each edge can word, count and map it.

The HTTP status and the exit code belong to the edges (`api/errors.py`, `ledger/cli`), never to these classes.
"""

from __future__ import annotations

from typing import Any


class LotproofError(Exception):
    """Anything Lotproof refuses or cannot do.

    Args:
        detail: What happened, in words a person can act on.
        advice: What to do next; empty if the detail already says it.
        field: The name of the input field at fault, if there is one.
        position: The zero-based character, row or item index inside that field, if there is one.
        evidence: Further values that explain the error (numbers, digests, names).
    """

    def __init__(
        self,
        detail: str,
        *,
        advice: str = "",
        field: str | None = None,
        position: int | None = None,
        **evidence: Any,  # noqa: ANN401 - evidence is whatever explains the error; edges print it as JSON
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.advice = advice
        self.field = field
        self.position = position
        self.evidence = evidence


class InvalidInputError(LotproofError):
    """What came in is malformed; sending it again unchanged cannot succeed."""


class InvalidCodeError(InvalidInputError):
    """A scanned or typed GS1 code is malformed. `rule` in the evidence names the broken rule."""


class InvalidStatementError(InvalidInputError):
    """A statement's fields, signer or signature are malformed or do not match each other."""


class StatementRefusedError(LotproofError):
    """A well-formed statement that the ledger's rules refuse. `error` in the evidence is the contract's error name."""


class InvalidProofError(LotproofError):
    """A proof does not hold: what it says does not follow from what is trusted. `rule` in the evidence names why."""


class NotSignedInError(LotproofError):
    """Nobody is signed in, or the session has ended: whoever asks must sign in with a key of an organisation."""


class NotAllowedError(LotproofError):
    """Whoever is signed in may not do or see this."""


class ConflictError(LotproofError):
    """The thing is in another state than whoever changes it believes: changed meanwhile, or past what is asked."""


class NotFoundError(LotproofError):
    """The thing asked for is not in the read model."""


class ConfigurationError(LotproofError):
    """A setting, key, database or chain is not the one this installation was made for; it refuses to start."""


class UnavailableError(LotproofError):
    """The chain, the database or another part cannot be reached now; trying again later may succeed."""


class TooManyResultsError(UnavailableError):
    """A node refuses a range of logs as too large, or runs out of time over it: ask for a smaller one."""


class ContradictionError(LotproofError):
    """What was final has changed, or a log disagrees with its own digest. Nothing goes on until a person has looked."""


class NodeError(UnavailableError):
    """A node answered a call with a JSON-RPC error; `code`, `message` and `data` are in the evidence."""
