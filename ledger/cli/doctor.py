"""`lotproof doctor`: looks at every part of an installation, also when most of it is down, and changes nothing."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.cli.keys import Data, settings_for
from ledger.cli.output import AsJson, command, show
from ledger.core import diagnosis
from ledger.core.diagnosis import Finding
from ledger.core.errors import ConfigurationError, LotproofError, NodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.config import Settings
    from ledger.core.diagnosis import Node
    from ledger.store.database import Database

MARKS: Final = {"ok": "ok", "warn": "WARN", "wrong": "WRONG", "unknown": "?"}
NODE_SECONDS: Final = 5.0  # how long a node may take for one answer
_MORE: Final = "docs/runbook.md has a section for each name."
_WIDTH: Final = 15  # of names
_ON_THEIR_WAY: Final = ("pending", "sent")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@command
def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Look at everything, say what is wrong and how to mend it. Changes nothing; exit code 1 if something is wrong."""
    findings = examine(lambda: settings_for(data))
    bad = diagnosis.wrong(findings)
    rows = [{"name": one.name, "result": one.result, "found": one.found, "advice": one.advice} for one in findings]
    show({"well": not bad, "findings": rows}, words(findings), as_json=as_json)
    if bad:
        sys.exit(1)


def words(findings: list[Finding]) -> str:
    """The findings for a person: a line each, and what to do on the next."""
    lines = []
    for one in findings:
        lines.append(f"{MARKS[one.result]:<6}{one.name:<{_WIDTH}} {one.found}")
        if one.advice and one.result != "ok":
            lines.append(f"{'':<{_WIDTH + 7}}→ {one.advice}")
    numbers = {result: sum(one.result == result for one in findings) for result in MARKS}
    if numbers["wrong"]:
        end = f"{numbers['wrong']} to mend now, {numbers['warn']} to look at. {_MORE}"
    elif numbers["warn"]:
        end = f"Nothing is wrong; {numbers['warn']} to look at. {_MORE}"
    else:
        end = "All is well."
    return "\n".join([*lines, "", end])


def examine(load: Callable[[], Settings]) -> list[Finding]:
    """Every finding, in the order in which things depend on each other."""
    try:
        settings = load()
    except LotproofError as error:
        return [Finding("settings", "wrong", error.detail, error.advice)]
    return Examination(settings).findings()


