"""The demonstration's scanned cases: the text of each code, its label image, and the check of every answer."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

from ledger.cli import story
from ledger.core.errors import LotproofError
from ledger.core.gs1 import digital_link, element_string

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.cli.client import Client, Json
    from ledger.cli.play import Play

    Elements = list[tuple[str, str]]

ARABIC_INDIC: Final = {ord(str(digit)): 0x0660 + digit for digit in range(10)}
GS1_QR: Final = "]Q3"  # ISO/IEC 15424
INTERNAL_CODE: Final = ("240", "DEMO")  # a further AI, so that the lot is followed by FNC1


def _link(elements: Elements) -> str:
    return digital_link(elements, story.HOST)


def _wrong_check_digit(elements: Elements) -> str:
    gtin = elements[0][1]
    return _link(elements).replace(gtin, gtin[:-1] + str((int(gtin[-1]) + 5) % 10))


def _arabic_digits(elements: Elements) -> str:
    gtin = elements[0][1]
    return _link(elements).replace(gtin, gtin[:4] + gtin[4:6].translate(ARABIC_INDIC) + gtin[6:])


FORMS: Final[dict[str, Callable[[Elements], str]]] = {
    "digital_link": _link,
    "sscc": _link,
    "gtin": lambda elements: elements[0][1],
    "element_string": lambda elements: GS1_QR + element_string([*elements, INTERNAL_CODE]),
    "foreign_host": lambda elements: digital_link(elements, story.FOREIGN_HOST),
    "wrong_check_digit": _wrong_check_digit,
    "arabic_digits": _arabic_digits,
}


def cases_of(play: Play) -> list[Json]:
    """Every case of the story with the text of its code, who scans it and where, and the verdict it should get."""
    return [
        {
            "label": scan.label,
            "code": FORMS[scan.form](_elements(scan, play)),
            "expect": scan.expect,
            "reason": scan.reason,
            "why": scan.why,
            "organisation": play.numbers.get(scan.organisation),
            "place": scan.place or None,
        }
        for scan in story.SCANS
    ]


def _elements(scan: story.Scan, play: Play) -> Elements:
    """What the label carries: an SSCC, or GTIN, lot and expiry."""
    goods = play.goods.get(scan.goods)
    if scan.form == "sscc" and goods is not None and goods.sscc:
        return [("00", goods.sscc)]
    gtin, lot, expires = "", "", 0
    if goods is not None:
        batch = story.BATCHES[goods.batch]
        gtin, lot, expires = story.PRODUCTS[batch.product].gtin, batch.lot, batch.expires
    changes = scan.changes
    day = play.day(int(changes.get("expiry_days", expires)))
    return [("01", changes.get("gtin", gtin)), ("10", changes.get("lot", lot)), ("17", f"{day:%y%m%d}")]


def write_labels(cases: list[Json], directory: Path) -> None:
    """Write each case's label image, and then `codes.json`, into `directory`."""
    images = directory / "labels"
    images.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(cases, start=1):
        words = "".join(c if c.isalnum() else "-" for c in case["label"].lower())
        path = images / f"{number:02d}-{words}.png"
        path.write_bytes(_label_image(case["code"], [case["label"], "demonstration label"]))
        case["image"] = str(path.resolve())
    keep(directory / "codes.json", json.dumps(cases, ensure_ascii=False, indent=2) + "\n")


def keep(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all: whoever finds it can rely on it."""
    half = path.with_name(f".{path.name}.half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def _label_image(code: str, lines: list[str]) -> bytes:
    """A link or a number as plain text in the QR code; an element string as GS1 writes it, with FNC1."""
    from datetime import UTC, datetime

    from ledger import label
    from ledger.core.gs1 import parse_code

    if code.startswith(GS1_QR):
        return label.gs1_png(list(parse_code(code, today=datetime.now(UTC).date()).elements), lines)
    return label.png(code, lines)


def differences(client: Client, cases: list[Json]) -> list[str]:
    """Where the server answers otherwise than expected: by GET, by POST, and by the label's image. Empty if nowhere."""
    found = []
    for case in cases:
        expected = (case["expect"], case["reason"])
        for way, got in _answers(client, case).items():
            if got != expected:
                found.append(f"{case['label']}, by {way}: expected {expected}, got {got}")
    return found


def _answers(client: Client, case: Json) -> dict[str, object]:
    said = {name: case[name] for name in ("organisation", "place") if case[name]}
    return {
        "GET": _word(lambda: client.get("/v1/verify", code=case["code"], **said)),
        "POST": _word(lambda: client.post("/v1/verify", {"code": case["code"], **said})),
        "image": _word(lambda: _by_image(client, case, said)),
    }


def _by_image(client: Client, case: Json, said: Json) -> Json:
    from pathlib import Path

    codes = client.post_image(Path(case["image"]).read_bytes(), **said)["codes"]
    if len(codes) != 1:
        raise LotproofError(f"{len(codes)} codes were read from {case['image']}.")
    return dict(codes[0]["verdict"])


def _word(ask: Callable[[], Json]) -> object:
    try:
        answer = ask()
    except LotproofError as error:
        return str(error)
    return answer["verdict"], answer["reason"]
