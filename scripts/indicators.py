"""Measure how long an indicator takes to its match, with millions of packs, consignments and declarations on file.

    python scripts/indicators.py                  10 million packs, 100,000 consignments and declaration lines
    python scripts/indicators.py --units 100000 --consignments 1000 --lines 1000   a small one, in seconds
    python scripts/indicators.py --folder DIR     keep the database, and use it again

Each indicator is signed and handed in by HTTP, as an administration would, one of each kind; the time is that of the
call, by whose end its matches are kept. Then a scan of an indicated lot is signed and handed in, and the time counts
until a follower of the stream is told; and a declaration line of an indicated lot is handed in, by the end of which
call its score says so. Exits with 1 if one takes a second or longer.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from api.routes import intelligence as routes
from ledger.config import Settings
from ledger.core.document import canonical
from ledger.core.gs1 import gtin14
from ledger.core.keccak import keccak256
from ledger.core.parts import batch_id
from ledger.core.unit import UnitKind
from ledger.declare import CustomsDesk
from ledger.store import schema
from ledger.store.database import open_database
from tests.core.batch_story import MAKER, NO_HASH, PHARMACY
from tests.exchange import SINGAPORE, THAI, Exchanging
from tests.indexed_world import write
from tests.share_world import content, share_world
from tests.test_declare import LINE, file_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from ledger.core.customs.declaration import DeclarationLine
    from ledger.store.database import Database

GOAL_SECONDS: Final = 1.0
PAGE: Final = 50_000  # rows written in one transaction
EVENTS_EACH: Final = 3  # of a consignment
CONSIGNMENTS_EACH: Final = 5  # of a batch
PRODUCTS: Final = 40
PLACES: Final = tuple(
    f"{country}{town}" for country in ("BE", "SG", "TH", "ID", "NL") for town in ("AAA", "BBB", "CCC")
)
FIRST_BLOCK: Final = 1_000
LINES_AT_ONCE: Final = 10_000  # of a file
DECLARED: Final = "04012345000016"  # the product of the declaration lines
DOCUMENTS_EACH: Final = 10  # batches of which one has a document


def main() -> int:
    """Measure, and tell the figures as JSON."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        place = given.folder or Path(folder)
        filled = _filled(place, given.units, given.consignments, given.lines)
        here = Exchanging(filled, place, replace(share_world()))
        here.now += _newest(here, "intelligence")  # on a database that is used again no message comes twice
        patterns = _patterns(given.consignments) | _declared(given.lines)
        figures = {kind: _indicator(here, pattern, given.repeats) for kind, pattern in patterns.items()}
        figures["scan, told to a follower"] = _scan(here, given.repeats)
        figures["declaration line, handed in"] = _declare(here, given.repeats)
        here.db.close()
    slowest = max(seconds for figure in figures.values() for seconds in figure["seconds"])
    on_file = {"units": given.units, "consignments": given.consignments, "lines": given.lines}
    told = on_file | {"figures": figures, "slowest_seconds": slowest}
    print(json.dumps(told, indent=2))
    return 0 if slowest < GOAL_SECONDS else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=10_000_000)
    parser.add_argument("--consignments", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=100_000, help="of declarations")
    parser.add_argument("--repeats", type=int, default=5, help="how often each indicator is handed in")
    parser.add_argument("--folder", type=Path)
    return parser.parse_args()


def _filled(folder: Path, units: int, consignments: int, lines: int) -> Database:
    """A ledger of so many consignments, so many packs seen and lines declared; one that is there is used again."""
    path = folder / f"indicators-{units}-{consignments}-{lines}.db"
    done = path.with_suffix(".done")
    db = open_database(f"sqlite:///{path}")
    if not done.exists():
        write(db, share_world())
        _chain(db, consignments)
        _insert(db, schema.unit_events, _packs(units, consignments))
        desk = CustomsDesk(db, Settings(data_dir=folder))
        for first in range(0, lines, LINES_AT_ONCE):
            declared = [_line(number) for number in range(first, min(first + LINES_AT_ONCE, lines))]
            desk.take(file_of(*declared), as_json=False, now=share_world().now)
        done.touch()
    return db


