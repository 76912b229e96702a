"""The compact snapshot: every sort of row, and a signature over the very text."""

from __future__ import annotations

import json

from ledger.core.keccak import keccak256
from ledger.core.signature import verify
from ledger.core.snapshot import Snapshot
from ledger.core.structs import STATEMENTS
from ledger.core.typed_data import signing_digest
from tests.core.batch_story import CUSTOMS, DOMAIN, GTIN, LOT, MAKER, NOON, STRANGER
from tests.core.label_story import MAKERS
from tests.core.snapshot_vectors import FILE, HOSTS, written_file

VECTOR = json.loads(FILE.read_text(encoding="utf-8"))
SNAPSHOT = json.loads(VECTOR["snapshot"])


def test_the_file_is_what_its_script_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == written_file()


def test_what_is_signed_is_typed_data_that_no_call_of_the_contract_takes() -> None:
    types = {"Snapshot": [{"name": m.name, "type": m.kind} for m in Snapshot.MEMBERS]}
    message = {name: VECTOR[name] for name in ("hash", "number", "time")}
    assert VECTOR["hash"] == "0x" + keccak256(VECTOR["snapshot"].encode()).hex()
    digest = signing_digest(types, "Snapshot", VECTOR["domain"], message)
    assert VECTOR["digest"] == "0x" + digest.hex()
    signer, signature = (bytes.fromhex(VECTOR[name][2:]) for name in ("signer", "signature"))
    assert verify(signer, digest, signature)
    assert not verify(signer, keccak256(digest), signature)
    assert "Snapshot" not in STATEMENTS


def test_the_text_is_compact_and_names_chain_block_and_hosts() -> None:
    assert VECTOR["snapshot"] == json.dumps(SNAPSHOT, ensure_ascii=False, separators=(",", ":"))
    assert {name: value for name, value in SNAPSHOT.items() if not isinstance(value, list)} == {
        "format": "lotproof-snapshot-1",
        "chain_id": DOMAIN.chain_id,
        "ledger": "0x" + DOMAIN.ledger.hex(),
        "block": VECTOR["number"],
        "block_hash": "0x" + "77" * 32,
        "time": VECTOR["time"],
    }
    assert SNAPSHOT["hosts"] == list(HOSTS)


def test_organisations_stand_as_they_are_now() -> None:
    rows = {row[0]: row for row in SNAPSHOT["organisations"]}
    assert rows[MAKER] == [MAKER, "Biofarm", "BE", "", 1, 0, ["5413868"]]
    assert rows[STRANGER][5] > NOON  # suspended
    assert rows[7] == [7, 'Dược phẩm "Hà Nội"\n', "VN", "", 1, 0, ["893", "8931234"]]


def test_keys_have_their_window_their_end_and_their_doubt() -> None:
    rows = {(row[0], row[1]): row for row in SNAPSHOT["keys"]}
    labels = rows["0x" + MAKERS.signer.hex(), MAKER]
    assert labels[2:] == [2, NOON, NOON + 86_400, 0, 0]
    ended = next(row for row in SNAPSHOT["keys"] if row[1] == STRANGER)
    assert ended[5] > NOON
    assert ended[6] == NOON + 60


def test_what_must_not_be_used_is_named() -> None:
    assert SNAPSHOT["recalls"] == [[GTIN, "RC1", MAKER, NOON + 120]]
    first, second = SNAPSHOT["holds"]
    assert first == [GTIN, LOT, "", "0x" + "01" * 32, "held", CUSTOMS, NOON + 180]
    assert second[2:5] == ["054138680000000016", "0x" + "02" * 32, "seized"]
