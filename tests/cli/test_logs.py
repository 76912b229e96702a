"""A line of the log tells what was chosen to be told, as text or as JSON, and never what somebody sent."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.request_id import CURRENT
from ledger.cli import logs
from ledger.config import Settings
from ledger.core.errors import ContradictionError, InvalidCodeError, UnavailableError

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-0417"


@pytest.fixture
def request_name() -> Iterator[str]:
    token = CURRENT.set("0123456789abcdef")
    yield "0123456789abcdef"
    CURRENT.reset(token)


def record(message: str = "it happened", *args: object, error: BaseException | None = None, **extra: Any) -> Any:
    info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("ledger.x", logging.WARNING, __file__, 1, message, args, info)
    made.__dict__.update(extra)
    return made


def text(made: logging.LogRecord) -> str:
    return logs.TextLines().format(made)


def parsed(made: logging.LogRecord) -> dict[str, Any]:
    line = logs.JsonLines().format(made)
    assert "\n" not in line
    found: dict[str, Any] = json.loads(line)
    return found


def raised(error: BaseException) -> BaseException:
    """As it is where it is caught: with its places."""
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_a_line_has_stable_keys_first_and_its_fields_after() -> None:
    found = parsed(record("block %d", 7, block=7, digest=b"\xab"))
    assert list(found) == ["time", "level", "logger", "message", "block", "digest"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["time"])
    assert (found["level"], found["logger"], found["message"]) == ("warning", "ledger.x", "block 7")
    assert (found["block"], found["digest"]) == (7, "0xab")


def test_a_line_for_people() -> None:
    assert re.fullmatch(
        r"\S+Z WARNING ledger\.x: block 7 \(request_id=0123456789abcdef settings=\{\"a\": 1\} block=7\)",
        _within_request(lambda: text(record("block %d", 7, block=7, settings={"a": 1}))),
    )


def _within_request(do: Any) -> Any:
    token = CURRENT.set("0123456789abcdef")
    try:
        return do()
    finally:
        CURRENT.reset(token)


def test_a_field_that_was_not_chosen_is_not_told() -> None:
    made = record(client=CANARY, color_message=CANARY)
    assert CANARY not in text(made) + json.dumps(parsed(made))


Named = dict[str, list[ast.expr]]


def keys_of(node: ast.expr, named: Named) -> set[str]:
    """The keys of a dictionary that stands here, or of all that a name stands for in this file."""
    if isinstance(node, ast.Name):
        return set[str]().union(*(keys_of(value, {}) for value in named.get(node.id, [])))
    if not isinstance(node, ast.Dict):
        return set()
    own = {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
    spread = [keys_of(value, named) for key, value in zip(node.keys, node.values, strict=True) if key is None]
    return own.union(*spread)


def fields_of(call: ast.Call, named: Named) -> set[str]:
    """What a call of a logger or of a tally tells as fields."""
    found: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg in {"extra", "standing"}:
            found |= keys_of(keyword.value, named)
        elif "tally" in ast.unparse(call.func) and ast.unparse(call.func).endswith(".add"):
            found.add(str(keyword.arg))
    return found


def fields_in_source() -> set[str]:
    """Every name that the source gives as a field of a log line."""
    found: set[str] = set()
    for path in [*ROOT.glob("api/**/*.py"), *ROOT.glob("ledger/**/*.py")]:
        nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
        named: Named = {}
        for node in nodes:
            if not isinstance(node, ast.Assign):
                continue
            target = node.targets[0]
            if isinstance(target, ast.Name):
                named.setdefault(target.id, []).append(node.value)
            elif isinstance(target, ast.Tuple):
                for each, value in zip(target.elts, getattr(node.value, "elts", ()), strict=False):
                    named.setdefault(ast.unparse(each), []).append(value)
        for node in nodes:
            if isinstance(node, ast.Call):
                found |= fields_of(node, named)
    return found


def test_every_field_in_the_source_is_told_and_none_is_told_in_vain() -> None:
    used = fields_in_source()
    assert used - {*logs.FIELDS} == set()
    assert {*logs.FIELDS} - used == set()


def test_every_field_is_in_the_runbook() -> None:
    section = (ROOT / "docs/runbook.md").read_text(encoding="utf-8").partition("\n## Logs\n")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("| `"))
    documented = {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert documented == {*logs.FIELDS}


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_an_exception_says_is_told_outside_of_requests_only(form: str, request_name: str) -> None:
    error = raised(ValueError(f"invalid literal: {CANARY}"))
    error.__cause__ = raised(KeyError(CANARY))
    made = record(error=error)
    inside = text(made) if form == "text" else json.dumps(parsed(made))
    assert CANARY not in inside
    assert "ValueError (its words are left out" in inside
    assert "KeyError" in inside
    assert "test_logs.py" in inside
    assert request_name in inside
    CURRENT.set("")
    assert CANARY in text(made)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UnavailableError("The database is locked."), "The database is locked."),
        (ContradictionError("Block 7 was final."), "Block 7 was final."),
        (OSError(28, "No space left on device", f"/{CANARY}"), "No space left on device"),
    ],
)
def test_faults_of_parts_are_told_inside_requests_too(error: Exception, words: str, request_name: str) -> None:
    line = text(record(error=raised(error)))
    assert words in line
    assert request_name in line
    assert CANARY not in line


def test_an_error_about_input_is_told_without_the_input(request_name: str) -> None:
    line = text(record(error=raised(InvalidCodeError(f"{CANARY} is no code."))))
    assert CANARY not in line
    assert request_name in line


def test_nothing_that_is_logged_begins_a_line_of_its_own() -> None:
    made = record("it said %s", "a\nFORGED line\x1b[2J", url="b\r\nFORGED")
    assert "\n" not in text(made)
    assert "\x1b" not in text(made)
    assert parsed(made)["url"] == "b\r\nFORGED"


@pytest.mark.parametrize("form", ["text", "json"])
def test_other_programs_parts_are_heard_from_warnings_on(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.OURS}
    try:
        logs.configure(Settings(log_level="debug", log_format=form))
        logging.getLogger("uvicorn.error").info("127.0.0.1:5 - %s", CANARY)
        logging.getLogger("httpx").info("GET https://node/%s", CANARY)
        logging.getLogger("ledger.y").debug("ours")
        logging.getLogger("uvicorn.error").warning("theirs")
    finally:
        root.handlers[:], root.level = before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    lines = said.getvalue().splitlines()
    assert CANARY not in said.getvalue()
    assert len(lines) == 2
    assert lines[0].startswith("{") == (form == "json")
