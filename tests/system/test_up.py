"""`lotproof up` and the steps of the guides for manufacturers and authorities, as a newcomer types them."""

from __future__ import annotations

import json
import re
import shutil
import time
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from typer.testing import CliRunner

from ledger.chain.contracts import Ledger
from ledger.chain.devchain import CHAIN_ID, DevChain
from ledger.chain.signers import development_signer
from ledger.cli.main import app
from ledger.core.parts import batch_id
from ledger.deploy import COUNCIL_INDEX, RELAYER_INDEX
from ledger.store.database import open_database
from ledger.store.unit_lists import UnitLists
from tests.system.up_process import PASSWORD, PATIENCE, Terminal, Up, sscc
from tests.world import Anvil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system

MAKER_PREFIX, DEALER_PREFIX = "9521101", "9521301"  # under GS1's example prefix
DONE = {"recorded", "final"}
GTIN = "09521101000016"
BE, SG, MAKER, CARRIER, DEALER, PHARMACY, CUSTOMS = 1, 2, 3, 4, 5, 6, 7
AUTHORITIES = "name,country,roles,admin_key\nBelgium,BE,REGULATOR,be\nSingapore,SG,REGULATOR,sg\n"
BELGIANS = (
    "name,country,roles,gln,prefixes,admin_key\n"
    f"Maker,BE,MANUFACTURER,,{MAKER_PREFIX},maker\n"
    "Carrier,BE,CARRIER,,,carrier\n"
)
SINGAPOREANS = (
    '[{"name": "Dealer", "country": "SG", "roles": "WHOLESALER", "prefixes": "9521301", "admin_key": "dealer"},'
    ' {"name": "Pharmacy", "country": "SG", "roles": "PHARMACY", "admin_key": "pharmacy"},'
    ' {"name": "Customs", "country": "SG", "roles": "CUSTOMS", "admin_key": "customs"}]'
)
HEADER = "gtin,lot,product_class,quantity,expiry,product\n"


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def founded(terminal: Terminal) -> Terminal:
    """Two authorities and five organisations, by the commands of docs/authority.md."""
    for name in ("be", "sg", "maker", "carrier", "dealer", "pharmacy", "customs"):
        terminal.key(name, "secp256k1" if name in ("be", "dealer") else "p256")
    files = terminal.folder
    admitted = terminal.done("authority admit", write(files, "authorities.csv", AUTHORITIES))
    assert [row["number"] for row in admitted["authorities"]] == [BE, SG]
    terminal.await_organisations(2)
    accredited = terminal.done("organisation accredit", write(files, "be.csv", BELGIANS), "--as", "be")
    assert [row["number"] for row in accredited["organisations"]] == [MAKER, CARRIER]
    assert {row["state"] for row in accredited["organisations"]} <= DONE
    code, out, _ = terminal.run("organisation accredit", write(files, "sg.json", SINGAPOREANS), "--as", "sg")
    assert code == 0
    assert re.search("   7  Customs: (recorded|final) in block [0-9]+: 0x", out)
    return terminal


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    folder = tmp_path_factory.mktemp("up")
    running = Up(folder)
    yield founded(Terminal(folder, running.url))
    assert running.stop() == 0


@pytest.fixture
def lot(terminal: Terminal, request: pytest.FixtureRequest) -> str:
    """A batch of its own for each test: 1,000 units with the maker."""
    name = f"L{crc32(request.node.name.encode())}"
    row = f"{GTIN},{name},PPE,1000,2031-05-31,Mask\n"
    answer = terminal.done("batch register", write(terminal.folder, "batch.csv", HEADER + row), "--as", "maker")
    assert answer["registered"][0]["state"] in DONE
    return f"{GTIN}/{name}"


def sent_to_dealer(terminal: Terminal, goods: str) -> None:
    terminal.done(f"custody ship {goods} --to {DEALER} --place BEBRU --as maker")
    terminal.done(f"custody receive {goods} --place SGSIN --as dealer")


