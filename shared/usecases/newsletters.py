"""Writing to all ambassadors of a brand (AMB-4): a page at a time, nobody twice, and only who wants that kind of mail."""

from collections import Counter
from contextlib import suppress

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.errors import ForbiddenError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.newsletter import Newsletter, NewsletterKind
from shared.domain.policy import BrandStatus
from shared.ports import ConflictError, Outcome, Query, StaleError, Where
from shared.usecases.account_mails import owing, queue_account_mail
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned
from shared.usecases.saving import ATTEMPTS

QUEUE = "newsletters"
A_PAGE = 50
PAGES_A_MESSAGE = 100
TOLD_KEPT = 20


async def start_newsletter(
    brand: Brand, kind: NewsletterKind, subject: str, body: str, by: str, id: str | None = None
) -> Newsletter:
    """Keeps a newsletter and queues it, under this id once; raises ForbiddenError while the brand is not active (BR-3)."""
    if brand.record.status is not BrandStatus.ACTIVE:
        raise ForbiddenError("The brand is not active")
    now = brand.now()
    newsletter = Newsletter(
        id=id or new_id(), kind=kind, subject=subject, body=body, by=by, started_at=now, open_since=now
    )
    with suppress(ConflictError):  # kept before, by a request that was cut short
        await brand.newsletters.create(newsletter)
    await queue_newsletters(brand, [newsletter])
    return newsletter


async def tell_of_suspension(brand: Brand) -> None:
    """Lets every ambassador of a suspended brand know (DEL-6); once a suspension, however often it is asked for."""
    since = brand.record.suspended_since
    if brand.record.status is not BrandStatus.SUSPENDED or since is None:
        return
    id = f"suspended{since:%Y%m%d%H%M%S}"
    if await brand.newsletters.get(id, id):
        return
    now = brand.now()
    told = Newsletter(
        id=id, kind=NewsletterKind.SUSPENDED, subject="", body="", by="brand", started_at=now, open_since=now
    )
    with suppress(ConflictError):
        await brand.newsletters.create(told)
        await queue_newsletters(brand, [told])


async def queue_newsletters(brand: Brand, newsletters: list[Newsletter]) -> None:
    """Queues them; a message that is lost is found by the recovery timer."""
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "newsletter": one.id} for one in newsletters])


async def get_newsletter(brand: Brand, id: str) -> Newsletter:
    """One newsletter and how far it is."""
    found = await brand.newsletters.get(id, id)
    if found is None:
        raise UnknownObjectError
    return found.record


async def run_newsletter(brand: Brand, id: str) -> None:
    """Goes on until every ambassador was looked at, or for a bounded time and then by another message.

    Each account remembers what it was told: a page that is gone through twice tells nobody twice.
    """
    current = await brand.newsletters.get(id, id)
    with suppress(StaleError):  # another worker is at it
        for _ in range(PAGES_A_MESSAGE):
            if current is None or current.record.open_since is None:
                return
            current = await _page(brand, current)
        if current:
            await queue_newsletters(brand, [current.record])


async def _page(brand: Brand, current: Versioned[Newsletter]) -> Versioned[Newsletter]:
    newsletter = current.record
    accounts, following = await brand.ambassadors.page(
        Query(
            where=(Where("status", "=", AccountStatus.ACTIVE.value),),
            order_by="createdAt",
            limit=A_PAGE,
            cursor=newsletter.cursor,
        )
    )
    tally: Counter[str] = Counter()
    told = [account for account in [await _tell(brand, item, newsletter, tally) for item in accounts] if account]
    await queue_account_mail(brand, *told)
    skipped = Counter(newsletter.skipped) + Counter({reason: n for reason, n in tally.items() if reason != "queued"})
    after = newsletter.changed(
        queued=newsletter.queued + tally["queued"],
        skipped=dict(skipped),
        cursor=following,
        open_since=brand.now() if following else None,
        finished_at=None if following else brand.now(),
    )
    return await brand.newsletters.replace(current, after)


async def _tell(
    brand: Brand, account: Versioned[Ambassador], newsletter: Newsletter, tally: Counter[str]
) -> Ambassador | None:
    """The account, owed the mail; None when it does not get it, for the reason that is tallied."""
    current: Versioned[Ambassador] | None = account
    for _ in range(ATTEMPTS):
        reason = _refusal(brand, current.record if current else None, newsletter)
        if reason or current is None:
            tally[reason or "gone"] += 1
            return None
        if newsletter.id in current.record.told:  # an earlier try at this page got that far
            tally["queued"] += 1
            return current.record
        owed = owing(current.record, newsletter.kind.mail, brand.now(), about=newsletter.id)
        if owed == current.record:
            tally["too_many_waiting"] += 1
            return None
        told = owed.changed(told=(*owed.told, newsletter.id)[-TOLD_KEPT:])
        (result,) = await brand.ambassadors.write_many([Change(current, told)])
        if result.outcome is Outcome.WRITTEN:
            tally["queued"] += 1
            return told
        current = await brand.ambassadors.get(account.record.id, account.record.id)
    tally["changed_meanwhile"] += 1
    return None


def _refusal(brand: Brand, account: Ambassador | None, newsletter: Newsletter) -> str | None:
    if brand.record.status is not newsletter.kind.of_brands:
        return "brand_not_active"
    if account is None or account.status is not AccountStatus.ACTIVE:
        return "gone"
    return None if account.wants(newsletter.kind.mail) else "switched_off"
