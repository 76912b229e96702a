"""The front door under siege, in the form that every test run does; each mistake in it is noticed."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.deploy.caller import ask
from tests.faults import connections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("door")


@pytest.fixture(scope="module")
def ports(folder: Path) -> Iterator[list[int]]:
    with connections.servers(folder, 1) as ports:
        yield ports


def test_honest_scans_are_answered_through_a_besieged_door(folder: Path, ports: list[int]) -> None:
    outcome = connections.besiege(connections.QUICK, folder, ports)
    assert outcome.broken == ()
    assert outcome.figures["honest scans"] > 30


def test_a_server_reads_no_longer_headers_than_the_door_and_hears_of_tls(ports: list[int]) -> None:
    with socket.create_connection(("127.0.0.1", ports[0]), 10) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: server\r\nX-Long: " + b"a" * 20_000)
        assert line.recv(1_000).startswith(b"HTTP/1.1 400 ")
    secure = {"Host": "lotproof.example", "X-Forwarded-Proto": "https", "Accept": "application/linkset+json"}
    assert b"https://lotproof.example/" in ask(ports[0], "/01/05413868000016", headers=secure).body
    plain = secure | {"X-Forwarded-Proto": "http"}
    assert b'"http://lotproof.example/' in ask(ports[0], "/01/05413868000016", headers=plain).body


@pytest.mark.parametrize("plant", connections.PLANTS)
def test_a_door_with_a_mistake_is_noticed(folder: Path, ports: list[int], plant: str) -> None:
    outcome = connections.besiege(connections.QUICK, folder, ports, plant)
    assert any("honest scans got no verdict" in sentence for sentence in outcome.broken), outcome
