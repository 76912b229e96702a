"""A file under a password: read anywhere in it, never believed where it was altered, cut off or put together anew.

The content is cut into chunks of 64 KiB, each under AES-256-GCM; a chunk's nonce is its number and whether it is the
last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance", 2015, section 7). The key is made of the password by scrypt with a salt of the file's
own, so that no nonce is ever used twice under one key. The header is authenticated with every chunk.

    16 bytes  what the file is, the last of them the version of the form
     1 byte   scrypt's N as a power of two
    32 bytes  salt
    chunks    up to 65,536 bytes each, and 16 bytes that authenticate it
"""

from __future__ import annotations

import io
import secrets
from hashlib import scrypt
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.core.errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

MAGIC: Final = b"lotproof-sealed\x01"
MIN_PASSWORD: Final = 8  # characters
WORK_FACTOR: Final = 17  # OWASP Password Storage Cheat Sheet: N=2^17, r=8, p=1; 128 MiB and a third of a second
_MOST_WORK: Final = 21  # a file that asks for more than 2 GiB of memory is not ours
_SCRYPT_R: Final = 8
_SALT_BYTES: Final = 32
_HEADER_BYTES: Final = len(MAGIC) + 1 + _SALT_BYTES
CHUNK: Final = 1 << 16
_TAG: Final = 16
_SEALED_CHUNK: Final = CHUNK + _TAG


class SealedWriter(io.RawIOBase):
    """Seals what is written to it. Closed without an error, the content is whole; `file` itself stays open.

    Args:
        file: Where to.
        password: At least 8 characters.
        work_factor: scrypt's N as a power of two; smaller is weaker and only for files that are worth nothing.

    Raises:
        ConfigurationError: The password is too short.
    """

    def __init__(self, file: BinaryIO, password: str, *, work_factor: int = WORK_FACTOR) -> None:
        super().__init__()
        if len(password) < MIN_PASSWORD:
            detail = f"The password is too short: {MIN_PASSWORD} characters are the least."
            raise ConfigurationError(detail, field="password")
        self._file = file
        self._header = MAGIC + bytes([work_factor]) + secrets.token_bytes(_SALT_BYTES)
        self._cipher = _cipher(password, self._header)
        self._waiting = bytearray()
        self._chunks = 0
        file.write(self._header)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: object, /) -> int:
        """Seal `content`, as far as it fills chunks."""
        added = memoryview(content).cast("B")  # type: ignore[arg-type]  # io's signature is any buffer
        self._waiting += added
        while len(self._waiting) > CHUNK:  # the last one is known as such only when it is closed
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(added)

    def finish(self) -> None:
        """Seal what is left; nothing can be written afterwards."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._chunks, last=last), chunk, self._header))
        self._chunks += 1


class SealedReader(io.RawIOBase):
    """Reads a sealed file, from anywhere in it.

    Args:
        file: The sealed file, open for reading from anywhere; stays open.
        password: Its password.

    Raises:
        InvalidInputError: It is no sealed file, the password is wrong, or its beginning is damaged.
    """

    def __init__(self, file: BinaryIO, password: str) -> None:
        super().__init__()
        self._file = file
        self._header = file.read(_HEADER_BYTES)
        body = file.seek(0, io.SEEK_END) - _HEADER_BYTES
        self._chunks = -(-body // _SEALED_CHUNK)
        if not self._header.startswith(MAGIC) or body < _TAG or not 1 <= self._header[len(MAGIC)] <= _MOST_WORK:
            raise InvalidInputError("This is no sealed file of ours, or it is cut off.", field="file")
        self._size = body - self._chunks * _TAG
        self._cipher = _cipher(password, self._header)
        self._at = 0
        self._open = (-1, b"")  # the chunk that was read last
        try:
            self._chunk(0)
        except DamagedError as error:
            raise InvalidInputError(
                "The password is wrong, or the file is damaged at its beginning.",
                advice="Check the password; if it is right, take another copy of the file.",
                field="password",
            ) from error

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go on reading from there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def readinto(self, buffer: object, /) -> int:
        """Read up to the end of the chunk.

        Raises:
            DamagedError: It was altered, or the file is cut off.
        """
        into = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # io's signature is any buffer
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, CHUNK)
        found = self._chunk(number)[start : start + len(into)]
        into[: len(found)] = found
        self._at += len(found)
        return len(found)

    def _chunk(self, number: int) -> bytes:
        if self._open[0] != number:
            self._file.seek(_HEADER_BYTES + number * _SEALED_CHUNK)
            sealed = self._file.read(_SEALED_CHUNK)
            try:
                nonce = _nonce(number, last=number == self._chunks - 1)
                self._open = (number, self._cipher.decrypt(nonce, sealed, self._header))
            except InvalidTag as error:
                raise DamagedError(f"damaged between bytes {number * CHUNK:,} and {(number + 1) * CHUNK:,}") from error
        return self._open[1]


class DamagedError(OSError):
    """A sealed file is not as it was written. An OSError, as everything that reads files expects."""


def _cipher(password: str, header: bytes) -> AESGCM:
    work = 1 << header[len(MAGIC)]
    memory = 128 * _SCRYPT_R * work + (1 << 20)  # what scrypt needs (RFC 7914, section 2), and some to spare
    salt = header[len(MAGIC) + 1 :]
    return AESGCM(scrypt(password.encode(), salt=salt, n=work, r=_SCRYPT_R, p=1, maxmem=memory, dklen=32))


def _nonce(chunk: int, *, last: bool) -> bytes:
    return chunk.to_bytes(11) + bytes([last])
