"""Mails to ambassadors: owed by the account itself until they left, so that none is lost (MAIL-4).

What a kind of mail says, and whether it still has a reason, is its writer's in `account_letters`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.ambassador import MANY, AccountMail, Ambassador, OwedMail
from shared.domain.custom_id import CustomId
from shared.domain.errors import ChangedMeanwhileError, TryAgainError
from shared.domain.ids import new_short_id
from shared.domain.policy import BrandStatus
from shared.domain.records import stamp
from shared.ports import Fate, OutgoingMail, Query, StaleError, Where
from shared.usecases.account_letters import letter
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned, chunks
from shared.usecases.compose import to_ambassador
from shared.usecases.saving import ATTEMPTS
from shared.usecases.send_mails import DOUBT

QUEUE = "account-mails"
A_CALL = 50
SPLIT_SECONDS = 30

Mail = tuple[str, str]  # ambassador, and the owed mail's id


def owing(
    account: Ambassador, mail: AccountMail, now: datetime, *, about: str | None = None, text: str | None = None
) -> Ambassador:
    """The account that is owed a mail, to be saved with what the mail is about; what waits already is not doubled.

    Of most kinds only the newest waits. Of those in `MANY` each is told; one too many is not, and the account is unchanged.
    """
    waiting = [owed for owed in account.owed if owed.kind is mail]
    if mail in MANY:
        if len(waiting) >= MANY[mail] or any(owed.about == about for owed in waiting if about):
            return account
        others = account.owed
    elif mail is AccountMail.ALREADY_REGISTERED and waiting:
        return account
    else:
        others = tuple(owed for owed in account.owed if owed.kind is not mail)
    return account.owing((*others, OwedMail(id=new_short_id(), kind=mail, since=now, about=about, text=text)))


async def queue_account_mail(brand: Brand, *accounts: Ambassador) -> None:
    """Queues the mails that accounts are owed, up to 50 a message; what is lost is found by the recovery timer."""
    mails = [(account.id, owed.id) for account in accounts for owed in account.owed if _may_leave(brand, owed)]
    await brand.ports.queue.send(QUEUE, [_message(brand, part) for part in chunks(mails, A_CALL)])


async def queue_again(brand: Brand, before: datetime) -> int:
    """Queues again what has been owed since then or longer; gives how many."""
    if brand.record.status is BrandStatus.ENDED:
        return 0
    waiting = Query(where=(Where("owedSince", "<=", stamp(before)),), order_by="owedSince")
    sent = 0
    async for page in brand.ambassadors.pages(waiting):
        await queue_account_mail(brand, *(item.record for item in page))
        sent += sum(_may_leave(brand, owed) for item in page for owed in item.record.owed)
    return sent


@dataclass(slots=True)
class _Try:
    """One account, and what becomes of its mails at this try, by their ids."""

    account: Versioned[Ambassador]
    going: dict[str, OutgoingMail] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)  # left, never to be taken, or without a reason
    left: set[str] = field(default_factory=set)  # the first of those
    not_taken: set[str] = field(default_factory=set)
    in_doubt: bool = False

    def settled(self, account: Ambassador, now: datetime) -> Ambassador:
        """The account after the try; that it was warned counts from now, when it is known that the warning left (RET-19)."""
        warned = [mail for mail in account.owed if mail.kind is AccountMail.INACTIVE and mail.id in self.left]
        waiting = [owed for owed in account.owed if owed.id not in self.over]
        after = account.owing(owed.changed(tried_at=None) if owed.id in self.not_taken else owed for owed in waiting)
        return after.changed(warned=(*account.warned, now)) if warned else after


async def send_account_mails(brand: Brand, mails: Sequence[Mail]) -> None:
    """Sends up to 50 account mails; asks the provider first when the fate of an earlier try is not known.

    Raises TryAgainError while one did not leave: the queue tries again, and after it the recovery timer. A brand that is
    not active mails nothing (BR-3) but that it is suspended (DEL-6): other mails stay owed until it is active again.
    """
    wanted: dict[str, list[str]] = defaultdict(list)
    for ambassador, mail in mails:
        wanted[ambassador].append(mail)
    found = await brand.ambassadors.get_many([(ambassador, ambassador) for ambassador in wanted])
    tries = [await _judged(brand, account, wanted[account.record.id]) for account in found.values()]
    await _claim(brand, tries)
    going = [(one, id, mail) for one in tries for id, mail in one.going.items()]
    results = await brand.ports.mailer.send([mail for _, _, mail in going])
    for (one, id, _), result in zip(going, results, strict=True):
        match result.fate:
            case Fate.SENT:
                one.over.add(id)
                one.left.add(id)
            case Fate.REFUSED:
                one.over.add(id)
            case Fate.RETRY:
                one.not_taken.add(id)
            case Fate.UNKNOWN:
                one.in_doubt = True
    for one in tries:
        await _settle(brand, one)
    if len(going) > 1 and all(result.fate is Fate.RETRY for result in results):
        # It may be one mail that spoils the call for all: by halves it is found.
        halves = chunks([(one.account.record.id, id) for one, id, _ in going], (len(going) + 1) // 2)
        await brand.ports.queue.send(QUEUE, [_message(brand, half) for half in halves], delay_seconds=SPLIT_SECONDS)
    elif any(one.not_taken or one.in_doubt for one in tries):
        raise TryAgainError


async def _judged(brand: Brand, account: Versioned[Ambassador], mails: Iterable[str]) -> _Try:
    """Which of the account's mails go now."""
    one = _Try(account)
    for id in mails:
        owed = account.record.owes(id)
        if owed is None or not _may_leave(brand, owed):
            continue  # overtaken by a newer one, or done; or it waits for the brand
        custom_id = str(CustomId(brand.id, account.record.id, None, id))
        said = await letter(brand, account.record, owed)
        accepted = await brand.ports.mailer.was_accepted(custom_id) if said and owed.tried_at else False
        if said is None or accepted:
            one.over.add(id)
            one.left |= {id} if accepted else set()
        elif accepted is None or (owed.tried_at and brand.now() - owed.tried_at < DOUBT):
            one.in_doubt = True
        else:
            one.going[id] = to_ambassador(brand, account.record, custom_id, said)
    return one


