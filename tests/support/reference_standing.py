"""The same tiny model's accounts and brands: who is absent, who left, and what a suspension or an end does (RET-7 to RET-10)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


class Broken(AssertionError):  # noqa: N818 - it is the rule that is broken
    """A rule was broken; the message says which."""


@dataclass(slots=True)
class Days:
    """The durations of a brand's policy."""

    new: int = 30
    invitation: int = 15
    opted_out: int = 365
    inactive: int = 1095
    leaving: int = 7
    absent: int = 1095
    warning: int = 30
    ended: int = 7
    suspended: int = 183


@dataclass(slots=True)
class Account:
    """An ambassador, as the rules want the account."""

    brand: str
    id: str
    seen: datetime
    left: datetime | None = None
    warned: list[datetime] = field(default_factory=list)
    forgotten: bool = False  # its end by RET-7 began: there is no way back
    gone: bool = False

    @property
    def active(self) -> bool:
        """Whether it has access, and mails go in its name (DEL-1)."""
        return self.left is None and not self.gone

    def to_be_warned(self, days: Days, at: datetime) -> bool:
        """RET-7, RET-19: whether the next warning's day has come."""
        if not self.active or len(self.warned) == 2:
            return False
        if self.warned and at < self.warned[-1] + timedelta(days=days.warning // 2):
            return False
        return self.seen + timedelta(days=days.absent - days.warning) <= at

    def due_to_go(self, days: Days, at: datetime) -> bool:
        """RET-7, RET-8: whether the time is over."""
        if self.forgotten and len(self.warned) == 2:
            return True
        if self.left:
            return self.left + timedelta(days=days.leaving) <= at
        if len(self.warned) < 2:
            return False
        over = self.seen + timedelta(days=days.absent) <= at
        return over and self.warned[-1] + timedelta(days=days.warning // 2) <= at

    def as_of(self, then: "Account | None", at: datetime) -> None:
        """BAK-3: the account of a backup made then; that it left or went since stays true, that it came back is lost."""
        if then is None:
            self.gone, self.left = True, self.left or at
            return
        self.seen, self.warned, self.left = then.seen, [*then.warned], self.left or then.left


@dataclass(slots=True)
class Standing:
    """A brand: whether it is active, suspended or ended, and whether its people are being erased (BR-3)."""

    days: Days
    status: str = "active"
    since: datetime | None = None
    suspended: datetime | None = None
    erasing: str | None = None
    erased: bool = False

    def may(self, action: str, at: datetime) -> bool:
        """Whether staff may do it now: until it is too late, everything can be taken back."""
        if self.erasing == "RET-9" or (self.erasing and not self.erased):
            return False
        late = self.status == "ended" and self.since and self.since + timedelta(days=self.days.ended) <= at
        return not late and self.status in {
            "suspend": ("active",), "resume": ("suspended",), "end": ("active", "suspended"), "restore": ("ended",),
        }[action]  # fmt: skip

    def act(self, action: str, at: datetime) -> None:
        """Staff did it."""
        if action == "suspend":
            self.suspended = at
        elif action == "resume":
            self.suspended = None
        back = "suspended" if self.suspended else "active"
        self.status = "ended" if action == "end" else back
        self.since = at
        if self.status == "active":
            self.erasing, self.erased = None, False

    def everybody_goes(self, at: datetime) -> str | None:
        """The rule by which everybody goes now: RET-9, RET-10."""
        if self.status == "ended" and self.since and not (self.erasing == "RET-9" and self.erased):
            return "RET-9" if self.since + timedelta(days=self.days.ended) <= at else None
        if self.status == "suspended" and self.suspended and not self.erased:
            return "RET-10" if self.suspended + timedelta(days=self.days.suspended) <= at else None
        return None

    def next_day(self) -> datetime | None:
        """When everybody goes."""
        if self.status == "ended" and self.since:
            return self.since + timedelta(days=self.days.ended)
        return self.suspended + timedelta(days=self.days.suspended) if self.suspended else None
