"""Make what a deployment needs and no repository may hold: passwords, and the keys of a consortium's validators.

    python3 scripts/deployment.py secrets
    python3 scripts/deployment.py consortium ADDRESS…

Needs nothing but Python 3.11, and Docker for the second, which runs Besu's own key maker. What is there is never
overwritten.
"""

from __future__ import annotations

import argparse
import json
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
PASSWORD_BYTES = 24
MONEY = hex(10**24)  # wei; the network's gas costs nothing, and some programs want to see money all the same
PORT = 30303
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
SETTINGS = '# See docs/settings.md.\ndatabase_url = "postgresql://lotproof:{password}@database/lotproof"\n'


class RefusedError(Exception):
    """What was asked for cannot be made; the words say why and what to do."""


def make_secrets(deploy: Path) -> list[Path]:
    """Passwords and the settings that hold one, readable by containers in a folder that only its owner can enter."""
    folder = deploy / "secrets"
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    texts = {
        "database-password": password,
        "lotproof.toml": SETTINGS.format(password=password),
        "key-password": secrets.token_urlsafe(PASSWORD_BYTES),
        "grafana-password": secrets.token_urlsafe(PASSWORD_BYTES),
    }
    _refuse_to_overwrite(folder)
    (deploy / "certificates").mkdir(exist_ok=True)
    folder.mkdir(mode=0o700)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o644)
    return [folder / name for name in texts]


def make_consortium(deploy: Path, addresses: list[str]) -> list[Path]:
    """Four validators' keys, their genesis block and how they find each other, in `deploy/besu/network`."""
    wrong = [address for address in addresses if not ADDRESS.fullmatch(address)]
    if wrong:
        raise RefusedError(f"{wrong[0]!r} is no address, 0x and 40 hexadecimal digits.")
    network = deploy / "besu/network"
    _refuse_to_overwrite(network)
    if shutil.which("docker") is None:
        raise RefusedError("Docker is not installed, and Besu's key maker runs in it.")
    services = compose_services((deploy / "compose.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=deploy / "besu") as made:
        config = json.loads((deploy / "besu/network.json").read_text(encoding="utf-8"))
        config["genesis"]["alloc"] = {address[2:].lower(): {"balance": MONEY} for address in addresses}
        (Path(made) / "network.json").write_text(json.dumps(config), encoding="utf-8")
        _run_key_maker(Path(made), services.image)
        return _lay_out(Path(made) / "made", network, services.hosts)


class Services:
    """What compose.yaml says of the validators: Besu's image and each one's address."""

    def __init__(self, image: str, hosts: list[str]) -> None:
        self.image = image
        self.hosts = hosts


def compose_services(compose: str) -> Services:
    """Read the two things that are needed from compose.yaml, which the standard library cannot parse whole."""
    image = re.search(r"image: (hyperledger/besu:\S+)", compose)
    hosts = re.findall(r"BESU_P2P_HOST: ([0-9.]+)", compose)
    if image is None or not hosts:
        raise RefusedError("deploy/compose.yaml has no validators.")
    return Services(image[1], hosts)


def _run_key_maker(folder: Path, image: str) -> None:
    """Besu's `operator generate-blockchain-config` (Besu's documentation, "Create a private network using QBFT")."""
    folder.chmod(0o777)  # Besu's user in the container writes into it; the folder goes when we have what it wrote
    command = ["docker", "run", "--rm", "--network", "none", "--volume", f"{folder}:/folder", image]
    command += ["operator", "generate-blockchain-config", "--config-file=/folder/network.json"]
    command += ["--to=/folder/made", "--private-key-file-name=key"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RefusedError(f"Besu's key maker failed: {done.stderr.strip()[-500:] or done.stdout.strip()[-500:]}")


def _lay_out(made: Path, network: Path, hosts: list[str]) -> list[Path]:
    keys = sorted((made / "keys").iterdir())
    if len(keys) != len(hosts):
        raise RefusedError(f"Besu made {len(keys)} keys for {len(hosts)} validators.")
    network.mkdir()
    shutil.copyfile(made / "genesis.json", network / "genesis.json")
    nodes = []
    for number, (folder, host) in enumerate(zip(keys, hosts, strict=True), 1):
        own = network / f"validator{number}"
        (own / "data").mkdir(parents=True)
        own.chmod(0o700)
        shutil.copyfile(folder / "key", own / "key")
        (own / "key").chmod(0o600)
        public = (folder / "key.pub").read_text(encoding="ascii").strip().removeprefix("0x")
        nodes.append(f"enode://{public}@{host}:{PORT}")
    (network / "static-nodes.json").write_text(json.dumps(nodes, indent=2) + "\n", encoding="ascii")
    return [network / "genesis.json", network / "static-nodes.json"]


def _refuse_to_overwrite(folder: Path) -> None:
    if folder.exists():
        raise RefusedError(f"{folder} is there already. Move it away first, if you are sure that nothing uses it.")


def main(arguments: list[str], deploy: Path = DEPLOY) -> int:
    """Make one of the two; the exit code: 0 done, 1 refused, 2 wrong usage."""
    parser = argparse.ArgumentParser(description="Make what a deployment needs and no repository may hold.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("secrets", help="passwords and settings for deploy/compose.yaml")
    consortium = kinds.add_parser("consortium", help="keys and genesis of four validators")
    consortium.add_argument("addresses", nargs="*", metavar="ADDRESS", help="accounts that have money from the start")
    told = parser.parse_args(arguments)
    try:
        made = make_secrets(deploy) if told.kind == "secrets" else make_consortium(deploy, told.addresses)
    except RefusedError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print("Made", ", ".join(str(path) for path in made))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