def _may_leave(brand: Brand, owed: OwedMail) -> bool:
    if owed.kind is AccountMail.SUSPENDED:
        return brand.record.status is not BrandStatus.ENDED
    return brand.record.status is BrandStatus.ACTIVE


async def _claim(brand: Brand, tries: Sequence[_Try]) -> None:
    """Marks what goes as tried, so that a crash leaves a doubt and no second mail; who changed meanwhile waits."""
    going = [one for one in tries if one.going]
    marked = [
        one.account.record.owing(
            owed.changed(tried_at=brand.now()) if owed.id in one.going else owed for owed in one.account.record.owed
        )
        for one in going
    ]
    changes = [Change(one.account, account) for one, account in zip(going, marked, strict=True)]
    results = await brand.ambassadors.write_many(changes)
    for one, account, result in zip(going, marked, results, strict=True):
        if result.etag:
            one.account = Versioned(account, result.etag)
        else:
            one.going, one.in_doubt = {}, True


async def _settle(brand: Brand, one: _Try) -> None:
    """Writes down what became of the account's mails."""
    current: Versioned[Ambassador] | None = one.account
    for _ in range(ATTEMPTS):
        if current is None:
            return
        after = one.settled(current.record, brand.now())
        if after == current.record:
            return
        if after.warned != current.record.warned:
            after = after.settled(brand.hasher)
        with suppress(StaleError):
            await brand.ambassadors.replace(current, after)
            return
        current = await brand.ambassadors.get(current.record.id, current.record.id)
    raise ChangedMeanwhileError


def _message(brand: Brand, mails: Iterable[Mail]) -> dict[str, object]:
    return {"brand": brand.id, "mails": [list(mail) for mail in mails]}
