"""What people report to a demonstration, so that the desk has something to answer and the public something to read."""

from __future__ import annotations

import io
import sqlite3
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
from PIL import Image, ImageDraw

from tests.web.desk import goods

if TYPE_CHECKING:
    from tests.running_demo import Demo

DAY = 86_400  # seconds
# Case of the demonstration, place and words.
REPORTED = (
    ("recalled", "THBKK", "Bought today. The cap is blue, on the box it is grey."),
    ("recalled", "THBKK", "Same here, two boxes."),
    ("verified from a GS1 element string", "THBKK", "It smells strange."),
    ("unknown lot of a known maker", "THHDY", "Sold from a car, without a bill."),
    ("seized", "", "Found in the fridge of our clinic."),
)
# Months back, country of the place, and how many incidents: small ones among them, which nobody must find out.
MONTHS = ((1, "TH", 21), (1, "SG", 8), (1, "ID", 2), (2, "TH", 14), (3, "TH", 6), (4, "TH", 17), (4, "MY", 9))


def photo() -> bytes:
    """A picture of a box, as somebody would take it."""
    image = Image.new("RGB", (900, 600), "#d7d2c8")
    draw = ImageDraw.Draw(image)
    draw.rectangle((180, 120, 720, 470), fill="#f7f7f2", outline="#555555", width=4)
    draw.rectangle((180, 120, 720, 200), fill="#2456a6")
    for line in range(5):
        draw.rectangle((220, 240 + 36 * line, 460 + 20 * line, 254 + 36 * line), fill="#999999")
    for column in range(0, 140, 10):
        draw.rectangle((540 + column, 260, 543 + column + column % 30 // 6, 400), fill="black")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def report(demo: Demo) -> list[str]:
    """Report something of each sort; the receipts."""
    receipts = []
    for number, (label, place, words) in enumerate(REPORTED):
        gtin, lot = goods(demo, label)
        code = f"https://lotproof.example/01/{gtin}/10/{lot}"
        said = {"id": str(uuid4()), "code": code, "words": words, "place": place}
        files: dict[str, Any] = {name: (None, text) for name, text in said.items()}
        if number == 0:
            files["photo"] = ("photo.jpg", photo(), "image/jpeg")
        answer = httpx.post(f"{demo.url}/v1/reports", files=files, trust_env=False)
        assert answer.status_code == 201, answer.text
        receipts.append(answer.json()["receipt"])
    return receipts


def some_months(demo: Demo) -> None:
    """Let the demonstration have a past, before anybody has asked for what is published."""
    now = int(time.time())
    rows = [
        (10_000 + index, f"{country}{index:03d}", now - months * 30 * DAY - index * 60)
        for index, (months, country) in enumerate(
            (months, country) for months, country, count in MONTHS for _ in range(count)
        )
    ]
    sql = """
        INSERT OR IGNORE INTO incidents (number, gtin, lot, serial, code_hash, place, picture, desks, began_at,
        newest_at, reports, waiting, urgency, triage, triaged_at)
        VALUES (?1, '', '', '', x'', ?2, x'', substr(?2, 1, 2), ?3, ?3, 1,
        CASE WHEN ?1 % 3 = 0 THEN 1 ELSE 0 END, 0, '[]', 0)
    """
    connection = sqlite3.connect(demo.folder / "lotproof.db", timeout=60)
    with connection:
        connection.executemany(sql, rows)
    connection.close()
