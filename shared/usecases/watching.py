"""How a brand stands, as no event tells it: sweeps and requests that are overdue, and how old its newest backup is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.backups import BackupState
from shared.domain.records import stamp
from shared.ports import Query, Where
from shared.usecases.brands import Brand

# Each hour one begins; a large brand's may take the better part of the next, or wait there for its message.
SWEPT_WITHIN = timedelta(hours=2)
# Only one can be unfinished at a time.
BACKUPS_LOOKED_AT = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """Hours, requests, hours; the last None for a brand that has no backup and does not know since when it is."""

    sweep_overdue: float
    rights_overdue: int
    backup_age: float | None


async def standing(brand: Brand) -> Standing:
    """Three questions by an index each: what is measured every quarter of an hour must cost next to nothing."""
    now = brand.now()
    runs, _ = await brand.runs.page(Query(order_by="startedAt", descending=True, limit=1))
    swept = runs[0].record.started_at if runs else brand.record.created_at
    # The next would have begun, had this one not been at it still, or waited for a confirmation.
    overdue = _hours(now - swept - SWEPT_WITHIN) if swept else 0
    rights = await brand.rights.count(Where("waitingUntil", "<", stamp(now)))
    backed_up = await _newest_backup(brand) or brand.record.created_at
    return Standing(max(0, overdue), rights, _hours(now - backed_up) if backed_up else None)


async def _newest_backup(brand: Brand) -> datetime | None:
    """When the newest that is done began: it holds what was written before."""
    newest = Query(order_by="startedAt", descending=True, limit=BACKUPS_LOOKED_AT)
    page, _ = await brand.backups.page(newest)
    return next((item.record.started_at for item in page if item.record.state is BackupState.DONE), None)


def _hours(time: timedelta) -> float:
    return round(time / timedelta(hours=1), 2)
