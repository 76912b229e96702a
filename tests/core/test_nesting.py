"""Nesting is counted before a parser meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.nesting import is_nested_deeper

VALUES = st.recursive(
    st.none() | st.text(alphabet='[]{}"\\a') | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='[]{}"\\a'), inner, max_size=3),
)


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth_of, inner), default=0) if isinstance(value, dict | list) else 0


@given(VALUES)
def test_depth_is_counted_as_the_parser_would_meet_it(value: Any) -> None:
    text, depth = json.dumps(value), depth_of(value)
    assert not is_nested_deeper(text, depth)
    assert depth == 0 or is_nested_deeper(text, depth - 1)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[{" * 50_000, '"\\"[' + "[" * 40])
def test_what_is_no_json_is_counted_too(text: str) -> None:
    assert is_nested_deeper(text, 32) is not text.startswith('"')


def test_endless_quotes_take_no_time() -> None:
    assert not is_nested_deeper('"' + '\\"' * 500_000, 1)


@pytest.mark.parametrize(
    "call",
    [
        "from api.bounds import strict_json; strict_json(text.encode(), 32)",
        "from ledger.core.table import read_rows; read_rows(text.encode(), ('lot',), (), as_json=True)",
    ],
)
def test_deep_nesting_is_refused_where_a_library_has_raised_the_recursion_limit(call: str) -> None:
    """In a process of its own: a parser that recursed would end it by a signal."""
    program = f"import eth_account, sys; assert sys.getrecursionlimit() > 50_000; text = '[' * 200_000; {call}"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran
    assert "nested deeper than" in ran.stderr
