"""`lotproof proof`, `lotproof witness` and `lotproof verify --bundle` as they are typed."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ledger.chain import keys
from ledger.chain.signers import development_signer
from ledger.cli.main import app
from ledger.core.checkpoint import Checkpoint, Witnessed, checkpoint_json
from ledger.core.header import read_header
from ledger.core.proof_bundle import read_bundle
from ledger.core.structs import Domain
from tests.cli.fake_server import Server, signer_of
from tests.core.proof_vectors import ProofVector, vector
from tests.proof_cases import Stage
from tests.world import World, a_world

PASSWORD = "a password for tests"
WITNESSES = [development_signer(index, 31337) for index in (6, 7, 8)]


@pytest.fixture
def unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket can be opened."""

    def no_network(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_network)


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result


def bundle_of(name: str, folder: Path) -> tuple[ProofVector, Path]:
    found = vector(name)
    path = folder / "bundle.json"
    path.write_bytes(found.bundle)
    return found, path


def trust(found: ProofVector) -> list[str]:
    return ["--header", "0x" + found.trusted.block_hash.hex(), "--ledger", "0x" + found.trusted.ledger.hex()]


def checkpoints(found: ProofVector, folder: Path, count: int) -> list[Path | str]:
    header = read_header(read_bundle(found.bundle).header)
    domain = Domain(found.trusted.chain_id, found.trusted.ledger)
    checkpoint = Checkpoint(header.number, header.hash, header.time)
    digest = checkpoint.digest(domain)
    words: list[Path | str] = []
    for index, each in enumerate(WITNESSES[:count]):
        path = folder / f"{index}.json"
        path.write_text(json.dumps(checkpoint_json(Witnessed(domain, checkpoint, ((each.signer, each.sign(digest)),)))))
        words += ["--checkpoint", path]
    listed = folder / "witnesses.json"
    listed.write_text(json.dumps(["0x" + each.signer.hex() for each in WITNESSES]))
    return [*words, "--witnesses", listed]


@pytest.mark.usefixtures("unplugged")
def test_a_bundle_is_checked_unplugged_by_a_hash(tmp_path: Path) -> None:
    found, path = bundle_of("p256", tmp_path)
    result = run("verify", found.code, "--bundle", path, *trust(found))
    assert result.exit_code == 0, result.output
    assert "VERIFIED" in result.output
    assert "What this proof cannot say:" in result.output
    assert "a recall, a hold" in result.output


@pytest.mark.usefixtures("unplugged")
def test_a_bundle_that_says_recalled_ends_with_one(tmp_path: Path) -> None:
    found, path = bundle_of("recalled", tmp_path)
    result = run("verify", found.code, "--bundle", path, *trust(found), "--json")
    assert result.exit_code == 1
    verdict = json.loads(result.output)["verdicts"][0]
    assert (verdict["verdict"], verdict["reason"]) == ("do_not_use", "recalled")
    assert verdict["limits"]


@pytest.mark.usefixtures("unplugged")
def test_enough_witnesses_make_a_bundle_believed_and_too_few_do_not(tmp_path: Path) -> None:
    found, path = bundle_of("unit", tmp_path)
    enough = run("verify", found.code, "--bundle", path, *checkpoints(found, tmp_path, 2), "--threshold", "2")
    assert enough.exit_code == 0, enough.output
    assert "2 of 3 witnesses" in enough.output
    few = run("verify", found.code, "--bundle", path, *checkpoints(found, tmp_path, 2))
    assert few.exit_code == 1
    assert "3 are needed" in few.output


@pytest.mark.usefixtures("unplugged")
def test_a_forged_bundle_and_a_bundle_of_another_code_are_refused(tmp_path: Path) -> None:
    found, path = bundle_of("attack_hidden_recall", tmp_path)
    assert run("verify", found.code, "--bundle", path, *trust(found)).exit_code == 1
    found, path = bundle_of("plain", tmp_path)
    other = run("verify", "(01)05413868000016(10)OTHER", "--bundle", path, *trust(found))
    assert other.exit_code == 1
    assert "not of this code" in other.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "none is named"),
        (["--header", "0x12", "--ledger", "0x" + "11" * 20], "header"),
        (["--header", "0x" + "11" * 32], "ledger"),
        (["--header", "0x" + "11" * 32, "--checkpoint", "x"], "none is named"),
        (["--checkpoint", "x"], "none is named"),
        (["--checkpoint", "nowhere", "--witnesses", "nowhere"], "cannot be read"),
    ],
)
def test_trust_that_is_not_said_is_wrong_usage(tmp_path: Path, words: list[str], said: str) -> None:
    found, path = bundle_of("plain", tmp_path)
    result = run("verify", found.code, "--bundle", path, *words)
    assert result.exit_code == 2
    assert said in result.output


