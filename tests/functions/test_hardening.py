"""What no caller can do to any operation, shown by a walk over all of them: send too much, or ride on a cookie."""

import re
from collections.abc import AsyncIterator

import pytest

from functions.http import FORM_LIMIT, OPERATIONS, Operation
from shared.domain.staff import Role
from tests.functions.suite import Suite, serving
from tests.functions.tenants import Tenant, settle


def path_to(operation: Operation, mine: Tenant) -> str:
    """A path that leads to the operation, about things that there are."""
    known = {"brand": "acme", "network": "twitter", "provider": "google", "alias": mine.page, "formId": mine.form}
    return re.sub(r"{(\w+)}", lambda name: known.get(name[1]) or mine.thing(operation.path), operation.path)


async def test_a_body_over_the_limit_is_refused_before_anything_else_however_it_is_sent(suite: Suite) -> None:
    mine = (await settle(suite)).mine
    before = await suite.dump()

    async def in_chunks(size: int) -> AsyncIterator[bytes]:
        for sent in range(0, size, 1 << 20):
            yield b" " * min(1 << 20, size - sent)

    for operation in OPERATIONS:
        for method in operation.methods:
            for content in (b" " * (operation.up_to + 1), in_chunks(operation.up_to + 1)):
                answer = await suite.http.request(method, path_to(operation, mine), content=content)
                assert answer.status_code == 413, operation.name
                assert method == "HEAD" or f"up to {operation.up_to} bytes" in answer.json()["detail"]
    assert await suite.dump() == before


def test_who_sends_no_file_may_send_little() -> None:
    large = {op.name: op.up_to for op in OPERATIONS if op.up_to > 1 << 20}
    assert set(large) == {
        "receive_mail_events", "save_photo", "upload_ugc", "load_white_list", "import_address_book"
    }  # fmt: skip
    assert all(op.up_to == FORM_LIMIT for op in OPERATIONS if op.auth == "public" and not op.body)


@pytest.mark.parametrize("who", ["ambassador", "staff"])
async def test_no_change_is_made_for_a_cookie_alone(suite: Suite, who: str) -> None:
    """A cookie comes along whichever site asks; the token of the session's own does not (CSRF)."""
    mine = (await settle(suite)).mine
    roles = (Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM, Role.BRAND_ADMIN) if who == "staff" else ()
    staff = [(await suite.staff(role, "acme"))["Authorization"].removeprefix("Bearer ") for role in roles]
    cookies = [f"Popsell_manager={token}" for token in staff] or [f"Popsell_remember_me={mine.me.token}"]
    before = await suite.dump()
    changes = [(op, m) for op in OPERATIONS if op.auth == who for m in op.methods if m not in ("GET", "HEAD")]
    assert len(changes) > 15
    for operation, method in changes:
        refused = []
        for cookie in cookies:
            answer = await suite.http.request(method, path_to(operation, mine), headers={"Cookie": cookie}, json={})
            refused.append(answer.json()["type"].rpartition(":")[2])
        assert "csrf-token-missing" in refused, operation.name
        assert set(refused) <= {"csrf-token-missing", "not-found"}, operation.name
    assert await suite.dump() == before


@pytest.mark.usefixtures("suite_environment")
async def test_who_is_reached_without_tls_promises_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "http://localhost:7071")
    async with serving() as local:
        assert "strict-transport-security" not in (await local.http.get("/openapi.json")).headers
    monkeypatch.setenv("PUBLIC_URL", "https://suite.example")
    async with serving() as public:
        promised = (await public.http.get("/openapi.json")).headers["strict-transport-security"]
        assert promised == "max-age=31536000; includeSubDomains"
