"""What an ambassador lets the platform do on social networks (AMB-5): withdrawn at any time, disabled when nobody uses it."""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.hashing import WrappedKey
from shared.domain.records import Instant, Record

UNUSED_FOR = timedelta(days=90)
# A use is noted once a day: a record is not written for each.
NOTED_EVERY = timedelta(days=1)


class Network(StrEnum):
    """The networks; only of those that are `collecting` anything is ever fetched."""

    FACEBOOK = "facebook"
    FACEBOOK_PAGES = "facebook_pages"
    INSTAGRAM = "instagram"
    TWITTER = "twitter"
    LINKEDIN = "linkedin"
    MESSENGER = "messenger"
    WHATSAPP = "whatsapp"
    PINTEREST = "pinterest"

    @property
    def collecting(self) -> bool:
        """Whether a grant lets data be collected, and so holds a token."""
        return self not in (Network.MESSENGER, Network.WHATSAPP, Network.PINTEREST)


class SocialGrant(Record):
    """One grant. The token is encrypted under a master key that is in no database; of the account there is but a hash.

    Both are there only where the network said whose the token is: of what cannot be asked about, nothing is kept or used.
    """

    network: Network
    account_hash: str | None = None
    token: WrappedKey | None = None
    verified_at: Instant | None = None
    granted_at: Instant
    last_used_at: Instant
    disabled_at: Instant | None = None

    @property
    def active(self) -> bool:
        """Whether it stands; what has been left unused for too long does not."""
        return self.disabled_at is None

    @property
    def usable(self) -> bool:
        """Whether anything may be read by it."""
        return self.active and self.verified_at is not None

    def used(self, now: datetime) -> "SocialGrant":
        """The grant after a use; the very same when one was noted lately, or it may not be used."""
        return self.changed(last_used_at=now) if self.active and now - self.last_used_at >= NOTED_EVERY else self

    def disabled(self, now: datetime) -> "SocialGrant":
        """The grant without what opens anything."""
        return self.changed(token=None, account_hash=None, disabled_at=now)


def network_claim(network: Network, account_hash: str) -> str:
    """Under which an ambassador is found by an account on a network."""
    return f"{network.value}.{account_hash}"
