"""The key with which an installation signs its snapshots: made at first need, and used without anybody at hand.

It stands unencrypted, for the owner's eyes only, because a server that starts by itself has no password to ask for. So
little hangs on it that this is right: see docs/decisions/0020-snapshots-signed-by-the-installation.md.
"""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from ledger.chain.signers import P256Signer
from ledger.core.errors import ConfigurationError
from ledger.durable import OWNER, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = "snapshot.key"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def snapshot_key(folder: Path) -> P256Signer:
    """Give the key of this installation, making it if there is none.

    Args:
        folder: The data directory.

    Raises:
        ConfigurationError: The file is damaged, readable by others, or cannot be written.
    """
    path = folder / NAME
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & _OTHERS:
            detail = f"Others on this machine can read the key {path}."
            raise ConfigurationError(detail, advice=f"Run: chmod 600 {path}", field="data_dir")
        private = load_der_private_key(path.read_bytes(), None)
    except OSError as error:
        detail = f"The key {path} cannot be read or written: {error.strerror}."
        raise ConfigurationError(detail, advice="Check the data directory and its rights.", field="data_dir") from error
    except (TypeError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(private, EllipticCurvePrivateKey) or not isinstance(private.curve, SECP256R1):
        raise _damaged(path)
    return P256Signer("snapshot", private)


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; if another process was first, its key stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    private = generate_private_key(SECP256R1())
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER)
        with os.fdopen(descriptor, "wb") as file:
            file.write(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        os.link(half, path)  # fails if the name is taken
    except FileExistsError:
        pass
    finally:
        half.unlink(missing_ok=True)
    sync_folder(path.parent)


def _damaged(path: Path) -> ConfigurationError:
    advice = "Restore it from a copy; or remove it, and every phone must be told to trust the new key."
    return ConfigurationError(f"The key {path} is damaged or no P-256 key.", advice=advice, field="data_dir")
