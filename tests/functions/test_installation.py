"""Brands that are made, and keys that change, by the technical team."""

from dataclasses import replace
from typing import Any

import pytest

from shared import app
from shared.adapters.vault import EnvelopeVault
from shared.domain.forgetting import Forgetting
from shared.domain.grants import Network, SocialGrant
from shared.domain.hashing import WrappedKey
from shared.domain.staff import Role
from shared.usecases.brands import ACTIVE_AFTER, Brands
from shared.usecases.rewrapping import Rewrapped, rewrap
from tests.functions.suite import Suite

OPERATIONS = "/api/manager/operations"
UUID = "00000000-0000-4000-8000-00000000000"
POLICY = {
    "displayName": "Initech",
    "sender": {"email": "hello@initech.example", "name": "Initech"},
    "privacyPolicyUrl": "https://initech.example/privacy",
}
BRAND: dict[str, Any] = {
    "brand": "initech",
    "policy": POLICY,
    "accountTeam": [{"tenantId": f"{UUID}1", "objectId": f"{UUID}2", "displayName": "Tom"}],
}


async def open_brand(suite: Suite, **changed: Any) -> Any:
    """Asks for the brand as the technical team."""
    headers = await suite.staff(Role.TECHNICAL_TEAM)
    return await suite.http.post(f"{OPERATIONS}/brands", json={**BRAND, **changed}, headers=headers)


@pytest.mark.rule("BR-1")
async def test_a_brand_is_made_and_its_account_team_comes_in_and_asking_again_changes_nothing(suite: Suite) -> None:
    made = await open_brand(suite)
    assert (made.status_code, made.json()["id"], made.json()["status"]) == (201, "initech", "active")
    before = await suite.dump()
    assert (await open_brand(suite)).json() == made.json()
    after = await suite.dump()
    assert after["platform/brands"] == before["platform/brands"]
    assert after["platform/keys"] == before["platform/keys"]
    named = await app.staff().get(f"{UUID}1.{UUID}2", f"{UUID}1.{UUID}2")
    assert named and named.record.role_at("initech") is Role.ACCOUNT_TEAM
    assert named.record.role_at("acme") is None
    ada = await suite.sign_in(brand="initech")
    assert await ada.enter("grace@example.org")


@pytest.mark.rule("VIS-5")
async def test_once_it_has_a_team_only_that_names_others(suite: Suite) -> None:
    await open_brand(suite)
    other = {"tenantId": f"{UUID}1", "objectId": f"{UUID}3", "displayName": "Eve"}
    assert (await open_brand(suite, accountTeam=[other])).status_code == 403
    assert await app.staff().get(f"{UUID}1.{UUID}3", f"{UUID}1.{UUID}3") is None


async def test_an_id_is_used_once(suite: Suite) -> None:
    assert (await open_brand(suite, brand="acme")).json()["type"] == "urn:popsell:problem:exists"
    await open_brand(suite)
    assert (await open_brand(suite, policy={**POLICY, "displayName": "Another"})).status_code == 409
    await app.brands().destroy_keys("initech")
    assert (await open_brand(suite)).status_code == 409


@pytest.mark.parametrize(
    "changed",
    [
        {"brand": "A"},
        {"accountTeam": []},
        {"policy": {}},
        {"account": "elsewhere"},
        {"account": "../x"},
        {"role": "admin"},
    ],
)
async def test_what_is_no_brand_is_refused_and_nothing_is_made(suite: Suite, changed: dict[str, Any]) -> None:
    before = await suite.dump()
    assert (await open_brand(suite, **changed)).status_code == 422
    assert (await suite.dump())["platform/keys"] == before["platform/keys"]


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize("path", ["/brands", "/keys/rewrap", "/brands/acme/hash-key"])
async def test_nobody_else_may(suite: Suite, path: str) -> None:
    for role in set(Role) - {Role.TECHNICAL_TEAM}:
        headers = await suite.staff(role, "acme", "globex")
        asked = await suite.http.post(OPERATIONS + path, json=BRAND, headers=headers)
        assert asked.status_code == (404 if "acme" in path else 403)


@pytest.mark.rule("DEL-10")
async def test_a_new_hash_key_is_asked_for_once_however_often(suite: Suite) -> None:
    headers = await suite.staff(Role.TECHNICAL_TEAM)

    async def ask() -> Any:
        return (await suite.http.post(f"{OPERATIONS}/brands/acme/hash-key", headers=headers)).json()

    first = await ask()
    assert (first["version"], await ask()) == (2, first)
    suite.world.clock.advance(ACTIVE_AFTER)
    assert (await app.brand("acme")).hasher.version == 2
    assert (await ask())["version"] == 3


OLD, NEW = b"o" * 32, b"n" * 32


def under(brands: Brands, *masters: bytes) -> Brands:
    """The same suite with other master keys."""
    return Brands(replace(brands.ports, vault=EnvelopeVault(masters)))


@pytest.mark.rule("BAK-5")
async def test_after_a_rewrap_the_old_master_key_can_go(suite: Suite) -> None:
    world = suite.world
    ada = await world.ambassador()
    first = under(world.brands, OLD)
    for id in ("acme", "globex"):  # as made under the old key
        current = await first.keys.get(id, id)
        assert current
        unwrap, wrap = world.ports.vault.unwrap, first.ports.vault.wrap
        keys = current.record
        old = keys.changed(
            hash={version: wrap(unwrap(key)) for version, key in keys.hash.items()},
            ledger=wrap(unwrap(keys.ledger)),
            backup=wrap(unwrap(keys.backup)) if keys.backup else None,
        )
        await first.keys.replace(current, old)
        await first.copy_keys(old)
    before = await first.get("acme")
    at, wrap = before.now(), first.ports.vault.wrap
    grant = SocialGrant(network=Network.TWITTER, token=wrap(b"hush"), granted_at=at, last_used_at=at)
    account = await before.ambassadors.get(ada.id, ada.id)
    assert account
    granted = account.record.changed(grants={Network.TWITTER: grant}).settled(before.hasher)
    await before.ambassadors.replace(account, granted)
    debt = Forgetting(id="d" * 24, sealed="", key=wrap(OLD), owed_since=at)
    await before.forgettings.create(debt)
    both = under(world.brands, NEW, OLD)
    done = await rewrap(both, 1, None)
    assert (done.brands, done.cursor is None) == (1, False)
    rest = await rewrap(both, 100, done.cursor)
    assert (rest.brands, rest.cursor) == (1, None)
    assert (done.grants + rest.grants, done.forgettings + rest.forgettings) == (1, 1)
    alone = under(world.brands, NEW)
    after = await alone.get("acme")
    assert after.hasher.ref("a@b.example") == before.hasher.ref("a@b.example")
    assert (after.ledger_key, after.backup_key) == (before.ledger_key, before.backup_key)
    holds = await after.ambassadors.get(granted.id, granted.id)
    assert holds and alone.ports.vault.unwrap(WrappedKey(holds.record.grants[Network.TWITTER].token or "")) == b"hush"
    owed = await after.forgettings.get(debt.id, debt.id)
    assert owed and alone.ports.vault.unwrap(owed.record.key) == OLD
    copied = await alone.copied_keys("acme")
    assert copied and copied.backup and alone.ports.vault.unwrap(copied.backup)
    assert await rewrap(both, 100, None) == Rewrapped(0, 0, 0, None)
