"""The files of deploy/ fit what they deploy: commands, settings, ports, paths; systemd and the guide agree."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from api.bounds import BYTES_BESIDE_A_PHOTO, BYTES_OF_A_CODE
from ledger.cli.main import app
from ledger.cli.stack import KEEP_ALIVE_SECONDS, MAX_HEADER_BYTES
from ledger.config import NOT_SETTINGS, Settings
from ledger.core.serials import most_bytes
from tests.test_documentation import parse

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = ROOT / "docs/deployment.md"
KNOWN = {f"LOTPROOF_{item.name.upper()}" for item in fields(Settings)} | {f"LOTPROOF_{name}" for name in NOT_SETTINGS}
MADE = {"secrets", "certificates", "besu/network"}  # by scripts/deployment.py, not in the repository
DOOR_SETTINGS = dict(re.findall(r"presetenv (DOOR_\w+) (.+)", (DEPLOY / "haproxy/haproxy.cfg").read_text()))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = compose["services"]
    assert isinstance(found, dict)
    return found


def ours(services: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in services.items() if service["image"] == "lotproof"}


def test_there_are_a_door_two_servers_and_one_of_each_other_part(services: dict[str, dict[str, Any]]) -> None:
    commands = sorted(" ".join(service.get("command", [])) for service in ours(services).values())
    assert commands == ["", "index", "relay", "serve --port 8000", "serve --port 8000"]
    assert {"door", "database", "validator1", "validator2", "validator3", "validator4"} <= services.keys()


def test_every_command_of_ours_is_one_that_lotproof_knows(services: dict[str, dict[str, Any]]) -> None:
    for service in ours(services).values():
        parse(typer.main.get_command(app), service.get("command", []))


def test_every_setting_in_compose_is_one(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        given = service.get("environment", {})
        assert {name for name in given if name.startswith("LOTPROOF_")} <= KNOWN
        assert {name for name in given if name.startswith("DOOR_")} <= DOOR_SETTINGS.keys()
        if service["image"] != "lotproof":
            assert not any(name.startswith("LOTPROOF_") for name in given)


def test_every_container_is_bounded(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert ":latest" not in service["image"], name
        if service["image"] != "lotproof":
            assert ":" in service["image"], name
        # HAProxy's image has a user of its own, and PostgreSQL's becomes its own once the volume is given to it.
        assert "user" in service or name in {"door", "database"}, name


def test_only_the_door_and_what_is_local_can_be_reached_from_outside(services: dict[str, dict[str, Any]]) -> None:
    opened = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert opened.pop("door") == ["80:80", "443:443"]
    assert all(port.startswith("127.0.0.1:") for ports in opened.values() for port in ports)


def test_the_door_leads_to_the_servers(services: dict[str, dict[str, Any]]) -> None:
    door = services["door"]["environment"]
    for setting in ("DOOR_SERVER_1", "DOOR_SERVER_2"):
        host, port = door[setting].split(":")
        assert services[host]["command"] == ["serve", "--port", port]
        assert set(services[host]["networks"]) & set(services["door"]["networks"])


def test_what_is_mounted_exists_or_is_made_first(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if not source.startswith("."):
                assert source in compose["volumes"], name
                continue
            path = source.removeprefix("./")
            made = any(path == each or path.startswith(f"{each}/") for each in MADE)
            assert made or (DEPLOY / path).exists(), f"{name}: {source}"
        assert set(service.get("secrets", [])) <= compose["secrets"].keys()


def test_what_must_not_be_committed_is_ignored() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {f"/deploy/{name}/" for name in MADE} <= set(ignored)


def test_the_image_copies_what_is_there_and_nothing_that_is_ignored() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert names
    let_in = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    for name in names:
        assert (ROOT / name).exists(), name
        assert any(name == each or name.startswith(f"{each}/") for each in let_in), name
    for name in let_in:
        assert any(each == name or each.startswith(f"{name}/") for each in names), f"{name} is let in for nothing"


def test_the_image_builds_with_the_one_package_that_it_takes_from_those_for_development() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    script = re.search(r"awk '(.+)' requirements-dev.txt", dockerfile)
    assert script
    taken = subprocess.run(
        ["awk", script[1], str(ROOT / "requirements-dev.txt")], capture_output=True, text=True, check=True
    ).stdout
    assert re.fullmatch(r"setuptools==\S+ \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+", taken)


OWN_UNITS = [path.name.replace("@.", "@8001.") for path in sorted(DEPLOY.glob("systemd/*.service"))]
UNITS = [*OWN_UNITS, "haproxy.service"]


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units as they would be installed, with a program that is here."""
    if shutil.which("systemd-analyze") is None:
        assert not os.environ.get("CI"), "systemd is not installed here: apt-get install systemd"
        pytest.skip("systemd is not installed")
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(DEPLOY / "systemd", folder, dirs_exist_ok=True)
    for unit in folder.glob("*.service"):
        text = unit.read_text(encoding="utf-8")
        program = re.search(r"^ExecStart=(\S+)", text, re.MULTILINE)
        assert program
        unit.write_text(text.replace(program[1], "/bin/true"), encoding="utf-8")
    # HAProxy's own unit as the distributions have it, as far as the drop-in builds upon it.
    theirs = "[Service]\nExecStart=/bin/true -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS\nType=notify\n"
    (folder / "haproxy.service").write_text(theirs, encoding="utf-8")
    shutil.copy(folder / "lotproof-serve@.service", folder / "lotproof-serve@8001.service")
    return folder


