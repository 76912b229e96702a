"""What lies sealed in the database and on the disk under a key of the installation: a copy of either reads nothing.

AES-256-GCM with a nonce drawn for each sealing (NIST SP 800-38D, section 8.2.2; by section 8.3 one key seals at most
2^32 times). What a thing is and where it stands is authenticated with it, so that nothing sealed can be put in the
place of something else.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.core.errors import ContradictionError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_FINGERPRINT: Final = b"lotproof casework key\x00"  # so that this hash is no other use of the key


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
