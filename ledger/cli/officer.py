"""What the commands of a desk share: an officer who is signed in for as long as a command runs."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli.client import Client
from ledger.cli.keys import settings_for, unlock
from ledger.core.errors import LotproofError

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
    from ledger.cli.desk import domain_of
    from ledger.cli.sharing_desk import open_session

    signer = unlock(settings_for(data), key)
    with Client(server) as client:
        open_session(client, signer, domain_of(client).chain_id)
        try:
            yield client
        finally:
            with suppress(LotproofError):  # unused, it ends by itself
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
