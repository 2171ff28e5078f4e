"""Whatever a body holds, the answer says what is wrong by field and reason, never fails, and never repeats a value."""

import json
import re
from typing import Any

import httpx
import pytest
from pydantic.alias_generators import to_camel

import function_app  # noqa: F401  registers the operations
from functions.examples import REQUESTS
from functions.http import OPERATIONS, Operation
from shared.domain.staff import Role
from tests.functions.suite import Suite
from tests.functions.tenants import EXTERNAL, Tenant, settle
from tests.support.fakes import token_of

CANARY = "zq7canary"
PROBLEM = {"type", "title", "status", "detail", "errors"}
WITH_BODY = [operation for operation in OPERATIONS if operation.body]
OF_THE_TEAM = ("change_status", "release_suppression", "migrate_contacts")
OF_THE_TECHNICAL_TEAM = ("open_brand", "replay_poison")
FORMS = {"fill_in_external_form": EXTERNAL, "put_form": "another"}
# Only the network knows a good token, and it is asked before the account's name is looked at.
GOOD: dict[str, Any] = {**REQUESTS, "give_grant": {"token": token_of("7"), "accountId": "7"}}
OBJECTS = ("address", "tags", "interests", "products", "brands")
ROWS = ("upserts", "deletes", "orders", "contacts")  # each row is refused in an answer of its own
JSON_NEWS = (
    b"",
    b" ",
    b"{",
    b"nul",
    b"{'a': 1}",
    b'{"a": 1,}',
    b'{"a": tru}',
    b"\xff\xfe{\x00}\x00",
    b'{"email": "\xff"}',
    b'{"email": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 20_000,
)
NO_OBJECTS = (b"null", b"1", b'"text"', b"[]", b"[{}]", b"true", b"1e400", b"1" * 5000, b'{"a": NaN}')
WRONG: tuple[Any, ...] = (
    None, 0, 10**30, -1.5, True, "", CANARY * 3000, "\x00" + CANARY, f"<{CANARY}>", "\u202e", "🙂" * 5000,
    [], [CANARY], [[None]], [CANARY] * 5_000, {}, {"floor": CANARY}, {"city": None}, {"city": 7},
)  # fmt: skip


@pytest.fixture
async def mine(suite: Suite) -> Tenant:
    """Who asks."""
    return (await settle(suite)).mine


def _fields(operation: Operation) -> list[str]:
    assert operation.body
    return [to_camel(name) for name in operation.body.model_fields]


async def _send(suite: Suite, operation: Operation, mine: Tenant, body: bytes) -> httpx.Response:
    known = {"brand": "acme", "network": "twitter", "alias": mine.page, "formId": FORMS.get(operation.name, mine.form)}
    path = re.sub(r"{(\w+)}", lambda name: known.get(name[1]) or mine.thing(operation.path), operation.path)
    headers = {"Content-Type": "application/json"}
    if operation.auth == "public":
        suite.world.clock.advance(hours=2)  # the rate limits are another test's
    if operation.auth == "ambassador":
        headers["Authorization"] = f"Bearer {mine.me.token}"
    if operation.auth == "api_key":
        headers["X-Api-Key"] = mine.key
    if operation.auth == "staff":
        headers |= await _staff(suite, operation, mine)
    if operation.name == "replace_policy":
        headers["If-Match"] = '"another"'
    return await suite.http.request(operation.methods[0], path, headers=headers, content=body)


async def _staff(suite: Suite, operation: Operation, mine: Tenant) -> dict[str, str]:
    if operation.name in OF_THE_TECHNICAL_TEAM:
        return await suite.staff(Role.TECHNICAL_TEAM)
    return mine.team if operation.name in OF_THE_TEAM else mine.staff


def _check(response: httpx.Response, *, refused: bool = False) -> None:
    """No failure, and a refusal in the form of the contract without a value in it."""
    assert response.status_code < 500, response.text
    assert CANARY not in response.text or response.status_code < 400
    if response.status_code < 400:
        assert not refused, "taken as if it were good"
        return
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem.keys() == PROBLEM
    assert problem["status"] == response.status_code
    for error in problem["errors"]:
        assert error.keys() == {"field", "reason"}
        assert error["reason"]
    if response.status_code == 422:
        assert problem["errors"]


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
async def test_a_body_that_is_no_json_is_refused(suite: Suite, mine: Tenant, operation: Operation) -> None:
    for body in JSON_NEWS:
        response = await _send(suite, operation, mine, body)
        _check(response, refused=True)
        assert response.status_code == 400, (body[:20], response.text)
    for body in NO_OBJECTS:
        response = await _send(suite, operation, mine, body)
        _check(response, refused=True)
        assert response.status_code in (400, 422)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
async def test_an_unknown_field_is_refused_by_its_name(suite: Suite, mine: Tenant, operation: Operation) -> None:
    known = _fields(operation)
    for name in {"id", "isAdmin", "email_hash", "__proto__", "ambassadorOptIn", "brandOptIn", "status"}.difference(
        known
    ):
        response = await _send(suite, operation, mine, json.dumps(GOOD[operation.name] | {name: CANARY}).encode())
        _check(response, refused=True)
        assert response.status_code == 422
        assert name in [error["field"] for error in response.json()["errors"]]


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
async def test_no_value_of_any_field_makes_it_fail(suite: Suite, mine: Tenant, operation: Operation) -> None:
    for field in _fields(operation):
        for value in WRONG:
            response = await _send(suite, operation, mine, json.dumps(GOOD[operation.name] | {field: value}).encode())
            _check(response)
            if isinstance(value, dict | list) and value and field not in (*OBJECTS, *ROWS):
                assert response.status_code == 422, (field, value)
            if response.status_code == 422:
                fields = [error["field"].split(".")[0] for error in response.json()["errors"]]
                assert field in fields or fields == [""], (field, value, fields)
    assert (await mine.me.call("GET", "/me")).status_code == 200, "what was taken cannot be read"
    assert (await mine.me.call("GET", "/contacts")).status_code == 200


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
async def test_a_body_over_the_limit_is_refused_unread(suite: Suite, mine: Tenant, operation: Operation) -> None:
    response = await _send(suite, operation, mine, b" " * (operation.up_to + 1))
    assert response.status_code == 413
    _check(response, refused=True)
