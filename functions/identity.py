"""Who calls: ambassadors by session, staff by session of their own, the mail provider by its credentials, a brand by key."""

import base64
import binascii
import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie

import azure.functions as func

from functions.standing import LOOKS, check_open
from shared import app
from shared.domain.ambassador import Ambassador
from shared.domain.api_keys import ApiScope
from shared.domain.cookies import DASHBOARD, LOG_IN, MANAGER, REGISTERED, REMEMBER_ME, Cookie, set_cookie
from shared.domain.errors import ForbiddenError, UnauthenticatedError, UnknownObjectError
from shared.domain.flows import LASTS
from shared.domain.staff import BRAND_ROLES, Role, StaffMember
from shared.usecases import staff_sessions
from shared.usecases.api_keys import authorised
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.sessions import Caller, caller, check_csrf
from shared.usecases.staff_sessions import StaffCaller, staff_member, staff_of_brand

SESSION_COOKIE, STAFF_COOKIE, FLOW_COOKIE = REMEMBER_ME.name, MANAGER.name, LOG_IN.name


async def ambassador(req: func.HttpRequest) -> Caller:
    """The signed-in ambassador of the path's brand; by cookie, a change needs the CSRF header too."""
    brand = await signing_brand(req)
    bearer = _bearer(req)
    found = await caller(brand, bearer or _cookie(req, SESSION_COOKIE))
    if bearer is None and req.method not in ("GET", "HEAD"):
        check_csrf(found, req.headers.get("X-CSRF-Token"))
    return found


async def staff(req: func.HttpRequest, allowed: Collection[Role]) -> StaffCaller:
    """The signed-in member of staff who manages the path's brand in one of these roles; else the brand is unknown (VIS-1)."""
    id, token = req.route_params["brand"], _bearer(req) or _cookie(req, STAFF_COOKIE)
    member = await staff_of_brand(app.ports_of_the_suite(), app.staff(), token, id, allowed)
    _check_staff_csrf(req, member)
    brand = await app.brand(id)
    if member.role in BRAND_ROLES:
        check_open(brand.record, changes=req.method not in LOOKS)
    return StaffCaller(brand, member)


async def staff_user(req: func.HttpRequest) -> Versioned[StaffMember]:
    """The signed-in member of staff, at no brand; by cookie, a change needs the CSRF header too."""
    token = _bearer(req) or _cookie(req, STAFF_COOKIE)
    found = await staff_member(app.ports_of_the_suite(), app.staff(), token)
    _check_staff_csrf(req, found.record)
    return found


async def technical_team(req: func.HttpRequest) -> StaffMember:
    """The signed-in member of the technical team, who looks after the installation; raises ForbiddenError for any other."""
    member = (await staff_user(req)).record
    if member.role is not Role.TECHNICAL_TEAM:
        raise ForbiddenError
    return member


def _check_staff_csrf(req: func.HttpRequest, member: StaffMember) -> None:
    if _bearer(req) is None and req.method not in ("GET", "HEAD"):
        staff_sessions.check_csrf(app.ports_of_the_suite(), member, req.headers.get("X-CSRF-Token"))


async def signing_brand(req: func.HttpRequest) -> Brand:
    """The path's brand, where a caller signs in: one that is unknown knows no caller, as every wrong one does (BR-1)."""
    try:
        return await app.brand(req.route_params["brand"])
    except UnknownObjectError:
        raise UnauthenticatedError from None


async def api_key(req: func.HttpRequest, scope: ApiScope) -> Brand:
    """The path's brand for a key of its own that is for this; a key of another brand is no key (BR-1)."""
    brand = await signing_brand(req)
    await authorised(brand, req.headers.get("X-Api-Key"), scope)
    return brand


def mail_provider(req: func.HttpRequest, credentials: Sequence[tuple[str, str]]) -> None:
    """Raises UnauthenticatedError unless the basic credentials are among those valid now; in constant time."""
    scheme, _, encoded = req.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    known = [hmac.compare_digest(given, f"{user}:{password}".encode()) for user, password in credentials]
    if not any(known):
        raise UnauthenticatedError


def signed_in(response: func.HttpResponse, brand: Brand, token: str, account: Ambassador) -> func.HttpResponse:
    """The answer with the cookies of a sign-in (COO-2)."""
    standing = account.standing
    figures = f"{standing.score}.{standing.level}"
    return _with_cookies(response, brand, {REMEMBER_ME: token, REGISTERED: "1", DASHBOARD: figures})


def signed_out(response: func.HttpResponse, brand: Brand) -> func.HttpResponse:
    """The answer that takes away what only a signed-in ambassador needs."""
    return _with_cookies(response, brand, {REMEMBER_ME: "", DASHBOARD: ""})


def _with_cookies(response: func.HttpResponse, brand: Brand, values: Mapping[Cookie, str]) -> func.HttpResponse:
    for cookie, value in values.items():
        response.headers.add(
            "Set-Cookie", set_cookie(cookie, value, f"/api/brands/{brand.id}", cookie.lifetime(brand.policy))
        )
    return response


def staff_cookie(token: str, seconds: int) -> str:
    """The Set-Cookie header of a session at the Manager; with 0 seconds it removes it."""
    return set_cookie(MANAGER, token if seconds else "", "/api/manager", timedelta(seconds=seconds))


def flow_cookie(key: str, path: str) -> str:
    """The Set-Cookie header of a log-in under way, for the address that the provider sends back to.

    Lax and not Strict, since the provider sends the person back from its own site. On a developer's machine, without
    TLS, not Secure: a program that plays a browser there would never send it.
    """
    return set_cookie(LOG_IN, key, path, LASTS, secure=app.settings().public_url.startswith("https:"))


def _bearer(req: func.HttpRequest) -> str | None:
    scheme, _, token = req.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def flow_key(req: func.HttpRequest) -> str | None:
    """The key of the log-in that this browser began."""
    return _cookie(req, FLOW_COOKIE)


def _cookie(req: func.HttpRequest, name: str) -> str | None:
    try:
        cookie = SimpleCookie(req.headers.get("Cookie", "")).get(name)
    except CookieError:
        return None
    return cookie.value if cookie else None
