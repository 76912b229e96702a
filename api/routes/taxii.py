"""`/taxii2/`: what administrations tell openly, for threat intelligence platforms (TAXII 2.1, read only).

Only TLP:CLEAR and TLP:GREEN stand here, as two collections: what is sealed can be opened by its recipients alone, who
get it by `/v1/intelligence`. Source: OASIS, TAXII Version 2.1 (2021), sections 3 to 5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api import described
from api.errors import NotAcceptableError
from api.installation import installed
from api.members import member_of, reader_of
from ledger.core.errors import NotFoundError
from ledger.core.intelligence import taxii

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.core.intelligence.rules import Reader

    Told = Callable[[Sequence[taxii.Entry], bool], dict[str, Any]]

router = APIRouter(tags=["taxii"])
ROOT: Final = "/taxii2/intelligence/"
_ACCEPTED: Final = re.compile(
    r"(\*/\*|application/\*|application/taxii\+json(\s*;\s*version\s*=\s*\"?2\.1\"?)?)(\s*;\s*q=[0-9.]+)?", re.ASCII
)
Id = Annotated[str, Path(max_length=100)]


@router.get("/taxii2/", **described.TAXII)
def discovery(request: Request) -> Response:
    """Which API roots there are (section 4.1)."""
    _reader(request)
    about = "What administrations tell each other about goods and traders, as far as it is TLP:CLEAR or TLP:GREEN."
    return _answer({"title": "Lotproof", "description": about, "default": ROOT, "api_roots": [ROOT]})


@router.get(ROOT, **described.TAXII)
def api_root(request: Request) -> Response:
    """The one API root (section 4.2)."""
    _reader(request)
    most = installed(request).settings.max_body_bytes
    return _answer({"title": "Intelligence", "versions": [taxii.MEDIA], "max_content_length": most})


@router.get(f"{ROOT}collections/", **described.TAXII)
def collections(request: Request) -> Response:
    """The collections that you may read (section 5.1)."""
    reader = _reader(request)
    return _answer({"collections": [each.to_json() for each in taxii.COLLECTIONS if each.open_to(reader)]})


@router.get(f"{ROOT}collections/{{collection}}/", **described.TAXII_COLLECTION)
def collection(request: Request, collection: Id) -> Response:
    """One collection (section 5.2)."""
    return _answer(_collection(_reader(request), collection).to_json())


@router.get(f"{ROOT}collections/{{collection}}/manifest/", **described.TAXII_COLLECTION)
def manifest(request: Request, collection: Id) -> Response:
    """Which objects a collection has (section 5.3)."""
    return _page(request, collection, "", taxii.manifest_of)


@router.get(f"{ROOT}collections/{{collection}}/objects/", **described.TAXII_COLLECTION)
def objects(
    request: Request,
    collection: Id,
    added_after: Annotated[str, Query(description="Only what was added after this time.")] = "",
    limit: Annotated[int, Query(ge=1, description="At most so many; never more than 100.")] = taxii.MOST,
    next: Annotated[str, Query(description="From the page before.")] = "",  # noqa: A002 - the standard's name
) -> Response:
    """The objects of a collection in the order in which they were added (section 5.4); `match[…]` filters them."""
    del added_after, limit, next  # described here, read with the filters
    return _page(request, collection, "", taxii.envelope_of)


@router.get(f"{ROOT}collections/{{collection}}/objects/{{object_id}}/", **described.TAXII_COLLECTION)
def one_object(request: Request, collection: Id, object_id: Id) -> Response:
    """One object (section 5.6)."""
    return _page(request, collection, object_id, taxii.envelope_of)


@router.get(f"{ROOT}collections/{{collection}}/objects/{{object_id}}/versions/", **described.TAXII_COLLECTION)
def versions(request: Request, collection: Id, object_id: Id) -> Response:
    """Which versions of an object there are (section 5.8)."""
    return _page(request, collection, object_id, taxii.versions_of)


def _page(request: Request, collection: str, object_id: str, told: Told) -> Response:
    reader, installation = _reader(request), installed(request)
    wanted = _collection(reader, collection)
    query = taxii.parse_query(request.query_params.multi_items())
    if told is taxii.versions_of:
        query = query._replace(versions=frozenset({"all"}))
    listed, now = installation.exchange.objects, installation.now()
    if object_id:
        entries, more = listed.versions(reader, wanted.marking, object_id, query, now), False
    else:
        entries, more = listed.listed(reader, wanted.marking, query, now)
    headers = {}
    if entries:
        headers = {
            "X-TAXII-Date-Added-First": entries[0].date_added,
            "X-TAXII-Date-Added-Last": entries[-1].date_added,
        }
    return _answer(told(entries, more), headers)


def _reader(request: Request) -> Reader:
    reader = reader_of(member_of(request))
    accepted = request.headers.get("accept", "*/*")
    if not any(_ACCEPTED.fullmatch(each.strip()) for each in accepted.split(",")):
        raise NotAcceptableError(f"This is answered as {taxii.MEDIA} only.", advice=f"Send accept: {taxii.MEDIA}.")
    return reader


def _collection(reader: Reader, identifier: str) -> taxii.Collection:
    for each in taxii.COLLECTIONS:
        if identifier in {each.id, each.marking.name.lower()} and each.open_to(reader):
            return each
    advice = f"{ROOT}collections/ lists those there are."
    raise NotFoundError("There is no such collection for you.", advice=advice, field="collection")


def _answer(told: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(told), headers=headers, media_type=taxii.MEDIA)
