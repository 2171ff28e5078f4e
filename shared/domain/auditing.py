"""What an audit says of a suite: what it read, what it found, and what waits; to be filed, so nothing in it is personal."""

from enum import StrEnum

from shared.domain.records import Instant, Record
from shared.domain.retention import RuleId


class FindingKind(StrEnum):
    """What is wrong."""

    TRACE = "trace"  # something of who was erased
    LEDGER = "ledger"  # an entry that was changed, dropped or moved (CON-7)
    PAST_ITS_DAY = "past_its_day"  # a record whose time was over a day ago (RET)
    KEPT_TOO_LONG = "kept_too_long"  # the same of reports, links, logs and backups
    RIGHTS_OVERDUE = "rights_overdue"  # a request that is past its due date (RGT-5)
    MESSAGE = "message"  # a queue holds what none of its messages may hold (DEL-8)
    UNREADABLE = "unreadable"  # a backup that cannot be read back (BAK-1)


class Finding(Record):
    """One thing that is wrong: where (ids and names of fields, never a value), and of a trace whose and in what form."""

    kind: FindingKind
    brand: str | None = None
    place: str
    what: str
    count: int = 1
    canary: str | None = None
    value: str | None = None
    form: str | None = None


class Searched(Record):
    """One place that was searched; `unopened` files are sealed under keys that are gone, or nobody's here."""

    brand: str | None
    place: str
    items: int
    bytes: int
    unopened: int = 0
    skipped: int = 0  # backups that are older than every erasure: a restore erases anew (BAK-3)


class DueRow(Record):
    """What the retention table says is due now, by one rule."""

    rule: RuleId
    who: str
    since: str
    days: int
    due: int
    past: int  # those that were due a day ago already
    oldest: Instant | None = None  # since when the clock of the oldest runs


class Waiting(Record):
    """Work that is open: how much, since when the oldest, and whether that is longer than the timers leave anything."""

    what: str
    count: int
    oldest: Instant | None = None
    late: bool = False


class QueueRow(Record):
    """One queue: how many messages, and how many of them could be looked at without taking them."""

    name: str
    messages: int
    read: int
    poison: bool


class BrandAudit(Record):
    """One brand: its ledger, what is due, what waits, its requests and its newest backup."""

    brand: str
    status: str
    entries: int = 0
    chains: int = 0
    anchored: int = 0  # entries that a backup holds, which the ledger was held against
    anchored_at: Instant | None = None
    due: tuple[DueRow, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    rights_open: int = 0
    rights_overdue: int = 0
    backed_up_at: Instant | None = None


class Report(Record):
    """The whole; `canaries` and `values` say how many were searched for."""

    format: int = 1
    at: Instant
    finished_at: Instant
    canaries: int
    values: int
    brands: tuple[BrandAudit, ...]
    queues: tuple[QueueRow, ...]
    searched: tuple[Searched, ...]
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def poisoned(self) -> int:
        """How many messages lie on poison queues."""
        return sum(queue.messages for queue in self.queues if queue.poison)
