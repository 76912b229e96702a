"""The read model as JSON: what the command line builds statements from."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI

from ledger.chain.watch import Standing
from ledger.core.agreement import State
from ledger.core.statement import LOGGED_TYPES, TYPES
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.core.batch_story import CARRIER, CUSTOMS, DOMAIN, MAKER, REGULATOR
from tests.indexed_world import CARTON, GTIN, LOTS, PALLET, SCRIPT, SIGNER, World


def test_the_chain_tells_what_a_signer_needs(ask: Asker, told: World) -> None:
    chain = ask.get("/v1/chain").json()
    assert chain["domain"] == DOMAIN.to_json()
    assert chain["types"] == TYPES | LOGGED_TYPES
    assert (chain["council"], chain["relayer"]) == ("0x" + "cc" * 20, "0x" + "dd" * 20)
    assert chain["indexed"]["block"] == chain["head"]["block"] == chain["finalized"]["block"] == told.last_block


def test_the_nodes_of_the_chain_are_shown_as_they_stand_if_there_are_several(app: FastAPI) -> None:
    ask = Asker(app)
    assert ask.get("/v1/chain").json()["nodes"] == []
    assert "lotproof_rpc_endpoint{" not in ask.get("/metrics").text
    standings = [
        Standing("https://one.example", State.HEALTHY, 7, ""),
        Standing("http://two.example:8545", State.LYING, 9, "It is on chain 1, not 5."),
    ]
    object.__setattr__(app.state.installation, "standings", lambda: standings)
    assert ask.get("/v1/chain").json()["nodes"] == [
        {"name": "https://one.example", "state": "healthy", "head": 7, "reason": ""},
        {"name": "http://two.example:8545", "state": "lying", "head": 9, "reason": "It is on chain 1, not 5."},
    ]


def test_a_batch_is_shown_with_its_consignments(ask: Asker) -> None:
    shown = ask.get(f"/v1/batches/{GTIN}/{LOTS['split']}").json()
    assert (shown["batch"]["gtin"], shown["batch"]["lot"], shown["batch"]["recalled"]) == (GTIN, LOTS["split"], None)
    assert [(each["sscc"], each["quantity"], each["rest"]) for each in shown["consignments"]] == [
        (None, 1000, 500),
        (CARTON, 400, 400),
        (None, 100, 100),
    ]
    assert shown["consignments"][0]["children"] == [each["id"] for each in shown["consignments"][1:]]
    assert [event["kind"] for event in shown["custody"]] == ["SPLIT", "PACK", "SHIP"]


def test_a_recall_is_shown(ask: Asker) -> None:
    recalled = ask.get(f"/v1/batches/{GTIN}/{LOTS['recalled']}").json()["batch"]["recalled"]
    assert recalled["by"]["number"] == MAKER
    assert recalled["block"] > 0


def test_a_gtin_may_be_short_and_a_lot_may_hold_a_slash(ask: Asker) -> None:
    assert ask.get(f"/v1/batches/{GTIN.lstrip('0')}/AB12").json()["batch"]["lot"] == "AB12"
    for lot in (SCRIPT, quote(SCRIPT, safe="")):
        assert ask.get(f"/v1/batches/{GTIN}/{lot}").json()["batch"]["lot"] == SCRIPT


def test_a_consignment_is_found_by_sscc_and_by_id(ask: Asker) -> None:
    by_sscc = ask.get(f"/v1/consignments/{CARTON}").json()
    assert by_sscc == ask.get(f"/v1/consignments/{by_sscc['id']}").json()
    assert by_sscc["batch"]["lot"] == LOTS["split"]
    assert by_sscc["pallet"] is not None
    assert (by_sscc["holder"]["number"], by_sscc["counterparty"]["number"]) == (MAKER, CARRIER)
    assert by_sscc["others"] == []
    assert [event["kind"] for event in by_sscc["custody"]] == ["SPLIT", "PACK", "SHIP"]


def test_a_pallet_shows_what_is_on_it(ask: Asker) -> None:
    pallet = ask.get(f"/v1/consignments/{PALLET}").json()
    assert (pallet["is_pallet"], pallet["batch"], pallet["rest"]) == (True, None, 2)
    assert [content["rest"] for content in pallet["contents"]] == [400, 100]
    assert pallet["contents"][0]["head"] == ask.get(f"/v1/consignments/{CARTON}").json()["head"]


def test_what_was_taken_off_a_pallet_is_not_shown_on_it(ask: Asker) -> None:
    pallet = ask.get("/v1/consignments/054138680000000047").json()
    assert [content["sscc"] for content in pallet["contents"]] == ["054138680000000030"]
    assert ask.get("/v1/consignments/054138680000000054").json()["contents"] == []


def test_a_hold_is_shown_with_the_sequence_that_it_moved(ask: Asker) -> None:
    (held,) = ask.get(f"/v1/batches/{GTIN}/{LOTS['held']}").json()["consignments"]
    assert (held["held_by"]["number"], held["sequence"], held["seized"]) == (CUSTOMS, 1, False)
    (seized,) = ask.get(f"/v1/batches/{GTIN}/{LOTS['seized']}").json()["consignments"]
    assert seized["seized"] is True


def test_organisations_are_shown_with_their_keys(ask: Asker) -> None:
    everyone = {each["number"]: each for each in ask.get("/v1/organisations").json()["organisations"]}
    maker = everyone[MAKER]
    assert maker == ask.get(f"/v1/organisations/{MAKER}").json()
    assert (maker["roles"], maker["prefixes"], maker["authority"]) == (["MANUFACTURER"], ["5413868"], REGULATOR)
    assert "0x" + SIGNER.hex() in [key["signer"] for key in maker["keys"]]
    assert maker["keys"][0]["kind"] == "address"
    assert maker["anchor"] == {"accumulator": "0x" + "00" * 32, "count": 0}
    assert maker["active"] is True


def test_an_unknown_sscc_says_where_to_look(ask: Asker) -> None:
    problem = assert_problem(ask.get("/v1/consignments/054138680000000504"), 404, "not-found", field="consignment")
    assert "/v1/chain" in problem["advice"]
