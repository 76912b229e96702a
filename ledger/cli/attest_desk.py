"""Signing attestations at a server: for an administration, whose log takes them in, or for a conformity body."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from ledger.cli.client import Client
from ledger.cli.desk import domain_of, organisation_of
from ledger.cli.keys import settings_for, unlock
from ledger.core.attestation.statements import Attestation, Revocation
from ledger.core.errors import ContradictionError, InvalidInputError
from ledger.core.fields import read_bytes
from ledger.core.log_watch import Receipt
from ledger.store.receipts import open_receipts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.chain.keys import Signer
    from ledger.cli.client import Json
    from ledger.core.attestation.statements import Attested, Content

BASE: Final = "/v1/attestations"
DAY_SECONDS: Final = 86_400
DIGEST_BYTES: Final = 32


class AttestDesk:
    """Signs for one key at one server.

    Args:
        client: The server.
        signer: The key.
        receipts: The folder where this machine remembers what it signed, for the next anchor of its log.
    """

    def __init__(self, client: Client, signer: Signer, receipts: Path) -> None:
        self.client = client
        self.signer = signer
        self.domain = domain_of(client)
        self._receipts = receipts

    def organisation(self) -> int:
        """The administration whose key this is."""
        return organisation_of(self.client, self.signer)

    def send(self, statement: Attested, content: Content | None = None) -> Json:
        """Sign an attestation and hand it in.

        Raises:
            ContradictionError: The server took it for another.
        """
        digest = statement.digest(self.domain)
        attestation = Attestation(statement, content, self.signer.signer, self.signer.sign(digest))
        told = self.client.post(BASE, attestation.to_json())
        if told["digest"] != "0x" + digest.hex():
            raise ContradictionError(
                "The server took the attestation for another.", advice="Tell the server's operator."
            )
        if told["log"]:
            receipts = open_receipts(self._receipts, self.domain, int(told["log"]["organisation"]))
            receipts.open.append(Receipt(digest, int(told["log"]["index"]), attestation.leaf(self.domain)))
            receipts.save()
        return told

    def revoke(self, digest: str, since: int) -> Json:
        """Take an attestation back.

        Args:
            digest: Its digest, 0x and 64 digits.
            since: From when on it does not count, Unix seconds; 0 = from now on.
        """
        taken, now = read_bytes(digest, "digest"), int(time.time())
        if len(taken) != DIGEST_BYTES:
            raise InvalidInputError(
                "A digest is 0x and 64 hexadecimal digits.", advice="Copy it whole.", field="digest"
            )
        return self.send(Revocation(taken, since or now, now))


@contextmanager
def attest_desk(key: str, server: str, data: Path | None) -> Iterator[AttestDesk]:
    """The desk of the key with this name."""
    settings = settings_for(data)
    with Client(server) as client:
        yield AttestDesk(client, unlock(settings, key), settings.data_dir / "receipts")


def listed(client: Client, *kinds: str) -> Iterator[Json]:
    """Every attestation of some kinds."""
    for kind in kinds:
        after = 0
        while page := client.get(BASE, kind=kind, after=after)["attestations"]:
            yield from page
            after = int(page[-1]["number"])


def day_of(text: str, field: str) -> int:
    """The end of a day in UTC as Unix seconds: what is valid until a day is valid on it.

    Args:
        text: ISO 8601, YYYY-MM-DD.
        field: The option that it was given in.

    Raises:
        InvalidInputError: It is no such day.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        advice = "Write it like 2027-06-30."
        raise InvalidInputError(f"{text[:40]!r} is not a day.", advice=advice, field=field) from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + DAY_SECONDS


def attestation_line(told: Json) -> str:
    """An attestation for a person, in one line."""
    until = f" until {told['valid_until'][:10]}" if told["valid_until"] else ""
    fault = f"  does not count: {told['fault']}" if told["fault"] else ""
    return f"{told['number']:>6}  {told['issuer']['name']}: {told['subject']}{until}{fault}\n        {told['digest']}"
