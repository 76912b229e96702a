"""An administration outside the addressees finds nothing of a sealed message, wherever it looks; and a leak is found.

A thousand canaries are told under every sealed marking. Then everything that an outsider could get hold of is gathered,
the raw database among it, and searched: as it stands, and for what is written in it in hexadecimal or Base64.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from api.routes import intelligence as routes
from ledger import backup
from ledger.cli.logs import JsonLines, TextLines
from ledger.config import Settings
from ledger.core.exported import TABLES
from ledger.core.intelligence.content import read_content
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.taxii import COLLECTIONS
from ledger.export.folder import export
from ledger.store import tables
from ledger.store.database import Database
from ledger.store.schema import metadata
from tests.core.batch_story import GTIN
from tests.exchange import BELGIUM, CHEMIST, INDONESIAN, SINGAPORE, SINGAPORE_PHONE, THAI, THAI_PHONE, Exchanging
from tests.postgres import ENGINES
from tests.share_world import Officer

CANARY = re.compile(rb"canary[0-9]{6}")
OUTSIDERS = (BELGIUM, INDONESIAN, CHEMIST)
MESSAGES, OF_EACH = 50, 20
SEALED = (Marking.AMBER, Marking.AMBER_STRICT, Marking.RED)
PATHS = ("", "/matches", "/feedback", "/members", "/keys/7", "/keys/5")


def canaries(first: int, count: int) -> list[str]:
    return [f"canary{number:06d}" for number in range(first, first + count)]


def told(first: int) -> Any:
    """A message of 20 canaries: in its title, its words and what it looks for."""
    names = canaries(first, OF_EACH)
    patterns: list[dict[str, str]] = [
        {"kind": "lot", "lot": names[0]},
        {"kind": "serials", "gtin": GTIN, "first": names[0], "last": names[0]},
        {"kind": "certificate", "number": names[0]},
        {"kind": "company", "name": names[0]},
        {"kind": "seal", "number": names[0]},
        {"kind": "feature", "text": names[0]},
    ]
    pattern = patterns[first // OF_EACH % len(patterns)]
    salt = f"0x{first:064x}"
    content = {"salt": salt, "title": names[1], "words": " ".join(names[2:]), "pattern": pattern}
    return read_content(content, indicator=True)


class Outside:
    """The installation, and everything that somebody outside can gather of it."""

    def __init__(self, db: Database | None, folder: Path) -> None:
        self.here = self.installation(db, folder)
        self.folder = folder
        self.logged = io.StringIO()
        self.digests: list[str] = []
        self.here.enrol(THAI, THAI_PHONE, SINGAPORE, SINGAPORE_PHONE)

    @staticmethod
    def installation(db: Database | None, folder: Path) -> Exchanging:
        """The one that is looked at from outside: on this database, or on one of its own."""
        return Exchanging(db, folder) if db else Exchanging.new(folder)

    def tell(self, first: int, marking: Marking) -> None:
        here = self.here
        here.now += 1
        to = (THAI,) if marking.personal else (THAI, THAI_PHONE)
        message = SINGAPORE.message(here.now, told(first), marking, to if marking.sealed else ())
        self.digests.append(here.tell(SINGAPORE, message)["digest"])

    def use(self) -> None:
        """What goes on around the messages: they are read, answered, refused and withdrawn."""
        here = self.here
        here.heard(THAI)
        for digest in self.digests[:3]:
            here.post(THAI, f"/v1/intelligence/{digest}/feedback", {"result": "hit"})
            here.post(
                THAI, f"/v1/intelligence/{digest}/feedback", {"result": canaries(0, 1)[0], "words": "canary000001"}
            )
        broken = SINGAPORE.message(here.now, told(0), Marking.AMBER, (THAI, THAI_PHONE), issued_at=1).to_json()
        here.post(SINGAPORE, "/v1/intelligence", broken)
        here.post(SINGAPORE, "/v1/intelligence", broken | {"content": told(0).to_json()})
        marking, to = Marking.AMBER, (THAI, THAI_PHONE)
        withdrawal = SINGAPORE.message(here.now, None, marking, to, previous=bytes.fromhex(self.digests[0][2:]))
        here.tell(SINGAPORE, withdrawal)

    def api(self) -> Iterator[bytes]:
        for one in OUTSIDERS:
            for path in PATHS:
                yield self.here.get(one, f"/v1/intelligence{path}").content
            for digest in self.digests[:10]:
                yield self.here.get(one, f"/v1/intelligence/{digest}").content
            yield self.here.get(one, "/v1/looks").content
        for path in (
            "/v1/organisations",
            "/v1/organisations/5/log",
            "/metrics",
            "/openapi.json",
            "/healthz",
            "/readyz",
        ):
            yield self.here.ask.get(path).content
        yield self.here.ask.get("/v1/organisations/5/log/leaves", params={"first": 0, "count": 100}).content
        for digest in self.digests[:10]:
            yield self.here.ask.get(f"/v1/statements/{digest}").content

    def stream(self) -> Iterator[bytes]:
        installation = self.here.app.state.installation

        async def follow(one: Officer) -> bytes:
            self.here.headers(one)
            stream = routes.follow(installation, self.here.tokens[one.key], routes.Place(), longest=0.3)
            return b"".join([chunk async for chunk in stream])

        for one in OUTSIDERS:
            yield anyio.run(follow, one)

    def taxii(self) -> Iterator[bytes]:
        root = "/taxii2/intelligence/"
        ids = [
            "nothing",
            *(f"indicator--{digest[2:10]}-{digest[10:14]}-4{digest[15:18]}" for digest in self.digests[:5]),
        ]
        for one in OUTSIDERS:
            yield self.here.get(one, "/taxii2/").content + self.here.get(one, f"{root}collections/").content
            for collection in (*(each.id for each in COLLECTIONS), "amber", "red"):
                path = f"{root}collections/{collection}/"
                for end in ("objects/", "manifest/", *(f"objects/{each}/" for each in ids)):
                    yield self.here.get(one, path + end).content

    def exported(self) -> Iterator[bytes]:
        out = self.folder / "export"
        export(self.here.db, out, tables=tuple(TABLES))
        yield from (path.read_bytes() for path in out.rglob("*") if path.is_file())

    def logs(self) -> Iterator[bytes]:
        yield self.logged.getvalue().encode()

    def backed_up(self) -> Iterator[bytes]:
        target = self.folder / "all.backup"
        backup.make(self.here.db, Settings(data_dir=self.folder), target, None, now=self.here.now)
        with zipfile.ZipFile(target) as archive:
            yield from (archive.read(name) for name in archive.namelist())

    def raw(self) -> Iterator[bytes]:
        """Every row of every table; of SQLite the files too, with what was deleted in them."""
        with self.here.db.snapshot() as connection:
            for table in metadata.sorted_tables:
                yield b"".join(tables.lines(connection, table))
        yield from (path.read_bytes() for path in self.folder.glob("*.db*"))

    @property
    def ways(self) -> dict[str, Callable[[], Iterator[bytes]]]:
        own = {"api": self.api, "stream": self.stream, "taxii": self.taxii, "export": self.exported}
        return own | {"logs": self.logs, "backup": self.backed_up, "raw": self.raw}


@pytest.fixture
def outside(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outside]:
    made = Outside(None if engine == "sqlite" else request.getfixturevalue("db"), tmp_path)
    with listening(made.logged):
        yield made


@contextmanager
def listening(logged: io.StringIO) -> Iterator[None]:
    """Everything that is logged meanwhile, in both forms."""
    handlers = [logging.StreamHandler(logged) for _ in range(2)]
    for handler, form in zip(handlers, (TextLines(), JsonLines()), strict=True):
        handler.setFormatter(form)
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in ("api", "ledger")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    for handler in handlers:
        root.addHandler(handler)
    yield
    for handler in handlers:
        root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def found_in(content: bytes) -> set[bytes]:
    """The canaries in some bytes: as they stand, in hexadecimal, in Base64."""
    found = set(CANARY.findall(content))
    for run in re.findall(rb"(?:[0-9a-fA-F]{2}){12,}", content):
        found |= set(CANARY.findall(bytes.fromhex(run.decode())))
    for run in re.findall(rb"[A-Za-z0-9+/_-]{16,}", content):
        text = run.translate(bytes.maketrans(b"-_", b"+/"))
        for start in range(4):
            part = text[start:]
            found |= set(CANARY.findall(base64.b64decode(part[: len(part) // 4 * 4])))
    return found


def gathered(outside: Outside, way: str) -> set[bytes]:
    pieces = list(outside.ways[way]())
    if way != "logs":  # which are silent unless something breaks
        assert sum(map(len, pieces)) > 20, f"{way} gathered nothing"
    return set().union(*map(found_in, pieces))


@pytest.mark.parametrize("engine", ENGINES)
def test_of_a_thousand_canaries_none_is_found_outside(outside: Outside) -> None:
    for number in range(MESSAGES):
        outside.tell(number * OF_EACH, SEALED[number % len(SEALED)])
    outside.use()
    heard: list[Any] = []
    while page := outside.here.heard(THAI, after=heard[-1]["number"] if heard else 0):
        heard += page
    assert len(heard) == MESSAGES + 1
    read = set().union(*(set(opened(each)) for each in heard if each["box"]))
    assert read == set(canaries(0, MESSAGES * OF_EACH))  # they are there, for whom they are
    assert {way: sorted(gathered(outside, way)) for way in outside.ways} == {way: [] for way in outside.ways}


def opened(heard: dict[str, Any]) -> list[str]:
    return re.findall(CANARY.pattern.decode(), json.dumps(THAI.opened(heard).to_json()))


@pytest.mark.parametrize("way", ["api", "stream", "taxii", "backup", "raw"])
def test_a_planted_leak_is_found(outside: Outside, way: str) -> None:
    outside.tell(0, Marking.GREEN)  # which every administration may read, and which stands open
    assert gathered(outside, way) == {name.encode() for name in canaries(0, OF_EACH)}


def test_a_leak_planted_in_the_export_or_the_logs_is_found(outside: Outside) -> None:
    with outside.here.db.transaction() as connection:
        connection.execute("UPDATE registrations SET lot = 'canary000007' WHERE lot = 'RC1'")
    assert gathered(outside, "export") == {b"canary000007"}
    logging.getLogger("ledger.share").info("the message canary000008 was taken")
    assert gathered(outside, "logs") == {b"canary000008"}


@pytest.mark.parametrize("write", [bytes.hex, lambda raw: base64.b64encode(b"x" + raw * 2).decode()])
def test_a_canary_is_found_however_it_is_written(write: Callable[[bytes], str]) -> None:
    raw = b"..canary123456.."
    assert found_in(b'{"x": "' + write(raw).encode() + b'"}') == {b"canary123456"}
    assert found_in(b"cana ry123456") == set()
