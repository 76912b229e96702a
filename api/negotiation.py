"""Which of several forms an answer takes: the `Accept` headers (RFC 9110, sections 12.5.1 and 12.5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

HTML: Final = "text/html"
JSON: Final = "application/json"
LINKSET: Final = "application/linkset+json"
MAX_ACCEPT: Final = 1_000  # characters that are read; browsers send under 200
MAX_RANGES: Final = 20


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The best of `offered` for an `Accept` header; the first one where it has no wish or none can be met."""
    weights = _weights(accept)
    if not weights:
        return offered[0]
    return max(offered, key=lambda media: (_weight(media, weights), -offered.index(media)))


def accepted(accept_encoding: str, offered: Sequence[str]) -> str:
    """The first of the content codings `offered` that an `Accept-Encoding` header takes; "" for none of them."""
    weights = _weights(accept_encoding)
    taken = (coding for coding in offered if weights.get(coding, weights.get("*", 0.0)) > 0)
    return next(taken, "")


def wants_page(request: Request) -> bool:
    """Whether a person browses: the API's own addresses answer in JSON to everybody."""
    if request.url.path.startswith("/v1/"):
        return False
    return preferred(request.headers.get("accept", ""), (JSON, HTML)) == HTML


def _weights(accept: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for item in accept[:MAX_ACCEPT].lower().split(",")[:MAX_RANGES]:
        media, *parameters = (part.strip() for part in item.split(";"))
        if media:
            weights[media] = next((_quality(part[2:]) for part in parameters if part.startswith("q=")), 1.0)
    return weights


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def _weight(media: str, weights: dict[str, float]) -> float:
    kind = media.partition("/")[0]
    return next((weights[name] for name in (media, f"{kind}/*", "*/*") if name in weights), 0.0)
