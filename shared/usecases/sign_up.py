"""Becoming an ambassador by form (REG-1, AMB-6): one answer for all, a mail to the address, access after the link."""

import asyncio
from dataclasses import dataclass
from typing import Any

from shared.domain.addresses import clean_address
from shared.domain.ambassador import AccountMail, AccountStatus, Ambassador
from shared.domain.errors import (
    BrandSuspendedError,
    ChangedMeanwhileError,
    FieldError,
    InvalidInputError,
    UnknownObjectError,
)
from shared.domain.flags import FlagKind
from shared.domain.ids import new_short_id
from shared.domain.passwords import hash_password
from shared.domain.policy import BrandStatus
from shared.domain.tokens import Purpose
from shared.domain.tracing import Visitor
from shared.ports import ConflictError, StaleError
from shared.usecases.account_mails import owing, queue_account_mail
from shared.usecases.brands import Brand, Brands
from shared.usecases.claims import bind, bind_subjects, by_email, take_blog_alias
from shared.usecases.limiting import count_against
from shared.usecases.registration import check
from shared.usecases.saving import ATTEMPTS
from shared.usecases.tracing import notice


@dataclass(frozen=True, slots=True)
class SignUp:
    """What the form says, already checked for types and lengths; `fields` are those of the account."""

    email: str
    password: str
    fields: dict[str, Any]


async def sign_up(brand: Brand, form: SignUp, ip: str | None, user_agent: str = "") -> None:
    """Takes a sign-up, unless registration is closed to it (REG-3).

    A known address gets another mail, and the caller the same answer after the same work."""
    check_required(brand, form.fields)
    try:
        email = clean_address(form.email)
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError("email", str(error))]) from None
    if ip:
        await count_against(brand, "sign-up-from", ip)
        await notice(brand, FlagKind.SIGN_UP_BURST, Visitor(ip, user_agent))
    await count_against(brand, "sign-up", email)
    await check(brand, way="form", email=email, customer_id=form.fields.get("customer_id"))
    password_hash = await asyncio.to_thread(hash_password, form.password, brand.ports.bcrypt_cost)
    now = brand.now()
    account = Ambassador(
        **form.fields,
        email=email,
        password_hash=password_hash,
        created_at=now,
        terms_accepted_at=now,
        terms_version=brand.policy.terms_version,
        sign_up=new_short_id(),
    ).settled(brand.hasher)
    await take_in(brand, account)


async def take_in(brand: Brand, account: Ambassador) -> None:
    """Stores a sign-up whose address is still to be confirmed, and queues the mail that it is owed."""
    for _ in range(ATTEMPTS):
        try:
            kept = await _keep(brand, account)
        except (ConflictError, StaleError):
            continue
        await queue_account_mail(brand, kept)
        return
    raise ChangedMeanwhileError


async def _keep(brand: Brand, account: Ambassador) -> Ambassador:
    """Stores the sign-up and the mail it is owed; an active account of the address stays as it is, but for another mail."""
    known = await by_email(brand, account.email)
    account = owing(account, AccountMail.CONFIRM_SIGN_UP, account.created_at)
    if known is None:
        return await _made(brand, account)
    if known.record.status is AccountStatus.UNCONFIRMED:
        return (await brand.ambassadors.replace(known, known.record.renewed_by(account))).record
    leaving = known.record.status is AccountStatus.LEAVING
    reminder = AccountMail.YOU_LEFT if leaving else AccountMail.ALREADY_REGISTERED
    reminded = owing(known.record, reminder, brand.now())
    if reminded != known.record:
        await brand.ambassadors.replace(known, reminded)
    return reminded


async def _made(brand: Brand, account: Ambassador) -> Ambassador:
    """A new account with its address. What a crash leaves before it has the address lapses (DEL-9), or gets it later."""
    made = await brand.ambassadors.create(account)
    try:
        await bind(brand, account)
    except (ConflictError, StaleError):
        await brand.ambassadors.delete(made)
        raise
    return account


@dataclass(frozen=True, slots=True)
class OpenSignUp:
    """The sign-up that a link is about."""

    brand: Brand
    account: Ambassador


async def open_sign_up(brands: Brands, token: str) -> OpenSignUp:
    """What a confirmation link is about; raises UnknownObjectError when it is forged, expired or overtaken by another one."""
    claims = brands.ports.tokens.read(Purpose.CONFIRM_SIGN_UP, token, brands.ports.clock.now())
    if claims is None:
        raise UnknownObjectError
    brand = await brands.get(claims["b"])
    account = await brand.ambassadors.get(claims["a"], claims["a"])
    signed_up = account.record.as_signed_up(claims["s"]) if account else None
    if brand.record.status is BrandStatus.ENDED:
        raise UnknownObjectError
    if signed_up is None or signed_up.status not in (AccountStatus.UNCONFIRMED, AccountStatus.ACTIVE):
        raise UnknownObjectError
    return OpenSignUp(brand, signed_up)


async def confirm_sign_up(brands: Brands, token: str, brand_id: str | None = None) -> OpenSignUp:
    """Opens the account (AMB-6); doing it again gives the same answer."""
    for _ in range(ATTEMPTS):
        opened = await open_sign_up(brands, token)
        brand = opened.brand
        if brand_id is not None and brand.id != brand_id:
            raise UnknownObjectError
        if opened.account.status is AccountStatus.ACTIVE:
            return opened
        if brand.record.status is not BrandStatus.ACTIVE:
            raise BrandSuspendedError  # nobody registers there now (BR-3); the link holds until it lapses
        current = await brand.ambassadors.get(opened.account.id, opened.account.id)
        if current is None or current.record.as_signed_up(opened.account.sign_up or "") != opened.account:
            continue
        holder = await by_email(brand, current.record.email)
        if holder is None or holder.record.id != current.record.id:
            raise UnknownObjectError  # another sign-up of the same moment has the address
        now = brand.now()
        try:
            await bind_subjects(brand, opened.account)
            active = opened.account.changed(
                status=AccountStatus.ACTIVE,
                confirmed_at=now,
                blog_alias=await take_blog_alias(brand, opened.account),
                earlier=(),
            )
            active = active.owing(()).settled(brand.hasher)
            await brand.ambassadors.replace(current, active)
        except (ConflictError, StaleError):
            continue
        return OpenSignUp(brand, active)
    raise UnknownObjectError


def check_required(brand: Brand, fields: dict[str, Any]) -> None:
    """Raises InvalidInputError naming each field that the brand's policy requires and that is empty (BR-2)."""
    names = {"customerId": "customer_id", "dateOfBirth": "date_of_birth"}
    errors = [
        FieldError(name, "is required by this brand")
        for name in brand.policy.required_ambassador_fields
        if not fields.get(names.get(name, name))
    ]
    if errors:
        raise InvalidInputError(errors=errors)
