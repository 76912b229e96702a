"""What lies sealed in the database and on the disk under a key of the installation, so that a copy of either reads nothing.

AES-256-GCM with a nonce drawn for each sealing (NIST SP 800-38D, section 8.2.2; by section 8.3 one key seals at most
2^32 times). What a thing is and where it stands is authenticated with it, so that nothing sealed can be put in the
place of something else.
"""

from __future__ import annotations

import os
import re
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.core.errors import ConfigurationError, ContradictionError
from ledger.durable import OWNER, replacing, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_FINGERPRINT: Final = b"lotproof casework key\x00"  # so that this hash is no other use of the key
_OTHERS: Final = 0o077  # who is not the owner
_KEY: Final = re.compile(r"[0-9a-f]{64}\n?", re.ASCII)


class Vault:
    """Seals and opens. Safe to share between threads.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.fingerprint = sha256(_FINGERPRINT + key).digest()  # tells which key it is, and nothing of it

    def seal(self, content: bytes, about: bytes) -> bytes:
        """Seal `content`.

        Args:
            content: What is to be sealed.
            about: What it is and where it stands; whoever opens it must say the same.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Open what `seal` gave.

        Raises:
            ContradictionError: It was altered, or belongs somewhere else.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError) as error:
            raise ContradictionError(
                f"What is kept as {about.decode()} was altered, or is not what belongs there.",
                advice="Keep the data as they are, restore a backup beside them, and compare the two.",
            ) from error


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
