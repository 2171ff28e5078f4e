"""The Manager's pages of the user and of brands: policy with its version, status and what it does (BR-2, BR-3)."""

from typing import Any

import httpx
import pytest

from shared import app
from shared.domain.errors import RegistrationClosedError
from shared.domain.staff import Role
from shared.usecases.registration import check
from tests.functions.suite import PASSWORD, SignedIn, Suite

MANAGED = "/api/manager/brands/acme"


@pytest.fixture
async def admin(suite: Suite) -> dict[str, str]:
    """The headers of acme's administrator."""
    return await suite.staff(Role.BRAND_ADMIN, "acme")


@pytest.fixture
async def team(suite: Suite) -> dict[str, str]:
    """The headers of the account team for acme."""
    return await suite.staff(Role.ACCOUNT_TEAM, "acme")


async def change(
    suite: Suite, team: dict[str, str], action: str, reason: str = "the contract says so"
) -> httpx.Response:
    """Changes acme's status."""
    body = {"action": action, "reason": reason}
    return await suite.http.post(MANAGED + "/status", headers=team, json=body)


@pytest.mark.rule("VIS-1")
async def test_a_user_sees_the_own_brands_and_the_technical_team_all(suite: Suite) -> None:
    for role, at, expected in (
        (Role.ACCOUNT_TEAM, ("globex", "acme"), ["acme", "globex"]),
        (Role.BRAND_SUPPORT, ("acme",), ["acme"]),
        (Role.TECHNICAL_TEAM, (), ["acme", "globex"]),
    ):
        headers = await suite.staff(role, *at)
        me = (await suite.http.get("/api/manager/me", headers=headers)).json()
        assert (me["role"], me["brands"]) == (role, dict.fromkeys(at, role))
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            params = {"limit": 1, **({"cursor": cursor} if cursor else {})}
            page = (await suite.http.get("/api/manager/brands", headers=headers, params=params)).json()
            found += page["items"]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert [brand["id"] for brand in found] == expected
        assert {brand["role"] for brand in found} == {role}
    assert (await suite.http.get("/api/manager/me")).status_code == 401


@pytest.mark.rule("BR-2")
async def test_a_policy_is_replaced_by_who_read_its_newest_version(suite: Suite, admin: dict[str, str]) -> None:
    read = await suite.http.get(MANAGED, headers=admin)
    policy, version = read.json(), read.headers["ETag"]
    policy["durations"]["new"] = 20
    policy["communityDisplay"] = "initials"
    assert (await suite.http.put(MANAGED, headers=admin, json=policy)).status_code == 428
    for stale in ('"other"', "other", "", f"W/{version}", '""'):
        refused = await suite.http.put(MANAGED, headers={**admin, "If-Match": stale}, json=policy)
        assert refused.status_code == (428 if not stale else 412), stale
    saved = await suite.http.put(MANAGED, headers={**admin, "If-Match": version}, json=policy)
    assert (saved.status_code, saved.json()) == (200, policy)
    again = await suite.http.put(MANAGED, headers={**admin, "If-Match": version}, json=policy)
    assert (again.status_code, again.json()["type"]) == (412, "urn:popsell:problem:precondition-failed")
    assert (await suite.http.get(MANAGED, headers=admin)).headers["ETag"] == saved.headers["ETag"] != version
    assert (await app.brand("acme")).policy.durations.new == 20, "in force at once"


