"""Mails to ambassadors about their own account: owed by the account itself until they left, so that none is lost (MAIL-4)."""

from contextlib import suppress
from datetime import datetime, timedelta

from shared.domain.ambassador import AccountMail, AccountStatus, Ambassador, OwedMail
from shared.domain.custom_id import CustomId
from shared.domain.errors import ChangedMeanwhileError, TryAgainError
from shared.domain.ids import new_short_id
from shared.domain.records import stamp
from shared.domain.tokens import Purpose
from shared.ports import ConflictError, Fate, OutgoingMail, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.claims import bind
from shared.usecases.collections import Versioned
from shared.usecases.compose import account_mail
from shared.usecases.saving import ATTEMPTS
from shared.usecases.send_mails import DOUBT

QUEUE = "account-mails"


def owing(account: Ambassador, mail: AccountMail, now: datetime) -> Ambassador:
    """The account that is owed a mail, to be saved with what the mail is about; what waits already is not doubled."""
    if mail is AccountMail.ALREADY_REGISTERED and account.owed and account.owed.kind is mail:
        return account
    return account.changed(owed=OwedMail(id=new_short_id(), kind=mail, since=now))


async def queue_account_mail(brand: Brand, account: Ambassador) -> None:
    """Queues the mail that the account is owed; a message that is lost is found by the recovery timer."""
    if account.owed:
        await brand.ports.queue.send(QUEUE, [_message(brand, account, account.owed)])


async def queue_again(brand: Brand, before: datetime) -> int:
    """Queues again what has been owed since then or longer; gives how many."""
    waiting = Query(where=(Where("owed.since", "<=", stamp(before)),), order_by="owed.since")
    sent = 0
    async for page in brand.ambassadors.pages(waiting):
        messages = [_message(brand, item.record, item.record.owed) for item in page if item.record.owed]
        await brand.ports.queue.send(QUEUE, messages)
        sent += len(messages)
    return sent


async def send_account_mail(brand: Brand, ambassador: str, id: str) -> None:
    """Sends one account mail; asks the provider first when the fate of an earlier try is not known.

    Raises TryAgainError while it did not leave: the queue tries again, and after it the recovery timer.
    """
    found = await brand.ambassadors.get(ambassador, ambassador)
    owed = found.record.owed if found else None
    if found is None or owed is None or owed.id != id:
        return  # gone, overtaken by a newer one, or done
    if owed.kind is AccountMail.CONFIRM_SIGN_UP and not await _can_be_confirmed(brand, found.record):
        await _done(brand, ambassador, id)
        return
    custom_id = str(CustomId(brand.id, ambassador, None, id))
    if owed.tried_at:
        accepted = await brand.ports.mailer.was_accepted(custom_id)
        if accepted:
            await _done(brand, ambassador, id)
            return
        if accepted is None or brand.now() - owed.tried_at < DOUBT:
            raise TryAgainError
    claimed = await _claimed(brand, found, owed)
    (result,) = await brand.ports.mailer.send([_composed(brand, claimed.record, owed, custom_id)])
    if result.fate is Fate.UNKNOWN:
        raise TryAgainError
    if result.fate is Fate.RETRY:
        with suppress(StaleError):
            await brand.ambassadors.replace(claimed, claimed.record.changed(owed=owed.changed(tried_at=None)))
        raise TryAgainError
    await _done(brand, ambassador, id)


async def _can_be_confirmed(brand: Brand, account: Ambassador) -> bool:
    """Whether the sign-up still waits; one that was cut short before it had its address takes it now."""
    if account.status is not AccountStatus.UNCONFIRMED or account.lapsed:
        return False
    try:
        await bind(brand, account)
    except (ConflictError, StaleError):
        return False
    return True


async def _claimed(brand: Brand, found: Versioned[Ambassador], owed: OwedMail) -> Versioned[Ambassador]:
    try:
        return await brand.ambassadors.replace(found, found.record.changed(owed=owed.changed(tried_at=brand.now())))
    except StaleError:
        raise TryAgainError from None


async def _done(brand: Brand, ambassador: str, id: str) -> None:
    for _ in range(ATTEMPTS):
        current = await brand.ambassadors.get(ambassador, ambassador)
        if current is None or current.record.owed is None or current.record.owed.id != id:
            return
        with suppress(StaleError):
            await brand.ambassadors.replace(current, current.record.changed(owed=None))
            return
    raise ChangedMeanwhileError


def _composed(brand: Brand, account: Ambassador, owed: OwedMail, custom_id: str) -> OutgoingMail:
    token = None
    if owed.kind is AccountMail.CONFIRM_SIGN_UP:
        expires = account.created_at + timedelta(days=brand.policy.durations.unconfirmed_sign_up)
        claims = {"b": brand.id, "a": account.id, "s": account.sign_up or ""}
        token = brand.ports.tokens.issue(Purpose.CONFIRM_SIGN_UP, claims, expires)
    return account_mail(brand, account, custom_id, token)


def _message(brand: Brand, account: Ambassador, owed: OwedMail) -> dict[str, str]:
    return {"brand": brand.id, "ambassador": account.id, "id": owed.id}