def _chain(db: Database, consignments: int) -> None:
    batches = consignments // CONSIGNMENTS_EACH
    blocks = consignments * EVENTS_EACH // 100 + 1
    hashes = [
        (FIRST_BLOCK + n, _name(b"block", n), _name(b"block", max(n - 1, 0)), 1_780_000_600 + n, 1)
        for n in range(blocks)
    ]
    _insert(db, schema.blocks, iter(hashes))
    _insert(db, schema.registrations, _batches(batches))
    _insert(db, schema.custody_events, _events(consignments))
    documents = ((_name(b"details", n), _document(n)) for n in range(0, batches, DOCUMENTS_EACH))
    _insert(db, schema.documents, documents)


def _insert(db: Database, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
    while page := [row for _, row in zip(range(PAGE), rows, strict=False)]:
        with db.transaction() as connection:
            connection.insert(table, page)


def _name(kind: bytes, number: int) -> bytes:
    """An identifier in order, so that filling is quick; nothing that is measured looks them up by their bytes."""
    return number.to_bytes(8, "big") + keccak256(kind)[:24]


def _gtin(product: int) -> str:
    return gtin14(_checked(f"0541386{product:06d}"))


def _checked(digits: str) -> str:
    """Digits with their check digit."""
    return digits + str(-sum(int(digit) * (3 - n % 2 * 2) for n, digit in enumerate(reversed(digits))) % 10)


def _lot(batch: int) -> str:
    return f"LT{batch:06d}"


def _batches(batches: int) -> Iterator[tuple[Any, ...]]:
    for n in range(batches):
        gtin, lot = _gtin(n % PRODUCTS), _lot(n)
        details = _name(b"details", n) if n % DOCUMENTS_EACH == 0 else NO_HASH
        place = (FIRST_BLOCK, n, _name(b"transaction", n), _name(b"registration", n), batch_id(int(gtin), lot))
        yield (*place, MAKER, gtin, lot, 1, 1_000, 20260101, 20280101, NO_HASH, details, NO_HASH)


def _events(consignments: int) -> Iterator[tuple[Any, ...]]:
    for n in range(consignments * EVENTS_EACH):
        consignment = n // EVENTS_EACH
        batch = consignment // CONSIGNMENTS_EACH
        of = batch_id(int(_gtin(batch % PRODUCTS)), _lot(batch))
        where = PLACES[(consignment + n % EVENTS_EACH) % len(PLACES)]
        place = (FIRST_BLOCK + n // 100, 100_000 + n % 100, _name(b"transaction", n), _name(b"event", n))
        said = (NO_HASH, MAKER, 1, 1_780_000_000 + n, PHARMACY, 10, where, NO_HASH, NO_HASH, NO_HASH)
        yield (*place, of, _name(b"consignment", consignment), *said)


def _packs(units: int, consignments: int) -> Iterator[tuple[Any, ...]]:
    """Packs of all batches, seen once each, in serial numbers of 12 digits."""
    batches = max(consignments // CONSIGNMENTS_EACH, 1)
    for n in range(units):
        batch = n % batches
        about = (PHARMACY, n + 1_000, _name(b"pack", n), int(UnitKind.SCAN), _gtin(batch % PRODUCTS), _lot(batch))
        signed = (NO_HASH, NO_HASH, b"s" * 20, NO_HASH, b"x" * 65, 1_780_000_000 + n // 100)
        yield (n + 1, *about, f"{n:012d}", 1_780_000_000 + n // 100, "SGSIN", *signed)


def _document(number: int) -> bytes:
    salt = "0x" + keccak256(number.to_bytes(8, "big")).hex()
    return canonical({"salt": salt, "seal": f"SEAL-{number:06d}", "note": "as packed " * 30})


def _patterns(consignments: int) -> dict[str, dict[str, str]]:
    last = (consignments // CONSIGNMENTS_EACH - 1) // DOCUMENTS_EACH * DOCUMENTS_EACH
    gtin, lot = _gtin(last % PRODUCTS), _lot(last)
    return {
        "lot": {"kind": "lot", "gtin": gtin, "lot": lot},
        "lot of any product": {"kind": "lot", "lot": lot},
        "lot that is not there": {"kind": "lot", "gtin": gtin, "lot": "NOWHERE"},
        "product": {"kind": "gtin", "gtin": gtin},
        "serials": {"kind": "serials", "gtin": gtin, "first": "0" * 12, "last": "9" * 12},
        "serials that are not there": {
            "kind": "serials",
            "gtin": gtin,
            "first": "0" * 11 + "A",
            "last": "0" * 11 + "Z",
        },
        "company": {"kind": "company", "name": "Maker & Co"},
        "route": {"kind": "route", "from": PLACES[1], "to": PLACES[2]},
        "route that nobody took": {"kind": "route", "from": PLACES[2], "to": PLACES[1]},
        "seal": {"kind": "seal", "number": f"SEAL-{last:06d}"},
        "seal that is not there": {"kind": "seal", "number": "SEAL-X"},
    }


def _declared(lines: int) -> dict[str, dict[str, str]]:
    """What only declaration lines have: one of them, or many."""
    return {
        "lot of a declaration line": {"kind": "lot", "lot": _line(lines - 1).lot},
        "importer of declaration lines": {"kind": "company", "gln": _line(lines - 1).importer_id},
        "product of all declaration lines": {"kind": "gtin", "gtin": DECLARED},
    }


def _line(number: int) -> DeclarationLine:
    """A declaration line about goods that are not on the ledger, with one of a thousand importers."""
    importer = gtin14(_checked(f"954000{number % 1_000:06d}"))[1:]
    named = {"declaration_id": f"D{number}", "gtin": DECLARED, "lot": f"DL{number}", "importer_id": importer}
    return LINE._replace(**named)


def _declare(here: Exchanging, repeats: int) -> dict[str, Any]:
    """Seconds of a call that hands in a line of an indicated lot, by whose end it is scored with the alert."""
    lines = [_line(0)._replace(declaration_id=f"NEW{here.now}-{number}", lot="HOT1") for number in range(repeats)]
    here.now += 1
    here.tell(THAI, THAI.message(here.now, content({"kind": "lot", "lot": "HOT1"})))
    headers = here.headers(SINGAPORE) | {"content-type": "text/csv"}
    seconds, found = [], 0
    for line in lines:
        began = time.perf_counter()
        answer = here.ask.post("/v1/declarations", headers=headers, content=file_of(line))
        seconds.append(round(time.perf_counter() - began, 4))
        found += answer.json()["with_signals"]
    return {"seconds": seconds, "found": found}


def _indicator(here: Exchanging, pattern: dict[str, str], repeats: int) -> dict[str, Any]:
    """Seconds of some calls that hand such an indicator in, and how much the last found."""
    seconds, digest = [], ""
    for _ in range(repeats):
        here.now += 1
        message = SINGAPORE.message(here.now, content(pattern)).to_json()
        began = time.perf_counter()
        answer = here.post(SINGAPORE, "/v1/intelligence", message)
        seconds.append(round(time.perf_counter() - began, 4))
        digest = answer.json()["digest"]
    with here.db.snapshot() as connection:
        sql = "SELECT count(*) FROM matches m JOIN intelligence i ON i.sequence = m.indicator WHERE i.digest = ?"
        found = connection.execute(sql, (bytes.fromhex(digest[2:]),)).fetchone()[0]
    return {"seconds": seconds, "found": found}


def _scan(here: Exchanging, repeats: int) -> dict[str, Any]:
    """Seconds from the call that hands a scan of an indicated lot in until a follower is told of it."""
    here.now += 1
    lot = {"kind": "lot", "gtin": "05413868000016", "lot": "RC1"}
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content(lot)))
    here.headers(THAI)
    seconds = [anyio.run(_told, here, f"M{number}") for number in range(repeats)]
    return {"seconds": seconds, "found": repeats}


async def _told(here: Exchanging, serial: str) -> float:
    """Seconds for one scan, which comes while the follower waits, at any moment of its waiting."""
    told = anyio.Event()

    async def follow() -> None:
        place = routes.Place(*map(_newest, repeat(here), ("intelligence", "matches", "feedback")))
        stream = routes.follow(here.app.state.installation, here.tokens[THAI.key], place, longest=60)
        async for chunk in stream:
            if serial.encode() in chunk:
                told.set()
                await stream.aclose()
                return

    async with anyio.create_task_group() as group:
        group.start_soon(follow)
        await anyio.sleep(1 + random.random() * routes.POLL_SECONDS)
        began = time.perf_counter()
        await anyio.to_thread.run_sync(lambda: here.say(UnitKind.SCAN, PHARMACY, serial=serial, lot="RC1"))
        await told.wait()
        return round(time.perf_counter() - began, 4)


def _newest(here: Exchanging, table: str) -> int:
    with here.db.snapshot() as connection:
        return int(connection.execute(f"SELECT coalesce(max(sequence), 0) FROM {table}").fetchone()[0])  # noqa: S608 - constants


if __name__ == "__main__":
    sys.exit(main())
