"""Commands as they are typed, against a server of fixed answers: what is sent, what is said, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ledger import scan
from ledger.chain import keys
from ledger.cli.main import app
from ledger.core.gs1 import parse_code
from ledger.core.label_signature import Label, verify_label
from ledger.core.statement import Domain, KeyAddition, parse_submission
from ledger.core.vocabulary import Kind, Purpose
from tests.cli.fake_server import LEDGER, OTHER, OURS, Server, consignment

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "a password for tests"
GTIN = "09521101000016"
SSCC = "095211010000000016"
BATCHES = f"gtin,lot,product_class,quantity,expiry,product\n{GTIN},L1,PPE,5,2031-05-31,Mask\n"
DOMAIN = Domain(31337, LEDGER)
SHIP = ("custody", "ship", SSCC, "--to", str(OTHER), "--place", "BEBRU", "--as", "ours")


class Shell:
    """A terminal in `folder` whose commands reach `server`."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server

    def run(self, *words: str) -> Result:
        result = CliRunner().invoke(app, [*words, "--data", str(self.folder)])
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        return result

    def file(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("LOTPROOF_KEY_PASSWORD", PASSWORD)
    server = Server(keys.create(tmp_path / "keys", "ours", "p256", PASSWORD, work_factor=256))
    server.answers[f"/v1/consignments/{SSCC}"] = consignment(1)
    server.serve(monkeypatch)
    return Shell(tmp_path, server)


def sent(shell: Shell) -> dict[str, Any]:
    message: dict[str, Any] = shell.server.posted[-1]["message"]
    return message


# ---- help, and what it costs ----


def test_help_imports_neither_chain_nor_database_nor_server() -> None:
    script = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from ledger.cli.main import app\n"
        "assert CliRunner().invoke(app, ['custody', 'ship', '--help']).exit_code == 0\n"
        "print([name for name in ('web3', 'sqlalchemy', 'fastapi', 'PIL', 'zxingcpp') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_command_offers_only_the_options_that_apply_to_it(shell: Shell) -> None:
    for kind, option in (("hold", "--to"), ("ship", "--amount"), ("recall", "--to"), ("return", "--amount")):
        result = shell.run("custody", kind, SSCC, "--place", "BEBRU", "--as", "ours", option, "1")
        assert result.exit_code == 2, kind
        assert "No such option" in result.output


def test_no_command_prints_the_help() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert "Usage: " in result.output


# ---- custody ----


def test_a_shipment_is_signed_sent_and_followed_until_it_is_recorded(shell: Shell) -> None:
    result = shell.run(*SHIP)
    assert (result.exit_code, result.stdout) == (0, f"recorded in block 5: 0x{1:064x}\n")
    assert sent(shell)["counterparty"] == OTHER


def test_without_waiting_a_statement_is_only_queued(shell: Shell) -> None:
    assert shell.run(*SHIP, "--wait", "0").stdout == f"pending: 0x{1:064x}\n"


def test_a_refusal_on_the_chain_says_why_and_leaves_with_1(shell: Shell) -> None:
    shell.server.state = {"state": "refused", "reason": {"detail": "It is held.", "advice": "Ask customs."}}
    result = shell.run(*SHIP)
    assert (result.exit_code, result.stdout) == (1, f"refused: 0x{1:064x}\nIt is held. Ask customs.\n")


@pytest.mark.parametrize(
    ("kind", "holder", "counterparty", "named"),
    [
        ("receive", OTHER, OURS, OTHER),  # the receiver names the sender
        ("return", OTHER, OURS, OTHER),  # so does a receiver who sends it back
        ("return", OURS, OTHER, OTHER),  # the shipper names the receiver who never came
    ],
)
def test_the_other_party_of_a_shipment_need_not_be_typed(
    shell: Shell, kind: str, holder: int, counterparty: int, named: int
) -> None:
    goods = consignment(1, holder={"number": holder}, counterparty={"number": counterparty})
    shell.server.answers[f"/v1/consignments/{SSCC}"] = goods
    assert shell.run("custody", kind, SSCC, "--place", "BEBRU", "--as", "ours").exit_code == 0
    assert sent(shell)["counterparty"] == named
    assert sent(shell)["kind"] == Kind[kind.upper()]


def test_another_party_that_is_typed_is_taken_as_it_is(shell: Shell) -> None:
    assert shell.run("custody", "receive", SSCC, "--to", "3", "--place", "BEBRU", "--as", "ours").exit_code == 0
    assert sent(shell)["counterparty"] == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("custody", "hold", SSCC, "--place", "Brussels", "--as", "ours"), "[place]"),
        (("custody", "hold", SSCC, "--place", "BEBRU", "--as", "ours", "--occurred-at", "now"), "[occurred_at]"),
        (("custody", "split", SSCC, "--place", "BEBRU", "--as", "ours", "--child", "x"), "[child, position 0]"),
        (("custody", "pack", SSCC, "--place", "BEBRU", "--as", "ours", "--sscc", "1"), "SSCC has 18 digits"),
        (("custody", "unpack", SSCC, "--place", "", "--as", "ours"), "[place]"),
        (("custody", "hold", SSCC, "--place", "BEBRU", "--as", "nobody"), "nobody"),
        (("custody", "hold", SSCC, "--place", "BEBRU", "--as", "ours", "--document", "nowhere.json"), "cannot be read"),
        (("organisation", "accredit", "nowhere.csv", "--as", "ours"), "cannot be read"),
        (("batch", "register", "nowhere.csv", "--as", "ours"), "cannot be read"),
    ],
)
def test_wrong_usage_leaves_with_2_and_names_what_is_wrong(shell: Shell, words: tuple[str, ...], says: str) -> None:
    result = shell.run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert shell.server.posted == []


