"""A brand and its policy (BR-2): every duration, text and switch, validated when saved."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from shared.domain.errors import WrongStatusError
from shared.domain.records import Instant, Record


class BrandStatus(StrEnum):
    """Where a brand stands (BR-3)."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Durations(Record):
    """How long each state may last, in days (a year is 365); a change takes effect at the next sweep."""

    new: Annotated[int, Field(ge=1, le=90)] = 30
    invitation: Annotated[int, Field(ge=1, le=60)] = 15
    opted_out: Annotated[int, Field(ge=30, le=1095)] = 365
    inactive_contact: Annotated[int, Field(ge=30, le=1825)] = 1095
    inactive_ambassador: Annotated[int, Field(ge=180, le=1825)] = 1095
    inactivity_warning: Annotated[int, Field(ge=30, le=90)] = 30  # before that; the second follows after half of it
    brand_ended: Annotated[int, Field(ge=1, le=30)] = 7
    brand_suspended: Annotated[int, Field(ge=30, le=183)] = 183
    unconfirmed_sign_up: Annotated[int, Field(ge=1, le=30)] = 15
    leaving: Annotated[int, Field(ge=1, le=30)] = 7
    access_log: Annotated[int, Field(ge=180, le=1095)] = 365
    rights_requests: Annotated[int, Field(ge=365, le=3650)] = 1095  # since they were closed


class Sender(Record):
    """Who the brand's mails come from."""

    email: str = Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    name: str = Field(min_length=1, max_length=100)


class WhiteListMode(StrEnum):
    """Who may register by form or Facebook, by the list that the brand loaded (REG-3)."""

    OFF = "off"
    EMAILS = "emails"
    CUSTOMER_IDS = "customer_ids"


class Registration(Record):
    """By which ways people may become ambassadors (REG-1, REG-3); with SSO alone, form and Facebook refuse."""

    form: bool = True
    facebook: bool = True
    sso: bool = True
    white_list: WhiteListMode = WhiteListMode.OFF


class SingleSignOn(Record):
    """The brand's own directory at Entra ID (REG-2); `customer_id_claim` names the claim that holds the customer ID."""

    tenant: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    customer_id_claim: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_]{1,60}$")


class Features(Record):
    """What a brand has on (BR-2); what stands off needs an agreement of its own before it is turned on."""

    blog_button: bool = True
    message_button: bool = True
    forms: bool = True
    sync: bool = False  # only where ambassadors are direct sellers or employees (COL-3)
    social_import: bool = False
    direct_selling: bool = False
    opt_in_evidence: bool = False  # in direct selling: ambassadors may enter who agreed elsewhere (COL-1)


class CommunityDisplay(StrEnum):
    """How the community calls an ambassador (VIS-4)."""

    FULL = "full"
    FIRST_NAME_AND_INITIAL = "first_name_and_initial"
    INITIALS = "initials"


class SweepGuard(Record):
    """RET-18: a sweep over both limits waits for a person."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.10
    records: Annotated[int, Field(ge=1)] = 1000


_LOGO = r"^data:image/(png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$"
_COLOUR = r"^#[0-9a-fA-F]{6}$"

ConsentBox = Literal["ambassador", "brand", "partners"]
AmbassadorField = Literal["customerId", "dateOfBirth", "address", "interests", "position"]


ContentHost = Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]


class Policy(Record):
    """What a brand decides; the defaults are the platform's."""

    display_name: str = Field(min_length=1, max_length=100)
    sender: Sender
    privacy_policy_url: str = Field(max_length=2000)
    terms_version: str = Field(default="1", min_length=1, max_length=40)
    logo: str | None = Field(default=None, max_length=100_000, pattern=_LOGO)
    primary_colour: str = Field(default="#1f4f82", pattern=_COLOUR)
    text_on_primary: str = Field(default="#ffffff", pattern=_COLOUR)
    languages: tuple[Literal["en", "fr"], ...] = Field(default=("en", "fr"), min_length=1)
    durations: Durations = Durations()
    required_ambassador_fields: tuple[AmbassadorField, ...] = ()
    consent_boxes: tuple[ConsentBox, ...] = ("ambassador", "brand", "partners")  # those that its forms show
    registration: Registration = Registration()
    sso: SingleSignOn | None = None
    community_display: CommunityDisplay = CommunityDisplay.FIRST_NAME_AND_INITIAL
    voucher_days: Annotated[int, Field(ge=1, le=365)] = 90
    soft_bounce_limit: Annotated[int, Field(ge=2, le=20)] = 5
    sweep_guard: SweepGuard = SweepGuard()
    features: Features = Features()
    content_hosts: tuple[ContentHost, ...] = ()  # the brand's own sites: nothing else is published; none: anything is
    trace_days: Annotated[int, Field(ge=1, le=30)] = 7
    cookie_hours: Annotated[int, Field(ge=1, le=8760)] = 4320
    analytics_id: str | None = Field(default=None, pattern=r"^(G|UA)-[A-Z0-9-]{4,20}$")
    time_zone: str = Field(default="Europe/Paris", max_length=60)  # in which the days of a due date end (RGT-5)
    rights_team: str | None = Field(
        default=None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
    )  # told of due ones

    @field_validator("languages", "consent_boxes", "required_ambassador_fields")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("must hold each only once")
        return value

    @field_validator("privacy_policy_url")
    @classmethod
    def _an_https_page(cls, value: str) -> str:
        if not re.fullmatch(r"https://[^\s<>\"']+", value):
            raise ValueError("must be an https address")
        return value

    @field_validator("time_zone")
    @classmethod
    def _a_known_zone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be a time zone such as Europe/Paris") from None
        return value


