"""`lotproof key`: keys encrypted at rest, and the ways to unlock one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.output import AsJson, command, show
from ledger.core.errors import ConfigurationError

if TYPE_CHECKING:
    from ledger.chain.keys import Signer
    from ledger.config import Settings

app = typer.Typer(help="Make and list the keys kept encrypted on this machine.", no_args_is_help=True)
Data = Annotated[Path | None, typer.Option("--data", help="Data directory; default LOTPROOF_DATA_DIR.")]
PASSWORD_VARIABLE: Final = "LOTPROOF_KEY_PASSWORD"  # noqa: S105 - the name of a variable, not a password


def settings_for(data: Path | None) -> Settings:
    """The settings, with the data directory given on the command line if there is one."""
    from ledger.config import load_settings

    return load_settings(data_dir=data) if data is not None else load_settings()


def password_for(settings: Settings, *, confirm: bool = False) -> str:
    """The keystore password: from the environment, the password file, or the person at the terminal.

    Raises:
        ConfigurationError: There is none, and nobody to ask.
    """
    return ask_password(
        "Key password", PASSWORD_VARIABLE, "key_password_file", settings.key_password_file, confirm=confirm
    )


def ask_password(what: str, variable: str, setting: str, file: str, *, confirm: bool = False) -> str:
    """A password: from the environment, a file, or the person at the terminal.

    Args:
        what: Whose it is, for the person.
        variable: Of the environment.
        setting: The setting that names the file.
        file: What it names, empty if nothing.
        confirm: Whether a person is to type it twice.

    Raises:
        ConfigurationError: There is none, and nobody to ask.
    """
    from_environment = os.environ.get(variable)
    if from_environment:
        return from_environment
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise ConfigurationError(
                f"The password file cannot be read: {error.strerror}.",
                advice=f"Check LOTPROOF_{setting.upper()}.",
                field=setting,
            ) from error
    if not os.isatty(0):
        raise ConfigurationError(
            f"A {what.lower()} is needed and there is no terminal to ask for it.",
            advice=f"Set LOTPROOF_{setting.upper()} to a file that holds it, or {variable}.",
        )
    return str(typer.prompt(what, hide_input=True, confirmation_prompt=confirm))


def unlock(settings: Settings, name: str) -> Signer:
    """The signer of the key called `name`."""
    from ledger.chain import keys

    return keys.load(settings.keys_dir, name, password_for(settings))


@app.command("new")
@command
def new(
    name: Annotated[str, typer.Argument(help="A name for the key: letters, digits, - and _.")],
    kind: Annotated[str, typer.Option(help="p256 (phones, WebCrypto) or secp256k1 (Ethereum accounts).")] = "p256",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, encrypted under a password."""
    from ledger.chain import keys

    settings = settings_for(data)
    signer = keys.create(settings.keys_dir, name, kind, password_for(settings, confirm=True))
    answer = {"name": name, "kind": kind, "signer": "0x" + signer.signer.hex(), "key": "0x" + signer.key_id.hex()}
    show(
        answer,
        f"Made the {kind} key {name}.\nSigner: {answer['signer']}\nKey id: {answer['key']}\n"
        "Keep its password: without it the key is lost. Have it accredited with your organisation before you sign.",
        as_json=as_json,
    )


@app.command("list")
@command
def list_(data: Data = None, as_json: AsJson = False) -> None:
    """List the keys on this machine; none is unlocked."""
    from ledger.chain import keys

    found = keys.list_keys(settings_for(data).keys_dir)
    rows = [
        {"name": k.name, "kind": k.kind, "signer": "0x" + k.signer.hex(), "key": "0x" + k.key_id.hex()} for k in found
    ]
    words = "\n".join(f"{row['name']:<20} {row['kind']:<10} {row['signer']}" for row in rows)
    show({"keys": rows}, words or "No keys yet. Make one with `lotproof key new NAME`.", as_json=as_json)
