"""Backing up what the chain cannot tell again, and bringing it back: one file, made while everything runs.

A backup is a ZIP archive of parts, inside a sealed file unless it was asked for in plain. Each table is a part, all as
of one state of the database; then come the files, of which those that a row names were written before it. The last part
is the manifest: what the backup belongs to, and length and SHA-256 of every other part. docs/decisions/0027 tells why.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from ledger.core.errors import ConfigurationError, InvalidInputError, UnavailableError
from ledger.durable import OWNER, replacing, sync_folder, writing
from ledger.sealed import CHUNK, MAGIC, WORK_FACTOR, DamagedError, SealedReader, SealedWriter
from ledger.store import notes, tables
from ledger.store.database import open_database
from ledger.store.schema import LASTING, REVISION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ledger.config import Settings
    from ledger.store.database import Database, Installation
    from ledger.store.tables import Table

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
FOLDERS: Final = ("units", "reports", "receipts", "evidence")
KEYS: Final = "keys"
SINGLES: Final = ("document-salts.secret", "snapshot.key")
SEALED_SINGLES: Final = ("casework.key",)  # opens what lies sealed: only in a backup that is sealed itself
UNFINISHED: Final = "restore-unfinished"  # in the data directory while a backup is being brought back
ENDING: Final = ".backup"
_PIECE: Final = 1 << 20  # bytes read at once
_MOST_MANIFEST: Final = 256 << 20  # bytes: a million files have 150 MB of it
_IN_A_FOLDER: Final = r"(?:units|reports|receipts|evidence|keys)/[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}"
_FILE: Final = re.compile(f"files/(?:{_IN_A_FOLDER}|{'|'.join(map(re.escape, (*SINGLES, *SEALED_SINGLES)))})")
_NAME: Final = re.compile(r"lotproof-\d{8}T\d{6}Z\.backup")
_ANOTHER: Final = "Take another copy of the backup, or an older backup."


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a backup."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        made_at: Unix seconds.
        version: Of the program that made it.
        schema: The tables' revision.
        chain_id: Of the ledger that it belongs to; 0 with the two others if there was none yet.
        ledger: The contract's address, `0x…`.
        code_hash: keccak256 of the contract's code, `0x…`.
        rows: How many rows each table had.
        parts: Every other part.
    """

    made_at: int
    version: str
    schema: str
    chain_id: int
    ledger: str
    code_hash: str
    rows: dict[str, int]
    parts: tuple[Part, ...]

    def to_json(self) -> dict[str, Any]:
        """As it stands in the archive."""
        parts = [{"name": part.name, "bytes": part.bytes, "sha256": part.sha256} for part in self.parts]
        own = {name: getattr(self, name) for name in self.__slots__ if name != "parts"}
        return {"format": FORMAT, **own, "parts": parts}

    def files(self) -> list[Part]:
        """The parts that are files of the data directory."""
        return [part for part in self.parts if part.name.startswith("files/")]


def name_at(now: int) -> str:
    """What a backup made at `now` is called in a folder of backups."""
    return f"lotproof-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}{ENDING}"


def make(  # noqa: PLR0913 - what a backup is made of, by name
    db: Database,
    settings: Settings,
    target: Path,
    password: str | None,
    *,
    now: int,
    keys: bool = False,
    work_factor: int = WORK_FACTOR,
) -> Manifest:
    """Make a backup; it is durable when this returns, and there is none if it fails.

    Args:
        db: The installation's database. Whatever works on it goes on.
        settings: Where its files are.
        target: The file to write.
        password: To seal it under; None leaves it readable for everybody who gets hold of it, but for cases and
            operations, whose key is then not in it.
        now: Unix seconds.
        keys: Whether the key files are in it.
        work_factor: As of `SealedWriter`.

    Raises:
        InvalidInputError: `target` cannot be written.
        UnavailableError: The database or a file cannot be read.
    """
    with writing(target, OWNER) as file:
        if password is None:
            manifest = _write(db, settings, file, now, keys=keys, sealed=False)
        else:
            with SealedWriter(file, password, work_factor=work_factor) as sealed:
                manifest = _write(db, settings, cast("BinaryIO", sealed), now, keys=keys, sealed=True)
    sync_folder(target.parent)
    notes.Notes(db).put({notes.BACKUP: target.name}, now)
    return manifest


