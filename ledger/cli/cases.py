"""The demonstration's scanned cases: the text of each code, its label image, and the check of every answer.

Single packs get what their maker prints, signed, changed afterwards where the case is about a change. Two cases get a
proof bundle each, which is checked as `lotproof verify --bundle` does: without the server, by the hash of its block.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.cli import pack_story, story
from ledger.cli.labels import signing
from ledger.cli.proof import TrustOptions, asked, verify_offline
from ledger.core.errors import LotproofError
from ledger.core.gs1 import digital_link, element_string
from ledger.core.label_signature import KEY_AI, SIGNATURE_AI
from ledger.durable import writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.cli.client import Client, Json
    from ledger.cli.play import Play
    from ledger.config import Settings
    from ledger.label.content import Elements

ARABIC_INDIC: Final = {ord(str(digit)): 0x0660 + digit for digit in range(10)}
GS1_QR: Final = "]Q3"  # ISO/IEC 15424
GS1_DATAMATRIX: Final = "]d2"
SHEET: Final = "labels.pdf"
LABELS: Final = 72  # of the serialised batch, on three pages
INTERNAL_CODE: Final = ("240", "DEMO")  # a further AI, so that the lot is followed by FNC1


def _link(elements: Elements) -> str:
    return digital_link(elements, story.HOST)


def _wrong_check_digit(elements: Elements) -> str:
    gtin = elements[0][1]
    return _link(elements).replace(gtin, gtin[:-1] + str((int(gtin[-1]) + 5) % 10))


def _arabic_digits(elements: Elements) -> str:
    gtin = elements[0][1]
    return _link(elements).replace(gtin, gtin[:4] + gtin[4:6].translate(ARABIC_INDIC) + gtin[6:])


def _datamatrix(elements: Elements) -> str:
    from ledger.label.content import in_symbol_order, scanned_string

    return scanned_string(in_symbol_order(elements))


def _unsigned(elements: Elements) -> str:
    return _link([element for element in elements if element[0] not in (KEY_AI, SIGNATURE_AI)])


FORMS: Final[dict[str, Callable[[Elements], str]]] = {
    "digital_link": _link,
    "sscc": _link,
    "gtin": lambda elements: elements[0][1],
    "element_string": lambda elements: GS1_QR + element_string([*elements, INTERNAL_CODE]),
    "foreign_host": lambda elements: digital_link(elements, story.FOREIGN_HOST),
    "datamatrix": _datamatrix,
    "unsigned": _unsigned,
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
            "bundle": {"file": scan.bundle} if scan.bundle else None,
        }
        for scan in (*story.SCANS, *pack_story.SCANS)
    ]


def _elements(scan: story.Scan, play: Play) -> Elements:
    """What the label carries: an SSCC, or GTIN, lot and expiry, and of a single pack its number and a signature."""
    if scan.pack:
        return _pack_elements(scan, play)
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


def _pack_elements(scan: story.Scan, play: Play) -> Elements:
    """What the maker printed on a pack, with what the label says instead."""
    printed = [*_batch_elements(play), ("21", play.packs.serial(scan.pack))]
    signed = signing(play.signers[pack_story.LABEL_KEY])(printed)
    changes = scan.changes
    instead = {"10": changes.get("lot"), "21": changes.get("serial")}
    if "serial_of" in changes:
        instead["21"] = play.packs.serial(changes["serial_of"])
    return [(ai, instead.get(ai) or value) for ai, value in signed]


def _batch_elements(play: Play) -> Elements:
    """What all labels of the serialised batch say."""
    batch = story.BATCHES[pack_story.BATCH]
    expiry = f"{play.day(batch.expires):%y%m%d}"
    return [("01", story.PRODUCTS[batch.product].gtin), ("10", batch.lot), ("17", expiry)]


def print_sheet(play: Play, directory: Path) -> None:
    """Print the first labels of the serialised batch, signed, as its maker would."""
    from ledger.label.run import Run
    from ledger.label.sheets import print_sheets
    from ledger.label.stock import stock_named

    run = Run(
        _batch_elements(play),
        play.packs.first(LABELS),
        story.HOST,
        stock_named("a4-24"),
        sign=signing(play.signers[pack_story.LABEL_KEY]),
    )
    print_sheets(run, directory / SHEET, lambda _done: None)


def prove(client: Client, cases: list[Json], directory: Path, block_hash: Callable[[int], bytes]) -> None:
    """Ask for the proof bundle of each case that gets one, and note by which block it is to be checked.

    Args:
        client: The server.
        cases: All cases; each that has a bundle is told of its block, its hash and its ledger.
        directory: Where bundles are written.
        block_hash: Tells a block's hash by a node, not by the bundle.
    """
    from datetime import UTC, datetime

    from ledger.core.gs1 import parse_code
    from ledger.core.header import read_header
    from ledger.core.proof_bundle import read_bundle

    for case in cases:
        if case["bundle"] is None:
            continue
        code = parse_code(case["code"], today=datetime.now(UTC).date())
        path = (directory / case["bundle"]["file"]).resolve()
        content = asked(client.server, code.gtin or "", code.lot or "", code.serial or "", "finalized")
        with writing(path) as file:
            file.write(content)
        bundle = read_bundle(content)
        block = read_header(bundle.header).number
        trusted = {"block": block, "hash": "0x" + block_hash(block).hex(), "ledger": "0x" + bundle.ledger.hex()}
        case["bundle"] = {"file": str(path), **trusted}


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

    if code.startswith((GS1_QR, GS1_DATAMATRIX)):
        elements = list(parse_code(code, today=datetime.now(UTC).date()).elements)
        return (label.gs1_png if code.startswith(GS1_QR) else label.datamatrix_png)(elements, lines)
    return label.png(code, lines)


def differences(client: Client, cases: list[Json], settings: Settings) -> list[str]:
    """Where an answer is not the expected one: the server's by GET, by POST and by the label's image, or a bundle's.

    Args:
        client: The server.
        cases: What is expected.
        settings: For reading bundles, which asks no server.

    Returns:
        A line for each; empty if there is none.
    """
    found = []
    for case in cases:
        expected = (case["expect"], case["reason"])
        for way, got in (_answers(client, case) | _proofs(case, settings)).items():
            if got != expected:
                found.append(f"{case['label']}, by {way}: expected {expected}, got {got}")
    return found


def _proofs(case: Json, settings: Settings) -> dict[str, object]:
    bundle = case["bundle"]
    if bundle is None:
        return {}
    trust = TrustOptions(bundle["hash"], bundle["ledger"], [], None, 0)
    return {"proof bundle": _word(lambda: verify_offline([case["code"]], Path(bundle["file"]), trust, settings)[0])}


def _answers(client: Client, case: Json) -> dict[str, object]:
    said = {name: case[name] for name in ("organisation", "place") if case[name]}
    return {
        "GET": _word(lambda: client.get("/v1/verify", code=case["code"], **said)),
        "POST": _word(lambda: client.post("/v1/verify", {"code": case["code"], **said})),
        "image": _word(lambda: _by_image(client, case, said)),
    }


def _by_image(client: Client, case: Json, said: Json) -> Json:
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
