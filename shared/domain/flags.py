"""What looks wrong and waits for a person to decide (ACT-5, art. 22): a flag says why, and punishes nobody."""

from enum import StrEnum

from shared.domain.records import Instant, Record


class FlagKind(StrEnum):
    """What was noticed."""

    CLICK_BURST = "click_burst"
    SIGN_UP_BURST = "sign_up_burst"


class Flag(Record):
    """One suspicion, open until somebody of the staff closed it; `subject` is an id or a keyed hash, never clear data."""

    id: str
    kind: str
    subject: str
    reason: str
    at: Instant
    open_since: Instant | None = None
    closed_at: Instant | None = None
    closed_by: str | None = None
    decision: str | None = None
    decided_because: str | None = None

    def closed(self, at: Instant, by: str, decision: str, because: str) -> "Flag":
        """The flag after a person decided."""
        return self.changed(open_since=None, closed_at=at, closed_by=by, decision=decision, decided_because=because)
