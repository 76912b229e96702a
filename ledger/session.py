"""Sign in with a key of an organisation, and tell who asks: opaque tokens, of which only the SHA-256 is kept.

Whoever is signed in is looked up on the ledger each time: a session ends with its key, or when its organisation is
suspended, as soon as that is indexed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from ledger.core import sign_in
from ledger.core.clock import time_of
from ledger.core.court import Court
from ledger.core.errors import InvalidInputError, NotSignedInError, StatementRefusedError
from ledger.core.organisation import administers, desk_country, name_of
from ledger.core.parts import key_id
from ledger.core.sign_in import Challenge, Session
from ledger.core.vocabulary import Purpose
from ledger.core.wording import moment
from ledger.store.ledger_view import ReadModelView
from ledger.store.read_model import ReadModel
from ledger.store.sessions import Looks, Sessions

if TYPE_CHECKING:
    from ledger.config import Settings
    from ledger.store.database import Database
    from ledger.store.ledger_view import ChainView

Json = dict[str, Any]
TOKEN_BYTES: Final = 32
MAX_TOKEN: Final = 100  # characters
MOST_SESSIONS: Final = 20  # of one key at once; the oldest ends
SEEN_SECONDS: Final = 60  # a session's use is noted so often, not at each request
MOST_LOOKS: Final = 500  # in one answer
_SIGN_IN: Final = "Sign in again: POST /v1/session/challenge, or `lotproof sign-in`."


@dataclass(frozen=True, slots=True)
class Member:
    """Who is signed in."""

    session: Session
    administration: bool  # customs, a regulator or an authority
    supervisor: bool  # the key may administer its organisation's keys too: assigns, closes, opens operations
    country: str  # whose declarations it works on (ISO 3166-1 alpha-2), "" = none
    ends_at: int  # Unix seconds, unless it is used

    @property
    def organisation(self) -> int:
        """Its number."""
        return self.session.organisation

    @property
    def key(self) -> bytes:
        """The id of the key that signed in."""
        return self.session.key


class Doorkeeper:
    """Lets organisations in. Safe to share between threads.

    Args:
        db: The installation's.
        settings: How long sessions last, and under which names the server is known.
        chain_view: Answers for contracts that sign (ERC-1271); None if the chain is not at hand.
    """

    def __init__(self, db: Database, settings: Settings, chain_view: ChainView | None = None) -> None:
        self._db = db
        self._settings = settings
        self._chain_view = chain_view
        self._read_model = ReadModel(db)
        self._sessions = Sessions(db)
        self._looks = Looks(db)

    def challenge(self, signer: bytes, host: str, now: int) -> Challenge:
        """A challenge for a key to sign.

        Args:
            signer: 20 or 64 bytes.
            host: By which the client calls this server: signing for another would let that one sign in here.
            now: Unix seconds.

        Raises:
            InvalidInputError: The server is not known by that name, or the signer is none.
        """
        domain = self._domain(host)
        drawn = secrets.token_bytes(sign_in.DRAWN_BYTES)
        return sign_in.challenge(domain, signer, self._db.domain().chain_id, now, drawn=drawn, secret=self._secret())

    def sign_in(self, text: str, signature: bytes, host: str, now: int) -> tuple[str, Member]:
        """Open a session for whoever signed a challenge.

        Args:
            text: The challenge.
            signature: The key's, over it.
            host: By which the client calls this server.
            now: Unix seconds.

        Returns:
            The token, which is kept nowhere, and who is signed in.

        Raises:
            InvalidInputError: The text is no challenge.
            NotSignedInError: It is not this server's, expired, was answered before, or the key did not sign it or may
                not sign in.
            UnavailableError: Whether a contract signed it cannot be asked now.
        """
        answered = sign_in.read(text)
        domain = self._db.domain()
        sign_in.require_own(answered, self._secret(), domain.chain_id, now)
        if answered.domain != self._domain(host):
            raise NotSignedInError("The challenge is for another server.", advice=_SIGN_IN, field="message")
        key = key_id(answered.signer)
        with self._read_model.snapshot():
            organisation = self._authorised(answered, key, signature, now)
        session = Session(organisation, key, now, now)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        longest = max(self._settings.session_seconds, 2 * sign_in.CHALLENGE_SECONDS)
        if not self._sessions.open(_hash(token), answered.nonce, session, most=MOST_SESSIONS, before=now - longest):
            raise NotSignedInError("This challenge was answered before.", advice=_SIGN_IN, field="message")
        return token, self._member(session)

    def member(self, token: str, now: int, *, used: bool = True) -> Member:
        """Who holds a token.

        Args:
            token: As `sign_in` gave it.
            now: Unix seconds.
            used: Whether somebody uses the session now, so that it lasts longer.

        Raises:
            NotSignedInError: Nobody: there is no such session, it has ended, or its key or organisation may not sign.
        """
        hashed = _hash(token[:MAX_TOKEN])
        with self._read_model.snapshot():
            session = self._sessions.find(hashed)
            if session is None:
                raise NotSignedInError("Nobody is signed in with this token.", advice=_SIGN_IN)
            member = self._member(session)
            if now >= member.ends_at:
                raise NotSignedInError("The session has ended.", advice=_SIGN_IN)
            at = time_of(self._read_model.as_of(), now)
            key, organisation = self._read_model.key(session.key), self._read_model.organisation(session.organisation)
            if fault := sign_in.fault_of(key, organisation, at):
                raise NotSignedInError(fault, advice="Sign in with another key, or ask your authority.")
        if used and now - session.seen_at >= SEEN_SECONDS:
            self._sessions.seen(hashed, now)
        return member

    def sign_out(self, token: str) -> None:
        """End the session of a token, if there is one."""
        self._sessions.close(_hash(token[:MAX_TOKEN]))

    def looks(self, member: Member, after: int) -> list[Json]:
        """Who looked at what of a member's organisation, in order.

        Args:
            member: Who asks.
            after: The last number that is known; 0 begins at the beginning.
        """
        with self._read_model.snapshot():
            return [
                {
                    "number": look.sequence,
                    "organisation": {"number": look.organisation, "name": self._name(look.organisation)},
                    "key": "0x" + look.key.hex(),
                    "kind": look.kind,
                    "id": look.identifier,
                    "first_at": moment(look.first_at),
                    "last_at": moment(look.last_at),
                    "times": look.times,
                }
                for look in self._looks.of(member.organisation, after, MOST_LOOKS)
            ]

    def to_json(self, member: Member) -> Json:
        """Tell a member who is signed in."""
        return {
            "organisation": {"number": member.organisation, "name": self._name(member.organisation)},
            "key": "0x" + member.key.hex(),
            "administration": member.administration,
            "supervisor": member.supervisor,
            "country": member.country,
            "began_at": moment(member.session.began_at),
            "ends_at": moment(member.ends_at),
        }

    def _authorised(self, answered: Challenge, key: bytes, signature: bytes, now: int) -> int:
        """The organisation whose live key for events signed a challenge."""
        found = self._read_model.key(key)
        organisation = found.addition.organisation if found else 0
        view = ReadModelView(self._read_model, self._chain_view, strict=True)
        court = Court(view, self._db.domain(), time_of(self._read_model.as_of(), now))
        try:
            court.authorise(organisation, Purpose.EVENTS, answered.message(), answered.signer, signature)
        except StatementRefusedError as error:
            raise NotSignedInError(error.detail, advice=error.advice, **error.evidence) from error
        return organisation

    def _member(self, session: Session) -> Member:
        organisation = self._read_model.organisation(session.organisation)
        ends_at = session.ends_at(self._settings.session_idle_seconds, self._settings.session_seconds)
        key = self._read_model.key(session.key)
        return Member(
            session,
            administration=organisation is not None and administers(organisation),
            supervisor=key is not None and Purpose.ADMIN in key.addition.purposes,
            country=desk_country(organisation) if organisation else "",
            ends_at=ends_at,
        )

    def _domain(self, host: str) -> str:
        domain = host.lower()
        if domain not in self._settings.public_hosts and not sign_in.is_loopback(domain):
            raise InvalidInputError(
                "This server is not known by the name that it was called by, so nobody can sign in there.",
                advice="Call it by one of its public names; its operator sets them in LOTPROOF_PUBLIC_HOSTS.",
                field="host",
            )
        return domain

    def _name(self, number: int) -> str:
        return name_of(self._read_model.organisation(number), number)

    def _secret(self) -> bytes:
        return self._sessions.secret(secrets.token_bytes(sign_in.SECRET_BYTES))


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
