"""Work that outlives a request: imports, runs of mails, sweeps. Jobs hold ids, counts and reasons, nothing of a person."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import Field

from shared.domain.contact import MailKind
from shared.domain.disposition import Done
from shared.domain.ids import new_id
from shared.domain.policy import Durations
from shared.domain.records import Instant, Record
from shared.domain.retention import RuleId


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RowRefusal(Record):
    """One row that was not taken, and why."""

    row: int
    reason: str


LISTED_REFUSALS = 1000


class Job(Record):
    """Something an ambassador asked for and can watch.

    `open_since` stands until it is finished, so that a timer finds it when its message was lost.
    """

    id: str = Field(default_factory=new_id)
    kind: Literal["import", "mail"]
    ambassador_id: str
    state: JobState = JobState.QUEUED
    started_at: Instant
    finished_at: Instant | None = None
    open_since: Instant | None = None
    total: int | None = None
    done: int = 0
    accepted: int = 0
    updated: int = 0
    refused: int = 0
    refused_by_reason: Mapping[str, int] = {}
    refusals: tuple[RowRefusal, ...] = ()
    failure: str | None = None
    file_format: str | None = None
    file_key: str | None = None  # opens the uploaded file; goes with it
    account: str | None = None  # which provider's contacts were linked, where no file was uploaded
    grant: str | None = None  # the permission to fetch them, wrapped under a master key; goes when they are fetched
    batches: tuple[str, ...] = ()


class MailBatch(Record):
    """Up to 50 mails that go in one provider call; the queue's message names it and nothing else."""

    id: str = Field(default_factory=new_id)
    mail_kind: MailKind
    publication: str | None = None
    recipients: tuple[tuple[str, str], ...]  # (ambassador, contact)
    started_at: Instant
    open_since: Instant | None = None
    attempts: int = 0
    sent: int = 0
    skipped: Mapping[str, int] = {}
    refused: Mapping[str, str] = {}  # contacts whose mail the provider will never take, and why


class RunState(StrEnum):
    """Where a sweep stands."""

    RUNNING = "running"
    AWAITING_CONFIRMATION = "awaiting_confirmation"  # RET-18
    DONE = "done"


class RuleReport(Record):
    """What a sweep did under one rule; `skipped` says why not, by reason."""

    rule: RuleId
    due: int = 0
    done: Mapping[Done, int] = {}
    skipped: Mapping[str, int] = {}
    cursor: str | None = None  # where to go on
    finished: bool = False


class Run(Record):
    """One sweep of one brand, and its report (RET-16)."""

    id: str = Field(default_factory=new_id)
    state: RunState = RunState.RUNNING
    started_at: Instant  # the date the sweep judges by, also when it goes on later
    durations: Durations = Durations()  # the brand's when it started: what was planned is what is done
    finished_at: Instant | None = None
    open_since: Instant | None = None
    held: int | None = None
    plan: str | None = None  # names exactly this list of records and ends, for the confirmation
    confirmed_by: str | None = None
    rules: tuple[RuleReport, ...] = ()
    parts: int = 0  # into how many its contacts are shared out, while they are


class RunPart(Record):
    """A sweep's share of one range of the contacts: its place and its report, until the run has summed them up."""

    id: str
    run: str
    place: int
    range: str
    rules: tuple[RuleReport, ...]
    at: Instant | None = None  # when it was last heard of

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do in it."""
        return all(report.finished for report in self.rules)
