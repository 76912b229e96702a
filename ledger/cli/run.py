"""`lotproof up` and its parts: `chain`, `deploy`, `index`, `relay`, `serve`."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from ledger.cli.stack import Stack
    from ledger.config import Settings
    from ledger.deploy import Deployment

Port = Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on; LOTPROOF_PORT if not given.")]

Workers = Annotated[int, typer.Option(min=1, max=64, help="Processes that answer, on one port.")]


def open_stack(settings: Settings) -> Stack:
    """The parts of the installation, none of them started."""
    import platform
    from importlib.metadata import version

    from ledger.cli import logs
    from ledger.cli.stack import Stack

    logs.configure(settings)
    about = {"version": version("lotproof"), "python": platform.python_version(), "settings": settings.shown()}
    logging.getLogger(__name__).info("Lotproof starts", extra=about)
    return Stack(settings, lambda name: unlock(settings, name))


@command
def up(port: Port = None, data: Data = None, as_json: AsJson = False) -> None:
    """Run everything in one process: chain (embedded, or LOTPROOF_RPC_URL), indexer, relayer and server."""
    from dataclasses import replace

    settings = settings_for(data)
    with open_stack(settings if port is None else replace(settings, port=port)) as stack:
        stack.start_chain()
        deployment = stack.deploy()
        stack.index(deployment)
        stack.relay(deployment)
        url = stack.serve(deployment)
        answer = {"url": url, "chain_id": deployment.chain_id, "ledger": "0x" + deployment.ledger.hex()}
        show(answer, f"Lotproof serves {url} (ledger {answer['ledger']}). Stop with Ctrl-C.", as_json=as_json)
        stack.wait()


@command
def chain(data: Data = None, as_json: AsJson = False) -> None:
    """Run the embedded development chain alone."""
    from ledger.chain.devchain import endpoint
    from ledger.deploy import chain_folder

    settings = settings_for(data)
    with open_stack(settings) as stack:
        stack.start_chain()
        url = endpoint(chain_folder(settings))
        show({"url": url}, f"The chain answers at {url}. Stop with Ctrl-C.", as_json=as_json)
        stack.wait()


@command
def deploy(
    council: Annotated[
        str, typer.Option(help="Address of a contract that is to be the council; the council key's if not given.")
    ] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Deploy a ledger on the chain and bind this installation to it."""
    with open_stack(settings_for(data)) as stack:
        deployment = stack.deploy_new(_address(council) if council else None)
    ledger = "0x" + deployment.ledger.hex()
    answer = {"chain_id": deployment.chain_id, "ledger": ledger, "council": "0x" + deployment.council.hex()}
    show(answer, f"The ledger stands at {ledger} on chain {deployment.chain_id}.", as_json=as_json)


@command
def index(data: Data = None, as_json: AsJson = False) -> None:
    """Run the indexer alone."""
    with open_stack(settings_for(data)) as stack:
        deployment = stack.deploy()
        stack.index(deployment)
        _tell("The indexer follows", deployment, as_json=as_json)
        stack.wait()


@command
def relay(data: Data = None, as_json: AsJson = False) -> None:
    """Run the relayer alone."""
    with open_stack(settings_for(data)) as stack:
        deployment = stack.deploy()
        stack.relay(deployment)
        _tell("The relayer sends to", deployment, as_json=as_json)
        stack.wait()


@command
def serve(port: Port = None, workers: Workers = 1, data: Data = None, as_json: AsJson = False) -> None:
    """Run the server alone. Without the chain it still answers, with the age of what it knows."""
    from dataclasses import replace

    from ledger.cli import workers as several

    settings = settings_for(data)
    with open_stack(settings if port is None else replace(settings, port=port)) as stack:
        try:
            deployment = stack.deploy()
        except UnavailableError as error:
            logging.getLogger(__name__).warning("%s Serving what is known.", error.detail)
            deployment = None

        def tell(url: str) -> None:
            show({"url": url}, f"Lotproof serves {url}. Stop with Ctrl-C.", as_json=as_json)

        if workers > 1:
            several.serve(stack, deployment, workers, tell)
            return
        tell(stack.serve(deployment))
        stack.wait()


def _address(text: str) -> bytes:
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise InvalidInputError("--council is not an address, 0x and 40 hexadecimal digits.", field="council")
    return bytes.fromhex(text[2:])


def _tell(what: str, deployment: Deployment, *, as_json: bool) -> None:
    ledger = "0x" + deployment.ledger.hex()
    words = f"{what} the ledger {ledger} on chain {deployment.chain_id}. Stop with Ctrl-C."
    show({"chain_id": deployment.chain_id, "ledger": ledger}, words, as_json=as_json)
