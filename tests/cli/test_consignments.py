"""What a person may call a consignment, and what is said where it names none or several."""

from __future__ import annotations

import pytest

from ledger.cli.consignments import checked_place, child, find, find_batch, moment
from ledger.core.errors import InvalidCodeError, InvalidInputError, NotFoundError
from tests.cli.fake_server import Server, consignment, signer_of

SSCC = "095211010000000016"
GTIN = "09521101000016"
NOON = 1_795_442_700
ID = f"0x{1:064x}"


@pytest.fixture
def server() -> Server:
    server = Server(signer_of(5))
    one = consignment(1, sscc=SSCC)
    batch = {"batch": {"id": f"0x{900:064x}"}, "consignments": [one, consignment(2, rest=0)]}
    server.answers |= {
        f"/v1/consignments/{SSCC}": one,
        f"/v1/consignments/{ID}": one,
        f"/v1/consignments/0x{900:064x}": consignment(900),
        f"/v1/batches/{GTIN}/L1": batch,
        f"/v1/batches/{GTIN}/L/1": batch,
    }
    return server


@pytest.mark.parametrize(
    "goods",
    [
        SSCC,
        f"00{SSCC}",
        f"(00){SSCC}",
        f"https://lotproof.example/00/{SSCC}",
        ID,
        f"{GTIN}/L1",
        "9521101000016/L1",
        f"{GTIN}/L/1",
        f"(01){GTIN}(10)L1",
        f"https://lotproof.example/01/{GTIN}/10/L1?17=310531",
    ],
)
def test_a_consignment_is_found_by_its_sscc_its_id_its_batch_or_a_scanned_code(server: Server, goods: str) -> None:
    assert find(server.client(), goods)["id"] == ID


@pytest.mark.parametrize("goods", [SSCC, ID, f"{GTIN}/L1", f"(01){GTIN}(10)L1"])
def test_a_batch_is_found_by_any_of_its_consignments(server: Server, goods: str) -> None:
    assert find_batch(server.client(), goods)["id"] == f"0x{900:064x}"


def test_a_pallet_names_no_batch(server: Server) -> None:
    server.answers[f"/v1/consignments/{SSCC}"] = consignment(3, batch=None)
    with pytest.raises(InvalidInputError, match="is a pallet"):
        find_batch(server.client(), SSCC)


def test_a_divided_batch_lists_its_consignments(server: Server) -> None:
    server.answers[f"/v1/batches/{GTIN}/L1"]["consignments"] += [consignment(3, rest=1_400)]
    with pytest.raises(InvalidInputError, match="has 2 consignments") as caught:
        find(server.client(), f"{GTIN}/L1")
    assert f"{SSCC} (100 units)" in caught.value.advice
    assert f"0x{3:064x} (1,400 units)" in caught.value.advice


def test_a_batch_that_is_used_up_has_no_consignment(server: Server) -> None:
    server.answers[f"/v1/batches/{GTIN}/L1"]["consignments"] = [consignment(2, rest=0)]
    with pytest.raises(InvalidInputError, match="has 0 consignments") as caught:
        find(server.client(), f"{GTIN}/L1")
    assert caught.value.advice == ""


def test_what_the_ledger_does_not_know_is_not_found(server: Server) -> None:
    with pytest.raises(NotFoundError):
        find(server.client(), f"0x{77:064x}")


@pytest.mark.parametrize(
    ("goods", "says"),
    [
        ("0x12", "is no consignment id"),
        ("0x/../organisations", "is no consignment id"),
        (GTIN, "names no batch"),
        ("09521101000017/L1", "heck digit"),
        ("095211010000000010", "heck digit"),
        ("a carton", "."),
        ("", "."),
    ],
)
def test_what_names_no_consignment_is_refused_before_any_server_is_asked(goods: str, says: str) -> None:
    silent = Server(signer_of(5))
    silent.answers.clear()
    with pytest.raises(InvalidInputError) as caught:
        find(silent.client(), goods)
    assert says in caught.value.detail
    assert caught.value.field is not None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-23T14:05:00Z", 1_795_442_700),
        ("2026-11-23T22:05:00+08:00", 1_795_442_700),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_a_time_with_a_zone_is_unix_seconds(text: str, seconds: int) -> None:
    assert moment(text) == seconds


def test_no_time_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_234.9)
    assert moment("") == 1_234


@pytest.mark.parametrize("text", ["yesterday", "2026-11-23T14:05:00", "2026-11-23", "1969-12-31T23:59:59Z", "1"])
def test_a_time_that_could_be_read_two_ways_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        moment(text)
    assert caught.value.field == "occurred_at"


@pytest.mark.parametrize("place", ["", "SG", "sgsin", "SGSINX", "SGSI٣", "SG SI", "12345"])
def test_a_place_that_is_no_un_locode_is_refused(place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_place(place)
    assert caught.value.field == "place"


def test_a_un_locode_is_taken() -> None:
    assert checked_place("DEHAM") == "DEHAM"


def test_a_part_has_a_quantity_and_may_have_an_sscc() -> None:
    assert child("600", 0) == (None, 600)
    assert child(f"{SSCC}=600", 1) == (SSCC, 600)


@pytest.mark.parametrize("text", ["", "0", "-5", "5.5", "٣", f"{SSCC}=", "99999999999", f"{SSCC}=0"])
def test_a_part_without_a_quantity_is_named_by_its_position(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        child(text, 2)
    assert (caught.value.field, caught.value.position) == ("child", 2)


def test_a_part_with_a_misread_sscc_is_refused() -> None:
    with pytest.raises(InvalidCodeError):
        child("095211010000000010=600", 0)