def test_keys_are_made_and_listed(terminal: Terminal) -> None:
    made = terminal.done("key new spare --kind secp256k1")
    listed = terminal.done("key list")["keys"]
    assert {"name": "spare", "kind": "secp256k1", "signer": made["signer"], "key": made["key"]} in listed
    code, _, err = terminal.run("key new spare")
    assert code == 2
    assert "never overwritten" in err


def test_a_batch_travels_from_its_maker_to_a_pharmacy_in_parts(terminal: Terminal, lot: str) -> None:
    sent_to_dealer(terminal, lot)
    first, second, pallet = (sscc(DEALER_PREFIX, serial) for serial in (1, 2, 3))
    terminal.done(f"custody split {lot} --child {first}=300 --child {second}=200 --place SGSIN --as dealer")
    terminal.done(f"custody pack {first} {second} --sscc {pallet} --place SGSIN --as dealer")
    terminal.done(f"custody ship {pallet} --to {PHARMACY} --place SGSIN --as dealer")
    terminal.done(f"custody receive {pallet} --place SGSIN --as pharmacy")
    terminal.done(f"custody unpack {pallet} --take {first} --place SGSIN --as pharmacy")
    terminal.done(f"custody unpack {pallet} --place SGSIN --as pharmacy")
    terminal.done(f"custody dispense (00){first} --amount 5 --place SGSIN --as pharmacy")
    terminal.done(f"custody destroy {second} --amount 200 --place SGSIN --as pharmacy")
    verdict = terminal.verdict(first, "--organisation", str(PHARMACY), "--place", "SGSIN")
    assert verdict["verdict"] == "verified"
    assert [event["kind"] for event in verdict["custody"]][-1] == "DISPENSE"
    code, _, err = terminal.run(f"custody ship {lot} --to 4 --place SGSIN --as pharmacy")
    assert code == 2, "the batch is in several pieces"
    assert first in err
    assert "(500 units)" in err


def test_packs_of_a_serialised_batch_are_told_from_made_up_ones(terminal: Terminal, tmp_path: Path) -> None:
    """The maker works on a machine of its own: its list reaches the server by the command alone."""
    maker = Terminal(tmp_path, terminal.server)
    shutil.copytree(terminal.folder / "keys", tmp_path / "keys")
    rows = "gtin,lot,product_class,quantity,expiry,serials\n" + f"{GTIN},UNITS1,PPE,2000,2031-05-31,generate\n"
    registered = maker.done("batch register", write(tmp_path, "batch.csv", rows), "--as", "maker")["registered"][0]
    assert registered["units"]["sent"] is True, registered
    kept = UnitLists(tmp_path / "units").get(batch_id(int(GTIN), "UNITS1"))
    assert kept is not None
    serial = kept.serials()[1234].decode()
    genuine = terminal.verdict(f"(01){GTIN}(10)UNITS1(17)310531(21){serial}")
    made_up = terminal.verdict(f"(01){GTIN}(10)UNITS1(17)310531(21)MADEUP1")
    assert (genuine["verdict"], genuine["checks"][5]["result"]) == ("verified", "passed")
    assert (made_up["verdict"], made_up["reason"]) == ("suspect", "serial_not_in_batch")
    assert maker.done(f"batch units {GTIN} UNITS1")["units"] == 2000  # again: the same


def test_goods_sent_back_by_carrier_and_handed_over_on_the_spot(terminal: Terminal, lot: str) -> None:
    terminal.done(f"custody ship {lot} --to {CARRIER} --place BEBRU --as maker")
    terminal.done(f"custody return {lot} --place BEBRU --as carrier")
    terminal.done(f"custody ship {lot} --to {CARRIER} --place BEBRU --as maker")
    terminal.done(f"custody return {lot} --place BEBRU --as maker")
    terminal.done(f"custody handover {lot} --to {CARRIER} --with carrier --place BEBRU --as maker")
    custody = terminal.verdict(f"https://lotproof.example/01/{GTIN}/10/{lot.partition('/')[2]}")["custody"]
    assert [(event["kind"], event["actor"]["number"]) for event in custody] == [
        *(("SHIP", MAKER), ("RETURN", CARRIER), ("SHIP", MAKER), ("RETURN", MAKER), ("HANDOVER", MAKER)),
    ]


