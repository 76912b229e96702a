"""STIX 2.1 goes out as others read it, and comes in as far as Lotproof can compare it."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.core.errors import InvalidInputError
from ledger.core.intelligence import stix
from ledger.core.intelligence.content import read_content
from ledger.core.intelligence.marking import STIX_IDS, Marking, definition, marking_of
from ledger.core.intelligence.statements import NOTHING, Form, Intelligence
from tests.core.batch_story import GTIN, NOON
from tests.share_world import SALT

LEDGER = b"\x11" * 20
DIGEST = bytes(range(100, 132))
PATTERN = {"kind": "lot", "gtin": GTIN, "lot": "AB12"}


def statement(form: Form = Form.INDICATOR, marking: Marking = Marking.GREEN, until: int = 0) -> Intelligence:
    return Intelligence(5, form, marking, NOON, until, NOTHING, b"c" * 32, NOTHING)


def told(pattern: dict[str, str] | None = PATTERN, words: str = "") -> Any:
    value = {"salt": SALT, "title": "Look out", "words": words} | ({"pattern": pattern} if pattern else {})
    return read_content(value, indicator=pattern is not None)


def indicator(**changes: Any) -> dict[str, Any]:
    return stix.write(statement(), DIGEST, told(), LEDGER) | changes


def bundle(*objects: Any) -> dict[str, Any]:
    return {"type": "bundle", "id": "bundle--x", "objects": list(objects)}


def test_an_indicator_is_written() -> None:
    assert stix.write(statement(until=NOON + 60), DIGEST, told(words="Blue."), LEDGER) == {
        "type": "indicator",
        "spec_version": "2.1",
        "id": "indicator--64656667-6869-4a6b-ac6d-6e6f70717273",
        "created_by_ref": stix.identity_id(5, LEDGER),
        "created": "2026-05-28T20:26:40.000Z",
        "modified": "2026-05-28T20:26:40.000Z",
        "name": "Look out",
        "description": "Blue.",
        "object_marking_refs": [STIX_IDS[Marking.GREEN]],
        "external_references": [{"source_name": "lotproof", "external_id": "0x" + DIGEST.hex()}],
        "pattern": f"[x-lotproof-goods:lot = 'AB12' AND x-lotproof-goods:gtin = '{GTIN}']",
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": "2026-05-28T20:26:40.000Z",
        "valid_until": "2026-05-28T20:27:40.000Z",
    }


def test_a_bulletin_is_a_report_that_names_its_issuer() -> None:
    written = stix.write(statement(Form.BULLETIN), DIGEST, told(None), LEDGER)
    assert (written["type"], written["object_refs"]) == ("report", [stix.identity_id(5, LEDGER)])
    assert written["id"] == stix.object_id(Form.BULLETIN, DIGEST)
    assert "description" not in written


@pytest.mark.parametrize(("at", "modified"), [(NOON + 60, "2026-05-28T20:27:40"), (NOON - 60, "2026-05-28T20:26:41")])
def test_what_was_withdrawn_is_revoked_in_a_later_version(at: int, modified: str) -> None:
    written = stix.write(statement(), DIGEST, told(), LEDGER, at)
    assert (written["revoked"], written["modified"]) == (True, f"{modified}.000Z")


def test_an_identifier_leads_back_to_the_digest() -> None:
    identifier = stix.object_id(Form.INDICATOR, DIGEST)
    assert DIGEST.startswith(stix.prefix_of(identifier))
    assert len(stix.prefix_of(identifier)) == stix.PREFIX_BYTES
    assert stix.prefix_of("indicator--x") == stix.prefix_of("") == b""


def test_what_is_written_is_read() -> None:
    written = stix.bundle(
        [
            stix.identity(5, "Customs", LEDGER),
            indicator(),
            stix.write(statement(Form.BULLETIN), DIGEST, told(None), LEDGER),
        ],
        [Marking.GREEN, Marking.GREEN],
        DIGEST,
    )
    assert [each["type"] for each in written["objects"]] == ["marking-definition", "identity", "indicator", "report"]
    one, other = stix.read_bundle(written)
    assert (one.form, one.title, one.pattern, one.marking) == (
        Form.INDICATOR,
        "Look out",
        told().pattern,
        Marking.GREEN,
    )
    assert (other.form, other.pattern) == (Form.BULLETIN, None)


def test_of_several_markings_the_narrowest_counts_and_others_are_left_out() -> None:
    refs = [STIX_IDS[Marking.GREEN], STIX_IDS[Marking.AMBER], "marking-definition--x", 5]
    (draft,) = stix.read_bundle(bundle(indicator(object_marking_refs=refs)))
    assert draft.marking is Marking.AMBER
    (draft,) = stix.read_bundle(bundle(indicator(object_marking_refs="x")))
    assert draft.marking is None


def test_what_is_revoked_or_something_else_is_left_out() -> None:
    assert stix.read_bundle(bundle(indicator(revoked=True), {"type": "malware"}, 5)) == []


def test_an_indicator_without_a_name_has_its_pattern_for_one() -> None:
    (draft,) = stix.read_bundle(bundle(indicator(name=None, valid_until="2026-05-28T20:27:40Z")))
    assert draft.title == indicator()["pattern"]
    assert draft.valid_until == NOON + 60


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pattern_type": "yara"}, "pattern_type"),
        ({"pattern": None}, "pattern"),
        ({"pattern": "[file:name = 'x']"}, "pattern"),
        ({"pattern": "x-lotproof-seal:number = 'x'"}, "pattern"),
        ({"pattern": "[x-lotproof-seal:number = 'x'"}, "pattern"),
        ({"pattern": "[x-lotproof-seal:number = 'x' OR x-lotproof-seal:number = 'y']"}, "pattern"),
        ({"pattern": "[x-lotproof-seal:number = 'x' AND ]"}, "pattern"),
        ({"pattern": "[x-lotproof-seal:number = 'x' AND x-lotproof-seal:number = 'y']"}, "pattern"),
        ({"pattern": "[x-lotproof-seal:number = 'x' AND x-lotproof-goods:lot = 'y']"}, "pattern"),
        ({"pattern": "[x-lotproof-goods:lot = 'é']"}, "pattern.lot"),
        ({"pattern": "x" * 3_000}, "pattern"),
        ({"name": 5}, "name"),
        ({"name": "a\0"}, "name"),
        ({"description": 5}, "description"),
        ({"valid_until": "tomorrow"}, "valid_until"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_place(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        stix.read_bundle(bundle(indicator(), indicator(**changes)))
    assert (caught.value.field, caught.value.position) == (field, 1)


def test_a_report_has_a_name() -> None:
    with pytest.raises(InvalidInputError, match="has a name"):
        stix.read_bundle(bundle({"type": "report", "name": ""}))


@pytest.mark.parametrize("value", [5, [], {}, {"type": "bundle"}, {"type": "bundle", "objects": [{}] * 1_001}])
def test_what_is_no_bundle_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInputError, match="bundle"):
        stix.read_bundle(value)


@pytest.mark.parametrize("marking", list(Marking))
def test_a_marking_is_read_however_it_is_written(marking: Marking) -> None:
    assert marking_of(marking.label) is marking
    assert marking_of(f" {marking.label.lower()} ") is marking
    assert marking_of(marking.label.removeprefix("TLP:")) is marking
    assert marking_of(STIX_IDS[marking]) is marking
    extension = definition(marking)["extensions"]
    assert marking.label.removeprefix("TLP:").lower() in str(extension)


def test_white_is_none_of_version_two() -> None:
    assert marking_of("TLP:WHITE") is None
    assert marking_of("") is None
