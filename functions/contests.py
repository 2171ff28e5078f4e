"""A brand's contests, the photos that ambassadors entered in them, and the awards it gives (ACT-2, ACT-6, VIS-6)."""

import re
from typing import Annotated

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.http import ID, Answer, Body, answer, object_id, operation, parse, parse_query
from functions.identity import staff
from functions.photos import AS_A_PICTURE, PICTURES
from functions.ugc import ConsentAnswer, ContestAnswer, ContestList, PageQuery, consent_answer, contest_answer
from shared.domain.access_log import Act, Seen
from shared.domain.errors import UnknownObjectError
from shared.domain.records import Instant
from shared.domain.staff import MAY_LOOK, MAY_WRITE_TO_AMBASSADORS
from shared.usecases import awarding, contests, ugc


class ContestBody(Body):
    """A contest: what its photos are used for, until when they are taken, and how many days the brand may use them."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    usage: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    ends_at: Instant = Field(strict=False)
    days: int = Field(ge=1, le=1825)


class EnteredPhoto(Answer):
    """A photo that may be used for the contest now, and the consent that says so."""

    ambassador_id: str
    photo_id: str
    consent: ConsentAnswer


class EnteredPhotos(Answer):
    """Photos, newest first."""

    items: list[EnteredPhoto]
    next_cursor: str | None


class AwardBody(Body):
    """What an ambassador won."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


@operation(auth="staff", query=PageQuery, answers={200: ContestList})
async def list_contests(req: func.HttpRequest) -> func.HttpResponse:
    """Every contest of the brand, the last to end first."""
    brand = (await staff(req, MAY_LOOK)).brand
    page = parse_query(req, PageQuery)
    found, cursor = await contests.all_contests(brand, page.limit, page.cursor)
    return answer(200, ContestList(items=[contest_answer(contest) for contest in found], next_cursor=cursor))


@operation(auth="staff", answers={200: ContestAnswer})
async def read_contest(req: func.HttpRequest) -> func.HttpResponse:
    """One contest."""
    brand = (await staff(req, MAY_LOOK)).brand
    return answer(200, contest_answer(await contests.get_contest(brand, _contest_id(req))))


@operation(auth="staff", body=ContestBody, answers={200: ContestAnswer})
async def define_contest(req: func.HttpRequest) -> func.HttpResponse:
    """Defines a contest under a name of the brand's own, or defines it anew; consents given before say what they said."""
    brand = (await staff(req, MAY_WRITE_TO_AMBASSADORS)).brand
    body = parse(req, ContestBody)
    id = _contest_id(req)
    made = await contests.save_contest(
        brand, id, title=body.title, usage=body.usage, ends_at=body.ends_at, days=body.days
    )
    return answer(200, contest_answer(made))


@operation(auth="staff", query=PageQuery, answers={200: EnteredPhotos})
async def list_contest_photos(req: func.HttpRequest) -> func.HttpResponse:
    """The photos that may be used for a contest now: whose consent names it, stands and is not over."""
    caller = await staff(req, MAY_LOOK)
    page = parse_query(req, PageQuery)
    contest = await contests.get_contest(caller.brand, _contest_id(req))
    found, cursor = await ugc.photos_of_contest(caller.brand, contest.id, page.limit, page.cursor)
    await caller.sees(Seen.PHOTOS, len(found))
    items = [
        EnteredPhoto(ambassador_id=photo.ambassador_id, photo_id=photo.id, consent=consent_answer(photo.consent))
        for photo in found
        if photo.consent
    ]
    return answer(200, EnteredPhotos(items=items, next_cursor=cursor))


@operation(auth="staff", answers={200: None}, gives=PICTURES)
async def show_contest_photo(req: func.HttpRequest) -> func.HttpResponse:
    """The picture of a photo that may be used for the contest now; every other one is unknown."""
    caller = await staff(req, MAY_LOOK)
    ambassador, id = object_id(req, "ambassadorId"), object_id(req, "photoId")
    photo = await ugc.photo_of_contest(caller.brand, _contest_id(req), ambassador, id)
    picture = await ugc.picture_of(caller.brand, photo)
    await caller.sees(Seen.PHOTOS, 1, Act.READ)
    return func.HttpResponse(picture.data, headers=AS_A_PICTURE, mimetype=picture.media_type)


@operation(auth="staff", body=AwardBody, answers={204: None})
async def give_award(req: func.HttpRequest) -> func.HttpResponse:
    """Gives an ambassador a contest's award; once each, again changes nothing but its title."""
    caller = await staff(req, MAY_WRITE_TO_AMBASSADORS)
    body = parse(req, AwardBody)
    contest = await contests.get_contest(caller.brand, _contest_id(req))
    await awarding.give_award(caller.brand, contest, object_id(req, "ambassadorId"), body.title)
    await caller.sees(Seen.AMBASSADORS, 1, Act.CHANGED)
    return answer(204)


def _contest_id(req: func.HttpRequest) -> str:
    id: str = req.route_params["id"]
    if not re.fullmatch(rf"[a-z0-9][a-z0-9-]{{1,60}}|{ID}", id):
        raise UnknownObjectError
    return id