@pytest.mark.rule("BR-2")
@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("primaryColour", "red", "primaryColour"),
        ("privacyPolicyUrl", "http://acme.example", "privacyPolicyUrl"),
        ("sender", {"email": "nobody", "name": "Acme"}, "sender.email"),
        ("durations", {"new": 0}, "durations.new"),
        ("durations", {"new": "30"}, "durations.new"),
        ("durations", {"forever": 1}, "durations.forever"),
        ("consentBoxes", ["ambassador", "everybody"], "consentBoxes.1"),
        ("languages", [], "languages"),
        ("languages", ["fr", "fr"], "languages"),
        ("consentBoxes", ["brand", "brand"], "consentBoxes"),
        ("features", {"sync": "yes"}, "features.sync"),
        ("communityDisplay", "nickname", "communityDisplay"),
        ("unheardOf", 1, "unheardOf"),
    ],
)
async def test_a_bad_value_is_refused_with_field_and_reason(
    suite: Suite, admin: dict[str, str], field: str, value: Any, named: str
) -> None:
    read = await suite.http.get(MANAGED, headers=admin)
    changed = {**read.json(), field: value}
    refused = await suite.http.put(MANAGED, headers={**admin, "If-Match": read.headers["ETag"]}, json=changed)
    assert refused.status_code == 422, refused.text
    (error,) = refused.json()["errors"]
    assert error["field"] == named
    assert error["reason"]
    assert (await suite.http.get(MANAGED, headers=admin)).json() == read.json()


@pytest.mark.rule("BR-2")
async def test_a_policy_is_changed_by_an_administrator_or_the_account_team_alone(suite: Suite) -> None:
    for role in Role:
        headers = await suite.staff(role, "acme")
        read = await suite.http.get(MANAGED, headers=headers)
        assert read.status_code == 200
        version = {**headers, "If-Match": read.headers["ETag"]}
        saved = await suite.http.put(MANAGED, headers=version, json=read.json())
        assert saved.status_code == (200 if role in (Role.BRAND_ADMIN, Role.ACCOUNT_TEAM) else 404)


@pytest.mark.rule("BR-3")
async def test_a_brands_status_goes_the_ways_there_are(suite: Suite, team: dict[str, str]) -> None:
    for action in ("resume", "restore"):
        assert (await change(suite, team, action)).status_code == 409
    suspended = (await change(suite, team, "suspend")).json()
    assert (suspended["status"], suspended["since"]) == ("suspended", "2030-01-01T00:00:00Z")
    assert (suspended["reason"], suspended["by"][:6]) == ("the contract says so", "staff:")
    assert (await change(suite, team, "suspend")).status_code == 409
    suite.world.clock.advance(days=1)
    team = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    ended = (await change(suite, team, "end")).json()
    assert (ended["status"], ended["since"], ended["restorableUntil"]) == (
        "ended", "2030-01-02T00:00:00Z", "2030-01-09T00:00:00Z",
    )  # fmt: skip
    back = (await change(suite, team, "restore")).json()
    assert (back["status"], back["since"]) == ("suspended", "2030-01-01T00:00:00Z"), "its clock went on"
    assert (await change(suite, team, "resume")).json()["suspendedSince"] is None
    assert (await change(suite, team, "end")).status_code == 200
    suite.world.clock.advance(days=7)
    team = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    assert (await change(suite, team, "restore")).status_code == 409, "the seven days are over"
    assert (await suite.http.get(MANAGED + "/status", headers=team)).json()["status"] == "ended"


@pytest.mark.rule("BR-3")
async def test_a_status_is_changed_for_a_reason_and_by_the_teams_alone(suite: Suite, team: dict[str, str]) -> None:
    for body in ({"action": "suspend"}, {"action": "suspend", "reason": " "}, {"action": "sleep", "reason": "tired"}):
        assert (await suite.http.post(MANAGED + "/status", headers=team, json=body)).status_code == 422
    for role in (Role.BRAND_ADMIN, Role.BRAND_SUPPORT, Role.BRAND_COMMUNITY):
        assert (await change(suite, await suite.staff(role, "acme"), "suspend")).status_code == 404


