"""Who asks: the session whose token a request carries."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from api.installation import installed
from ledger.core.casework.entries import Officer
from ledger.core.errors import NotAllowedError, NotSignedInError
from ledger.core.intelligence.rules import Reader
from ledger.session import MAX_TOKEN

if TYPE_CHECKING:
    from starlette.requests import Request

    from ledger.session import Member

_MOST: Final = 2 * MAX_TOKEN  # characters of credentials
_ADVICE: Final = "Sign in (docs/intelligence.md), and send the token as `Authorization: Bearer …`."


def token_of(request: Request) -> str:
    """The session's token: as a bearer (RFC 6750), or as the password of Basic (RFC 7617), which TAXII clients send.

    Raises:
        NotSignedInError: There is none.
    """
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer" and credentials:
        return credentials[:MAX_TOKEN]
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(credentials[:_MOST], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        if password := decoded.partition(":")[2]:
            return password[:MAX_TOKEN]
    raise NotSignedInError("This is only for who is signed in.", advice=_ADVICE)


def member_of(request: Request) -> Member:
    """Whoever is signed in.

    Raises:
        NotSignedInError: Nobody.
    """
    installation = installed(request)
    return installation.doorkeeper.member(token_of(request), installation.now())


def officer_of(request: Request) -> Officer:
    """Whoever is signed in, if it is for an administration: as cases and operations look at him.

    Raises:
        NotSignedInError: Nobody is.
        NotAllowedError: It is another organisation.
    """
    member = member_of(request)
    if not member.administration:
        raise NotAllowedError(
            "Cases and operations are for administrations: customs, regulators and authorities.",
            advice="Report what you found instead: POST /v1/reports, or tell the administration of your country.",
        )
    return Officer(member.organisation, member.key, member.supervisor)


def desk_of(request: Request) -> Member:
    """Whoever is signed in, if it is for an administration that has a desk: customs, or a regulator.

    Raises:
        NotSignedInError: Nobody is.
        NotAllowedError: It is another organisation.
    """
    member = member_of(request)
    if not member.country:
        raise NotAllowedError(
            "The desk is for customs administrations and regulators.",
            advice="Sign in with a key of one; its authority gives an organisation its roles.",
        )
    return member


def reader_of(member: Member) -> Reader:
    """A member as the markings' rules look at him."""
    return Reader(member.organisation, member.key, member.administration)
