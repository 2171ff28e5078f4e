"""Rate limits: a fixed window per operation and caller, kept where every instance sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.records import Instant, Record


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in `window`."""

    times: int
    window: timedelta


LIMITS: Mapping[str, Limit] = {
    "sign-in": Limit(10, timedelta(minutes=15)),
    "sign-in-from": Limit(
        100, timedelta(minutes=15)
    ),  # a shop's staff share one place; a list of stolen passwords is longer
    "log-in-from": Limit(
        100, timedelta(minutes=15)
    ),  # at an identity provider: each begun leaves a document for ten minutes
    "fill-in": Limit(20, timedelta(hours=1)),
    "fill-in-from": Limit(120, timedelta(hours=1)),
    # Over all forms of all ambassadors: whoever knows an address cannot fill its mailbox. Those over it are not told.
    "confirmation": Limit(3, timedelta(days=1)),
    "way-back": Limit(1, timedelta(days=1)),  # the question to who opted out of all (SUP-4)
    "voucher": Limit(10, timedelta(hours=1)),
    "voucher-from": Limit(60, timedelta(hours=1)),
    "sign-up": Limit(5, timedelta(hours=1)),
    "photo": Limit(100, timedelta(hours=1)),
    "comment": Limit(60, timedelta(hours=1)),
    "sign-up-from": Limit(60, timedelta(hours=1)),
    "password-forgotten": Limit(5, timedelta(hours=1)),
    "password-forgotten-from": Limit(30, timedelta(hours=1)),
    "rights": Limit(3, timedelta(hours=1)),
    "rights-from": Limit(30, timedelta(hours=1)),
    "rights-by-link": Limit(100, timedelta(hours=1)),
    "password-of-nobody": Limit(1000, timedelta(hours=1)),  # counted for the work alone
}


class Window(Record):
    """How often one caller did one thing since the window began; `id` is the operation and a keyed hash."""

    id: str
    since: Instant
    count: int

    def counted(self, limit: Limit, now: datetime) -> "Window":
        """The window after one more time."""
        if now - self.since >= limit.window:
            return self.changed(since=now, count=1)
        return self.changed(count=self.count + 1)