@pytest.mark.rule("BR-3")
async def test_at_a_suspended_brand_all_can_be_read_and_nothing_changed(suite: Suite, team: dict[str, str]) -> None:
    ada = await suite.sign_in("ada@example.org")
    grace = await ada.enter("grace@example.org")
    admin = await suite.staff(Role.BRAND_ADMIN, "acme")
    await change(suite, team, "suspend")
    assert (await ada.call("GET", f"/contacts/{grace}")).status_code == 200
    before = await suite.dump("acme")
    sign_up = {"email": "new@example.org", "password": PASSWORD, "acceptTerms": True}
    for method, path, body in (
        ("POST", "/contacts", {"email": "new@example.org"}),
        ("PATCH", f"/contacts/{grace}", {"firstName": "Other"}),
        ("DELETE", f"/contacts/{grace}", None),
        ("POST", "/contacts/invite", {"all": True}),
        ("PATCH", "/me", {"about": "me"}),
        ("POST", "/ambassadors", sign_up),
    ):
        refused = await ada.call(method, path, json=body)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:popsell:problem:brand-suspended"), path
    assert await suite.dump("acme") == before
    with pytest.raises(RegistrationClosedError):
        await check(await app.brand("acme"), way="sso")
    read = await suite.http.get(MANAGED, headers=admin)
    assert read.status_code == 200
    version = {**admin, "If-Match": read.headers["ETag"]}
    assert (await suite.http.put(MANAGED, headers=version, json=read.json())).status_code == 403
    again = await suite.http.post("/api/brands/acme/session", json={"email": "ada@example.org", "password": PASSWORD})
    assert again.status_code == 200
    assert (await ada.call("DELETE", "/me", json={})).status_code == 202, "one can leave (DEL-6)"
    await change(suite, team, "resume")
    assert (await suite.http.put(MANAGED, headers=version, json=read.json())).status_code == 412
    bob = await suite.sign_in("bob@example.org")
    assert (await bob.call("POST", "/contacts", json={"email": "x@example.org"})).status_code == 201


@pytest.mark.rule("BR-3")
async def test_an_ended_brand_is_gone_for_its_people_and_comes_back_with_its_end_taken_back(
    suite: Suite, team: dict[str, str]
) -> None:
    ada = await suite.sign_in("ada@example.org")
    admin = await suite.staff(Role.BRAND_ADMIN, "acme")
    await change(suite, team, "end")
    assert (await ada.call("GET", "/me")).status_code == 404
    session = {"email": "ada@example.org", "password": PASSWORD}
    assert (await suite.http.post("/api/brands/acme/session", json=session)).status_code == 404
    assert (await suite.http.get(MANAGED, headers=admin)).status_code == 404
    assert (await suite.http.get(MANAGED + "/contacts", headers=team)).status_code == 200
    await change(suite, team, "restore")
    assert (await ada.call("GET", "/me")).status_code == 200
    assert (await suite.http.get(MANAGED, headers=admin)).status_code == 200


@pytest.mark.rule("BR-3")
@pytest.mark.parametrize("action", ["suspend", "end"])
async def test_a_brand_that_is_not_active_mails_nothing_but_that_it_is_suspended(
    suite: Suite, team: dict[str, str], action: str
) -> None:
    ada: SignedIn = await suite.sign_in("ada@example.org")
    grace = await ada.enter("grace@example.org")
    form = {"email": "new@example.org", "password": PASSWORD, "gender": "other", "firstName": "N", "lastName": "N",
            "alias": "nina", "acceptTerms": True}  # fmt: skip
    await suite.http.post("/api/brands/acme/ambassadors", json=form)
    await ada.call("POST", "/contacts/invite", json={"contactIds": [grace]})
    await change(suite, team, action)
    await suite.world.drain()
    suite.world.clock.advance(minutes=30)
    assert (await suite.world.recover()).account_mails == 0
    await suite.world.drain()
    told = ["The ambassadors of Acme pause"] if action == "suspend" else []
    assert [mail.subject for mail in suite.world.mailer.outbox] == told
    suite.world.mailer.outbox.clear()
    await change(suite, await suite.staff(Role.ACCOUNT_TEAM, "acme"), {"suspend": "resume", "end": "restore"}[action])
    assert (await suite.world.recover()).account_mails == 1
    await suite.world.drain()
    assert [mail.to_email for mail in suite.world.mailer.outbox] == ["new@example.org"]
