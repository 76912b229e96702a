"""A pharmacy at its counter, against a real application in process: what it signs, and a server that lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.app import Identity, create_app
from ledger.chain.signers import AddressSigner
from ledger.cli.client import Client
from ledger.cli.main import app
from ledger.config import Settings
from ledger.core.unit import UnitKind
from ledger.core.wording import moment
from ledger.store.database import Database
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel
from tests.core.batch_story import DOMAIN, GTIN, LOT, PHARMACY
from tests.core.unit_story import SERIAL, secret_of
from tests.unit_world import Intake

PACK = f"(01){GTIN}(10){LOT}(21){SERIAL}"
LOG = f"/v1/organisations/{PHARMACY}/log"

Lie = Callable[[str, Any], Any]  # path and honest answer to what is answered


class Counter:
    """A terminal whose commands reach a server that may lie."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.folder = folder
        self.lie: Lie = lambda _path, answer: answer
        self.cut = False  # whether nothing that is handed in arrives
        self.change(db)

    def change(self, db: Database) -> None:
        """Let another database stand behind the server."""
        self.intake = Intake(db)
        identity = Identity(DOMAIN.chain_id, DOMAIN.ledger, None)
        self.app = create_app(Settings(data_dir=self.folder), db, identity, clock=lambda: self.intake.now)

    def client(self, server: str) -> Client:
        client = Client(server)
        client._http = httpx.Client(transport=httpx.MockTransport(self.handle), base_url=server)
        return client

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.cut and request.method == "POST":
            raise httpx.ConnectError("cut")

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://lotproof.example") as inner:
                target = str(request.url.raw_path, "ascii")
                kind = {"content-type": "application/json"} if request.content else {}
                return await inner.request(request.method, target, content=request.content, headers=kind)

        answer = anyio.run(ask)
        return httpx.Response(answer.status_code, json=self.lie(request.url.path, answer.json()))

    def run(self, *words: str, code: int = 0) -> str:
        result: Result = CliRunner().invoke(app, ["unit", *words, "--data", str(self.folder)])
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        assert result.exit_code == code, result.output
        return result.output

    def say(self, kind: str, *words: str, code: int = 0, pack: str = PACK) -> str:
        where = () if kind == "undo" else ("--place", "SGSIN")
        return self.run(kind, pack, "--as", "ours", *where, "--occurred-at", moment(self.intake.now), *words, code=code)

    def anchor(self, code: int = 0) -> str:
        return self.run("anchor", "--as", "ours", "--wait", "0", code=code)


