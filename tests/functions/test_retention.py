"""The Manager's view of retention: preview, runs, and the confirmation that a large sweep waits for (RET-17, RET-18)."""

from typing import Any

import pytest

from shared.domain import containers
from shared.domain.policy import SweepGuard
from shared.domain.staff import Role
from tests.functions.suite import SignedIn, Suite

RETENTION = "/api/manager/brands/acme/retention"
MAY = (Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM, Role.BRAND_ADMIN)


@pytest.fixture
async def ada(suite: Suite) -> SignedIn:
    """Signed in."""
    return await suite.sign_in("ada@example.org")


async def get(suite: Suite, path: str, headers: dict[str, str], **params: Any) -> dict[str, Any]:
    """What staff are shown."""
    answer = await suite.http.get(RETENTION + path, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    assert "@" not in answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize("role", list(Role))
async def test_only_those_who_may_see_retention(suite: Suite, role: Role) -> None:
    headers = await suite.staff(role, "acme")
    for path in ("/preview", "/runs"):
        answer = await suite.http.get(RETENTION + path, headers=headers)
        assert answer.status_code == (200 if role in MAY else 404)
    elsewhere = await suite.http.get(RETENTION.replace("acme", "globex") + "/runs", headers=headers)
    assert elsewhere.status_code == (200 if role is Role.TECHNICAL_TEAM else 404)


@pytest.mark.rule("RET-17")
async def test_a_sweep_does_what_its_preview_said(suite: Suite, ada: SignedIn) -> None:
    for number in range(5):
        await ada.enter(f"p{number}@example.org")
    first = await ada.enter("invited@example.org")
    await ada.invite(first)
    staff = await suite.staff(Role.BRAND_ADMIN, "acme")
    log = (containers.ACCESS_LOG,)
    before = await suite.dump("acme", "globex", but=log)
    later = await get(suite, "/preview", staff, at="2030-02-02T00:00:00Z", limit=2)
    assert later["counts"] == {"RET-1": {"deleted": 5}, "RET-2": {"second_invitation_queued": 1}}
    assert later["items"] == [], "which contacts is not for brand users to see, who have no brand opt-in (VIS-2)"
    team = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    shown = await get(suite, "/preview", team, at="2030-02-02T00:00:00Z", limit=2)
    assert shown["counts"] == later["counts"]
    assert [item["wouldBe"] for item in shown["items"]] == ["deleted", "deleted"]
    assert (await get(suite, "/preview", staff))["counts"] == {}
    assert await suite.dump("acme", "globex", but=log) == before, "a preview does nothing"
    suite.world.clock.advance(days=32)
    staff = await suite.staff(Role.BRAND_ADMIN, "acme")
    await suite.world.sweep()
    (run,) = (await get(suite, "/runs", staff))["items"]
    done = {rule["rule"]: rule["done"] for rule in run["rules"] if rule["done"]}
    assert (run["state"], done) == ("done", later["counts"])


@pytest.mark.parametrize(
    "at",
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59",
     "2030-01-01T00:00:00", "soon", "1e300", "-1", "99999999999999999999", "2030-02-30T00:00:00Z", "1893456000"],
)  # fmt: skip
async def test_any_date_is_answered(suite: Suite, ada: SignedIn, at: str) -> None:
    await ada.enter("grace@example.org")
    staff = await suite.staff(Role.BRAND_ADMIN, "acme")
    answer = await suite.http.get(RETENTION + "/preview", headers=staff, params={"at": at})
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 422:
        assert [error["field"] for error in answer.json()["errors"]] == ["at"]


@pytest.mark.rule("RET-18")
async def test_a_large_sweep_waits_for_a_named_user_and_the_very_plan(suite: Suite, ada: SignedIn) -> None:
    policy = (await suite.world.brand()).policy
    await suite.world.brands.save_policy("acme", policy.changed(sweep_guard=SweepGuard(records=3)))
    for number in range(5):
        await ada.enter(f"p{number}@example.org")
    suite.world.clock.advance(days=31)
    ada = await suite.sign_in("bob@example.org")
    await suite.world.sweep()
    staff = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    (waiting,) = (await get(suite, "/runs", staff))["items"]
    assert (waiting["state"], waiting["confirmedBy"]) == ("awaiting_confirmation", None)
    assert len(await suite.world.contacts()) == 5
    confirm = f"{RETENTION}/runs/{waiting['id']}/confirm"
    other = await suite.http.post(confirm, headers=staff, json={"plan": "0" * 64})
    assert other.status_code == 409
    for role in (Role.BRAND_SUPPORT, Role.BRAND_COMMUNITY):
        not_theirs = await suite.staff(role, "acme")
        answer = await suite.http.post(confirm, headers=not_theirs, json={"plan": waiting["plan"]})
        assert answer.status_code == 404
    assert len(await suite.world.contacts()) == 5
    for _ in range(2):
        confirmed = await suite.http.post(confirm, headers=staff, json={"plan": waiting["plan"]})
        assert confirmed.status_code == 200
        assert confirmed.json()["confirmedBy"]
        await suite.world.drain()
    assert await suite.world.contacts() == []


@pytest.mark.rule("RET-18")
async def test_a_plan_that_is_no_longer_true_is_shown_anew(suite: Suite, ada: SignedIn) -> None:
    policy = (await suite.world.brand()).policy
    await suite.world.brands.save_policy("acme", policy.changed(sweep_guard=SweepGuard(records=3)))
    ids = [await ada.enter(f"p{number}@example.org") for number in range(6)]
    suite.world.clock.advance(days=29, hours=23)
    suite.world.clock.advance(days=1)
    await suite.world.sweep()
    staff = await suite.staff(Role.BRAND_ADMIN, "acme")
    (waiting,) = (await get(suite, "/runs", staff))["items"]
    opened = await suite.world.brand()
    current = await opened.contacts.get(ada.account.id, ids[0])
    assert current
    await opened.contacts.delete(current)
    confirm = f"{RETENTION}/runs/{waiting['id']}/confirm"
    stale = await suite.http.post(confirm, headers=staff, json={"plan": waiting["plan"]})
    assert (stale.status_code, len(await suite.world.contacts())) == (409, 5)
    (fresh,) = (await get(suite, "/runs", staff))["items"]
    assert fresh["plan"] != waiting["plan"]
    assert (await suite.http.post(confirm, headers=staff, json={"plan": fresh["plan"]})).status_code == 200
    await suite.world.drain()
    assert await suite.world.contacts() == []


async def test_runs_are_listed_newest_first_page_by_page(suite: Suite) -> None:
    for _ in range(3):
        suite.world.clock.advance(hours=1)
        await suite.world.sweep()
    staff = await suite.staff(Role.TECHNICAL_TEAM)
    first = await get(suite, "/runs", staff, limit=2)
    second = await get(suite, "/runs", staff, limit=2, cursor=first["nextCursor"])
    started = [run["startedAt"] for run in (*first["items"], *second["items"])]
    assert (len(started), second["nextCursor"]) == (3, None)
    assert started == sorted(started, reverse=True)
    refused = await suite.http.get(RETENTION + "/runs", headers=staff, params={"cursor": "x"})
    assert refused.status_code == 422
