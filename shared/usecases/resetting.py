"""A forgotten password (AMB-7): a link by mail that sets another one once, within an hour, and ends every session."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.addresses import clean_address
from shared.domain.ambassador import AccountMail, AccountStatus, Ambassador, PasswordReset
from shared.domain.errors import ChangedMeanwhileError, FieldError, InvalidInputError, UnknownObjectError
from shared.domain.ids import new_id, new_short_id
from shared.domain.passwords import hash_password, verify_password
from shared.domain.policy import BrandStatus
from shared.domain.tokens import Purpose
from shared.ports import StaleError
from shared.usecases.account_mails import QUEUE, owing, queue_account_mail
from shared.usecases.brands import Brand, Brands
from shared.usecases.claims import by_email
from shared.usecases.collections import Versioned
from shared.usecases.limiting import count_against, forgive
from shared.usecases.saving import ATTEMPTS

HOLDS = timedelta(hours=1)


async def forget_password(brand: Brand, address: str, ip: str | None) -> None:
    """Mails what fits: a link to who has a password, the confirmation again to who did not confirm, until when to who left.

    Others get nothing. The caller gets the same answer after the same work, whoever it is. Raises TooManyRequestsError.
    """
    try:
        email = clean_address(address)
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError("email", str(error))]) from None
    if ip:
        await count_against(brand, "password-forgotten-from", ip)
    await count_against(brand, "password-forgotten", email)
    for _ in range(ATTEMPTS):
        known = await by_email(brand, email)
        asked = _asked(brand, known.record) if known else None
        if known is None or asked is None:
            await _work_for_nobody(brand, email)
            return
        try:
            await brand.ambassadors.replace(known, asked)
        except StaleError:
            continue
        await queue_account_mail(brand, asked)
        return
    raise ChangedMeanwhileError


@dataclass(frozen=True, slots=True)
class OpenReset:
    """The reset that a link is about."""

    brand: Brand
    account: Versioned[Ambassador]
    reset: PasswordReset


async def open_reset(brands: Brands, token: str, brand_id: str | None = None) -> OpenReset:
    """What a link is about; raises UnknownObjectError when it is forged, expired, overtaken by a newer one, or used."""
    opened = await _opened(brands, token, brand_id)
    if opened.reset.used:
        raise UnknownObjectError
    return opened


async def save_password(brands: Brands, token: str, password: str, brand_id: str | None = None) -> OpenReset:
    """Sets the password of the account of a link and ends all its sessions.

    Once: asked again with the same password the answer is the same and nothing changes (MAIL-3); with another one, or when
    a newer link was asked for, it is UnknownObjectError.
    """
    for _ in range(ATTEMPTS):
        opened = await _opened(brands, token, brand_id)
        brand, account = opened.brand, opened.account.record
        if opened.reset.used:
            if await asyncio.to_thread(verify_password, password, account.password_hash or ""):
                return opened
            raise UnknownObjectError
        after = account.changed(
            password_hash=await asyncio.to_thread(hash_password, password, brand.ports.bcrypt_cost),
            password_reset=opened.reset.changed(used=True),
            sessions=(),
        )
        try:
            saved = await brand.ambassadors.replace(opened.account, after)
        except StaleError:
            continue
        await forgive(brand, "sign-in", account.email)
        return OpenReset(brand, saved, opened.reset)
    raise ChangedMeanwhileError


def _asked(brand: Brand, account: Ambassador) -> Ambassador | None:
    """The account with the mail that fits; None when there is none to send."""
    now = brand.now()
    match account.status:
        case AccountStatus.UNCONFIRMED:
            return owing(account, AccountMail.CONFIRM_SIGN_UP, now)
        case AccountStatus.LEAVING:
            return owing(account, AccountMail.YOU_LEFT, now)
        case AccountStatus.ACTIVE if account.password_hash:
            reset = PasswordReset(id=new_short_id(), expires_at=now + HOLDS)
            return owing(account.changed(password_reset=reset), AccountMail.RESET_PASSWORD, now, about=reset.id)
        case _:
            return None  # who comes from a directory or Facebook has no password to forget


async def _work_for_nobody(brand: Brand, email: str) -> None:
    """A read, a write and a message, as for who is known: how long it took tells nothing (AMB-6)."""
    await brand.ambassadors.get("nobody", "nobody")
    await count_against(brand, "password-of-nobody", email)
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "mails": [[new_id(), new_short_id()]]}])


async def _opened(brands: Brands, token: str, brand_id: str | None) -> OpenReset:
    claims = brands.ports.tokens.read(Purpose.RESET_PASSWORD, token, brands.ports.clock.now())
    if claims is None or brand_id not in (None, claims["b"]):
        raise UnknownObjectError
    brand = await brands.get(claims["b"])
    account = await brand.ambassadors.get(claims["a"], claims["a"])
    reset = account.record.password_reset if account else None
    if account is None or reset is None or reset.id != claims["r"]:
        raise UnknownObjectError
    if account.record.status is not AccountStatus.ACTIVE or brand.record.status is BrandStatus.ENDED:
        raise UnknownObjectError
    return OpenReset(brand, account, reset)
