"""How the programs log: lines for people or JSON for programs, in both the same few fields and nothing personal.

What is written is chosen, not filtered out: the message, which stands in our source with the values that it names; the
fields in `FIELDS`; and exceptions without the words of those that may repeat what somebody sent. Other programs' parts
(uvicorn, httpx, web3) are heard from warnings on, whatever the level: below, they tell addresses and bodies.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pythonjsonlogger.core import BaseJsonFormatter

from api.request_id import CURRENT
from ledger.core.errors import ConfigurationError, ContradictionError, UnavailableError

if TYPE_CHECKING:
    from types import TracebackType

    from ledger.config import Settings

OURS: Final = ("api", "ledger")
# Fields of `extra` that are told. None may hold an address, a code with its serial number, or what a person wrote.
FIELDS: Final = (
    *("version", "python", "settings", "url", "part", "endpoint", "state", "reason", "route", "status", "problem"),
    *("block", "head", "finalized", "blocks", "facts", "undone"),
    *("digest", "transaction", "nonce", "sender", "fee", "statements", "sent", "finished", "waiting"),
    *("taken", "refused", "reports"),
)
_EXPLAINED: Final = (UnavailableError, ConfigurationError, ContradictionError)  # their words are ours
_CAUSES: Final = 5  # exceptions told of one chain of causes


def configure(settings: Settings) -> None:
    """Let this process log as the settings say, on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(settings.log_level.upper())


class TextLines(logging.Formatter):
    """A line for people: time, level, message, then the fields in brackets, then an exception on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        said = told(record)
        exception = said.pop("exception", "")
        head = f"{said.pop('time')} {said.pop('level').upper()} {said.pop('logger')}: {_one_line(said.pop('message'))}"
        fields = " ".join(f"{name}={_one_line(_plain(value))}" for name, value in said.items())
        return head + (f" ({fields})" if fields else "") + (f"\n{exception}" if exception else "")


class JsonLines(BaseJsonFormatter):
    """One JSON object a line."""

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Choose what of a record is told."""
        del message_dict  # the exception with its words, which `told` leaves out
        log_data.update(told(record))

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Write one record."""
        return json.dumps(log_data, ensure_ascii=False, default=_plain)


def told(record: logging.LogRecord) -> dict[str, Any]:
    """What is told of a record: `time`, `level`, `logger`, `message`, then what it has of `request_id` and `FIELDS`."""
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said: dict[str, Any] = {
        "time": moment,
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    if request := CURRENT.get():
        said["request_id"] = request
    said |= {name: record.__dict__[name] for name in FIELDS if name in record.__dict__}
    if record.exc_info and record.exc_info[1] is not None:
        said["exception"] = exception_words(record.exc_info[1])
    return said


def exception_words(error: BaseException) -> str:
    """Where an exception came from, innermost cause last; its own words only if they repeat nothing that was sent."""
    lines: list[str] = []
    current: BaseException | None = error
    for _ in range(_CAUSES):
        if current is None:
            break
        lines.append(_headline(current))
        lines += _places(current.__traceback__)
        current = current.__cause__ or current.__context__
    return "\n".join(lines)


def _headline(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, OSError):
        return f"{name}: {error.strerror or error.errno}"
    explained = isinstance(error, _EXPLAINED) or not CURRENT.get()
    return f"{name}: {error}" if explained else f"{name} (its words are left out: they may repeat the request)"


def _places(trace: TracebackType | None) -> list[str]:
    return [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list | tuple) else str(value)


def _one_line(text: str) -> str:
    """Nothing that is logged can begin a line of its own, or move a terminal's cursor."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
