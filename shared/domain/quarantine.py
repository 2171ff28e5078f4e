"""What could not be processed and is kept aside: why, when, and which mail, without what it said."""

from shared.domain.records import Instant, Record


class QuarantinedEvent(Record):
    """One event of the mail provider that no contact could be found for."""

    id: str
    reason: str
    at: Instant
    custom_id: str | None = None
