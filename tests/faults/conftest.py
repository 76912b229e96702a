"""What the harnesses' tests share: a node, and which bugs a test run puts in.

Of each harness it is the first; `scripts/faults` puts in all, before it runs at length.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real_world import RealWorld, a_real_world

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAIN_ID = 31337
HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWorld]:
    """One real node for all tests of a file: it takes seconds to start."""
    with a_real_world(tmp_path_factory.mktemp("node"), 1, CHAIN_ID) as made:
        yield made


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out every bug but the first of each harness, unless `ALL_PLANTS` is set: they cost minutes."""
    if os.environ.get("ALL_PLANTS"):
        return
    left_out = {item for item in items if _is_further_plant(item)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def _is_further_plant(item: pytest.Item) -> bool:
    case = getattr(item, "callspec", None)
    return item.path.parent == HERE and case is not None and case.indices.get("plant", 0) > 0