@pytest.mark.parametrize("text", ["[]", "{", '"text"', '{"a": "' + "x" * 100_000 + '"}'])
def test_a_document_must_be_a_small_json_object(shell: Shell, text: str) -> None:
    path = shell.file("document.json", text)
    result = shell.run("custody", "hold", SSCC, "--place", "BEBRU", "--as", "ours", "--document", path)
    assert result.exit_code == 2
    assert "[document]" in result.stderr


def test_a_document_travels_beside_its_hash(shell: Shell) -> None:
    path = shell.file("document.json", '{"seal": "intact"}')
    assert shell.run("custody", "hold", SSCC, "--place", "BEBRU", "--as", "ours", "--document", path).exit_code == 0
    document = shell.server.posted[-1]["document"]
    assert document["seal"] == "intact"
    assert len(document["salt"]) >= 64
    assert sent(shell)["details"] != "0x" + "00" * 32


def test_only_an_event_that_the_server_relayed_can_be_corrected(shell: Shell) -> None:
    shell.server.answers["/v1/statements/0x12"] = {"state": "recorded", "statement": None}
    result = shell.run("custody", "correct", "0x12", "--as", "ours")
    assert result.exit_code == 2
    assert "no custody event" in result.stderr


# ---- batches and organisations ----


def test_a_batch_file_is_sent_with_its_outcome_in_words(shell: Shell) -> None:
    result = shell.run("batch", "register", shell.file("b.csv", BATCHES), "--as", "ours")
    assert (result.exit_code, result.stdout) == (0, f"{GTIN} L1: recorded\n")
    assert shell.server.posted[-1]["document"]["product"] == "Mask"


def test_a_refused_batch_says_why_and_leaves_with_1(shell: Shell) -> None:
    shell.server.state = {"state": "refused", "reason": {"detail": "Registered already."}}
    result = shell.run("batch", "register", shell.file("b.csv", BATCHES), "--as", "ours")
    assert (result.exit_code, result.stdout) == (1, f"{GTIN} L1: refused: Registered already.\n")


def test_organisations_are_accredited_one_after_the_other_until_one_is_refused(shell: Shell) -> None:
    rows = "name,country,roles,admin_key\nA,BE,CARRIER,ours\nB,BE,CARRIER,ours\n"
    shell.server.state = {"state": "refused", "reason": {"detail": "Not yours."}}
    result = shell.run("organisation", "accredit", shell.file("o.csv", rows), "--as", "ours", "--json")
    assert result.exit_code == 1
    assert [(row["number"], row["state"]) for row in json.loads(result.stdout)["organisations"]] == [(8, "refused")]


def test_several_organisations_cannot_only_be_queued(shell: Shell) -> None:
    rows = "name,country,roles,admin_key\nA,BE,CARRIER,ours\nB,BE,CARRIER,ours\n"
    result = shell.run("organisation", "accredit", shell.file("o.csv", rows), "--as", "ours", "--wait", "0")
    assert result.exit_code == 2
    assert "[wait]" in result.stderr


