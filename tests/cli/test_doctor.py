"""`lotproof doctor` on broken installations: it names what is broken, and breaks and changes nothing itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger.casework.key import draw_key, read_vault
from ledger.chain import keys
from ledger.cli.main import app
from ledger.store.casework import Casework
from ledger.store.database import open_database
from ledger.store.notes import Notes
from ledger.store.outbox import Outbox

RUNBOOK = Path(__file__).resolve().parents[2] / "docs/runbook.md"
GIB = 1 << 30
CODE = b"\x60\x00"


@pytest.fixture
def folder(tmp_path: Path, empty_database: Path) -> Path:
    """The data directory of an installation that ran once; nothing runs now."""
    made = tmp_path / "data"
    made.mkdir()
    shutil.copyfile(empty_database, made / "lotproof.db")
    return made


Found = dict[str, list[dict[str, str]]]


def doctor(folder: Path, **environ: str) -> tuple[int, Found]:
    given = {f"LOTPROOF_{name}": value for name, value in {"PORT": str(free_port()), **environ}.items()}
    ran = CliRunner().invoke(app, ["doctor", "--json", "--data", str(folder)], env=given)
    assert ran.exception is None or isinstance(ran.exception, SystemExit), repr(ran.exception)
    found: Found = {}
    for row in json.loads(ran.stdout)["findings"]:
        found.setdefault(row["name"], []).append(row)
    return ran.exit_code, found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[[str, Any], Any]], str]]:
    """Starts HTTP servers that answer JSON by a function of path and body; gives their addresses."""
    running: list[HTTPServer] = []

    def start(answer: Callable[[str, Any], Any]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                said = json.dumps(answer(self.path, json.loads(body) if body else None)).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = respond  # noqa: N815 - the names that the base class calls

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


class FakeNode:
    """A node that answers what is asked of it; each test bends it."""

    def __init__(self, **changes: Any) -> None:
        block = {"number": "0x10", "hash": "0x" + "ab" * 32, "parentHash": "0x" + "cd" * 32, "timestamp": "0x1"}
        self.results: dict[str, Any] = {
            "eth_chainId": "0x1",
            "eth_getBlockByNumber": block,
            "eth_syncing": False,
            "eth_getProof": {},
            "eth_getCode": "0x",
            "eth_getBalance": "0x0",
            **changes,
        }

    def __call__(self, _path: str, body: Any) -> Any:
        if isinstance(body, list):
            return [self(_path, call) for call in body]
        result = self.results[body["method"]]
        if isinstance(result, str) and result.startswith("error"):
            return {"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32000, "message": result}}
        return {"jsonrpc": "2.0", "id": body["id"], "result": result}


def test_nothing_there_at_all_is_told_without_making_anything(tmp_path: Path) -> None:
    code, found = doctor(tmp_path / "nowhere")
    assert code == 1
    assert [found[name][0]["result"] for name in ("data_dir", "database", "chain")] == ["wrong"] * 3
    assert "first start" in found["database"][0]["advice"]
    assert not (tmp_path / "nowhere").exists()


def test_a_stopped_installation(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, found = doctor(folder)
    assert code == 1
    assert found["database"][0]["result"] == found["integrity"][0]["result"] == "ok"
    assert found["chain"][0]["found"] == "The embedded chain does not run."
    assert "No indexer has ever run" in found["indexer"][0]["found"]
    assert found["clock"][0]["result"] == "unknown"
    assert found["relayer_money"][0]["result"] == "unknown"
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_a_setting_that_is_not_understood(folder: Path) -> None:
    code, found = doctor(folder, FINALTY="12")
    assert code == 1
    assert list(found) == ["settings"]
    assert found["settings"][0]["advice"] == "Did you mean finality?"


def test_a_node_that_is_down_and_its_key_is_not_shown(folder: Path) -> None:
    code, found = doctor(folder, RPC_URL=f"http://user:secret@127.0.0.1:{free_port()}/key-in-path")
    assert code == 1
    assert "127.0.0.1" in found["chain"][0]["found"]
    assert "secret" not in str(found)
    assert "key-in-path" not in str(found)


def test_a_node_of_another_chain_without_finality_or_proofs(folder: Path, serving: Any) -> None:
    lacking = FakeNode(eth_getProof="error: unsupported")
    code, found = doctor(folder, RPC_URL=serving(lacking), CHAIN_ID="5")
    assert code == 1
    assert "for chain 5" in found["chain"][0]["found"]


def test_a_chain_that_stands_still_and_a_relayer_without_a_key(folder: Path, serving: Any) -> None:
    code, found = doctor(folder, RPC_URL=serving(FakeNode()))
    assert code == 1
    assert "ago" in found["chain"][0]["found"]
    assert "development accounts are refused" in found["relayer_key"][0]["found"]
    assert found["public_hosts"][0]["result"] == "warn"


def test_a_ledger_that_the_chain_does_not_have(folder: Path, serving: Any) -> None:
    db = open_database(f"sqlite:///{folder}/lotproof.db")
    db.bind(1, b"\x11" * 20, b"\x22" * 32)
    db.close()
    _, found = doctor(folder, RPC_URL=serving(FakeNode()))
    assert found["ledger"][0]["result"] == "wrong"
    assert "no such contract" in found["ledger"][0]["found"]


def test_a_late_clock(folder: Path, serving: Any) -> None:
    block = FakeNode().results["eth_getBlockByNumber"] | {"timestamp": hex(1 << 33)}
    _, found = doctor(folder, RPC_URL=serving(FakeNode(eth_getBlockByNumber=block)))
    assert "this machine's clock is late" in found["clock"][0]["found"]


def test_several_nodes_get_a_line_each(folder: Path, serving: Any) -> None:
    good, down = serving(FakeNode()), f"http://127.0.0.1:{free_port()}"
    _, found = doctor(folder, RPC_URL=f"{good},{down}")
    assert len(found["chain"]) == 2


@pytest.mark.parametrize("bent", ["header", "page", "foreign", "newer", "older"])
def test_a_database_that_cannot_be_used(folder: Path, bent: str) -> None:
    path = folder / "lotproof.db"
    if bent == "header":
        path.write_bytes(b"not a database at all" * 100)
    elif bent == "page":
        fill = open_database(f"sqlite:///{path}")
        for number in range(300):
            Outbox(fill).add(bytes([number % 256, number // 256]) * 16, "Anchor", b"x" * 500, arrived_at=1)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        fill.close()
        content = bytearray(path.read_bytes())
        content[-40_000:-20_000] = b"\xee" * 20_000
        path.write_bytes(content)
    elif bent == "foreign":
        path.unlink()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE theirs (x)")
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", ("9999" if bent == "newer" else "0001",))
            connection.commit()
    before = path.read_bytes()
    _, found = doctor(folder)
    name = "integrity" if bent == "page" else "database"
    assert found[name][0]["result"] == ("warn" if bent == "older" else "wrong")
    assert found[name][0]["advice"]
    assert path.read_bytes() == before


def test_a_key_of_cases_that_is_missing_or_another(folder: Path) -> None:
    assert doctor(folder)[1]["casework_key"][0]["result"] == "ok"  # nothing is sealed yet
    key = folder / "casework.key"
    draw_key(key)
    db = open_database(f"sqlite:///{folder}/lotproof.db")
    Casework(db).put_fingerprint(read_vault(key).fingerprint)
    db.close()
    assert doctor(folder)[1]["casework_key"][0]["result"] == "ok"
    key.unlink()
    assert "cannot be read" in doctor(folder)[1]["casework_key"][0]["found"]
    draw_key(key)
    found = doctor(folder)[1]["casework_key"][0]
    assert (found["result"], "not the one by which" in found["found"]) == ("wrong", True)


def test_key_files_that_others_can_read(folder: Path) -> None:
    (folder / "snapshot.key").write_bytes(b"x")
    (folder / "snapshot.key").chmod(0o644)
    code, found = doctor(folder)
    assert code == 1
    assert f"chmod 600 {folder}/snapshot.key" in found["key_files"][0]["advice"]


@pytest.mark.parametrize(
    ("kind", "password", "result"),
    [("p256", "right password", "wrong"), ("secp256k1", "wrong password", "wrong"), ("secp256k1", "", "warn")],
)
def test_a_key_that_cannot_pay(folder: Path, serving: Any, kind: str, password: str, result: str) -> None:
    keys.create(folder / "keys", "relay", kind, "right password", work_factor=16)
    _, found = doctor(folder, RPC_URL=serving(FakeNode()), RELAY_KEY="relay", KEY_PASSWORD=password)
    assert found["relayer_key"][0]["result"] == result


def test_a_key_that_pays_and_has_no_money(folder: Path, serving: Any) -> None:
    keys.create(folder / "keys", "relay", "secp256k1", "right password", work_factor=16)
    _, found = doctor(folder, RPC_URL=serving(FakeNode()), RELAY_KEY="relay", KEY_PASSWORD="right password")
    assert found["relayer_key"][0]["result"] == "ok"
    assert "pay for nothing" in found["relayer_money"][0]["found"]


def test_another_program_on_the_port(folder: Path, serving: Any) -> None:
    stranger, ours = serving(lambda *_: "hello"), serving(lambda *_: {"status": "alive"})
    assert doctor(folder, PORT=stranger.rpartition(":")[2])[1]["server"][0]["result"] == "wrong"
    assert doctor(folder, PORT=ours.rpartition(":")[2])[1]["server"][0]["result"] == "ok"


def test_a_restore_that_was_cut_short(folder: Path) -> None:
    (folder / "restore-unfinished").write_text("…", encoding="utf-8")
    _, found = doctor(folder)
    assert "lotproof restore" in found["restore"][0]["advice"]


def test_an_old_queue_dead_parts_and_refusals(folder: Path) -> None:
    db = open_database(f"sqlite:///{folder}/lotproof.db")
    outbox = Outbox(db)
    for number in range(4):
        outbox.add(bytes([number]) * 32, "Anchor", b"{}", arrived_at=1)
    outbox.refuse(bytes(32), b"", "no")
    Notes(db).put({"indexer": "host:1", "backup": "old"}, 1)
    db.close()
    _, found = doctor(folder)
    assert found["queue"][0]["result"] == found["refused"][0]["result"] == found["backup"][0]["result"] == "warn"
    assert "3 pending" in found["queue"][0]["found"]
    assert "host:1" in found["indexer"][0]["found"]


def test_a_disk_that_is_nearly_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=GIB // 4))
    assert doctor(folder)[1]["disk"][0]["result"] == "wrong"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_this_user_may_not_write(folder: Path) -> None:
    folder.chmod(0o500)
    try:
        assert doctor(folder)[1]["data_dir"][0]["result"] == "wrong"
    finally:
        folder.chmod(0o700)


def test_in_words_each_finding_has_a_line_and_what_to_do_below(folder: Path) -> None:
    ran = CliRunner().invoke(app, ["doctor", "--data", str(folder)])
    assert ran.exit_code == 1
    assert re.search(r"^WRONG chain +The embedded chain does not run\.\n +→ Start it", ran.stdout, re.MULTILINE)
    assert "to mend now" in ran.stdout


def test_the_runbook_explains_every_name(folder: Path, tmp_path: Path) -> None:
    names = {*doctor(folder)[1], *doctor(tmp_path / "nowhere")[1], "restore"}
    section = RUNBOOK.read_text(encoding="utf-8").partition("## What doctor looks at")[2].partition("\n## ")[0]
    explained = {
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert names == explained
