"""The end of everybody at once: of a brand that ended (RET-9), or was suspended for too long (RET-10).

A sweep walks through it in pages: contacts, accounts, photos; for a brand that ended also what else could lead to a
person. Whatever is done is recognised by the records themselves, so each page can be cut short and taken again. What remains
is counted by nobody's name; the keys are `destroying`'s.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from shared.domain import containers as c
from shared.domain.ambassador import AccountStatus, Ambassador, LeftBecause
from shared.domain.contact import Contact
from shared.domain.disposition import Done, dispose_at_the_end
from shared.domain.errors import ChangedMeanwhileError, TryAgainError
from shared.domain.jobs import Run
from shared.domain.policy import BrandRecord, BrandStatus, Durations
from shared.domain.records import Record
from shared.domain.retention import RuleId
from shared.ports import Key, Query, StaleError, Write
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Versioned
from shared.usecases.disposing import Decided, carry_out
from shared.usecases.farewell import close, delete_sign_ups, end_account
from shared.usecases.provider_forgets import have_forgotten
from shared.usecases.saving import ATTEMPTS
from shared.usecases.ugc import erase_photos

A_PAGE = 100
CALLS_AT_ONCE = 16
ACCOUNTS_A_PAGE = 10  # each takes a walk through all that it did

# What else leads to a person of a brand that ended, or has no use without it. The ledger is the proof of what was agreed to
# and names nobody; so do suppressions, without their key. Sales have no person, runs and the access log are reports.
ALL_OF = (
    c.CLAIMS, c.LIMITS, c.REPEATS, c.SYNC_KEYS, c.ALLOWED, c.API_KEYS, c.VOUCHERS, c.JOBS, c.BATCHES, c.NEWSLETTERS, c.FLAGS,
    c.FEED, c.REACTIONS, c.COUNTERS, c.ACTIVITY, c.FORMS, c.CONTESTS, c.RIGHTS, c.RIGHTS_LINKS,
)  # fmt: skip


class Place(Record):
    """Where a sweep goes on: the phase, the page in it, and whether somebody has to wait for the next sweep."""

    phase: int = 0
    page: str | None = None
    waiting: bool = False


def due_rule(record: BrandRecord, at: datetime, durations: Durations) -> RuleId | None:
    """The rule by which everybody of the brand goes at this time; None when none does, or everybody went already."""
    if record.status is BrandStatus.ENDED and record.status_since:
        done = record.erasing == RuleId.BRAND_ENDED.value and record.erased_at
        over = record.status_since + timedelta(days=durations.brand_ended) <= at
        return RuleId.BRAND_ENDED if over and not done else None
    if record.status is BrandStatus.SUSPENDED and record.suspended_since and record.erased_at is None:
        over = record.suspended_since + timedelta(days=durations.brand_suspended) <= at
        return RuleId.BRAND_SUSPENDED if over else None
    return None


async def would_go(brand: Brand, at: datetime) -> AsyncIterator[tuple[str, str, datetime, Done, bool]]:
    """The records that go with the brand: id, ambassador, since when, what becomes of it, whether brand users know of it."""
    record = brand.record
    ended = record.status is BrandStatus.ENDED
    since = (record.status_since if ended else record.suspended_since) or at
    rule = RuleId.BRAND_ENDED if ended else RuleId.BRAND_SUSPENDED
    async for contacts in brand.contacts.pages(Query(order_by="createdAt")):
        for contact in contacts:
            disposition = dispose_at_the_end(contact.record, rule, at)
            if disposition:
                known = contact.record
                yield known.id, known.ambassador_id, since, disposition.done, known.brand_sees
    async for accounts in brand.ambassadors.pages(Query(order_by="createdAt")):
        for account in accounts:
            if account.record.status is not AccountStatus.ANONYMISED:
                unconfirmed = account.record.status is AccountStatus.UNCONFIRMED
                done = Done.DELETED if unconfirmed else Done.ANONYMISED
                yield account.record.id, account.record.id, since, done, account.record.brand_sees


async def sweep_page(brand: Brand, rule: RuleId, run: Run, cursor: str | None) -> tuple[Counter[str], str | None]:
    """Takes one page; gives the tally and where to go on. The first of all closes the way back."""
    if not await _begun(brand, rule, run):
        return Counter({"skipped.no_longer_due": 1}), None
    place = Place.from_document(json.loads(cursor)) if cursor else Place()
    tally, following, waiting = await _page(brand, rule, run, place)
    place = Place(
        phase=place.phase if following else place.phase + 1, page=following, waiting=place.waiting or bool(waiting)
    )
    # Contacts, accounts, photos; and whatever else there is, once nobody is left whom it could be about.
    if place.phase < 3 or (place.phase == 3 and rule is RuleId.BRAND_ENDED and not place.waiting):
        return tally, json.dumps(place.to_document())
    if not place.waiting:
        await _ended(brand)
    return tally, None


async def _page(brand: Brand, rule: RuleId, run: Run, place: Place) -> tuple[Counter[str], str | None, int]:
    """The tally, the page after this one, and how many records must wait for another sweep."""
    if place.phase == 0:
        contacts, following = await brand.contacts.page(_all(place.page, A_PAGE))
        tally = await _contacts(brand, contacts, rule, run)
    elif place.phase == 1:
        accounts, following = await brand.ambassadors.page(_all(place.page, ACCOUNTS_A_PAGE))
        tally = await _accounts(brand, accounts, rule, run)
    elif place.phase == 2:
        photos, following = await brand.ugc.page(_all(place.page, A_PAGE))
        return Counter(), following, await erase_photos(brand, photos)
    else:
        if await _empty_some(brand):
            return Counter(), "again", 0
        return await _settle_with_the_provider(brand)
    return tally, following, sum(count for name, count in tally.items() if name.startswith("skipped"))


async def _contacts(brand: Brand, page: Sequence[Versioned[Contact]], rule: RuleId, run: Run) -> Counter[str]:
    waiting: Counter[str] = Counter()
    decided: list[Decided] = []
    for item in page:
        disposition = dispose_at_the_end(item.record, rule, run.started_at, written_at=brand.now())
        if disposition:
            decided.append((item, disposition))
        elif item.record.restricted_at and item.record.anonymised_at is None:
            waiting["skipped.restricted"] += 1
    return waiting + await carry_out(brand, decided, rule, run)


async def _accounts(brand: Brand, page: Sequence[Versioned[Ambassador]], rule: RuleId, run: Run) -> Counter[str]:
    tally = await delete_sign_ups(brand, [item for item in page if item.record.status is AccountStatus.UNCONFIRMED])
    for item in page:
        if item.record.status not in (AccountStatus.ACTIVE, AccountStatus.LEAVING):
            continue
        closed = item
        if item.record.erasing_since is None:
            marked = await close(brand, item, LeftBecause.BRAND, run, rule)
            if marked is None:
                tally["skipped.changed_meanwhile"] += 1
                continue
            closed = marked
        tally += await end_account(brand, closed, contacts_wait=False)
    return tally


async def _settle_with_the_provider(brand: Brand) -> tuple[Counter[str], str | None, int]:
    """Has the mail provider forget who was erased, as long as the brand can still be opened (RGT-6)."""
    owed, _ = await brand.forgettings.page(Query(limit=A_PAGE))
    unpaid, free = 0, asyncio.Semaphore(CALLS_AT_ONCE)

    async def pay(id: str) -> None:
        nonlocal unpaid
        async with free:
            try:
                await have_forgotten(brand, id)
            except TryAgainError:
                unpaid += 1

    await asyncio.gather(*(pay(item.record.id) for item in owed))
    tally = Counter({"skipped.mail_provider": unpaid}) if unpaid else Counter()
    return tally, "again" if owed and not unpaid else None, unpaid


async def _empty_some(brand: Brand) -> bool:
    """Deletes a page of the first container that still has one; False when nothing is left."""
    for container in ALL_OF:
        documents = brand.ports.store.brand(brand.id, container)
        found = (await documents.query(Query(limit=A_PAGE))).items
        if found:
            keys = [Key(item.document[container.partition], item.document["id"]) for item in found]
            await documents.write_many([Write(key, None, item.etag) for key, item in zip(keys, found, strict=True)])
            return True
    return False


async def _begun(brand: Brand, rule: RuleId, run: Run) -> bool:
    """Whether the erasure may go on: judged by the brand's record as it is now, which from here on leads nowhere back."""
    brands = Brands(brand.ports)
    for _ in range(ATTEMPTS):
        current = await brands.record(brand.id)
        if current.record.erasing == rule.value and current.record.erased_at is None:
            return current.record.status is brand.record.status
        if due_rule(current.record, run.started_at, run.durations) is not rule:
            return False
        try:
            await brands.save(current, current.record.changed(erasing=rule.value, erased_at=None))
        except StaleError:
            continue
        return True
    raise ChangedMeanwhileError


async def _ended(brand: Brand) -> None:
    brands = Brands(brand.ports)
    for _ in range(ATTEMPTS):
        current = await brands.record(brand.id)
        try:
            await brands.save(current, current.record.changed(erased_at=brand.now()))
        except StaleError:
            continue
        return
    raise ChangedMeanwhileError


def _all(page: str | None, limit: int) -> Query:
    return Query(order_by="createdAt", limit=limit, cursor=page)
