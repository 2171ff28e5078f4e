"""A page asks for a voucher, a shop redeems it (COL-9)."""

import re
from typing import Any

import pytest

from tests.functions.suite import Suite
from tests.functions.tenants import Tenant, link, settle

pytestmark = pytest.mark.rule("COL-9")
VOUCHERS = "/api/brands/acme/vouchers"
GRACE = "grace.zq@example.org"


@pytest.fixture
async def mine(suite: Suite) -> Tenant:
    """The brand's key, and an ambassador."""
    return (await settle(suite)).mine


async def asked(suite: Suite, mine: Tenant, email: str = GRACE, expect: int = 202) -> str:
    """The answer to somebody who asks for a voucher, with the box ticked."""
    body = {"email": email, "firstName": "Grace", "ambassador": mine.me.account.id, "consents": {"ambassador": True}}
    answer = await suite.http.post(VOUCHERS, json=body)
    assert answer.status_code == expect, answer.text
    await suite.world.drain()
    return answer.text


async def redeemed(suite: Suite, mine: Tenant, code: str, expect: int = 200, **body: Any) -> dict[str, Any]:
    """The answer to the shop."""
    headers = {"X-Api-Key": mine.key}
    purchase = {"amount": "25.00", "currency": "EUR", "orderId": "S-1"} | body
    answer = await suite.http.post(f"{VOUCHERS}/{code}/redeem", headers=headers, json=purchase)
    assert answer.status_code == expect, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_from_the_page_over_the_confirmation_to_the_shop(suite: Suite, mine: Tenant) -> None:
    await asked(suite, mine)
    token = link(suite, GRACE, "c")
    page = (await suite.http.get(f"/c/{token}")).text
    assert "you get your voucher by mail" in page
    shown = re.search(r'name="shown" value="(\w+)"', page)
    assert shown
    pressed = await suite.http.post(f"/c/{token}", data={"confirm": "yes", "shown": shown[1]})
    assert pressed.status_code == 200
    await suite.world.drain()
    code = re.search(r"\w{4}-\w{4}-\w{4}", suite.world.mailer.sent_to(GRACE)[-1].text)
    assert code
    first = await redeemed(suite, mine, code[0])
    assert first == await redeemed(suite, mine, code[0].lower())
    assert (first["code"], first["amount"], first["ambassadorId"]) == (code[0], "25.00", mine.me.account.id)
    assert (await redeemed(suite, mine, code[0], 409, orderId="S-2"))["type"].endswith("voucher-redeemed")
    await redeemed(suite, mine, "AAAA-BBBB-CCCC", 404)
    book = (await mine.me.call("GET", "/contacts", params={"q": "grace.zq"})).json()["items"]
    assert [sale["amount"] for sale in book[0]["sales"]] == ["25.00"]


async def test_the_answer_is_the_same_whoever_asks(suite: Suite, mine: Tenant) -> None:
    answers = {await asked(suite, mine, email) for email in ("friend.of.ada@example.org", GRACE, GRACE)}
    assert answers == {""}
    await asked(suite, mine, "nobody", 422)


async def test_asking_is_limited(suite: Suite, mine: Tenant) -> None:
    for _ in range(10):
        await asked(suite, mine)
    await asked(suite, mine, expect=429)
    assert len(suite.world.mailer.sent_to(GRACE)) == 1
