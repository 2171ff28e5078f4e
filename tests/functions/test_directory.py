"""The brand's directory calls: a batch a call, an answer a row (REG-2, DEL-2)."""

from typing import Any

import httpx
import pytest

from tests.functions.suite import Suite
from tests.functions.tenants import Tenant, settle
from tests.functions.test_accounts import log_in

SYNC = "/api/brands/acme/sync/ambassadors"


@pytest.fixture
async def mine(suite: Suite) -> Tenant:
    """The brand's key, and an ambassador with the customer ID K-17, which the directory once named with the address."""
    tenant = (await settle(suite)).mine
    await tenant.me.call("PATCH", "/me", json={"customerId": "K-17"})
    row = {"key": "K-17", "email": tenant.me.account.email}
    assert await sent(suite, tenant, upserts=[{"key": "K-17"}, row]) == [("K-17", "unchanged", [])] * 2
    return tenant


async def called(suite: Suite, mine: Tenant, **body: Any) -> httpx.Response:
    """One call with the brand's key."""
    return await suite.http.post(SYNC, headers={"X-Api-Key": mine.key}, json=body)


async def sent(suite: Suite, mine: Tenant, **body: Any) -> list[tuple[str, str, list[str]]]:
    """Key, result and fields of the errors of every row."""
    answer = await called(suite, mine, **body)
    assert answer.status_code == 200, answer.text
    return [(item["key"], item["result"], [e["field"] for e in item["errors"]]) for item in answer.json()["items"]]


@pytest.mark.rule("REG-2")
async def test_REG_2_every_row_has_its_answer_whatever_the_others_are(suite: Suite, mine: Tenant) -> None:
    upserts = [
        {"key": "K-17", "firstName": "Augusta", "gender": "female", "dateOfBirth": "1985-12-10", "address": {"city": "Lyon"}},
        {"key": "K-17", "firstName": None, "position": "Adviser"},
        {"key": "K-17", "gender": "x", "unknown": 1},
        {"key": "K-17", "dateOfBirth": "2900-01-01"},
        {"key": "nobody", "email": "new@example.org", "firstName": "New"},
        {"firstName": "No key"},
        None,
    ]  # fmt: skip
    assert await sent(suite, mine, upserts=upserts, deletes=[{"key": "nobody"}, {}]) == [
        ("K-17", "updated", []),
        ("K-17", "refused", ["firstName"]),
        ("K-17", "refused", ["gender", "unknown"]),
        ("K-17", "refused", ["dateOfBirth"]),
        ("nobody", "not_registered", []),
        (None, "refused", ["key"]),
        (None, "refused", [""]),
        ("nobody", "not_registered", []),
        (None, "refused", ["key"]),
    ]
    me = (await mine.me.call("GET", "/me")).json()
    assert (me["firstName"], me["dateOfBirth"], me["address"]["city"]) == ("Augusta", "1985-12-10", "Lyon")
    assert "new@example.org" not in {mail.to_email for mail in suite.world.mailer.outbox}


@pytest.mark.rule("DEL-2")
async def test_DEL_2_a_row_deleted_ends_access_at_the_next_request(suite: Suite, mine: Tenant) -> None:
    assert await sent(suite, mine, deletes=[{"key": "K-17"}]) == [("K-17", "deleted", [])]
    assert (await mine.me.call("GET", "/me")).status_code == 401
    assert (await log_in(suite, mine.me.account.email)).status_code == 401
    assert await sent(suite, mine, deletes=[{"key": "K-17"}]) == [("K-17", "unchanged", [])]
    await suite.world.drain()
    assert "has ended" in suite.world.mailer.sent_to(mine.me.account.email)[-1].subject


@pytest.mark.rule("REG-2")
async def test_REG_2_a_call_holds_a_thousand_rows_and_needs_the_brands_key(suite: Suite, mine: Tenant) -> None:
    rows = [{"key": str(number)} for number in range(600)]
    assert (await called(suite, mine, upserts=rows, deletes=rows)).status_code == 422
    assert len(await sent(suite, mine, upserts=rows, deletes=rows[:400])) == 1000
    assert (await suite.http.post(SYNC, json={"upserts": rows[:1]})).status_code == 401
