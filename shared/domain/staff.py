"""The named users of the Manager (VIS-1, VIS-2, VIS-5): whose brands they may see, as what, and whom they may name."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from shared.domain.records import Instant, Record

GOING_TAKES = timedelta(minutes=5)


class Role(StrEnum):
    """What a member of staff is."""

    ACCOUNT_TEAM = "account_team"
    TECHNICAL_TEAM = "technical_team"
    BRAND_ADMIN = "brand_admin"
    BRAND_SUPPORT = "brand_support"
    BRAND_COMMUNITY = "brand_community"


class Seat(Record):
    """What a user is at one brand, as that brand's people named them."""

    role: Role
    display_name: str
    granted_at: Instant
    granted_by: str  # the id of who named them, or gave them this role


class StaffMember(Record):
    """One user; `session` is the id of the session in force, and taking it away ends it at the next request (VIS-5).

    `id` is `<tenant>.<object id>` in small letters. `role` is theirs at every brand of `brands` where they have no seat
    with another: who administers one brand may be named at a second without being anything more there.
    """

    id: str
    role: Role
    brands: tuple[str, ...] = ()
    seats: Mapping[str, Seat] = {}
    session: str | None = None
    session_expires_at: Instant | None = None

    def role_at(self, brand: str) -> Role | None:
        """What they are at a brand; None where they are nothing. The technical team is that everywhere."""
        if self.role is Role.TECHNICAL_TEAM:
            return self.role
        if brand not in self.brands:
            return None
        return self.seats[brand].role if brand in self.seats else self.role

    def manages(self, brand: str) -> bool:
        """Whether the brand is one of theirs; the technical team sees all."""
        return self.role_at(brand) is not None

    def granted(self, brand: str, seat: Seat) -> "StaffMember":
        """The user with this seat at the brand, and everywhere else as before."""
        return self.changed(brands=(*self._others(brand), brand), seats={**self.seats, brand: seat})

    def name_at(self, brand: str) -> str | None:
        """How the brand's people call them."""
        return self.seats[brand].display_name if brand in self.seats else None

    def revoked(self, brand: str) -> "StaffMember | None":
        """The user without the brand; None when no other is left."""
        rest = self._others(brand)
        seats = {id: seat for id, seat in self.seats.items() if id != brand}
        return self.changed(brands=rest, seats=seats) if rest else None

    def _others(self, brand: str) -> tuple[str, ...]:
        return tuple(id for id in self.brands if id != brand)

    @property
    def signs_in_as(self) -> tuple[str, str]:
        """The tenant and the object ID at the identity provider."""
        tenant, _, object_id = self.id.partition(".")
        return tenant, object_id

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The user of a stored document."""
        return super().from_document({name: value for name, value in document.items() if name != "grants"})

    def to_document(self) -> dict[str, Any]:
        """The document to store; `grants` is what users of a brand are found by."""
        grants = "".join(f"{brand}:{self.role_at(brand)}|" for brand in sorted(self.brands))
        return {**super().to_document(), "grants": f"|{grants}"}


class KeptSeat(Record):
    """What a user is at one brand, as the brand's backups keep it: no session, and nothing of other brands."""

    user: str
    role: Role
    seat: Seat | None = None

    @classmethod
    def of(cls, user: StaffMember, brand: str) -> "KeptSeat":
        """The seat of a user who has one."""
        return cls(user=user.id, role=user.role_at(brand) or user.role, seat=user.seats.get(brand))

    def given_to(self, user: StaffMember | None, brand: str) -> StaffMember:
        """The user with the seat: as another brand's restore has made them, or made anew."""
        known = user or StaffMember(id=self.user, role=self.role)
        if self.seat:
            return known.granted(brand, self.seat)
        if known.role is not self.role:
            return known  # what they are elsewhere is not to become theirs here
        return known.changed(brands=tuple(dict.fromkeys((*known.brands, brand))))


class AdministratorsGoing(Record):
    """Who is just being taken out of a brand's administration, and since when: of two at once the second sees the first.

    Kept beside the users, under an id that none of them can have.
    """

    id: str
    since: Mapping[str, Instant] = {}

    @staticmethod
    def of(brand: str) -> str:
        """The id for a brand."""
        return f"going:{brand}"

    def at_work(self, now: datetime) -> Mapping[str, Instant]:
        """Those that are not left over from what was cut short."""
        return {user: since for user, since in self.since.items() if now - since < GOING_TAKES}


BRAND_ROLES = frozenset({Role.BRAND_ADMIN, Role.BRAND_SUPPORT, Role.BRAND_COMMUNITY})
TEAMS = frozenset({Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM})

# Whom each role may name, change and revoke at a brand of its own: nobody above itself (VIS-5). The technical team and the
# first of the account team are named by whoever installs the suite.
MAY_GRANT: Mapping[Role, frozenset[Role]] = {
    Role.ACCOUNT_TEAM: BRAND_ROLES | {Role.ACCOUNT_TEAM},
    Role.BRAND_ADMIN: BRAND_ROLES,
}

# Who may do what; which fields each of them then sees stands in `visibility`.
MAY_LOOK = frozenset(Role)
MAY_CHANGE_POLICY = frozenset({Role.ACCOUNT_TEAM, Role.BRAND_ADMIN})
MAY_SEE_STATUS = frozenset({Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM, Role.BRAND_ADMIN})
MAY_CHANGE_STATUS = frozenset({Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM})
MAY_REMOVE_AMBASSADORS = frozenset({Role.ACCOUNT_TEAM, Role.BRAND_ADMIN})
MAY_SEE_USERS = frozenset({Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM, Role.BRAND_ADMIN})
MAY_MANAGE_USERS = frozenset(MAY_GRANT)
MAY_MANAGE_FORMS = frozenset({Role.ACCOUNT_TEAM, Role.BRAND_ADMIN})
MAY_MIGRATE = TEAMS  # contacts from before the law (COL-13)
MAY_MANAGE_KEYS = frozenset({Role.ACCOUNT_TEAM, Role.BRAND_ADMIN})
MAY_WRITE_TO_AMBASSADORS = frozenset({Role.ACCOUNT_TEAM, Role.BRAND_ADMIN, Role.BRAND_COMMUNITY})
MAY_MODERATE = MAY_WRITE_TO_AMBASSADORS
MAY_RUN_SWEEPS = frozenset({Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM, Role.BRAND_ADMIN})
MAY_SEE_SUPPRESSIONS = frozenset({Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM, Role.BRAND_ADMIN, Role.BRAND_SUPPORT})
MAY_RELEASE_ADDRESSES = frozenset({Role.ACCOUNT_TEAM})
MAY_DECIDE_FLAGS = frozenset({Role.ACCOUNT_TEAM, Role.BRAND_ADMIN, Role.BRAND_SUPPORT})
MAY_SEE_FLAGS = MAY_DECIDE_FLAGS | {Role.TECHNICAL_TEAM}
MAY_SEE_RIGHTS = frozenset({Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM, Role.BRAND_ADMIN})
MAY_ANSWER_RIGHTS = frozenset({Role.ACCOUNT_TEAM, Role.BRAND_ADMIN})
MAY_READ_ACCESS_LOG = frozenset({Role.TECHNICAL_TEAM})
