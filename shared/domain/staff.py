"""The named users of the Manager (VIS-1, VIS-2): whose brands they may see, and as what."""

from enum import StrEnum

from shared.domain.records import Instant, Record


class Role(StrEnum):
    """What a member of staff is."""

    ACCOUNT_TEAM = "account_team"
    TECHNICAL_TEAM = "technical_team"
    BRAND_ADMIN = "brand_admin"
    BRAND_SUPPORT = "brand_support"
    BRAND_COMMUNITY = "brand_community"


class StaffMember(Record):
    """One user; `session` is the id of the session in force, and taking it away ends it at the next request (VIS-5)."""

    id: str
    role: Role
    brands: tuple[str, ...] = ()
    session: str | None = None
    session_expires_at: Instant | None = None

    def manages(self, brand: str) -> bool:
        """Whether the brand is one of theirs; the technical team sees all."""
        return self.role is Role.TECHNICAL_TEAM or brand in self.brands


BRAND_ROLES = frozenset({Role.BRAND_ADMIN, Role.BRAND_SUPPORT, Role.BRAND_COMMUNITY})
TEAMS = frozenset({Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM})

# Who may do what; what a table of fields lets each of them see stands in `visibility`.
MAY_LOOK = frozenset(Role)
MAY_MANAGE_KEYS = frozenset({Role.ACCOUNT_TEAM, Role.BRAND_ADMIN})
MAY_RUN_SWEEPS = frozenset({Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM, Role.BRAND_ADMIN})
