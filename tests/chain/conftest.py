"""A node that answers as it is told, and a chain that talks to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.chain.client import Chain
from tests.scripted_node import ScriptedNode, scripted_node


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    with scripted_node() as running:
        yield running


@pytest.fixture
def chain(node: ScriptedNode) -> Iterator[Chain]:
    connected = Chain(node.url, timeout_seconds=5)
    yield connected
    connected.close()
