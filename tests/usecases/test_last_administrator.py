"""A brand keeps an administrator, also when two take each other away in one moment (VIS-5)."""

from collections.abc import Awaitable, Callable

import pytest

from shared.domain import containers
from shared.domain.errors import LastAdministratorError
from shared.domain.staff import GOING_TAKES, AdministratorsGoing, Role, StaffMember
from shared.ports import Query
from shared.usecases import users
from shared.usecases.collections import Collection, Versioned
from shared.usecases.staff_sessions import StaffCaller
from tests.support.world import World

pytestmark = pytest.mark.rule("VIS-5")
ONE, OTHER = "t.one", "t.other"


class Interleaved(Collection[StaffMember]):
    """Users of whom somebody else changes some, once, in the moment after a count or before a write."""

    at = "never"
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def _now(self, at: str) -> None:
        if self.at == at and self.meanwhile:
            act, self.meanwhile = self.meanwhile, None
            await act()

    async def page(self, query: Query) -> tuple[list[Versioned[StaffMember]], str | None]:
        found = await super().page(query)
        await self._now("after the count")
        return found

    async def replace(self, before: Versioned[StaffMember], after: StaffMember) -> Versioned[StaffMember]:
        await self._now("before the write")
        return await super().replace(before, after)

    async def delete(self, before: Versioned[StaffMember]) -> None:
        await self._now("before the write")
        await super().delete(before)


async def staffed(world: World, *ids: str) -> Interleaved:
    """The users, with these administrators of acme."""
    found = Interleaved(world.ports.store.platform(containers.STAFF), StaffMember, "id")
    for id in ids:
        await found.create(StaffMember(id=id, role=Role.BRAND_ADMIN, brands=("acme",)))
    return found


async def as_(world: World, id: str) -> StaffCaller:
    """An administrator of acme who asks."""
    member = StaffMember(id=id, role=Role.BRAND_ADMIN, brands=("acme",))
    return StaffCaller(await world.brand(), member)


async def left(found: Interleaved) -> list[str]:
    """Who administers acme."""
    page, _ = await found.page(Query(order_by="grants"))
    return [item.record.id for item in page if item.record.role_at("acme") is Role.BRAND_ADMIN]


@pytest.mark.parametrize("at", ["after the count", "before the write"])
@pytest.mark.parametrize("how", ["revoked", "demoted"])
async def test_of_two_who_take_each_other_away_at_once_one_stays(world: World, at: str, how: str) -> None:
    found = await staffed(world, ONE, OTHER)
    one, other = await as_(world, ONE), await as_(world, OTHER)
    refused = 0

    async def take(caller: StaffCaller, user: str) -> None:
        nonlocal refused
        try:
            if how == "revoked":
                await users.revoke(found, caller, user)
            else:
                await users.change_role(found, caller, user, Role.BRAND_SUPPORT)
        except LastAdministratorError:
            refused += 1

    found.at, found.meanwhile = at, lambda: take(other, ONE)
    await take(one, OTHER)
    assert len(await left(found)) == 1 and refused == 1


async def test_what_a_crash_left_keeps_the_brand_from_changing_its_mind_for_minutes_alone(world: World) -> None:
    found = await staffed(world, ONE, OTHER)
    one = await as_(world, ONE)
    going = Collection(world.ports.store.platform(containers.STAFF), AdministratorsGoing, "id")
    await going.create(AdministratorsGoing(id=AdministratorsGoing.of("acme"), since={ONE: world.clock.now()}))
    with pytest.raises(LastAdministratorError):
        await users.revoke(found, one, OTHER)
    world.clock.advance(GOING_TAKES)
    await users.revoke(found, one, OTHER)
    assert await left(found) == [ONE]
    known = await going.get(*[AdministratorsGoing.of("acme")] * 2)
    assert known and known.record.since == {}
