"""An export into a folder: what is there already stays, what is missing is added."""

from __future__ import annotations

import fcntl
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from ledger.core import exported
from ledger.core.errors import ContradictionError, InvalidInputError, UnavailableError
from ledger.durable import EVERYONE, OWNER, sync_folder, writing
from ledger.export import reading
from ledger.export.formats import write_json_lines, write_parquet
from ledger.export.manifest import FOR_PEOPLE, Json, Manifest
from ledger.store import indexing, pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ledger.core.exported import ExportTable
    from ledger.export.formats import Format
    from ledger.store.database import Database

Row = tuple[Any, ...]
_PART: Final = re.compile(r"(?:[0-9]{10}-)?[0-9]{12}-[0-9]{12}\.(?:jsonl|parquet)", re.ASCII)


@dataclass(slots=True)
class Exported:
    """What a run did.

    Attributes:
        complete_to: The last block that the export covers; -1 if the ledger has none.
        rows: Rows of each table that this run wrote.
        replaced_blocks: From which block on parts had to be made anew after a reorganisation; None if there was none.
    """

    complete_to: int = -1
    rows: dict[str, int] = field(default_factory=dict)
    replaced_blocks: int | None = None


def export(  # noqa: PLR0913 - what to export, by name
    db: Database,
    folder: Path,
    *,
    form: Format = "jsonl",
    tables: Sequence[str] = (),
    final: bool = True,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> Exported:
    """Write what `folder` lacks of the ledger into it.

    Args:
        db: The installation's.
        folder: Made if it is not there; else one that an earlier run made.
        form: Of the files.
        tables: Names out of `core.exported.TABLES`; none: every table of the chain.
        final: Only blocks that cannot change any more. Otherwise a later run makes anew what a reorganisation changed.
        report: Told how many rows of the blocks to be added are done, of how many.

    Returns:
        What was added.

    Raises:
        InvalidInputError: The folder is not an export, or cannot be written.
        ConfigurationError: It is one of another ledger, format or choice of tables; or pyarrow is missing.
        UnavailableError: Another run writes it, or the index has not come as far as it has.
        ContradictionError: What was exported as final is not on the chain any more.
    """
    with _held(folder):
        manifest = Manifest.of(folder, db.domain(), form, [table.name for table in reading.chosen(tables)])
        run = _Run(db, folder, manifest, report)
        run.add_blocks(final=final)
        if exported.UNIT_EVENTS.name in manifest.tables:
            run.add_unit_events()
        return run.done


class _Run:
    """One run over a folder."""

    def __init__(self, db: Database, folder: Path, manifest: Manifest, report: Callable[[int, int], None]) -> None:
        self.db, self.folder, self.manifest, self.report = db, folder, manifest, report
        self.done = Exported(manifest.complete_to)
        self._about()
        self._forget_unnamed()

    def add_blocks(self, *, final: bool) -> None:
        """Write the parts that are missing, until the newest block wanted is in one that still stands."""
        while True:
            self._drop_what_fell()
            newest = pages.newest(self.db, final=final)
            after = self.manifest.complete_to
            total, written = pages.facts_between(self.db, after, newest), 0
            for span in pages.spans(self.db, after, newest, reading.PART_FACTS):
                if not self._write(span, final=final, before=written, total=total):
                    break  # the chain reorganised under our hands
                written += span.facts
            else:
                self.done.complete_to = self.manifest.complete_to
                return

    def add_unit_events(self) -> None:
        """Write what each organisation's log has more than last time."""
        manifest, table = self.manifest, exported.UNIT_EVENTS
        reached = {part["organisation"]: part["last"] + 1 for part in manifest.unit_parts}
        for organisation, size in pages.unit_logs(self.db).items():
            for first in range(reached.get(organisation, 0), size, reading.PART_FACTS):
                last = min(first + reading.PART_FACTS, size) - 1
                name = f"{organisation:010d}-{first:012d}-{last:012d}.{manifest.form}"
                found = pages.unit_rows(self.db, organisation, first, last)
                rows = {table.name: self._file(table, name, reading.told(table, found), OWNER)}
                manifest.unit_parts.append(
                    {"file": name, "organisation": organisation, "first": first, "last": last, "rows": rows}
                )
                manifest.save(self.folder)
                self._count(rows)

    def _write(self, span: pages.Span, *, final: bool, before: int, total: int) -> bool:
        """Write one part of the chain's tables; False if it does not stand any more once it is written."""
        name = f"{max(span.first_block, 0):012d}-{span.last_block:012d}.{self.manifest.form}"
        rows: dict[str, int] = {}
        for table in reading.chosen(self.manifest.tables):
            if table is not exported.UNIT_EVENTS:
                rows[table.name] = self._file(table, name, reading.read(self.db, table, span))
                self.report(before + sum(rows.values()), total)
        if indexing.block_hash(self.db, span.last_block) != span.last_hash:
            return False
        part = {"file": name, "first_block": span.first_block, "last_block": span.last_block}
        part |= {"last_block_hash": "0x" + span.last_hash.hex(), "final": final, "rows": rows}
        self.manifest.parts.append(part)
        self.manifest.save(self.folder)
        self._count(rows)
        return True

    def _file(self, table: ExportTable, name: str, batches: Iterator[list[Row]], mode: int = EVERYONE) -> int:
        """Write one file of a part, if it has rows; how many those are."""
        first = next(batches, None)
        if first is None:
            return 0
        path = self.folder / table.name / name
        path.parent.mkdir(exist_ok=True)
        with writing(path, mode) as file:
            write = write_parquet if self.manifest.form == "parquet" else write_json_lines
            count = write(file, table, first, batches)
        sync_folder(path.parent)
        return count

    def _drop_what_fell(self) -> None:
        """Take parts back whose last block is not on the chain any more, the newest first."""
        parts = self.manifest.parts
        newest = pages.newest(self.db, final=False)
        while parts and not self._stands(parts[-1]):
            fallen = parts.pop()
            if fallen["final"] and fallen["last_block"] > newest:
                raise UnavailableError(
                    f"The export has block {fallen['last_block']:,}, and the index has only come to {newest:,}.",
                    advice="Wait until the index has caught up, then run the same command.",
                )
            if fallen["final"]:
                raise ContradictionError(
                    f"Block {fallen['last_block']:,} was exported as final and is another one now.",
                    advice="Look at what the index and the chain say of it; then export into a new folder.",
                )
            self.done.replaced_blocks = fallen["first_block"]
            self.manifest.save(self.folder)
        self._forget_unnamed()

    def _stands(self, part: Json) -> bool:
        found = indexing.block_hash(self.db, part["last_block"])
        return found is not None and "0x" + found.hex() == part["last_block_hash"]

    def _forget_unnamed(self) -> None:
        """Remove parts that no manifest names: what a run that was stopped left, or a reorganisation."""
        named = self.manifest.files()
        for name in self.manifest.tables:
            for path in (self.folder / name).glob("*"):
                if f"{name}/{path.name}" not in named and _PART.fullmatch(
                    path.name.removeprefix(".").removesuffix(".half")
                ):
                    path.unlink()

    def _about(self) -> None:
        """What explains the files, to programs and to people."""
        described = orjson.dumps(exported.described(), option=FOR_PEOPLE)
        for name, content in (("schema.json", described), ("README.md", _readme(self.manifest).encode())):
            path = self.folder / name
            if not path.exists() or path.read_bytes() != content:
                with writing(path) as file:
                    file.write(content)

    def _count(self, rows: dict[str, int]) -> None:
        for name, count in rows.items():
            self.done.rows[name] = self.done.rows.get(name, 0) + count


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep other runs off a folder; a killed one lets go by itself."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("wb")
    except OSError as error:
        raise InvalidInputError(f"{folder} cannot be written: {error.strerror}.", field="folder") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UnavailableError(f"Another run writes {folder}.", advice="Wait until it has ended.") from error
        yield


def _readme(manifest: Manifest) -> str:
    return f"""# Export of a ledger

Ledger {manifest.ledger} on chain {manifest.chain_id}, written by `lotproof export`. A folder for each table, in it a
{manifest.form} file for each range of blocks that has rows. `manifest.json` names the files that count: a file that it
does not name is the rest of a run that was stopped. `complete_to` is the last block covered. Run the same command again
to add what came since. `schema.json` says the same as below for programs.

Hashes and identifiers are 0x and lower-case hexadecimal digits; GTIN, SSCC and GLN are text; times are UTC.

{exported.columns_page()}"""
