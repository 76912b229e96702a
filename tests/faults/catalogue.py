"""The harnesses of this folder, found by what they offer: a new module needs no entry anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import cast

from tests.faults.outcome import Harness

PARTS = ("NAME", "PLANTS", "run")


def harnesses() -> dict[str, Harness]:
    """Every harness by its name, in the order of the names."""
    found = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith(("test_", "_")):
            continue
        loaded = importlib.import_module(f"tests.faults.{module.name}")
        if all(hasattr(loaded, part) for part in PARTS):
            harness = cast("Harness", loaded)
            found[harness.NAME] = harness
    return dict(sorted(found.items()))


def about(harness: Harness) -> str:
    """What a harness does, in its own first sentence."""
    return (harness.__doc__ or "").strip().partition("\n")[0]
