"""Serial numbers out of EPCIS documents, and what such documents may not do."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from ledger.core.commissioning import MAX_DEPTH, serials_of_json, serials_of_xml
from ledger.core.errors import InvalidInputError

GTIN, LOT = "00300010123455", "A123"
UNITS = [f"urn:epc:id:sgtin:030001.0012345.{serial}" for serial in ("11", "A%2F12", "B.3")]
SERIALS = [b"11", b"A/12", b"B.3"]


def event(*epcs: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning", "epcList": list(epcs)} | changes


def document(*events: dict[str, Any]) -> bytes:
    return json.dumps({"type": "EPCISDocument", "epcisBody": {"eventList": list(events)}}).encode()


def read(*events: dict[str, Any]) -> list[bytes]:
    return serials_of_json(document(*events), GTIN, LOT)


def refusal(*events: dict[str, Any]) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        read(*events)
    return caught.value


def xml(*events: str, version: str = "2", before: str = "") -> bytes:
    space = f"urn:epcglobal:epcis:xsd:{version}"
    body = f"<EPCISBody><EventList>{''.join(events)}</EventList></EPCISBody>"
    return f'{before}<epcis:EPCISDocument xmlns:epcis="{space}">{body}</epcis:EPCISDocument>'.encode()


def xml_event(*epcs: str, more: str = "", step: str = "urn:epcglobal:cbv:bizstep:commissioning") -> str:
    listed = "".join(f"<epc>{epc}</epc>" for epc in epcs)
    return f"<ObjectEvent><epcList>{listed}</epcList><action>ADD</action><bizStep>{step}</bizStep>{more}</ObjectEvent>"


def ilmd(lot: str) -> str:
    return f'<ilmd><m:lotNumber xmlns:m="urn:epcglobal:cbv:mda">{lot}</m:lotNumber></ilmd>'


@pytest.mark.parametrize(
    "step",
    [
        "commissioning",
        "urn:epcglobal:cbv:bizstep:commissioning",
        "https://ref.gs1.org/cbv/BizStep-commissioning",
        "cbv:BizStep-commissioning",
    ],
)
def test_commissioned_units_are_read_in_every_form_of_the_business_step(step: str) -> None:
    assert read(event(*UNITS, bizStep=step)) == SERIALS
    assert serials_of_xml(xml(xml_event(*UNITS, step=step)), GTIN, LOT) == SERIALS


@pytest.mark.parametrize(
    "link",
    [
        "https://id.gs1.org/01/00300010123455/21/A%2F12",
        "https://example.com/some/path/01/00300010123455/10/A123/21/A%2F12?17=280131",
        "http://example.com/01/0300010123455/21/A%2F12#top",
        "https://id.gs1.org/01/00300010123455/22/2A/10/A123/21/A%2F12",
    ],
)
def test_digital_links_are_read_as_epcs(link: str) -> None:
    assert read(event(link)) == [b"A/12"]


def test_a_query_document_and_a_single_event_are_read_too() -> None:
    results = {"queryResults": {"resultsBody": {"eventList": [event(*UNITS)]}}}
    assert serials_of_json(json.dumps({"epcisBody": results}).encode(), GTIN, LOT) == SERIALS
    assert serials_of_json(json.dumps(event(*UNITS)).encode(), GTIN, LOT) == SERIALS
    assert serials_of_json(json.dumps({"epcisBody": {"event": event(*UNITS)}}).encode(), GTIN, LOT) == SERIALS


@pytest.mark.parametrize(
    "other",
    [
        event("urn:epc:id:sscc:030001.41234567890"),
        event("urn:epc:class:lgtin:4012345.012345.998877"),
        event("https://id.gs1.org/01/00300010123455/10/A123"),
        event("https://id.gs1.org/00/003000141234567890"),
        event(*UNITS[:1], action="OBSERVE"),
        event(*UNITS[:1], bizStep="shipping"),
        event(*UNITS[:1], type="TransactionEvent"),
        event(*UNITS[:1], errorDeclaration={"declarationTime": "2026-01-01T00:00:00Z"}),
    ],
)
def test_what_commissions_no_unit_is_passed_over(other: dict[str, Any]) -> None:
    assert read(other, event(*UNITS[1:])) == SERIALS[1:]
    assert "commissions no units" in refusal(other).detail


def test_an_event_that_was_declared_wrong_counts_nowhere() -> None:
    wrong = event(*UNITS[:1], eventID="urn:uuid:1")
    assert read(wrong, event(*UNITS[1:]), wrong | {"errorDeclaration": {}}) == SERIALS[1:]
    declared = "<eventID>urn:uuid:1</eventID><errorDeclaration/>"
    in_1_2 = f"<baseExtension>{declared}</baseExtension>"
    for more, version in ((declared, "2"), (in_1_2, "1")):
        events = [
            xml_event(UNITS[0], more="<eventID>urn:uuid:1</eventID>"),
            xml_event(UNITS[1]),
            xml_event(UNITS[0], more=more),
        ]
        assert serials_of_xml(xml(*events, version=version), GTIN, LOT) == SERIALS[1:2]


@pytest.mark.parametrize(
    ("foreign", "words"),
    [
        ("urn:epc:id:sgtin:030001.1012345.110", "GTIN 10300010123452"),
        ("urn:epc:id:sgtin:030001.012345.110", r"GTIN 030001\.012345"),
        ("https://id.gs1.org/01/10300010123452/21/1", "GTIN 10300010123452"),
        ("https://id.gs1.org/01/00300010123454/21/1", "GTIN 00300010123454"),
        ("https://id.gs1.org/01/00300010123455/10/B999/21/1", "lot B999"),
    ],
)
def test_a_unit_of_another_gtin_or_lot_is_refused_with_its_place(foreign: str, words: str) -> None:
    error = refusal(event(type="AggregationEvent"), event(*UNITS), event(UNITS[0], foreign))
    assert error.detail.startswith("Event 3, EPC 2:")
    assert (error.field, error.position, error.evidence["event"]) == ("epcList", 2, 3)
    with pytest.raises(InvalidInputError, match=words):
        read(event(foreign))
    with pytest.raises(InvalidInputError, match=f"Event 2, EPC 1.*{words}"):
        serials_of_xml(xml("<AggregationEvent/>", xml_event(foreign)), GTIN, LOT)


def test_a_lot_in_the_master_data_of_an_event_must_be_the_batchs() -> None:
    for name in ("cbvmda:lotNumber", "urn:epcglobal:cbv:mda#lotNumber"):
        assert read(event(*UNITS, ilmd={name: LOT})) == SERIALS
        assert "lot B1" in refusal(event(*UNITS, ilmd={name: "B1"})).detail
    extended = f"<extension>{ilmd('B1')}</extension>"
    for version, more in (("2", ilmd("B1")), ("1", extended)):
        assert (
            serials_of_xml(xml(xml_event(*UNITS, more=more.replace("B1", LOT)), version=version), GTIN, LOT) == SERIALS
        )
        with pytest.raises(InvalidInputError, match="lot B1"):
            serials_of_xml(xml(xml_event(*UNITS, more=more), version=version), GTIN, LOT)


@pytest.mark.parametrize("epcs", ["urn:x", {"a": 1}, [UNITS[0], 5]])
def test_a_list_of_epcs_that_is_none_is_refused(epcs: Any) -> None:
    error = refusal(event(epcList=epcs))
    assert (error.field, error.evidence["event"]) == ("epcList", 1)


@pytest.mark.parametrize("text", [b"{", b"[1", b"\xff", b'{"a": 1, "a": 2}', b"[" * 40 + b"]" * 40])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInputError):
        serials_of_json(text, GTIN, LOT)


@pytest.mark.parametrize("text", [b"[]", b"5", b'{"epcisBody": 3}', b'{"epcisBody": {"eventList": [3]}}'])
def test_json_that_is_no_epcis_commissions_nothing(text: bytes) -> None:
    with pytest.raises(InvalidInputError, match="commissions no units"):
        serials_of_json(text, GTIN, LOT)


@pytest.mark.parametrize("text", [b"", b"<a>", b"<a></b>", b"<a>&unknown;</a>", b"plain", b"\xff\xfe"])
def test_what_is_no_xml_is_refused_with_its_line(text: bytes) -> None:
    with pytest.raises(InvalidInputError, match="is not XML") as caught:
        serials_of_xml(text, GTIN, LOT)
    assert caught.value.field == "file"


def test_entities_that_multiply_are_refused_with_the_document_type_that_brings_them() -> None:
    """The billion laughs."""
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = xml(xml_event("&e11;"), before=f'<!DOCTYPE x [<!ENTITY e0 "{"x" * 100}">{lines}]>')
    tracemalloc.start()
    with pytest.raises(InvalidInputError, match="document type"):
        serials_of_xml(bomb, GTIN, LOT)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_file_of_this_machine_cannot_be_drawn_in(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("S1")
    outside = xml(xml_event(f"{UNITS[0]}&file;"), before=f'<!DOCTYPE x [<!ENTITY file SYSTEM "{tmp_path}/secret">]>')
    with pytest.raises(InvalidInputError, match="document type"):
        serials_of_xml(outside, GTIN, LOT)


def test_elements_are_nested_only_so_deep() -> None:
    deep = "<x>" * (MAX_DEPTH - 4) + "</x>" * (MAX_DEPTH - 4)
    assert serials_of_xml(xml(xml_event(*UNITS, more=deep)), GTIN, LOT) == SERIALS
    with pytest.raises(InvalidInputError, match="nested deeper"):
        serials_of_xml(xml(xml_event(*UNITS, more=f"<x>{deep}</x>")), GTIN, LOT)
    with pytest.raises(InvalidInputError, match="nested deeper"):
        serials_of_xml(b"<x>" * 200_000, GTIN, LOT)


def test_a_document_larger_than_the_parsers_own_bound_is_read() -> None:
    """libxml2 takes 10 MB at once; a million units have five times that."""
    epcs = [f"urn:epc:id:sgtin:030001.0012345.{number}" for number in range(220_000)]
    document = xml(xml_event(*epcs))
    assert len(document) > 10_000_000
    assert serials_of_xml(document, GTIN, LOT) == [str(number).encode() for number in range(220_000)]


def test_elements_of_a_users_own_are_not_mistaken_for_the_events() -> None:
    own = (
        f'<o:epcList xmlns:o="urn:own"><epc>{UNITS[1]}</epc></o:epcList><o:action xmlns:o="urn:own">OBSERVE</o:action>'
    )
    nested = f"<o:note xmlns:o='urn:own'><epcList><epc>{UNITS[2]}</epc></epcList></o:note>"
    nested += f"<o:copy xmlns:o='urn:own'>{xml_event(UNITS[2])}</o:copy>"
    comment = "<!-- <epc>urn:x</epc> --><?pi x?>"
    assert serials_of_xml(xml(xml_event(UNITS[0], more=own + nested + comment)), GTIN, LOT) == SERIALS[:1]


def test_gs1s_own_example_commissions_its_units(test_data: Path) -> None:
    """GS1 US, Implementation Guideline for DSCSA, section 2.2.1.1: 12 units, then the cases, which are another GTIN."""
    path = test_data / "epcis/openepcis/1.2/EPCIS/XML/Capture/Documents/GS1_US_Pharma_Example_2_2_1_1.xml"
    whole = path.read_bytes()
    with pytest.raises(InvalidInputError, match=r"Event 2, EPC 1.*GTIN 10300010123452"):
        serials_of_xml(whole, GTIN, LOT)
    cases = whole.index(b"<!-- E2")
    units = whole[:cases] + whole[whole.index(b"<!-- E3") :]
    assert serials_of_xml(units, GTIN, LOT) == [str(number).encode() for number in range(11, 23)]


def test_no_published_document_breaks_the_reading(test_data: Path) -> None:
    """Every EPCIS document of GS1, OpenEPCIS and the event hash generator is read or refused in words."""
    told = 0
    for path in sorted((test_data / "epcis").rglob("*.*")):
        reader = {".xml": serials_of_xml, ".json": serials_of_json, ".jsonld": serials_of_json}.get(path.suffix)
        if reader is None:
            continue
        with pytest.raises(InvalidInputError):
            reader(path.read_bytes(), "09521101000016", "NONE")
        told += 1
    assert told > 300
