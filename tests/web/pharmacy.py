"""Phones that may sign, packs with labels of their own, and what the ledger has of either."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx
from typer.testing import CliRunner

from ledger.cli.main import app
from ledger.core.parts import batch_id
from ledger.store.unit_lists import UnitLists

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.running_demo import Demo
    from tests.web.phone import Phone

GTIN, LOT, EXPIRY = "00359267102522", "PB26S205", "2028-05-19"  # the demonstration's batch of single packs
PLAYED = 20  # serial numbers of it that the demonstration itself may use


@dataclass(frozen=True)
class Pack:
    """A pack of the batch that nobody has used: the text of its label, signed by its maker, and a picture of it."""

    serial: str
    code: str
    picture: Path


def fresh_packs(demo: Demo, folder: Path) -> Iterator[Pack]:
    """One pack after the other."""
    serials = UnitLists(demo.folder / "units").get(batch_id(int(GTIN), LOT))
    assert serials is not None
    for number in count(PLAYED):
        serial = serials.serials()[number].decode()
        listed, picture = folder / f"{serial}.txt", folder / f"{serial}.png"
        listed.write_text(serial + "\n", encoding="utf-8")
        words = ["labels", GTIN, LOT, "--serials", str(listed), "--expiry", EXPIRY, "--as", "pfizer-labels"]
        answer = command(demo, *words, "--host", "lotproof.example", "-o", str(picture))
        yield Pack(serial, answer["code"], picture)


def enrol(phone: Phone, demo: Demo, admin: str, *, supervisor: bool = False) -> None:
    """Make the phone's key and let the organisation's administrator accept it on the command line.

    A supervisor's may administer other keys too.
    """
    phone.go("enrol")
    phone.page.locator("#name").fill("a phone of the tests")
    phone.page.locator("form input[type=checkbox]").set_checked(supervisor)
    phone.page.locator("form button.wide").click()
    code = phone.page.locator(".code code")
    code.wait_for(state="attached")
    asked = ["key", "accept", code.text_content() or "", "--as", admin, "--yes", "--server", demo.url]
    command(demo, *asked, *(["--for", "events", "--for", "admin"] if supervisor else []))
    phone.page.locator("section.card[role=status]").wait_for()


def command(demo: Demo, *words: str) -> dict[str, Any]:
    """Run `lotproof` on the demonstration's data."""
    password = (demo.folder / "demo" / "key-password.txt").read_text(encoding="ascii")
    environment = {"LOTPROOF_KEY_PASSWORD": password}
    result = CliRunner().invoke(app, [*words, "--data", str(demo.folder), "--json"], env=environment)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def logged(demo: Demo, organisation: int) -> tuple[int, int]:
    """How many events about packs an organisation's log has, and how many of them the chain covers."""
    log = demo.get(f"/v1/organisations/{organisation}/log")
    return log["size"], log["anchor"]["count"] if log["anchor"]["holds"] else 0


def found_on_chain(demo: Demo, digest: str) -> int:
    """In how many of the chain's logs a statement's digest stands, by the node itself."""
    port = (demo.folder / "chain" / "port").read_text(encoding="ascii").strip()
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [{"fromBlock": "0x0", "toBlock": "latest"}]}
    logs = httpx.post(f"http://127.0.0.1:{port}", json=asked, trust_env=False).json()["result"]
    return sum(digest.removeprefix("0x") in "".join([*log["topics"], log["data"]]) for log in logs)