def analyze(units: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{units}:/lib/systemd/system"}
    command = ["systemd-analyze", *words]
    return subprocess.run(command, cwd=units, env=environment, capture_output=True, text=True, check=False)


def test_there_is_a_unit_for_each_part() -> None:
    assert {"lotproof-serve@8001.service", "lotproof-index.service", "lotproof-relay.service"} <= {*OWN_UNITS}


def test_systemd_finds_no_fault_with_the_units(units: Path) -> None:
    done = analyze(units, "verify", "--man=no", *(f"./{unit}" for unit in UNITS))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_may_do_little(units: Path, unit: str) -> None:
    done = analyze(units, "security", "--offline=true", f"./{unit}")
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert level, done.stderr
    assert float(level[1]) <= 2.0, "systemd calls up to 2 well protected"


def test_units_run_commands_and_settings_of_lotproof() -> None:
    for unit in DEPLOY.glob("systemd/*.service"):
        command = re.search(r"^ExecStart=/opt/lotproof/bin/lotproof (.+)$", unit.read_text(), re.MULTILINE)
        assert command, unit.name
        parse(typer.main.get_command(app), shlex.split(command[1].replace("%i", "8001")))
    for text in (path.read_text() for path in DEPLOY.glob("systemd/**/*") if path.is_file()):
        assert set(re.findall(r"LOTPROOF_\w+", text)) <= KNOWN


def test_the_guide_explains_every_setting_of_the_door_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(DOOR_\w+)` \| ([^|]+) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: value.strip().strip("`") for name, value in rows.items()} == {
        name: value.strip('"') for name, value in DOOR_SETTINGS.items()
    }


def test_the_door_lets_through_what_the_servers_take_and_little_more() -> None:
    settings = Settings()
    body, photo, listed = (int(DOOR_SETTINGS[f"DOOR_{name}_BYTES"]) for name in ("BODY", "PHOTO", "LIST"))
    largest_list = max(most_bytes(settings.max_units), settings.max_codes * BYTES_OF_A_CODE)
    assert body == settings.max_body_bytes
    assert settings.max_image_bytes + BYTES_BESIDE_A_PHOTO <= photo <= settings.max_image_bytes + (1 << 18)
    assert largest_list <= listed <= 2 * largest_list


def test_a_server_keeps_idle_connections_longer_than_the_door_and_reads_as_long_headers() -> None:
    text = (DEPLOY / "haproxy/haproxy.cfg").read_text()
    found = re.search(r"default-server pool-max-conn (\d+) pool-purge-delay (\d+)s", text)
    assert found
    most, seconds = map(int, found.groups())
    assert seconds * most.bit_length() < KEEP_ALIVE_SECONDS, "HAProxy lets go of half of them each time"
    assert "tune.bufsize" not in text, "16 KiB is HAProxy's default"
    assert MAX_HEADER_BYTES == 16_384