def test_organisations_are_listed_with_number_and_roles(shell: Shell) -> None:
    shell.server.answers["/v1/organisations"]["organisations"][0]["active"] = False
    result = CliRunner().invoke(app, ["organisation", "list"])
    assert result.stdout == "   7  BE  Ours  (manufacturer; suspended)\n"
    shell.server.answers["/v1/organisations"] = {"organisations": []}
    assert "No organisation" in CliRunner().invoke(app, ["organisation", "list"]).stdout


# ---- keys ----


def test_a_password_comes_from_a_file_without_its_line_break(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOTPROOF_KEY_PASSWORD")
    monkeypatch.setenv("LOTPROOF_KEY_PASSWORD_FILE", shell.file("password.txt", PASSWORD + "\n"))
    assert shell.run(*SHIP).exit_code == 0
    monkeypatch.setenv("LOTPROOF_KEY_PASSWORD_FILE", str(shell.folder / "nowhere"))
    result = shell.run(*SHIP)
    assert result.exit_code == 2
    assert "LOTPROOF_KEY_PASSWORD_FILE" in result.stderr


def test_without_password_and_terminal_it_says_how_to_give_one(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOTPROOF_KEY_PASSWORD")
    monkeypatch.setattr("os.isatty", lambda _: False)
    result = shell.run(*SHIP)
    assert result.exit_code == 2
    assert "LOTPROOF_KEY_PASSWORD" in result.stderr


def test_a_person_at_a_terminal_is_asked_twice_for_a_new_password(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOTPROOF_KEY_PASSWORD")
    monkeypatch.setattr("os.isatty", lambda _: True)
    words = ["key", "new", "asked", "--data", str(shell.folder)]
    result = CliRunner().invoke(app, words, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert "Made the p256 key asked" in result.stdout
    assert PASSWORD not in result.output
    assert "asked " in shell.run("key", "list").stdout


def test_no_keys_says_how_to_make_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["key", "list", "--data", str(tmp_path)])
    assert result.stdout == "No keys yet. Make one with `lotproof key new NAME`.\n"


def maker_labels(shell: Shell, kind: str = "p256") -> keys.KeyEntry:
    keys.create(shell.folder / "keys", "maker-labels", kind, PASSWORD, work_factor=256)
    return next(entry for entry in keys.list_keys(shell.folder / "keys") if entry.name == "maker-labels")


def test_a_label_key_is_enrolled_by_the_admin_key_and_signs_too(shell: Shell) -> None:
    key = maker_labels(shell)
    words = ("--from", "2026-12-01T00:00:00Z", "--until", "2027-12-01T00:00:00Z")
    result = shell.run("key", "add", "maker-labels", "--for", "labels", "--as", "ours", *words)
    assert (result.exit_code, result.stdout) == (0, f"recorded in block 5: 0x{1:064x}\n")
    submission = parse_submission(shell.server.posted[-1])
    submission.check(DOMAIN)  # both signatures hold
    addition = KeyAddition(OURS, key.signer, Purpose.LABELS, 1_796_083_200, 1_827_619_200)
    assert submission.statement == addition
    assert submission.cosignature


def test_a_key_for_events_and_administration_is_enrolled_for_both(shell: Shell) -> None:
    maker_labels(shell, "secp256k1")
    assert shell.run("key", "add", "maker-labels", "--for", "events", "--for", "admin", "--as", "ours").exit_code == 0
    assert (sent(shell)["purposes"], sent(shell)["validUntil"]) == (5, 0)


def test_a_key_is_ended_by_its_name_or_id_with_and_without_doubt(shell: Shell) -> None:
    key = maker_labels(shell)
    named = shell.run("key", "end", "maker-labels", "--as", "ours", "--doubt-since", "2026-11-20T08:00:00Z")
    assert (named.exit_code, sent(shell)["key"]) == (0, "0x" + key.key_id.hex())
    assert (sent(shell)["actor"], sent(shell)["doubtSince"]) == (OURS, 1_795_161_600)
    parse_submission(shell.server.posted[-1]).check(DOMAIN)
    assert shell.run("key", "end", "0x" + "ab" * 32, "--as", "ours").exit_code == 0
    assert (sent(shell)["key"], sent(shell)["doubtSince"]) == ("0x" + "ab" * 32, 0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "maker-labels", "--for", "labels"), "only such keys sign labels"),
        (("add", "maker-labels", "--for", "labels", "--for", "events"), "for labels alone"),
        (("add", "nobody", "--for", "events"), "no key named nobody"),
        (("add", "maker-labels", "--for", "events", "--until", "tomorrow"), "[until]"),
        (("end", "nobody"), "no key named nobody"),
        (("end", "0x12"), "no key's id"),
        (("end", "0x" + "xy" * 32), "no key's id"),
        (("end", "maker-labels", "--doubt-since", "yesterday"), "[doubt_since]"),
    ],
)
def test_a_key_that_cannot_be_enrolled_or_ended_is_refused_before_anything_is_sent(
    shell: Shell, words: tuple[str, ...], says: str
) -> None:
    maker_labels(shell, "secp256k1")
    result = shell.run("key", *words, "--as", "ours")
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert shell.server.posted == []


