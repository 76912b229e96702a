"""What an organisation's own machine remembers of the log that a server keeps for it: one small file.

It is written whole before what it tells of goes on: what was taken in, and which anchor was signed last. Losing it
loses no statement, only the means to notice that a server dropped one before it was anchored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ledger.core.errors import ConfigurationError
from ledger.core.log_watch import Head, Receipt
from ledger.durable import replacing, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.core.structs import Domain


@dataclass(frozen=True, slots=True)
class Dispensed:
    """A DISPENSE of one's own, by which it can be undone."""

    digest: bytes
    gtin: str
    serial: str
    place: str
    occurred_at: int  # Unix seconds


@dataclass(slots=True)
class Receipts:
    """What is remembered of one log.

    Args:
        path: The file.
        signed: The head that was anchored last, by this machine.
        digest: Of that anchor; empty if there is none.
        open: Of statements that no anchor covers yet.
        dispensed: The packs that were dispensed and may still be undone.
    """

    path: Path
    signed: Head | None = None
    digest: bytes = b""
    open: list[Receipt] = field(default_factory=list)
    dispensed: list[Dispensed] = field(default_factory=list)

    def save(self) -> None:
        """Write it whole, durably, or leave the file as it was."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path) as file:
            file.write(json.dumps(self._content(), indent=1).encode())
        sync_folder(self.path.parent)

    def _content(self) -> dict[str, Any]:
        return {
            "signed": None if self.signed is None else [self.signed.size, self.signed.root.hex()],
            "digest": self.digest.hex(),
            "open": [[each.digest.hex(), each.index, each.leaf.hex()] for each in self.open],
            "dispensed": [
                [each.digest.hex(), each.gtin, each.serial, each.place, each.occurred_at] for each in self.dispensed
            ],
        }


def open_receipts(directory: Path, domain: Domain, organisation: int) -> Receipts:
    """Read what is remembered of an organisation's log; nothing, if this machine signed nothing for it yet.

    Args:
        directory: Where such files are kept.
        domain: The chain and contract it is for.
        organisation: Its number.

    Raises:
        ConfigurationError: The file is damaged; it is left as it is.
    """
    path = directory / f"{domain.chain_id}-{domain.ledger.hex()}-{organisation}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        signed = content["signed"]
        return Receipts(
            path=path,
            signed=None if signed is None else Head(int(signed[0]), bytes.fromhex(signed[1])),
            digest=bytes.fromhex(content["digest"]),
            open=[Receipt(bytes.fromhex(one), int(at), bytes.fromhex(leaf)) for one, at, leaf in content["open"]],
            dispensed=[Dispensed(bytes.fromhex(one), *rest) for one, *rest in content["dispensed"]],
        )
    except FileNotFoundError:
        return Receipts(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        detail = f"What this machine remembers of the log, {path}, cannot be read."
        advice = "Restore it from a backup. Without it, remove it: then only what the chain anchored can be compared."
        raise ConfigurationError(detail, advice=advice, path=str(path)) from error
