"""An ambassador's rights, signed in, and the desk of those who answer (RGT-1, RGT-5, RGT-6)."""

import pytest

from shared.domain.api_keys import ApiScope
from shared.domain.staff import Role
from shared.usecases.api_keys import create_key
from shared.usecases.flags import flag
from tests.functions.suite import Suite

DESK = "/api/manager/brands/acme/rights"


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("RGT-3")
async def test_RGT_3_an_ambassador_is_told_everything_but_what_opens_something(suite: Suite) -> None:
    me = await suite.sign_in()
    await me.enter("friend@example.org")
    await flag(await suite.world.brand(), "sign_up_burst", me.account.id, "90 in an hour")
    await me.call("POST", "/publications", json={"channel": "facebook", "subject": "News", "body": "Look"})
    used = await me.call("POST", "/me/rights", json={"kind": "access"})
    assert used.status_code == 200, used.text
    data = used.json()["data"]
    assert data["account"]["email"] == "ada@example.org" and data["contacts"] == 1
    assert data["purposes"] and data["recipients"] and data["requests"] == []
    assert data["retention"]["rule"] == "RET-7 first warning"
    assert [f["kind"] for f in data["flags"]] == ["sign_up_burst"]
    assert [p["subject"] for p in data["publications"]] == ["News"]
    for secret in ("password", "$2b$", "sessions", "friend@example.org"):
        assert secret not in used.text
    portable = (await me.call("POST", "/me/rights", json={"kind": "portability"})).json()["data"]
    assert portable["firstName"] == "Ada" and "score" not in portable
    listed = (await me.call("GET", "/me/rights")).json()["items"]
    assert {(r["kind"], r["state"]) for r in listed} == {("access", "done"), ("portability", "done")}
    assert all(r["data"] is None for r in listed)


@pytest.mark.rule("RGT-1")
async def test_RGT_1_an_objection_turns_off_what_can_be_turned_off(suite: Suite) -> None:
    me = await suite.sign_in()
    assert (await me.call("POST", "/me/rights", json={"kind": "objection"})).status_code == 200
    seen = (await me.call("GET", "/me")).json()
    assert not any(seen["communication"].values()) and all(seen["community"].values())


@pytest.mark.rule("RGT-1")
async def test_RGT_1_a_review_waits_for_a_person_and_erasure_is_leaving(suite: Suite) -> None:
    me = await suite.sign_in()
    assert (await me.call("POST", "/me/rights", json={"kind": "review"})).status_code == 422
    assert (await me.call("POST", "/me/rights", json={"kind": "lifting"})).status_code == 422
    review = await me.call("POST", "/me/rights", json={"kind": "review", "text": "It was my club"})
    assert review.status_code == 202 and review.json()["state"] == "open"
    again = await me.call("POST", "/me/rights", json={"kind": "review", "text": "It was my club"})
    assert again.json() == review.json()
    gone = await me.call("POST", "/me/rights", json={"kind": "erasure"})
    assert gone.status_code == 202 and gone.json()["erasureDueAt"]
    assert (await me.call("GET", "/me")).status_code == 401


@pytest.mark.rule("RGT-5")
@pytest.mark.rule("VIS-7")
async def test_RGT_5_staff_see_answer_and_are_written_down(suite: Suite) -> None:
    me = await suite.sign_in()
    asked = (await me.call("POST", "/me/rights", json={"kind": "review", "text": "It was my club"})).json()
    admin = await suite.staff(Role.BRAND_ADMIN, "acme")
    (listed,) = (await suite.http.get(DESK, headers=admin)).json()["items"]
    assert listed["id"] == asked["id"] and "text" not in listed
    one = f"{DESK}/{asked['id']}"
    assert (await suite.http.get(one, headers=admin)).json()["text"] == "It was my club"
    extended = await suite.http.post(f"{one}/extend", headers=admin, json={"reason": "Logs have to be read"})
    assert extended.status_code == 200 and extended.json()["dueAt"] > listed["dueAt"]
    refused = await suite.http.post(f"{one}/close", headers=admin, json={"state": "done", "note": "a@b.example"})
    assert refused.status_code == 422
    closing = {"state": "done", "note": "flag lifted", "message": "You were right."}
    assert (await suite.http.post(f"{one}/close", headers=admin, json=closing)).status_code == 200
    await suite.world.drain()
    assert any("You were right." in mail.text for mail in suite.world.mailer.sent_to("ada@example.org"))
    assert (await suite.http.get(DESK, headers=admin)).json()["items"] == []
    assert (await suite.http.get(one, headers=admin)).json()["text"] is None
    log = await suite.http.get(
        "/api/manager/brands/acme/access-log", headers=await suite.staff(Role.TECHNICAL_TEAM), params={"limit": 50}
    )
    assert {entry["kind"] for entry in log.json()["items"]} == {"rights"}
    community = await suite.staff(Role.BRAND_COMMUNITY, "acme")
    assert (await suite.http.get(DESK, headers=community)).status_code == 404


@pytest.mark.rule("RGT-6")
async def test_RGT_6_the_feed_needs_a_time_and_a_key(suite: Suite) -> None:
    _, key = await create_key(await suite.world.brand(), {ApiScope.SYNC}, "staff")
    path = "/api/brands/acme/sync/changes"
    assert (await suite.http.get(path, headers={"X-Api-Key": key})).status_code == 422
    assert (await suite.http.get(path, params={"since": "2030-01-01T00:00:00Z"})).status_code == 401
    found = await suite.http.get(path, headers={"X-Api-Key": key}, params={"since": "2020-01-01T00:00:00Z"})
    assert found.status_code == 200 and found.json() == {"items": [], "nextCursor": None}
