"""The users of the Manager come back into an installation that has none, as what they were (BAK-1, VIS-5)."""

import pytest

from shared.domain import containers
from shared.domain.staff import Role, Seat, StaffMember
from shared.ports import Query
from shared.usecases.collections import Collection
from shared.usecases.restore import restore
from tests.support.disaster import after_the_loss, backed_up
from tests.support.world import World

pytestmark = [pytest.mark.rule("BAK-1"), pytest.mark.rule("VIS-5")]


def users(world: World) -> Collection[StaffMember]:
    """The installation's users."""
    return Collection(world.ports.store.platform(containers.STAFF), StaffMember, "id")


async def roles(world: World) -> dict[str, tuple[Role | None, Role | None]]:
    """What each is at acme and at globex."""
    page, _ = await users(world).page(Query(order_by="grants"))
    return {item.record.id: (item.record.role_at("acme"), item.record.role_at("globex")) for item in page}


async def staffed(world: World) -> None:
    """An administrator of acme who supports globex, somebody of the account team, and an administrator of globex."""
    now = world.clock.now()

    def seat(role: Role) -> Seat:
        return Seat(role=role, display_name="P", granted_at=now, granted_by="t.x")

    both = StaffMember(id="t.both", role=Role.BRAND_ADMIN, session="s", session_expires_at=now)
    both = both.granted("acme", seat(Role.BRAND_ADMIN)).granted("globex", seat(Role.BRAND_SUPPORT))
    await users(world).create(both)
    await users(world).create(StaffMember(id="t.team", role=Role.ACCOUNT_TEAM, brands=("acme", "globex")))
    await users(world).create(StaffMember(id="t.gil", role=Role.BRAND_ADMIN, brands=("globex",)))


async def test_each_brand_brings_its_own_users_back_and_no_session(world: World) -> None:
    await staffed(world)
    before = await roles(world)
    for brand in ("acme", "globex"):
        await backed_up(world, brand)
    fresh = after_the_loss(world)
    fresh.queue.queues.clear()
    done = [await restore(fresh.brands, brand, world.clock.now()) for brand in ("acme", "globex")]
    assert [one.seats for one in done] == [2, 3] and await roles(fresh) == before
    both = await users(fresh).get("t.both", "t.both")
    assert both and both.record.session is None and both.record.name_at("acme") == "P"


async def test_whoever_was_revoked_since_stays_so_where_the_users_were_not_lost(world: World) -> None:
    await staffed(world)
    await backed_up(world)
    fresh = after_the_loss(world)
    fresh.queue.queues.clear()
    await users(fresh).create(StaffMember(id="t.new", role=Role.BRAND_ADMIN, brands=("acme",)))
    assert (await restore(fresh.brands, "acme", world.clock.now())).seats == 0
    assert list(await roles(fresh)) == ["t.new"]


async def test_a_role_that_was_elsewhere_is_not_taken_along(world: World) -> None:
    await users(world).create(StaffMember(id="t.ann", role=Role.BRAND_SUPPORT, brands=("acme",)))
    await backed_up(world)
    fresh = after_the_loss(world)
    fresh.queue.queues.clear()
    await users(fresh).create(StaffMember(id="t.ann", role=Role.ACCOUNT_TEAM, brands=("globex",)))
    await restore(fresh.brands, "acme", world.clock.now())
    assert await roles(fresh) == {"t.ann": (None, Role.ACCOUNT_TEAM)}
