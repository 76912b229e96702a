"""The files of the scanner as `scripts/setup` builds them: which there are, of which type, in which encodings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from api.negotiation import accepted

FOLDER: Final = Path(str(resources.files("api.web"))) / "dist"
INDEX: Final = "index.html"
DESK: Final = "desk.html"
# Only what the build makes is served; the machine's own table of types differs from one to the next.
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
COPIES: Final = {"br": ".br", "gzip": ".gz"}  # content coding → suffix of the copy that the build leaves; best first
HASHED: Final = "assets/"  # names there contain a hash of the content
FOR_GOOD: Final = "public, max-age=31536000, immutable"  # a year, the longest that RFC 9111 caches are used to
ASK_AGAIN: Final = "no-cache"  # keep it, but ask whether it still stands


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One file, ready to be sent."""

    content: bytes
    headers: dict[str, str]


def find(name: str, accept_encoding: str, folder: Path) -> BuiltFile | None:
    """The file of that name, compressed if the client takes that; None if the build has no such file.

    Args:
        name: Path below the folder, with `/`.
        accept_encoding: The client's `Accept-Encoding` (RFC 9110, section 12.5.3).
        folder: Where the build lies.
    """
    path = _inside(folder, name or INDEX)
    if path is None:
        return None
    there = [coding for coding, suffix in COPIES.items() if path.with_name(path.name + suffix).is_file()]
    coding = accepted(accept_encoding, there)
    content = path.with_name(path.name + COPIES.get(coding, "")).read_bytes()
    headers = {
        "content-type": TYPES[path.suffix],
        "cache-control": FOR_GOOD if name.startswith(HASHED) else ASK_AGAIN,
        "etag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "vary": "accept-encoding",
    }
    return BuiltFile(content, headers | ({"content-encoding": coding} if coding else {}))


def _inside(folder: Path, name: str) -> Path | None:
    """The file, if it really lies in the folder, wherever `..` and links lead."""
    if "\0" in name:
        return None
    path = (folder / name).resolve()
    good = path.suffix in TYPES and path.is_relative_to(folder.resolve()) and path.is_file()
    return path if good else None