def run_script(deploy: Path, *words: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    """scripts/deployment.py on a copy of deploy/."""
    (deploy.parent / "scripts").mkdir(exist_ok=True)
    script = shutil.copy(ROOT / "scripts/deployment.py", deploy.parent / "scripts")
    command = [sys.executable, str(script), *words]
    return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False)


@pytest.fixture
def deploy(tmp_path: Path) -> Path:
    (tmp_path / "deploy/besu").mkdir(parents=True)
    for name in ("compose.yaml", "besu/network.json"):
        shutil.copy(DEPLOY / name, tmp_path / "deploy" / name)
    return tmp_path / "deploy"


def test_secrets_are_made_once_and_fit_together(deploy: Path, compose: dict[str, Any]) -> None:
    assert run_script(deploy, "secrets").returncode == 0
    folder = deploy / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {f"./secrets/{path.name}" for path in folder.iterdir()} == {
        secret["file"] for secret in compose["secrets"].values()
    }
    password = (folder / "database-password").read_text()
    assert len(password) == 32
    assert f"postgresql://lotproof:{password}@database/lotproof" in (folder / "lotproof.toml").read_text()
    again = run_script(deploy, "secrets")
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert (folder / "database-password").read_text() == password


# Stands for Docker: writes what Besu's key maker writes, of keys that are four counts.
DOCKER = """#!/bin/sh
for word in "$@"; do case "$word" in *:/folder) folder=${word%:/folder};; esac; done
echo "$@" > "$folder/../asked"
mkdir -p "$folder/made/keys"
cp "$folder/network.json" "$folder/made/genesis.json"
for number in 1 2 3 4; do
  mkdir "$folder/made/keys/0x$number"
  printf 0x%064d $number > "$folder/made/keys/0x$number/key"
  printf 0x%0128d $number > "$folder/made/keys/0x$number/key.pub"
done
"""


def test_a_consortium_of_four_is_laid_out_where_compose_looks_for_it(
    deploy: Path, services: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker").write_text(DOCKER)
    (tmp_path / "bin/docker").chmod(0o755)
    payer = "0x" + "aB" * 20
    made = run_script(deploy, "consortium", payer, path=f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert made.returncode == 0, made.stderr
    network = deploy / "besu/network"
    genesis = json.loads((network / "genesis.json").read_text())["genesis"]
    assert genesis["alloc"] == {"ab" * 20: {"balance": hex(10**24)}}
    nodes = json.loads((network / "static-nodes.json").read_text())
    for number, node in enumerate(nodes, 1):
        service = services[f"validator{number}"]
        host = service["environment"]["BESU_P2P_HOST"]
        assert node == f"enode://{number:0128d}@{host}:30303"
        assert service["networks"]["outside"]["ipv4_address"] == host
        assert f"./besu/network/validator{number}:/validator" in service["volumes"]
        assert (network / f"validator{number}/key").read_text() == f"0x{number:064d}"
        assert (network / f"validator{number}/key").stat().st_mode & 0o777 == 0o600
    asked = (deploy / "besu/asked").read_text()
    assert services["validator1"]["image"] in asked
    assert "operator generate-blockchain-config" in asked
    assert run_script(deploy, "consortium").returncode == 1, "what is there is not overwritten"


@pytest.mark.parametrize(
    ("words", "said"), [(["consortium", "0x12"], "is no address"), (["consortium"], "Docker is not installed")]
)
def test_a_consortium_that_cannot_be_made_says_why(deploy: Path, words: list[str], said: str) -> None:
    done = run_script(deploy, *words, path="/nonexistent")
    assert done.returncode == 1
    assert said in done.stderr
    assert not (deploy / "besu/network").exists()


def test_the_genesis_runs_what_the_contract_is_compiled_for() -> None:
    genesis = json.loads((DEPLOY / "besu/network.json").read_text())
    version = json.loads((ROOT / "contracts/compiler.json").read_text())["settings"]["evmVersion"]
    assert genesis["genesis"]["config"][f"{version}Time"] == 0
    assert genesis["blockchain"]["nodes"]["count"] >= 4, "fewer validators bear no faulty one"
    assert int(genesis["genesis"]["gasLimit"], 16) >= 2 * 16_777_216, "two of our largest transactions a block"
