"""Requests that wait for a person: listed by their due dates, extended, answered, and forgotten in time (RGT-5)."""

import base64
import hashlib
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.domain.errors import ChangedMeanwhileError, DecidedError, TryAgainError, UnknownObjectError
from shared.domain.ids import new_short_id
from shared.domain.records import stamp
from shared.domain.rights import (
    EXTENDED_MONTHS,
    PASSED_ON_FOR,
    Notice,
    NoticeKind,
    RightsRequest,
    RightState,
    due_at,
)
from shared.pages import render
from shared.ports import Fate, Outcome, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned
from shared.usecases.compose import language_of, look
from shared.usecases.rights_links import QUEUE
from shared.usecases.rights_mail import hand_over, left_already
from shared.usecases.saving import ATTEMPTS

WARNED_BEFORE = timedelta(days=7)


async def find_requests(
    brand: Brand, *, only_open: bool, limit: int, cursor: str | None
) -> tuple[list[RightsRequest], str | None]:
    """One page of the requests: those that wait, the next due first; or all, the newest first."""
    order = "waitingUntil" if only_open else "receivedAt"
    page, cursor = await brand.rights.page(Query(order_by=order, descending=not only_open, limit=limit, cursor=cursor))
    return [item.record for item in page], cursor


async def get_request(brand: Brand, id: str) -> RightsRequest:
    """One request; raises UnknownObjectError."""
    return (await _found(brand, id)).record


async def extend(brand: Brand, id: str, reason: str) -> RightsRequest:
    """Gives a request two months more, once, and tells the person why (art. 12(3)).

    The same again changes nothing. Raises DecidedError for another reason, once its first month is over, or when it is closed.
    """
    for _ in range(ATTEMPTS):
        current = await _found(brand, id)
        request, now = current.record, brand.now()
        if request.extended_at and request.extended_because == reason:
            return request
        if request.extended_at or request.state is not RightState.OPEN or request.due_at < now:
            raise DecidedError
        due = due_at(request.received_at, brand.policy.time_zone, EXTENDED_MONTHS)
        extended = request.changed(due_at=due, waiting_until=due, extended_at=now, extended_because=reason)
        notice = Notice(id=new_short_id(), kind=NoticeKind.EXTENDED, text=reason)
        saved = await _saved(brand, current, extended.owing(notice, now))
        if saved:
            return saved
    raise ChangedMeanwhileError


async def close(brand: Brand, id: str, by: str, *, state: RightState, note: str, said: str | None) -> RightsRequest:
    """Ends a request. `said` is mailed to the person and kept no longer; `note` stays, and says nothing of the person.

    The same again changes nothing; raises DecidedError for another word, or for a request that a machine is doing.
    """
    for _ in range(ATTEMPTS):
        current = await _found(brand, id)
        request, now = current.record, brand.now()
        if request.closed_at and (request.state, request.note) == (state, note):
            return request
        if request.state is not RightState.OPEN:
            raise DecidedError
        notice = Notice(id=new_short_id(), kind=NoticeKind.ANSWERED, text=said) if said else None
        # An extension that was not told yet is overtaken by the answer.
        saved = await _saved(brand, current, request.owing(notice, now).done(now, by, state, note))
        if saved:
            return saved
    raise ChangedMeanwhileError


async def send_notice(brand: Brand, id: str) -> None:
    """Mails what a person has to be told of a request, once; raises TryAgainError while it did not leave."""
    current = await brand.rights.get(id, id)
    notice = current.record.notice if current else None
    if current is None or notice is None:
        return
    to = await _address(brand, current.record)
    if to is None or await left_already(brand, id, notice.id, notice.tried_at):
        await _settle(brand, current, None)
        return
    try:
        tried = current.record.changed(notice=notice.changed(tried_at=brand.now()))
        current = await brand.rights.replace(current, tried)
    except StaleError:
        raise TryAgainError from None
    match await hand_over(brand, id, notice.id, to, _letter(brand, current.record, notice)):
        case Fate.SENT | Fate.REFUSED:
            await _settle(brand, current, None)
        case Fate.RETRY:
            await _settle(brand, current, notice.changed(tried_at=None))
            raise TryAgainError
        case Fate.UNKNOWN:
            raise TryAgainError


