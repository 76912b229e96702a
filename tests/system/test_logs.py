"""A busy installation logs nothing of what people sent, who they are, or what opens a door."""

from __future__ import annotations

import io
import json
import socket
import uuid
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.system.up_process import Terminal, Up

pytestmark = [pytest.mark.system, pytest.mark.slow]
CANARY = "canary0417"
CLIENT = "127.0.0.9"  # no other program here calls from it
SERIAL = "CANARYSERIAL77"
CODE = f"https://lotproof.example/01/09521101000016/10/{CANARY}/21/{SERIAL}"
FORBIDDEN = (CANARY, SERIAL, CLIENT, "SGSIN", "203.0.113.77")


def photo() -> bytes:
    out = io.BytesIO()
    picture = Image.new("RGB", (80, 80), "red")
    exif = picture.getexif()
    exif[0x010E] = CANARY  # ImageDescription
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def send_everything(url: str, terminal: Terminal) -> list[int]:
    """Requests of every sort, with marked data in each of their fields; the statuses of their answers."""
    transport = httpx.HTTPTransport(local_address=CLIENT)
    marked = {"user-agent": CANARY, "referer": f"https://{CANARY}/", "x-forwarded-for": "203.0.113.77"}
    marked |= {"x-request-id": f"{CANARY} with spaces", "cookie": f"a={CANARY}", "authorization": f"Bearer {CANARY}"}
    with httpx.Client(base_url=url, transport=transport, headers=marked, timeout=60) as client:
        answers = [
            client.get("/v1/verify", params={"code": CODE, "place": "SGSIN"}),
            client.get("/v1/verify", params={"code": CODE, "place": CANARY}),
            client.post("/v1/verify", json={"code": CODE}),
            client.post("/v1/verify/many", json=[CODE, CANARY]),
            client.post("/v1/verify/image", content=photo(), headers={"content-type": "image/jpeg"}),
            client.get(f"/{CANARY}"),
            client.get(f"/01/09521101000016/10/{CANARY}/21/{SERIAL}"),
            client.get("/", params={"code": CODE}),
            client.post("/v1/statements", json={"type": CANARY}),
            client.post("/v1/statements", content=f"{{{CANARY}"),
            client.get(f"/v1/organisations/{CANARY}"),
        ]
        for number in range(3):
            told = {"id": str(uuid.UUID(int=number, version=4)), "code": CODE, "words": CANARY, "place": "SGSIN"}
            answers.append(client.post("/v1/reports", data=told, files={"photo": (f"{CANARY}.jpg", photo())}))
        receipt = answers[-1].json()["receipt"]
        answers += [client.get(f"/v1/reports/{receipt}"), client.get(f"/v1/reports/{CANARY}")]
    garbled(url)
    for words in ("triage", "show 1", f"answer 1 {CANARY}", "part 2"):
        assert terminal.run(f"report {words}")[0] == 0
    return [answer.status_code for answer in answers]


def garbled(url: str) -> None:
    """What is no HTTP, with marked data in it."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), source_address=(CLIENT, 0)) as line:
        line.sendall(f"{CANARY} {CANARY}\r\n\r\n".encode())
        line.recv(1_000)


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_personal_is_in_the_log(tmp_path: Path, form: str) -> None:
    log = tmp_path / "log"
    up = Up(tmp_path / "data", log=log, LOG_FORMAT=form, LOG_LEVEL="debug", KEY_PASSWORD=CANARY * 2)
    try:
        statuses = send_everything(up.url, Terminal(tmp_path / "data", up.url))
    finally:
        up.stop()
    assert {200, 201, 404, 422} <= set(statuses), statuses
    assert 500 not in statuses
    text = log.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert "Lotproof starts" in text
    assert "statements and reports came in" in text
    assert not [(mark, line) for mark in FORBIDDEN for line in lines if mark in line]
    if form == "json":
        assert all({"time", "level", "logger", "message"} <= set(json.loads(line)) for line in lines)


def test_a_node_that_is_down_is_told_without_what_opens_it(tmp_path: Path) -> None:
    """The address of a node often holds a key; so does that of a database."""
    log = tmp_path / "log"
    up = Up(tmp_path / "data")
    up.stop()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    node = f"http://{CANARY}:{CANARY}@127.0.0.1:{port}/{CANARY}?key={CANARY}"
    serving = Up(tmp_path / "data", log=log, command="serve", RPC_URL=node, LOG_FORMAT="json", LOG_LEVEL="debug")
    try:
        assert httpx.get(f"{serving.url}/healthz").status_code == 200
    finally:
        serving.stop()
    text = log.read_text(encoding="utf-8")
    assert "Serving what is known" in text
    assert CANARY not in text
