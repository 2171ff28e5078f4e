"""An ambassador's publications, and the links of their contents (ACT-1, ACT-4)."""

import re
from typing import Annotated

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.answers import invalid_link
from functions.http import Answer, Body, answer, client_ip, operation, parse_query, unexpected
from functions.identity import ambassador
from functions.photos import AS_A_PICTURE, PICTURES
from shared import app
from shared.domain.errors import DomainError
from shared.domain.publication import Channel, Content
from shared.domain.records import Instant
from shared.domain.tracing import Visitor
from shared.usecases import erasing_activity, publications
from shared.usecases.publications import Told

# Programs that open links before a person does, or for a preview: by what they say of themselves.
_PREFETCH_HEADERS = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")
_PREVIEWERS = re.compile(
    r"bot\b|crawler|spider|preview|prefetch|facebookexternalhit|whatsapp|slack|skype|telegram|linkedin|pinterest"
    r"|barracuda|proofpoint|mimecast|safelinks|urlscan",
    re.IGNORECASE,
)


class PublicationAnswer(Answer):
    """A publication and what became of it, as counts; a photo is at `/r/{id}/photos/{photo}`."""

    id: str
    channel: Channel
    subject: str
    body: str
    contents: tuple[Content, ...]
    photos: tuple[str, ...]
    created_at: Instant
    opens: int
    clicks: int
    reshares: int
    comments: int
    likes: int


class PublicationList(Answer):
    """Publications, newest first."""

    items: list[PublicationAnswer]
    next_cursor: str | None


class PageQuery(Body):
    """How a list is asked for."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: Annotated[str, StringConstraints(max_length=2000)] | None = None


@operation(auth="ambassador", query=PageQuery, answers={200: PublicationList})
async def list_publications(req: func.HttpRequest) -> func.HttpResponse:
    """The ambassador's own publications, newest first."""
    caller = await ambassador(req)
    page = parse_query(req, PageQuery)
    found, cursor = await publications.own_publications(caller.brand, caller.id, page.limit, page.cursor)
    return answer(200, PublicationList(items=[_answer(told) for told in found], next_cursor=cursor))


@operation(auth="ambassador", answers={200: PublicationAnswer})
async def read_publication(req: func.HttpRequest) -> func.HttpResponse:
    """One of the ambassador's own publications with its counts."""
    caller = await ambassador(req)
    told = await publications.own_publication(caller.brand, caller.id, req.route_params["id"])
    return answer(200, _answer(told))


@operation(auth="ambassador", answers={204: None}, while_suspended=True)
async def remove_publication(req: func.HttpRequest) -> func.HttpResponse:
    """Takes one of the ambassador's own publications back, with all that was said to it; its links lead nowhere any more."""
    caller = await ambassador(req)
    await erasing_activity.remove_publication(caller.brand, caller.id, req.route_params["id"])
    return answer(204)


@operation(answers={302: None, 404: None}, gives=("text/html",))
async def follow_publication(req: func.HttpRequest) -> func.HttpResponse:
    """Leads to a publication's content (`?l=` its place, the first by default) and counts one click more."""
    try:
        place = req.params.get("l", "0")
        number = int(place) if re.fullmatch(r"[0-9]{1,3}", place) else -1
        id = req.route_params["publicationId"]
        url = await publications.follow(app.brands(), id, number, _visitor(req))
    except DomainError as error:
        return invalid_link(req, error)
    except Exception as error:
        return invalid_link(req, unexpected("follow_publication", error))
    headers = {"Location": url, "X-Robots-Tag": "noindex, nofollow"}
    return func.HttpResponse(b"", status_code=302, headers=headers)


@operation(answers={200: None, 404: None}, gives=("text/html", *PICTURES))
async def show_shared_photo(req: func.HttpRequest) -> func.HttpResponse:
    """A photo that a publication shows, for whoever has the publication; gone when its owner deletes it."""
    try:
        id, photo = req.route_params["publicationId"], req.route_params["photoId"]
        picture = await publications.shared_photo(app.brands(), id, photo)
    except DomainError as error:
        return invalid_link(req, error)
    except Exception as error:
        return invalid_link(req, unexpected("show_shared_photo", error))
    headers = {**AS_A_PICTURE, "X-Robots-Tag": "noindex, nofollow, noarchive"}
    return func.HttpResponse(picture.data, headers=headers, mimetype=picture.media_type)


def _visitor(req: func.HttpRequest) -> Visitor | None:
    """Who may be a person: no HEAD, no prefetch, nobody who says to be a program."""
    agent = req.headers.get("User-Agent", "")
    if req.method != "GET" or any(req.headers.get(name) for name in _PREFETCH_HEADERS) or _PREVIEWERS.search(agent):
        return None
    return Visitor(client_ip(req) or "", agent)


def _answer(told: Told) -> PublicationAnswer:
    of_it = {name: getattr(told.publication, name) for name in PublicationAnswer.model_fields if name not in _COUNTS}
    return PublicationAnswer(**of_it, **{name: getattr(told, name) for name in _COUNTS})


_COUNTS = ("opens", "clicks", "reshares", "comments", "likes")
