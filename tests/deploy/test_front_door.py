"""deploy/haproxy/haproxy.cfg: what it hands on, what it refuses, and that it keeps nobody's address."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from tests.deploy.caller import Answer, ask, ask_as
from tests.deploy.echo import Echo
from tests.front_door import CONFIGURATION, Door, require_haproxy

pytestmark = pytest.mark.system

MakeDoor = Callable[..., Door]
Echoes = tuple[Echo, Echo]


@pytest.fixture
def echoes() -> Iterator[Echoes]:
    with Echo() as one, Echo() as two:
        yield one, two


@pytest.fixture
def make_door(tmp_path: Path, echoes: Echoes) -> Iterator[MakeDoor]:
    """Doors before the two echoes."""
    require_haproxy()
    folders = (tmp_path / str(number) for number in itertools.count())
    with ExitStack() as running:

        def make(**options: object) -> Door:
            folder = next(folders)
            folder.mkdir()
            door = running.enter_context(Door(folder, [echo.port for echo in echoes], **options))  # type: ignore[arg-type]  # passed on as they came
            door.await_ready()
            return door

        yield make


@pytest.fixture
def door(make_door: MakeDoor) -> Door:
    return make_door()


def statuses(number: int, ask_once: Callable[[], Answer]) -> list[int]:
    return [ask_once().status for _ in range(number)]


def test_requests_reach_both_servers(door: Door, echoes: Echoes) -> None:
    assert statuses(20, lambda: ask(door.port, "/v1/chain")) == [200] * 20
    assert all(echo.seen for echo in echoes)


def test_servers_are_told_no_address_and_believe_no_claim(door: Door) -> None:
    claims = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "203.0.113.7",
        "X-Request-Id": "chosen-by-a-stranger",
        "Forwarded": "for=203.0.113.7;proto=https",
    }
    headers = ask(door.port, "/v1/chain", address="127.0.0.77", headers=claims)
    told = dict(_echoed(headers))
    assert told["x-forwarded-proto"] == "http"
    assert {name for name in told if "forward" in name or "real-ip" in name} == {"x-forwarded-proto"}
    assert "x-request-id" not in told
    assert "127.0.0.77" not in str(told)
    assert "203.0.113.7" not in str(told)


def _echoed(answer: Answer) -> dict[str, str]:
    headers = orjson.loads(answer.body)["headers"]
    assert isinstance(headers, dict)
    return headers


# Class of call, how it is asked, its setting, and how long Retry-After says.
LIMITS = [
    ("reads", "GET", "/v1/verify?code=1", "EACH_REQUESTS_10S", 10),
    ("long", "GET", "/v1/organisations", "EACH_REQUESTS_10S", 10),
    ("files", "GET", "/app/", "EACH_FILES_10S", 10),
    ("statements", "POST", "/v1/statements", "EACH_STATEMENTS_10S", 10),
    ("photos", "POST", "/v1/verify/image", "EACH_PHOTOS_60S", 60),
    ("photos", "POST", "/check", "EACH_PHOTOS_60S", 60),
    ("reports", "POST", "/v1/reports", "EACH_REPORTS_60S", 60),
]


@pytest.mark.parametrize(("kind", "method", "path", "setting", "seconds"), LIMITS)
def test_too_much_from_one_address_is_a_429_and_others_are_served(
    make_door: MakeDoor, kind: str, method: str, path: str, setting: str, seconds: int
) -> None:
    door = make_door(**{setting: 5})
    flood = [ask(door.port, path, method=method, address="127.0.0.2") for _ in range(9)]
    assert [answer.status for answer in flood] == [200] * 5 + [429] * 4
    refused = flood[-1]
    assert refused.headers["retry-after"] == str(seconds)
    assert refused.problem()["type"] == "/problems/too-many"
    assert refused.problem()["limit"] == kind
    assert f"after {seconds} seconds" in refused.problem()["advice"]
    assert refused.headers["cache-control"] == "no-store"
    assert ask(door.port, path, method=method, address="127.0.0.3").status == 200


def test_a_flood_of_one_kind_leaves_the_same_address_the_others(make_door: MakeDoor) -> None:
    door = make_door(EACH_REPORTS_60S=2)
    assert statuses(4, lambda: ask(door.port, "/v1/reports", method="POST")) == [200, 200, 429, 429]
    assert ask(door.port, "/v1/verify?code=1").status == 200
    assert ask(door.port, "/v1/statements", method="POST").status == 200


def test_an_app_that_is_installed_takes_nothing_from_scans(make_door: MakeDoor) -> None:
    door = make_door(EACH_REQUESTS_10S=3)
    assert statuses(20, lambda: ask(door.port, "/app/assets/a.js")) == [200] * 20
    assert statuses(4, lambda: ask(door.port, "/v1/verify?code=1")) == [200, 200, 200, 429]


def test_percent_encoding_carries_no_call_past_its_limit(make_door: MakeDoor) -> None:
    door = make_door(EACH_REPORTS_60S=2)
    paths = ["/v1/reports", "/v1/%72eports", "/%761/report%73", "/v1/reports?x=1"]
    assert [ask(door.port, path, method="POST").status for path in paths] == [200, 200, 429, 429]


def test_what_was_asked_is_forgotten_in_time(make_door: MakeDoor) -> None:
    change = "http_req_rate(10s)", "http_req_rate(1s)"
    door = make_door(change=lambda text: text.replace(*change), EACH_REQUESTS_10S=3)
    assert statuses(5, lambda: ask(door.port, "/v1/chain"))[-1] == 429
    time.sleep(2.1)
    assert ask(door.port, "/v1/chain").status == 200


def test_people_who_browse_get_a_page(make_door: MakeDoor) -> None:
    door = make_door(EACH_REQUESTS_10S=0)
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = ask(door.port, "/01/05413868000016", headers=browser)
    assert answer.status == 429
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["retry-after"] == "10"
    assert b"Wait 10 seconds" in answer.body
    assert ask(door.port, "/v1/chain", headers=browser).problem()["status"] == 429


def believing(text: str) -> str:
    """The configuration behind a balancer that tells addresses by the PROXY protocol, as docs/deployment.md says."""
    text = text.replace('bind "${DOOR_HTTP}" v6only', 'bind "${DOOR_HTTP}" v6only accept-proxy')
    return text.replace("tcp-request connection", "tcp-request session")


def test_an_ipv6_network_counts_as_one_address_and_ipv4_addresses_each(make_door: MakeDoor) -> None:
    door = make_door(change=believing, EACH_REQUESTS_10S=3)
    flood = [ask_as(door.port, "/v1/chain", f"2001:db8:1:2:{host}::1").status for host in range(1, 6)]
    assert flood == [200] * 3 + [429] * 2
    assert ask_as(door.port, "/v1/chain", "2001:db8:1:3::1").status == 200
    neighbours = [ask_as(door.port, "/v1/chain", f"198.51.100.{host}").status for host in range(1, 6)]
    assert neighbours == [200] * 5


def test_known_addresses_are_not_bounded(make_door: MakeDoor) -> None:
    door = make_door(KNOWN="127.0.0.8 10.1.0.0/16", EACH_REQUESTS_10S=1, EACH_CONNECTIONS=2)
    assert statuses(6, lambda: ask(door.port, "/v1/chain", address="127.0.0.8")) == [200] * 6
    assert statuses(2, lambda: ask(door.port, "/v1/chain", address="127.0.0.9")) == [200, 429]


def test_one_address_holds_only_so_many_connections(make_door: MakeDoor) -> None:
    door = make_door(EACH_CONNECTIONS=5)
    with ExitStack() as lines:
        for _ in range(5):
            lines.enter_context(socket.create_connection(("127.0.0.1", door.port), 5, ("127.0.0.2", 0)))
        time.sleep(0.2)
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(door.port, "/v1/chain", address="127.0.0.2")
        assert ask(door.port, "/v1/chain", address="127.0.0.3").status == 200
    time.sleep(0.2)
    assert ask(door.port, "/v1/chain", address="127.0.0.2").status == 200


def test_one_address_sends_only_so_many_large_bodies_at_once(make_door: MakeDoor) -> None:
    door = make_door(EACH_UPLOADS=2)
    head = b"POST /v1/verify/many HTTP/1.1\r\nHost: door\r\nContent-Length: 90000\r\n\r\n"
    with ExitStack() as lines:
        for _ in range(2):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", door.port), 5, ("127.0.0.2", 0)))
            line.sendall(head + b" " * 30_000)
        time.sleep(0.2)
        refused = ask(door.port, "/v1/verify/many", method="POST", body=b"[]", address="127.0.0.2")
        assert (refused.status, refused.headers["retry-after"]) == (429, "10")
        assert ask(door.port, "/v1/verify/many", method="POST", body=b"[]", address="127.0.0.3").status == 200
    time.sleep(0.2)
    assert ask(door.port, "/v1/verify/many", method="POST", body=b"[]", address="127.0.0.2").status == 200


@pytest.mark.parametrize(
    ("method", "path", "setting"),
    [
        ("POST", "/v1/verify", "BODY_BYTES"),
        ("POST", "/v1/statements", "BODY_BYTES"),
        ("POST", "/v1/verify/image", "PHOTO_BYTES"),
        ("POST", "/v1/reports", "PHOTO_BYTES"),
        ("POST", "/v1/verify/many", "LIST_BYTES"),
        ("POST", "/v1/declarations", "LIST_BYTES"),
        ("POST", "/v1/cases/7/evidence", "LIST_BYTES"),
        ("POST", "/v1/cases/7", "BODY_BYTES"),
        ("PUT", "/v1/batches/05413868000016/L1/units", "LIST_BYTES"),
    ],
)
def test_a_larger_body_is_a_413_before_it_is_sent(
    make_door: MakeDoor, echoes: Echoes, method: str, path: str, setting: str
) -> None:
    limits = dict.fromkeys(("BODY_BYTES", "PHOTO_BYTES", "LIST_BYTES"), 5) | {setting: 20_000}
    door = make_door(**limits)
    assert ask(door.port, path, method=method, body=b"x" * 20_000).status == 200
    answer = ask(door.port, path, method=method, headers={"Content-Length": "20001"})
    assert answer.status == 413
    assert "20000 bytes" in answer.problem()["detail"]
    assert sum(echo.seen for echo in echoes) == 1


def test_figures_are_shown_to_the_operator_only(door: Door) -> None:
    for path in ("/metrics", "/%6detrics"):
        assert ask(door.port, path).problem()["status"] == 404
    figures = ask(door.figures, "/metrics")
    assert figures.status == 200
    assert b'haproxy_backend_active_servers{proxy="quick"} 2' in figures.body
    assert ask(door.figures, "/other").status == 404


def test_a_slow_header_is_cut_off(make_door: MakeDoor, echoes: Echoes) -> None:
    door = make_door(HEADER_SECONDS=1)
    with socket.create_connection(("127.0.0.1", door.port), 10) as line:
        line.sendall(b"GET /v1/chain HTTP/1.1\r\nHost: door\r\nX-Slow: 1")
        began = time.monotonic()
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert 0.5 < time.monotonic() - began < 5
        assert answer.status == 408
    assert sum(echo.seen for echo in echoes) == 0


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /v1/chain HTTP/1.1\r\nHost: door\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"POST /v1/verify HTTP/1.1\r\nHost: door\r\nTransfer-Encoding: chunked\r\n\r\nNONSENSE\r\n",
        b"POST /v1/verify HTTP/1.1\r\nHost: door\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    ],
    ids=["longer than is read", "no HTTP", "no chunk", "two lengths"],
)
def test_what_cannot_be_read_is_a_400(door: Door, request_bytes: bytes) -> None:
    with socket.create_connection(("127.0.0.1", door.port), 10) as line:
        line.sendall(request_bytes)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert answer.status == 400


def test_a_slow_body_is_a_408_and_reaches_no_server(make_door: MakeDoor, echoes: Echoes) -> None:
    door = make_door(HEADER_SECONDS=1)
    answer = ask(door.port, "/v1/verify", method="POST", headers={"Content-Length": "100"}, body=b"{")
    assert answer.problem()["type"] == "/problems/too-slow"
    assert answer.status == 408
    assert sum(echo.seen for echo in echoes) == 0


def until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_server_that_is_not_ready_gets_no_requests_and_without_any_it_is_a_503(door: Door, echoes: Echoes) -> None:
    echoes[0].ready = False
    until(lambda: "quick/one is DOWN" in door.log.read_text(encoding="utf-8"))
    before = echoes[0].seen
    assert statuses(6, lambda: ask(door.port, "/v1/chain")) == [200] * 6
    assert statuses(2, lambda: ask(door.port, "/app/")) == [200] * 2
    assert echoes[0].seen == before
    echoes[1].ready = False
    until(lambda: ask(door.port, "/v1/chain").status == 503)
    answer = ask(door.port, "/v1/chain")
    assert answer.problem()["type"] == "/problems/unavailable"
    assert answer.headers["retry-after"] == "5"
    echoes[0].ready = True
    until(lambda: ask(door.port, "/v1/chain").status == 200)


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/verify?code=1"), ("POST", "/v1/statements")])
def test_a_server_that_breaks_off_is_made_up_for_by_the_other(
    door: Door, echoes: Echoes, method: str, path: str
) -> None:
    echoes[0].breaks = True
    assert statuses(6, lambda: ask(door.port, path, method=method, body=b"{}")) == [200] * 6
    assert echoes[0].seen
    echoes[1].breaks = True
    answer = ask(door.port, "/v1/chain")
    assert answer.status == 502
    assert answer.problem()["type"] == "/problems/unavailable"
    assert answer.headers["retry-after"] == "5"


def test_who_must_wait_too_long_is_told_so(make_door: MakeDoor, echoes: Echoes) -> None:
    few = ("rise 1 maxconn 64", "rise 1 maxconn 1"), ("timeout queue 5s", "timeout queue 500ms")
    door = make_door(change=lambda text: text.replace(*few[0]).replace(*few[1]))
    for echo in echoes:
        echo.takes = 1.5
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(door.port, "/v1/chain"), range(6)))
    # Each server has one place; which of six that come at once get one, and whether both are used, is chance.
    assert {answer.status for answer in answers} == {200, 503}
    assert {answer.headers["retry-after"] for answer in answers if answer.status == 503} == {"5"}


def test_slow_photos_do_not_take_the_places_of_scans(make_door: MakeDoor, echoes: Echoes) -> None:
    few = ("maxconn 16", "maxconn 1"), ("rise 1 maxconn 64", "rise 1 maxconn 1")
    door = make_door(change=lambda text: text.replace(*few[0]).replace(*few[1]))
    head = b"POST /v1/verify/image HTTP/1.1\r\nHost: door\r\nContent-Length: 90000\r\n\r\n"
    with ExitStack() as lines:
        for _ in range(4):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", door.port), 5))
            line.sendall(head + b" " * 30_000)
        time.sleep(0.2)
        assert statuses(4, lambda: ask(door.port, "/v1/verify?code=1")) == [200] * 4
    assert all(echo.seen for echo in echoes)


def test_an_event_stream_outlives_every_timeout_while_it_says_something(make_door: MakeDoor) -> None:
    shorter = {"timeout client 30s": "timeout client 500ms", "timeout server 60s": "timeout server 500ms"}

    def change(text: str) -> str:
        for was, becomes in shorter.items():
            text = text.replace(was, becomes)
        return text

    door = make_door(change=change, HEADER_SECONDS=1, IDLE_SECONDS=1, EACH_STREAMS=2)
    with ExitStack() as lines:
        streams = [lines.enter_context(socket.create_connection(("127.0.0.1", door.port), 5)) for _ in range(2)]
        for stream in streams:
            stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: door\r\n\r\n")
        time.sleep(2.0)
        for stream in streams:
            stream.settimeout(2)
            assert b"alive" in stream.recv(1 << 20)
            stream.settimeout(5)
            assert stream.recv(100), "it goes on"
        refused = ask(door.port, "/v1/events")
        assert (refused.status, refused.headers["retry-after"]) == (429, "10")


def test_nothing_is_logged_of_any_request(make_door: MakeDoor, echoes: Echoes) -> None:
    door = make_door(EACH_REPORTS_60S=1, HEADER_SECONDS=1)
    own = "127.0.0.77"
    for path, method in (("/v1/verify?code=secretcode", "GET"), ("/v1/reports", "POST"), ("/v1/reports", "POST")):
        ask(door.port, path, method=method, address=own)
    with socket.create_connection(("127.0.0.1", door.port), 5, (own, 0)) as line:
        line.sendall(b"NONSENSE /secretcode\r\n\r\n")
        line.recv(1000)
    with socket.create_connection(("127.0.0.1", door.port), 5, (own, 0)) as line:
        line.sendall(b"GET /secretcode HTTP/1.1\r\n")
        line.recv(1000)
    for echo in echoes:
        echo.ready = False
    until(lambda: ask(door.port, "/secretcode", address=own).status == 503)
    said = door.log.read_text(encoding="utf-8")
    assert "is DOWN" in said
    assert own not in said
    assert "secretcode" not in said


def test_its_socket_is_the_operators_own(door: Door) -> None:
    assert door.socket.stat().st_mode & 0o777 == 0o600
    assert int(door.told("show info").partition("Maxconn: ")[2].split()[0]) == 2000


def test_haproxy_finds_no_fault_with_it(tmp_path: Path) -> None:
    require_haproxy()
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "DOOR_SOCKET": str(tmp_path / "s"), "DOOR_CONNECTIONS": "100"}
    command = ["haproxy", "-c", "-f", str(CONFIGURATION)]
    checked = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "WARNING" not in checked.stderr


def test_a_connection_that_stays_silent_is_closed(make_door: MakeDoor) -> None:
    door = make_door(HEADER_SECONDS=1, IDLE_SECONDS=1)
    with socket.create_connection(("127.0.0.1", door.port), 10) as line:
        line.sendall(b"GET /v1/chain HTTP/1.1\r\nHost: door\r\n\r\n")
        answer = http.client.HTTPResponse(line)
        answer.begin()
        answer.read()
        with contextlib.suppress(ConnectionError):
            assert line.recv(1000) == b"", "after an answer it is closed without a word"
