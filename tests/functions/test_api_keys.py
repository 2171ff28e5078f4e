"""Brand API keys: told once, hashed, scoped, two valid at once, and good for one brand alone."""

from datetime import timedelta
from typing import Any

import azure.functions as func
import httpx
import pytest

from functions.identity import api_key
from shared import app
from shared.adapters.sqlite import SqliteStore
from shared.domain.api_keys import ApiScope, parsed_key
from shared.domain.errors import ForbiddenError, UnauthenticatedError
from shared.domain.policy import BrandStatus
from shared.domain.staff import Role
from shared.usecases.brands import Brand
from tests.functions.suite import Suite, serving
from tests.support.counting import CountingStore

KEYS = "/api/manager/brands/acme/api-keys"


@pytest.fixture
async def admin(suite: Suite) -> dict[str, str]:
    """The headers of the brand's administrator."""
    return await suite.staff(Role.BRAND_ADMIN, "acme")


async def made(suite: Suite, admin: dict[str, str], *scopes: str, expect: int = 201, **more: Any) -> dict[str, Any]:
    """A new key as it is told."""
    answer = await suite.http.post(KEYS, headers=admin, json={"scopes": scopes or ["sync"], **more})
    assert answer.status_code == expect, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def used(key: str | None, scope: ApiScope = ApiScope.SYNC, brand: str = "acme") -> Brand:
    """What a call with this key reaches."""
    headers = {} if key is None else {"X-Api-Key": key}
    request = func.HttpRequest("POST", "/", headers=headers, route_params={"brand": brand}, body=b"")
    return await api_key(request, scope)


@pytest.mark.rule("COL-12")
async def test_a_key_opens_its_own_brand_for_its_own_scopes(suite: Suite, admin: dict[str, str]) -> None:
    key = (await made(suite, admin, "sync", "orders"))["key"]
    assert (await used(key)).id == "acme"
    assert (await used(key, ApiScope.ORDERS)).id == "acme"
    with pytest.raises(ForbiddenError):
        await used(key, ApiScope.VOUCHERS)


@pytest.mark.rule("BR-1")
async def test_any_other_key_is_as_good_as_none(suite: Suite, admin: dict[str, str]) -> None:
    key = (await made(suite, admin))["key"]
    brand, id, secret = parsed_key(key) or ("", "", "")
    for wrong in (None, "", "x", key[:-1], key + "x", f"pk_{brand}_{id}", f"pk_{brand}_{id}_", f"pk_globex_{id}_{secret}",
                  f"pk_{brand}_{'a' * 24}_{secret}", f"sk_{brand}_{id}_{secret}", key.upper(), "é" * 200):  # fmt: skip
        with pytest.raises(UnauthenticatedError):
            await used(wrong)
    for elsewhere in ("globex", "initech", "../acme"):
        with pytest.raises(UnauthenticatedError):
            await used(key, brand=elsewhere)
    with pytest.raises(UnauthenticatedError):
        await used(f"pk_globex_{id}_{secret}", brand="globex")


async def test_two_keys_are_valid_at_once_so_that_one_takes_over_from_the_other(
    suite: Suite, admin: dict[str, str]
) -> None:
    old, new = await made(suite, admin, "sync", "orders"), await made(suite, admin, "orders", "sync", "sync")
    refused = await made(suite, admin, "sync", "orders", expect=409)
    assert refused["type"].endswith("too-many-keys")
    await made(suite, admin, "orders")
    assert [await used(key["key"]) for key in (old, new)]
    assert (await suite.http.delete(f"{KEYS}/{old['id']}", headers=admin)).status_code == 204
    assert (await suite.http.delete(f"{KEYS}/{old['id']}", headers=admin)).status_code == 404
    with pytest.raises(UnauthenticatedError):
        await used(old["key"])
    assert await used(new["key"])
    await made(suite, admin, "sync", "orders")


async def test_an_expired_key_opens_nothing_and_makes_room(suite: Suite, admin: dict[str, str]) -> None:
    soon = suite.world.clock.now() + timedelta(hours=1)
    key = await made(suite, admin, expiresAt=soon.isoformat())
    await made(suite, admin)
    assert await used(key["key"])
    suite.world.clock.advance(hours=1)
    with pytest.raises(UnauthenticatedError):
        await used(key["key"])
    await made(suite, admin)
    listed = (await suite.http.get(KEYS, headers=admin)).json()["items"]
    assert key["id"] not in [item["id"] for item in listed]
    past = await made(suite, admin, "orders", expiresAt=suite.world.clock.now().isoformat(), expect=422)
    assert [error["field"] for error in past["errors"]] == ["expiresAt"]


async def test_an_ended_brand_knows_no_key(suite: Suite, admin: dict[str, str]) -> None:
    key = (await made(suite, admin))["key"]
    suite.world.clock.advance(minutes=1)
    brands = app.brands()
    current = await brands.records.get("acme", "acme")
    assert current
    await brands.records.replace(current, current.record.changed(status=BrandStatus.ENDED))
    with pytest.raises(UnauthenticatedError):
        await used(key)


async def test_the_secret_is_told_once_and_stands_nowhere(suite: Suite, admin: dict[str, str]) -> None:
    told = await made(suite, admin, name="Shop")
    secret = told["key"].split("_", 3)[3]
    assert len(secret) == 43, "256 random bits"
    assert secret not in str(await suite.dump())
    (item,) = (await suite.http.get(KEYS, headers=admin)).json()["items"]
    assert item == {name: value for name, value in told.items() if name != "key"}


async def test_a_call_costs_one_point_read_and_its_use_is_shown_to_the_quarter_hour(suite_environment: None) -> None:
    store = CountingStore(SqliteStore(None, inline=True))
    async with serving(store) as suite:
        admin = await suite.staff(Role.BRAND_ADMIN, "acme")
        key = (await made(suite, admin))["key"]
        await used(key)
        first = suite.world.clock.now()
        store.counts.reset()
        for minutes in (0, 14):
            suite.world.clock.advance(minutes=minutes)
            await app.brand("acme")
            store.counts.reset()
            await used(key)
            assert (store.counts.point_reads, store.counts.writes) == ({"apiKeys": 1}, {})
        (shown,) = (await suite.http.get(KEYS, headers=admin)).json()["items"]
        assert shown["lastUsedAt"] == first.strftime("%Y-%m-%dT%H:%M:%SZ")
        suite.world.clock.advance(minutes=1)
        await used(key)
        (shown,) = (await suite.http.get(KEYS, headers=admin)).json()["items"]
        assert shown["lastUsedAt"] == suite.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize("role", list(Role))
async def test_only_administrators_and_the_account_team_manage_keys(suite: Suite, role: Role) -> None:
    headers = await suite.staff(role, "acme")
    answer: httpx.Response = await suite.http.post(KEYS, headers=headers, json={"scopes": ["sync"]})
    assert answer.status_code == (201 if role in (Role.BRAND_ADMIN, Role.ACCOUNT_TEAM) else 404)


@pytest.mark.parametrize("scopes", [[], ["all"], ["sync", "x" * 50], "sync", [1]])
async def test_scopes_are_of_the_known_ones(suite: Suite, admin: dict[str, str], scopes: Any) -> None:
    answer = await suite.http.post(KEYS, headers=admin, json={"scopes": scopes})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("scopes")
