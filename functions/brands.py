"""The Manager's view of the user and of the brands: who one is, policies with their version, status (BR-2, BR-3, VIS-1)."""

from typing import Annotated

import azure.functions as func
from pydantic import StringConstraints

from functions.http import Answer, Body, PageQuery, answer, operation, parse, parse_query
from functions.identity import staff, staff_user
from shared import app
from shared.domain.errors import PreconditionError, PreconditionRequiredError, WrongStatusError
from shared.domain.policy import BrandRecord, BrandStatus, Policy, StatusAction
from shared.domain.records import Instant
from shared.domain.staff import MAY_CHANGE_POLICY, MAY_CHANGE_STATUS, MAY_LOOK, MAY_SEE_STATUS, Role, StaffMember
from shared.usecases import brand_care
from shared.usecases.collections import Versioned

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class Me(Answer):
    """The signed-in user; the technical team has every brand, which `brands` does not repeat."""

    id: str
    display_name: str | None
    role: Role
    brands: dict[str, Role]
    session_expires_at: Instant | None


class BrandAnswer(Answer):
    """One brand, and what the user is there."""

    id: str
    display_name: str
    status: BrandStatus
    status_since: Instant | None
    role: Role | None


class BrandList(Answer):
    """One page of the user's brands."""

    items: list[BrandAnswer]
    next_cursor: str | None


class StatusBody(Body):
    """What to do with the brand, and why; the reason is kept with it, so it names nobody."""

    action: StatusAction
    reason: Reason


class StatusAnswer(Answer):
    """Where the brand stands, since when and why; an end can be taken back until `restorableUntil`."""

    status: BrandStatus
    since: Instant | None
    reason: str | None
    by: str | None
    suspended_since: Instant | None
    restorable_until: Instant | None


@operation(auth="staff", answers={200: Me})
async def read_me(req: func.HttpRequest) -> func.HttpResponse:
    """Who is signed in."""
    member = (await staff_user(req)).record
    roles = {brand: role for brand in member.brands if (role := member.role_at(brand))}
    return answer(
        200,
        Me(
            id=member.id,
            display_name=next((name for brand in member.brands if (name := member.name_at(brand))), None),
            role=member.role,
            brands=roles,
            session_expires_at=member.session_expires_at,
        ),
    )


@operation(auth="staff", query=PageQuery, answers={200: BrandList})
async def list_brands(req: func.HttpRequest) -> func.HttpResponse:
    """The brands that the user may see."""
    member = (await staff_user(req)).record
    page = parse_query(req, PageQuery)
    found, cursor = await brand_care.brands_of(app.brands(), member, page.limit, page.cursor)
    return answer(200, BrandList(items=[_brand(member, record) for record in found], next_cursor=cursor))


@operation(auth="staff", answers={200: Policy})
async def read_policy(req: func.HttpRequest) -> func.HttpResponse:
    """The brand's policy; the ETag names its version."""
    caller = await staff(req, MAY_LOOK)
    return _policy(await app.brands().record(caller.brand.id))


@operation(auth="staff", body=Policy, answers={200: Policy}, problems=(PreconditionError, PreconditionRequiredError))
async def replace_policy(req: func.HttpRequest) -> func.HttpResponse:
    """Replaces the policy of the version that If-Match names (BR-2); what is left out goes back to its default."""
    caller = await staff(req, MAY_CHANGE_POLICY)
    etag = _if_match(req)
    return _policy(await brand_care.save_policy(app.brands(), caller.brand.id, parse(req, Policy), etag))


@operation(auth="staff", answers={200: StatusAnswer})
async def read_status(req: func.HttpRequest) -> func.HttpResponse:
    """Where the brand stands."""
    caller = await staff(req, MAY_SEE_STATUS)
    return answer(200, _status((await app.brands().record(caller.brand.id)).record))


@operation(auth="staff", body=StatusBody, answers={200: StatusAnswer}, problems=(WrongStatusError,))
async def change_status(req: func.HttpRequest) -> func.HttpResponse:
    """Suspends, resumes, ends or restores the brand (BR-3)."""
    caller = await staff(req, MAY_CHANGE_STATUS)
    body = parse(req, StatusBody)
    after = await brand_care.change_status(
        app.brands(), caller.brand.id, body.action, body.reason, f"staff:{caller.member.id}"
    )
    return answer(200, _status(after))


def _policy(current: Versioned[BrandRecord]) -> func.HttpResponse:
    return answer(200, current.record.policy, headers={"ETag": f'"{_opaque(current.etag)}"'})


def _if_match(req: func.HttpRequest) -> str:
    """The version that a change is for (RFC 9110, 13.1.1: a weak one matches nothing)."""
    given = str(req.headers.get("If-Match", "")).strip()
    if not given:
        raise PreconditionRequiredError
    if len(given) < 3 or not (given.startswith('"') and given.endswith('"')):
        raise PreconditionError
    return _opaque(given)


def _opaque(etag: str) -> str:
    # Cosmos DB's own have quotes about them.
    return str(etag).strip('"')


def _brand(member: StaffMember, record: BrandRecord) -> BrandAnswer:
    return BrandAnswer(
        id=record.id,
        display_name=record.policy.display_name,
        status=record.status,
        status_since=record.status_since,
        role=member.role_at(record.id),
    )


def _status(record: BrandRecord) -> StatusAnswer:
    return StatusAnswer(
        status=record.status,
        since=record.status_since,
        reason=record.status_reason,
        by=record.status_by,
        suspended_since=record.suspended_since,
        restorable_until=record.restorable_until(),
    )