class StatusAction(StrEnum):
    """What can be done with a brand as a whole (BR-3)."""

    SUSPEND = "suspend"
    RESUME = "resume"
    END = "end"
    RESTORE = "restore"


# action → the statuses that it leads from
_FROM: Mapping[StatusAction, tuple[BrandStatus, ...]] = {
    StatusAction.SUSPEND: (BrandStatus.ACTIVE,),
    StatusAction.RESUME: (BrandStatus.SUSPENDED,),
    StatusAction.END: (BrandStatus.ACTIVE, BrandStatus.SUSPENDED),
    StatusAction.RESTORE: (BrandStatus.ENDED,),
}


class BrandRecord(Record):
    """A tenant, the data controller (BR-1); since when it is suspended outlives an end that is taken back (RET-10)."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,30}$")
    account: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")  # None: the platform's own
    policy: Policy
    created_at: Instant | None = None
    status: BrandStatus = BrandStatus.ACTIVE
    status_since: Instant | None = None
    status_reason: str | None = None
    status_by: str | None = None
    suspended_since: Instant | None = None
    erasing: Literal["RET-9", "RET-10"] | None = None  # its people are being erased by this rule: there is no way back
    erased_at: Instant | None = None  # nobody of then is left
    destroyed_at: Instant | None = None  # and neither are its keys (DEL-5)
    restoring_to: Instant | None = None  # a restore under way goes back to it; so long nobody knows the brand (BAK-3)

    def restorable_until(self) -> datetime | None:
        """How long an end can be taken back (RET-9); None unless it ended."""
        if self.status is not BrandStatus.ENDED or self.status_since is None:
            return None
        return self.status_since + timedelta(days=self.policy.durations.brand_ended)

    @property
    def suspension(self) -> str | None:
        """What a suspension is called in the links of its mail; None when there is none."""
        return f"{self.suspended_since:%Y%m%d%H%M%S}" if self.suspended_since else None

    @property
    def being_erased(self) -> bool:
        """Whether its people are being erased just now; for a brand that ended, also once they are (RET-9)."""
        return self.erasing == "RET-9" or (self.erasing is not None and self.erased_at is None)

    def after(self, action: StatusAction, at: datetime, by: str, reason: str) -> "BrandRecord":
        """The brand after an action; raises WrongStatusError when it does not stand where that leads from."""
        until = self.restorable_until()
        if self.status not in _FROM[action] or (until and until <= at) or self.being_erased:
            raise WrongStatusError
        since = self.suspended_since
        match action:
            case StatusAction.SUSPEND:
                status, since = BrandStatus.SUSPENDED, at
            case StatusAction.RESUME:
                status, since = BrandStatus.ACTIVE, None
            case StatusAction.END:
                status = BrandStatus.ENDED
            case StatusAction.RESTORE:
                status = BrandStatus.SUSPENDED if since else BrandStatus.ACTIVE
        return self.changed(
            status=status,
            status_since=since if status is BrandStatus.SUSPENDED and since else at,
            status_reason=reason,
            status_by=by,
            suspended_since=since,
            erasing=None if status is BrandStatus.ACTIVE else self.erasing,
            erased_at=None if status is BrandStatus.ACTIVE else self.erased_at,
        )
