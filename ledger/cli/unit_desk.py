"""One organisation at work on single packs: it signs what happened to them, and anchors the log that a server keeps.

Before it signs an anchor it checks with its own code that the log still begins with what was anchored before, and
holds every statement that this machine handed in. A server that rewrote, forked or shortened it gets no signature.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ledger.core.errors import ContradictionError, NotFoundError, UnavailableError
from ledger.core.log_watch import Head, Receipt, require_continued, require_kept
from ledger.core.signature import verify
from ledger.core.structs import Anchor, UnitStatement
from ledger.core.unit import UnitKind
from ledger.core.unit_rules import UNDO_SECONDS
from ledger.core.unit_submission import UnitSubmission
from ledger.store.receipts import Dispensed, open_receipts

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.cli.client import Json
    from ledger.cli.desk import Desk

NOTHING: Final = bytes(32)
_ON_ITS_WAY: Final = frozenset({"pending", "sent"})


class UnitDesk:
    """Signs about packs for one organisation at one server.

    Args:
        desk: The organisation, its key and the server.
        directory: Where this machine remembers what it signed.
    """

    def __init__(self, desk: Desk, directory: Path) -> None:
        self.desk = desk
        self.receipts = open_receipts(directory, desk.domain, desk.number)
        self._log = f"/v1/organisations/{desk.number}/log"

    def say(self, statement: UnitStatement) -> Json:
        """Sign and hand in a statement; the server's answer comes back, and is remembered.

        Raises:
            StatementRefusedError: The rules refuse it; nothing has changed.
            ContradictionError: The server answers with something else than it was given.
        """
        desk = self.desk
        digest = statement.digest(desk.domain)
        submission = UnitSubmission(statement, desk.signer.signer, desk.signer.sign(digest))
        answer = desk.client.post("/v1/statements", submission.payload())
        if answer.get("repeated") == _hex(digest):
            return answer
        if answer.get("digest") != _hex(digest):
            raise _odd(f"The server took the statement {_hex(digest)} for another.")
        if answer["state"] == "logged":
            self._remember(statement, digest, self._signed_first(answer, submission).leaf(desk.domain), answer["log"])
        return answer

    def _signed_first(self, answer: Json, submission: UnitSubmission) -> UnitSubmission:
        """What the log holds: a key may sign in another way each time, and what was handed in first stands there."""
        first = replace(submission, signature=_raw(answer["statement"]["signature"]))
        if not verify(first.signer, submission.statement.digest(self.desk.domain), first.signature):
            raise _odd("The server shows a signature that is not this key's.")
        return first

    def statement(self, kind: UnitKind, pack: tuple[str, str, str], place: str, occurred_at: int) -> UnitStatement:
        """Make a statement about a pack.

        Args:
            kind: What happened.
            pack: GTIN of 14 digits, lot and serial number.
            place: UN/LOCODE; for an UNDO "" is where the pack was dispensed.
            occurred_at: Unix seconds.

        Raises:
            NotFoundError: An UNDO of a pack that this machine did not dispense.
        """
        gtin, lot, serial = pack
        previous = NOTHING
        if kind is UnitKind.UNDO:
            given = self._dispensed(gtin, serial)
            previous, place = given.digest, place or given.place
        number, where = int(gtin), place.encode("ascii")
        return UnitStatement(self.desk.number, kind, number, lot, serial, occurred_at, where, previous, NOTHING)

    def anchor(self) -> str | None:
        """Check the log, then sign and hand in the anchor of its head; the digest comes back, None if nothing is new.

        Raises:
            ContradictionError: The server rewrote, forked or shortened the log, or dropped a statement.
            UnavailableError: The anchor before is not on the chain yet.
        """
        told = self.desk.client.get(self._log)
        head = Head(int(told["size"]), _raw(told["root"]))
        last = None if told["anchor"] is None else self._checked(told["anchor"])
        self._require_true(head, last)
        if head.size == (last.count if last else 0):
            return None
        self._require_settled(told["anchor"])
        previous = NOTHING if last is None else last.digest(self.desk.domain)
        signed = Anchor(self.desk.number, head.size, head.root, previous)
        self.receipts.signed, self.receipts.digest = head, signed.digest(self.desk.domain)
        self.receipts.save()  # before it goes out: what was signed must be remembered
        return self.desk.send("Anchor", signed)

    def _require_true(self, head: Head, last: Anchor | None) -> None:
        """Compare the head with what the chain anchored, what this machine signed, and what it handed in."""
        anchored = Head(last.count, last.root) if last else None
        for known in (anchored, self.receipts.signed):
            if known is not None:
                require_continued(known, head, self._consistency(known, head))
        for receipt in self.receipts.open:
            require_kept(receipt, head, self._inclusion(receipt, head))
        covered = last.count if last else 0
        self.receipts.open = [each for each in self.receipts.open if each.index >= covered]

    def _consistency(self, known: Head, head: Head) -> list[bytes]:
        if not 0 < known.size < head.size:
            return []
        return _proof(self.desk.client.get(f"{self._log}/consistency", first=known.size, second=head.size))

    def _inclusion(self, receipt: Receipt, head: Head) -> list[bytes]:
        if receipt.index >= head.size:
            return []
        return _proof(self.desk.client.get(f"{self._log}/proof", index=receipt.index, size=head.size))

    def _checked(self, told: Json) -> Anchor:
        """The last anchor as the server shows it: its digest, which the chain has, must be of just these values."""
        anchor = Anchor(self.desk.number, int(told["count"]), _raw(told["root"]), _raw(told["previous"]))
        if _hex(anchor.digest(self.desk.domain)) != told["digest"]:
            raise _odd(f"The server shows an anchor {told['digest']} that was never signed like that.")
        return anchor

    def _require_settled(self, last: Json | None) -> None:
        """Require that the chain has answered the anchor that this machine signed before; a refused one counts not."""
        own = self.receipts.digest
        if not own or (last is not None and last["digest"] == _hex(own)):
            return
        try:
            state = self.desk.client.get(f"/v1/statements/{_hex(own)}")["state"]
        except NotFoundError:
            return  # signed, and never handed in
        if state in _ON_ITS_WAY:
            detail = f"The anchor before, {_hex(own)}, is not on the chain yet."
            raise UnavailableError(detail, advice="Anchor again when it is.")

    def _dispensed(self, gtin: str, serial: str) -> Dispensed:
        for given in reversed(self.receipts.dispensed):
            if (given.gtin, given.serial) == (gtin, serial):
                return given
        raise NotFoundError(
            f"This machine remembers no dispensing of {gtin} {serial} in the last {UNDO_SECONDS // 86400} days.",
            advice="Undo it on the machine that dispensed it.",
            field="code",
        )

    def _remember(self, statement: UnitStatement, digest: bytes, leaf: bytes, place: Json) -> None:
        receipts = self.receipts
        known = {receipt.digest for receipt in receipts.open}
        if digest not in known:
            receipts.open.append(Receipt(digest, int(place["index"]), leaf))
        oldest = time.time() - UNDO_SECONDS - 86400
        receipts.dispensed = [
            each
            for each in receipts.dispensed
            if each.occurred_at > oldest and each.digest not in (statement.previous, digest)
        ]
        if statement.kind == UnitKind.DISPENSE:
            where = statement.place.decode()
            receipts.dispensed.append(
                Dispensed(digest, f"{statement.gtin:014d}", statement.serial, where, statement.occurred_at)
            )
        receipts.save()


def _proof(answer: Json) -> list[bytes]:
    return [_raw(each) for each in answer.get("proof", [])]


def _odd(detail: str) -> ContradictionError:
    return ContradictionError(detail, advice="Do not use this server any more, and tell its operator.")


def _raw(value: Any) -> bytes:  # noqa: ANN401 - JSON
    try:
        return bytes.fromhex(str(value)[2:])
    except ValueError as error:
        raise _odd(f"The server answers {str(value)[:80]!r} where it should give bytes.") from error


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
