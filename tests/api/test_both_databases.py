"""Whichever database an installation has, it answers the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.store.database import open_database
from tests.api.conftest import Asker, _app
from tests.indexed_world import CARTON, GTIN, LOTS, PALLET, link, write
from tests.postgres import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.indexed_world import World

CODES = [link(), *(link(lot) for lot in LOTS.values()), link("NONE"), link(expiry="280331"), GTIN, f"(00){CARTON}"]
PATHS = [
    "/v1/organisations",
    *(f"/v1/organisations/{number}" for number in range(1, 6)),
    *(f"/v1/organisations/{number}/consignments" for number in range(1, 6)),
    *(f"/v1/organisations/{number}/alerts" for number in range(1, 6)),
    *(f"/v1/batches/{GTIN}/{lot.replace('/', '%2F')}" for lot in LOTS.values()),
    f"/v1/consignments/{CARTON}",
    f"/v1/consignments/{PALLET}",
    "/v1/organisations/2/log",
    "/readyz",
    f"/01/{GTIN}/10/{LOTS['recalled']}",
    f"/00/{PALLET}",
]


@pytest.fixture(scope="module")
def other(postgres: Cluster, told: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Asks an application with the other database."""
    database = open_database(postgres.fresh())
    write(database, told)
    yield Asker(_app(database, told, tmp_path_factory.mktemp("other")))
    database.close()


@pytest.mark.parametrize("code", CODES)
def test_a_verdict_is_the_same(ask: Asker, other: Asker, code: str) -> None:
    one, two = (each.get("/v1/verify", params={"code": code, "organisation": "2"}) for each in (ask, other))
    assert one.status_code == two.status_code == 200
    assert one.json() == two.json()


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_is_the_same(ask: Asker, other: Asker, path: str) -> None:
    one, two = ask.get(path), other.get(path)
    assert one.status_code == two.status_code < 400
    assert one.text == two.text