def rotate(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups of a folder, as `name_at` names them; give those removed.

    Raises:
        UnavailableError: One cannot be removed.
    """
    found = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    old = found[:-keep]
    try:
        for path in old:
            path.unlink()
    except OSError as error:
        raise UnavailableError(f"An old backup cannot be removed: {error.strerror}.", advice="Remove it.") from error
    return old


class Archive:
    """A backup, opened for reading.

    Args:
        file: Of the backup; stays open.
        password: What it was sealed under; None if it is plain.

    Raises:
        InvalidInputError: It is no backup, damaged, of another version, or the password is wrong.
    """

    def __init__(self, file: BinaryIO, password: str | None) -> None:
        readable = file if password is None else io.BufferedReader(SealedReader(file, password), CHUNK)
        with _naming("the table of contents"):
            self._zip = zipfile.ZipFile(readable)
        with _naming(MANIFEST), self._zip.open(MANIFEST) as part:
            self.manifest = _manifest(json.loads(part.read(_MOST_MANIFEST)))

    def check(self) -> None:
        """Read everything and compare it with the manifest.

        Raises:
            InvalidInputError: A part is damaged, missing or one too many.
        """
        listed = {part.name for part in self.manifest.parts}
        tables_listed = {name for name in listed if not name.startswith("files/")}
        if tables_listed != {_part_of(table) for table in LASTING}:
            raise _damaged("the manifest", "it does not list the tables of this version")
        if strange := {*self._zip.namelist()} ^ {*listed, MANIFEST}:
            raise _damaged(min(strange), "it is missing or one too many")
        for part in self.manifest.parts:
            with _naming(part.name):
                found, length = hashlib.sha256(), 0
                for piece in self.pieces(part.name):
                    found.update(piece)
                    length += len(piece)
            if (length, found.hexdigest()) != (part.bytes, part.sha256):
                raise _damaged(part.name, "its content is not what was backed up")

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of a part, a piece at a time."""
        with self._zip.open(name) as part:
            while piece := part.read(_PIECE):
                yield piece

    def lines(self, table: Table) -> Iterator[bytes]:
        """The rows of a table, as `ledger.store.tables` writes them."""
        with self._zip.open(_part_of(table)) as part:
            yield from part


def is_sealed(path: Path) -> bool:
    """Whether a backup asks for a password.

    Raises:
        InvalidInputError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field="file") from error


def restore(archive: Archive, settings: Settings) -> Manifest:
    """Bring a backup back into an installation that has nothing yet. Everything is checked first.

    Killed at any point, the same command again completes it; until then the installation does not start. If it fails,
    all is as it was.

    Args:
        archive: The backup.
        settings: Of the installation; its database may be of another engine than the one that was backed up.

    Raises:
        InvalidInputError: The backup is damaged; the part is named.
        ConfigurationError: The installation is not empty, or is set up for another ledger.
        UnavailableError: The disk or the database refuses.
    """
    archive.check()
    manifest = archive.manifest
    _require_same_ledger(settings, manifest)
    db = open_database(settings.database_url)
    marker = settings.data_dir / UNFINISHED
    try:
        begun = marker.exists() and marker.read_text(encoding="ascii") == _identity(manifest)
        if begun and tables.filled(db):  # the tables come last and all at once: only the marker is left to remove
            marker.unlink()
            return manifest
        _require_empty(db, settings, manifest)
        _bring_back(archive, db, settings, marker)
    finally:
        db.close()
    return manifest


def require_whole(settings: Settings) -> None:
    """Refuse an installation into which a backup was brought back only in part.

    Raises:
        ConfigurationError: It is one.
    """
    if (settings.data_dir / UNFINISHED).exists():
        detail = f"A backup was not brought back completely into {settings.data_dir}."
        advice = "Run the same `lotproof restore` again: it goes on where it was stopped."
        raise ConfigurationError(detail, advice=advice, field="data_dir")


# ---- writing ----


def _write(db: Database, settings: Settings, file: BinaryIO, now: int, *, keys: bool, sealed: bool) -> Manifest:  # noqa: PLR0913 - what a backup is made of, by name
    parts: list[Part] = []
    rows: dict[str, int] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with db.snapshot() as connection:
            installation = db.installation()
            for table in LASTING:
                counted = _Counted(tables.lines(connection, table))
                parts.append(_add(archive, _part_of(table), counted))
                rows[table.name] = counted.number
        for name, path in _files(settings, keys=keys, sealed=sealed):
            with path.open("rb") as content:
                parts.append(_add(archive, name, iter(lambda content=content: content.read(_PIECE), b"")))  # type: ignore[misc]  # a default binds the file of this turn
        manifest = _describe(installation, now, rows, parts)
        archive.writestr(MANIFEST, json.dumps(manifest.to_json(), indent=1))
    return manifest


class _Counted:
    """Passes on what it is made of, and counts it."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.number = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.number += 1
            yield line


def _describe(installation: Installation | None, now: int, rows: dict[str, int], parts: list[Part]) -> Manifest:
    chain_id, ledger, code_hash = installation or (0, b"", b"")
    return Manifest(
        now, version("lotproof"), REVISION, chain_id, f"0x{ledger.hex()}", f"0x{code_hash.hex()}", rows, tuple(parts)
    )


def _add(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> Part:
    found, length = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as part:
        for piece in pieces:
            part.write(piece)
            found.update(piece)
            length += len(piece)
    return Part(name, length, found.hexdigest())


def _files(settings: Settings, *, keys: bool, sealed: bool) -> Iterator[tuple[str, Path]]:
    """Every file that belongs in a backup, with its part's name; what is still being written has a hidden name."""
    for folder in (*FOLDERS, KEYS) if keys else FOLDERS:
        for path in sorted((settings.data_dir / folder).glob("[!.]*")):
            name = f"files/{folder}/{path.name}"
            if path.is_file() and _FILE.fullmatch(name):
                yield name, path
    for name in (*SINGLES, *SEALED_SINGLES) if sealed else SINGLES:
        if (settings.data_dir / name).exists():
            yield f"files/{name}", settings.data_dir / name


def _part_of(table: Table) -> str:
    return f"tables/{table.name}.jsonl"


# ---- reading ----


def _manifest(value: Any) -> Manifest:  # noqa: ANN401 - JSON
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise InvalidInputError(
            f"This backup has the form {value.get('format') if isinstance(value, dict) else '?'}; "
            f"this version of Lotproof reads form {FORMAT}.",
            advice="Use the version that made it.",
            field="file",
        )
    parts = tuple(Part(str(one["name"]), int(one["bytes"]), str(one["sha256"])) for one in value["parts"])
    manifest = Manifest(**{name: value[name] for name in Manifest.__slots__ if name != "parts"}, parts=parts)
    if manifest.schema != REVISION:
        raise InvalidInputError(
            f"This backup has tables of revision {manifest.schema}, this version of Lotproof those of {REVISION}.",
            advice=f"Restore it with Lotproof {manifest.version}, then upgrade.",
            field="file",
        )
    if wrong := [part.name for part in manifest.files() if not _FILE.fullmatch(part.name)]:
        raise _damaged(wrong[0][:80], "no file of an installation has such a name")
    return manifest


@contextmanager
def _naming(part: str) -> Iterator[None]:
    """Say which part cannot be read."""
    try:
        yield
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError, NotImplementedError) as error:
        raise _damaged(part, str(error) if isinstance(error, DamagedError) else "it cannot be read") from error


def _damaged(part: str, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"The backup is damaged at {part}: {why}.", advice=f"Nothing was changed. {_ANOTHER}", field="file", part=part
    )


# ---- bringing back ----


def _require_same_ledger(settings: Settings, manifest: Manifest) -> None:
    named = settings.ledger_address.lower()
    pairs = (("chain_id", settings.chain_id or manifest.chain_id), ("ledger_address", named or manifest.ledger))
    for (field, wanted), found in zip(pairs, (manifest.chain_id, manifest.ledger), strict=True):
        if wanted != found:
            raise ConfigurationError(
                f"The backup belongs to {field} {found}, but the settings name {wanted}.",
                advice=f"Mend LOTPROOF_{field.upper()}, or take the backup of that ledger.",
                field=field,
            )


def _require_empty(db: Database, settings: Settings, manifest: Manifest) -> None:
    """Only a tie to the same ledger, and files that are the backup's own, may be there already."""
    filled = [name for name in tables.filled(db) if name != "installation"]
    installation = db.installation()
    if installation is not None and f"0x{installation.ledger.hex()}" != manifest.ledger:
        filled.append(f"the ledger 0x{installation.ledger.hex()}")
    for part in manifest.files():
        path = _place(settings, part)
        if path.exists() and _hash_of(path) != part.sha256:
            filled.append(str(path))
    if filled:
        raise ConfigurationError(
            f"This installation is not empty: it has {', '.join(filled[:5])}.",
            advice="Restore into a new data directory (--data) and, with PostgreSQL, a new database.",
            field="data_dir",
        )


def _bring_back(archive: Archive, db: Database, settings: Settings, marker: Path) -> None:
    """Files first, then all tables in one transaction."""
    made: list[Path] = []
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_file(marker, [_identity(archive.manifest).encode()])
        made.append(marker)
        for part in archive.manifest.files():
            path = _place(settings, part)
            if not path.exists():
                path.parent.mkdir(mode=0o700, exist_ok=True)
                _write_file(path, archive.pieces(part.name))
                made.append(path)
        _fill(archive, db)
    except BaseException as error:
        if isinstance(error, UnavailableError) and not _is_empty(db):
            raise  # the connection was lost while all was being committed: the next run will see whether it was
        for path in reversed(made):
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            detail = f"The data directory cannot be written: {error.strerror or error}."
            raise UnavailableError(detail, advice="Nothing was changed. Make room, then run it again.") from error
        raise
    marker.unlink()
    sync_folder(settings.data_dir)


def _is_empty(db: Database) -> bool:
    """Whether the database is known to have nothing."""
    try:
        return not tables.filled(db)
    except UnavailableError:
        return False


def _fill(archive: Archive, db: Database) -> None:
    with db.transaction() as connection:
        tied = db.installation() is not None
        for table in LASTING:
            if table.name == "installation" and tied:
                continue
            with _naming(_part_of(table)):
                try:
                    loaded = tables.load(connection, table, archive.lines(table))
                except db.conflict as error:
                    raise ValueError("its rows do not fit each other") from error
            if loaded != archive.manifest.rows[table.name]:
                raise _damaged(_part_of(table), "it has another number of rows than it says")
        notes.Notes(db).put({notes.BACKUP: "restored"}, archive.manifest.made_at)


def _place(settings: Settings, part: Part) -> Path:
    return settings.data_dir / part.name.removeprefix("files/")


def _write_file(path: Path, pieces: Iterable[bytes]) -> None:
    with replacing(path, OWNER) as file:
        for piece in pieces:
            file.write(piece)
    sync_folder(path.parent)


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _identity(manifest: Manifest) -> str:
    return hashlib.sha256(json.dumps(manifest.to_json(), sort_keys=True).encode()).hexdigest()
