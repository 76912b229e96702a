"""Keys of this machine, encrypted at rest.

A key file is JSON under `keys/NAME.json`, mode 0600. For secp256k1 it is an Ethereum keystore (Web3 Secret Storage,
version 3) that other tools open too. For P-256 it wraps a PKCS#8 PEM; the PEM's own key derivation is far too cheap
(OpenSSL's 2,048 rounds of PBKDF2), so its passphrase is not the password but what scrypt makes of it.

Sources: Web3 Secret Storage Definition; RFC 5958 (PKCS#8); RFC 7914 (scrypt).
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from hashlib import scrypt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json

from ledger.chain.signers import (
    P256,
    SECP256K1,
    AddressSigner,
    P256Signer,
    SignedTransaction,
    Signer,
    development_signer,
)
from ledger.core.errors import ConfigurationError
from ledger.core.parts import key_id

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "P256",
    "SECP256K1",
    "AddressSigner",
    "KeyEntry",
    "P256Signer",
    "SignedTransaction",
    "Signer",
    "create",
    "development_signer",
    "encryption_key",
    "list_keys",
    "load",
]

MIN_PASSWORD: Final = 8  # characters
SCRYPT_N: Final = 1 << 17  # OWASP Password Storage Cheat Sheet: N=2^17, r=8, p=1; 128 MiB and a third of a second
_SCRYPT_R: Final = 8
_SCRYPT_LIMIT: Final = 1 << 21  # N of a file that asks for more than 2 GiB is not ours
_SALT_BYTES: Final = 32
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyEntry(NamedTuple):
    """What a key file says of itself without its password."""

    name: str
    kind: str
    signer: bytes
    key_id: bytes


def create(
    directory: Path, name: str, kind: str, password: str, *, work_factor: int = SCRYPT_N
) -> AddressSigner | P256Signer:
    """Make a key and keep it encrypted.

    Args:
        directory: Where key files are; made if absent, readable by its owner only.
        name: Letters, digits, `-` and `_`, at most 64.
        kind: `p256` or `secp256k1`.
        password: At least 8 characters.
        work_factor: scrypt's N, a power of two; smaller is weaker and only for keys that are worth nothing.

    Returns:
        The key, unlocked.

    Raises:
        ConfigurationError: The name is malformed or taken, the kind unknown, the password too short, or the file
            cannot be written.
    """
    path = _path(directory, name)
    if len(password) < MIN_PASSWORD:
        detail = f"The password is too short: {MIN_PASSWORD} characters are the least."
        raise ConfigurationError(detail, field="password")
    if kind == P256:
        signer: AddressSigner | P256Signer
        signer, secret = _seal_p256(name, password, work_factor)
    elif kind == SECP256K1:
        signer, secret = _seal_secp256k1(name, password, work_factor)
    else:
        detail = f"There is no kind of key {kind!r}."
        raise ConfigurationError(detail, advice=f"Take {P256} or {SECP256K1}.", field="kind")
    head = {"name": name, "kind": kind, "signer": _hex(signer.signer), "key_id": _hex(signer.key_id)}
    _write_new(path, json.dumps(head | secret, indent=2).encode() + b"\n")
    return signer


def load(directory: Path, name: str, password: str) -> AddressSigner | P256Signer:
    """Unlock a key.

    Args:
        directory: Where key files are.
        name: The key's name.
        password: Its password.

    Returns:
        The key, unlocked.

    Raises:
        ConfigurationError: There is no such key, others can read its file, the file is damaged, or the password wrong.
    """
    path = _path(directory, name)
    content = _read(path)
    entry = _entry(path, content)
    try:
        signer = _open_p256(name, content, password) if entry.kind == P256 else _open_secp256k1(name, content, password)
    except (AttributeError, KeyError, TypeError, ValueError, NotImplementedError, MemoryError) as error:
        raise ConfigurationError(
            f"The key {name} cannot be unlocked: the password is wrong, or its file is damaged.",
            advice=f"Check the password; if it is right, restore {path.name} from a copy.",
            field="password",
        ) from error
    if signer.signer != entry.signer:
        detail = f"The file of the key {name} names another signer than the key it holds; somebody changed it."
        raise ConfigurationError(detail, advice=f"Restore {path.name} from a copy.", field="signer")
    return signer


def encryption_key(
    directory: Path, name: str, password: str, *, work_factor: int = SCRYPT_N
) -> EllipticCurvePrivateKey:
    """Unlock the key to which messages for the holder of a signing key are sealed; made at the first need.

    It is another key than the one that signs: one key for two purposes is weaker in both.

    Args:
        directory: Where key files are.
        name: The signing key's name; this one's is the same with `-encryption` after it.
        password: The same as the signing key's.
        work_factor: scrypt's N, as for `create`.

    Raises:
        ConfigurationError: As for `create` and `load`.
    """
    own = f"{name}-encryption"
    if not _path(directory, own).exists():
        create(directory, own, P256, password, work_factor=work_factor)
    found = load(directory, own, password)
    if not isinstance(found, P256Signer):
        raise _damaged(_path(directory, own))
    return found.private


def list_keys(directory: Path) -> list[KeyEntry]:
    """List the keys of this machine without unlocking any.

    Args:
        directory: Where key files are; it need not exist.

    Returns:
        The keys by name.

    Raises:
        ConfigurationError: A file is damaged.
    """
    return [_entry(path, _read(path)) for path in sorted(directory.glob("*.json"))]


def _seal_secp256k1(name: str, password: str, work_factor: int) -> tuple[AddressSigner, dict[str, Any]]:
    private = PrivateKey()
    sealed = create_keyfile_json(
        private.secret, password.encode(), kdf="scrypt", iterations=work_factor, salt_size=_SALT_BYTES
    )
    return AddressSigner(name, private), sealed


def _open_secp256k1(name: str, content: dict[str, Any], password: str) -> AddressSigner:
    _check_work_factor(content["crypto"]["kdfparams"].get("n", 0))
    return AddressSigner(name, PrivateKey(decode_keyfile_json(content, password.encode())))


def _seal_p256(name: str, password: str, work_factor: int) -> tuple[P256Signer, dict[str, Any]]:
    private = generate_private_key(SECP256R1())
    salt = secrets.token_bytes(_SALT_BYTES)
    encryption = BestAvailableEncryption(_stretch(password, salt, work_factor))
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()
    return P256Signer(name, private), {"scrypt": {"n": work_factor, "salt": salt.hex()}, "pem": pem}


def _open_p256(name: str, content: dict[str, Any], password: str) -> P256Signer:
    passphrase = _stretch(password, bytes.fromhex(content["scrypt"]["salt"]), content["scrypt"]["n"])
    private = load_pem_private_key(content["pem"].encode(), passphrase)
    if not isinstance(private, EllipticCurvePrivateKey) or not isinstance(private.curve, SECP256R1):
        detail = "the PEM holds no P-256 key"
        raise TypeError(detail)
    return P256Signer(name, private)


def _stretch(password: str, salt: bytes, work_factor: int) -> bytes:
    """Make a passphrase that is as hard to guess as scrypt makes it."""
    _check_work_factor(work_factor)
    memory = 128 * _SCRYPT_R * work_factor + (1 << 20)  # what scrypt needs (RFC 7914, section 2), and some to spare
    derived = scrypt(password.encode(), salt=salt, n=work_factor, r=_SCRYPT_R, p=1, maxmem=memory, dklen=32)
    return derived.hex().encode()


def _check_work_factor(work_factor: int) -> None:
    if not 1 < work_factor <= _SCRYPT_LIMIT:
        detail = "scrypt's N is out of range"
        raise ValueError(detail)


def _path(directory: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        detail = (
            f"{name!r} is no name for a key: letters, digits, - and _ are taken, at most 64, a letter or digit first."
        )
        raise ConfigurationError(detail, field="name")
    return directory / f"{name}.json"


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that others cannot read, whole or not at all, never over another."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_private(temporary, content)
        try:
            # A hard link, unlike a rename, fails if the name is taken: two at once cannot overwrite each other's key.
            os.link(temporary, path)
        finally:
            temporary.unlink()
    except OSError as error:
        if path.exists():
            detail = f"There is a key named {path.stem} already; a key is never overwritten."
            raise ConfigurationError(detail, advice="Take another name.", field="name") from error
        detail = f"The key file {path} cannot be written: {error.strerror}."
        raise ConfigurationError(detail, advice="Check the data directory and its rights.", field="data_dir") from error


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_mode & _OTHERS:
            detail = f"Others on this machine can read the key file {path}."
            raise ConfigurationError(detail, advice=f"Run: chmod 600 {path}", field="name")
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        detail = f"There is no key named {path.stem} in {path.parent}."
        advice = "List the keys with `lotproof key list`, or make one with `lotproof key new NAME`."
        raise ConfigurationError(detail, advice=advice, field="name") from error
    except OSError as error:
        detail = f"The key file {path} cannot be read: {error.strerror}."
        raise ConfigurationError(detail, advice="Check its owner and rights.", field="name") from error
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(content, dict):
        raise _damaged(path)
    return content


def _entry(path: Path, content: dict[str, Any]) -> KeyEntry:
    try:
        signer = bytes.fromhex(content["signer"].removeprefix("0x"))
        entry = KeyEntry(path.stem, content["kind"], signer, key_id(signer))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error
    if entry.kind not in {P256, SECP256K1}:
        raise _damaged(path)
    return entry


def _damaged(path: Path) -> ConfigurationError:
    detail = f"The key file {path} is damaged or not one of Lotproof's."
    return ConfigurationError(detail, advice="Restore it from a copy, or move it out of the directory.", field="name")


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