def test_a_count_that_differs_is_suspect_until_it_is_corrected(terminal: Terminal, lot: str) -> None:
    terminal.done(f"custody ship {lot} --to {DEALER} --place BEBRU --as maker")
    received = terminal.done(f"custody receive {lot} --amount 1001 --place SGSIN --as dealer")
    code = f"(01){GTIN}(10){lot.partition('/')[2]}"
    assert terminal.verdict(code)["reason"] == "quantity_over"
    corrected = terminal.done(f"custody correct {received['digest']} --as dealer")
    assert corrected["state"] in DONE
    assert terminal.verdict(code)["verdict"] == "verified"


def test_customs_inspect_hold_release_and_seize(terminal: Terminal, lot: str) -> None:
    sent_to_dealer(terminal, lot)
    finding = write(terminal.folder, "finding.json", '{"seal": "intact"}')
    terminal.done(f"custody inspect {lot} --place SGSIN --as customs", "--document", finding)
    terminal.done(f"custody hold {lot} --place SGSIN --as customs")
    code, out, err = terminal.run(f"custody ship {lot} --to {PHARMACY} --place SGSIN --as dealer")
    assert (code, out) == (1, "")
    assert "held" in err
    terminal.done(f"custody release {lot} --place SGSIN --as sg")
    terminal.done(f"custody seize {lot} --place SGSIN --as customs")
    assert terminal.verdict(f"(01){GTIN}(10){lot.partition('/')[2]}")["reason"] == "seized"


def test_a_recall_reaches_a_batch_that_was_divided(terminal: Terminal, lot: str) -> None:
    part = sscc(MAKER_PREFIX, crc32(lot.encode()) % 10**9)
    terminal.done(f"custody split {lot} --child {part}=400 --place BEBRU --as maker")
    assert terminal.done(f"custody recall {lot} --as maker")["state"] in DONE
    assert terminal.verdict(part)["reason"] == "recalled"
    code, _, err = terminal.run(f"custody recall {part} --as be")
    assert code == 1
    assert "recalled" in err


def test_a_suspended_organisation_can_no_longer_sign(terminal: Terminal, lot: str) -> None:
    terminal.done(f"organisation suspend {MAKER} --as be")
    code, _, err = terminal.run(f"custody ship {lot} --to {CARRIER} --place BEBRU --as maker")
    assert code == 1
    assert "suspended" in err
    _, out, _ = terminal.run("organisation list")
    assert "Maker  (manufacturer; suspended)" in out
    terminal.done(f"organisation suspend {MAKER} --reinstate --as be")
    terminal.done(f"custody ship {lot} --to {CARRIER} --place BEBRU --as maker")


def test_an_authority_is_suspended_and_reinstated_by_the_council(terminal: Terminal) -> None:
    assert terminal.done(f"authority suspend {SG}") == {"number": SG, "suspended": True}
    until = time.monotonic() + PATIENCE
    while terminal.done("organisation list")["organisations"][SG - 1]["active"]:
        assert time.monotonic() < until
    code, out, _ = terminal.run(f"authority suspend {SG} --reinstate")
    assert (code, out) == (0, f"Authority {SG} is reinstated.\n")


def test_registering_the_same_file_again_changes_nothing(terminal: Terminal, lot: str) -> None:
    name = lot.partition("/")[2]
    path = write(terminal.folder, "again.csv", f"{HEADER}{GTIN},{name},PPE,999,2031-05-31,\n")
    code, out, err = terminal.run("batch register", path, "--as", "maker")
    assert code == 1
    assert "registered" in out + err


