"""Headers of every fork: written from a node's JSON they hash as published, and every byte of them counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import InvalidProofError
from ledger.core.header import MAX_HEADER_BYTES, encode_header, read_header
from ledger.core.keccak import keccak256
from ledger.core.rlp import Item, decode, encode

BLOCKS = (
    *("genesis", "block-london-fork", "block-merge-fork", "block-shanghai-fork", "block-cancun-fork"),
    *("block-prague-fork", "latest", "finalized", "safe"),
)
FIELDS = {"genesis": 15, "block-london-fork": 16, "block-shanghai-fork": 17, "block-cancun-fork": 20, "latest": 21}


def _block(test_data: Path, name: str) -> dict[str, Any]:
    lines = (test_data / f"crypto/eip1186/eth_getBlockByNumber__get-{name}.io").read_text().splitlines()
    block: dict[str, Any] = json.loads(next(line for line in lines if line.startswith("<<"))[3:])["result"]
    return block


@pytest.mark.parametrize("name", BLOCKS)
def test_header_of_each_fork_hashes_as_published(test_data: Path, name: str) -> None:
    block = _block(test_data, name)
    read = read_header(encode_header(block))
    assert "0x" + read.hash.hex() == block["hash"]
    assert (read.number, read.time) == (int(block["number"], 16), int(block["timestamp"], 16))
    assert "0x" + read.state_root.hex() == block["stateRoot"]
    fields = decode(encode_header(block))
    assert isinstance(fields, list)
    assert len(fields) == FIELDS.get(name, len(fields))


def test_every_header_of_a_whole_chain_is_read(test_data: Path) -> None:
    data = (test_data / "crypto/eip1186/chain.rlp").read_bytes()
    headers = []
    while data:
        size = int.from_bytes(data[1 : 1 + data[0] - 0xF7], "big") + 1 + data[0] - 0xF7
        block, data = decode(data[:size]), data[size:]
        assert isinstance(block, list)
        headers.append(read_header(encode(block[0])))
        assert isinstance(block[0], list)
        if len(headers) > 1:
            assert block[0][0] == headers[-2].hash
    assert [header.number for header in headers] == list(range(1, len(headers) + 1))
    assert len(headers) > 40


@pytest.mark.parametrize(
    "change",
    [
        *({"gasUsed": "0x1"}, {"hash": "0x" + "11" * 32}, {"stateRoot": "0x11"}, {"number": "x"}, {"hash": None}),
        dict.fromkeys(("mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas")),
        dict.fromkeys(
            ("logsBloom", "receiptsRoot", "miner", "parentBeaconBlockRoot", "requestsHash", "mixHash", "nonce")
        ),
    ],
)
def test_a_block_that_is_not_what_its_hash_says_is_refused(test_data: Path, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidProofError) as caught:
        encode_header(_block(test_data, "latest") | change)
    assert caught.value.evidence["rule"] == "header"


def _header(**changes: Item) -> bytes:
    items: list[Item] = [bytes(32)] * 15
    items[8], items[11] = b"\x07", b"\x01\x00"
    for name, value in changes.items():
        items[int(name[1:])] = value
    return encode(items)


def test_a_header_tells_number_time_and_state() -> None:
    read = read_header(_header())
    assert (read.number, read.time, read.state_root, read.hash) == (7, 256, bytes(32), keccak256(_header()))


@pytest.mark.parametrize(
    "header",
    [
        encode(b"no list"),
        encode([bytes(32)] * 14),
        _header(_3=bytes(31)),
        _header(_3=[]),
        _header(_8=[]),
        _header(_11=b"\x01" * 9),
        b"\xf9" + (MAX_HEADER_BYTES).to_bytes(2, "big") + bytes(MAX_HEADER_BYTES),
        b"",
    ],
)
def test_what_is_no_header_is_refused(header: bytes) -> None:
    with pytest.raises(InvalidProofError):
        read_header(header)
