"""Ambassadors' own photos, and the contests they may enter them in (ACT-2)."""

from typing import Annotated

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.http import Answer, Body, answer, client_ip, object_id, operation, parse, parse_query
from functions.identity import ambassador
from functions.photos import AS_A_PICTURE, PICTURES
from shared.domain.contest import Contest, ReuseConsent
from shared.domain.errors import InvalidInputError, TooManyRequestsError
from shared.domain.records import Instant
from shared.domain.ugc import Ugc
from shared.usecases import contests, ugc
from shared.usecases.images import MAX_BYTES

ContestId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]


class ConsentAnswer(Answer):
    """What the ambassador agreed to: this contest, this usage, so many days; `withdrawnAt` when they took it back."""

    contest: str
    usage: str
    days: int
    text_version: str
    given_at: Instant
    until: Instant
    withdrawn_at: Instant | None


class PhotoAnswer(Answer):
    """A photo of the ambassador's own; without a consent nobody else uses it. `deleteAt`: when a contest's time is over."""

    id: str
    created_at: Instant
    media_type: str
    consent: ConsentAnswer | None
    delete_at: Instant | None


class PhotoList(Answer):
    """Photos, newest first."""

    items: list[PhotoAnswer]
    next_cursor: str | None


class ContestAnswer(Answer):
    """A contest; whoever agrees names `textVersion`, which stands for exactly these words."""

    id: str
    title: str
    usage: str
    ends_at: Instant
    days: int
    text_version: str


class ContestList(Answer):
    """Contests."""

    items: list[ContestAnswer]
    next_cursor: str | None


class ConsentBody(Body):
    """An agreement to what a contest says."""

    contest: ContestId
    text_version: Annotated[str, StringConstraints(min_length=1, max_length=120)]


class PageQuery(Body):
    """How a list is asked for."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: Annotated[str, StringConstraints(max_length=2000)] | None = None


@operation(
    auth="ambassador",
    takes="image/*",
    up_to=MAX_BYTES,
    answers={201: PhotoAnswer},
    problems=(InvalidInputError, TooManyRequestsError),
)
async def upload_ugc(req: func.HttpRequest) -> func.HttpResponse:
    """Takes the body as a photo: JPEG, PNG or WebP up to 10 MB; kept sealed and without any metadata."""
    caller = await ambassador(req)
    return answer(201, photo_answer(await ugc.upload(caller.brand, caller.id, req.get_body())))


@operation(auth="ambassador", query=PageQuery, answers={200: PhotoList})
async def list_ugc(req: func.HttpRequest) -> func.HttpResponse:
    """The ambassador's own photos, newest first."""
    caller = await ambassador(req)
    page = parse_query(req, PageQuery)
    found, cursor = await ugc.own_photos(caller.brand, caller.id, page.limit, page.cursor)
    return answer(200, PhotoList(items=[photo_answer(photo) for photo in found], next_cursor=cursor))


@operation(auth="ambassador", answers={200: PhotoAnswer})
async def read_ugc(req: func.HttpRequest) -> func.HttpResponse:
    """What is known of one of the ambassador's photos."""
    caller = await ambassador(req)
    return answer(200, photo_answer(await ugc.own_photo(caller.brand, caller.id, object_id(req))))


@operation(auth="ambassador", answers={200: None}, gives=PICTURES)
async def show_ugc(req: func.HttpRequest) -> func.HttpResponse:
    """The picture itself."""
    caller = await ambassador(req)
    picture = await ugc.picture_of(caller.brand, await ugc.own_photo(caller.brand, caller.id, object_id(req)))
    return func.HttpResponse(picture.data, headers=AS_A_PICTURE, mimetype=picture.media_type)


@operation(auth="ambassador", answers={204: None}, while_suspended=True)
async def remove_ugc(req: func.HttpRequest) -> func.HttpResponse:
    """Deletes one of the ambassador's photos for good."""
    caller = await ambassador(req)
    await ugc.remove(caller.brand, caller.id, object_id(req))
    return answer(204)


@operation(auth="ambassador", answers={200: ContestList})
async def list_open_contests(req: func.HttpRequest) -> func.HttpResponse:
    """The contests that take photos now."""
    caller = await ambassador(req)
    found = await contests.open_contests(caller.brand)
    return answer(200, ContestList(items=[contest_answer(contest) for contest in found], next_cursor=None))


@operation(auth="ambassador", body=ConsentBody, answers={200: PhotoAnswer})
async def agree_to_reuse(req: func.HttpRequest) -> func.HttpResponse:
    """Records the consent that one photo is used for a contest, as its words of this version say; 409 when they changed."""
    caller = await ambassador(req)
    body = parse(req, ConsentBody)
    id = object_id(req)
    await ugc.own_photo(caller.brand, caller.id, id)
    contest = await contests.open_contest(caller.brand, body.contest, body.text_version)
    return answer(200, photo_answer(await ugc.agree(caller.brand, caller.id, id, contest, client_ip(req))))


@operation(auth="ambassador", answers={200: PhotoAnswer}, while_suspended=True)
async def withdraw_reuse(req: func.HttpRequest) -> func.HttpResponse:
    """Takes the consent back at once; also while the brand is suspended, for that is the person's at any time (art. 7(3))."""
    caller = await ambassador(req)
    return answer(200, photo_answer(await ugc.withdraw(caller.brand, caller.id, object_id(req), client_ip(req))))


def photo_answer(photo: Ugc) -> PhotoAnswer:
    """The photo without where its file is and what opens it."""
    return PhotoAnswer(
        id=photo.id,
        created_at=photo.created_at,
        media_type=photo.media_type,
        consent=consent_answer(photo.consent) if photo.consent else None,
        delete_at=photo.delete_at,
    )


def consent_answer(consent: ReuseConsent) -> ConsentAnswer:
    """A consent as it was recorded."""
    return ConsentAnswer(**consent.model_dump())


def contest_answer(contest: Contest) -> ContestAnswer:
    """A contest with the version of its words."""
    return ContestAnswer(**contest.model_dump(exclude={"created_at"}), text_version=contest.text_version)
