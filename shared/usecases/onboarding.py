"""A brand is made, with the first of its account team (VIS-5): afterwards that team names everybody else."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from shared.domain.errors import ChangedMeanwhileError, ExistsError, ForbiddenError
from shared.domain.policy import BrandRecord
from shared.domain.staff import Role, Seat, StaffMember
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Collection
from shared.usecases.saving import ATTEMPTS

LARGEST_TEAM = 20


@dataclass(frozen=True, slots=True)
class First:
    """One of the account team, by tenant and object id."""

    id: str
    display_name: str


async def make_brand(brands: Brands, wanted: BrandRecord) -> BrandRecord:
    """Makes the brand with keys of its own; the same again changes nothing and goes on where it was cut short.

    An id is used once: raises ExistsError for one that is, or was, another brand's.
    """
    await brands.create(wanted)
    made = (await brands.records.get(wanted.id, wanted.id)) if await _has_keys(brands, wanted.id) else None
    if made is None or (made.record.policy, made.record.account) != (wanted.policy, wanted.account):
        raise ExistsError
    return made.record


async def name_account_team(users: Collection[StaffMember], brand: Brand, team: Sequence[First], by: str) -> None:
    """Names the first of the brand's account team, `by` one of the technical team; again changes nothing.

    Raises ForbiddenError for a brand whose team has others already: they name whoever comes after them (VIS-5).
    """
    if await _account_team(users, brand.id) - {member.id for member in team}:
        raise ForbiddenError
    for member in team:
        await _name(users, brand, member, by)


async def _has_keys(brands: Brands, id: str) -> bool:
    """Unless they were destroyed (DEL-5)."""
    keys = await brands.keys.get(id, id)
    return keys is not None and keys.record.backup is not None


async def _account_team(users: Collection[StaffMember], brand: str) -> set[str]:
    there = (Where("grants", ">=", "|"), Where("grants", "contains", f"|{brand}:{Role.ACCOUNT_TEAM}|"))
    page, _ = await users.page(Query(there, order_by="grants", limit=LARGEST_TEAM + 1))
    return {item.record.id for item in page}


async def _name(users: Collection[StaffMember], brand: Brand, member: First, by: str) -> None:
    seat = Seat(role=Role.ACCOUNT_TEAM, display_name=member.display_name, granted_at=brand.now(), granted_by=by)
    for _ in range(ATTEMPTS):
        current = await users.get(member.id, member.id)
        after = current.record if current else StaffMember(id=member.id, role=Role.ACCOUNT_TEAM)
        if after.manages(brand.id):
            return
        with suppress(ConflictError, StaleError):
            if current is None:
                await users.create(after.granted(brand.id, seat))
            else:
                await users.replace(current, after.granted(brand.id, seat))
            return
    raise ChangedMeanwhileError
