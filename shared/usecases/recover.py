"""What a lost message left behind is found by time alone: queue messages are hints, the records are the truth (MAIL-4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain.backups import Backup
from shared.domain.jobs import Job, MailBatch, Run, RunState
from shared.domain.newsletter import Newsletter
from shared.domain.records import stamp
from shared.ports import Outcome, Query, Where
from shared.usecases import (
    account_mails,
    back_up,
    confirm,
    grants,
    import_contacts,
    invite,
    link_address_book,
    newsletters,
    photos,
    provider_forgets,
    rights,
    rights_desk,
    rights_links,
    sweep,
    ugc,
    white_list,
)
from shared.usecases.access_log import forget_old_accesses
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Collection
from shared.usecases.limiting import forget_old_windows
from shared.usecases.repeating import forget_repeats
from shared.usecases.saving import repair_proofs
from shared.usecases.suppressing import reach_again
from shared.usecases.tracing import forget_traces
from shared.usecases.vouchers import forget_old_vouchers

T = TypeVar("T", Job, MailBatch, Run, Newsletter)
Open = TypeVar("Open", Job, MailBatch, Run, Newsletter, Backup)

LOST_AFTER = timedelta(minutes=10)
PROOFS_WITHIN = timedelta(days=3)
REPORTS_KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found and started again."""

    imports: int
    batches: int
    sweeps: int
    newsletters: int
    backups: int
    account_mails: int
    loose_files: int
    white_lists: int
    photos: int
    grants: int
    opt_outs: int
    proofs: int
    confirmations: int
    rights: int
    forgotten: int


async def recover(brand: Brand) -> Recovered:
    """Queues again what has been open for too long, completes the ledger, and forgets old jobs; safe at any time."""
    before = brand.now() - LOST_AFTER
    jobs = await _open(brand.jobs, before)
    batches = await _open(brand.batches, before)
    runs = [run for run in await _open(brand.runs, before) if run.state is RunState.RUNNING]
    await newsletters.tell_of_suspension(brand)
    newsletters_open = await _open(brand.newsletters, before)
    backups = await _open(brand.backups, before)
    send = brand.ports.queue.send
    confirmations = await confirm.complete_again(brand, before)  # before the mails that they owe
    await send(import_contacts.QUEUE, [{"brand": brand.id, "job": job.id} for job in jobs if job.grant is None])
    await send(link_address_book.QUEUE, [{"brand": brand.id, "job": job.id} for job in jobs if job.grant])
    await send(invite.QUEUE, [{"brand": brand.id, "batch": batch.id} for batch in batches])
    await newsletters.queue_newsletters(brand, newsletters_open)
    await send(sweep.QUEUE, [{"brand": brand.id, "run": run.id} for run in runs])
    await send(back_up.QUEUE, [{"brand": brand.id, "backup": backup.id} for backup in backups])
    return Recovered(
        imports=len(jobs),
        batches=len(batches),
        sweeps=len(runs),
        newsletters=len(newsletters_open),
        backups=len(backups),
        account_mails=await account_mails.queue_again(brand, before),
        loose_files=await photos.delete_loose_files(brand, before),
        white_lists=await white_list.clear_away(brand, before),
        photos=await ugc.delete_unsettled_photos(brand, before),
        grants=await grants.disable_unused_grants(brand),
        opt_outs=await reach_again(brand, before),
        confirmations=confirmations,
        rights=await _rights_again(brand, before),
        proofs=await repair_proofs(brand, PROOFS_WITHIN),
        forgotten=await forget(brand),
    )


async def _rights_again(brand: Brand, before: datetime) -> int:
    return (
        await rights.requests_again(brand, before)
        + await rights_links.links_again(brand, before)
        + await provider_forgets.forgettings_again(brand, before)
        + await rights_desk.notices_again(brand, before)
    )


async def forget(brand: Brand) -> int:
    """Deletes jobs, batches, reports, accesses and vouchers of a year ago, and rate-limit windows long over; gives how many."""
    return (
        await forget_old_windows(brand)
        + await forget_traces(brand)
        + await forget_repeats(brand)
        + await forget_old_accesses(brand)
        + await forget_old_vouchers(brand)
        + await rights_links.forget_old_links(brand)
        + await rights_desk.forget_old_requests(brand)
        + await _delete_old(brand, brand.jobs)
        + await _delete_old(brand, brand.batches)
        + await _delete_old(brand, brand.runs)
        + await _delete_old(brand, brand.newsletters)
    )


async def _delete_old(brand: Brand, collection: Collection[T]) -> int:
    """What is still open stays: a mail whose fate is not known, or a file, hangs on it."""
    deleted = 0
    old = Query(where=(Where("startedAt", "<=", stamp(brand.now() - REPORTS_KEPT)),), order_by="startedAt")
    async for page in collection.pages(old):
        results = await collection.write_many([Change(item, None) for item in page if item.record.open_since is None])
        deleted += sum(result.outcome is Outcome.WRITTEN for result in results)
    return deleted


async def _open(collection: Collection[Open], before: datetime) -> list[Open]:
    waiting = Query(where=(Where("openSince", "<=", stamp(before)),), order_by="openSince")
    return [item.record async for page in collection.pages(waiting) for item in page]
