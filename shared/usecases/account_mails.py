"""Mails to ambassadors about their own account, by the queue like every other mail."""

from datetime import timedelta
from enum import StrEnum

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.custom_id import CustomId
from shared.domain.errors import TryAgainError
from shared.domain.ids import new_short_id
from shared.domain.tokens import Purpose
from shared.ports import Fate
from shared.usecases.brands import Brand
from shared.usecases.compose import account_mail

QUEUE = "account-mails"


class AccountMail(StrEnum):
    """What an account mail says."""

    CONFIRM_SIGN_UP = "confirm_sign_up"
    ALREADY_REGISTERED = "already_registered"


async def queue_account_mail(brand: Brand, account: Ambassador, mail: AccountMail) -> None:
    """Queues a mail to the account's own address; its id is fixed now, so that a repeat can be told."""
    message = {"brand": brand.id, "ambassador": account.id, "mail": mail.value, "id": new_short_id()}
    if account.sign_up:
        message["signUp"] = account.sign_up
    await brand.ports.queue.send(QUEUE, [message])


async def send_account_mail(brand: Brand, ambassador: str, mail: AccountMail, id: str, sign_up: str | None) -> None:
    """Sends one account mail; asks the provider first whether an earlier try got through.

    Raises TryAgainError when the provider did not take it: the queue tries again.
    """
    found = await brand.ambassadors.get(ambassador, ambassador)
    if found is None:
        return
    account = found.record
    if mail is AccountMail.CONFIRM_SIGN_UP and (account.sign_up != sign_up or account.status is AccountStatus.ACTIVE):
        return  # overtaken by a newer sign-up, or done
    custom_id = str(CustomId(brand.id, ambassador, None, id))
    accepted = await brand.ports.mailer.was_accepted(custom_id)
    if accepted:
        return
    if accepted is None:
        raise TryAgainError
    token = None
    if mail is AccountMail.CONFIRM_SIGN_UP:
        expires = account.created_at + timedelta(days=brand.policy.durations.unconfirmed_sign_up)
        claims = {"b": brand.id, "a": account.id, "s": account.sign_up or ""}
        token = brand.ports.tokens.issue(Purpose.CONFIRM_SIGN_UP, claims, expires)
    (result,) = await brand.ports.mailer.send([account_mail(brand, account, custom_id, token)])
    if result.fate in (Fate.RETRY, Fate.UNKNOWN):
        raise TryAgainError
