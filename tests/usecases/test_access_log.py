"""The access log: every look at personal data, by whom only for who holds the brand's key, and for a year."""

import pytest

from shared.domain.access_log import Act, Seen
from shared.domain.staff import Role, StaffMember
from shared.usecases import access_log
from shared.usecases.staff_sessions import StaffCaller
from tests.support.world import World

MARY = StaffMember(id="tenant.mary@example.org", role=Role.BRAND_SUPPORT, brands=("acme", "globex"))


@pytest.mark.rule("VIS-7")
async def test_an_access_is_written_down_without_anybodys_name(world: World) -> None:
    brand = await world.brand()
    await StaffCaller(brand, MARY).sees(Seen.CONTACTS, 12)
    await StaffCaller(brand, MARY).sees(Seen.AMBASSADORS, 1, Act.READ)
    (later, first), cursor = await access_log.entries(brand, 10, None)
    assert cursor is None
    assert {(e.kind, e.act, e.count) for e in (later, first)} == {
        ("contacts", "listed", 12),
        ("ambassadors", "read", 1),
    }
    assert later.actor == first.actor == access_log.actor(brand, MARY), "the same user has the same pseudonym"
    assert "mary" not in str(first.to_document()), "and it does not tell who that is"


@pytest.mark.rule("VIS-7")
async def test_the_pseudonym_of_one_brand_says_nothing_at_another(world: World) -> None:
    acme, globex = await world.brand(), await world.brand("globex")
    await StaffCaller(acme, MARY).sees(Seen.CONTACTS, 1)
    assert access_log.actor(acme, MARY) != access_log.actor(globex, MARY)
    assert await access_log.entries(globex, 10, None) == ([], None)


@pytest.mark.rule("RET-11")
async def test_an_access_is_forgotten_after_a_year(world: World) -> None:
    brand = await world.brand()
    await StaffCaller(brand, MARY).sees(Seen.CONTACTS, 1)
    world.clock.advance(days=364)
    await StaffCaller(await world.brand(), MARY).sees(Seen.CONTACTS, 2)
    assert (await world.recover()).forgotten == 0
    world.clock.advance(days=1)
    assert (await world.recover()).forgotten == 1
    kept, _ = await access_log.entries(await world.brand(), 10, None)
    assert [entry.count for entry in kept] == [2]
