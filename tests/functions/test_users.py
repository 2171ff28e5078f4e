"""The users of the Manager: who lists, grants, changes and revokes whom (VIS-5)."""

import base64
from typing import Any

import httpx
import pytest

from shared import app
from shared.domain.staff import Role
from shared.usecases.staff_sessions import sign_in
from tests.functions.suite import Suite

USERS = "/api/manager/brands/acme/users"
TENANT = "7a0d2c56-1111-4222-8333-444455556666"


def person(number: int) -> str:
    """An object ID."""
    return f"00000000-0000-4000-8000-{number:012}"


def id_of(number: int) -> str:
    """The user's id."""
    return f"{TENANT}.{person(number)}"


async def grant(
    suite: Suite, headers: dict[str, str], number: int, role: str, *, at: str = USERS, **more: Any
) -> httpx.Response:
    """Names a person."""
    body = {"tenantId": TENANT.upper(), "objectId": person(number), "displayName": f"P{number}", "role": role, **more}
    return await suite.http.post(at, headers=headers, json=body)


async def listed(suite: Suite, headers: dict[str, str], at: str = USERS) -> dict[str, str]:
    """The named people of a brand and their roles."""
    found: dict[str, str] = {}
    cursor = None
    while True:
        params = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        page = (await suite.http.get(at, headers=headers, params=params)).json()
        found |= {user["displayName"]: user["role"] for user in page["items"] if user["displayName"]}
        cursor = page["nextCursor"]
        if cursor is None:
            return found


async def signed_in(suite: Suite, number: int) -> dict[str, str]:
    """The headers of a named person whom the identity provider vouched for."""
    session = await sign_in(app.ports_of_the_suite(), app.staff(), id_of(number))
    return {"Authorization": f"Bearer {session.token}"}


@pytest.fixture
async def admin(suite: Suite) -> dict[str, str]:
    """The headers of acme's administrator."""
    return await suite.staff(Role.BRAND_ADMIN, "acme")


@pytest.fixture
async def team(suite: Suite) -> dict[str, str]:
    """The headers of the account team for both brands."""
    return await suite.staff(Role.ACCOUNT_TEAM, "acme", "globex")


@pytest.mark.rule("VIS-5")
async def test_a_named_user_signs_in_and_a_revoked_one_is_out_at_the_next_request(
    suite: Suite, admin: dict[str, str]
) -> None:
    named = await grant(suite, admin, 1, "brand_support")
    assert named.status_code == 201
    assert named.json() == {
        "id": id_of(1), "tenantId": TENANT, "objectId": person(1), "displayName": "P1", "role": "brand_support",
        "grantedAt": "2030-01-01T00:00:00Z",
    }  # fmt: skip
    assert (await grant(suite, admin, 1, "brand_support")).json() == named.json(), "once more changes nothing"
    support = await signed_in(suite, 1)
    contacts = "/api/manager/brands/acme/contacts"
    assert (await suite.http.get(contacts, headers=support)).status_code == 200
    assert (await suite.http.get(USERS, headers=support)).status_code == 404
    assert (await suite.http.delete(f"{USERS}/{id_of(1)}", headers=admin)).status_code == 204
    assert (await suite.http.get(contacts, headers=support)).status_code == 401
    assert (await suite.http.delete(f"{USERS}/{id_of(1)}", headers=admin)).status_code == 404
    assert await listed(suite, admin) == {}


@pytest.mark.rule("VIS-5")
async def test_a_changed_role_is_in_force_at_the_next_request(suite: Suite, admin: dict[str, str]) -> None:
    await grant(suite, admin, 1, "brand_support")
    user = await signed_in(suite, 1)
    changed = await suite.http.patch(f"{USERS}/{id_of(1)}", headers=admin, json={"role": "brand_admin"})
    assert (changed.status_code, changed.json()["role"]) == (200, "brand_admin")
    assert await listed(suite, user) == {"P1": "brand_admin"}
    assert (await grant(suite, admin, 1, "brand_support")).status_code == 409, "a grant is no demotion"


@pytest.mark.rule("VIS-5")
async def test_nobody_grants_above_the_own_power_or_beyond_the_own_brands(
    suite: Suite, admin: dict[str, str], team: dict[str, str]
) -> None:
    for role in ("account_team", "technical_team"):
        assert (await grant(suite, admin, 1, role)).status_code == 403
    assert (await grant(suite, admin, 1, "brand_support", brands=["globex"])).status_code == 403
    assert (await grant(suite, team, 1, "technical_team")).status_code == 403
    for headers in (await suite.staff(Role.BRAND_SUPPORT, "acme"), await suite.staff(Role.TECHNICAL_TEAM)):
        assert (await grant(suite, headers, 1, "brand_support")).status_code == 404
    only_acme = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    assert (await grant(suite, only_acme, 1, "brand_support", brands=["globex"])).status_code == 403
    assert await listed(suite, team) == {}, "nothing was granted on the way"
    assert (await grant(suite, team, 2, "account_team", brands=["globex"])).status_code == 201
    assert await listed(suite, team, "/api/manager/brands/globex/users") == {"P2": "account_team"}
    for change in (
        suite.http.patch(f"{USERS}/{id_of(2)}", headers=admin, json={"role": "brand_support"}),
        suite.http.delete(f"{USERS}/{id_of(2)}", headers=admin),
    ):
        assert (await change).status_code == 404, "an administrator knows nothing of the account team's users"
    await grant(suite, admin, 3, "brand_support")
    promoted = await suite.http.patch(f"{USERS}/{id_of(3)}", headers=admin, json={"role": "account_team"})
    assert promoted.status_code == 403
    assert await listed(suite, admin) == {"P3": "brand_support"}
    assert await listed(suite, team) == {"P2": "account_team", "P3": "brand_support"}


