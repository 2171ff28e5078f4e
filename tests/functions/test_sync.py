"""The brand's database calls: a batch a call, an answer a row (COL-3, COL-12)."""

from typing import Any

import pytest

from shared.domain.policy import Features
from shared.domain.staff import Role
from tests.functions.suite import Suite
from tests.functions.tenants import Tenant, settle

SYNC = "/api/brands/acme/sync/contacts"


@pytest.fixture
async def mine(suite: Suite) -> Tenant:
    """The brand's key, and an ambassador."""
    return (await settle(suite)).mine


async def sent(suite: Suite, mine: Tenant, expect: int = 200, **body: Any) -> list[dict[str, Any]]:
    """The answers to the rows of one call."""
    called = await suite.http.post(SYNC, headers={"X-Api-Key": mine.key}, json=body)
    assert called.status_code == expect, called.text
    return list(called.json()["items"]) if expect == 200 else []


@pytest.mark.rule("COL-12")
async def test_every_row_has_its_answer_in_order_whatever_the_others_are(suite: Suite, mine: Tenant) -> None:
    me = mine.me.account.id
    upserts = [
        {"key": "a", "ambassador": me, "optIn": True, "email": "a@example.org", "firstName": "Ann"},
        {"key": "b", "ambassador": me, "email": "no address"},
        {"key": 7, "ambassador": me},
        {"key": "c", "ambassador": me, "optIn": {"ambassador": True, "brand": False}, "lastName": "Chen"},
        {"key": "d", "ambassador": me, "optIn": "yes", "lastName": "Dee", "unknown": 1},
        None,
        {"key": "e", "ambassador": "nobody", "lastName": "Eve"},
        {"ambassador": me},
    ]
    items = await sent(suite, mine, upserts=upserts, deletes=[{"key": "z"}, {}, []])
    assert [(item["key"], item["result"], [e["field"] for e in item["errors"]]) for item in items] == [
        ("a", "created", []),
        ("b", "refused", ["email"]),
        (None, "refused", ["key"]),
        ("c", "created", []),
        ("d", "refused", ["optIn", "unknown"]),
        (None, "refused", [""]),
        ("e", "refused", ["ambassador"]),
        (None, "refused", ["key"]),
        ("z", "unchanged", []),
        (None, "refused", ["key"]),
        (None, "refused", [""]),
    ]
    shown = (await mine.me.call("GET", f"/contacts/{items[0]['contactId']}")).json()
    assert (shown["ambassadorOptIn"], shown["brandOptIn"]) == ("opt_in_brand_import", "brand_database")
    assert shown["retention"] is None
    shown = (await mine.me.call("GET", f"/contacts/{items[3]['contactId']}")).json()
    assert (shown["ambassadorOptIn"], shown["brandOptIn"]) == ("opt_in_brand_import", "storage_only")


@pytest.mark.rule("COL-12")
async def test_sent_twice_is_unchanged_and_a_deletion_hashes(suite: Suite, mine: Tenant) -> None:
    rows = [{"key": "a", "ambassador": mine.me.account.id, "optIn": True, "email": "zq.person@example.org"}]
    first, again = await sent(suite, mine, upserts=rows), await sent(suite, mine, upserts=rows)
    assert [first[0]["result"], again[0]["result"]] == ["created", "unchanged"]
    assert first[0]["contactId"] == again[0]["contactId"]
    for result in ("deleted", "unchanged"):
        assert [item["result"] for item in await sent(suite, mine, deletes=[{"key": "a"}])] == [result]
    assert (await mine.me.call("GET", f"/contacts/{first[0]['contactId']}")).status_code == 404
    assert "zq.person@example.org" not in str(await suite.dump())
    both = await sent(suite, mine, upserts=rows, deletes=[{"key": "a"}])
    assert [item["result"] for item in both] == ["created", "unchanged"]


@pytest.mark.rule("CON-5")
async def test_partners_take_a_box_that_the_person_ticked(suite: Suite, mine: Tenant) -> None:
    rows = [
        {
            "key": str(said),
            "ambassador": mine.me.account.id,
            "optIn": {"brand": True, "partners": said},
            "lastName": "L",
        }
        for said in (False, True)
    ]
    no, yes = await sent(suite, mine, upserts=rows)
    assert (no["result"], yes["result"], [error["field"] for error in yes["errors"]]) == (
        "created",
        "refused",
        ["optIn"],
    )


async def test_a_thousand_rows_a_call_and_no_more(suite: Suite, mine: Tenant) -> None:
    rows = [{"key": f"k{n}", "ambassador": mine.me.account.id, "lastName": f"L{n}"} for n in range(1000)]
    items = await sent(suite, mine, upserts=rows)
    assert {item["result"] for item in items} == {"created"} and len(items) == 1000
    await sent(suite, mine, upserts=rows, deletes=[{"key": "k1"}], expect=422)


@pytest.mark.rule("BR-3")
async def test_a_suspended_brand_can_still_delete_and_takes_nobody_in(suite: Suite, mine: Tenant) -> None:
    rows = [{"key": "a", "ambassador": mine.me.account.id, "lastName": "L"}]
    await sent(suite, mine, upserts=rows)
    team = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    asked = await suite.http.post(
        "/api/manager/brands/acme/status", headers=team, json={"action": "suspend", "reason": "unpaid"}
    )
    assert asked.status_code == 200, asked.text
    await sent(suite, mine, upserts=rows, deletes=[{"key": "a"}], expect=403)
    assert [item["result"] for item in await sent(suite, mine, deletes=[{"key": "a"}])] == ["deleted"]


@pytest.mark.rule("BR-2")
async def test_where_the_brand_does_not_have_it(suite: Suite, mine: Tenant) -> None:
    policy = (await suite.world.brand()).policy
    await suite.world.brands.save_policy("acme", policy.changed(features=Features(sync=False)))
    await sent(suite, mine, upserts=[{"key": "a", "ambassador": "x"}], expect=403)
    assert [item["result"] for item in await sent(suite, mine, deletes=[{"key": "a"}])] == ["unchanged"]
