"""Staff at the Manager's doors: a session token, checked against the named user at each request (VIS-1, VIS-5)."""

import hmac
from collections.abc import Collection as Roles
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.access_log import Act, Seen
from shared.domain.errors import CsrfError, ForbiddenError, UnauthenticatedError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.staff import Role, StaffMember
from shared.domain.tokens import Purpose
from shared.domain.visibility import Viewer
from shared.ports import ConflictError, Ports, StaleError
from shared.usecases import access_log
from shared.usecases.brands import Brand
from shared.usecases.collections import Collection, Versioned
from shared.usecases.saving import ATTEMPTS
from shared.usecases.sessions import SignedIn

LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class StaffCaller:
    """The member of staff behind a request, at a brand that is theirs."""

    brand: Brand
    member: StaffMember

    @property
    def viewer(self) -> Viewer:
        """As whom they look at the brand."""
        return Viewer(self.member.role)

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


async def sign_in(ports: Ports, staff: Collection[StaffMember], id: str) -> SignedIn:
    """Gives a named user whom an identity provider vouched for a session, in place of any other (VIS-5).

    Raises ForbiddenError when nobody is listed under this tenant and object ID: nobody is made by signing in.
    """
    for _ in range(ATTEMPTS):
        current = await staff.get(id, id)
        if current is None:
            break
        session, expires = new_id(), ports.clock.now() + LASTS
        try:
            await staff.replace(current, current.record.changed(session=session, session_expires_at=expires))
        except StaleError:
            continue
        return SignedIn(
            ports.tokens.issue(Purpose.STAFF_SESSION, {"u": id, "s": session}, expires),
            ports.tokens.issue(Purpose.CSRF, {"s": session}, expires),
            expires,
        )
    raise ForbiddenError


async def sign_out(staff: Collection[StaffMember], current: Versioned[StaffMember]) -> None:
    """Ends the user's session at once."""
    with suppress(StaleError):  # signed in anew, or revoked, meanwhile: that session is gone too
        await staff.replace(current, current.record.changed(session=None, session_expires_at=None))


def csrf_token(ports: Ports, member: StaffMember) -> str:
    """What a change asked for by cookie must add."""
    return ports.tokens.issue(Purpose.CSRF, {"s": member.session or ""}, member.session_expires_at or ports.clock.now())


def check_csrf(ports: Ports, member: StaffMember, token: str | None) -> None:
    """A change asked for by cookie needs the session's own CSRF token; raises CsrfError without it."""
    claims = ports.tokens.read(Purpose.CSRF, token, ports.clock.now()) if token else None
    if claims is None or not hmac.compare_digest(claims["s"], member.session or ""):
        raise CsrfError


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
    """The user of a token in the role they have at the brand, if that fits; else the brand is unknown to them (BR-1)."""
    found = (await staff_member(ports, staff, token)).record
    role = found.role_at(brand)
    if role is None or role not in roles:
        raise UnknownObjectError
    return found.changed(role=role)
