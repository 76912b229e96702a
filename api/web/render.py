"""Fill a template. What comes from a label, a statement or a request is escaped; no template says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.web import words

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a hand scanner sends and no font shows; FNC1 comes as GS (0x1D).
_CONTROLS: Final = {code: f"[{code:02X}]" for code in (*range(32), 127)} | {0x1D: "[FNC1]"}

JUST_NOW_SECONDS: Final = 3


def visible(text: str) -> str:
    """`text` with its control characters made visible."""
    return text.translate(_CONTROLS)


def moment(value: str | None) -> str:
    """An ISO 8601 time as people read it, in UTC; "" where there is none."""
    if not value:
        return ""
    told = datetime.fromisoformat(value).astimezone(UTC)
    return f"{told.day} {told:%b %Y, %H:%M} UTC"


def day(value: str | None) -> str:
    """An ISO 8601 date as people read it; "" where there is none."""
    if not value:
        return ""
    told = datetime.fromisoformat(value)
    return f"{told.day} {told:%B %Y}"


def age(seconds: int) -> str:
    """How long `seconds` are, in the largest unit that fits."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{max(seconds, 0)} second{'' if seconds == 1 else 's'}"


def ago(seconds: int) -> str:
    """How long ago something was."""
    return "just now" if seconds < JUST_NOW_SECONDS else f"{age(seconds)} ago"


def count(number: int) -> str:
    """A whole number with thin spaces between thousands (ISO 80000-1, 7.3.1)."""
    return f"{number:,}".replace(",", "\u202f")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("api.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"visible": visible, "moment": moment, "day": day, "ago": ago, "count": count}
    environment.globals |= {"words": words}
    return environment


_ENVIRONMENT: Final = _environment()


def page(
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,  # noqa: ANN401 - whatever the template shows
) -> HTMLResponse:
    """The page that `template` makes of `context`."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(**context), status, dict(headers or {}))
