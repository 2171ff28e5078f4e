"""What the absence of an ambassador leads to (RET-7): pure, so that the warnings, the preview and the sweep agree."""

from datetime import datetime, timedelta

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.policy import Durations
from shared.domain.retention import RuleId, is_due


def warns(account: Ambassador, at: datetime, durations: Durations) -> bool:
    """Whether the account is to be warned now, for the first time or again."""
    if account.clock is None or account.clock.rule not in (RuleId.NO_LOG_IN, RuleId.WARNED):
        return False
    return is_due(account.clock, at, durations) and _first_warning_at(account, durations) <= at


def forgets(account: Ambassador, at: datetime, durations: Durations) -> bool:
    """Whether the account ends now; the policy may give more time than it did when the warnings left."""
    if account.status is AccountStatus.LEAVING:  # it began already: there is no way back
        return True
    over = account.last_seen_at + timedelta(days=durations.inactive_ambassador) <= at
    return len(account.warned) > 1 and over and is_due(account.clock, at, durations)


def was_warned_too_early(account: Ambassador, at: datetime, durations: Durations) -> bool:
    """Whether warnings left that a policy of today would not send yet: they warn of nothing, and are sent again in time."""
    return bool(account.warned) and at < _first_warning_at(account, durations)


def forgotten_at(account: Ambassador, now: datetime, durations: Durations) -> datetime:
    """From when on the account is erased, if a warning that is its next one leaves now."""
    apart = timedelta(days=durations.inactivity_warning // 2)
    warned_twice = now + apart * (2 - min(len(account.warned), 1))
    return max(account.last_seen_at + timedelta(days=durations.inactive_ambassador), warned_twice)


def _first_warning_at(account: Ambassador, durations: Durations) -> datetime:
    return account.last_seen_at + timedelta(days=durations.inactive_ambassador - durations.inactivity_warning)
