"""The files of cases and operations: entries that lie sealed, opened here and checked to be whole."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import orjson

from ledger.casework.key import draw_key, known_vault, read_vault
from ledger.core.casework import case as cases
from ledger.core.casework import operation as operations
from ledger.core.casework.entries import canonical, follow, read_entry, require_linked
from ledger.core.casework.results import Shared
from ledger.core.errors import ConflictError, NotFoundError, UnavailableError
from ledger.durable import OWNER, replacing, sync_folder
from ledger.store.casework import Casework

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.config import Settings
    from ledger.core.casework.entries import Entry, Officer
    from ledger.core.casework.operation import Operation
    from ledger.store.database import Database
    from ledger.vault import Vault

Json = dict[str, Any]
MOST_EVIDENCE_BYTES: Final = 64 << 30  # of all files of evidence together: what fills the disk stops the server


def case_file(organisation: int, number: int) -> str:
    """What the file of a case is called."""
    return f"case/{organisation}/{number}"


def operation_file(reference: str) -> str:
    """What the file of an operation is called."""
    return f"operation/{reference}"


class Files:
    """Opens and seals the entries of one installation. Safe to share between threads.

    Args:
        db: Where they are.
        settings: Where the key and the files of evidence are.
    """

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self.store = Casework(db)
        self._opened: Vault | None = None

    def entries(self, file: str) -> list[Entry]:
        """The entries of a file; none if there is no such file.

        Raises:
            ContradictionError: They were altered.
            ConfigurationError: The key is missing, or another one.
        """
        return self.many([file]).get(file, [])

    def many(self, files: Sequence[str]) -> dict[str, list[Entry]]:
        """The entries of several files; those that are not there are left out.

        Raises:
            ContradictionError: They were altered.
            ConfigurationError: The key is missing, or another one.
        """
        found = {}
        for file, sealed in self.store.entries(files).items():
            opened = [self._vault().open(each, _about(file, position)) for position, each in enumerate(sealed, 1)]
            found[file] = [read_entry(orjson.loads(each)) for each in opened]
            require_linked(found[file])
        return found

    def add(self, file: str, entries: Sequence[Entry], officer: Officer, act: str, details: Json, now: int) -> Entry:  # noqa: PLR0913, PLR0917 - the parts of an entry
        """Add an entry to a file, within the transaction that read its others.

        Args:
            file: Its name.
            entries: Those that it has.
            officer: Who acts.
            act: What he does.
            details: Of the act.
            now: Unix seconds.
        """
        entry = follow(entries, officer, act, details, now)
        sealed = self._vault().seal(canonical(entry.to_json()), _about(file, entry.position))
        self.store.add_entry(file, entry.position, sealed)
        return entry

    def cases(self, places: Iterable[tuple[int, int]]) -> list[Shared]:
        """Cases by their organisations and numbers, in the order given."""
        files = {case_file(*place): place for place in places}
        found = self.many(list(files))
        return [Shared(*place, cases.fold(found[file])) for file, place in files.items()]

    def operation(self, reference: str, organisation: int) -> tuple[Operation, list[Entry]]:
        """An operation that is shown to an organisation, with its entries.

        Raises:
            NotFoundError: None that is shown to it has this reference; whether there is another is not told.
        """
        entries = self.entries(operation_file(reference)) if self.store.is_shown(reference, organisation) else []
        if not entries:
            detail = "Your organisation takes part in no operation with this reference."
            raise NotFoundError(detail, advice="`lotproof operation list` shows yours.", field="reference")
        return operations.fold(entries), entries

    def _vault(self) -> Vault:
        """The vault; its key is drawn before anything is sealed for the first time."""
        if (
            self._opened is None
        ):  # two threads may open it at once: it is the same one, and a lock here could wait for a
            self._opened = self._open()  # transaction whose thread waits for the lock
        return self._opened

    def _open(self) -> Vault:
        path = self._settings.casework_key_path
        known = known_vault(self.store, path)
        if known is not None:
            return known
        with self._db.transaction():  # one at a time: two servers that begin together draw one key
            if not path.exists():
                draw_key(path)
            vault = read_vault(path)
            self.store.put_fingerprint(vault.fingerprint)
        return vault

    # Files of evidence

    def put_evidence(self, content: bytes) -> str:
        """Seal a file of evidence and keep it, durably; under which name it is kept.

        Raises:
            UnavailableError: There is no room.
        """
        stored = secrets.token_hex(16)
        folder = self._settings.evidence_dir
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sum(path.stat().st_size for path in folder.glob("[!.]*")) > MOST_EVIDENCE_BYTES:
                raise UnavailableError("No more evidence can be kept here.", advice="Ask the operator for room.")
            with replacing(folder / stored, OWNER) as file:
                file.write(self._vault().seal(content, _about("evidence", stored)))
            sync_folder(folder)
        except OSError as error:
            raise UnavailableError("The file cannot be kept.", advice="Send it again later.") from error
        return stored

    def evidence(self, stored: str) -> bytes:
        """The bytes of a file of evidence.

        Raises:
            UnavailableError: The file is not there.
            ContradictionError: It was altered.
        """
        try:
            sealed = (self._settings.evidence_dir / stored).read_bytes()
        except OSError as error:
            detail = "The file of this evidence cannot be read."
            raise UnavailableError(detail, advice="Ask the operator to bring it back from a backup.") from error
        return self._vault().open(sealed, _about("evidence", stored))

    def drop_evidence(self, stored: str) -> None:
        """Remove a file that no case took."""
        (self._settings.evidence_dir / stored).unlink(missing_ok=True)


def require_version(entries: Sequence[Entry], seen: int) -> None:
    """Require that nobody changed a file since somebody saw it.

    Args:
        entries: Those that it has.
        seen: How many there were then.

    Raises:
        ConflictError: Somebody did; `version` is the newest.
    """
    if len(entries) != seen:
        detail = "Somebody else changed this meanwhile."
        advice = "Look at it as it is now, then say again what is still to be done."
        raise ConflictError(detail, advice=advice, field="version", version=len(entries))


def _about(file: str, place: object) -> bytes:
    return f"{file}/{place}".encode()
