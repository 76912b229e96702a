"""What a folder of an export holds: the one file that says which others count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from ledger.core.errors import ConfigurationError, InvalidInputError
from ledger.durable import sync_folder, writing

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.core.structs import Domain
    from ledger.export.formats import Format

FORMAT: Final = "lotproof-export-1"
MANIFEST: Final = "manifest.json"
FOR_PEOPLE: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
Json = dict[str, Any]


@dataclass(slots=True)
class Manifest:
    """What a folder holds, as its `manifest.json` says."""

    form: Format
    tables: list[str]
    chain_id: int
    ledger: str
    parts: list[Json] = field(default_factory=list)  # of the chain's tables, ascending
    unit_parts: list[Json] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, domain: Domain, form: Format, tables: list[str]) -> Manifest:
        """The manifest of `folder`, compared with what is asked for; a new one, written, if there is none.

        Raises:
            InvalidInputError: The folder is not an export, or cannot be written.
            ConfigurationError: It is one of another ledger, format or choice of tables.
        """
        wanted = cls(form, tables, domain.chain_id, "0x" + domain.ledger.hex())
        path = folder / MANIFEST
        if not path.exists():
            if any(not each.name.startswith(".") for each in folder.iterdir()):
                advice = "Choose a new folder."
                raise InvalidInputError(f"{folder} holds something else than an export.", advice=advice, field="folder")
            wanted.save(folder)
            return wanted
        found = _loaded(path)
        for name, here in wanted._identity().items():
            if found.get(name) != here:
                raise ConfigurationError(
                    f"{folder} was made with {name} {found.get(name)}, and this run has {here}.",
                    advice="Give the same options as for the first run, or choose a new folder.",
                    field=name,
                )
        return cls(form, tables, wanted.chain_id, wanted.ledger, found["parts"], found["unit_parts"])

    @property
    def complete_to(self) -> int:
        """The last block that the parts cover; -1 if there are none."""
        return int(self.parts[-1]["last_block"]) if self.parts else -1

    def save(self, folder: Path) -> None:
        """Write it, durably.

        Raises:
            InvalidInputError: It cannot be written.
        """
        values: Json = {"format": FORMAT, **self._identity(), "complete_to": self.complete_to}
        values |= {"parts": self.parts, "unit_parts": self.unit_parts}
        with writing(folder / MANIFEST) as file:
            file.write(orjson.dumps(values, option=FOR_PEOPLE))
        sync_folder(folder)

    def _identity(self) -> Json:
        """What all runs into a folder have in common."""
        return {"form": self.form, "tables": self.tables, "chain_id": self.chain_id, "ledger": self.ledger}

    def files(self) -> set[str]:
        """The files that count, below the folder."""
        parts = [*self.parts, *self.unit_parts]
        return {f"{table}/{part['file']}" for part in parts for table, count in part["rows"].items() if count}


def _loaded(path: Path) -> Json:
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidInputError(
            f"{path} cannot be read.", advice="Export into a new folder.", field="folder"
        ) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise InvalidInputError(f"{path} is no manifest of an export.", advice="Choose a new folder.", field="folder")
    return found
