"""The file of the key that seals cases and operations: drawn once, readable for its owner alone."""

from __future__ import annotations

import os
import re
import secrets
from typing import TYPE_CHECKING, Final

from ledger.core.errors import ConfigurationError
from ledger.durable import OWNER, replacing, sync_folder
from ledger.vault import KEY_BYTES, Vault

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.casework import Casework

_OTHERS: Final = 0o077  # who is not the owner
_KEY: Final = re.compile(r"[0-9a-f]{64}\n?", re.ASCII)


def draw_key(path: Path) -> None:
    """Draw a key and keep it in a file that its owner alone can read, durably.

    Args:
        path: Of the file; there is none yet.

    Raises:
        ConfigurationError: It cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(path, OWNER) as file:
            file.write(secrets.token_bytes(KEY_BYTES).hex().encode() + b"\n")
        sync_folder(path.parent)
    except OSError as error:
        detail = f"The key of cases cannot be kept in {path}: {error.strerror}."
        raise ConfigurationError(detail, advice="Make the folder writable.", field="casework_key_file") from error


def known_vault(store: Casework, path: Path) -> Vault | None:
    """Give the vault by which what is kept was sealed; None if nothing was sealed yet.

    Args:
        store: Where a hash of its key is kept.
        path: Of the key's file.

    Raises:
        ConfigurationError: The key is not there, others can read it, or it is another one.
    """
    known = store.fingerprints()
    if not known:
        return None
    vault = read_vault(path)
    if vault.fingerprint not in known:
        detail = f"The key of cases in {path} is not the one by which the cases here are sealed."
        advice = "Bring the right file back, from a sealed backup or from the other server."
        raise ConfigurationError(detail, advice=advice, field="casework_key_file")
    return vault


def read_vault(path: Path) -> Vault:
    """Give the vault whose key a file holds.

    Args:
        path: 64 hexadecimal digits, readable for its owner alone.

    Raises:
        ConfigurationError: There is no such file, others can read it, or it holds no key.
    """
    try:
        with path.open("rb") as file:
            shared = os.fstat(file.fileno()).st_mode & _OTHERS
            text = file.read(KEY_BYTES * 4).decode("ascii", "replace")
    except OSError as error:
        detail = f"The key of cases cannot be read from {path}: {error.strerror}."
        advice = "Bring the file back from a sealed backup, or from the other server; nothing else opens the cases."
        raise ConfigurationError(detail, advice=advice, field="casework_key_file") from error
    if shared:
        detail = f"Others than its owner can use {path}, the key of cases."
        raise ConfigurationError(detail, advice=f"Run: chmod 600 {path}", field="casework_key_file")
    if not _KEY.fullmatch(text):
        detail = f"{path} holds no key of cases: 64 hexadecimal digits."
        raise ConfigurationError(detail, advice="Bring the right file back.", field="casework_key_file")
    return Vault(bytes.fromhex(text.strip()))
