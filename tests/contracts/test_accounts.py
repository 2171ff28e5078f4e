"""Brands spread over accounts: each brand's documents lie in the account that its record names, and nowhere else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from shared.adapters.cosmos import CosmosStore
from shared.adapters.sqlite import SqliteStore
from shared.domain.containers import AMBASSADORS, BRAND_CONTAINERS, BRANDS, CONTACTS, LEDGER, Container
from shared.domain.policy import BrandRecord
from shared.ports import Query, Store
from shared.usecases.answer import Answer
from shared.usecases.brands import Brands
from shared.usecases.placing import UnknownAccountError
from shared.usecases.rehearsing import Rehearsal
from shared.usecases.restore import restore
from tests.support.acts import answered, invited
from tests.support.cosmos_emulator import KEY, running_emulator
from tests.support.disaster import backed_up
from tests.support.world import World, brand_record, make_world

PERSON = "zoe@example.org"


@pytest.fixture(params=["two folders", "two emulators"])
async def accounts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, Store]]:
    """The platform's account, and another."""
    if request.param == "two folders":
        one, other = SqliteStore(tmp_path / "one"), SqliteStore(tmp_path / "other")
        yield one, other
        await one.close()
        await other.close()
        return
    with running_emulator() as second:
        first, east = CosmosStore(request.getfixturevalue("cosmos_emulator"), KEY), CosmosStore(second, KEY)
        for account, brand in ((first, None), (first, "globex"), (first, "acme"), (east, "acme")):
            await account.provision(brand)
        yield first, east
        for brand in ("globex", "acme"):
            await first.drop(brand)
        await first.close()
        await east.close()


@pytest.fixture
async def world(accounts: tuple[Store, Store]) -> World:
    """`acme` lies in the account `east`, `globex` with the platform."""
    return await make_world(accounts[0], in_account("east"), brand_record("globex"), accounts={"east": accounts[1]})


def in_account(account: str | None) -> BrandRecord:
    """`acme` in an account."""
    return brand_record("acme").changed(account=account)


async def held(store: Store, brand: str, containers: tuple[Container, ...] = BRAND_CONTAINERS) -> set[str]:
    """The containers of a brand in which an account has anything."""
    return {c.name for c in containers if (await store.brand(brand, c).query(Query(limit=1))).items}


@pytest.mark.rule("BR-1")
async def test_BR_1_a_brand_lies_in_its_account_and_nowhere_else(world: World, accounts: tuple[Store, Store]) -> None:
    home, east = accounts
    ada = await world.ambassador()
    await world.ambassador("globex")
    await invited(world, ada.id, PERSON)
    await answered(world, PERSON, Answer.ACCEPT)
    world.clock.advance(days=3 * 365 + 1)
    await world.sweep()
    assert await held(east, "acme") >= {AMBASSADORS.name, CONTACTS.name, LEDGER.name, "runs", "batches"}
    assert await held(home, "globex", (AMBASSADORS, CONTACTS)) == {AMBASSADORS.name}
    if isinstance(home, SqliteStore):  # an account of Cosmos DB would not even have the database
        assert await held(home, "acme") == set()
        assert await held(east, "globex") == set()
        assert not (await east.platform(BRANDS).query(Query())).items
    (contact,) = await world.contacts()
    assert contact.anonymised_at, "the sweep found the record where it lies"


async def test_a_brand_of_an_account_that_nobody_knows_is_not_looked_for_elsewhere(world: World) -> None:
    with pytest.raises(UnknownAccountError):
        await world.brands.create(brand_record("initech").changed(account="west"))
    forgetful = Brands(replace(world.ports, accounts={}))
    with pytest.raises(UnknownAccountError):
        await forgetful.get("acme")
    assert (await forgetful.get("globex")).id == "globex"


@pytest.mark.rule("BAK-3")
async def test_a_brand_moves_to_another_account_by_a_restore(world: World, accounts: tuple[Store, Store]) -> None:
    home, _ = accounts
    ada = await world.ambassador()
    await invited(world, ada.id, PERSON)
    await backed_up(world)
    before = await world.brands.record("acme")
    await world.brands.save(before, before.record.changed(account=None))
    report = await restore(world.brands, "acme", world.clock.now())
    assert report.documents
    assert (await world.contact_of(PERSON)).ambassador_id == ada.id
    assert await held(home, "acme") >= {AMBASSADORS.name, CONTACTS.name}


async def test_what_is_only_rehearsed_changes_nothing_in_any_account(world: World) -> None:
    ada = await world.ambassador()
    await invited(world, ada.id, PERSON)
    rehearsed = await Brands(Rehearsal(world.ports, world.clock.now()).ports).get("acme")
    ((found,), _) = await rehearsed.contacts.page(Query())
    await rehearsed.contacts.delete(found)
    assert await world.contact_of(PERSON)
