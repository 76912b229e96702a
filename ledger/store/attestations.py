"""What administrations and conformity bodies attested here, each beside what the ledger says of who did."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from ledger.core.attestation.coverage import Paper, Papers, keys_of
from ledger.core.attestation.scope import CertificateContent
from ledger.core.attestation.standing import Granted, Held, Trust
from ledger.core.attestation.statements import (
    BodyDesignation,
    ConformityCertificate,
    MutualRecognition,
    Revocation,
    TrustedStatus,
    parse_attestation,
)
from ledger.core.parts import key_id
from ledger.store.unit_log import grow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.core.attestation.statements import Attestation, Attested
    from ledger.core.facts import Registration
    from ledger.core.structs import Domain
    from ledger.store.database import Database
    from ledger.store.parties import Parties

MOST_PAPERS: Final = 50  # certificates that name one model
_INSERT: Final = """
    INSERT INTO attestations (digest, kind, subject, revokes, issuer, received_at, position, payload)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_HELD: Final = """
    SELECT a.sequence, a.digest, a.issuer, a.received_at, a.position, a.payload,
    (SELECT r.payload FROM attestations r WHERE r.revokes = a.digest) FROM attestations a
"""
_NAMING: Final = """
    WHERE a.kind = 'certificate' AND a.subject = ? AND a.sequence IN (
        SELECT m.sequence FROM certificate_models m WHERE m."key" IN ({marks})) ORDER BY a.sequence DESC LIMIT ?
"""


class Attestations:
    """The attestations of this installation. Safe to share between threads and processes.

    Args:
        db: Where they are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, attestation: Attestation, issuer: int, domain: Domain, received_at: int, *, logged: bool) -> int:
        """Keep an attestation, checked and not yet kept; its number.

        Args:
            attestation: What was handed in.
            issuer: The administration by whose right it counts.
            domain: The chain and contract it is for.
            received_at: Unix seconds.
            logged: Whether it goes into the issuer's log: what the administration itself signed.

        Raises:
            UnavailableError: The database is locked or full; nothing was written.
        """
        digest = attestation.statement.digest(domain)
        with self._db.transaction() as connection:
            position = grow(connection, issuer, attestation.leaf(domain)) if logged else -1
            about = (digest, attestation.kind, *_about(attestation.statement), issuer, received_at, position)
            connection.execute(_INSERT, (*about, orjson.dumps(attestation.to_json()).decode()))
            sql = "SELECT sequence FROM attestations WHERE digest = ?"
            sequence = int(connection.execute(sql, (digest,)).fetchone()[0])
            if isinstance(attestation.content, CertificateContent):
                sql = 'INSERT INTO certificate_models ("key", sequence) VALUES (?, ?)'
                connection.executemany(sql, [(key, sequence) for key in attestation.content.keys()])  # noqa: SIM118 - a method, no mapping
        return sequence

    def find(self, digest: bytes) -> Held | None:
        """The attestation with this digest."""
        return next(iter(self._held("WHERE a.digest = ?", (digest,))), None)

    def after(self, sequence: int, most: int, kind: str = "") -> list[Held]:
        """Those after a number, in order; of one kind, "" for any."""
        where = "WHERE a.sequence > ?" + (" AND a.kind = ?" if kind else "") + " ORDER BY a.sequence LIMIT ?"
        return self._held(where, (sequence, kind, most) if kind else (sequence, most))

    def count_since(self, issuer: int, since: int) -> int:
        """How many came by the right of an administration since a time."""
        sql = "SELECT count(*) FROM attestations WHERE issuer = ? AND received_at >= ?"
        with self._db.snapshot() as connection:
            return int(connection.execute(sql, (issuer, since)).fetchone()[0])

    def designations(self, body: str, parties: Parties) -> tuple[Granted, ...]:
        """Every designation of a body's number, the newest first."""
        return self._granted("body_designation", [body], parties)

    def trust(self, operators: Iterable[int], parties: Parties) -> Trust:
        """What was attested about some operators, and whose statuses which administrations recognise."""
        wanted = sorted({str(number) for number in operators})
        found: dict[int, list[Granted]] = {}
        countries: set[str] = set()
        for each in self._granted("trusted_status", wanted, parties):
            statement = each.held.attestation.statement
            assert isinstance(statement, TrustedStatus)  # noqa: S101 - that is its kind
            found.setdefault(statement.operator, []).append(each)
            countries.add(each.country)
        recognitions = self._granted("mutual_recognition", sorted(countries), parties)
        return Trust({number: tuple(each) for number, each in found.items()}, recognitions)

    def papers(self, registration: Registration, product: str, parties: Parties) -> Papers:
        """The certificates of a batch's maker, those that name its model with the designations of their bodies."""
        keys = keys_of(registration, product)
        holder = str(registration.manufacturer)
        with self._db.snapshot() as connection:
            sql = "SELECT count(*) FROM attestations WHERE kind = 'certificate' AND subject = ?"
            on_file = int(connection.execute(sql, (holder,)).fetchone()[0])
            if not on_file:
                return Papers((), 0)
            where = _NAMING.format(marks=", ".join("?" * len(keys)))
            naming = self._held(where, (holder, *keys, MOST_PAPERS))
            bodies = {_body(each): self.designations(_body(each), parties) for each in naming}
        return Papers(tuple(Paper(each, bodies[_body(each)]) for each in naming), on_file)

    def _granted(self, kind: str, subjects: list[str], parties: Parties) -> tuple[Granted, ...]:
        if not subjects:
            return ()
        marks = ", ".join("?" * len(subjects))
        where = f"WHERE a.kind = ? AND a.subject IN ({marks}) ORDER BY a.sequence DESC"
        held = self._held(where, (kind, *subjects))
        return tuple(
            Granted(each, parties.organisation(each.issuer), parties.key(key_id(each.attestation.signer)))
            for each in held
        )

    def _held(self, where: str, values: tuple[Any, ...]) -> list[Held]:
        with self._db.snapshot() as connection:
            rows = connection.execute(f"{_HELD} {where}", values).fetchall()
        return [_read(row) for row in rows]


def _about(statement: Attested) -> tuple[str, bytes]:
    """What an attestation is looked up by, and what it takes back."""
    if isinstance(statement, TrustedStatus):
        return str(statement.operator), b""
    if isinstance(statement, MutualRecognition):
        return statement.country.decode(), b""
    if isinstance(statement, BodyDesignation):
        return statement.body, b""
    if isinstance(statement, ConformityCertificate):
        return str(statement.holder), b""
    return "0x" + statement.attestation.hex(), statement.attestation


def _body(held: Held) -> str:
    statement = held.attestation.statement
    return statement.body if isinstance(statement, ConformityCertificate) else ""


@lru_cache(maxsize=256)  # of at most 256 KiB each; a verdict on protective equipment reads the same few again
def _parsed(payload: str) -> Attestation:
    return parse_attestation(orjson.loads(payload))


def _read(row: tuple[Any, ...]) -> Held:
    number, digest, issuer, received_at, position, payload, revocation = row
    attestation = _parsed(payload)
    revoked = _parsed(revocation).statement if revocation else None
    since = revoked.since if isinstance(revoked, Revocation) else 0
    return Held(number, bytes(digest), attestation, issuer, received_at, position, since)
