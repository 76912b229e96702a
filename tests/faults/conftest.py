"""Which bugs a test run puts in: the first of each harness. `scripts/faults` puts in all, before it runs at length."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

HERE = Path(__file__).resolve().parent


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