@pytest.fixture
def counter(new_database: Callable[[], Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    made = Counter(new_database(), tmp_path)
    monkeypatch.setattr("ledger.cli.unit.Client", made.client)
    monkeypatch.setattr("ledger.cli.unit.unlock", lambda _settings, _name: AddressSigner("ours", secret_of(PHARMACY)))
    monkeypatch.setattr("ledger.cli.unit_desk.time.time", lambda: made.intake.now)
    return made


# At the counter


def test_a_pack_is_dispensed_undone_and_dispensed_again(counter: Counter) -> None:
    assert counter.say("dispense").startswith("logged as event 0 of organisation 4's log: 0x")
    counter.intake.now += 60
    assert counter.say("dispense").startswith("You just scanned this: it is event 0")
    counter.intake.now += 60
    assert "event 1" in counter.say("undo")
    counter.intake.now += 60
    assert "event 2" in counter.say("dispense")
    events = ReadModel(counter.intake.db).unit_events(GTIN, SERIAL)
    assert [event.kind for event in events] == [UnitKind.DISPENSE, UnitKind.UNDO, UnitKind.DISPENSE]
    assert {event.place for event in events} == {"SGSIN"}


@pytest.mark.parametrize("kind", ["scan", "destroy"])
def test_other_kinds_are_signed_in_the_same_way(counter: Counter, kind: str) -> None:
    told = json.loads(counter.say(kind, "--json"))
    assert (told["state"], told["statement"]["message"]["kind"]) == ("logged", int(UnitKind[kind.upper()]))


def test_what_is_refused_says_why_and_leaves_with_1(counter: Counter) -> None:
    assert "CUSTOMS or REGULATOR" in " ".join(counter.say("sample", code=1).split())
    assert counter.intake.log.size(PHARMACY) == 0


def test_a_code_that_names_no_pack_is_wrong_usage(counter: Counter) -> None:
    assert "names no single pack" in counter.say("scan", code=2, pack=f"(01){GTIN}(10){LOT}")


def test_a_pack_that_was_dispensed_elsewhere_is_not_undone_here(counter: Counter) -> None:
    assert "remembers no dispensing" in counter.say("undo", code=1)


def test_a_dispensing_of_long_ago_is_not_remembered(counter: Counter) -> None:
    counter.say("dispense")
    counter.intake.now += 12 * 86400
    counter.say("scan")
    assert "remembers no dispensing" in counter.say("undo", code=1)


# Anchoring


def scans(counter: Counter, count: int) -> None:
    for _ in range(count):
        counter.intake.now += 1
        counter.say("scan")


def test_a_log_is_anchored_and_again_as_it_grows(counter: Counter) -> None:
    assert "nothing is new" in counter.anchor()
    scans(counter, 3)
    counter.intake.scans(2)  # by another machine of the organisation
    assert counter.anchor().startswith("pending: 0x")
    counter.intake.scans(1)
    assert "is not on the chain yet" in counter.anchor(code=1)
    first = counter.intake.mine()
    assert (first.count, first.root, first.previous) == (5, counter.intake.log.root(PHARMACY, 5), bytes(32))
    scans(counter, 1)
    counter.anchor()
    second = counter.intake.mine()
    assert (second.count, second.previous) == (7, first.digest)
    assert "nothing is new" in counter.anchor()


def test_an_anchor_that_was_signed_and_never_arrived_does_not_stand_in_the_way(counter: Counter) -> None:
    scans(counter, 2)

    counter.cut = True
    assert "No answer" in counter.anchor(code=1)
    counter.cut = False
    assert counter.anchor().startswith("pending: 0x")


def test_an_anchor_that_the_ledger_refused_does_not_stand_in_the_way(counter: Counter) -> None:
    scans(counter, 2)
    refused = counter.anchor().split()[-1]
    Outbox(counter.intake.db).refuse(bytes.fromhex(refused[2:]), b"", "no")
    scans(counter, 1)
    assert counter.anchor().startswith("pending: 0x")


def anchored(counter: Counter, count: int = 5) -> None:
    scans(counter, count)
    counter.anchor()
    counter.intake.mine()


def refusal(counter: Counter) -> str:
    """Anchoring again fails, and nothing is handed in."""
    before = sum(Outbox(counter.intake.db).count().values())
    output = counter.anchor(code=1)
    assert sum(Outbox(counter.intake.db).count().values()) == before
    assert "Anchor nothing of this server any more" in output or "Do not use this server any more" in output
    return output


def test_a_server_that_rewrote_what_was_anchored_gets_no_signature(counter: Counter, new_database: Any) -> None:
    anchored(counter)
    anchor = counter.intake.world.last_block
    counter.change(new_database())
    counter.intake.world.last_block = anchor
    counter.intake.scans(8)
    assert "was rewritten" in refusal(counter)


def test_a_server_that_shortened_the_log_gets_no_signature(counter: Counter, new_database: Any) -> None:
    anchored(counter)
    counter.change(new_database())
    counter.intake.scans(2)
    assert "had 5 events when it was anchored, and the server shows 2" in refusal(counter)


def test_a_server_that_dropped_an_event_before_it_was_anchored_gets_no_signature(
    counter: Counter, new_database: Any
) -> None:
    scans(counter, 2)
    counter.change(new_database())
    counter.intake.scans(5)
    assert "is not in the log" in refusal(counter)
    counter.change(new_database())
    assert "is not in the log" in refusal(counter)


def test_a_server_that_forks_shows_no_proof_that_holds(counter: Counter) -> None:
    anchored(counter)
    scans(counter, 3)
    fork = b"\7" * 32

    def forked(path: str, answer: Any) -> Any:
        return answer | {"root": "0x" + fork.hex()} if path == LOG else answer

    counter.lie = forked
    assert "was rewritten" in refusal(counter)


def test_a_server_that_shows_an_anchor_of_its_own_making_is_found_out(counter: Counter) -> None:
    anchored(counter)
    scans(counter, 1)

    def made_up(path: str, answer: Any) -> Any:
        return answer | {"anchor": answer["anchor"] | {"count": 1}} if path == LOG else answer

    counter.lie = made_up
    assert "was never signed like that" in refusal(counter)


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"digest": "0x" + "07" * 32}, "for another"),
        ({"statement": {"signature": "0x" + "07" * 65}}, "signature that is not this key's"),
        ({"statement": {"signature": "what?"}}, "where it should give bytes"),
    ],
)
def test_a_server_that_answers_with_something_else_is_found_out(
    counter: Counter, lie: dict[str, Any], words: str
) -> None:
    counter.lie = lambda _path, answer: answer | lie if "log" in answer else answer
    assert words in counter.say("scan", code=1)


# Auditing


@pytest.fixture
def audited(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> Counter:
    """An auditor whose own index of the chain is that of the first database."""
    anchored(counter)
    scans(counter, 2)
    counter.anchor()
    counter.intake.mine()
    monkeypatch.setenv("LOTPROOF_DATABASE_URL", counter.intake.db.url)
    return counter


def test_an_auditor_finds_that_a_log_is_the_one_on_the_chain(audited: Counter) -> None:
    assert audited.run("audit", str(PHARMACY)) == "The log fits all 2 anchors, which cover 7 events.\n"


def test_an_auditor_finds_a_log_that_was_rewritten_or_shortened(audited: Counter, new_database: Any) -> None:
    audited.change(new_database())
    audited.intake.scans(6)
    assert "is another at that size" in audited.run("audit", str(PHARMACY), code=1)
    audited.change(new_database())
    assert "has fewer" in audited.run("audit", str(PHARMACY), code=1)


def test_an_auditor_finds_an_event_that_was_swapped_in_place(audited: Counter) -> None:
    with audited.intake.db.transaction() as connection:
        connection.execute("UPDATE log_nodes SET hash = ? WHERE level = 0 AND position = 5", (b"\7" * 32,))
    assert "anchors 7 events" in audited.run("audit", str(PHARMACY), code=1)


def test_an_auditor_who_has_indexed_no_anchor_is_not_told_that_all_is_well(audited: Counter) -> None:
    assert "nothing to compare" in audited.run("audit", "6", code=1)
