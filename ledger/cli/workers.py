"""`lotproof serve --workers`: several processes that answer on one socket, each with its own connections and caches.

The supervisor listens, starts the workers, replaces one that died and ends them all in good order. What they count they
keep in files of one folder (prometheus_client's multiprocess mode), so that any of them can tell the sum.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from ledger.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from api.app import Identity
    from ledger.chain.signers import Signer
    from ledger.cli.stack import Stack
    from ledger.config import Settings
    from ledger.deploy import Deployment

_BACKLOG: Final = 2048  # connections that wait to be taken: uvicorn's own figure
_FIGURES: Final = "PROMETHEUS_MULTIPROC_DIR"  # where workers keep what they count; prometheus_client reads it
_HUNG_SECONDS: Final = 30  # a worker that does not say that it lives for so long is replaced


@dataclass(frozen=True)
class Worker:
    """Makes the application of one worker, in its own process: everything here travels there.

    Attributes:
        settings: The installation's.
        deployment: The ledger; None if the chain did not answer when the server was started.
        identity: Which ledger is served.
    """

    settings: Settings
    deployment: Deployment | None
    identity: Identity

    def __call__(self) -> FastAPI:
        """The application. The worker ends with its supervisor, however that ends."""
        from api.metrics import forget_dead_workers
        from ledger.cli import logs
        from ledger.cli.stack import Stack

        logs.configure(self.settings)
        threading.Thread(target=_end_with_supervisor, name="supervisor watch", daemon=True).start()
        forget_dead_workers()
        return Stack(self.settings, _no_key).application(self.deployment, self.identity)


def serve(stack: Stack, deployment: Deployment | None, workers: int, tell: Callable[[str], None]) -> None:
    """Serve until a signal comes.

    Args:
        stack: Tells which ledger is served.
        deployment: The ledger; None if the chain does not answer now.
        workers: How many processes answer.
        tell: Is given the address once it is listened on.

    Raises:
        ConfigurationError: There is no ledger yet, the port is taken, or the workers cannot start.
    """
    from uvicorn.supervisors import Multiprocess

    worker = Worker(stack.settings, deployment, stack.identity(deployment))
    config = stack.server_config(worker, factory=True, workers=workers, timeout_worker_healthcheck=_HUNG_SECONDS)
    with _listening(stack.settings) as listener, TemporaryDirectory(prefix="lotproof-figures-") as figures:
        os.environ[_FIGURES] = figures
        try:
            supervisor = Multiprocess(config, [listener])
            tell(f"http://{stack.settings.host}:{listener.getsockname()[1]}")
            supervisor.run()
        finally:
            del os.environ[_FIGURES]


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"The server cannot listen on {settings.host}:{settings.port}.",
            advice="Another program may use that port: choose another with --port or LOTPROOF_PORT.",
            field="port",
        ) from error
    listener.set_inheritable(True)
    return listener


def _end_with_supervisor() -> None:
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _no_key(name: str) -> Signer:
    raise ConfigurationError(f"A worker of the server has no use for the key {name}.")
