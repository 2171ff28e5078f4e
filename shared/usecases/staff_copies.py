"""A brand's users of the Manager in its backups, and back into an installation that has none (BAK-1, VIS-5)."""

from collections.abc import AsyncIterator

from shared.domain.containers import STAFF
from shared.domain.staff import KeptSeat, StaffMember
from shared.ports import Query, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Collection


async def seats_of(brand: Brand) -> tuple[KeptSeat, ...]:
    """Who is what at the brand, without any session. The technical team is nobody's and is named anew by who installs."""
    return tuple([KeptSeat.of(user, brand.id) async for user in _users(brand)])


async def seat_again(brand: Brand, kept: tuple[KeptSeat, ...]) -> int:
    """Gives the users their seats back where nobody has one; gives how many.

    Where somebody has, the users were not lost: who was revoked since stays so.
    """
    if [user async for user in _users(brand)]:
        return 0
    users = _all(brand)
    known = await users.get_many([(seat.user, seat.user) for seat in kept])
    changes = []
    for seat in kept:
        current = known.get((seat.user, seat.user))
        changes.append(Change(current, seat.given_to(current.record if current else None, brand.id)))
    await users.write_many(changes)
    return len(changes)


async def _users(brand: Brand) -> AsyncIterator[StaffMember]:
    query = Query((Where("grants", ">=", "|"), Where("grants", "contains", f"|{brand.id}:")), order_by="grants")
    async for page in _all(brand).pages(query):
        for item in page:
            yield item.record


def _all(brand: Brand) -> Collection[StaffMember]:
    return Collection(brand.ports.store.platform(STAFF), StaffMember, "id")