# ---- labels and verdicts ----


@pytest.mark.parametrize(("name", "begins"), [("label.png", b"\x89PNG"), ("label.svg", b"<")])
def test_a_label_is_written_and_its_code_told(shell: Shell, name: str, begins: bytes) -> None:
    path = shell.folder / name
    result = shell.run("labels", GTIN, "L1", "--expiry", "2031-05-31", "-o", str(path))
    assert result.stdout == f"{path}: https://lotproof.example/01/{GTIN}/10/L1?17=310531\n"
    assert path.read_bytes().startswith(begins)


def test_a_consignments_label_carries_its_sscc_at_the_host_named(shell: Shell) -> None:
    path = str(shell.folder / "label.png")
    result = shell.run("labels", SSCC, "-o", path, "--host", "id.example.org", "--json")
    answer = json.loads(result.stdout)
    assert (answer["code"], answer["file"]) == (f"https://id.example.org/00/{SSCC}", path)


def test_a_label_for_each_serial_number_is_printed_and_counted(shell: Shell) -> None:
    listed = shell.file("serials.txt", "".join(f"S{number}\n" for number in range(150)))
    path = shell.folder / "labels.pdf"
    words = ("labels", GTIN, "L1", "--serials", listed, "-o", str(path), "--stock", "a4-65", "--check-every", "10")
    result = shell.run(*words)
    assert result.stdout == f"{path}: 150 labels on 3 pages of a4-65, modules of 0.508 mm; 16 read back.\n"
    assert "lotproof: The text is 4 points high" in result.stderr
    answer = json.loads(shell.run(*words, "--json").stdout)
    assert (answer["labels"], answer["pages"], answer["checked"], answer["module_mm"]) == (150, 3, 16, 0.508)
    assert answer["code"] == f"https://lotproof.example/01/{GTIN}/10/L1/21/S0"
    assert [warning["rule"] for warning in answer["warnings"]] == ["small_text"]
    assert path.read_bytes().endswith(b"%%EOF\n")


def test_serial_numbers_come_from_standard_input_too(shell: Shell) -> None:
    folder = shell.folder / "labels"
    asked = ["labels", GTIN, "L1", "--serials", "-", "-o", str(folder), "--symbol", "datamatrix"]
    result = CliRunner().invoke(app, [*asked, "--data", str(shell.folder)], input="A1\nA2\n")
    assert (result.exit_code, result.stdout) == (0, f"{folder}: 2 labels, all read back.\n")
    assert [each.name for each in sorted(folder.iterdir())] == [
        f"0000001-{GTIN}-L1-A1.png",
        f"0000002-{GTIN}-L1-A2.png",
    ]


@pytest.mark.parametrize("symbol", ["qr", "datamatrix"])
def test_each_pack_s_label_is_signed_with_the_label_key(shell: Shell, symbol: str) -> None:
    listed, folder = shell.file("serials.txt", "A1\nA2\n"), shell.folder / "labels"
    words = ("--expiry", "2031-05-31", "--serials", listed, "--as", "ours", "--symbol", symbol, "-o", str(folder))
    assert shell.run("labels", GTIN, "L1", *words).exit_code == 0
    signer = keys.load(shell.folder / "keys", "ours", PASSWORD)
    for file, serial in zip(sorted(folder.iterdir()), ("A1", "A2"), strict=True):
        (scanned,) = scan.read_codes(file.read_bytes())
        code = parse_code(scanned.text, today=date(2026, 5, 1))
        assert (code.gtin, code.lot, code.serial) == (GTIN, "L1", serial)
        assert code.label_key is not None
        assert code.label_signature is not None
        assert verify_label(signer.signer, Label(tuple(code.elements), code.label_key, code.label_signature))


