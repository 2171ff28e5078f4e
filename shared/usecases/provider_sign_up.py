"""Becoming an ambassador by the brand's directory or by Facebook, after the terms are accepted (REG-1, AMB-2, AMB-6)."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shared.domain.addresses import clean_address
from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.errors import (
    AddressTakenError,
    ChangedMeanwhileError,
    FieldError,
    InvalidInputError,
    UnknownObjectError,
)
from shared.domain.flags import FlagKind
from shared.domain.flows import FlowPurpose
from shared.domain.ids import new_short_id
from shared.domain.tracing import Visitor
from shared.ports import ConflictError, StaleError
from shared.usecases import flows
from shared.usecases.brands import Brand
from shared.usecases.claims import bind, bind_subjects, by_email, by_subject, take_blog_alias
from shared.usecases.collections import Versioned
from shared.usecases.limiting import count_against
from shared.usecases.provider_log_in import SSO, Known, Newcomer, address_of, directory_fields
from shared.usecases.registration import check
from shared.usecases.saving import ATTEMPTS
from shared.usecases.sessions import open_session
from shared.usecases.sign_up import check_required, take_in
from shared.usecases.tracing import notice


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the newcomer entered, already checked for types and lengths, on the page that asked to accept the terms."""

    email: str | None
    fields: dict[str, Any]
    photo_wanted: bool = False


async def accept(newcomer: Newcomer, accepted: Accepted, ip: str | None) -> Known | None:
    """Makes the account: signed in at once when the brand's directory vouches for the address, else after the usual mail (None).

    What the directory says goes before what was entered. An address that another account has is never taken over: raises
    AddressTakenError for the directory's; for an address of Facebook's the answer is that of every sign-up (AMB-6).
    Raises RegistrationClosedError where the brand's list has not what it goes by (REG-3).
    """
    brand, identity = newcomer.brand, newcomer.identity
    vouched = directory_fields(brand.policy, identity) if newcomer.provider == SSO else {}
    fields = {**accepted.fields, **vouched}
    fields["email"] = vouched.get("email") or address_of(identity) or _entered(accepted.email)
    check_required(brand, fields)
    if ip and newcomer.provider != SSO:  # a brand's people may all come on one day, from one office
        await count_against(brand, "sign-up-from", ip)
        await notice(brand, FlagKind.SIGN_UP_BURST, Visitor(ip, ""))
    await count_against(brand, "sign-up", fields["email"])
    await check(brand, way=newcomer.provider, email=fields["email"], customer_id=fields.get("customer_id"))
    now = brand.now()
    account = Ambassador(
        **fields,
        **{f"{newcomer.provider}_id": identity.subject},
        photo_wanted=accepted.photo_wanted and newcomer.has_picture,
        created_at=now,
        terms_accepted_at=now,
        terms_version=brand.policy.terms_version,
        sign_up=new_short_id(),
    ).settled(brand.hasher)
    if newcomer.provider == SSO and "email" in vouched:
        done: Known | None = await _opened(brand, account)
    else:
        await take_in(brand, account)
        done = None
    with suppress(UnknownObjectError):  # the same form was sent twice
        await flows.take(brand.ports, newcomer.flow, newcomer.key, FlowPurpose.SIGN_UP)
    return done


def _entered(email: str | None) -> str:
    try:
        return clean_address(email or "")
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError("email", str(error))]) from None


async def _opened(brand: Brand, account: Ambassador) -> Known:
    """An open account, signed in. What a crash leaves before is an unconfirmed sign-up: it lapses, or is taken up again."""
    for _ in range(ATTEMPTS):
        try:
            known = await by_subject(brand, account.subjects[0])
            if known and known.record.status is AccountStatus.ACTIVE:  # the same form was sent twice
                return Known(brand, await open_session(brand, known, known.record))
            waiting = await _waiting(brand, account)
            await bind_subjects(brand, waiting.record)
            active = waiting.record.changed(
                status=AccountStatus.ACTIVE,
                confirmed_at=brand.now(),
                blog_alias=await take_blog_alias(brand, waiting.record),
                earlier=(),
            )
            return Known(brand, await open_session(brand, waiting, active.owing(()).settled(brand.hasher)))
        except (ConflictError, StaleError):
            continue
    raise ChangedMeanwhileError


async def _waiting(brand: Brand, account: Ambassador) -> Versioned[Ambassador]:
    """The sign-up, stored with its address: a new record, or an unconfirmed one of the same address in its place."""
    known = await by_email(brand, account.email)
    if known is None:
        made = await brand.ambassadors.create(account)
        try:
            await bind(brand, account)
        except (ConflictError, StaleError):
            await brand.ambassadors.delete(made)
            raise
        return made
    if known.record.status is not AccountStatus.UNCONFIRMED:
        raise AddressTakenError
    return await brand.ambassadors.replace(known, known.record.renewed_by(account))
