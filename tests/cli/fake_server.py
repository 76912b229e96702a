"""A server that the command line can talk to without a network: fixed answers, and what was posted to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from ledger.chain.signers import P256Signer
from ledger.cli.client import Client
from ledger.core.parts import key_id

if TYPE_CHECKING:
    import pytest

    from ledger.chain.keys import Signer

LEDGER = bytes(range(20))
CHAIN = {"domain": {"chainId": 31337, "verifyingContract": "0x" + LEDGER.hex()}}
OURS, OTHER = 7, 12  # organisation numbers


class Server:
    """Answers by path; a path it does not know is not found."""

    def __init__(self, signer: Signer) -> None:
        key = {"id": "0x" + key_id(signer.signer).hex()}
        ours = {"number": OURS, "name": "Ours", "country": "BE", "roles": ["MANUFACTURER"], "active": True}
        ours |= {"keys": [key], "authority_sequence": 3}
        self.answers: dict[str, Any] = {"/v1/chain": CHAIN, "/v1/organisations": {"organisations": [ours]}}
        self.answers[f"/v1/organisations/{OURS}"] = ours
        self.posted: list[dict[str, Any]] = []
        self.put: dict[str, bytes] = {}
        self.refuses: dict[str, Any] | None = None  # the problem that a PUT is answered with
        self.state: dict[str, Any] = {"state": "recorded", "recorded": {"block": 5}}

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "POST":
            self.posted.append(json.loads(request.content))
            return httpx.Response(202, json={"digest": f"0x{len(self.posted):064x}"})
        if request.method == "PUT":
            self.put[request.url.raw_path.decode()] = request.content
            return httpx.Response(200, json={}) if self.refuses is None else httpx.Response(404, json=self.refuses)
        if path.startswith("/v1/statements/") and path not in self.answers:
            return httpx.Response(200, json=self.state)
        if path in self.answers:
            return httpx.Response(200, json=self.answers[path])
        return httpx.Response(404, json={"detail": f"{path} is not known."})

    def client(self, server: str = "http://ledger.example") -> Client:
        client = Client(server)
        client._http = httpx.Client(transport=httpx.MockTransport(self.handle), base_url=server)
        return client

    def serve(self, patch: pytest.MonkeyPatch) -> None:
        """Take the place of every server that a command asks."""
        for module in ("accept", "batches", "custody", "enrolment", "organisations", "proof", "verify"):
            patch.setattr(f"ledger.cli.{module}.Client", self.client)


def signer_of(number: int) -> P256Signer:
    """A published test key."""
    return P256Signer("test", derive_private_key(number, SECP256R1()))


def consignment(number: int, **fields: Any) -> dict[str, Any]:
    """A consignment as a server shows it."""
    known = {
        "id": f"0x{number:064x}",
        "head": f"0x{number + 1:064x}",
        "sequence": 2,
        "sscc": None,
        "rest": 100,
        "holder": {"number": OURS},
        "counterparty": None,
        "held_by": None,
        "batch": {"id": f"0x{900:064x}", "gtin": "09521101000016", "lot": "L1"},
    }
    return known | fields
