"""Documents have one canonical form and one salted hash, whatever made their JSON."""

from __future__ import annotations

import json
import math
import random
import shutil
import struct
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.document import MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH, canonical, details, with_salt
from ledger.core.errors import InvalidStatementError
from ledger.core.keccak import keccak256

SALT = bytes(range(32))
# RFC 8785, appendix B: IEEE 754 doubles in hexadecimal and their one decimal form.
RFC_8785_NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def refused(value: object) -> str | None:
    with pytest.raises(InvalidStatementError) as caught:
        canonical(value)
    return caught.value.field


@pytest.mark.parametrize(("bits", "written"), RFC_8785_NUMBERS.items())
def test_a_double_is_written_as_the_standard_shows(bits: str, written: str) -> None:
    [value] = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(value) == written.encode()


def test_the_example_of_the_standard_comes_out_as_printed() -> None:
    # RFC 8785, section 3.2.2 and 3.2.4.
    example = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert canonical(example) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_a_large_integer_is_taken_if_its_digits_are_those_of_a_double() -> None:
    assert canonical(295147905179352830000) == canonical(2.0**68) == b"295147905179352830000"
    assert canonical(2**53) == b"9007199254740992"


def test_names_are_sorted_by_utf_16_code_units() -> None:
    # RFC 8785, section 3.2.3: the smiling face, a surrogate pair in UTF-16, stands before U+FB33.
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(canonical(dict.fromkeys(names, 0)))
    assert list(written) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@given(values)
def test_the_canonical_form_reads_back_as_the_same_value_and_is_stable(value: Any) -> None:
    written = canonical(value)
    assert json.loads(written, parse_int=float) == value  # large integers in the text are doubles written in full
    assert canonical(json.loads(written)) == written


@pytest.mark.skipif(not shutil.which("node"), reason="no node to compare with")
def test_20000_doubles_are_written_as_javascript_writes_them() -> None:
    generator = random.Random(8785)
    doubles = [struct.unpack(">d", generator.randbytes(8))[0] for _ in range(10_000)]
    doubles += [generator.uniform(-1, 1) * 10 ** generator.randint(-8, 23) for _ in range(10_000)]
    finite = [value for value in doubles if math.isfinite(value)]
    program = "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8'))))"
    written = subprocess.run(
        ["node", "-e", program], input=json.dumps(finite).encode(), capture_output=True, check=True
    )
    assert b",".join(canonical(value) for value in finite) == written.stdout.strip(b"[]\n")


@given(st.dictionaries(texts, values, max_size=4), st.randoms())
def test_the_order_of_names_does_not_change_the_hash(document: dict[str, Any], order: random.Random) -> None:
    salted = with_salt(document, SALT)
    shuffled = list(salted.items())
    order.shuffle(shuffled)
    assert details(dict(shuffled)) == details(salted) == keccak256(canonical(salted))


def test_another_salt_gives_another_hash() -> None:
    assert details(with_salt({"a": 1}, SALT)) != details(with_salt({"a": 1}, bytes(32)))
    assert with_salt({"a": 1}, SALT) == {"a": 1, "salt": "0x" + SALT.hex()}


@pytest.mark.parametrize("salt", [None, "", "0x12", SALT.hex(), "0x" + SALT.hex().upper(), 5, "0x" + "g" * 64])
def test_a_document_without_a_proper_salt_is_refused(salt: object) -> None:
    for document in ({"salt": salt}, {}):
        with pytest.raises(InvalidStatementError) as caught:
            details(document)
        assert caught.value.field == "document.salt"


def test_a_salt_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidStatementError) as caught:
        with_salt({}, bytes(31))
    assert caught.value.field == "document.salt"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"a": [1, float("nan")]}, "document.a[1]"),
        ({"a": float("inf")}, "document.a"),
        ({"a": 2**53 + 1}, "document.a"),
        ({"a": -(2**53) - 1}, "document.a"),
        ({"a": 2**68}, "document.a"),
        ({"a": 10**400}, "document.a"),
        ({"a": b"bytes"}, "document.a"),
        ({1: "a"}, "document"),
        ({"a": "\ud800"}, "document"),
        ({"\ud800": 1}, "document"),
        ("x" * MAX_DOCUMENT_BYTES, "document"),
    ],
)
def test_what_is_no_canonical_json_is_refused_by_its_path(value: object, field: str) -> None:
    assert refused(value) == field


def test_a_document_nested_too_deep_is_refused() -> None:
    value: list[Any] = []
    for _ in range(MAX_DOCUMENT_DEPTH):
        value = [value]
    assert canonical(value)
    assert refused([value])