@pytest.mark.rule("VIS-5")
@pytest.mark.rule("BR-1")
async def test_what_a_user_is_at_one_brand_is_neither_shown_nor_touched_at_another(
    suite: Suite, admin: dict[str, str]
) -> None:
    globex = await suite.staff(Role.BRAND_ADMIN, "globex")
    there = "/api/manager/brands/globex/users"
    await grant(suite, globex, 1, "brand_admin", at=there)
    await grant(suite, globex, 2, "brand_admin", at=there)
    for change in (
        suite.http.patch(f"{USERS}/{id_of(1)}", headers=admin, json={"role": "brand_support"}),
        suite.http.delete(f"{USERS}/{id_of(1)}", headers=admin),
    ):
        assert (await change).status_code == 404
    body = {"tenantId": TENANT, "objectId": person(1), "displayName": "Called so here", "role": "brand_community"}
    assert (await suite.http.post(USERS, headers=admin, json=body)).json()["displayName"] == "Called so here"
    assert await listed(suite, admin) == {"Called so here": "brand_community"}
    assert await listed(suite, globex, there) == {"P1": "brand_admin", "P2": "brand_admin"}
    user = await signed_in(suite, 1)
    assert (await suite.http.get(USERS, headers=user)).status_code == 404, "no administrator here"
    assert (await suite.http.get(there, headers=user)).status_code == 200
    assert (await suite.http.delete(f"{USERS}/{id_of(1)}", headers=admin)).status_code == 204
    assert (await suite.http.get(there, headers=user)).status_code == 200, "still a user there"


@pytest.mark.rule("VIS-5")
async def test_the_last_administrator_stays_unless_the_account_team_means_it(
    suite: Suite, team: dict[str, str]
) -> None:
    await grant(suite, team, 1, "brand_admin")
    await grant(suite, team, 2, "brand_admin")
    first = await signed_in(suite, 1)
    assert (await suite.http.delete(f"{USERS}/{id_of(2)}", headers=first)).status_code == 204
    for refused in (
        await suite.http.delete(f"{USERS}/{id_of(1)}", headers=first),
        await suite.http.delete(f"{USERS}/{id_of(1)}", headers=first, params={"last": "true"}),
        await suite.http.delete(f"{USERS}/{id_of(1)}", headers=team),
        await suite.http.patch(f"{USERS}/{id_of(1)}", headers=first, json={"role": "brand_support"}),
    ):
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:popsell:problem:last-administrator")
    kept = await suite.http.patch(f"{USERS}/{id_of(1)}", headers=team, json={"role": "brand_admin"})
    assert kept.status_code == 200, "no change, so nobody is lost"
    gone = await suite.http.delete(f"{USERS}/{id_of(1)}", headers=team, params={"last": "true"})
    assert gone.status_code == 204


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tenantId", "common"),
        ("objectId", "1"),
        ("role", "king"),
        ("displayName", ""),
        ("brands", ["../x"]),
        ("more", 1),
    ],
)
async def test_a_grant_names_somebody_of_the_identity_provider(
    suite: Suite, admin: dict[str, str], field: str, value: object
) -> None:
    body = {"tenantId": TENANT, "objectId": person(1), "displayName": "P1", "role": "brand_support", field: value}
    refused = await suite.http.post(USERS, headers=admin, json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].startswith(field)


@pytest.mark.rule("VIS-5")
async def test_a_change_by_cookie_needs_the_sessions_csrf_token(suite: Suite, admin: dict[str, str]) -> None:
    cookie = {"Cookie": admin["Authorization"].replace("Bearer ", "Popsell_manager=")}
    assert (await suite.http.get(USERS, headers=cookie)).status_code == 200
    refused = await grant(suite, cookie, 1, "brand_support")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:popsell:problem:csrf-token-missing")
    token = (await suite.http.get("/api/manager/session", headers=cookie)).json()["csrfToken"]
    assert (await grant(suite, {**cookie, "X-CSRF-Token": token}, 1, "brand_support")).status_code == 201


@pytest.mark.rule("VIS-5")
@pytest.mark.rule("BR-1")
async def test_a_cursor_does_not_say_where_else_a_user_is_named(
    suite: Suite, admin: dict[str, str], team: dict[str, str]
) -> None:
    for number in (1, 2):
        assert (await grant(suite, team, number, "brand_support", brands=["globex"])).status_code == 201
    page = (await suite.http.get(USERS, headers=admin, params={"limit": 2})).json()
    assert page["nextCursor"]
    raw = page["nextCursor"].encode()
    assert b"globex" not in base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    wrong = await suite.http.get(USERS, headers=admin, params={"cursor": "x"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "cursor")