def test_labels_are_signed_with_p256_only(shell: Shell) -> None:
    keys.create(shell.folder / "keys", "ether", "secp256k1", PASSWORD, work_factor=2)
    result = shell.run("labels", GTIN, "L1", "--as", "ether", "-o", str(shell.folder / "label.png"))
    assert (result.exit_code, "P-256" in result.stderr) == (2, True)


def test_a_consignment_s_label_is_not_signed(shell: Shell) -> None:
    result = shell.run("labels", SSCC, "--as", "ours", "-o", str(shell.folder / "label.png"))
    assert (result.exit_code, "without a GTIN" in result.stderr) == (2, True)


def test_a_datamatrix_label_says_its_elements(shell: Shell) -> None:
    path = str(shell.folder / "label.svg")
    result = shell.run("labels", GTIN, "L1", "--expiry", "2031-05-31", "-o", path, "--symbol", "datamatrix")
    assert result.stdout == f"{path}: (01){GTIN}(17)310531(10)L1\n"


def test_a_bad_line_of_the_list_is_named_and_nothing_is_printed(shell: Shell) -> None:
    listed = shell.file("serials.txt", "A1\nA 2\n")
    result = shell.run("labels", GTIN, "L1", "--serials", listed, "-o", str(shell.folder / "labels.pdf"))
    assert result.exit_code == 2
    assert "Line 2, 'A 2'" in result.stderr
    assert "[serials, position 2]" in result.stderr
    assert not (shell.folder / "labels.pdf").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((SSCC, "-o", "label.txt"), "[output]"),
        ((SSCC, "-o", "label.pdf", "--stock", "a5-1"), "a4-24"),
        ((SSCC, "--serials", "-"), "no serial numbers"),
        ((GTIN, "L1", "--serials", "nowhere.txt"), "nowhere.txt cannot be read"),
        ((SSCC, "-o", "nowhere/label.png"), "cannot be written"),
        ((GTIN, "L1", "--expiry", "31.5.2031"), "[expiry]"),
        ((GTIN[:-1] + "0", "L1"), "check digit"),
        ((SSCC[:-1] + "0",), "check digit"),
        ((GTIN, "L 1"), "BATCH/LOT"),
    ],
)
def test_a_label_that_would_be_wrong_is_refused(shell: Shell, words: tuple[str, ...], says: str) -> None:
    result = shell.run("labels", *words)
    assert result.exit_code == 2
    assert says in result.stderr


VERDICT = {
    "verdict": "do_not_use",
    "headline": "Recalled by its maker",
    "advice": "Keep it apart.",
    "batch": {"gtin": "09521101000016", "lot": "A1", "product": "", "manufacturer": {"name": "Maker"}},
    "code": {"lot": "L1", "gtin": GTIN},
    "checks": [{"id": 8, "name": "not_recalled", "result": "failed", "detail": "Recalled."}],
    "as_of": {"block": 9, "time": "2026-11-23T14:05:00Z", "lag_blocks": 2},
}


def test_a_verdict_is_told_in_words_and_by_its_exit_code(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell.server, "handle", lambda _: __import__("httpx").Response(200, json=VERDICT))
    result = shell.run("verify", SSCC, "--server", "http://ledger.example")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "✖ DO NOT USE: Recalled by its maker",
        "Keep it apart.",
        f"{GTIN}, lot A1, by Maker",
        "   8 not_recalled       failed   Recalled.",
        "As of block 9, 2026-11-23T14:05:00Z; 2 blocks behind.",
    ]


def test_a_verdict_needs_a_ledger_here_or_a_server(shell: Shell) -> None:
    result = shell.run("verify", SSCC)
    assert result.exit_code == 2
    assert "--server" in result.stderr


def test_a_picture_that_is_not_there_is_named(shell: Shell) -> None:
    result = shell.run("verify", "nowhere.png", "--server", "http://ledger.example")
    assert result.exit_code == 2
    assert "nowhere.png cannot be read" in result.stderr
