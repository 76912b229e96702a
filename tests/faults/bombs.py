"""Bombs: small inputs that cost a careless reader minutes or gigabytes, thrown at every input of a real server.

Each must be refused with a problem that says what is wrong, before it has cost two seconds of the processor or 150 MB.
Processor time is what is judged, as the machine of a test has others to serve; the clock's time is told beside it.
"""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from PIL import Image

from ledger.store.database import open_database
from tests.faults.outcome import Figure, Outcome, Scale
from tests.indexed_world import GTIN, world, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "bombs"
PLANTS = ("rows", "scans")
MOST_SECONDS: Final = 2.0  # of the processor
MOST_BYTES: Final = 150 << 20  # resident, more than before
JSON: Final = "application/json"
BOUNDARY: Final = "lotproof"
FORM: Final = f"multipart/form-data; boundary={BOUNDARY}"
AIMED: Final = {"rows": "text/csv", "scans": "application/octet-stream"}  # where a plant shows
UNITS: Final = f"/v1/batches/{GTIN}/UN1%2F2/units"
BEFORE_US: Final = "refused by uvicorn"
UNREADABLE: Final = "a verdict"
CLOCK: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Bomb:
    """One input: what it is, where it goes, and how it is made."""

    name: str
    method: str
    path: str
    media: str
    body: Callable[[], bytes]
    headers: tuple[tuple[str, str], ...] = ()
    quick: bool = True  # part of the quick form; the others are its kin


# ---- JSON ----

JSON_BOMBS: Final[tuple[tuple[str, Callable[[], bytes], bool], ...]] = (
    ("arrays nested 300,000 deep", lambda: b"[" * 300_000, True),
    ("objects nested 150,000 deep", lambda: b'{"a":' * 150_000, False),
    ("300,000 empty arrays", lambda: b"[" + b"[]," * 300_000 + b"[]]", True),
    ("300,000 empty objects", lambda: b'{"codes":[' + b"{}," * 300_000 + b"{}]}", False),
    ("500,000 numbers", lambda: b"[" + b"7," * 500_000 + b"7]", True),
    ("200,000 short texts", lambda: b"[" + b'"a1",' * 200_000 + b'"a1"]', False),
    ("a number of a million digits", lambda: b'{"code":' + b"9" * 1_000_000 + b"}", True),
    ("a number with a huge exponent", lambda: b'{"code":1e999999999}', False),
    ("a fraction of a million digits", lambda: b'{"code":0.' + b"1" * 1_000_000 + b"}", False),
    ("60,000 keys, the last one twice", lambda: _keys(60_000), True),
    ("a text of a million escapes", lambda: b'{"code":"' + b"\\u0041" * 170_000 + b'"}', False),
    ("a million spaces", lambda: b" " * 1_000_000, False),
    ("gzip of 200 MB", lambda: _gzip(200), True),
    ("UTF-16", lambda: json.dumps({"code": "x" * 100_000}).encode("utf-16"), False),
)
# ---- CSV ----
CSV_BOMBS: Final[tuple[tuple[str, Callable[[], bytes], bool], ...]] = (
    ("five million columns", lambda: b"code" + b"," * 5_000_000, True),
    ("1,700,000 fields of two letters", lambda: b"ab," * 1_700_000, True),
    ("five million blank lines", lambda: b"\n" * 5_000_000, True),
    ("a million rows", lambda: b"code\n" + b"ab\n" * 1_000_000, True),
    ("a quote that is never closed", lambda: b'code\n"' + b"x\n" * 2_000_000, False),
    ("a row of a million lines", lambda: b'code\n"a' + b'\n","a' * 800_000, False),
    ("a line of five million letters", lambda: b"x" * 5_000_000, False),
)


def _keys(count: int) -> bytes:
    return b"{" + b"".join(b'"k%d":1,' % number for number in range(count)) + b'"k%d":2}' % (count - 1)


