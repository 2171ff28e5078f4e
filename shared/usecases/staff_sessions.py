"""Staff at the Manager's doors: a session token, checked against the named user at each request (VIS-1, VIS-5)."""

import hmac
from collections.abc import Collection as Roles
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.access_log import Act, Seen
from shared.domain.errors import UnauthenticatedError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.staff import Role, StaffMember
from shared.domain.tokens import Purpose
from shared.ports import ConflictError, Ports
from shared.usecases import access_log
from shared.usecases.brands import Brand
from shared.usecases.collections import Collection, Versioned

LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class StaffCaller:
    """The member of staff behind a request, at a brand that is theirs."""

    brand: Brand
    member: StaffMember

    async def sees(self, kind: Seen, count: int, act: Act = Act.LISTED) -> None:
        """Writes into the access log that personal data is about to be shown; awaited before the answer leaves (VIS-7)."""
        await access_log.note(self.brand, self.member, kind, act, count)


async def open_staff_session(
    ports: Ports, staff: Collection[StaffMember], member: StaffMember, *, lasts: timedelta = LASTS
) -> str:
    """Gives a named user a session, in place of any other; the user is made when there is none yet."""
    expires = ports.clock.now() + lasts
    session = new_id()
    try:
        current: Versioned[StaffMember] | None = await staff.create(member)
    except ConflictError:
        current = await staff.get(member.id, member.id)
    if current is None:
        raise UnauthenticatedError
    await staff.replace(current, member.changed(session=session, session_expires_at=expires))
    return ports.tokens.issue(Purpose.STAFF_SESSION, {"u": member.id, "s": session}, expires)


async def staff_member(ports: Ports, staff: Collection[StaffMember], token: str | None) -> Versioned[StaffMember]:
    """The user of a token, as they are now: a role or a brand taken away is gone at once."""
    claims = ports.tokens.read(Purpose.STAFF_SESSION, token, ports.clock.now()) if token else None
    found = await staff.get(claims["u"], claims["u"]) if claims else None
    if claims is None or found is None or found.record.session is None:
        raise UnauthenticatedError
    until = found.record.session_expires_at
    if not hmac.compare_digest(found.record.session, claims["s"]) or until is None or until <= ports.clock.now():
        raise UnauthenticatedError
    return found


async def staff_of_brand(
    ports: Ports, staff: Collection[StaffMember], token: str | None, brand: str, roles: Roles[Role]
) -> StaffMember:
    """The user of a token, if the brand is theirs and the role fits; else the brand is unknown to them (BR-1)."""
    found = await staff_member(ports, staff, token)
    if not found.record.manages(brand) or found.record.role not in roles:
        raise UnknownObjectError
    return found.record
