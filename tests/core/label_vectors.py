"""What `tests/vectors/label_signatures.json` holds. `python -m tests.core.label_vectors` writes it anew."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from ledger.core.label_signature import label_signature, verify_label, written
from ledger.core.signature import P256_ORDER
from tests.core.batch_story import GTIN, LOT
from tests.core.label_story import ANOTHER, MAKERS, UNIT, TestKey, changed, label_of, text

FILE = Path(__file__).parents[1] / "vectors" / "label_signatures.json"
TODAY = date(2026, 5, 28)


def _label(name: str, description: str, code: str, key: TestKey = MAKERS) -> dict[str, Any]:
    label = label_of(code, TODAY)
    return {
        "name": name,
        "description": description,
        "code": code,
        "signer": "0x" + key.signer.hex(),
        "key_id": "0x" + key.key_id.hex(),
        "message": "0x" + label.message.hex(),
        "signature": "0x" + label_signature(label.signature).hex(),
        "holds": verify_label(key.signer, label),
    }


def _high_s() -> str:
    elements = MAKERS.elements()
    raw = label_signature(elements[-1][1])
    high = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    return text(changed(elements, "92", written(high)))


def content() -> dict[str, Any]:
    """Every vector."""
    whole = MAKERS.elements()
    signature = whole[-1][1]
    batch = MAKERS.elements([("01", GTIN), ("10", LOT), ("17", "270331")])
    reordered = [whole[0], whole[3], whole[2], whole[1], *whole[4:]]
    link = f"https://lotproof.example/01/{GTIN}/10/{LOT}/21/{whole[3][1]}?17=270331&91={whole[4][1]}&92={signature}"
    spelt = f"01{GTIN}10{LOT}\x1d1727033121{whole[3][1]}\x1d91{whole[4][1]}\x1d92{signature}"
    labels = [
        _label("unit", "A label of one pack.", text(whole)),
        _label("unit_link", "The same as a Digital Link: the signature is the same.", link),
        _label("unit_element_string", "The same as an element string.", spelt),
        _label("unit_reordered", "The same with its elements in another order.", text(reordered)),
        _label("batch", "A label of the batch, without serial number.", text(batch)),
        _label(
            "lot_only",
            "Nothing but GTIN and lot: 32 bytes.",
            text(MAKERS.elements([*UNIT[:1], ("10", "LOT-OF-14-SIGN")])),
        ),
        _label("other_serial", "Another serial number than was signed.", text(changed(whole, "21", "7Kq-R2n"))),
        _label(
            "other_key", "Signed by another key than is named.", text(changed(whole, "92", ANOTHER.elements()[-1][1]))
        ),
        _label("high_s", "The upper form of s.", _high_s()),
    ]
    malformed = [
        ("key_short", "91", whole[4][1][:-1], "label_length", 7),
        ("key_long", "91", whole[4][1] + "A", "label_length", 8),
        ("key_standard_alphabet", "91", "ab+defgh", "label_character", 2),
        ("signature_short", "92", signature[:-1], "label_length", 85),
        ("signature_padded", "92", signature + "==", "label_length", 86),
        ("signature_standard_alphabet", "92", "/" + signature[1:], "label_character", 0),
        ("signature_spare_bits", "92", signature[:-1] + "B", "label_last_character", 85),
        ("signature_other_digits", "92", signature[:40] + "٣" + signature[41:], "label_character", 40),
    ]
    return {
        "about": "Signed labels (GS1 AI 91 and 92). Published test keys; signatures as RFC 6979 makes them.",
        "labels": labels,
        "malformed": [
            {"name": name, "ai": ai, "value": value, "rule": rule, "position": at}
            for name, ai, value, rule, at in malformed
        ],
    }


def written_file() -> str:
    """The file's text."""
    return json.dumps(content(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written_file(), encoding="utf-8")
