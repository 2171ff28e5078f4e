"""A photo that an ambassador uploaded (ACT-2): it stays theirs, and is used by others only while their consent holds."""

from datetime import datetime, timedelta

from pydantic import Field

from shared.domain.contest import Contest, ReuseConsent
from shared.domain.ids import new_id
from shared.domain.ledger import Entry
from shared.domain.records import Instant, Record


class Ugc(Record):
    """The photo's record; the picture is a file, sealed under a key that stands here alone.

    `unsettled_since` stands while the file is being written or deleted, so that a timer finds what a crash left. What was
    ever agreed to stays provable: then the record outlives the picture, empty.
    """

    id: str = Field(default_factory=new_id)
    ambassador_id: str
    created_at: Instant
    caption: str | None = None
    file: str | None = None
    key: str | None = None
    media_type: str = "image/jpeg"
    consent: ReuseConsent | None = None
    detached_at: Instant | None = None  # the ambassador went, the contest's consent still holds (RET-12)
    unsettled_since: Instant | None = None
    delete_at: Instant | None = None
    proof: Entry | None = None

    @property
    def shown(self) -> bool:
        """Whether there is a picture to show."""
        return self.file is not None and self.unsettled_since is None

    def may_be_reused(self, contest: str, now: datetime) -> bool:
        """Whether the brand may use the picture for this contest now: a consent names it, stands, and is not over."""
        consent = self.consent
        if consent is None or not self.shown or consent.contest != contest:
            return False
        return consent.withdrawn_at is None and now < consent.until

    def agreed(self, contest: Contest, now: datetime) -> "Ugc":
        """The photo with a consent to this contest; the very same when it stands already."""
        if self.may_be_reused(contest.id, now) and self.consent and self.consent.text_version == contest.text_version:
            return self
        until = now + timedelta(days=contest.days)
        consent = ReuseConsent(
            contest=contest.id,
            usage=contest.usage,
            days=contest.days,
            text_version=contest.text_version,
            given_at=now,
            until=until,
        )
        return self.changed(consent=consent, delete_at=until)

    def withdrawn(self, now: datetime) -> "Ugc":
        """The photo, not to be used by anybody else any more; it is the ambassador's own again."""
        if self.consent is None or self.consent.withdrawn_at:
            return self
        return self.changed(consent=self.consent.changed(withdrawn_at=now), delete_at=None)

    def emptied(self) -> "Ugc":
        """What is left when the picture is gone: the proof of what was agreed to, and nothing to see."""
        return Ugc(
            id=self.id,
            ambassador_id=self.ambassador_id,
            created_at=self.created_at,
            consent=self.consent,
            detached_at=self.detached_at,
            proof=self.proof,
        )