class Examination:
    """One look at one installation.

    Args:
        settings: Its settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._now = int(time.time())
        self._found: list[Finding] = []

    def findings(self) -> list[Finding]:
        """Look at everything."""
        from ledger.backup import require_whole

        shown = "the embedded development chain" if self._settings.embedded_chain else "another network"
        self._found.append(Finding("settings", "ok", f"They are understood; the chain is {shown}."))
        self._look("data_dir", self._data_dir)
        self._look("restore", lambda: self._restore(require_whole))
        self._look("key_files", self._key_files)
        database = self._open()
        found = self._nodes()
        self._look("finality", lambda: diagnosis.finality(self._settings.finality, found) if found else None)
        self._look("clock", lambda: diagnosis.clock(self._now, max(n.head_time for n in found)) if found else None)
        if database is not None:
            try:
                self._of_database(database, reached=bool(found))
            finally:
                database.close()
        self._look("server", self._server)
        self._look("app", self._app)
        hosts, development = self._settings.public_hosts, self._settings.embedded_chain
        self._look("public_hosts", lambda: diagnosis.public_hosts(hosts, self._settings.host, development=development))
        return self._found

    def _look(self, name: str, at: Callable[[], Finding | Iterable[Finding] | None]) -> None:
        """Add what is found; what goes wrong while looking is a finding too."""
        try:
            found = at()
            if found is not None and not isinstance(found, Finding):
                found = list(found)  # a generator looks only now
        except LotproofError as error:
            found = Finding(name, "wrong", error.detail, error.advice)
        except OSError as error:
            where = f" {error.filename}" if error.filename else ""
            found = Finding(
                name, "wrong", f"It cannot be looked at:{where} {error.strerror or error}.", "See its rights."
            )
        if found is None:
            self._found.append(Finding(name, "unknown", "It cannot be looked at while no node of the chain answers."))
        elif isinstance(found, Finding):
            self._found.append(found)
        else:
            self._found.extend(found)

    # ---- this machine ----

    def _data_dir(self) -> Iterable[Finding]:
        folder = self._settings.data_dir
        if not folder.is_dir():
            advice = "Name it with --data or LOTPROOF_DATA_DIR; a new one is made by the first start."
            yield Finding("data_dir", "wrong", f"There is no folder {folder}.", advice)
            return
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            advice = "Run Lotproof as the user that owns it, or give it to this one (chown)."
            yield Finding("data_dir", "wrong", f"This user may not write into {folder}.", advice)
            return
        yield Finding("data_dir", "ok", f"{folder} can be written.")
        yield diagnosis.disk(shutil.disk_usage(folder).free)

    def _restore(self, require_whole: Callable[[Settings], None]) -> Iterable[Finding]:
        require_whole(self._settings)
        return ()

    def _key_files(self) -> Finding:
        from ledger.chain.snapshot_key import NAME

        files = [*self._settings.keys_dir.glob("*.json"), self._settings.data_dir / NAME]
        named = (self._settings.key_password_file, self._settings.backup_password_file)
        present = [path for path in (*files, *(Path(name) for name in named if name)) if path.exists()]
        return diagnosis.key_files([str(path) for path in present if path.stat().st_mode & _OTHERS], len(present))

    def _server(self) -> Finding:
        import httpx

        host, port = self._settings.host, self._settings.port
        if port == 0:
            return Finding("server", "ok", "It takes any free port.")
        reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what is asked, not listened on
        address = f"http://{f'[{reached}]' if ':' in reached else reached}:{port}"
        try:
            answer = httpx.get(f"{address}/healthz", timeout=NODE_SECONDS, trust_env=False)
            ours = answer.status_code == 200 and answer.json() == {"status": "alive"}  # noqa: PLR2004 - HTTP OK
        except httpx.ConnectError:
            return diagnosis.server(address, "none")
        except (httpx.HTTPError, ValueError):
            ours = False
        return diagnosis.server(address, "ours" if ours else "other")

    def _app(self) -> Finding:
        from api.web import built

        if (built.FOLDER / built.INDEX).is_file():
            return Finding("app", "ok", "The scanner is built.")
        return Finding("app", "warn", "The scanner is not built, so /app/ has none.", "Run ./scripts/setup.")

    # ---- the chain ----

    def _nodes(self) -> list[Node]:
        from ledger.chain.devchain import endpoint
        from ledger.deploy import chain_folder

        found: list[Node] = []
        settings = self._settings
        embedded = endpoint(chain_folder(settings)) if settings.embedded_chain else None
        urls = settings.rpc_urls or ((embedded,) if embedded else ())
        if not urls:
            advice = "Start it with `lotproof up` or `lotproof chain`; or name a network's node with LOTPROOF_RPC_URL."
            self._found.append(Finding("chain", "wrong", "The embedded chain does not run.", advice))
        for url in urls:
            try:
                found.append(_asked(url))
            except LotproofError as error:
                self._found.append(Finding("chain", "wrong", error.detail, error.advice))
        expected = self._expected_chain()
        self._found.extend(diagnosis.nodes(found, expected, self._now, development=settings.embedded_chain))
        return found

    def _expected_chain(self) -> int:
        from ledger.chain.signers import DEVELOPMENT_CHAIN

        return DEVELOPMENT_CHAIN if self._settings.embedded_chain else self._settings.chain_id

    # ---- the database ----

    def _open(self) -> Database | None:
        """The database as it is: nothing is made or migrated."""
        from ledger.store.database import look_at
        from ledger.store.schema import REVISION

        try:
            database, stored = look_at(self._settings.database_url)
        except LotproofError as error:
            self._found.append(Finding("database", "wrong", error.detail, error.advice))
            return None
        finding = diagnosis.schema(stored, REVISION)
        self._found.append(finding)
        if finding.result == "ok":
            return database
        database.close()
        return None

    def _of_database(self, database: Database, *, reached: bool) -> None:
        from ledger.store.notes import Notes

        faults = database.engine.faults()
        self._found.append(diagnosis.integrity(faults))
        if faults:
            return  # what a damaged database says of anything else is worth nothing
        self._look("ledger", lambda: self._ledger(database, reached=reached))
        notes = Notes(database).everything()
        self._look("index", lambda: self._index(database))
        self._look("casework_key", lambda: self._casework_key(database))
        for part in ("indexer", "relayer"):
            note = notes.get(part)
            silence = None if note is None else self._now - note.noted_at
            self._found.append(diagnosis.part(part, silence, note.value if note else ""))
        self._look("relayer_key", lambda: self._relayer_key(database))
        self._look("queue", lambda: self._queues(database))
        noted = notes.get("backup")
        self._look("backup", lambda: self._backup(database, None if noted is None else self._now - noted.noted_at))

    def _casework_key(self, database: Database) -> Finding:
        from ledger.casework.key import known_vault
        from ledger.store.casework import Casework

        if known_vault(Casework(database), self._settings.casework_key_path) is None:
            return Finding("casework_key", "ok", "No case was opened yet, so none is needed.")
        return Finding("casework_key", "ok", "It is the one by which cases and operations are sealed.")

    def _ledger(self, database: Database, *, reached: bool) -> Finding:
        from ledger.chain.contracts import Ledger
        from ledger.core.keccak import keccak256
        from ledger.deploy import open_chain

        bound = database.installation()
        if bound is None:
            return diagnosis.ledger(None, code_matches=None)
        named = (bound.chain_id, f"0x{bound.ledger.hex()}")
        if not reached:
            return diagnosis.ledger(named, code_matches=None)
        chain = open_chain(self._settings)
        try:
            code = Ledger(chain, bound.ledger).require_code()
            same = keccak256(code) == bound.code_hash and chain.chain_id() == bound.chain_id
            return diagnosis.ledger(named, code_matches=same)
        except ConfigurationError:
            return diagnosis.ledger(named, code_matches=False)
        finally:
            chain.close()

    def _index(self, database: Database) -> Finding:
        from ledger.store.read_model import ReadModel

        as_of = ReadModel(database).as_of()
        silence = self._now - as_of.heard_at if as_of.heard_at else None
        behind = self._now - as_of.time if as_of.head_block > as_of.block else 0
        return diagnosis.index(as_of.block, as_of.head_block, silence, behind)

    def _relayer_key(self, database: Database) -> Iterable[Finding]:
        """The key that pays: there, of the right kind and, on the embedded chain only, a development account."""
        from ledger.chain import keys
        from ledger.chain.signers import development_signer
        from ledger.deploy import RELAYER_INDEX

        settings = self._settings
        if not settings.relay_key:
            if not settings.embedded_chain:
                advice = "Make one (`lotproof key new relay --kind secp256k1`), fund it and set LOTPROOF_RELAY_KEY."
                words_ = "No key is named that pays, and development accounts are refused on this network."
                yield Finding("relayer_key", "wrong", words_, advice)
                return
            address = development_signer(RELAYER_INDEX, self._expected_chain()).signer
            yield Finding("relayer_key", "ok", "A development account pays, as it may on the embedded chain.")
        else:
            entry = next((key for key in keys.list_keys(settings.keys_dir) if key.name == settings.relay_key), None)
            if entry is None or entry.kind != keys.SECP256K1:
                fault = "is not there" if entry is None else "is a P-256 key, which cannot send transactions"
                advice = "Set LOTPROOF_RELAY_KEY to a key made with `lotproof key new NAME --kind secp256k1`."
                yield Finding("relayer_key", "wrong", f"The key {settings.relay_key} {fault}.", advice)
                return
            address = entry.signer
            yield self._unlocked(settings.relay_key)
        yield from self._money(database, address)

    def _unlocked(self, name: str) -> Finding:
        """Whether the key opens without a person: only then does a relayer start by itself."""
        from ledger.cli.keys import PASSWORD_VARIABLE, unlock

        if not (os.environ.get(PASSWORD_VARIABLE) or self._settings.key_password_file):
            advice = "Set LOTPROOF_KEY_PASSWORD_FILE, or be there to type it at each start."
            return Finding("relayer_key", "warn", f"The key {name} is there; its password is not known here.", advice)
        unlock(self._settings, name)
        return Finding("relayer_key", "ok", f"The key {name} is there and opens.")

    def _money(self, database: Database, address: bytes) -> Iterable[Finding]:
        from ledger.deploy import open_chain
        from ledger.store.journal import Journal

        try:
            chain = open_chain(self._settings)
        except LotproofError:
            yield Finding("relayer_money", "unknown", "It cannot be asked while no node of the chain answers.")
            return
        try:
            balance = chain.balance(address)
        finally:
            chain.close()
        yield diagnosis.money(balance, Journal(database).figures().last_cost, f"0x{address.hex()}")

    def _queues(self, database: Database) -> Iterable[Finding]:
        from ledger.chain.refusals import UNKNOWN, error_name
        from ledger.store.outbox import Outbox

        outbox = Outbox(database)
        queues = outbox.queues()
        waiting: dict[str, tuple[int, float]] = {
            state: (queues[state].number, float(self._now - queues[state].since))
            for state in _ON_THEIR_WAY
            if state in queues
        }
        yield diagnosis.queue(waiting)
        reasons: dict[str, int] = {}
        for selector, number in outbox.refused_by_error().items():
            name = error_name(selector) if selector else UNKNOWN
            reasons[name] = reasons.get(name, 0) + number
        yield diagnosis.refused(reasons, sum(queue.number for queue in queues.values()))

    def _backup(self, database: Database, age: float | None) -> Finding:
        from ledger.store import unit_log
        from ledger.store.outbox import Outbox

        with database.snapshot() as connection:
            events = unit_log.last(connection)
        return diagnosis.backup(age, events + sum(Outbox(database).count().values()))


def _asked(url: str) -> Node:
    """What one node says of itself.

    Raises:
        UnavailableError: It does not answer.
    """
    from ledger.chain.client import Chain

    chain = Chain(url, timeout_seconds=NODE_SECONDS)
    try:
        head = chain.head()
        final = _or_none(lambda: chain.header("finalized"))
        proof = _or_none(lambda: chain.rpc.request("eth_getProof", f"0x{'00' * 20}", [], "latest"))
        syncing = bool(_or_none(lambda: chain.rpc.request("eth_syncing")))
        number = -1 if final is None else final.number
        return diagnosis.Node(
            chain.rpc.shown, chain.chain_id(), head.number, head.time, number, syncing, proves=proof is not None
        )
    finally:
        chain.close()


def _or_none(ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the node answers
    try:
        return ask()
    except NodeError:
        return None
