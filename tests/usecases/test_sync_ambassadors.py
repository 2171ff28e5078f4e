"""The brand's directory: ambassadors brought up to date or removed, never made (REG-2, DEL-2)."""

from typing import Any

import pytest

from shared.domain.ambassador import AccountStatus, Address, Ambassador, LeftBecause
from shared.domain.directory import DirectoryAnswer, DirectoryRow
from shared.domain.policy import SingleSignOn
from shared.ports import StaleError
from shared.usecases import claims, leaving
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.references import accounts_named
from shared.usecases.sync_ambassadors import delete_ambassadors, upsert_ambassadors
from tests.support.acts import rotated
from tests.support.records import days
from tests.support.world import World

ADA, BEA = "ada@example.org", "bea@example.org"
TENANT, OBJECT = "11111111-2222-4333-8444-555555555555", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"


async def member(world: World, email: str = ADA, **fields: Any) -> str:
    """The id of an account with its address and these fields; a customer ID is vouched for, unless they say that it is not."""
    fields = {"customer_id_vouched": "customer_id" in fields, **fields}
    acme = await world.brand()
    account = await world.ambassador(email=email)
    current = await acme.ambassadors.get(account.id, account.id)
    assert current
    saved = await acme.ambassadors.replace(current, account.changed(**fields).settled(acme.hasher))
    await claims.bind(acme, saved.record)
    await claims.bind_subjects(acme, saved.record)
    return account.id


async def account_of(brand: Brand, id: str) -> Ambassador:
    found = await brand.ambassadors.get(id, id)
    assert found
    return found.record


async def sent(brand: Brand, key: str, **fields: Any) -> DirectoryAnswer:
    (done,) = await upsert_ambassadors(brand, [DirectoryRow(key, fields)])
    return done


async def deleted(brand: Brand, key: str) -> str:
    (done,) = await delete_ambassadors(brand, [key])
    return done.result


@pytest.mark.rule("REG-2")
async def test_REG_2_an_account_is_found_by_customer_id_then_by_the_key_it_is_bound_to(
    world: World, acme: Brand
) -> None:
    ada = await member(world, customer_id="K-17")
    first = await sent(acme, "row-1", customer_id="K-17", first_name="Augusta", address=Address(city="Lyon"))
    assert (first.result, first.ambassador) == ("updated", ada)
    account = await account_of(acme, ada)
    assert (account.first_name, account.last_name, account.address.city) == ("Augusta", "Ambassador", "Lyon")
    again = await sent(acme, "row-1", first_name="Augusta")
    assert (again.result, again.ambassador) == ("unchanged", ada)
    assert (await sent(acme, "row-1", customer_id="K-18", last_name="King")).result == "updated"
    assert (await account_of(acme, ada)).customer_id == "K-18"
    assert (await sent(acme, "another row", customer_id="K-18")).result == "not_registered"


@pytest.mark.rule("REG-2")
async def test_REG_2_the_key_may_be_the_customer_id_or_the_directorys_object(world: World) -> None:
    acme = await world.brand()
    policy = acme.policy.changed(sso=SingleSignOn(tenant=TENANT))
    await world.brands.save_policy("acme", policy)
    acme = await world.brand()
    ada = await member(world, customer_id="K-17")
    bea = await member(world, BEA, sso_id=f"{TENANT}.{OBJECT}")
    assert (await sent(acme, "K-17", position="Adviser")).ambassador == ada
    assert (await sent(acme, OBJECT.upper(), position="Adviser")).ambassador == bea


@pytest.mark.rule("REG-2")
@pytest.mark.rule("AMB-2")
async def test_REG_2_nobody_becomes_an_ambassador_by_a_row_and_nothing_of_it_is_kept(world: World, acme: Brand) -> None:
    assert (await sent(acme, "7", email="new@example.org", first_name="New")).result == "not_registered"
    assert await acme.ambassadors.count() == 0 and await acme.claims.count() == 0


@pytest.mark.rule("REG-2")
async def test_REG_2_who_entered_somebody_elses_customer_id_gets_nothing_of_that_person(
    world: World, acme: Brand
) -> None:
    mallory = await member(world, "mallory@example.org", customer_id="K-17", customer_id_vouched=False)
    before = await account_of(acme, mallory)
    for key, fields in (("K-17", {"email": ADA}), ("K-17", {}), ("row-1", {"customer_id": "K-17"})):
        refused = await sent(acme, key, first_name="Ada", address=Address(street="Secret Lane"), **fields)
        assert (refused.result, [error.field for error in refused.errors]) == ("refused", ["email"])
    (ended,) = await delete_ambassadors(acme, ["K-17"])
    assert (ended.result, [error.field for error in ended.errors]) == ("refused", ["key"])
    assert await account_of(acme, mallory) == before


@pytest.mark.rule("REG-2")
@pytest.mark.rule("DEL-2")
async def test_REG_2_an_entered_customer_id_counts_once_a_row_names_it_with_the_accounts_own_address(
    world: World, acme: Brand
) -> None:
    mallory = await member(world, "mallory@example.org", customer_id="K-17", customer_id_vouched=False)
    ada = await member(world, customer_id="K-17", customer_id_vouched=False)
    first = await sent(acme, "K-17", email=ADA.upper(), position="Adviser")
    assert (first.result, first.ambassador) == ("updated", ada)
    assert (await account_of(acme, ada)).vouched_customer_id == "K-17"
    assert (await account_of(acme, mallory)).vouched_customer_id is None
    assert await accounts_named(acme, ["K-17"]) == {"K-17": await account_of(acme, ada)}
    assert (await sent(acme, "K-17", position="Adviser")).result == "unchanged"
    assert await deleted(acme, "K-17") == "deleted"
    assert (await account_of(acme, mallory)).status is AccountStatus.ACTIVE


