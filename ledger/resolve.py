"""Resolve a GS1 Digital Link: which resources there are for what it names, and which of them is meant.

GS1-Conformant Resolver standard 1.2 for the behaviour, RFC 9264 for the link set. Links are built from the checked
values of the code only, never from the text that came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from ledger.core.errors import NotFoundError
from ledger.core.gs1 import digital_link

if TYPE_CHECKING:
    from ledger.core.gs1 import Code

VOCABULARY: Final = "https://ref.gs1.org/voc/"  # namespace of GS1's link types
PREFIX: Final = "gs1:"
LINKSET: Final = "linkset"
ALL: Final = "all"  # what release 1.1 called the link set
DEFAULT: Final = "defaultLink"
HTML: Final = "text/html"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Link:
    """One resource about what a code names."""

    relation: str  # a link type of GS1's vocabulary
    href: str
    title: str
    media: str

    def to_json(self) -> dict[str, Any]:
        """The target object of RFC 9264, section 4.2.4."""
        return {"href": self.href, "title": self.title, "type": self.media, "hreflang": ["en"]}


@dataclass(frozen=True, slots=True)
class Resolution:
    """Everything there is for one Digital Link."""

    anchor: str
    description: str
    links: tuple[Link, ...]

    def link(self, wanted: str, media: str) -> Link:
        """The link of type `wanted` ("" or `gs1:defaultLink`: the default), in the media type `media` if there is one.

        Raises:
            NotFoundError: There is no link of that type.
        """
        name = wanted.removeprefix(PREFIX).removeprefix(VOCABULARY) or DEFAULT
        found = [link for link in self.links if link.relation == name]
        if not found:
            known = sorted({PREFIX + link.relation for link in self.links})
            raise NotFoundError(
                f"There is no link of type {wanted[:60]!r} for this.",
                advice=f"There are {', '.join(known)}, and {LINKSET} for all of them.",
                field="linkType",
            )
        return next((link for link in found if link.media == media), found[0])

    def linkset(self) -> dict[str, Any]:
        """The link set (RFC 9264, section 4.2)."""
        context: dict[str, Any] = {"anchor": self.anchor, "description": self.description}
        for link in self.links:
            context.setdefault(VOCABULARY + link.relation, []).append(link.to_json())
        return {"linkset": [context]}

    def header(self) -> str:
        """The `Link` header that names the link set (RFC 9264, section 5)."""
        href = f"{self.anchor}{'&' if '?' in self.anchor else '?'}linkType={LINKSET}"
        return f'<{href}>; rel="linkset"; type="application/linkset+json"'


def resolve(code: Code, host: str, base: str) -> Resolution:
    """What there is for `code`.

    Args:
        code: A checked code with a GTIN or an SSCC.
        host: The host of the Digital Link that names it.
        base: Where this server is reached, for example `https://lotproof.example`.
    """
    anchor = digital_link(code.elements, host)
    query = urlencode({"code": anchor})
    links = [
        Link(DEFAULT, f"{base}/check?{query}", "Check this code", HTML),
        Link(DEFAULT, f"{base}/v1/verify?{query}", "The verdict as data", JSON),
        Link("verificationService", f"{base}/check?{query}", "Check this code", HTML),
        Link("verificationService", f"{base}/v1/verify?{query}", "The verdict as data", JSON),
        Link("recallStatus", f"{base}/check?{query}", "Whether it is recalled", HTML),
    ]
    data = _data(code)
    if data:
        links.append(Link("traceability", f"{base}{data}", "Every recorded hand-over", JSON))
    return Resolution(anchor, _described(code), tuple(links))


def description(hosts: tuple[str, ...], base: str) -> dict[str, Any]:
    """The resolver description file, `/.well-known/gs1resolver` (GS1-Conformant Resolver 1.2)."""
    return {
        "name": "Lotproof",
        "resolverRoot": base or f"https://{hosts[0]}",
        "supportedPrimaryKeys": ["01", "00"],
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": PREFIX}],
        "linkTypeDefaultCanBeLinkset": False,
    }


def _described(code: Code) -> str:
    if code.sscc:
        return f"Consignment {code.sscc}"
    return f"Product {code.gtin}, lot {code.lot}" if code.lot else f"Product {code.gtin}"


def _data(code: Code) -> str:
    if code.sscc:
        return f"/v1/consignments/{code.sscc}"
    return f"/v1/batches/{code.gtin}/{quote(code.lot, safe='')}" if code.lot else ""
