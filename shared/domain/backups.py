"""Backups (BAK-1): what is due when, what each holds, how long each is kept, and which of them make up a point in time."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field

from shared.domain.containers import RIGHTS, Container
from shared.domain.ids import new_id
from shared.domain.policy import BrandRecord
from shared.domain.records import Instant, Record
from shared.domain.staff import KeptSeat

FORMAT = 1
# How long before a backup began an act may have been written down that is saved only now: longer than any function lives.
MARGIN = timedelta(hours=1)
_TIME = "%Y-%m-%dT%H%M%SZ"


class Kind(StrEnum):
    """What a backup holds: everything, what was written since the month's, or since the one before it on that day."""

    MONTHLY = "monthly"
    DAILY = "daily"
    HOURLY = "hourly"

    @property
    def kept(self) -> timedelta:
        """How long: each hour of 40 days can be had, which takes that day's first; each month of a year."""
        return timedelta(days=366 if self is Kind.MONTHLY else 41)


class BackupState(StrEnum):
    """Where a backup stands; only what was read back and found right is done."""

    RUNNING = "running"
    DONE = "done"


def as_backed_up(container: Container, document: dict[str, Any]) -> dict[str, Any]:
    """What of a document goes into a backup: all, but for what the brand calls those whom a request was about (DEL-8).

    That stands in the request for as long as the brand's database may have to read it (RGT-6), also when the person was
    erased; a backup would keep it for a year.
    """
    if container is not RIGHTS or "reached" not in document:
        return document
    reached = [{name: value for name, value in one.items() if name != "key"} for one in document["reached"]]
    return {**document, "reached": reached}


class Part(Record):
    """One file: lines of documents, compressed and sealed. `digest` is the SHA-256 of the plain lines."""

    path: str
    lines: int
    bytes: int
    digest: str
    again: bool = False  # what was written while the first walk through the containers went on


class Backup(Record):
    """One backup of one brand: how far it is, and when it is done what it holds."""

    id: str = Field(default_factory=new_id)
    kind: Kind
    base: str | None = None  # the backup that this one goes on from
    base_at: Instant | None = None
    full: str | None = None  # the month's, for all but that one
    state: BackupState = BackupState.RUNNING
    started_at: Instant
    open_since: Instant | None = None
    finished_at: Instant | None = None
    place: int = 0  # how many walks through a container are done
    positions: Mapping[str, str] = {}  # up to where each container's changes are in it
    parts: tuple[Part, ...] = ()
    documents: Mapping[str, int] = {}
    deleted: int = 0  # how many documents are said to be gone

    @property
    def bytes(self) -> int:
        """What it takes, sealed."""
        return sum(part.bytes for part in self.parts)

    @property
    def name(self) -> str:
        """What its files are called by: sorts by time, and says how long it is kept."""
        return f"{self.started_at.strftime(_TIME)}.{self.kind}.{self.id}"


class Manifest(Record):
    """What a restore has to know of a finished backup, beside its parts; lies in the second storage account."""

    format: int = FORMAT
    backup: Backup
    brand: BrandRecord
    staff: tuple[KeptSeat, ...] = ()


def due(now: datetime, newest: Backup | None, full: Backup | None) -> Backup:
    """The backup that is due now, after the newest that was done and the full one it rests on."""
    if newest is None or full is None or full.started_at.strftime("%Y-%m") != now.strftime("%Y-%m"):
        return Backup(kind=Kind.MONTHLY, started_at=now, open_since=now)
    if newest.started_at.date() != now.date():
        return _onto(full, full, Kind.DAILY, now)
    return _onto(newest, full, Kind.HOURLY, now)


def _onto(base: Backup, full: Backup, kind: Kind, now: datetime) -> Backup:
    return Backup(
        kind=kind,
        base=base.id,
        base_at=base.started_at,
        full=full.id,
        started_at=now,
        open_since=now,
        positions=base.positions,
    )


_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d{6}Z)\.(monthly|daily|hourly)\.[a-z0-9]+")


def kind_of(path: str) -> Kind | None:
    """The kind of backup that a file belongs to; None for a brand's keys, which belong to all of them."""
    named = _NAME.search(path)
    return Kind(named[2]) if named else None


def too_old(path: str, now: datetime) -> bool:
    """Whether the backup that a file belongs to is past its time, by the file's path alone."""
    named, began = _NAME.search(path), begun(path)
    return named is not None and began is not None and now - began > Kind(named[2]).kept


def begun(path: str) -> datetime | None:
    """When the backup was begun that a file belongs to; None for a file that belongs to none."""
    named = _NAME.search(path)
    return datetime.strptime(named[1], _TIME).replace(tzinfo=UTC) if named else None


def chain(manifests: Sequence[Manifest], at: datetime) -> list[Manifest]:
    """The backups that make up the brand at a time, newest first; [] when none is that old, or one of them is missing."""
    by_id = {manifest.backup.id: manifest for manifest in manifests}
    candidates = [m for m in manifests if m.backup.started_at <= at]
    for newest in sorted(candidates, key=lambda m: (m.backup.started_at, m.backup.id), reverse=True):
        found: list[Manifest] = [newest]
        while found[-1].backup.base and found[-1].backup.base in by_id:
            found.append(by_id[found[-1].backup.base])
        if found[-1].backup.kind is Kind.MONTHLY:
            return found
    return []
