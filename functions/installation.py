"""The technical team's door to what an installation is made of: its brands, and the keys that everything rests on."""

from typing import Annotated

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.http import Answer, Body, PageQuery, ShortText, answer, operation, parse, parse_query
from functions.identity import staff, technical_team
from functions.users import BrandId, EntraId
from shared import app
from shared.domain.access_log import Act, Seen
from shared.domain.errors import ChangedMeanwhileError, ExistsError, FieldError, ForbiddenError, InvalidInputError
from shared.domain.policy import BrandRecord, BrandStatus, Policy
from shared.domain.records import Instant
from shared.domain.staff import Role
from shared.ports import StaleError
from shared.usecases.brands import ACTIVE_AFTER
from shared.usecases.onboarding import LARGEST_TEAM, First, make_brand, name_account_team
from shared.usecases.rewrapping import rewrap
from shared.usecases.staff_sessions import StaffCaller


class FirstUser(Body):
    """One of the account team, as Entra ID knows them."""

    tenant_id: EntraId
    object_id: EntraId
    display_name: ShortText


class BrandBody(Body):
    """A brand whose databases are there already; `account` is one of the store's, without it the platform's own."""

    brand: BrandId
    policy: Policy
    account: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")] | None = None
    account_team: list[FirstUser] = Field(min_length=1, max_length=LARGEST_TEAM)


class NewBrandAnswer(Answer):
    """The brand as it stands."""

    id: str
    status: BrandStatus
    created_at: Instant | None


class HashKeyAnswer(Answer):
    """The newest version, and from when on it makes new hashes."""

    version: int
    active_from: Instant


class RewrapQuery(PageQuery):
    """How many brands a call."""

    limit: int = Field(default=20, ge=1, le=100)


class RewrapAnswer(Answer):
    """How many of each were under an older master key until now; call again with `nextCursor` until there is none."""

    brands: int
    grants: int
    forgettings: int
    next_cursor: str | None


@operation(auth="staff", body=BrandBody, answers={201: NewBrandAnswer}, problems=(ExistsError, ForbiddenError))
async def open_brand(req: func.HttpRequest) -> func.HttpResponse:
    """Makes a brand and names its first account team; the same again changes nothing. For the technical team."""
    member = await technical_team(req)
    body = parse(req, BrandBody)
    if body.account not in (None, *app.ports_of_the_suite().accounts):
        raise InvalidInputError(errors=[FieldError("account", "is not one of STORE_ACCOUNTS")])
    made = await make_brand(app.brands(), BrandRecord(id=body.brand, policy=body.policy, account=body.account))
    brand = await app.brand(made.id)
    team = [First(f"{user.tenant_id}.{user.object_id}", user.display_name) for user in body.account_team]
    await StaffCaller(brand, member).sees(Seen.USERS, len(team), Act.CHANGED)
    await name_account_team(app.staff(), brand, team, member.id)
    return answer(201, NewBrandAnswer(id=made.id, status=made.status, created_at=made.created_at))


@operation(auth="staff", answers={200: HashKeyAnswer}, problems=(ForbiddenError,))
async def rotate_hash_key(req: func.HttpRequest) -> func.HttpResponse:
    """Gives the brand a new hash key (DEL-10), which is used a quarter of an hour later; asked again meanwhile, the same."""
    brand = (await staff(req, {Role.TECHNICAL_TEAM})).brand
    try:
        version = await app.brands().rotate_hash_key(brand.id)
    except StaleError:
        raise ChangedMeanwhileError from None
    keys = await app.brands().keys.get(brand.id, brand.id)
    active = keys.record.active_from.get(str(version)) if keys else None
    return answer(200, HashKeyAnswer(version=version, active_from=active or brand.now() + ACTIVE_AFTER))


@operation(auth="staff", query=RewrapQuery, answers={200: RewrapAnswer}, problems=(ForbiddenError,))
async def rewrap_keys(req: func.HttpRequest) -> func.HttpResponse:
    """Wraps what older master keys wrapped under the newest, a page of brands a call; for the technical team (BAK-5)."""
    await technical_team(req)
    page = parse_query(req, RewrapQuery)
    done = await rewrap(app.brands(), page.limit, page.cursor)
    return answer(
        200,
        RewrapAnswer(brands=done.brands, grants=done.grants, forgettings=done.forgettings, next_cursor=done.cursor),
    )
