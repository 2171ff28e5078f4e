"""A brand's machines name an account as the brand knows it, and reach that one or none."""

from collections.abc import AsyncIterator

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.domain.ambassador import AccountStatus, Ambassador, Claim
from shared.usecases.brands import Brand
from shared.usecases.claims import bind_brand_key
from shared.usecases.references import accounts_named
from tests.support.acts import fresh_world, rotated
from tests.support.counting import CountingStore
from tests.support.world import World

pytestmark = pytest.mark.rule("COL-12")


@pytest.fixture
async def counted() -> AsyncIterator[tuple[World, CountingStore]]:
    """A suite whose store counts."""
    store = CountingStore(SqliteStore(None, inline=True))
    async with fresh_world(store=store) as world:
        yield world, store


async def account(world: World, email: str, brand: str = "acme", **fields: object) -> Ambassador:
    """An account with these fields; a customer ID is the directory's word unless they say that it was entered."""
    fields = {"customer_id_vouched": "customer_id" in fields, **fields}
    opened, made = await world.brand(brand), await world.ambassador(brand, email)
    current = await opened.ambassadors.get(made.id, made.id)
    assert current
    return (await opened.ambassadors.replace(current, made.changed(**fields).settled(opened.hasher))).record


async def named(brand: Brand, *references: str) -> dict[str, str]:
    """Which accounts the references lead to."""
    return {reference: found.id for reference, found in (await accounts_named(brand, references)).items()}


async def test_by_id_customer_id_or_page_and_the_second_time_by_point_reads(
    counted: tuple[World, CountingStore],
) -> None:
    world, store = counted
    acme = await world.brand()
    ada = await account(world, "ada@example.org", customer_id="C-17", blog_alias="ada")
    await acme.claims.create(Claim(id="blog.ada", ambassador_id=ada.id))
    wanted = (ada.id, "C-17")
    for queries in (1, 0):
        store.counts.reset()
        assert await named(acme, *wanted) == dict.fromkeys(wanted, ada.id)
        assert store.counts.queries.total() == queries


async def test_the_brands_own_names_come_before_a_page_that_somebody_called_so(
    counted: tuple[World, CountingStore],
) -> None:
    world, _ = counted
    acme = await world.brand()
    ada = await account(world, "ada@example.org", customer_id="c-17")
    bob = await account(world, "bob@example.org", brand_key="k-17", blog_alias="bob")
    await bind_brand_key(acme, bob)
    eve = await account(world, "eve@example.org", blog_alias="c-17")
    assert await named(acme, "c-17") == {"c-17": ada.id}
    mallory = await account(world, "mallory@example.org", blog_alias="k-17")
    for page, of in (("c-17", eve), ("k-17", mallory), ("bob", bob)):
        await acme.claims.create(Claim(id=f"blog.{page}", ambassador_id=of.id))
    assert await named(acme, "c-17", "k-17") == {"c-17": ada.id, "k-17": bob.id}
    assert await named(acme, "C-17", "Eve") == {}, "names are told apart to the letter"
    found = await named(acme, "bob")
    assert found == {"bob": bob.id}


@pytest.mark.rule("VIS-3")
async def test_nobody_gets_anothers_people_by_entering_the_others_page_as_an_id_or_the_reverse(
    counted: tuple[World, CountingStore],
) -> None:
    world, _ = counted
    acme = await world.brand()
    jane = await account(world, "jane@example.org", blog_alias="jane")
    gone = await account(world, "gone@example.org", customer_id="c-18", status=AccountStatus.LEAVING)
    eve = await account(world, "eve@example.org", blog_alias="c-18")
    for page, of in (("jane", jane), ("c-18", eve)):
        await acme.claims.create(Claim(id=f"blog.{page}", ambassador_id=of.id))
    assert await named(acme, "jane", "c-18") == {"jane": jane.id}, "whose ID it is has no access: no page stands in"
    await account(world, "anybody@example.org", customer_id="jane", status=AccountStatus.UNCONFIRMED)
    assert await named(acme, "jane") == {"jane": jane.id}
    await account(world, "mallory@example.org", customer_id="jane")
    for _ in range(2):
        assert await named(acme, "jane") == {}
    erased = gone.changed(customer_id=None, status=AccountStatus.ANONYMISED)
    current = await acme.ambassadors.get(gone.id, gone.id)
    assert current
    await acme.ambassadors.replace(current, erased.settled(acme.hasher))
    assert await named(acme, "c-18") == {}
    own = await account(world, "own@example.org", customer_id="own", blog_alias="own")
    await acme.claims.create(Claim(id="blog.own", ambassador_id=own.id))
    assert await named(acme, "own") == {"own": own.id}


@pytest.mark.rule("REG-2")
@pytest.mark.rule("VIS-3")
async def test_who_entered_anothers_customer_id_is_never_meant_by_it_also_before_the_other_comes(
    counted: tuple[World, CountingStore],
) -> None:
    world, _ = counted
    acme = await world.brand()
    await account(world, "mallory@example.org", customer_id="C-17", customer_id_vouched=False)
    for _ in range(2):
        assert await named(acme, "C-17") == {}
    ada = await account(world, "ada@example.org", customer_id="C-17")
    for _ in range(2):
        assert await named(acme, "C-17") == {"C-17": ada.id}


async def test_what_names_nobody_two_or_one_without_access_leads_nowhere(counted: tuple[World, CountingStore]) -> None:
    world, _ = counted
    acme = await world.brand()
    await account(world, "a@example.org", customer_id="twice")
    await account(world, "b@example.org", customer_id="twice")
    gone = await account(world, "c@example.org", customer_id="gone", status=AccountStatus.LEAVING)
    foreign = await account(world, "d@example.org", "globex", customer_id="theirs")
    await account(world, "e@example.org", customer_id="Case")
    nobody = ("twice", "gone", gone.id, "theirs", foreign.id, "case", "", "é" * 200, "a" * 24, "blog.ada")
    assert await named(acme, *nobody) == {}


@pytest.mark.rule("DEL-10")
async def test_whoever_signs_up_later_with_the_same_id_gets_nothing_of_the_first(
    counted: tuple[World, CountingStore],
) -> None:
    world, _ = counted
    ada = await account(world, "ada@example.org", customer_id="C-17")
    assert await named(await world.brand(), "C-17") == {"C-17": ada.id}
    await account(world, "eve@example.org", customer_id="C-17")
    await account(world, "mallory@example.org", customer_id="C-17", customer_id_vouched=False)
    assert await named(await world.brand(), "C-17") == {"C-17": ada.id}
    assert await named(await rotated(world), "C-17") == {"C-17": ada.id}


async def test_an_id_that_the_brand_gave_to_somebody_else_leads_there(counted: tuple[World, CountingStore]) -> None:
    world, _ = counted
    acme = await world.brand()
    ada = await account(world, "ada@example.org", customer_id="C-17")
    assert await named(acme, "C-17") == {"C-17": ada.id}
    current = await acme.ambassadors.get(ada.id, ada.id)
    assert current
    await acme.ambassadors.replace(current, ada.changed(customer_id="C-18").settled(acme.hasher))
    bob = await account(world, "bob@example.org", customer_id="C-17")
    for _ in range(2):
        assert await named(acme, "C-17", "C-18") == {"C-17": bob.id, "C-18": ada.id}
