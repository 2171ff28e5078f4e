"""What a brand writes to all of its ambassadors (AMB-4): who wants that kind of mail gets it, and the report says how many."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from shared.domain.ambassador import AccountMail
from shared.domain.ids import new_id
from shared.domain.policy import BrandStatus
from shared.domain.records import Instant, Record


class NewsletterKind(StrEnum):
    """What it is about: each kind has a switch of its own."""

    NEWSLETTER = "newsletter"
    EVENT = "event"
    CHALLENGE = "challenge"
    SUSPENDED = "suspended"  # the one mail that a suspended brand sends (DEL-6)

    @property
    def of_brands(self) -> BrandStatus:
        """The status in which a brand sends it."""
        return BrandStatus.SUSPENDED if self is NewsletterKind.SUSPENDED else BrandStatus.ACTIVE

    @property
    def mail(self) -> AccountMail:
        """The mail that carries it."""
        return AccountMail(self.value)


class Newsletter(Record):
    """One mail to everybody; `open_since` stands until each ambassador was looked at."""

    id: str = Field(default_factory=new_id)
    kind: NewsletterKind = NewsletterKind.NEWSLETTER
    subject: str
    body: str
    by: str
    started_at: Instant
    open_since: Instant | None = None
    finished_at: Instant | None = None
    cursor: str | None = None
    queued: int = 0
    skipped: Mapping[str, int] = {}
