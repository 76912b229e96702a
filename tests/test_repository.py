"""The repository keeps its own rules: locks, set-up, package contents, documents."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt", "requirements-setup.txt")
LOCKS += ("requirements-solidity.txt",)
PROGRAMS = (
    ".ci/run",
    "scripts/demo",
    "scripts/faults",
    "scripts/forge",
    "scripts/halmos",
    "scripts/lock",
    "scripts/risk_model",
    "scripts/setup",
)
PROGRAMS += ("scripts/slither", "scripts/test")
TEXT = {".cjs", ".css", ".html", ".js", ".json", ".md", ".py", ".sol", ".svelte", ".svg", ".toml", ".ts", ".txt", ""}
PERSONAL_PATH = re.compile(r"(?<![\w.$}/])/(?:root|work)/\w")
INDEX_ADDRESS = re.compile(r"--(?:extra-)?index-url|--find-links|^registry\s*=|\"resolved\":", re.MULTILINE)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{60}")
EXCEPTION = re.compile(r"# noqa|# type: ignore|eslint-disable|svelte-ignore")
REASON = re.compile(
    r"# noqa: [A-Z0-9, ]+ - \S|# type: ignore\[[a-z, -]+\]  ?# \S"
    r"|eslint-disable-next-line \S+ -- \S|svelte-ignore \S+ \(\S"
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.fixture(scope="session")
def tracked(checkout: Path) -> list[Path]:
    ran = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        pytest.skip("not a git checkout")
    return [checkout / name for name in ran.stdout.split("\0") if name and (checkout / name).is_file()]


@pytest.fixture(scope="session")
def texts(tracked: list[Path], checkout: Path) -> dict[str, str]:
    """Every tracked text but this test, which names what it looks for."""
    own = Path(__file__).resolve()
    return {
        file.relative_to(checkout).as_posix(): file.read_text(encoding="utf-8", errors="replace")
        for file in tracked
        if file.suffix in TEXT and file != own
    }


@pytest.fixture(scope="session")
def project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def npm_lock(checkout: Path) -> dict[str, Any]:
    packages: dict[str, Any] = json.loads((checkout / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    return packages


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==([^\s;]+)", lock, re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_python_package_has_a_hash(name: str, checkout: Path) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", (checkout / name).read_text(encoding="utf-8").strip())
    assert entries
    assert not [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]


def test_the_locks_hold_every_declared_dependency(project: dict[str, Any], checkout: Path) -> None:
    declared = project["project"]["dependencies"], *project["dependency-groups"].values()
    files = LOCKS[0], LOCKS[1], LOCKS[2], LOCKS[4]
    for requirements, name in zip(declared, files, strict=True):
        locked = pins((checkout / name).read_text(encoding="utf-8"))
        assert not [one for one in requirements if re.split(r"[<>=\[]", one)[0] not in locked], name


def test_the_development_lock_holds_the_runtime_lock(checkout: Path) -> None:
    runtime, development = (pins((checkout / name).read_text(encoding="utf-8")) for name in LOCKS[:2])
    assert runtime.items() <= development.items()


def test_every_locked_npm_package_has_a_hash_but_those_of_other_platforms(npm_lock: dict[str, Any]) -> None:
    open_entries = {path: entry for path, entry in npm_lock.items() if path and "integrity" not in entry}
    assert not [path for path, entry in open_entries.items() if not (entry.get("optional") and entry.get("os"))]
    assert not [path for path, entry in open_entries.items() if entry["os"] == ["linux"] and entry["cpu"] == ["x64"]]


def test_npm_refuses_no_optional_package_of_its_own_lock(npm_lock: dict[str, Any]) -> None:
    wanted = {name for entry in npm_lock.values() for name in entry.get("optionalDependencies", {})}
    assert not [name for name in wanted if not any(path.endswith(f"node_modules/{name}") for path in npm_lock)]


def test_no_file_names_an_index_or_a_persons_folder(texts: dict[str, str]) -> None:
    assert len(texts) > len(LOCKS)
    assert not {name: found for name, text in texts.items() if (found := PERSONAL_PATH.findall(text))}
    configured = {name: text for name, text in texts.items() if not name.startswith("scripts/")}
    assert not [name for name, text in configured.items() if INDEX_ADDRESS.search(text)]


def test_no_file_is_unfinished_or_holds_a_private_key(texts: dict[str, str]) -> None:
    assert not {name: found for name, text in texts.items() if (found := UNFINISHED.findall(text))}
    assert not [name for name, text in texts.items() if PRIVATE_KEY.search(text)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_can_be_started(name: str, checkout: Path) -> None:
    assert os.access(checkout / name, os.X_OK)
    assert subprocess.run(["bash", "-n", name], cwd=checkout, check=False).returncode == 0


def test_ci_runs_what_the_readme_tells_people_to_run(checkout: Path) -> None:
    for name in (".ci/run", "README.md", "CONTRIBUTING.md"):
        assert re.search(r"^\./scripts/test\b", (checkout / name).read_text(encoding="utf-8"), re.MULTILINE), name


def test_node_and_compiler_versions_are_said_alike_everywhere(checkout: Path, npm_lock: dict[str, Any]) -> None:
    setup = (checkout / "scripts/setup").read_text(encoding="utf-8")
    needed = re.search(r"NODE_NEEDED=([\d.]+)", setup)
    assert needed
    assert npm_lock[""]["engines"]["node"] == f">={needed[1]}"
    version = json.loads((checkout / "contracts/compiler.json").read_text(encoding="utf-8"))["version"]
    assert npm_lock["node_modules/solc"]["version"] == version
    for file in (checkout / "contracts").rglob("*.sol"):
        assert f"pragma solidity ^{version};" in file.read_text(encoding="utf-8"), file


@pytest.mark.slow
def test_the_wheel_holds_all_that_a_server_reads(tracked: list[Path], checkout: Path, tmp_path: Path) -> None:
    """Built from the tracked files alone: nothing that lies about may make up for what is not committed."""
    source = tmp_path / "source"
    for file in tracked:
        relative = file.relative_to(checkout)
        if relative.parts[0] in {"api", "ledger"} or len(relative.parts) == 1:
            (source / relative).parent.mkdir(parents=True, exist_ok=True)
            (source / relative).write_bytes(file.read_bytes())
    build = [
        str(Path(sys.executable).parent / "uv"),
        "build",
        "--wheel",
        "--offline",
        "--no-build-isolation",
        "--quiet",
    ]
    subprocess.run([*build, "--python", sys.executable, "--out-dir", str(tmp_path), str(source)], check=True)
    (wheel,) = tmp_path.glob("lotproof-*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    shipped = {file.relative_to(source).as_posix() for top in ("api", "ledger") for file in (source / top).rglob("*.*")}
    assert "ledger/chain/abi/CustodyLedger.json" in packed
    assert not sorted(name for name in shipped - packed if (source / name).is_file())


def test_every_exception_from_a_rule_says_why(texts: dict[str, str]) -> None:
    code = {name: text for name, text in texts.items() if name.endswith((".py", ".ts", ".svelte"))}
    lines = [(name, line) for name, text in code.items() for line in text.splitlines() if EXCEPTION.search(line)]
    assert len(lines) > 100
    assert [each for each in lines if not REASON.search(each[1])] == []


def test_every_link_between_documents_leads_somewhere(texts: dict[str, str], checkout: Path) -> None:
    documents = {name: text for name, text in texts.items() if name.endswith(".md")}
    assert documents
    broken = {
        (name, target)
        for name, text in documents.items()
        for target in LINK.findall(text)
        if not (checkout / name).parent.joinpath(target).exists()
    }
    assert not broken


def test_decisions_are_numbered_in_order_and_say_what_they_cost(checkout: Path) -> None:
    pages = sorted((checkout / "docs/decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(page.name[:4])}. "), page
        assert re.search(r"^\*(?:Accepted|Replaced by .+)\.\*$", text, re.MULTILINE), page
        assert "\n## Decision\n" in text, page
        assert "\n## Costs\n" in text, page