def test_a_ledger_that_contradicts_the_checkpoint_is_wrong_usage(tmp_path: Path) -> None:
    found, path = bundle_of("plain", tmp_path)
    words = [*checkpoints(found, tmp_path, 3), "--ledger", "0x" + "11" * 20]
    assert run("verify", found.code, "--bundle", path, *words).exit_code == 2


def test_an_offline_check_needs_no_heavy_module(tmp_path: Path) -> None:
    found, path = bundle_of("plain", tmp_path)
    words = ["verify", found.code, "--bundle", str(path), *trust(found)]
    program = (
        f"import sys; sys.argv = ['lotproof', *{words!r}]\nfrom ledger.cli.main import app\n"
        "try: app()\nexcept SystemExit as end: assert end.code in (0, None), end.code\n"
        "loaded = {'web3', 'sqlalchemy', 'fastapi', 'trie'} & set(sys.modules)\nassert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_proof_from_a_server_is_written_in_its_canonical_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = vector("plain")
    server = Server(signer_of(1))
    server.answers["/v1/proof/05413868000016/A/B"] = json.loads(found.bundle)
    server.serve(monkeypatch)
    path = tmp_path / "written.json"
    result = run("proof", "05413868000016", "A/B", "-o", path, "--server", "http://ledger.example", "--json")
    assert result.exit_code == 0, result.output
    assert path.read_bytes() == found.bundle
    assert json.loads(result.output)["hash"] == "0x" + found.trusted.block_hash.hex()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(signer_of(1))
    server.answers["/v1/proof/05413868000016/A"] = json.loads(vector("plain").bundle)
    server.serve(monkeypatch)
    words = ("proof", "05413868000016", "A", "--server", "http://ledger.example", "-o", tmp_path / "no/where.json")
    result = run(*words)
    assert result.exit_code == 2
    assert "cannot be written" in result.output


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.mark.system
def test_witness_proof_and_verify_work_together(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTPROOF_KEY_PASSWORD", PASSWORD)
    monkeypatch.setenv("LOTPROOF_RPC_URL", world.anvil.url)
    monkeypatch.setenv("LOTPROOF_LEDGER_ADDRESS", "0x" + world.ledger.address.hex())
    missing = run("proof", "05413868000016", "LOT", "--data", tmp_path)
    assert (missing.exit_code, "no ledger" in missing.output) == (2, True)
    key = keys.create(tmp_path / "keys", "watch", "p256", PASSWORD, work_factor=256)
    stage = Stage(world, tmp_path)
    monkeypatch.setenv("LOTPROOF_DATABASE_URL", f"sqlite:///{tmp_path}/stage.db")
    gtin, _batch = stage.register("LOT")
    world.anvil.mine(4)
    stage.installation.index()
    stage.close()
    checkpoint, bundle, listed = tmp_path / "checkpoint.json", tmp_path / "bundle.json", tmp_path / "witnesses.json"
    made = run("witness", "--as", "watch", "-o", checkpoint, "--data", tmp_path)
    assert made.exit_code == 0, made.output
    block = json.loads(checkpoint.read_text())["number"]
    proved = run("proof", gtin, "LOT", "-o", bundle, "--block", str(block), "--data", tmp_path)
    assert proved.exit_code == 0, proved.output
    listed.write_text(json.dumps(["0x" + key.signer.hex()]))
    words = ("--bundle", bundle, "--checkpoint", checkpoint, "--witnesses", listed)
    result = run("verify", f"(01){gtin}(10)LOT", *words, "--data", tmp_path)
    assert result.exit_code == 0, result.output
