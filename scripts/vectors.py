"""Write the typed-data vectors that Python, Solidity and JavaScript are held to.

    python scripts/vectors.py [FILE [FILE OF UNIT EVENTS]]

Nothing here is taken from Lotproof: the type strings are written out once more, eth-account hashes and signs, and
cryptography makes the P-256 signatures. Numbers are decimal strings, because JSON readers lose those beyond 2**53.
The keys are published ones (Anvil's and Hardhat's first account; RFC 6979, A.2.5): they must never hold anything.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

Fields = dict[str, Any]

FILE: Final = Path(__file__).resolve().parents[1] / "tests/vectors/typed_data.json"
UNIT_FILE: Final = FILE.with_name("unit_events.json")
P256_ORDER: Final = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551  # FIPS 186-4, D.1.2.3
NOTHING: Final = bytes(32)
FULL: Final = b"\xff" * 32
UNIX_END: Final = 2**40 - 1

TYPES: Final = {
    text.partition("(")[0]: text
    for text in (
        (
            "BatchRegistration(uint32 manufacturer,uint64 gtin,string lot,uint8 productClass,uint32 quantity,"
            "uint32 manufactured,uint32 expiry,bytes32 unitRoot,bytes32 details)"
        ),
        (
            "CustodyEvent(bytes32 consignment,bytes32 previous,uint32 actor,uint8 kind,uint40 occurredAt,"
            "uint32 counterparty,uint32 quantity,bytes5 place,bytes32 parts,bytes32 details)"
        ),
        "Bundle(uint32 actor,uint32 count,bytes32 digests)",
        "Anchor(uint32 organisation,uint64 count,bytes32 root,bytes32 previous)",
        (
            "Accreditation(uint32 authority,uint32 organisation,uint64 sequence,string name,bytes2 country,uint64 gln,"
            "uint8 roles,bytes32 prefixes,bytes adminKey)"
        ),
        "Suspension(uint32 authority,uint32 organisation,uint64 sequence,bool suspended)",
        "KeyAddition(uint32 organisation,bytes signer,uint8 purposes,uint40 validFrom,uint40 validUntil)",
        "KeyEnding(uint32 actor,bytes32 key,uint40 doubtSince)",
    )
}

# Signed for the same domain, and kept in logs: the contract does not know it.
LOGGED_TYPES: Final = {
    "UnitEvent": (
        "UnitEvent(uint32 actor,uint8 kind,uint64 gtin,string lot,string serial,uint40 occurredAt,bytes5 place,"
        "bytes32 previous,bytes32 details)"
    ),
}
_ALL_TYPES: Final = TYPES | LOGGED_TYPES

DOMAINS: Final = {
    "development": {"chainId": 31337, "verifyingContract": "0x5fbdb2315678afecb367f032d93f642f64180aa3"},
    "main network": {"chainId": 1, "verifyingContract": "0x" + "ff" * 20},
    "chain id beyond 2**53": {"chainId": 2**53 + 1, "verifyingContract": "0x" + "0" * 35 + "f00d5"},
}

ACCOUNT: Final = Account.from_key("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
PHONE_SCALAR: Final = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
PHONE: Final = derive_private_key(PHONE_SCALAR, SECP256R1())
ADDRESS: Final = bytes.fromhex(ACCOUNT.address[2:])
POINT: Final = PHONE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


def _hash(text: str) -> bytes:
    return bytes(keccak(text=text))


def _members(name: str) -> list[dict[str, str]]:
    declarations = _ALL_TYPES[name].partition("(")[2].removesuffix(")").split(",")
    return [dict(zip(("type", "name"), declaration.split(" "), strict=True)) for declaration in declarations]


def _all_ones(kind: str) -> object:
    """Give the largest value of a type; texts and bytes have none."""
    if kind.startswith("uint"):
        return 2 ** int(kind.removeprefix("uint")) - 1
    if kind == "bool":
        return True
    return b"\xff" * int(kind.removeprefix("bytes")) if kind.removeprefix("bytes") else b""


def _all_zero(kind: str) -> object:
    if kind.startswith("uint"):
        return 0
    if kind == "bool":
        return False
    return bytes(int(kind.removeprefix("bytes") or 0))


def _extremes(name: str, least: Fields, most: Fields) -> dict[str, Fields]:
    """Give the two ends of a type: every field at its least, every field at its most."""
    zero = {member["name"]: _all_zero(member["type"]) for member in _members(name) if member["name"] not in least}
    ones = {member["name"]: _all_ones(member["type"]) for member in _members(name) if member["name"] not in most}
    return {"everything zero": zero | least, "everything at its largest": ones | most}


REGISTRATION: Final[Fields] = {
    "manufacturer": 2,
    "gtin": 5_412_345_000_013,
    "lot": "AB1234",
    "productClass": 1,
    "quantity": 100_000,
    "manufactured": 20260105,
    "expiry": 20280131,
    "unitRoot": _hash("units"),
    "details": _hash("product document"),
}
EVENT: Final[Fields] = {
    "consignment": _hash("consignment"),
    "previous": _hash("head"),
    "actor": 2,
    "kind": 1,
    "occurredAt": 1_780_000_000,
    "counterparty": 3,
    "quantity": 100_000,
    "place": b"BEBRU",
    "parts": NOTHING,
    "details": _hash("EPCIS event"),
}
UNIT: Final[Fields] = {
    "actor": 4,
    "kind": 2,
    "gtin": 5_412_345_000_013,
    "lot": "AB1234",
    "serial": "S7K2M9",
    "occurredAt": 1_780_000_000,
    "place": b"SGSIN",
    "previous": NOTHING,
    "details": NOTHING,
}
ACCREDITATION: Final[Fields] = {
    "authority": 1,
    "organisation": 0,
    "sequence": 0,
    "name": "Example Vaccines NV",
    "country": b"BE",
    "gln": 5_412_345_000_006,
    "roles": 1,
    "prefixes": bytes(keccak((10**7 + 5_412_345).to_bytes(32, "big"))),
    "adminKey": ADDRESS,
}
SUSPENSION: Final[Fields] = {"authority": 1, "organisation": 2, "sequence": 7, "suspended": True}
ADDITION: Final[Fields] = {
    "organisation": 2,
    "signer": POINT,
    "purposes": 1,
    "validFrom": 1_780_000_000,
    "validUntil": 1_811_536_000,
}
ENDING: Final[Fields] = {"actor": 2, "key": bytes(keccak(POINT)), "doubtSince": 1_780_000_000}

ORDINARY: Final[dict[str, Fields]] = {
    "BatchRegistration": REGISTRATION,
    "CustodyEvent": EVENT,
    "Bundle": {"actor": 2, "count": 40, "digests": _hash("digests")},
    "Anchor": {"organisation": 4, "count": 1000, "root": _hash("root"), "previous": _hash("accumulator")},
    "Accreditation": ACCREDITATION,
    "Suspension": SUSPENSION,
    "KeyAddition": ADDITION,
    "KeyEnding": ENDING,
}

EDGES: Final[dict[str, dict[str, Fields]]] = {
    "BatchRegistration": {
        **_extremes("BatchRegistration", {"lot": ""}, {"lot": "zzzzzzzzzzzzzzzzzzzz"}),
        "lot of one character": REGISTRATION | {"lot": "7"},
        "lot of twenty characters with both quotes": REGISTRATION | {"lot": "!\"%&'()*+,-./:;<=>?_"},
        "lot that reads as a number": REGISTRATION | {"lot": "0012"},
        "lot that reads as hexadecimal digits": REGISTRATION | {"lot": "0x00ff"},
        "neither serialised nor documented": REGISTRATION
        | {"manufactured": 0, "unitRoot": NOTHING, "details": NOTHING},
        "GTIN of fourteen nines": REGISTRATION | {"gtin": 99_999_999_999_999},
    },
    "CustodyEvent": {
        **_extremes("CustodyEvent", {}, {}),
        "split with parts": EVENT | {"kind": 5, "counterparty": 0, "parts": _hash("children")},
        "pack without consignment": EVENT
        | {"kind": 6, "counterparty": 0, "consignment": NOTHING, "previous": NOTHING, "parts": _hash("pallet")},
        "hold that names a sequence": EVENT
        | {"kind": 9, "counterparty": 0, "quantity": 0, "previous": (3).to_bytes(32, "big"), "place": b"SG2IN"},
        "recall without a place": EVENT | {"kind": 12, "counterparty": 0, "quantity": 0, "place": bytes(5)},
        "correction": EVENT | {"kind": 15, "counterparty": 0, "quantity": 0, "place": bytes(5), "previous": FULL},
    },
    "Bundle": _extremes("Bundle", {}, {}),
    "Anchor": _extremes("Anchor", {}, {}),
    "Accreditation": {
        **_extremes("Accreditation", {"name": ""}, {"name": "\U0010ffff" * 40}),
        "name in four scripts": ACCREDITATION | {"name": "Ægir Vakcíny „Žilina“ · Вакцина · วัคซีน · 疫苗 💉"},
        "name with an accent of its own": ACCREDITATION | {"name": "Sante\u0301"},
        "name with an accented letter": ACCREDITATION | {"name": "Sant\u00e9"},
        "name with quotes, backslash and line end": ACCREDITATION | {"name": 'The "Best" \\ Vaccine\n'},
        "amendment that keeps the keys": ACCREDITATION | {"organisation": 2, "sequence": 12, "adminKey": b""},
        "admin key on P-256": ACCREDITATION | {"adminKey": POINT},
    },
    "Suspension": {**_extremes("Suspension", {}, {}), "reinstated": SUSPENSION | {"suspended": False}},
    "KeyAddition": {
        **_extremes("KeyAddition", {"signer": b""}, {"signer": b"\xff" * 64}),
        "an address, for ever": ADDITION | {"signer": ADDRESS, "purposes": 5, "validFrom": 0, "validUntil": 0},
        "a label key to the end of time": ADDITION | {"purposes": 2, "validUntil": UNIX_END},
        "signer of one word": ADDITION | {"signer": b"\x80" + bytes(31)},
        "signer of zeros": ADDITION | {"signer": bytes(64)},
    },
    "KeyEnding": {**_extremes("KeyEnding", {}, {}), "not in doubt": ENDING | {"doubtSince": 0}},
}


def _json(value: object) -> object:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _p256_signature(digest: bytes) -> bytes:
    """Sign the digest's 32 bytes by ECDSA-SHA256 (RFC 6979 nonces, low s)."""
    r, s = decode_dss_signature(PHONE.sign(digest, ECDSA(SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")


def _case(name: str, kind: str, domain: str, message: Fields) -> dict[str, Any]:
    full_domain = {"name": "Lotproof", "version": "1"} | DOMAINS[domain]
    signable = encode_typed_data(full_domain, {kind: _members(kind)}, message)
    digest = bytes(keccak(b"\x19" + signable.version + signable.header + signable.body))
    return {
        "name": f"{kind}, {domain}: {name}",
        "domain": {key: _json(value) for key, value in full_domain.items()},
        "type": kind,
        "message": {member["name"]: _json(message[member["name"]]) for member in _members(kind)},
        "type_hash": _json(_hash(_ALL_TYPES[kind])),
        "domain_separator": _json(signable.header),
        "struct_hash": _json(signable.body),
        "digest": _json(digest),
        "signatures": [
            {"signer": _json(ADDRESS), "signature": _json(bytes(ACCOUNT.sign_message(signable).signature))},
            {"signer": _json(POINT), "signature": _json(_p256_signature(digest))},
        ],
    }


def vectors() -> dict[str, Any]:
    """Compute every case.

    Returns:
        What the file holds.
    """
    cases = [_case("ordinary", kind, domain, message) for kind, message in ORDINARY.items() for domain in DOMAINS]
    cases += [_case(name, kind, "development", message) for kind in EDGES for name, message in EDGES[kind].items()]
    return {
        "about": "EIP-712 vectors of Lotproof, written by scripts/vectors.py with eth-account and cryptography. "
        "Numbers are decimal strings, bytes are 0x and hexadecimal digits. A P-256 key signs sha256(digest).",
        "development_keys": {
            "warning": "Published keys: Anvil's and Hardhat's first account, and RFC 6979 A.2.5. Never use them.",
            "secp256k1": {"private": _json(bytes(ACCOUNT.key)), "signer": _json(ADDRESS)},
            "p256": {"private": _json(PHONE_SCALAR.to_bytes(32, "big")), "signer": _json(POINT)},
        },
        "types": {name: _members(name) for name in TYPES},
        "count": len(cases),
        "cases": cases,
    }


UNIT_EDGES: Final[dict[str, Fields]] = {
    **_extremes("UnitEvent", {"lot": "", "serial": ""}, {"lot": "z" * 20, "serial": "_" * 20}),
    "an UNDO names the DISPENSE": UNIT | {"kind": 3, "previous": _hash("dispense")},
    "every sign a serial number may have": UNIT | {"serial": "!\"%&'()*+,-./:;<=>?_"},
    "a sample of its maker, with a document": UNIT | {"actor": 2, "kind": 5, "details": _hash("EPCIS event")},
}


def unit_vectors() -> dict[str, Any]:
    """Compute every case of events about single packs, and the hash of each in the log of its organisation.

    Returns:
        What the file holds.
    """
    cases = [_case("ordinary", "UnitEvent", domain, UNIT) for domain in DOMAINS]
    cases += [_case(name, "UnitEvent", "development", message) for name, message in UNIT_EDGES.items()]
    for case in cases:
        for signed in case["signatures"]:
            digest, signer, signature = (
                bytes.fromhex(text[2:]) for text in (case["digest"], signed["signer"], signed["signature"])
            )
            entry = digest + bytes(keccak(signer)) + signature
            signed["leaf"] = _json(sha256(b"\x00" + entry).digest())  # RFC 6962, section 2.1
    return {
        "about": "EIP-712 vectors of Lotproof's events about single packs, which no contract knows. "
        "leaf = sha256(0x00 || digest || keccak256(signer) || signature).",
        "types": {name: _members(name) for name in LOGGED_TYPES},
        "count": len(cases),
        "cases": cases,
    }


def main() -> None:
    """Write the files."""
    named = [Path(argument) for argument in sys.argv[1:]]
    for file, written in zip(named or (FILE, UNIT_FILE), (vectors(), unit_vectors()), strict=False):
        file.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
        print(f"{file}: {len(written['cases'])} cases")


if __name__ == "__main__":
    main()
