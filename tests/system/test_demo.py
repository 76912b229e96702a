"""The demonstration, as a newcomer runs it: every case through HTTP, the command line and its label's image."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from typer.testing import CliRunner

from ledger.cli.main import app
from tests.running_demo import Demo, scanner

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system
CASES = 27  # at least
PATIENCE = 240.0  # seconds


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0


def options(case: dict[str, Any]) -> list[str]:
    return [word for name, value in scanner(case).items() for word in (f"--{name}", str(value))]


def cli(*words: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["verify", *words, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_the_file_of_codes_is_the_printed_one_and_has_every_case(demo: Demo) -> None:
    codes = json.loads((demo.folder / "demo" / "codes.json").read_text(encoding="utf-8"))
    assert codes == demo.cases
    assert len(codes) >= CASES
    assert {"label", "code", "image", "expect", "why"} <= set(codes[0])


def test_every_case_gets_its_verdict_by_http(demo: Demo) -> None:
    with httpx.Client(base_url=demo.url, trust_env=False) as http:
        for case in demo.cases:
            got = http.get("/v1/verify", params={"code": case["code"], **scanner(case)}).json()
            posted = http.post("/v1/verify", json={"code": case["code"], **scanner(case)}).json()
            assert (got["verdict"], got["reason"]) == (case["expect"], case["reason"]), case["label"]
            assert (posted["verdict"], posted["reason"]) == (case["expect"], case["reason"]), case["label"]
            batch = got["batch"]
            count = 14 if batch and batch["product_class"] == "PPE" else 13
            assert [check["id"] for check in got["checks"]] == list(range(1, count + 1))


def test_every_case_gets_its_verdict_from_its_label_image(demo: Demo) -> None:
    for case in demo.cases:
        code, answer = cli(case["image"], "--server", demo.url, *options(case))
        assert [verdict["verdict"] for verdict in answer["verdicts"]] == [case["expect"]], case["label"]
        assert code == (0 if case["expect"] == "verified" else 1)


def test_every_case_is_shown_on_screen_as_its_label(demo: Demo) -> None:
    with httpx.Client(trust_env=False) as http:
        page = http.get(demo.screen).text
        assert all(case["label"] in page for case in demo.cases)
        for number, case in enumerate(demo.cases, 1):
            assert http.get(f"{demo.screen}/{number}.png").content == Path(case["image"]).read_bytes()


def test_the_scanner_and_its_snapshot_are_served(demo: Demo) -> None:
    with httpx.Client(base_url=demo.url, trust_env=False) as http:
        assert http.get(demo.scanner).status_code == 200
        snapshot = json.loads(http.get("/v1/snapshot").json()["snapshot"])
        assert len(snapshot["organisations"]) == len(http.get("/v1/organisations").json()["organisations"])
        assert snapshot["recalls"]
        assert snapshot["holds"]


def test_every_case_gets_its_verdict_on_the_command_line(demo: Demo) -> None:
    for case in demo.cases:
        code, answer = cli(case["code"], "--server", demo.url, *options(case))
        assert answer["verdicts"][0]["verdict"] == case["expect"], case["label"]
        assert code == (0 if case["expect"] == "verified" else 1)


def test_every_case_gets_its_verdict_from_the_local_ledger_without_a_server(demo: Demo) -> None:
    for case in demo.cases:
        for scanned in (case["code"], case["image"]):
            _, answer = cli(scanned, "--data", str(demo.folder), *options(case))
            assert answer["verdicts"][0]["verdict"] == case["expect"], case["label"]


def checks(verdict: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["result"], check["detail"]) for check in verdict["checks"]}


def test_a_genuine_pack_passes_every_check(demo: Demo) -> None:
    assert {result for result, _ in checks(demo.ask("genuine pack at the pharmacy")).values()} == {"passed"}


def test_a_copied_pack_is_told_by_its_two_places_and_the_rule(demo: Demo) -> None:
    result, detail = checks(demo.ask("copied pack"))["no_conflict"]
    assert result == "failed"
    assert all(word in detail for word in ("BEBRU", "SGSIN", "impossible_travel"))


def test_only_the_signature_of_a_forged_label_is_wrong(demo: Demo) -> None:
    found = checks(demo.ask("forged signature on the label"))
    assert [name for name, (result, _) in found.items() if result == "failed"] == ["label_signature"]


def test_a_misread_lot_is_named_and_no_alarm_is_raised(demo: Demo) -> None:
    result, detail = checks(demo.ask("misread character on a signed label"))["label_signature"]
    assert result == "failed"
    assert "lot" in detail


def test_a_pack_with_a_datamatrix_is_read_from_its_picture_as_one(demo: Demo) -> None:
    case = demo.case("genuine pack with a GS1 DataMatrix")
    picture = Path(case["image"]).read_bytes()
    with httpx.Client(base_url=demo.url, trust_env=False) as http:
        (code,) = http.post("/v1/verify/image", content=picture).json()["codes"]
    assert (code["format"], code["text"]) == ("Data Matrix", case["code"])


def test_the_logs_of_packs_are_anchored_whole(demo: Demo) -> None:
    number = demo.case("genuine pack at the pharmacy")["organisation"]
    with httpx.Client(base_url=demo.url, trust_env=False) as http:
        log = http.get(f"/v1/organisations/{number}/log").json()
    assert log["size"] == log["anchor"]["count"] == 6
    assert log["anchor"]["holds"]


def test_the_bundles_are_checked_without_the_server(demo: Demo) -> None:
    for case in (case for case in demo.cases if case["bundle"]):
        bundle = case["bundle"]
        trusted = ("--header", bundle["hash"], "--ledger", bundle["ledger"])
        code, answer = cli(case["code"], "--bundle", bundle["file"], *trusted)
        assert answer["verdicts"][0]["reason"] == case["reason"]
        assert code == (0 if case["expect"] == "verified" else 1)
    files = {path.name for path in (demo.folder / "demo").glob("bundle-*.json")}
    assert files == {"bundle-pack.json", "bundle-recalled.json"}


@contextmanager
def at_the_desk(demo: Demo, name: str) -> Iterator[httpx.Client]:
    """A visitor of the demonstration, at the desk of one of its administrations."""
    with httpx.Client(base_url=demo.url, trust_env=False) as http:
        desks = {each["name"]: each["number"] for each in http.get("/demo/desks").json()["desks"]}
        assert len(desks) == 3
        opened = http.post(f"/demo/desks/{desks[name]}").json()
        assert opened["organisation"] == {"number": desks[name], "name": name}
        http.headers["authorization"] = f"Bearer {opened['token']}"
        yield http


def test_three_administrations_seized_two_cartons_and_released_forty(demo: Demo) -> None:
    lanes, matches = 0, []
    for name in ("Customs of Thailand (demo)", "Customs of Indonesia (demo)"):
        with at_the_desk(demo, name) as http:
            lanes += len(http.get("/v1/lane/lines").json()["lines"])
            (riskiest,) = http.get("/v1/declarations", params={"risk": 1}).json()["lines"]
            assert "destination_differs" in {each["signal"] for each in riskiest["signals"]}
            (case,) = http.get("/v1/cases", params={"state": "closed"}).json()["cases"]
            assert case["outcomes"] == ["HOLD", "SEIZE"]
            matches += [each["what"] for each in http.get("/v1/intelligence/matches").json()["matches"]]
    assert lanes == 40
    assert matches.count("declaration") == 2
    with at_the_desk(demo, "Singapore Customs (demo)") as http:
        (operation,) = http.get("/v1/operations").json()["operations"]
        results = http.get(f"/v1/operations/{operation['reference']}/results").json()
        assert (results["cases"], results["seizures"], results["units"]) == (2, 2, 2_100)
        answers = http.get("/v1/intelligence/feedback").json()["feedback"]
        assert [each["result"] for each in answers] == ["hit", "hit"]
    border = demo.folder / "demo" / "border"
    assert (border / "results.pdf").read_bytes().startswith(b"%PDF-")
    assert "Clear Crossing" in (border / "results.csv").read_text(encoding="utf-8-sig")


def test_another_desk_cannot_be_entered(demo: Demo) -> None:
    with httpx.Client(base_url=demo.url, trust_env=False) as http:
        assert http.post("/demo/desks/1").status_code == 404
        assert http.get("/v1/cases").status_code == 401


def test_the_sheet_of_labels_has_three_pages(demo: Demo) -> None:
    assert demo.labels == str(demo.folder / "demo" / "labels.pdf")
    assert (demo.folder / "demo" / "labels.pdf").read_bytes().count(b"<</Type/Page/") == 3


def test_stopped_and_started_again_it_goes_on_where_it_was(demo: Demo) -> None:
    codes = demo.cases
    assert demo.stop() == 0
    started = Demo(demo.folder)
    try:
        assert started.cases == codes
        with httpx.Client(base_url=started.url, trust_env=False) as http:
            until = time.monotonic() + PATIENCE
            while http.get("/v1/verify", params={"code": codes[0]["code"]}).json()["verdict"] != "verified":
                assert time.monotonic() < until
    finally:
        assert started.stop() == 0


def test_killed_while_it_plays_it_goes_on_and_every_case_is_right(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ledger.cli", "demo", "--data", str(tmp_path), "--port", "0", "--once"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOTPROOF_")}
    for line, seconds in (
        ("Accrediting organisations\n", 1.0),
        ("Registering batches\n", 0.1),
        ("Moving goods\n", 0.3),
        ("Handing out packs\n", 0.5),
        ("At the border: forty cartons for the green lane, two that left their way\n", 3.0),
    ):
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert running.stdout is not None
        assert line in iter(running.stdout.readline, "")
        time.sleep(seconds)
        running.kill()  # the node that it started lives on and is taken over
        running.stdout.close()
        assert running.wait() == -signal.SIGKILL
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert "scanned cases got the expected verdict" in ended.stdout
    assert "\x1d" not in ended.stdout


def test_a_bundle_that_was_changed_makes_it_fail_loudly(demo: Demo) -> None:
    path = demo.folder / "demo" / "bundle-pack.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"gtin":"0', b'"gtin":"1', 1))
    try:
        command = [sys.executable, "-m", "ledger.cli", "demo", "--data", str(demo.folder), "--port", "0", "--once"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    finally:
        path.write_bytes(whole)
    assert ended.returncode == 1
    assert "genuine pack at the pharmacy, by proof bundle" in ended.stderr


def test_a_demonstration_without_packs_is_told_to_begin_anew(demo: Demo) -> None:
    path = demo.folder / "demo" / "codes.json"
    whole = path.read_bytes()
    cases = [{name: value for name, value in case.items() if name != "bundle"} for case in json.loads(whole)]
    path.write_text(json.dumps(cases), encoding="utf-8")
    try:
        command = [sys.executable, "-m", "ledger.cli", "demo", "--data", str(demo.folder), "--port", "0", "--once"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    finally:
        path.write_bytes(whole)
    assert ended.returncode != 0
    assert "--fresh" in ended.stderr


def test_a_planted_difference_makes_it_fail_loudly(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = demo.folder / "demo" / "codes.json"
    codes = json.loads(path.read_text(encoding="utf-8"))
    wrong = [codes[0] | {"expect": "do_not_use"}, *codes[1:]]
    path.write_text(json.dumps(wrong), encoding="utf-8")
    monkeypatch.delenv("LOTPROOF_RPC_URL", raising=False)
    command = [sys.executable, "-m", "ledger.cli", "demo", "--data", str(demo.folder), "--port", "0", "--once"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 1
    assert "own check failed" in ended.stderr
    assert codes[0]["label"] in ended.stderr
