"""What every test may ask for: the folder of real data, and reproducible Hypothesis runs."""

from __future__ import annotations

import logging
import os
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from ledger.cli.logs import OURS
from ledger.store.database import Database, open_database
from tests.postgres import ENGINES, SPREAD, Cluster, cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator


CHECKOUT = Path(__file__).resolve().parents[1]

# A failing example must fail again for the next person, and a busy machine must not fail a test by its slowness.
settings.register_profile(
    "lotproof", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", settings.get_profile("lotproof"), max_examples=10_000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "lotproof"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers first, then whole programs: files are handed out in this order, and one of minutes must not be last."""
    slow, system = ({item.path for item in items if item.get_closest_marker(name)} for name in ("slow", "system"))
    items.sort(key=lambda item: (item.path.parent.name != "web", item.path not in slow, item.path not in system))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Give the log back as it was: a command that runs within a test sets it for its whole process."""
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", *OURS)}
    try:
        return (yield)
    finally:
        root.handlers[:] = handlers
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the source tree."""
    return CHECKOUT


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data (`LOTPROOF_TEST_DATA`, by default `../shared/data`); the test is skipped without it."""
    folder = Path(os.environ.get("LOTPROOF_TEST_DATA", CHECKOUT.parent / "shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; name its folder in LOTPROOF_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty database of ours: migrated once, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "lotproof.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL server for all tests of this process that do not kill it."""
    with cluster(tmp_path_factory.mktemp("postgresql"), fsync=False) as started:
        yield started


@pytest.fixture
def engine() -> str:
    """Which database `new_url` and what builds on it use; tests that run on both are given each in turn."""
    return "sqlite"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run on each database what asks for one, in `tests/store` and where a module says what to `RUN_ON`."""
    store = metafunc.definition.path.parent.name == "store"
    engines = getattr(metafunc.module, "RUN_ON", ENGINES if store else ())
    if engines and "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", engines)


@pytest.fixture
def new_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Makes as many empty, migrated databases as a test wants; gives their URLs."""
    made: list[str] = []
    if engine != "sqlite":
        server: Cluster = request.getfixturevalue("postgres")
        make_one = partial(server.lend, spread=engine == SPREAD)
    else:
        empty: Path = request.getfixturevalue("empty_database")

        def make_one() -> str:
            return f"sqlite:///{shutil.copyfile(empty, tmp_path / f'store-{len(made)}.db')}"

    def make() -> str:
        made.append(make_one())
        return made[-1]

    yield make
    if engine != "sqlite":
        for url in made:
            server.take_back(url)


@pytest.fixture
def new_database(new_url: Callable[[], str]) -> Iterator[Callable[[], Database]]:
    """Makes as many empty databases as a test wants."""
    made: list[Database] = []

    def make() -> Database:
        made.append(open_database(new_url()))
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture
def db(new_database: Callable[[], Database]) -> Database:
    """One empty database."""
    return new_database()
