"""The demonstration opens the scanner for whoever sits before a screen, and takes over nobody's terminal."""

from __future__ import annotations

import pytest

from ledger.cli.demo import has_screen


@pytest.mark.parametrize(
    ("platform", "environ", "typed", "due"),
    [
        ("darwin", {}, True, True),
        ("win32", {}, True, True),
        ("linux", {"DISPLAY": ":0"}, True, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True, True),
        ("linux", {}, True, False),
        ("linux", {"DISPLAY": ""}, True, False),
        ("linux", {"DISPLAY": ":10", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, True, False),
        ("darwin", {}, False, False),
    ],
)
def test_a_browser_is_opened_only_where_somebody_sees_it(
    platform: str, environ: dict[str, str], typed: bool, due: bool
) -> None:
    assert has_screen(platform, environ, typed=typed) is due