def _gzip(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([packer.compress(b" " * (1 << 20)) for _ in range(megabytes)]) + packer.flush()


# ---- pictures ----


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *, depth: int = 8, colour: int = 6, before: bytes = b"", lines: bool = True) -> bytes:
    """A PNG of one colour, packed a thousand times smaller than it is."""
    samples = {0: 1, 2: 3, 6: 4}[colour]
    row = b"\x00" + b"\xff" * (width * samples * depth // 8)
    packer = zlib.compressobj(6)
    data = b"".join([packer.compress(row) for _ in range(height if lines else 1)]) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + before + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _text_chunks(count: int) -> bytes:
    packed = zlib.compress(b"x" * (8 << 20), 9)
    return b"".join(_chunk(b"zTXt", b"k%d\x00\x00" % number + packed) for number in range(count))


def _jpeg(side: int, *, progressive: bool) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (side, side), "white").save(held, "JPEG", progressive=progressive, quality=50)
    return held.getvalue()


def _scans(side: int, count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again, each over the whole picture."""
    whole = _jpeg(side, progressive=True)
    at = whole.rindex(b"\xff\xda")
    return whole[:at] + whole[at:-2] * count + b"\xff\xd9"


PICTURE_BOMBS: Final[tuple[tuple[str, Callable[[], bytes], bool], ...]] = (
    ("a PNG that says 100,000 by 100,000", lambda: _png(100_000, 100_000, lines=False), True),
    ("a PNG of 49 million pixels, RGBA", lambda: _png(7_000, 7_000), False),
    ("a PNG of 49 million pixels, 16 bits a colour", lambda: _png(7_000, 7_000, depth=16), False),
    ("a PNG of 49 million pixels, 16-bit grey", lambda: _png(7_000, 7_000, depth=16, colour=0), False),
    ("a PNG with 100 packed texts of 8 MB", lambda: _png(10, 10, before=_text_chunks(100)), True),
    ("a PNG with a packed profile of 200 MB", lambda: _png(10, 10, before=_profile(200)), False),
    ("a PNG with 800,000 chunks", lambda: _png(10, 10, before=_chunk(b"prVt", b"x") * 800_000), False),
    ("a progressive JPEG with 2,000 scans", lambda: _scans(2_000, 2_000), True),
    ("a progressive JPEG of 49 million pixels", lambda: _jpeg(7_000, progressive=True), False),
    (
        "twelve megabytes of nothing after a JPEG's head",
        lambda: _jpeg(8, progressive=False)[:300] + bytes(12_000_000),
        False,
    ),
    ("a PNG's head, then noise", lambda: b"\x89PNG\r\n\x1a\n" + os.urandom(1_000_000), False),
)


def _profile(megabytes: int) -> bytes:
    return _chunk(b"iCCP", b"p\x00\x00" + zlib.compress(b"\x00" * (megabytes << 20), 9))


# ---- forms ----


def _part(name: str, value: bytes, more: bytes = b"") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n'.encode()
    return head + more + b"\r\n" + value + b"\r\n"


END: Final = f"--{BOUNDARY}--\r\n".encode()
FORM_BOMBS: Final[tuple[tuple[str, Callable[[], bytes], bool], ...]] = (
    ("150,000 parts", lambda: _part("code", b"x") * 150_000 + END, True),
    ("a part with a million headers", lambda: _part("code", b"x", b"a:b\r\n" * 1_000_000) + END, True),
    ("a header of ten million letters", lambda: _part("code", b"x", b"a: " + b"b" * 10_000_000 + b"\r\n") + END, False),
    ("two million false boundaries", lambda: _part("code", b"\r\n--lotproo" * 1_000_000) + END, True),
    ("a field of ten million letters", lambda: _part("words", b"x" * 10_000_000) + END, False),
    ("a form that never ends", lambda: _part("code", b"x")[:-2], False),
)


def bombs() -> Iterator[Bomb]:
    """Every bomb at every input that reads such."""
    for path in ("/v1/verify/many", "/v1/verify", "/v1/statements"):
        for name, make, quick in JSON_BOMBS:
            yield Bomb(name, "POST", path, JSON, make, _packed(name), quick and path != "/v1/verify")
    for name, make, quick in CSV_BOMBS:
        yield Bomb(name, "POST", "/v1/verify/many", "text/csv", make, quick=quick)
    for name, make, quick in PICTURE_BOMBS:
        yield Bomb(name, "POST", "/v1/verify/image", "application/octet-stream", make, quick=quick)
        yield Bomb(name, "POST", "/v1/reports", FORM, lambda make=make: _report(make()), quick=False)
    for path in ("/v1/verify/image", "/v1/reports"):
        for name, make, quick in FORM_BOMBS:
            yield Bomb(name, "POST", path, FORM, make, quick=quick and path == "/v1/reports")
    for name, path, media in (
        ("80 MB", "/v1/verify/many", JSON),
        ("80 MB", "/v1/statements", JSON),
        ("80 MB", "/v1/verify/image", "image/png"),
        ("80 MB", "/v1/reports", FORM),
    ):
        yield Bomb(name, "POST", path, media, lambda: bytes(80 << 20), quick=path == "/v1/verify/image")
    for name, make in (
        ("three million short lines", lambda: b"0x" + b"5e" * 32 + b"\n" + b"A1\n" * 3_000_000),
        ("a line of twenty million letters", lambda: b"0x" + b"5e" * 32 + b"\n" + b"A" * 20_000_000),
        ("gzip of 200 MB", lambda: _gzip(200)),
    ):
        yield Bomb(name, "PUT", UNITS, "text/plain", make)
    long = "x" * 60_000
    yield Bomb("a code of 60,000 letters", "GET", f"/v1/verify?code={long}", "", bytes)
    yield Bomb("30,000 parameters", "GET", "/v1/verify?" + "a=1&" * 15_000, "", bytes)
    yield Bomb("an address of 60,000 letters", "GET", f"/v1/batches/{GTIN}/{long}", "", bytes)
    yield Bomb("a link of 30,000 segments", "GET", "/01/" + "1/" * 30_000, "", bytes)
    yield Bomb("a header of a million letters", "GET", "/v1/chain", "", bytes, (("x-long", "x" * 1_000_000),))
    yield Bomb("20,000 headers", "GET", "/v1/chain", "", bytes, tuple((f"x-{n}", "x") for n in range(20_000)))


def _packed(name: str) -> tuple[tuple[str, str], ...]:
    return (("content-encoding", "gzip"),) if name.startswith("gzip") else ()


def _report(picture: bytes) -> bytes:
    ids = _part("id", str(uuid4()).encode())  # the same again would be answered unread
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n'.encode()
    return ids + head + picture + b"\r\n" + END


class Server:
    """`lotproof serve` over the small indexed ledger, without a chain; with a bound taken out if a plant is named."""

    def __init__(self, folder: Path, plant: str | None) -> None:
        db = open_database(f"sqlite:///{folder}/lotproof.db")
        write(db, world())
        db.close()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LOTPROOF_")}
        told = {"LOTPROOF_RPC_URL": "http://127.0.0.1:1", "LOTPROOF_LOG_LEVEL": "error", "PYTHONPATH": str(ROOT)}
        program = ["-m", "ledger.cli"] if plant is None else ["-m", "tests.faults.patched", plant]
        command = [sys.executable, *program, "serve", "--data", str(folder), "--port", "0", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=clean | told, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if line == "}\n":
                break
        assert said, f"it ended with {self.process.wait()}"
        self.port = int(json.loads(said)["url"].rpartition(":")[2])

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass
class Cost:
    """What a bomb cost, and how it was answered."""

    status: int = 0
    media: str = ""
    seconds: float = 0.0  # of the processor
    waited: float = 0.0  # by the clock
    grown: int = 0  # bytes

    def faults(self) -> Iterator[str]:
        if self.media == UNREADABLE:  # a malformed code is a verdict
            pass
        elif not HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            yield f"is answered {self.status or 'not at all'}"
        elif self.media not in {"application/problem+json", BEFORE_US}:
            yield f"is answered with {self.media or 'nothing'} instead of a problem"
        if self.seconds > MOST_SECONDS:
            yield f"costs {self.seconds:.1f} s"
        if self.grown > MOST_BYTES:
            yield f"costs {self.grown >> 20} MB"


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """Throw every bomb (quick: the first of each sort)."""
    server = Server(folder, plant)
    costs: dict[str, Cost] = {}
    broken: list[str] = []
    try:
        for bomb in bombs():
            if (scale == "quick" and not bomb.quick) or (plant is not None and bomb.media != AIMED[plant]):
                continue
            if server.process.poll() is not None:
                broken.append("the server died")
                break
            path = bomb.path if len(bomb.path) < 80 else bomb.path[:30] + "…"
            name = f"{bomb.method} {path} ({bomb.media.partition(';')[0] or 'no body'}): {bomb.name}"
            costs[name] = cost = throw(server, bomb)
            broken += [f"{name}: {fault}" for fault in cost.faults()]
            if plant is not None and broken:
                break  # it was noticed
    finally:
        server.end()
    return Outcome(_figures(costs, scale), tuple(broken))


def throw(server: Server, bomb: Bomb) -> Cost:
    """Send a bomb, and watch the server."""
    body, cost = bomb.body(), Cost()
    processes = _Watched(server.process.pid)
    before, start = processes.seconds(), time.monotonic()
    cost.status, cost.media = _answer(server.port, bomb, body)
    cost.waited = time.monotonic() - start
    cost.seconds = processes.seconds() - before
    cost.grown = processes.grown()
    return cost


def _answer(port: int, bomb: Bomb, body: bytes) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(bomb.method, bomb.path)
        for name, value in (*bomb.headers, ("content-length", str(len(body)))):
            connection.putheader(name, value)
        if bomb.media:
            connection.putheader("content-type", bomb.media)
        sender = threading.Thread(target=_send, args=(connection, body))
        connection.endheaders()
        sender.start()
        answer = connection.getresponse()
        media = answer.getheader("content-type", "").partition(";")[0]
        said = answer.read(2_000)
        sender.join()
        if answer.status == HTTPStatus.BAD_REQUEST and said.startswith(b"Invalid HTTP request"):
            media = BEFORE_US
        if answer.status == HTTPStatus.OK and b'"verdict":"unreadable"' in said:
            media = UNREADABLE
    except (HTTPException, OSError):
        # What uvicorn does not want to read to its end it cuts off, and its answer may be lost with the line.
        return (HTTPStatus.BAD_REQUEST, BEFORE_US) if bomb.headers else (0, "")
    else:
        return answer.status, media
    finally:
        connection.close()


def _send(connection: HTTPConnection, body: bytes) -> None:
    """Whatever the server takes of the body: it may have answered already."""
    try:
        connection.send(body)
    except OSError:
        return


class _Watched:
    """A process and its children: what memory they came to at most since this was made, and processor time."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.before = {pid: _memory(pid, "VmRSS") for pid in self._all()}
        for pid in self.before:
            Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")  # the high-water mark begins anew

    def grown(self) -> int:
        return sum(_memory(pid, "VmHWM") - self.before.get(pid, _memory(pid, "VmRSS")) for pid in self._all())

    def seconds(self) -> float:
        total = 0.0
        for pid in self._all():
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            total += sum(map(int, fields[11:13])) / CLOCK
        return total

    def _all(self) -> list[int]:
        found, waiting = [], [self.root]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text(encoding="ascii").split())
        return found


def _memory(pid: int, name: str) -> int:
    """Bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) << 10


def _figures(costs: dict[str, Cost], scale: Scale) -> dict[str, Figure]:
    figures: dict[str, Figure] = {
        "bombs": len(costs),
        "most seconds of the processor": round(max(cost.seconds for cost in costs.values()), 2),
        "longest wait, seconds": round(max(cost.waited for cost in costs.values()), 2),
        "most memory, MB": max(cost.grown for cost in costs.values()) >> 20,
    }
    if scale == "long":
        for name, cost in costs.items():
            figures[name] = f"{cost.status}, {cost.seconds:.2f} s, {cost.grown >> 20} MB"
    return figures
