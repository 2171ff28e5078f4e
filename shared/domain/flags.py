"""What looks wrong and waits for a person to decide (ACT-5, art. 22): a flag says why, and punishes nobody."""

from enum import StrEnum

from shared.domain.records import Instant, Record
from shared.domain.retention import Clock, RuleId


class FlagKind(StrEnum):
    """What was noticed."""

    CLICK_BURST = "click_burst"
    SIGN_UP_BURST = "sign_up_burst"


class Flag(Record):
    """One suspicion, open until somebody of the staff closed it; `subject` is an id or a keyed hash, never clear data.

    It is forgotten a year after it was decided on, or raised where nobody decided (RET-11), and with the account it is about.
    """

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
    clock: Clock | None = None

    def closed(self, at: Instant, by: str, decision: str, because: str) -> "Flag":
        """The flag after a person decided."""
        decided = self.changed(open_since=None, closed_at=at, closed_by=by, decision=decision, decided_because=because)
        return decided.changed(clock=Clock(rule=RuleId.FLAG, since=at))

    @classmethod
    def raised(cls, id: str, kind: str, subject: str, reason: str, at: Instant) -> "Flag":
        """A flag that waits for a person."""
        clock = Clock(rule=RuleId.FLAG, since=at)
        return cls(id=id, kind=kind, subject=subject, reason=reason, at=at, open_since=at, clock=clock)
