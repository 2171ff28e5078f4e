"""What each mail to an ambassador says, and whether it still has a reason when it is about to leave: one writer a kind."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from shared.domain.ambassador import AccountMail, AccountStatus, Ambassador, LeftBecause, OwedMail
from shared.domain.consent import OptInClass
from shared.domain.inactivity import forgotten_at
from shared.domain.retention import due_at, is_due
from shared.domain.tokens import Purpose
from shared.pages import render
from shared.ports import ConflictError, StaleError
from shared.usecases import notices
from shared.usecases.brands import Brand
from shared.usecases.claims import bind
from shared.usecases.compose import PATHS, Letter, language_of, look

# None: there is no reason for it any more, and it never leaves.
Writer = Callable[[Brand, Ambassador, OwedMail], Awaitable[Letter | None]]


async def letter(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    """The letter that the account is owed; None when it must not go (any more)."""
    return await WRITERS[owed.kind](brand, account, owed)


async def _confirm_sign_up(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    if not await _can_be_confirmed(brand, account):
        return None
    expires = account.created_at + timedelta(days=brand.policy.durations.unconfirmed_sign_up)
    claims = {"b": brand.id, "a": account.id, "s": account.sign_up or ""}
    token = brand.ports.tokens.issue(Purpose.CONFIRM_SIGN_UP, claims, expires)
    return Letter(
        render.confirm_sign_up_mail(
            brand=look(brand.policy),
            language=language_of(brand.policy, account.language),
            first_name=account.first_name,
            confirm_url=f"{brand.ports.public_url}/{PATHS[Purpose.CONFIRM_SIGN_UP]}/{token}",
        )
    )


async def _can_be_confirmed(brand: Brand, account: Ambassador) -> bool:
    """Whether the sign-up still waits; one that was cut short before it had its address takes it now."""
    if account.status is not AccountStatus.UNCONFIRMED or account.lapsed:
        return False
    try:
        await bind(brand, account)
    except (ConflictError, StaleError):
        return False
    return True


async def _already_registered(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    language = language_of(brand.policy, account.language)
    return Letter(
        render.already_registered_mail(brand=look(brand.policy), language=language, first_name=account.first_name)
    )


async def _you_left(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    until = due_at(account.clock, brand.policy.durations)
    if account.status is not AccountStatus.LEAVING or until is None:
        return None
    language = language_of(brand.policy, account.language)
    by_the_person = account.left_because is LeftBecause.UNSUBSCRIBED
    return Letter(
        render.you_left_mail(
            brand=look(brand.policy),
            language=language,
            first_name=account.first_name,
            until=until.date(),
            by_the_person=by_the_person,
        )
    )


async def _contacts_migrated(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    """COL-13: that contacts from before the law were taken over, and what that means."""
    if account.status is not AccountStatus.ACTIVE:
        return None
    language = language_of(brand.policy, account.language)
    return Letter(
        render.contacts_migrated_mail(
            brand=look(brand.policy),
            language=language,
            first_name=account.first_name,
            days=brand.policy.durations.new,
        )
    )


async def _reset_password(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    reset = account.password_reset
    if account.status is not AccountStatus.ACTIVE or reset is None or reset.used or reset.id != owed.about:
        return None
    if reset.expires_at <= brand.now():
        return None
    claims = {"b": brand.id, "a": account.id, "r": reset.id}
    token = brand.ports.tokens.issue(Purpose.RESET_PASSWORD, claims, reset.expires_at)
    return Letter(
        render.reset_password_mail(
            brand=look(brand.policy),
            language=language_of(brand.policy, account.language),
            first_name=account.first_name,
            reset_url=f"{brand.ports.public_url}/{PATHS[Purpose.RESET_PASSWORD]}/{token}",
        )
    )


async def _visitor_message(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    """COL-5: what a visitor of the blog wrote; an answer by mail is offered only where it is allowed."""
    if account.status is not AccountStatus.ACTIVE or not owed.text:
        return None
    found = await brand.contacts.get(account.id, (owed.about or "").partition(".")[0])
    if found is None or found.record.anonymised_at:
        return None  # whose data is gone, of them nothing is passed on (DEL-8)
    contact = found.record if found.record.in_the_book and not found.record.pending else None
    may_answer = contact is not None and contact.ambassador_opt_in.opt_in_class is OptInClass.OPTED_IN
    name = " ".join(part for part in (contact.first_name, contact.last_name) if part) if contact else ""
    content = render.visitor_message_mail(
        brand=look(brand.policy),
        language=language_of(brand.policy, account.language),
        first_name=account.first_name,
        visitor_name=name,
        message=owed.text,
        may_answer=may_answer,
    )
    return Letter(content, reply_to=contact.email if contact and may_answer else None)


async def _inactive(brand: Brand, account: Ambassador, owed: OwedMail) -> Letter | None:
    """RET-7: that the account is erased unless its ambassador logs in, and from which day on."""
    now = brand.now()
    if account.status is not AccountStatus.ACTIVE or not is_due(account.clock, now, brand.policy.durations):
        return None
    return Letter(
        render.inactive_mail(
            brand=look(brand.policy),
            language=language_of(brand.policy, account.language),
            first_name=account.first_name,
            day=forgotten_at(account, now, brand.policy.durations).date(),
        )
    )


WRITERS: Mapping[AccountMail, Writer] = {
    AccountMail.VISITOR_MESSAGE: _visitor_message,
    AccountMail.CONFIRM_SIGN_UP: _confirm_sign_up,
    AccountMail.ALREADY_REGISTERED: _already_registered,
    AccountMail.YOU_LEFT: _you_left,
    AccountMail.CONTACTS_MIGRATED: _contacts_migrated,
    AccountMail.RESET_PASSWORD: _reset_password,
    AccountMail.NEW_COMMENT: notices.new_comment,
    AccountMail.NEWSLETTER: notices.to_all,
    AccountMail.EVENT: notices.to_all,
    AccountMail.CHALLENGE: notices.to_all,
    AccountMail.SUSPENDED: notices.suspended,
    AccountMail.INACTIVE: _inactive,
}
