"""Staff at the Manager's doors: named users, their brands and roles, and an end at the next request."""

import pytest

from shared.domain import containers
from shared.domain.errors import UnauthenticatedError, UnknownObjectError
from shared.domain.staff import MAY_RUN_SWEEPS, Role, StaffMember
from shared.usecases.collections import Collection
from shared.usecases.staff_sessions import LASTS, open_staff_session, staff_of_brand
from tests.support.world import World


@pytest.fixture
def staff(world: World) -> Collection[StaffMember]:
    """The users of the Manager."""
    return Collection(world.ports.store.platform(containers.STAFF), StaffMember, "id")


@pytest.mark.rule("VIS-1")
@pytest.mark.rule("BR-1")
async def test_a_named_user_reaches_the_own_brands_in_the_own_role(
    world: World, staff: Collection[StaffMember]
) -> None:
    member = StaffMember(id="u1", role=Role.BRAND_ADMIN, brands=("acme",))
    token = await open_staff_session(world.ports, staff, member)
    found = await staff_of_brand(world.ports, staff, token, "acme", MAY_RUN_SWEEPS)
    assert (found.id, found.role) == ("u1", Role.BRAND_ADMIN)
    for brand, roles in (("globex", MAY_RUN_SWEEPS), ("acme", frozenset({Role.TECHNICAL_TEAM}))):
        with pytest.raises(UnknownObjectError):
            await staff_of_brand(world.ports, staff, token, brand, roles)


@pytest.mark.rule("VIS-5")
async def test_a_session_ends_when_it_is_revoked_replaced_or_over(world: World, staff: Collection[StaffMember]) -> None:
    member = StaffMember(id="u1", role=Role.TECHNICAL_TEAM)
    first = await open_staff_session(world.ports, staff, member)
    second = await open_staff_session(world.ports, staff, member)
    await staff_of_brand(world.ports, staff, second, "acme", set(Role))
    for wrong in (first, None, "", second[:-3]):
        with pytest.raises(UnauthenticatedError):
            await staff_of_brand(world.ports, staff, wrong, "acme", set(Role))
    current = await staff.get("u1", "u1")
    assert current
    await staff.replace(current, current.record.changed(session=None))
    with pytest.raises(UnauthenticatedError):
        await staff_of_brand(world.ports, staff, second, "acme", set(Role))
    third = await open_staff_session(world.ports, staff, member)
    world.clock.advance(LASTS)
    with pytest.raises(UnauthenticatedError):
        await staff_of_brand(world.ports, staff, third, "acme", set(Role))
