"""What `tests/vectors/snapshot.json` holds. `python -m tests.core.snapshot_vectors` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ledger.core.snapshot import Block, Recalled, Stopped, content, statement_of, text_of
from tests.core.batch_story import CUSTOMS, DOMAIN, GTIN, LOT, MAKER, NOON, STRANGER, key_of, settled
from tests.core.label_story import ANOTHER, MAKERS, enrol

FILE = Path(__file__).parents[1] / "vectors" / "snapshot.json"
BLOCK = Block(77, b"\x77" * 32, NOON + 900)
HOSTS = ("lotproof.example", "id.maker.example:8443")


def text() -> str:
    """A snapshot with every sort of row: also what is ended, in doubt, held, seized, or not ASCII."""
    ledger = settled()
    ledger.suspend(STRANGER)
    ledger.accredit(7, 'Dược phẩm "Hà Nội"\n', "VN", ledger.organisations[MAKER].changes[0].roles, ("893", "8931234"))
    enrol(ledger, MAKERS, valid_from=NOON, valid_until=NOON + 86_400)
    ledger.end_key(key_of(STRANGER), doubt_since=NOON + 60)
    recalls = [Recalled(GTIN, "RC1", MAKER, NOON + 120)]
    holds = [
        Stopped(GTIN, LOT, "", b"\x01" * 32, seized=False, by=CUSTOMS, time=NOON + 180),
        Stopped(GTIN, "UN1/2", "054138680000000016", b"\x02" * 32, seized=True, by=CUSTOMS, time=NOON + 240),
    ]
    rows = content(list(ledger.organisations.values()), list(ledger.keys.values()), recalls, holds)
    return text_of(rows, DOMAIN, HOSTS, BLOCK)


def contents() -> dict[str, Any]:
    """Every vector."""
    snapshot = text()
    statement = statement_of(snapshot, BLOCK)
    digest = statement.digest(DOMAIN)
    return {
        "about": "A signed snapshot. Published test key; the signature as RFC 6979 makes it.",
        "domain": DOMAIN.to_json(),
        "snapshot": snapshot,
        "hash": "0x" + statement.hash.hex(),
        "number": statement.number,
        "time": statement.time,
        "digest": "0x" + digest.hex(),
        "signer": "0x" + ANOTHER.signer.hex(),
        "signature": "0x" + ANOTHER.sign(digest).hex(),
    }


def written_file() -> str:
    """The file's text."""
    return json.dumps(contents(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written_file(), encoding="utf-8")
