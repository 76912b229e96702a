"""What is found is judged as the runbook says, and whoever reads it is told what to do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ledger.core import diagnosis
from ledger.core.diagnosis import Finding, Node

NOW = 1_800_000_000
GIB = 1 << 30
ADDRESS = "0x" + "12" * 20


def node(**changes: Any) -> Node:
    fields: dict[str, Any] = {"name": "https://node", "chain_id": 1, "head": 1_000, "head_time": NOW - 12}
    return Node(**{**fields, "finalized": 936, "syncing": False, "proves": True, **changes})


def one(*found: Node, expected: int = 1, development: bool = False) -> Finding:
    return diagnosis.nodes(found, expected, NOW, development=development)[0]


# the finding, what it must come to, a word that it must contain
CASES: dict[str, tuple[Finding, str, str]] = {
    "room": (diagnosis.disk(20 * GIB), "ok", "20.0 GiB"),
    "little room": (diagnosis.disk(4 * GIB), "warn", "4.0 GiB"),
    "no room": (diagnosis.disk(GIB // 2), "wrong", "0.5 GiB"),
    "no tables": (diagnosis.schema(None, "0006"), "warn", "no tables"),
    "newest tables": (diagnosis.schema("0006", "0006"), "ok", "newest"),
    "older tables": (diagnosis.schema("0003", "0006"), "warn", "0003"),
    "newer tables": (diagnosis.schema("0007", "0006"), "wrong", "0007"),
    "sound": (diagnosis.integrity([]), "ok", "no fault"),
    "damaged": (diagnosis.integrity(["row 7 missing from index"]), "wrong", "row 7"),
    "a good node": (one(node()), "ok", "block 1,000"),
    "any chain": (one(node(chain_id=5), expected=0), "ok", "chain 5"),
    "another chain": (one(node(chain_id=5)), "wrong", "for chain 1"),
    "syncing": (one(node(syncing=True)), "warn", "behind"),
    "behind the other": (one(node(head=900), node()), "warn", "behind"),
    "nearly level": (one(node(head=960), node()), "ok", "block 960"),
    "an old block": (one(node(head_time=NOW - 700)), "wrong", "11 minutes ago"),
    "an old block in development": (one(node(head_time=NOW - 7_000), development=True), "ok", "block"),
    "no proofs": (one(node(proves=False)), "warn", "eth_getProof"),
    "the tag": (diagnosis.finality("finalized", [node()]), "ok", "64 blocks"),
    "no tag": (diagnosis.finality("finalized", [node(finalized=-1)]), "wrong", "no final block"),
    "a depth": (diagnosis.finality(12, [node(finalized=-1)]), "ok", "12 blocks"),
    "a right clock": (diagnosis.clock(NOW, NOW - 12), "ok", "contradict"),
    "a clock a little late": (diagnosis.clock(NOW, NOW + 60), "ok", "contradict"),
    "a late clock": (diagnosis.clock(NOW, NOW + 3 * 86_400), "wrong", "3 days"),
    "no ledger": (diagnosis.ledger(None, code_matches=None), "wrong", "not tied"),
    "a ledger": (diagnosis.ledger((1, ADDRESS), code_matches=True), "ok", ADDRESS),
    "a ledger that is not there": (diagnosis.ledger((1, ADDRESS), code_matches=False), "wrong", "no such contract"),
    "a ledger unseen": (diagnosis.ledger((1, ADDRESS), code_matches=None), "unknown", "cannot be asked"),
    "no money": (diagnosis.money(0, 5, ADDRESS), "wrong", "nothing"),
    "hardly any money": (diagnosis.money(49, 5, ADDRESS), "wrong", "about 9"),
    "little money": (diagnosis.money(500, 5, ADDRESS), "warn", "about 100"),
    "money": (diagnosis.money(1_000, 5, ADDRESS), "ok", "about 200"),
    "money not used yet": (diagnosis.money(10**18, 0, ADDRESS), "ok", "1.0000"),
    "nothing indexed": (diagnosis.index(-1, -1, None, 0), "wrong", "Nothing"),
    "never heard": (diagnosis.index(5, 5, None, 0), "wrong", "Nothing"),
    "indexed": (diagnosis.index(5, 6, 3, 20), "ok", "block 5 of 6"),
    "far behind": (diagnosis.index(5, 1_000, 3, 4_000), "warn", "995 blocks"),
    "silence": (diagnosis.index(5, 5, 500, 0), "warn", "8 minutes ago"),
    "alive": (diagnosis.part("indexer", 30, "host:7"), "ok", "host:7"),
    "dead": (diagnosis.part("relayer", 300, "host:7"), "wrong", "5 minutes ago"),
    "never run": (diagnosis.part("relayer", None, ""), "wrong", "No relayer"),
    "nothing waits": (diagnosis.queue({}), "ok", "No statement"),
    "a short queue": (diagnosis.queue({"pending": (3, 20)}), "ok", "3 pending"),
    "an old queue": (
        diagnosis.queue({"pending": (3, 20), "sent": (1, 1_000)}),
        "warn",
        "1 sent, the oldest 16 minutes",
    ),
    "none refused": (diagnosis.refused({}, 100), "ok", "None of 100"),
    "few refused": (diagnosis.refused({"StaleHead": 2}, 100), "ok", "StaleHead 2"),
    "many refused": (diagnosis.refused({"StaleHead": 2, "KeyNotLive": 9}, 100), "warn", "KeyNotLive 9, StaleHead 2"),
    "a backup": (diagnosis.backup(86_400, 5), "ok", "24 hours"),
    "an old backup": (diagnosis.backup(9 * 86_400, 5), "warn", "9 days"),
    "no backup": (diagnosis.backup(None, 5), "warn", "No backup"),
    "nothing to back up": (diagnosis.backup(None, 0), "ok", "No backup"),
    "open keys": (diagnosis.key_files(["keys/a.json"], 2), "wrong", "keys/a.json"),
    "closed keys": (diagnosis.key_files([], 2), "ok", "2 key files"),
    "no keys": (diagnosis.key_files([], 0), "ok", "none yet"),
    "our server": (diagnosis.server("http://a", "ours"), "ok", "http://a"),
    "another server": (diagnosis.server("http://a", "other"), "wrong", "else than Lotproof"),
    "no server": (diagnosis.server("http://a", "none"), "warn", "Nothing answers"),
    "a host": (diagnosis.public_hosts(("id.gs1.be",), "127.0.0.1", development=False), "ok", "id.gs1.be"),
    "no host": (diagnosis.public_hosts(("lotproof.example",), "::1", development=False), "warn", "nobody can own"),
    "no host is needed": (diagnosis.public_hosts(("lotproof.example",), "::1", development=True), "ok", "example"),
    "bare": (diagnosis.public_hosts(("id.gs1.be",), "0.0.0.0", development=False), "warn", "without TLS"),  # noqa: S104 - a case
}


@pytest.mark.parametrize("case", CASES)
def test_each_thing_is_judged(case: str) -> None:
    finding, result, words = CASES[case]
    assert finding.result == result
    assert words in finding.found
    assert re.fullmatch(r"[^\n]+[.]", finding.found), finding.found


@pytest.mark.parametrize("case", [case for case, (_, result, _) in CASES.items() if result in {"warn", "wrong"}])
def test_what_is_not_well_says_what_to_do(case: str) -> None:
    assert len(CASES[case][0].advice) > 10


def test_only_what_is_wrong_counts_as_wrong() -> None:
    assert not diagnosis.wrong([finding for finding, result, _ in CASES.values() if result != "wrong"])
    assert diagnosis.wrong([CASES["room"][0], CASES["no room"][0]])
