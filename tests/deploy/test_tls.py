"""The front door with a certificate: what it speaks, where it sends plain HTTP, and client certificates."""

from __future__ import annotations

import http.client
import ssl
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tests.deploy.caller import SECONDS, Answer, ask
from tests.deploy.certificates import Issuer
from tests.deploy.echo import Echo
from tests.front_door import Door, free_port, require_haproxy

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system


class Place:
    """A door that speaks TLS at `port`, and the issuers whose certificates count."""

    def __init__(self, door: Door, port: int, own: Issuer, clients: Issuer) -> None:
        self.door = door
        self.port = port
        self.own = own
        self.clients = clients

    def ask(self, path: str, *, method: str = "GET", context: ssl.SSLContext | None = None) -> Answer:
        asking = http.client.HTTPSConnection(
            "localhost", self.port, timeout=SECONDS, context=context or self.own.trusted()
        )
        try:
            asking.request(method, path)
            return Answer(asking.getresponse())
        finally:
            asking.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    require_haproxy()
    folder = tmp_path_factory.mktemp("tls")
    own, clients, port = Issuer(folder / "own"), Issuer(folder / "clients"), free_port()
    settings: dict[str, Any] = {
        "HTTPS": f"127.0.0.1:{port}",
        "CERTIFICATE": str(own.issue("localhost")),
        "CLIENT_CA": str(clients.certificate),
    }
    with ExitStack() as running:
        echo, acme = running.enter_context(Echo()), running.enter_context(Echo())
        settings["ACME"] = f"127.0.0.1:{acme.port}"
        door = running.enter_context(Door(folder, [echo.port], **settings))
        door.await_ready()
        yield Place(door, port, own, clients)


def test_plain_http_is_sent_to_https(place: Place) -> None:
    answer = ask(place.door.port, "/01/05413868000016?17=270331", headers={"Host": "lotproof.example"})
    assert answer.status == 308
    assert answer.headers["location"] == "https://lotproof.example/01/05413868000016?17=270331"


def test_answers_over_tls_say_so_and_servers_know(place: Place) -> None:
    answer = place.ask("/v1/chain")
    assert answer.status == 200
    assert answer.headers["strict-transport-security"] == "max-age=63072000"
    assert orjson.loads(answer.body)["headers"]["x-forwarded-proto"] == "https"
    assert place.ask("/metrics").headers["strict-transport-security"]


def test_the_answer_to_a_certificates_challenge_comes_over_plain_http(place: Place) -> None:
    answer = ask(place.door.port, "/.well-known/acme-challenge/token")
    assert answer.status == 200
    assert orjson.loads(answer.body)["path"] == "/.well-known/acme-challenge/token"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_modern_tls_is_spoken(place: Place, version: ssl.TLSVersion) -> None:
    context = place.own.trusted()
    context.minimum_version = context.maximum_version = version
    assert place.ask("/v1/chain", context=context).status == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_tls_is_not(place: Place) -> None:
    context = place.own.trusted()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        place.ask("/v1/chain", context=context)


def test_http_2_is_offered(place: Place) -> None:
    context = place.own.trusted()
    context.set_alpn_protocols(["h2", "http/1.1"])
    asking = http.client.HTTPSConnection("localhost", place.port, timeout=SECONDS, context=context)
    asking.connect()
    assert isinstance(asking.sock, ssl.SSLSocket)
    assert asking.sock.selected_alpn_protocol() == "h2"
    asking.close()


def test_where_client_certificates_are_asked_for_statements_need_one_and_scans_do_not(place: Place) -> None:
    assert place.ask("/v1/verify?code=1").status == 200
    refused = place.ask("/v1/statements", method="POST")
    assert refused.status == 403
    assert refused.problem()["type"] == "/problems/no-certificate"
    context = place.own.trusted()
    context.load_cert_chain(place.clients.issue("maker"))
    assert place.ask("/v1/statements", method="POST", context=context).status == 200
    stranger = place.own.trusted()
    stranger.load_cert_chain(place.own.issue("stranger"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        place.ask("/v1/statements", method="POST", context=stranger)


def test_a_broken_handshake_leaves_no_address_in_the_log(place: Place) -> None:
    answer = None
    with suppress(OSError, http.client.HTTPException):
        answer = ask(place.port, "/secretcode", address="127.0.0.77")
    assert answer is None or answer.status == 400
    said = place.door.log.read_text(encoding="utf-8")
    assert "127.0.0.77" not in said
    assert "secretcode" not in said
