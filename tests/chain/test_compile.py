"""The committed bytecode is what the committed sources compile to, whichever tool compiles them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain import compile as compiling
from ledger.core.errors import ConfigurationError

CODE_SIZE_LIMIT = 24_576  # bytes, EIP-170
CREATION_SIZE_LIMIT = 49_152  # bytes, EIP-3860
NAMES = sorted(compiling.CONTRACTS)


@pytest.fixture(scope="module", autouse=True)
def _tools(checkout: Path) -> None:
    if not (checkout / "node_modules/solc").is_dir() and not os.environ.get("CI"):
        pytest.skip("the npm packages are not installed; run ./scripts/setup")


@pytest.fixture(scope="module")
def fresh(checkout: Path) -> dict[str, compiling.Artifact]:
    return compiling.compile_contracts(checkout)


@pytest.fixture(scope="module")
def committed() -> dict[str, compiling.Artifact]:
    return {
        name: compiling.Artifact(**json.loads((compiling.ARTIFACTS / f"{name}.json").read_text(encoding="utf-8")))
        for name in NAMES
    }


@pytest.fixture(scope="module")
def hardhat(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Build in a copy, so that nothing cached and nothing of another process's is taken for this result."""
    copy = tmp_path_factory.mktemp("hardhat")
    for name in ("hardhat.config.js", "package.json"):
        shutil.copy(checkout / name, copy)
    shutil.copytree(checkout / "contracts", copy / "contracts", ignore=shutil.ignore_patterns("test"))
    (copy / "node_modules").symlink_to(checkout / "node_modules")
    environment = os.environ | {"PATH": f"{checkout}/.venv/bin:{os.environ['PATH']}", "HOME": str(copy)}
    command = ["node", "node_modules/hardhat/dist/src/cli.js", "build", "--no-tests"]
    ran = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    built = copy / ".cache/hardhat/artifacts"
    return {
        name: json.loads((built / source / f"{name}.json").read_text(encoding="utf-8"))
        for name, source in compiling.CONTRACTS.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_committed_artifact_is_what_the_sources_compile_to(
    name: str, fresh: dict[str, compiling.Artifact], committed: dict[str, compiling.Artifact]
) -> None:
    differing = [key for key, value in vars(fresh[name]).items() if vars(committed[name])[key] != value]
    assert not differing, "run: .venv/bin/python -m ledger.chain.compile"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_hardhat_and_py_solc_x_make_the_same_bytecode(
    name: str, fresh: dict[str, compiling.Artifact], hardhat: dict[str, dict[str, Any]]
) -> None:
    assert fresh[name].bytecode == hardhat[name]["bytecode"]
    assert fresh[name].deployed_bytecode == hardhat[name]["deployedBytecode"]
    assert fresh[name].abi == hardhat[name]["abi"]
    groups = hardhat[name]["immutableReferences"].values()
    places = sorted((place["start"], place["length"]) for group in groups for place in group)
    assert [(place["start"], place["length"]) for place in fresh[name].immutable_references] == places


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_code_fits_into_what_a_chain_accepts(name: str, committed: dict[str, compiling.Artifact]) -> None:
    assert 0 < len(committed[name].deployed_bytecode[2:]) // 2 <= CODE_SIZE_LIMIT
    assert 0 < len(committed[name].bytecode[2:]) // 2 <= CREATION_SIZE_LIMIT


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_layout_names_no_node_numbers(name: str, committed: dict[str, compiling.Artifact]) -> None:
    assert committed[name].storage_layout["storage"]
    assert "astId" not in json.dumps(committed[name].storage_layout)


def test_foundry_repeats_the_one_compiler_setting(checkout: Path) -> None:
    setting = json.loads((checkout / "contracts/compiler.json").read_text(encoding="utf-8"))["settings"]
    profile = tomllib.loads((checkout / "foundry.toml").read_text(encoding="utf-8"))["profile"]["default"]
    assert {
        "evmVersion": profile["evm_version"],
        "viaIR": profile["via_ir"],
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "metadata": {"bytecodeHash": profile["bytecode_hash"], "appendCBOR": profile["cbor_metadata"]},
    } == setting


def test_sources_are_read_with_all_that_they_import(checkout: Path) -> None:
    sources = compiling.sources_of(checkout, "contracts/CustodyLedger.sol")
    assert "contracts/Accreditation.sol" in sources
    assert "@openzeppelin/contracts/utils/cryptography/EIP712.sol" in sources
    assert not [unit for unit in sources if "/test/" in unit]


def test_a_compiler_of_another_version_is_refused(checkout: Path, tmp_path: Path) -> None:
    _copy_tree_with_setting(checkout, tmp_path, version="0.8.1")
    with pytest.raises(ConfigurationError, match=r"asks for solc 0\.8\.1"):
        compiling.compile_contracts(tmp_path)


def test_a_source_that_does_not_compile_says_what_the_compiler_says(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = json.loads((checkout / "contracts/compiler.json").read_text(encoding="utf-8"))["version"]
    _copy_tree_with_setting(checkout, tmp_path, version=version)
    monkeypatch.setattr(compiling, "CONTRACTS", {"Broken": "contracts/Broken.sol"})
    (tmp_path / "contracts/Broken.sol").write_text("contract Broken { uint256 x = true; }", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not implicitly convertible"):
        compiling.compile_contracts(tmp_path)


def test_missing_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"compiler\.json cannot be read"):
        compiling.compile_contracts(tmp_path)


def test_a_missing_compiler_is_named(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _copy_tree_with_setting(checkout, tmp_path, version="0.8.1")
    (tmp_path / "scripts").unlink()
    monkeypatch.setattr(compiling, "CONTRACTS", {"Any": "contracts/Any.sol"})
    (tmp_path / "contracts/Any.sol").write_text("contract Any {}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="There is no compiler at"):
        compiling.compile_contracts(tmp_path)


def test_what_is_written_reads_back_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, committed: dict[str, compiling.Artifact]
) -> None:
    other = {name: replace(artifact, bytecode="0x00") for name, artifact in committed.items()}
    monkeypatch.setattr(compiling, "compile_contracts", lambda: other)
    files = compiling.write_artifacts(tmp_path / "abi")
    assert [file.stem for file in files] == NAMES
    assert {file.stem: compiling.Artifact(**json.loads(file.read_text(encoding="utf-8"))) for file in files} == other


def _copy_tree_with_setting(checkout: Path, copy: Path, version: str) -> None:
    (copy / "contracts").mkdir()
    (copy / "contracts/compiler.json").write_text(json.dumps({"version": version, "settings": {}}), encoding="utf-8")
    for unit in compiling.sources_of(checkout, "contracts/CustodyLedger.sol"):
        if unit.startswith("contracts/"):
            (copy / unit).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkout / unit, copy / unit)
    for name in ("node_modules", "scripts"):
        (copy / name).symlink_to(checkout / name)