async def notices_again(brand: Brand, before: datetime) -> int:
    """Queues again the mails whose message was lost; gives how many."""
    waiting = Query(where=(Where("owedSince", "<=", stamp(before)),), order_by="owedSince")
    sent = 0
    async for page in brand.rights.pages(waiting):
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "notice": item.record.id} for item in page])
        sent += len(page)
    return sent


async def warn_of_due_rights(brand: Brand) -> int:
    """Mails the brand's rights team, once a day, what is due within a week: ids and dates alone. Gives how many are.

    The day is in the mail's custom id: the provider is asked for it first, so that a second timer sends nothing.
    """
    to, now = brand.policy.rights_team, brand.now()
    soon = Query(where=(Where("waitingUntil", "<=", stamp(now + WARNED_BEFORE)),), order_by="waitingUntil")
    due = [item.record async for page in brand.rights.pages(soon) for item in page]
    if not due or to is None:
        return len(due)
    day = base64.b32encode(hashlib.sha256(f"{brand.id} {now.date()}".encode()).digest())[:24].decode().lower()
    if await left_already(brand, day, _WARNING, now - timedelta(days=1)):
        return len(due)
    content = render.rights_due_mail(
        brand=look(brand.policy),
        language=brand.policy.languages[0],
        due=[(request.id, request.kind.value, request.due_at) for request in due],
    )
    if await hand_over(brand, day, _WARNING, to, content) is not Fate.SENT:
        raise TryAgainError
    return len(due)


async def forget_old_requests(brand: Brand) -> int:
    """Deletes requests that were closed as long ago as the policy says, and of younger ones the brand's keys; gives how many.

    The keys go once the feed of changes no longer names them.
    """
    now = brand.now()
    kept = now - timedelta(days=brand.policy.durations.rights_requests)
    deleted = 0
    old = Query(where=(Where("receivedAt", "<=", stamp(kept)),), order_by="receivedAt")
    async for page in brand.rights.pages(old):
        over = [Change(i, None) for i in page if i.record.closed_at and i.record.closed_at <= kept]
        deleted += sum(r.outcome is Outcome.WRITTEN for r in await brand.rights.write_many(over))
    passed = Query(where=(Where("passedOnAt", "<=", stamp(now - PASSED_ON_FOR)),), order_by="passedOnAt")
    async for page in brand.rights.pages(passed):
        await brand.rights.write_many([Change(i, i.record.changed(passed_on_at=None, reached=())) for i in page])
    return deleted


_WARNING = "rightsdu"


async def _found(brand: Brand, id: str) -> Versioned[RightsRequest]:
    found = await brand.rights.get(id, id)
    if found is None:
        raise UnknownObjectError
    return found


async def _saved(brand: Brand, current: Versioned[RightsRequest], after: RightsRequest) -> RightsRequest | None:
    """The request as saved, its mail queued; None when somebody was faster."""
    try:
        await brand.rights.replace(current, after)
    except StaleError:
        return None
    if after.notice:
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "notice": after.id}])
    return after


async def _settle(brand: Brand, current: Versioned[RightsRequest], notice: Notice | None) -> None:
    with suppress(StaleError):  # closed, or told, meanwhile
        await brand.rights.replace(current, current.record.owing(notice, brand.now()))


async def _address(brand: Brand, request: RightsRequest) -> str | None:
    """Whom to tell; an ambassador who has gone meanwhile cannot be."""
    if request.ambassador is None:
        return request.email
    account = await brand.ambassadors.get(request.ambassador, request.ambassador)
    return account.record.email or None if account else None


def _letter(brand: Brand, request: RightsRequest, notice: Notice) -> render.MailContent:
    brands, language = look(brand.policy), language_of(brand.policy, request.language)
    if notice.kind is NoticeKind.ANSWERED:
        return render.rights_answered_mail(brand=brands, language=language, said=notice.text)
    until = request.due_at.astimezone(ZoneInfo(brand.policy.time_zone)).date()
    return render.rights_extended_mail(brand=brands, language=language, reason=notice.text, until=until)
