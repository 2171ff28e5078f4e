"""The named users of the Manager (VIS-5): listed, granted, changed and revoked at one brand, by whom that brand lets.

What somebody is at another brand is neither shown nor touched. A brand's last administrator stays, also when two take each
other away in one moment: who goes is written down first, in one document for the brand, and does not count any more.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from shared.domain.containers import STAFF
from shared.domain.errors import (
    ChangedMeanwhileError,
    ForbiddenError,
    LastAdministratorError,
    OtherRoleError,
    UnknownObjectError,
)
from shared.domain.staff import BRAND_ROLES, MAY_GRANT, AdministratorsGoing, Role, Seat, StaffMember
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.collections import Collection
from shared.usecases.paging import unveiled, veiled
from shared.usecases.saving import ATTEMPTS
from shared.usecases.staff_sessions import StaffCaller

Users = Collection[StaffMember]


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom to name, as what, and at which brands."""

    id: str
    display_name: str
    role: Role
    brands: tuple[str, ...]


async def find_users(
    users: Users, caller: StaffCaller, limit: int, cursor: str | None
) -> tuple[list[StaffMember], str | None]:
    """One page of the brand's users: a brand's administrator finds those in a brand's role, a team all."""
    at = f"|{caller.brand.id}:"
    looks_for = at + "brand_" if caller.member.role in BRAND_ROLES else at
    place = unveiled(caller.brand, cursor)  # veiled, for it repeats what the last of a page is at every brand
    query = Query((_any(), Where("grants", "contains", looks_for)), order_by="grants", limit=limit, cursor=place)
    page, following = await users.page(query)
    return [item.record for item in page], veiled(caller.brand, following)


async def grant(users: Users, caller: StaffCaller, wanted: Grant) -> StaffMember:
    """Names a user at brands that the caller manages, in a role that the caller may give; granting it again changes nothing.

    Raises ForbiddenError beyond that, and OtherRoleError for who has another role at one of the brands.
    """
    for brand in wanted.brands:
        own = caller.member.role if brand == caller.brand.id else caller.member.role_at(brand)
        if own is None or wanted.role not in MAY_GRANT.get(own, ()):
            raise ForbiddenError
    for _ in range(ATTEMPTS):
        current = await users.get(wanted.id, wanted.id)
        after = current.record if current else StaffMember(id=wanted.id, role=wanted.role)
        seat = _seat(caller, wanted.role, wanted.display_name)
        for brand in wanted.brands:
            held = after.role_at(brand)
            if held not in (None, wanted.role):
                raise OtherRoleError
            after = after if held else after.granted(brand, seat)
        try:
            if current is None:
                return (await users.create(after)).record
            return (await users.replace(current, after)).record
        except (ConflictError, StaleError):
            continue
    raise ChangedMeanwhileError


async def get_user(users: Users, caller: StaffCaller, user: str) -> StaffMember:
    """A user whom the caller may change; raises UnknownObjectError for any other."""
    current = await users.get(user, user)
    if current is None or current.record.role_at(caller.brand.id) not in MAY_GRANT.get(caller.member.role, ()):
        raise UnknownObjectError
    return current.record


async def change_role(users: Users, caller: StaffCaller, user: str, role: Role) -> StaffMember:
    """Gives a user another role at the brand, from the user's next request on."""
    if role not in MAY_GRANT.get(caller.member.role, ()):
        raise ForbiddenError
    after = await _change(
        users, caller, user, lambda u: _promoted(u, caller, role), may_be_last=role is Role.BRAND_ADMIN
    )
    if after is None:
        raise UnknownObjectError
    return after


async def revoke(users: Users, caller: StaffCaller, user: str, *, even_the_last: bool = False) -> None:
    """Takes a user's role at the brand away; with the last brand, the user and any session of theirs.

    The last administrator stays, unless the account team says that it means it.
    """
    deliberate = even_the_last and caller.member.role not in BRAND_ROLES
    await _change(users, caller, user, lambda u: u.revoked(caller.brand.id), may_be_last=deliberate)


async def _change(
    users: Users,
    caller: StaffCaller,
    user: str,
    act: Callable[[StaffMember], StaffMember | None],
    *,
    may_be_last: bool,
) -> StaffMember | None:
    """The user after the act, None when that leaves nothing of them."""
    for _ in range(ATTEMPTS):
        current = await users.get(user, user)
        role = current.record.role_at(caller.brand.id) if current else None
        if current is None or role not in MAY_GRANT.get(caller.member.role, ()):
            raise UnknownObjectError
        guarded = role is Role.BRAND_ADMIN and not may_be_last
        try:
            if guarded:
                await _say_who_goes(users, caller, user)
            after = act(current.record)
            if after is None:
                await users.delete(current)
            else:
                after = (await users.replace(current, after)).record
        except (ConflictError, StaleError):
            continue
        if guarded:
            await _say_who_went(caller, user)
        return after
    raise ChangedMeanwhileError


async def _say_who_goes(users: Users, caller: StaffCaller, user: str) -> None:
    """Takes a user out of the count before anything else; raises LastAdministratorError when nobody would be left in it.

    Raises ConflictError or StaleError when somebody else goes in this moment: then it is to be judged again.
    """
    brand, now, known = caller.brand.id, caller.brand.now(), await _going(caller).get(*_of(caller))
    going = {**(known.record.at_work(now) if known else {}), user: now}
    if not await _anybody_but(users, brand, going):
        raise LastAdministratorError
    fresh = AdministratorsGoing(id=AdministratorsGoing.of(brand), since=going)
    await (_going(caller).replace(known, fresh) if known else _going(caller).create(fresh))


async def _say_who_went(caller: StaffCaller, user: str) -> None:
    """Forgets who is gone; what a crash leaves of it lapses by itself."""
    for _ in range(ATTEMPTS):
        known = await _going(caller).get(*_of(caller))
        if known is None or user not in known.record.since:
            return
        rest = {id: since for id, since in known.record.since.items() if id != user}
        with suppress(StaleError):
            await _going(caller).replace(known, known.record.changed(since=rest))
            return


def _going(caller: StaffCaller) -> Collection[AdministratorsGoing]:
    return Collection(caller.brand.ports.store.platform(STAFF), AdministratorsGoing, "id")


def _of(caller: StaffCaller) -> tuple[str, str]:
    id = AdministratorsGoing.of(caller.brand.id)
    return id, id


def _promoted(user: StaffMember, caller: StaffCaller, role: Role) -> StaffMember:
    brand = caller.brand.id
    return user.granted(brand, _seat(caller, role, user.name_at(brand) or user.id))


def _seat(caller: StaffCaller, role: Role, name: str) -> Seat:
    return Seat(role=role, display_name=name, granted_at=caller.brand.now(), granted_by=caller.member.id)


async def _anybody_but(users: Users, brand: str, going: Mapping[str, object]) -> bool:
    """Whether somebody administers the brand who is none of these."""
    administrators = Where("grants", "contains", f"|{brand}:{Role.BRAND_ADMIN}|")
    page, _ = await users.page(Query((_any(), administrators), order_by="grants", limit=len(going) + 1))
    return any(item.record.id not in going for item in page)


def _any() -> Where:
    """Every user, in a form that an index answers."""
    return Where("grants", ">=", "|")
