"""What every test may ask for: the folder of real data, and reproducible Hypothesis runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from ledger.store.database import Database, open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).resolve().parents[1]

# A failing example must fail again for the next person, and a busy machine must not fail a test by its slowness.
settings.register_profile(
    "lotproof", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", settings.get_profile("lotproof"), max_examples=10_000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "lotproof"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole programs first: files are handed out in this order, and one that takes minutes must not begin last."""
    slow, system = ({item.path for item in items if item.get_closest_marker(name)} for name in ("slow", "system"))
    items.sort(key=lambda item: (item.path not in slow, item.path not in system))


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


@pytest.fixture
def new_database(empty_database: Path, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Makes as many empty databases as a test wants."""
    made: list[Database] = []

    def make() -> Database:
        path = tmp_path / f"store-{len(made)}.db"
        shutil.copyfile(empty_database, path)
        made.append(open_database(f"sqlite:///{path}"))
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture
def db(new_database: Callable[[], Database]) -> Database:
    """One empty database."""
    return new_database()