@pytest.mark.rule("REG-2")
async def test_REG_2_who_enters_another_customer_id_is_no_longer_vouched_for(world: World, acme: Brand) -> None:
    account = await account_of(acme, await member(world, customer_id="K-17"))
    assert account.entered({"about": "Me", "customer_id": "K-17"}).vouched_customer_id == "K-17"
    assert account.entered({"customer_id": "K-18"}).vouched_customer_id is None
    assert account.entered({"customer_id": "K-18"}).entered({"customer_id": "K-17"}).vouched_customer_id is None


@pytest.mark.rule("REG-2")
async def test_REG_2_a_bound_account_follows_the_directory_to_another_address(world: World, acme: Brand) -> None:
    ada, bea = await member(world, customer_id="K-17"), await member(world, BEA)
    await sent(acme, "K-17", email="ADA@example.org")
    assert (await sent(acme, "K-17", email="countess@example.org")).result == "updated"
    found = await claims.by_email(acme, "countess@example.org")
    assert found and found.record.id == ada and await claims.by_email(acme, ADA) is None
    taken = await sent(acme, "K-17", email=BEA, first_name="Other")
    assert (taken.result, [error.field for error in taken.errors]) == ("refused", ["email"])
    assert (await account_of(acme, ada)).first_name == "Ada"
    owner = await claims.by_email(acme, BEA)
    assert owner and owner.record.id == bea


@pytest.mark.rule("REG-2")
@pytest.mark.parametrize(
    ("fields", "field"),
    [({"email": "nobody"}, "email"), ({"first_name": None}, "firstName"), ({"email": None}, "email"),
     ({"customer_id": None}, "customerId")],
)  # fmt: skip
async def test_REG_2_a_bad_row_changes_nothing_and_says_why(world: World, fields: dict[str, Any], field: str) -> None:
    policy = (await world.brand()).policy.changed(required_ambassador_fields=("customerId",))
    await world.brands.save_policy("acme", policy)
    acme = await world.brand()
    ada = await member(world, customer_id="K-17")
    await sent(acme, "K-17", position="Adviser")
    before = await account_of(acme, ada)
    refused = await sent(acme, "K-17", **fields)
    assert (refused.result, [error.field for error in refused.errors]) == ("refused", [field])
    assert await account_of(acme, ada) == before
    assert (await sent(acme, "K-17", position=None)).result == "updated"


@pytest.mark.rule("DEL-2")
@pytest.mark.rule("REG-2")
async def test_DEL_2_who_the_directory_no_longer_has_is_removed_and_can_come_back(world: World, acme: Brand) -> None:
    ada = await member(world, customer_id="K-17")
    assert await deleted(acme, "K-17") == "deleted"
    account = await account_of(acme, ada)
    assert (account.status, account.left_because) == (AccountStatus.LEAVING, LeftBecause.DIRECTORY)
    assert await deleted(acme, "K-17") == "unchanged"
    refused = await sent(acme, "K-17", first_name="Augusta")
    assert (refused.result, [error.field for error in refused.errors]) == ("refused", ["key"])
    await leaving.restore(acme, ada, "staff:s")
    assert (await sent(acme, "K-17", first_name="Augusta")).result == "updated"
    assert await deleted(acme, "nobody") == "not_registered"
    assert await deleted(acme, "K-17") == "deleted"
    world.clock.advance(days(7))
    await world.sweep()
    assert await deleted(acme, "K-17") == "not_registered"
    assert await acme.claims.count() == 0


@pytest.mark.rule("REG-2")
async def test_REG_2_rows_are_answered_in_order_also_two_of_one_account(world: World, acme: Brand) -> None:
    ids = [await member(world, f"a{n}@example.org", customer_id=f"K-{n}") for n in range(3)]
    rows = [DirectoryRow(f"K-{n}", {"position": f"P{place}"}) for place, n in enumerate((2, 0, 9, 2, 1))]
    done = await upsert_ambassadors(acme, rows)
    assert [d.result for d in done] == ["updated", "updated", "not_registered", "updated", "updated"]
    assert [(await account_of(acme, id)).position for id in ids] == ["P1", "P4", "P3"]


@pytest.mark.rule("DEL-10")
async def test_DEL_10_a_new_hash_key_loses_no_binding(world: World, acme: Brand) -> None:
    ada = await member(world, customer_id="K-17")
    await sent(acme, "row-1", customer_id="K-17")
    acme = await rotated(world)
    assert (await sent(acme, "row-1", position="Adviser")).ambassador == ada


async def test_a_row_that_always_comes_second_says_so(
    world: World, acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await member(world, customer_id="K-17")

    async def stale(*_: object) -> Versioned[Ambassador]:
        raise StaleError

    monkeypatch.setattr(acme.ambassadors, "replace", stale)
    for done in (await sent(acme, "K-17", position="Adviser"), (await delete_ambassadors(acme, ["K-17"]))[0]):
        assert (done.result, done.errors[0].field) == ("refused", "key")
