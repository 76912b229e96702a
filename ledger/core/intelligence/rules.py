"""Who may tell what to whom, and who may read it: the markings' rules as this installation enforces them.

RED names single keys, AMBER and AMBER+STRICT name organisations, and all three are sealed to their recipients' keys.
GREEN goes to every administration on the ledger and CLEAR to everybody who is signed in; both stand open, so that they
can be matched. A wider circle than the marking allows, or a sealed message without recipients, is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.errors import NotAllowedError, StatementRefusedError
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.statements import NOTHING, Form, number_of, word_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core.intelligence.statements import Box, Intelligence, Message

AHEAD_SECONDS: Final = 600  # by which honest clocks may differ
LATE_SECONDS: Final = 24 * 3_600  # between signing and handing in
LONGEST_SECONDS: Final = 2 * 365 * 86_400  # of validity
_FORM: Final = "docs/intelligence.md shows what each marking asks for."


class Reader(NamedTuple):
    """Who wants to read."""

    organisation: int
    key: bytes  # id, 32 bytes
    administration: bool


class Told(NamedTuple):
    """What decides who may read a message."""

    issuer: int
    key: bytes  # of the issuer, that signed it
    marking: Marking
    recipients: frozenset[bytes]


def may_read(reader: Reader, told: Told) -> bool:
    """Tell whether a marking lets somebody read.

    Args:
        reader: Who.
        told: What.
    """
    if told.marking is Marking.CLEAR:
        return True
    if not reader.administration:
        return False
    if told.marking is Marking.GREEN:
        return True
    if told.marking.personal:
        return reader.key == told.key or reader.key in told.recipients
    return reader.organisation == told.issuer or word_of(reader.organisation) in told.recipients


def require_administration(reader: Reader) -> None:
    """Require customs, a regulator or an authority.

    Args:
        reader: Who is signed in.

    Raises:
        NotAllowedError: It is another.
    """
    if not reader.administration:
        raise NotAllowedError(
            "Only administrations share intelligence.",
            advice="Report what you found instead: POST /v1/reports, or tell the administration of your country.",
        )


def require_form(message: Message, now: int) -> None:
    """Require that a message makes sense by itself and keeps the rules of its marking.

    Args:
        message: As it was handed in.
        now: Unix seconds.

    Raises:
        StatementRefusedError: The first thing that is wrong.
    """
    statement, marking = message.statement, Marking(message.statement.marking)
    _require_times(statement, now)
    if marking.sealed and not message.recipients:
        raise _refused("RecipientsMissing", f"{marking.label} is for named recipients, and none is named.")
    if not marking.sealed and message.recipients:
        raise _refused("RecipientsUnexpected", f"{marking.label} is for its whole circle; it names no recipients.")
    if any((number_of(word) is None) != marking.personal for word in message.recipients):
        who = "single keys" if marking.personal else "organisations, not keys"
        raise _refused("WrongRecipients", f"{marking.label} is addressed to {who}.")
    if statement.form == Form.WITHDRAWAL:
        _require_empty(message)
    elif statement.content == NOTHING or statement.previous != NOTHING:
        raise _refused("WrongParts", "A message has content, and only a withdrawal names an earlier one.")
    elif (message.box is not None) != marking.sealed or (message.content is None) != marking.sealed:
        how = "sealed to its recipients, and nothing of it open" if marking.sealed else "open, so that it is matched"
        raise _refused("WrongSealing", f"{marking.label} is handed in {how}.")


def require_now(issued_at: int, now: int) -> None:
    """Require that something was signed within the last day.

    Args:
        issued_at: Unix seconds.
        now: Unix seconds.

    Raises:
        StatementRefusedError: It was not.
    """
    if not now - LATE_SECONDS <= issued_at <= now + AHEAD_SECONDS:
        raise _refused("IssuedAtOutOfRange", "It was not signed within the last day, by this server's clock.")


def require_wraps(message: Message, box: Box, owner: Callable[[bytes], int | None]) -> None:
    """Require that a box can be opened by its recipients and by nobody else but its issuer.

    Args:
        message: The message.
        box: Its sealed content.
        owner: Tells which organisation's a key is that messages may be encrypted to; None if it is none.

    Raises:
        StatementRefusedError: The first recipient that has no key here, or key that is no recipient's.
    """
    issuer, reached = message.statement.issuer, set()
    personal = Marking(message.statement.marking).personal
    for key, _ in box.wraps:
        organisation = owner(key)
        word = key if personal else word_of(organisation or 0)
        if organisation is None or (word not in message.recipients and organisation != issuer):
            raise _refused("KeyOfNobody", f"The key 0x{key.hex()} is none of a recipient's encryption keys.")
        reached.add(word)
    if missing := [word for word in message.recipients if word not in reached]:
        number = number_of(missing[0])
        who = f"0x{missing[0].hex()}" if number is None else f"organisation {number}"
        raise _refused("RecipientUnreached", f"The message is not sealed to any key of {who}.")


def require_withdrawable(message: Message, earlier: Told | None) -> None:
    """Require that a withdrawal names an earlier message of its issuer, with its marking and recipients.

    Args:
        message: The withdrawal.
        earlier: What it names; None if there is no such message, or none that is not withdrawn.

    Raises:
        StatementRefusedError: It does not.
    """
    if earlier is None or earlier.issuer != message.statement.issuer:
        raise _refused("NothingToWithdraw", "No message of yours that stands has this digest.")
    if (earlier.marking, earlier.recipients) != (message.statement.marking, frozenset(message.recipients)):
        detail = "A withdrawal reaches whom the message reached: it has the same marking and the same recipients."
        raise _refused("WrongCircle", detail)


def _require_times(statement: Intelligence, now: int) -> None:
    require_now(statement.issued_at, now)
    until = statement.valid_until
    if until and not now < until <= statement.issued_at + LONGEST_SECONDS:
        raise _refused(
            "InvalidValidity", "The message is valid until a time that is past, or more than two years away."
        )


def _require_empty(message: Message) -> None:
    statement = message.statement
    if message.content or message.box or statement.content != NOTHING or statement.previous == NOTHING:
        raise _refused("WrongParts", "A withdrawal names a message and says nothing more.")
    if statement.valid_until:
        raise _refused("InvalidValidity", "A withdrawal does not end.")


def _refused(error: str, detail: str) -> StatementRefusedError:
    return StatementRefusedError(detail, advice=_FORM, error=error, arguments={})
