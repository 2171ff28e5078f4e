"""Backups: the timers that open one per brand and forget old ones, the queue that makes them, and what staff see (BAK-1)."""

import logging
from collections.abc import Mapping
from typing import Any

import azure.functions as func

from functions.http import Answer, PageQuery, answer, operation, parse_query
from functions.identity import staff
from functions.work import for_each, queue_function, timer_function
from shared import app
from shared.domain.backups import Backup, BackupState, Kind
from shared.domain.records import Instant
from shared.domain.staff import Role
from shared.ports import Query
from shared.usecases import back_up

log = logging.getLogger("popsell")


class BackupAnswer(Answer):
    """One backup: `base` is the one it goes on from, `bytes` what it takes, `deleted` how many documents are said to be gone."""

    id: str
    kind: Kind
    base: str | None
    state: BackupState
    started_at: Instant
    finished_at: Instant | None
    seconds: int | None
    documents: dict[str, int]
    deleted: int
    parts: int
    bytes: int


class BackupList(Answer):
    """Backups, newest first."""

    items: list[BackupAnswer]
    next_cursor: str | None


@operation(auth="staff", query=PageQuery, answers={200: BackupList})
async def list_backups(req: func.HttpRequest) -> func.HttpResponse:
    """The brand's backups that are still kept, newest first, and how far the running one is (BAK-1); for the technical team."""
    brand = (await staff(req, {Role.TECHNICAL_TEAM})).brand
    page = parse_query(req, PageQuery)
    query = Query(order_by="startedAt", descending=True, limit=page.limit, cursor=page.cursor)
    found, cursor = await brand.backups.page(query)
    return answer(200, BackupList(items=[_shown(item.record) for item in found], next_cursor=cursor))


@timer_function
async def back_up_brands() -> None:
    """Opens the backup that is due of every brand; late or twice does no harm."""
    await for_each(await app.brands().all(), _start)


async def _start(brand: str) -> None:
    await back_up.start_backup(app.brands(), brand)


@timer_function
async def sweep_old_backups() -> None:
    """Deletes backups and tombstones that are past their time."""
    await for_each(await app.brands().all(), _forget)


async def _forget(brand: str) -> None:
    gone = await back_up.forget_old_backups(await app.brand(brand))
    log.info("old backups", extra={"brand": brand, "files": gone})


@queue_function(back_up.QUEUE)
async def run_backup(message: Mapping[str, Any]) -> None:
    """Makes a backup, or goes on with it."""
    await back_up.run_backup(await app.brand(message["brand"]), message["backup"])


def _shown(backup: Backup) -> BackupAnswer:
    finished = backup.finished_at
    return BackupAnswer(
        id=backup.id,
        kind=backup.kind,
        base=backup.base,
        state=backup.state,
        started_at=backup.started_at,
        finished_at=finished,
        seconds=int((finished - backup.started_at).total_seconds()) if finished else None,
        documents=dict(backup.documents),
        deleted=backup.deleted,
        parts=len(backup.parts),
        bytes=backup.bytes,
    )
