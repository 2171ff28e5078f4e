"""How long each record may stay and what happens then (RET): one table, readable by a lawyer, and the clocks it reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.policy import Durations
from shared.domain.records import Instant, Record


class Action(StrEnum):
    """What a rule does when its time has come."""

    DELETE = "delete"
    WARN = "warn"
    SEND_SECOND_INVITATION = "send_second_invitation"
    OPT_OUT_NO_ACTION = "opt_out_no_action"
    ANONYMISE = "anonymise"


class RuleId(StrEnum):
    """The rules that a record's clock can stand under."""

    NEVER_INVITED = "RET-1"
    FIRST_INVITATION = "RET-2"
    SECOND_INVITATION = "RET-3"
    PENDING_CONFIRMATION = "RET-4"
    OPTED_OUT = "RET-5"
    INACTIVE = "RET-6"
    NO_LOG_IN = "RET-7 first warning"
    WARNED = "RET-7 second warning"
    WARNED_TWICE = "RET-7"
    LEFT = "RET-8"
    BRAND_ENDED = "RET-9"
    BRAND_SUSPENDED = "RET-10"
    UNCONFIRMED_SIGN_UP = "DEL-9"
    FLAG = "RET-11"
    CONTEST_PHOTO = "RET-12"


class Clock(Record):
    """The one rule that a record stands under now, and since when; how long is the policy's, so it is not stored."""

    rule: RuleId
    since: Instant


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: who, since which date, how many days, then what."""

    id: RuleId
    container: str
    who: str
    since: str
    days: Callable[[Durations], int]
    action: Action

    def due_at(self, since: datetime, durations: Durations) -> datetime:
        """When a record whose clock runs since then is due."""
        return since + timedelta(days=self.days(durations))

    def cutoff(self, at: datetime, durations: Durations) -> datetime:
        """The latest start of a clock that is due at this time."""
        return at - timedelta(days=self.days(durations))


RULES: dict[RuleId, Rule] = {
    rule.id: rule
    for rule in (
        Rule(RuleId.NEVER_INVITED, "contacts", "new, no brand opt-in", "became new",
             lambda d: d.new, Action.DELETE),
        Rule(RuleId.FIRST_INVITATION, "contacts", "invited once", "the invitation was sent",
             lambda d: d.invitation, Action.SEND_SECOND_INVITATION),
        Rule(RuleId.SECOND_INVITATION, "contacts", "invited twice", "the second invitation was sent, or could not be",
             lambda d: d.invitation, Action.OPT_OUT_NO_ACTION),
        Rule(RuleId.PENDING_CONFIRMATION, "contacts", "confirmation awaited", "it was asked for",
             lambda d: d.invitation, Action.DELETE),
        Rule(RuleId.OPTED_OUT, "contacts", "opted out", "the opt-out",
             lambda d: d.opted_out, Action.ANONYMISE),
        Rule(RuleId.INACTIVE, "contacts", "opted in, storage, social only, or new with a brand opt-in",
             "the last deliberate act, or the record's start", lambda d: d.inactive_contact, Action.ANONYMISE),
        Rule(RuleId.NO_LOG_IN, "ambassadors", "without log-in", "the last log-in, or the confirmation",
             lambda d: d.inactive_ambassador - d.inactivity_warning, Action.WARN),
        Rule(RuleId.WARNED, "ambassadors", "without log-in, warned once", "the first warning really left",
             lambda d: d.inactivity_warning // 2, Action.WARN),
        Rule(RuleId.WARNED_TWICE, "ambassadors", "without log-in, warned twice, with the contacts",
             "the second warning really left", lambda d: d.inactivity_warning // 2, Action.ANONYMISE),
        Rule(RuleId.LEFT, "ambassadors", "unsubscribed or removed, with the contacts", "the request",
             lambda d: d.leaving, Action.ANONYMISE),
        Rule(RuleId.BRAND_ENDED, "brand", "everybody of a brand that ended", "the end",
             lambda d: d.brand_ended, Action.ANONYMISE),
        Rule(RuleId.BRAND_SUSPENDED, "brand", "everybody of a brand that is suspended", "the suspension",
             lambda d: d.brand_suspended, Action.ANONYMISE),
        Rule(RuleId.UNCONFIRMED_SIGN_UP, "ambassadors", "sign-up not confirmed", "the sign-up",
             lambda d: d.unconfirmed_sign_up, Action.DELETE),
        Rule(RuleId.FLAG, "flags", "what looked like fraud", "the decision, or while there is none the suspicion",
             lambda d: d.access_log, Action.DELETE),
        Rule(RuleId.CONTEST_PHOTO, "ugc", "contest photos", "the end of what was agreed to about the photo",
             lambda d: 0, Action.DELETE),
    )
}  # fmt: skip


def due_at(clock: Clock | None, durations: Durations) -> datetime | None:
    """When the record of this clock is due; None for never."""
    return RULES[clock.rule].due_at(clock.since, durations) if clock else None


def is_due(clock: Clock | None, at: datetime, durations: Durations) -> bool:
    """Whether the record of this clock is due at this time."""
    due = due_at(clock, durations)
    return due is not None and due <= at


def rules_of(container: str) -> Sequence[Rule]:
    """The rules that act on a container, in the order of the table."""
    return [rule for rule in RULES.values() if rule.container == container]
