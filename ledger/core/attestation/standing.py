"""Whether an attestation counts at a time: neither ended nor taken back, by an issuer and a key that can be relied on.

What was attested while key and issuer stood stays good when the key is ended later, as on the ledger; unless the ending
puts it in doubt since before the attestation came in. A suspended administration's attestations do not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.core.attestation.statements import ConformityCertificate, Revocation
from ledger.core.organisation import active_at, administers, key_in_doubt, name_of, state_at
from ledger.core.wording import day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.core.attestation.statements import Attestation
    from ledger.core.facts import Key, Organisation


class Held(NamedTuple):
    """An attestation as it is kept."""

    number: int  # in order of arrival
    digest: bytes
    attestation: Attestation
    issuer: int  # organisation; of a certificate and its revocation, whose designation its body had
    received_at: int  # Unix seconds
    position: int  # in its issuer's log, -1 = in none: a body has no log
    revoked_since: int  # Unix seconds, 0 = it stands


class Granted(NamedTuple):
    """An administration's attestation, beside what the ledger says of the administration and its key."""

    held: Held
    issuer: Organisation | None
    key: Key | None

    @property
    def who(self) -> str:
        """The administration's name."""
        return name_of(self.issuer, self.held.issuer)

    @property
    def country(self) -> str:
        """The administration's country, "" if the ledger does not know it."""
        state = state_at(self.issuer) if self.issuer else None
        return state.country if state else ""

    def fault(self, at: int) -> str:
        """Say why it does not count.

        Args:
            at: Unix seconds.

        Returns:
            Words, "" if it counts.
        """
        if self.issuer is None or not active_at(self.issuer) or not administers(self.issuer):
            return f"{self.who}, which issued it, is suspended or no administration any more"
        if self.key is None or key_in_doubt(self.key, self.held.received_at):
            return f"the key of {self.who} that signed it may have been stolen by then"
        return ended(self.held, at)


class Trust(NamedTuple):
    """Whose word counts for whom: everything that was attested about some operators, and what a country recognises."""

    statuses: Mapping[int, tuple[Granted, ...]]  # by operator
    recognitions: tuple[Granted, ...]  # of other countries' statuses, by whichever administration


class Trusted(NamedTuple):
    """Whether an operator is trusted."""

    status: Granted | None  # the one that counts
    fault: str  # why none does, in words


def ended(held: Held, at: int) -> str:
    """Say whether an attestation has ended, or not begun.

    Args:
        held: The attestation, of any kind but a revocation.
        at: Unix seconds.

    Returns:
        Words, "" if it stands.
    """
    statement = held.attestation.statement
    if held.revoked_since and at >= held.revoked_since:
        return f"it was taken back as of {day(held.revoked_since)}"
    assert not isinstance(statement, Revocation)  # noqa: S101 - what takes back ends nowhere
    if at >= statement.valid_until:
        return f"it ended on {day(statement.valid_until)}"
    if isinstance(statement, ConformityCertificate) and at < statement.valid_from:
        return f"it begins on {day(statement.valid_from)}"
    return ""


def trusted(operator: int, country: str, trust: Trust, at: int) -> Trusted:
    """Tell whether an operator has a trusted status that counts in a country.

    Args:
        operator: Its organisation number.
        country: Whose officers ask, ISO 3166-1 alpha-2.
        trust: What was attested.
        at: Unix seconds.

    Returns:
        The status that ends last; or why none counts, of the last that was given.
    """
    fault = "no administration has given it a trusted status"
    best: Granted | None = None
    for status in trust.statuses.get(operator, ()):
        found = status.fault(at) or _unrecognised(status, country, trust.recognitions, at)
        if found:
            fault = f"its trusted status does not count: {found}"
        elif best is None or _until(status) > _until(best):
            best = status
    return Trusted(best, "" if best else fault)


def _unrecognised(status: Granted, country: str, recognitions: Iterable[Granted], at: int) -> str:
    given = status.country
    if given == country:
        return ""
    wanted = given.encode()
    for each in recognitions:
        recognised = getattr(each.held.attestation.statement, "country", b"")
        if recognised == wanted and each.country == country and not each.fault(at):
            return ""
    return f"{status.who} gave it, and {country} does not recognise statuses of {given}"


def _until(status: Granted) -> int:
    return int(getattr(status.held.attestation.statement, "valid_until", 0))
