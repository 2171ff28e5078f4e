"""The black list of a brand (SUP-1): by keyed hash, with reasons and dates, never the address."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from shared.domain.contact import SeenEvent, repeated_soft_bounce, still_counting
from shared.domain.mail_events import EventKind
from shared.domain.records import Instant, Record


class SuppressionReason(StrEnum):
    """Why an address may not be written to in a brand."""

    GLOBAL_OPT_OUT = "global_opt_out"
    HARD_BOUNCE = "hard_bounce"
    REPEATED_SOFT_BOUNCE = "repeated_soft_bounce"
    SPAM = "spam"
    BLOCKED = "blocked"


_BY_EVENT: Mapping[str, SuppressionReason] = {
    EventKind.HARD_BOUNCE: SuppressionReason.HARD_BOUNCE,
    EventKind.SPAM: SuppressionReason.SPAM,
    EventKind.BLOCKED: SuppressionReason.BLOCKED,
}


def reason_of(kind: EventKind) -> SuppressionReason | None:
    """Why an event of this kind lists an address at once; None when it does not."""
    return _BY_EVENT.get(kind)


def reasons_of(events: Sequence[SeenEvent], soft_bounce_limit: int) -> dict[SuppressionReason, datetime]:
    """Why, and since when, these events put an address on the list; the same for any order of arrival."""
    found: dict[SuppressionReason, datetime] = {}
    for event in still_counting(events):
        reason = _BY_EVENT.get(event.kind)
        if reason:
            found[reason] = min(found.get(reason, event.at), event.at)
    repeated = repeated_soft_bounce(events, soft_bounce_limit)
    if repeated:
        found[SuppressionReason.REPEATED_SOFT_BOUNCE] = repeated
    return found


ERRORS = frozenset(SuppressionReason) - {SuppressionReason.GLOBAL_OPT_OUT}


class Released(Record):
    """Who of the staff took an address off the list after a mail error, when and why (SUP-4)."""

    at: Instant
    by: str
    reason: str
    of: tuple[SuppressionReason, ...]


class Suppression(Record):
    """One listed address; `id` is its hash. `reach_since` stands while its records still have to be told (SUP-3).

    `by_hash_alone` says that nobody knew the address when it was listed: its records may carry another key's hash.
    `objected_at` outlives the reasons: a way back ends the listing, and an objection (art. 21) only with a yes to the brand.
    """

    id: str
    reasons: Mapping[SuppressionReason, Instant]
    reach_since: Instant | None = None
    by_hash_alone: bool = False
    objected_at: Instant | None = None
    released: tuple[Released, ...] = ()  # an entry without reasons lists nobody, and keeps these

    def with_reason(self, reason: SuppressionReason, at: datetime) -> "Suppression":
        """The entry with one more reason; of two dates of one reason the earlier stays."""
        if reason in self.reasons and self.reasons[reason] <= at:
            return self
        return self.changed(reasons={**self.reasons, reason: at})

    def without_reason(self, reason: SuppressionReason) -> "Suppression | None":
        """The entry without a reason that no longer holds; None when nothing is left of it."""
        return self.changed(reasons={r: at for r, at in self.reasons.items() if r is not reason}).or_none

    @property
    def or_none(self) -> "Suppression | None":
        """The entry; None when it says nothing any more."""
        return self if self.reasons or self.released or self.objected_at else None

    def release(self, at: datetime, by: str, reason: str) -> "Suppression":
        """The entry without its mail errors, and with who released them; the same object when there is none."""
        errors = tuple(sorted(self.reasons.keys() & ERRORS))
        if not errors:
            return self
        rest = {r: since for r, since in self.reasons.items() if r not in ERRORS}
        note = Released(at=at, by=by, reason=reason, of=errors)
        return self.changed(reasons=rest, released=(*self.released, note))