@pytest.mark.parametrize(
    ("command", "name", "text", "says"),
    [
        ("batch register", "a.csv", f"{HEADER}{GTIN},A1,PPE,0,2031-05-31,\n", "Row 1, column quantity"),
        ("batch register", "b.csv", f"{HEADER}{GTIN[:-1]}0,A1,PPE,5,2031-05-31,\n", "Row 1, column gtin"),
        ("batch register", "c.json", '[{"gtin": "09521101000016"}]', "Row 1, column lot"),
        ("batch register", "d.csv", f"{HEADER}{GTIN},A1,PPE,5,2031-05-31,\n{GTIN},A 1,PPE,5,2031-05-31,\n", "Row 2"),
        ("organisation accredit", "e.csv", "name,country,roles,admin_key\nX,Belgium,PHARMACY,be\n", "column country"),
        ("authority admit", "f.csv", "name,country,roles\nX,BE,REGULATOR\n", "column admin_key"),
        ("authority admit", "g.csv", "name,number,country,roles\nX,1,BE,REGULATOR\n", "has no admin_key"),
    ],
)
def test_a_malformed_file_is_refused_by_row_and_column(
    terminal: Terminal, command: str, name: str, text: str, says: str
) -> None:
    path = write(terminal.folder, name, text)
    signing = [] if command.startswith("authority") else ["--as", "maker"]
    code, out, err = terminal.run(command, path, *signing)
    assert (code, out) == (2, "")
    assert says in err


def test_a_key_that_no_organisation_has_says_whom_to_ask(terminal: Terminal, lot: str) -> None:
    terminal.key("stranger")
    code, _, err = terminal.run(f"custody ship {lot} --to {CARRIER} --place BEBRU --as stranger")
    assert code == 1
    assert "Ask your authority" in err


def test_a_second_installation_in_the_same_folder_is_refused(terminal: Terminal) -> None:
    code, _, err = terminal.run("up")
    assert code == 2
    assert "another data directory" in err


# ---- what refuses to start, and a chain that is down ----


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    anvil = Anvil(tmp_path_factory.mktemp("node"))
    yield anvil
    anvil.end()


def refused(folder: Path, command: str = "up", **settings: str) -> str:
    """What a command says that must end with 2."""
    environment = {f"LOTPROOF_{name}": value for name, value in settings.items()}
    result = CliRunner().invoke(app, [command, "--data", str(folder)], env=environment)
    assert result.exit_code == 2, result.output
    return result.stderr


def test_a_node_of_another_chain_is_refused(node: Anvil, tmp_path: Path) -> None:
    said = refused(tmp_path, RPC_URL=node.url, CHAIN_ID="11155111")
    assert "is on chain 31337, but this installation is for chain 11155111" in said
    assert "LOTPROOF_RPC_URL" in said


def test_an_address_without_a_contract_is_refused(node: Anvil, tmp_path: Path) -> None:
    said = refused(tmp_path, RPC_URL=node.url, LEDGER_ADDRESS="0x" + "11" * 20)
    assert "There is no contract at" in said
    assert "LOTPROOF_LEDGER_ADDRESS" in said


def test_another_contract_is_refused(node: Anvil, tmp_path: Path) -> None:
    address = "0x" + "22" * 20
    node.rpc("anvil_setCode", address, "0x60006000fd")
    assert "is not the Lotproof ledger" in refused(tmp_path, RPC_URL=node.url, LEDGER_ADDRESS=address)


def test_a_network_without_a_known_ledger_says_how_to_get_one(node: Anvil, tmp_path: Path) -> None:
    assert "lotproof deploy" in refused(tmp_path, RPC_URL=node.url)


def test_a_database_of_another_ledger_is_refused(node: Anvil, tmp_path: Path) -> None:
    deployed = CliRunner().invoke(app, ["deploy", "--data", str(tmp_path)], env={"LOTPROOF_RPC_URL": node.url})
    assert deployed.exit_code == 0, deployed.output
    again = CliRunner().invoke(app, ["deploy", "--data", str(tmp_path)], env={"LOTPROOF_RPC_URL": node.url})
    assert again.stdout == deployed.stdout, "a ledger is deployed once"
    other = tmp_path / "other"
    other.mkdir()
    database = open_database(f"sqlite:///{other / 'lotproof.db'}")
    database.bind(1, b"\x11" * 20, bytes(32))
    database.close()
    ledger = deployed.stdout.split()[4]
    said = refused(other, RPC_URL=node.url, LEDGER_ADDRESS=ledger)
    assert "belongs to chain id 1" in said
    assert "another database for the other ledger" in said


