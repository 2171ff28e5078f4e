"""The Manager's page of a brand's users: listed, granted, changed, revoked (VIS-5)."""

import re
from typing import Annotated

import azure.functions as func
from pydantic import AfterValidator, Field, StringConstraints

from functions.http import Answer, Body, PageQuery, ShortText, answer, operation, parse, parse_query
from functions.identity import staff
from shared import app
from shared.domain.access_log import Act, Seen
from shared.domain.errors import ForbiddenError, LastAdministratorError, OtherRoleError, UnknownObjectError
from shared.domain.records import Instant
from shared.domain.staff import MAY_MANAGE_USERS, MAY_SEE_USERS, Role, StaffMember
from shared.usecases import users
from shared.usecases.staff_sessions import StaffCaller

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _in_small_letters(value: str) -> str:
    if not re.fullmatch(UUID, value.lower()):
        raise ValueError("must be an identifier as Entra ID gives them")
    return value.lower()


EntraId = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), AfterValidator(_in_small_letters)]
BrandId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,30}$")]


class GrantBody(Body):
    """Whom to name, by tenant and object ID, and as what; `brands` are further ones beside the path's."""

    tenant_id: EntraId
    object_id: EntraId
    display_name: ShortText
    role: Role
    brands: list[BrandId] = Field(default=[], max_length=100)


class RoleBody(Body):
    """The role that a user is to have at the brand."""

    role: Role


class RevokeQuery(Body):
    """`last` lets the account team leave a brand without an administrator."""

    last: bool = False


class UserAnswer(Answer):
    """A user as the brand knows them; what they are elsewhere is not said."""

    id: str
    tenant_id: str
    object_id: str
    display_name: str | None
    role: Role | None
    granted_at: Instant | None


class UserList(Answer):
    """One page of the brand's users."""

    items: list[UserAnswer]
    next_cursor: str | None


@operation(auth="staff", query=PageQuery, answers={200: UserList})
async def list_users(req: func.HttpRequest) -> func.HttpResponse:
    """The brand's users: to its administrator those in a brand's role, to the teams all."""
    caller = await staff(req, MAY_SEE_USERS)
    page = parse_query(req, PageQuery)
    found, cursor = await users.find_users(app.staff(), caller, page.limit, page.cursor)
    await caller.sees(Seen.USERS, len(found))
    return answer(200, UserList(items=[_shown(caller, user) for user in found], next_cursor=cursor))


@operation(auth="staff", body=GrantBody, answers={201: UserAnswer}, problems=(ForbiddenError, OtherRoleError))
async def grant_user(req: func.HttpRequest) -> func.HttpResponse:
    """Names a user, who then can sign in; nobody grants above the own power."""
    caller = await staff(req, MAY_MANAGE_USERS)
    body = parse(req, GrantBody)
    brands = tuple(dict.fromkeys((caller.brand.id, *body.brands)))
    wanted = users.Grant(f"{body.tenant_id}.{body.object_id}", body.display_name, body.role, brands)
    await caller.sees(Seen.USERS, 1, Act.CHANGED)
    return answer(201, _shown(caller, await users.grant(app.staff(), caller, wanted)))


@operation(auth="staff", body=RoleBody, answers={200: UserAnswer}, problems=(ForbiddenError, LastAdministratorError))
async def change_user(req: func.HttpRequest) -> func.HttpResponse:
    """Gives a user another role at the brand, from the next request on."""
    caller = await staff(req, MAY_MANAGE_USERS)
    role = parse(req, RoleBody).role
    user = await users.get_user(app.staff(), caller, _user_id(req))
    await caller.sees(Seen.USERS, 1, Act.CHANGED)
    return answer(200, _shown(caller, await users.change_role(app.staff(), caller, user.id, role)))


@operation(auth="staff", query=RevokeQuery, answers={204: None}, problems=(ForbiddenError, LastAdministratorError))
async def revoke_user(req: func.HttpRequest) -> func.HttpResponse:
    """Takes a user's role at the brand away: it ends at the user's next request."""
    caller = await staff(req, MAY_MANAGE_USERS)
    query = parse_query(req, RevokeQuery)
    user = await users.get_user(app.staff(), caller, _user_id(req))
    await caller.sees(Seen.USERS, 1, Act.CHANGED)
    await users.revoke(app.staff(), caller, user.id, even_the_last=query.last)
    return answer(204)


def _user_id(req: func.HttpRequest) -> str:
    id: str = req.route_params["id"].lower()
    if not re.fullmatch(r"[a-z0-9_.-]{1,100}", id):
        raise UnknownObjectError
    return id


def _shown(caller: StaffCaller, user: StaffMember) -> UserAnswer:
    tenant, object_id = user.signs_in_as
    seat = user.seats.get(caller.brand.id)
    return UserAnswer(
        id=user.id,
        tenant_id=tenant,
        object_id=object_id,
        display_name=seat.display_name if seat else None,
        role=user.role_at(caller.brand.id),
        granted_at=seat.granted_at if seat else None,
    )
