"""What the commands about cases and operations share: an officer who is signed in for as long as a command runs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli.client import Client
from ledger.cli.keys import settings_for, unlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.cli.client import Json

Words = Annotated[str, typer.Option("--words", help="What there is to say.")]
Seen = Annotated[
    int, typer.Option("--seen", min=0, help="The version that you have seen: if it was changed since, you are told.")
]
Gtin = Annotated[str, typer.Option(help="The product's GTIN.")]
Lot = Annotated[str, typer.Option(help="The lot, with the GTIN.")]
Sscc = Annotated[str, typer.Option(help="The carton or pallet.")]
UPLOAD_SECONDS: Final = 300.0


@contextmanager
def signed_in(key: str, server: str, data: Path | None) -> Iterator[Client]:
    """A client that is signed in with a key of this machine, until the end of the block."""
    from ledger.cli.sharing_desk import require_host

    signer = unlock(settings_for(data), key)
    with Client(server) as client:
        asked = client.post("/v1/session/challenge", {"signer": "0x" + signer.signer.hex()})
        challenge = require_host(str(asked["message"]), client.server)
        signature = "0x" + signer.sign_challenge(challenge).hex()
        client.bear(str(client.post("/v1/session", {"message": challenge.text(), "signature": signature})["token"]))
        yield client
        client.delete("/v1/session")


def change(client: Client, path: str, seen: int, act: str, **fields: Any) -> Json:  # noqa: ANN401 - any JSON values
    """Do something to the file at `path`: as it was seen, or else as it is now.

    Args:
        client: Signed in.
        path: Of a case or an operation.
        seen: The version that was seen; 0 for the newest.
        act: What to do.
        **fields: Of the act; what is empty is left out.
    """
    version = seen or client.get(path)["version"]
    given = {name: value for name, value in fields.items() if value not in {"", 0, None}}
    return client.post(path, {"version": version, "act": act, **given})


def goods_words(goods: Json) -> str:
    """Goods for a person."""
    named = (("GTIN", "gtin"), ("lot", "lot"), ("serial", "serial"), ("SSCC", "sscc"))
    return " ".join(f"{word} {goods[name]}" for word, name in named if goods[name])