def test_a_ledger_may_have_a_contract_for_its_council_which_is_told_what_to_call(node: Anvil, tmp_path: Path) -> None:
    council = "0x" + "5a" * 20
    environment = {"LOTPROOF_RPC_URL": node.url, "LOTPROOF_KEY_PASSWORD": PASSWORD}
    data = ["--data", str(tmp_path), "--json"]
    wrong = CliRunner().invoke(app, ["deploy", "--council", "0x5a", *data], env=environment)
    assert wrong.exit_code == 2
    deployed = CliRunner().invoke(app, ["deploy", "--council", council, *data], env=environment)
    assert json.loads(deployed.stdout)["council"] == council
    Terminal(tmp_path, "").key("be")
    file = write(tmp_path, "a.csv", AUTHORITIES.partition("Singapore")[0])
    proposed = CliRunner().invoke(app, ["authority", "admit", file, "--propose", *data], env=environment)
    (call,) = json.loads(proposed.stdout)["calls"]
    assert call["to"] == json.loads(deployed.stdout)["ledger"]
    node.rpc("anvil_impersonateAccount", council)
    node.rpc("anvil_setBalance", council, hex(10**18))
    node.rpc("eth_sendTransaction", {"from": council, "to": call["to"], "data": call["data"], "gas": hex(10**6)})
    node.rest()
    ledger = Ledger(node.chain, bytes.fromhex(call["to"][2:]))
    assert ledger.view("organisationCount") == (1,)
    refusal = CliRunner().invoke(app, ["authority", "admit", file, *data], env=environment)
    assert "is not the council's" in refusal.stdout


def test_a_file_that_is_no_database_of_ours_is_refused(node: Anvil, tmp_path: Path) -> None:
    (tmp_path / "lotproof.db").write_bytes(b"something else entirely" * 100)
    assert "lotproof.db" in refused(tmp_path, RPC_URL=node.url)


def test_while_the_chain_is_down_statements_queue_and_verdicts_tell_their_age(tmp_path: Path) -> None:
    payers = (development_signer(RELAYER_INDEX, CHAIN_ID).signer, development_signer(COUNCIL_INDEX, CHAIN_ID).signer)
    chain = DevChain(tmp_path / "node", fund=payers)
    url = chain.start()
    data = tmp_path / "data"
    data.mkdir()
    network = {"RPC_URL": url, "FINALITY": "0", "FRESH_SECONDS": "1"}
    environment = {f"LOTPROOF_{name}": value for name, value in network.items()}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        assert CliRunner().invoke(app, ["deploy", "--data", str(data)]).exit_code == 0
        running = Up(data, **network)
        try:
            outage(with_one_maker(Terminal(data, running.url)), chain)
        finally:
            assert running.stop() == 0
            chain.stop()


def outage(terminal: Terminal, chain: DevChain) -> None:
    known, late = (write(terminal.folder, f"{lot}.csv", f"{HEADER}{GTIN},{lot},PPE,9,2031-05-31,\n") for lot in "KL")
    terminal.done("batch register", known, "--as", "maker")
    chain.stop()
    time.sleep(2.1)  # so that what is known is older than FRESH_SECONDS, told in whole seconds
    queued = terminal.done("batch register", late, "--as", "maker", "--wait", "0")
    assert queued["registered"][0]["state"] == "pending"
    verdict = terminal.verdict(f"(01){GTIN}(10)K")
    assert verdict["verdict"] == "verified"
    assert verdict["checks"][12]["name"] == "fresh"
    assert verdict["checks"][12]["result"] == "failed"
    assert terminal.verdict(f"(01){GTIN}(10)L")["verdict"] == "undetermined"
    chain.start()
    until = time.monotonic() + PATIENCE
    while terminal.verdict(f"(01){GTIN}(10)L")["verdict"] != "verified":
        assert time.monotonic() < until
        time.sleep(0.2)


def with_one_maker(terminal: Terminal) -> Terminal:
    """An authority and a manufacturer."""
    terminal.key("be")
    terminal.key("maker")
    terminal.done("authority admit", write(terminal.folder, "a.csv", AUTHORITIES.partition("Singapore")[0]))
    terminal.await_organisations(1)
    terminal.done(
        "organisation accredit", write(terminal.folder, "m.csv", BELGIANS.partition("Carrier")[0]), "--as", "be"
    )
    return terminal
