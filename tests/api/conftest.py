"""One application over a small indexed ledger, asked in process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import Identity, create_app
from ledger.config import Settings
from ledger.store.database import Database, open_database
from tests.core.batch_story import DOMAIN
from tests.indexed_world import World, world, write

SERVER = "http://lotproof.example"


@pytest.fixture(scope="session")
def told() -> World:
    return world()


@pytest.fixture
def database(tmp_path: Path, told: World) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/lotproof.db")
    write(opened, told)
    yield opened
    opened.close()


@pytest.fixture
def app(tmp_path: Path, database: Database, told: World) -> FastAPI:
    identity = Identity(DOMAIN.chain_id, DOMAIN.ledger, b"\xcc" * 20, b"\xdd" * 20)
    return create_app(Settings(data_dir=tmp_path), database, identity, clock=lambda: told.now)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=SERVER, follow_redirects=False, raise_server_exceptions=False) as opened:
        yield opened
