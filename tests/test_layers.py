"""The layers hold: higher imports lower, no module stands outside, and the core touches nothing impure."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("api", "ledger")
NOT_LAYERED = {"ledger"}  # the package itself, which holds nothing
# What reads the world or chance. Not here: `datetime` and `io` (their impure calls are named below), `urllib.parse`.
IMPURE_MODULES = frozenset(
    "asyncio concurrent ctypes fcntl ftplib getpass glob http httpx importlib logging mmap multiprocessing os pathlib "
    "pickle platform queue random requests sched secrets select shelve shutil signal smtplib socket socketserver "
    "sqlite3 ssl subprocess sys tempfile threading time urllib.error urllib.request uuid web3 sqlalchemy alembic "
    "solcx".split()
)
IMPURE_CALLS = frozenset(
    {"datetime.now", "datetime.today", "datetime.utcnow", "date.today", "io.open", "open", "input", "print", "eval"}
)
OWNERS = {
    "alembic": "ledger/store/",
    "psycopg": "ledger/store/",
    "solcx": "ledger/chain/",
    "sqlalchemy": "ledger/store/",
    "sqlite3": "ledger/store/",
    "web3": "ledger/chain/",
}


def modules(checkout: Path, *packages: str) -> list[Path]:
    return sorted(file for package in packages for file in (checkout / package).rglob("*.py"))


def dotted(checkout: Path, file: Path) -> str:
    parts = file.relative_to(checkout).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str) -> Iterator[str]:
    """Every imported name, in functions and under TYPE_CHECKING too, with what `from` takes out of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def impurities(source: str) -> list[str]:
    found = [name for name in imports(source) if any(within(name, module) for module in IMPURE_MODULES)]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            tail = ".".join(called.split(".")[-2:])  # `datetime.datetime.now` is as impure as `datetime.now`
            found += [called] if tail in IMPURE_CALLS else []
    return found


def layers(checkout: Path) -> list[str]:
    settings = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    return [name.strip() for layer in contract["layers"] for name in layer.split("|")]


def test_no_module_imports_upwards_or_sideways(checkout: Path, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--cache-dir", str(tmp_path)]
    ran = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 kept, 0 broken" in ran.stdout


def test_every_module_belongs_to_a_layer(checkout: Path) -> None:
    names = {dotted(checkout, file) for file in modules(checkout, *PACKAGES)} - NOT_LAYERED
    assert len(names) > len(layers(checkout))
    assert not {name for name in names if not any(within(name, layer) for layer in layers(checkout))}


def test_every_layer_exists(checkout: Path) -> None:
    names = {dotted(checkout, file) for file in modules(checkout, *PACKAGES)}
    assert not [layer for layer in layers(checkout) if layer not in names]


def test_every_package_can_be_found_by_the_import_linter(checkout: Path) -> None:
    folders = {file.parent for file in modules(checkout, *PACKAGES)}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_no_module_has_a_name_that_says_nothing(checkout: Path) -> None:
    vague = {"base", "common", "helpers", "manager", "misc", "models", "services", "utils"}
    assert not [file for file in modules(checkout, *PACKAGES) if {file.stem, file.parent.name} & vague]


def test_the_core_touches_no_network_disk_clock_or_chance(checkout: Path) -> None:
    found = {
        dotted(checkout, file): impurities(file.read_text(encoding="utf-8"))
        for file in modules(checkout, "ledger/core")
    }
    assert found
    assert {name: impure for name, impure in found.items() if impure} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "def f():\n    import os.path",
        "from urllib.request import urlopen",
        "from urllib import request",
        "from datetime import datetime\nnow = datetime.now()",
        "import datetime\nnow = datetime.datetime.now(datetime.UTC)",
        "import datetime\nday = datetime.date.today()",
        "text = open('x').read()",
        "from web3 import Web3",
    ],
)
def test_an_impure_core_would_be_noticed(source: str) -> None:
    assert impurities(source)


def test_what_is_pure_is_left_alone() -> None:
    assert not impurities(
        "import re\nfrom urllib.parse import unquote\nfrom datetime import UTC, date, datetime\ndate(1, 1, 1)"
    )


@pytest.mark.parametrize("library", sorted(OWNERS))
def test_a_library_is_imported_only_by_the_layer_that_owns_it(library: str, checkout: Path) -> None:
    strangers = [
        dotted(checkout, file)
        for file in modules(checkout, *PACKAGES)
        if not file.relative_to(checkout).as_posix().startswith(OWNERS[library])
        and any(within(name, library) for name in imports(file.read_text(encoding="utf-8")))
    ]
    assert not strangers
