"""The parts of an installation put together: chain, contract, indexer, relayer, server; in one process or several."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

from ledger.core.errors import ConfigurationError, LotproofError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType, TracebackType

    from fastapi import FastAPI
    from uvicorn import Config, Server

    from api.app import Identity
    from ledger.chain.client import Chain
    from ledger.chain.signers import AddressSigner, Signer
    from ledger.chain.source import LedgerSource
    from ledger.chain.vetting import Vetting
    from ledger.config import Settings
    from ledger.deploy import Deployment
    from ledger.store.database import Database
    from ledger.store.leadership import Part

    Unlock = Callable[[str], Signer]

STOP_SECONDS: Final = 20.0  # for each part to end in good order
START_SECONDS: Final = 30.0  # for the server to listen
# A front door keeps idle connections for less, so that the server never ends one while a request is on its way.
KEEP_ALIVE_SECONDS: Final = 20
MAX_HEADER_BYTES: Final = 16 << 10  # as many as a front door takes; each slow connection can keep so much memory
_LOG: Final = logging.getLogger(__name__)


def spare_collector() -> None:
    """Let the collector of garbage stop scans less often.

    What is loaded by now stays for good and need not be looked through again. What is kept of batches is a million
    objects without cycles, which by Python's own measure would be looked through every few seconds, for a tenth of a
    second each time; at this measure it happens after ten million objects more were made than let go.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class Stack:
    """What runs in this process. Leaving it stops every part in good order.

    Args:
        settings: The installation's settings.
        unlock: Opens a key by its name.
    """

    def __init__(self, settings: Settings, unlock: Unlock) -> None:
        self.settings = settings
        self.stopped = threading.Event()  # set by a signal, or by a part that cannot go on
        self.failure: LotproofError | None = None
        self._unlock = unlock
        self._threads: list[threading.Thread] = []
        self._open = ExitStack()
        self._chain_stop = threading.Event()  # the chain goes last: the others still talk to it
        self._server: Server | None = None
        self._nodes: Chain | None = None  # several nodes, opened once: what one part finds out of them serves all
        self._vetting: Vetting | None = None
        self._database: Database | None = None

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._open.callback(signal.signal, number, signal.signal(number, self._on_signal))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        if self._server is not None:
            self._server.should_exit = True
        for thread in self._threads:
            if thread.name == "chain":
                self._chain_stop.set()
            thread.join(STOP_SECONDS)
        self._open.close()

    def wait(self) -> None:
        """Wait until a signal comes or a part cannot go on.

        Raises:
            LotproofError: Why that part cannot go on.
        """
        while not self.stopped.wait(0.5):
            pass
        if self.failure is not None:
            raise self.failure

    @property
    def database(self) -> Database:
        """The database, opened and migrated."""
        from ledger.backup import require_whole
        from ledger.store.database import open_database

        if self._database is None:
            require_whole(self.settings)
            self._database = open_database(self.settings.database_url)
            self._open.callback(self._database.close)
        return self._database

    def start_chain(self) -> None:
        """Start the embedded chain, if the settings name no other."""
        from ledger.chain.devchain import DevChain
        from ledger.chain.signers import DEVELOPMENT_CHAIN
        from ledger.deploy import chain_folder

        if not self.settings.embedded_chain:
            return
        payers = (self._relayer(DEVELOPMENT_CHAIN).signer, self._council(DEVELOPMENT_CHAIN).signer)
        chain = DevChain(chain_folder(self.settings), fund=payers)
        chain.start()
        self._run("chain", lambda: chain.run(self._chain_stop))

    def deploy(self) -> Deployment:
        """The ledger of this installation: the one it is bound to, the one that the settings name, or a new one.

        Raises:
            ConfigurationError: It is not what was deployed, or another network than the embedded chain has none yet.
            UnavailableError: The chain does not answer.
        """
        from ledger.deploy import attach, deploy

        chain = self._chain()
        if self.settings.embedded_chain and self.settings.ledger is None:
            # takes up its own deployment, also one that the chain lost when it was killed
            return deploy(self.database, chain, self._relayer(chain.chain_id()), self._council(chain.chain_id()).signer)
        installation = self.database.installation()
        address = self.settings.ledger or (installation.ledger if installation else None)
        if address is None:
            raise ConfigurationError(
                "No ledger is known on this network.",
                advice="Name one with LOTPROOF_LEDGER_ADDRESS, or deploy one with `lotproof deploy`.",
                field="ledger_address",
            )
        return attach(self.database, chain, address)

    def deploy_new(self, council: bytes | None = None) -> Deployment:
        """Deploy a ledger on the network that the settings name, or go on with a deployment that was begun.

        Args:
            council: The address that will admit authorities; None for that of the council's key.
        """
        from ledger.deploy import deploy

        chain = self._chain()
        number = chain.chain_id()
        return deploy(self.database, chain, self._relayer(number), council or self._council(number).signer)

    def index(self, deployment: Deployment) -> None:
        """Start the indexer; it works while no other on this database does."""
        from ledger.index import Indexer

        source = self._source(self._vetted(deployment), deployment)
        embedded = self.settings.embedded_chain

        def work(database: Database, ended: threading.Event) -> None:
            indexer = Indexer(database, source, deployment.domain, start_block=deployment.block, development=embedded)
            indexer.run(ended, poll_seconds=self.settings.poll_seconds)

        self._lead("indexer", work)

    def relay(self, deployment: Deployment) -> None:
        """Start the relayer; it works while no other on this database does."""
        from ledger.chain.contracts import Ledger
        from ledger.relay import Relay
        from ledger.sending import Sending
        from ledger.store.journal import Journal

        chain, account = self._vetted(deployment), self._relayer(deployment.chain_id)
        ledger, source = Ledger(chain, deployment.ledger), self._source(chain, deployment)
        embedded, council = self.settings.embedded_chain, deployment.council

        def work(database: Database, ended: threading.Event) -> None:
            journal = Journal(database)
            sending = Sending(chain, journal, account, deployment.chain_id, others=(council,), development=embedded)
            relay = Relay(
                database,
                ledger,
                source,
                sending,
                journal,
                account=account.signer,
                most_events=self.settings.batch_events,
            )
            relay.run(ended, poll_seconds=self.settings.poll_seconds)

        self._lead("relayer", work)

    def serve(self, deployment: Deployment | None, demo_folder: Path | None = None) -> str:
        """Start the server; its address comes back once it listens.

        Args:
            deployment: The ledger; None if the chain does not answer now: what is known is served with its age.
            demo_folder: Where a demonstration keeps its cases, to show them on screen.

        Raises:
            ConfigurationError: There is no ledger yet, or the port is taken.
        """
        import uvicorn

        app = self.application(deployment, self.identity(deployment), demo_folder)
        self._server = server = uvicorn.Server(self.server_config(app))
        thread = self._run("server", server.run)
        self._await_server(server, thread)
        port = server.servers[0].sockets[0].getsockname()[1]
        url = f"http://{self.settings.host}:{port}"
        _LOG.info("the server listens", extra={"url": url})
        return url

    def application(
        self, deployment: Deployment | None, identity: Identity, demo_folder: Path | None = None
    ) -> FastAPI:
        """What the server answers with; arguments as of `serve`, and `identity` as of that method."""
        from api.app import create_app
        from ledger.chain.contracts import Ledger
        from ledger.prove import Prover
        from ledger.store.outbox import Outbox
        from ledger.store.read_model import ReadModel
        from ledger.store.unit_lists import UnitLists

        view = Ledger(self._vetted(deployment), deployment.ledger) if deployment else None
        prover = None
        if view and deployment:
            prover = Prover(
                ReadModel(self.database),
                Outbox(self.database),
                view,
                deployment.domain,
                UnitLists(self.settings.units_dir).find,
            )
        app = create_app(
            self.settings,
            self.database,
            identity,
            chain_view=view,
            prover=prover,
            standings=view.chain.standings if view else None,
            demo_folder=demo_folder,
        )
        spare_collector()
        return app

    def server_config(self, app: FastAPI | Callable[[], FastAPI], **more: Any) -> Config:  # noqa: ANN401 - uvicorn's own
        """How uvicorn serves `app`."""
        import uvicorn

        return uvicorn.Config(
            app,
            host=self.settings.host,
            port=self.settings.port,
            access_log=False,
            server_header=False,
            log_config=None,  # as all of this process logs: see `ledger.cli.logs`
            ws="none",
            timeout_graceful_shutdown=int(STOP_SECONDS / 2),
            **more,
        )

    def block_hash(self, number: int) -> bytes:
        """The hash of a block, by the node of this installation.

        Raises:
            UnavailableError: The node does not answer, or has no such block.
        """
        header = self._chain().header(number)
        if header is None:
            raise UnavailableError(f"The node has no block {number}.", advice="Wait until it has synced.")
        return header.hash

    def _await_server(self, server: Server, thread: threading.Thread) -> None:
        pauses = int(START_SECONDS / 0.05)
        for _ in range(pauses):
            if server.started or not thread.is_alive():
                break
            thread.join(0.05)
        if not server.started:
            raise ConfigurationError(
                f"The server cannot listen on {self.settings.host}:{self.settings.port}.",
                advice="Another program may use that port: choose another with --port or LOTPROOF_PORT.",
                field="port",
            )

    def identity(self, deployment: Deployment | None) -> Identity:
        """Which ledger is served.

        Args:
            deployment: The ledger; None if the chain does not answer now.

        Raises:
            ConfigurationError: There is none yet.
        """
        from api.app import Identity

        if deployment is not None:
            relayer = self._relayer(deployment.chain_id).signer
            return Identity(deployment.chain_id, deployment.ledger, deployment.council, relayer)
        installation = self.database.installation()
        if installation is None:
            raise ConfigurationError(
                "This installation has no ledger yet, and the chain does not answer.",
                advice="Start the chain, then run `lotproof up` or `lotproof deploy`.",
            )
        return Identity(installation.chain_id, installation.ledger, None)

    def _chain(self) -> Chain:
        from ledger.deploy import open_chain

        if self._nodes is not None:
            return self._nodes
        chain = open_chain(self.settings)
        self._open.callback(chain.close)
        if chain.nodes is not None:
            self._nodes = chain
        return chain

    def _vetted(self, deployment: Deployment) -> Chain:
        """The chain; several nodes are checked by a sample of the ledger's state now, and from time to time."""
        from ledger.chain.vetting import Vetting

        chain = self._chain()
        if chain.nodes is not None and self._vetting is None:
            self._vetting = vetting = Vetting(chain.nodes, deployment.ledger)
            vetting.step()
            self._run("nodes", lambda: vetting.run(self.stopped, poll_seconds=self.settings.poll_seconds))
        return chain

    def _source(self, chain: Chain, deployment: Deployment) -> LedgerSource:
        from ledger.chain.devstate import durable_block
        from ledger.chain.source import LedgerSource
        from ledger.deploy import chain_folder

        folder = chain_folder(self.settings)
        ceiling = (lambda: durable_block(folder)) if self.settings.embedded_chain else None
        return LedgerSource(chain, deployment.ledger, finality=self.settings.finality, ceiling=ceiling)

    def _relayer(self, chain_id: int) -> AddressSigner:
        from ledger.deploy import RELAYER_INDEX, account_of

        return account_of(self.settings.relay_key, RELAYER_INDEX, chain_id, self._unlock)

    def _council(self, chain_id: int) -> AddressSigner:
        from ledger.deploy import COUNCIL_INDEX, account_of

        return account_of(self.settings.council_key, COUNCIL_INDEX, chain_id, self._unlock)

    def _lead(self, part: Part, work: Callable[[Database, threading.Event], None]) -> None:
        from ledger.store.leadership import Leadership

        leadership = Leadership(self.database, part)
        self._run(part, lambda: leadership.lead(self.stopped, work))

    def _run(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._guarded, args=(name, work), name=name, daemon=True)
        if name == "chain":
            self._threads.append(thread)
        else:
            self._threads.insert(0, thread)  # stopped before the chain
        thread.start()
        return thread

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        """A part that cannot go on stops the whole: half an installation misleads more than none."""
        try:
            work()
        except LotproofError as error:
            self.failure = error
            self.stopped.set()
        except BaseException:
            _LOG.exception("the %s failed", name, extra={"part": name})
            self.failure = UnavailableError(f"The {name} failed unexpectedly.", advice="See the log; start again.")
            self.stopped.set()
            raise

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stopped.set()
