"""The white list over HTTP (REG-3)."""

import pytest

from shared.domain.policy import Registration, WhiteListMode
from shared.domain.staff import Role
from shared.usecases.brands import KEEP_FOR
from tests.functions.suite import Suite
from tests.functions.test_accounts import sign_up

LIST = "/api/manager/brands/acme/white-list"
CSV = {"Content-Type": "text/csv; charset=utf-8"}


@pytest.mark.rule("REG-3")
async def test_REG_3_a_list_is_loaded_and_answered_by_counts_alone(suite: Suite) -> None:
    admin = await suite.staff(Role.BRAND_ADMIN, "acme")
    nothing = await suite.http.get(LIST, headers=admin)
    assert nothing.json() == {"mode": "off", "emails": 0, "customerIds": 0, "changedAt": None}
    loaded = await suite.http.put(
        LIST, headers=admin | CSV, content=b"email,customerId\nada@example.org,K-17\nnobody,\nADA@example.org,\n"
    )
    assert loaded.status_code == 200
    refused = loaded.json().pop("refusedByReason")
    assert {name: loaded.json()[name] for name in ("emails", "customerIds", "repeated", "refused")} == {
        "emails": 1, "customerIds": 1, "repeated": 1, "refused": 1,
    }  # fmt: skip
    assert sum(refused.values()) == 1
    more = await suite.http.put(
        LIST + "?mode=add", headers=admin | {"Content-Type": "application/jsonl"}, content=b'{"customerId": "K-18"}\n'
    )
    assert more.json()["customerIds"] == 1
    held = await suite.http.get(LIST, headers=admin)
    assert (held.json()["emails"], held.json()["customerIds"]) == (1, 2)
    for answer in (loaded, more, held):
        assert "ada@" not in answer.text and "K-1" not in answer.text


@pytest.mark.rule("REG-3")
@pytest.mark.parametrize(
    ("type", "content", "status"),
    [("text/plain", b"email\n", 400), ("text/csv", b"name\nAda\n", 422), ("text/csv", b"x" * ((20 << 20) + 1), 413)],
    ids=["another type", "no header", "too large"],
)
async def test_REG_3_what_is_no_list_is_refused(suite: Suite, type: str, content: bytes, status: int) -> None:
    admin = await suite.staff(Role.BRAND_ADMIN, "acme")
    answer = await suite.http.put(LIST, headers=admin | {"Content-Type": type}, content=content)
    assert answer.status_code == status


@pytest.mark.rule("REG-3")
async def test_REG_3_who_is_not_listed_is_told_that_registration_is_closed(suite: Suite) -> None:
    admin = await suite.staff(Role.BRAND_ADMIN, "acme")
    await suite.http.put(LIST, headers=admin | CSV, content=b"email\nada@example.org\n")
    policy = (await suite.world.brand()).policy
    closed = policy.changed(registration=Registration(white_list=WhiteListMode.EMAILS))
    await suite.world.brands.save_policy("acme", closed)
    suite.world.clock.advance(KEEP_FOR)
    refused = await sign_up(suite, "bea@example.org")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:popsell:problem:registration-closed")
    assert "bea" not in refused.text
    assert (await sign_up(suite, "ada@example.org")).status_code == 202
