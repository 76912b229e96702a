"""One application over a small indexed ledger, asked in process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI

from api.app import Identity, create_app
from ledger.config import Settings
from ledger.store.database import Database, open_database
from tests.core.batch_story import DOMAIN
from tests.indexed_world import World, world, write

SERVER = "http://lotproof.example"


class Asker:
    """Asks an application as a client would; every answer comes back whole."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=SERVER) as client:
                return await client.request(method, path, **options)

        return anyio.run(ask)

    get = property(lambda self: partial(self, "GET"))
    post = property(lambda self: partial(self, "POST"))


class Wallets:
    """A chain on which no contract signs anything."""

    def is_wallet_signature(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        del wallet, digest, signature
        return False


def _app(database: Database, told: World, folder: Path, **settings: Any) -> FastAPI:
    identity = Identity(DOMAIN.chain_id, DOMAIN.ledger, b"\xcc" * 20, b"\xdd" * 20)
    chosen = Settings(data_dir=folder, **settings)
    return create_app(chosen, database, identity, chain_view=Wallets(), clock=lambda: told.now)


@pytest.fixture(scope="session")
def told() -> World:
    return world()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, told: World) -> Path:
    """An indexed database to copy: making one takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "lotproof.db"
    opened = open_database(f"sqlite:///{path}")
    write(opened, told)
    opened.close()
    return path


@pytest.fixture
def database(engine: str, tmp_path: Path, request: pytest.FixtureRequest, told: World) -> Iterator[Database]:
    """A database of the test's own."""
    if engine == "sqlite":
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('template'), tmp_path)}"
    else:
        url = request.getfixturevalue("new_url")()
    opened = open_database(url)
    if engine != "sqlite":
        write(opened, told)
    yield opened
    opened.close()


@pytest.fixture
def make_app(tmp_path: Path, database: Database, told: World) -> Callable[..., FastAPI]:
    return lambda **settings: _app(database, told, tmp_path, **settings)


@pytest.fixture
def app(make_app: Callable[..., FastAPI]) -> FastAPI:
    """An application of the test's own, to change or write to."""
    return make_app()


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory, template: Path, told: World) -> FastAPI:
    folder = tmp_path_factory.mktemp("shared")
    return _app(open_database(f"sqlite:///{shutil.copy(template, folder)}"), told, folder)


@pytest.fixture(scope="session")
def ask(shared_app: FastAPI) -> Asker:
    """Asks an application that all tests share: for reading only."""
    return Asker(shared_app)
