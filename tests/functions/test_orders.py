"""The brand's shop calls: a batch a call, an answer a row (COL-7, COL-8)."""

from typing import Any

import pytest

from tests.functions.suite import Suite
from tests.functions.tenants import Tenants, settle


@pytest.fixture
async def tenants(suite: Suite) -> Tenants:
    """Two brands with their keys, ambassadors and publications."""
    return await settle(suite)


def order(**fields: Any) -> dict[str, Any]:
    """What the shop sends of one order."""
    return {"orderId": "O-1", "email": "grace.zq@example.org", "amount": "19.90", "currency": "EUR"} | fields


async def sent(suite: Suite, tenants: Tenants, *orders: Any) -> list[dict[str, Any]]:
    """The answers to one call."""
    headers = {"X-Api-Key": tenants.mine.key}
    called = await suite.http.post("/api/brands/acme/orders", headers=headers, json={"orders": orders})
    assert called.status_code == 200, called.text
    return list(called.json()["items"])


@pytest.mark.rule("COL-7")
@pytest.mark.rule("CON-1")
async def test_the_publication_says_whose_contact_it_is_and_the_ambassador_sees_the_sale(
    suite: Suite, tenants: Tenants
) -> None:
    at = "2029-12-24T18:00:00+01:00"
    row = order(
        publicationId=tenants.mine.publication, at=at, firstName="Grace", brandOptIn=True, products=["tea", "cup"]
    )
    first, again = await sent(suite, tenants, row, row)
    assert [(one["orderId"], one["result"]) for one in (first, again)] == [("O-1", "created"), ("O-1", "unchanged")]
    assert first["contactId"] == again["contactId"]
    shown = (await tenants.mine.me.call("GET", f"/contacts/{first['contactId']}")).json()
    assert (shown["ambassadorOptIn"], shown["brandOptIn"]) == ("opt_in_order", "brand_database")
    (sale,) = shown["sales"]
    assert (sale["amount"], sale["currency"], sale["at"]) == ("19.90", "EUR", "2029-12-24T17:00:00Z")
    assert "tea" not in str(shown), "products are for the Manager"


@pytest.mark.rule("COL-8")
async def test_a_pop_in_is_part_of_the_order(suite: Suite, tenants: Tenants) -> None:
    row = order(ambassador=tenants.mine.me.account.id, popin={"message": "Hello Ada", "ambassadorOptIn": True})
    (one,) = await sent(suite, tenants, row)
    shown = (await tenants.mine.me.call("GET", f"/contacts/{one['contactId']}")).json()
    assert shown["ambassadorOptIn"] == "opt_in_order_popin"
    await suite.world.drain()
    assert sum("Hello Ada" in mail.text for mail in suite.world.mailer.sent_to("ada@example.org")) == 1


@pytest.mark.rule("COL-12")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": "1,5"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"currency": "eur"}, "currency"),
        ({"currency": "XYZ"}, "currency"),
        ({"ambassador": None}, ""),
        ({"ambassador": "nobody"}, "ambassador"),
        ({"publicationId": "acme.x"}, "publicationId"),
        ({"email": "nobody"}, "email"),
        ({"email": None}, "email"),
        ({"orderId": ""}, "orderId"),
        ({"at": "2031-01-01T00:00:00Z"}, "at"),
        ({"at": "soon"}, "at"),
        ({"at": 1893456000}, "at"),
        ({"at": "2029-12-24T18:00:00"}, "at"),
        ({"popin": {"box": True}}, "popin"),
        ({"more": 1}, "more"),
    ],
)
async def test_a_bad_row_says_why_and_the_others_are_taken(
    suite: Suite, tenants: Tenants, fields: dict[str, Any], field: str
) -> None:
    good = order(ambassador=tenants.mine.me.account.id, orderId="good")
    bad, taken, nothing = await sent(suite, tenants, order(ambassador=tenants.mine.me.account.id) | fields, good, None)
    assert (bad["result"], [error["field"] for error in bad["errors"]]) == ("refused", [field])
    assert (taken["result"], nothing["result"], nothing["orderId"]) == ("created", "refused", None)


@pytest.mark.rule("COL-12")
@pytest.mark.parametrize(
    ("given", "kept"), [(19.9, "19.9"), (20, "20"), (0.05, "0.05"), ("20.00", "20.00"), (1e5, "100000")]
)
async def test_an_amount_is_text_or_a_number_and_kept_as_it_was_said(
    suite: Suite, tenants: Tenants, given: Any, kept: str
) -> None:
    (one,) = await sent(suite, tenants, order(ambassador=tenants.mine.me.account.id, amount=given))
    shown = (await tenants.mine.me.call("GET", f"/contacts/{one['contactId']}")).json()
    assert [sale["amount"] for sale in shown["sales"]] == [kept]


@pytest.mark.rule("BR-1")
async def test_a_publication_of_another_brand_leads_to_nobody(suite: Suite, tenants: Tenants) -> None:
    theirs, nothing = tenants.foreign.publication, f"acme.{'a' * 24}.{'a' * 24}"
    before = await suite.dump("globex")
    answers = await sent(suite, tenants, order(publicationId=theirs), order(publicationId=nothing))
    assert answers[0] == answers[1] and answers[0]["result"] == "refused"
    assert await suite.dump("globex") == before
