"""An ambassador leaves, is removed by the brand, or comes back in time (DEL-1, DEL-2, DEL-3)."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.ambassador import AccountMail, AccountStatus, Ambassador, LeftBecause
from shared.domain.errors import ChangedMeanwhileError, NotRestorableError, UnknownObjectError
from shared.domain.ledger import Evidence, next_entry
from shared.domain.policy import BrandStatus
from shared.domain.retention import due_at, is_due
from shared.domain.tokens import Purpose
from shared.ports import StaleError
from shared.usecases.account_mails import owing, queue_account_mail
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Versioned
from shared.usecases.saving import ATTEMPTS, enter_missing, enter_proof
from shared.usecases.sessions import Caller


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a link is about; `until` is the day of erasure once the account has ended."""

    brand: Brand
    account: Ambassador
    until: datetime | None


GONE = (AccountStatus.UNCONFIRMED, AccountStatus.ANONYMISED)


async def leave(caller: Caller) -> datetime:
    """Unsubscribes the ambassador: access ends for every session at its next request (DEL-1). Gives the day of erasure."""
    evidence = Evidence(actor=f"ambassador:{caller.id}", mechanism=LeftBecause.UNSUBSCRIBED)
    return await _end(caller.brand, caller.id, LeftBecause.UNSUBSCRIBED, evidence)


async def open_leave_link(brands: Brands, token: str) -> Asked:
    """What a link of a suspension's mail is about (DEL-6); raises UnknownObjectError where it leads to nobody any more."""
    claims = brands.ports.tokens.read(Purpose.LEAVE, token, brands.ports.clock.now())
    if claims is None:
        raise UnknownObjectError
    brand = await brands.get(claims["b"])
    if brand.record.status is not BrandStatus.SUSPENDED or claims.get("w") != brand.record.suspension:
        raise UnknownObjectError  # it was about that suspension
    account = (await _standing(brand, claims["a"])).record
    left = account.status is AccountStatus.LEAVING
    return Asked(brand, account, erasure_due_at(brand, account) if left else None)


async def leave_by_link(asked: Asked) -> Asked:
    """Unsubscribes the ambassador as from within the account (DEL-1); again changes nothing."""
    evidence = Evidence(actor=f"ambassador:{asked.account.id}", mechanism="suspension_mail")
    until = await _end(asked.brand, asked.account.id, LeftBecause.UNSUBSCRIBED, evidence)
    return Asked(asked.brand, asked.account, until)


async def remove(brand: Brand, ambassador: str, by: str, because: LeftBecause = LeftBecause.REMOVED) -> datetime:
    """Ends an account on the brand's word (DEL-2); `by` says whose, as the ledger names actors: `staff:<id>`, `brand`.

    Gives the day of erasure. Doing it again changes nothing, also when the ambassador was faster. Raises
    UnknownObjectError when there is no such account, or it is only a sign-up, or what is left of one.
    """
    return await _end(brand, ambassador, because, Evidence(actor=by, mechanism=because))


async def restore(brand: Brand, ambassador: str, by: str) -> Ambassador:
    """Takes it back within the grace period: account, contacts and access are as they were, sessions are not (DEL-3).

    Doing it again changes nothing. Raises NotRestorableError once the time is over.
    """
    for _ in range(ATTEMPTS):
        current = await _standing(brand, ambassador)
        account, now = current.record, brand.now()
        if account.status is AccountStatus.ACTIVE:
            return account
        if account.erasing_since or is_due(account.clock, now, brand.policy.durations):
            raise NotRestorableError
        waiting = (mail for mail in account.owed if mail.kind is not AccountMail.YOU_LEFT)
        back = account.changed(status=AccountStatus.ACTIVE, left_at=None, left_because=None).owing(waiting)
        saved = await save_standing(brand, current, back, Evidence(actor=by, mechanism="restored"))
        if saved:
            return saved.record
    raise ChangedMeanwhileError


def erasure_due_at(brand: Brand, account: Ambassador) -> datetime:
    """When a leaving account is anonymised, by the policy as it is now (RET-8)."""
    due = due_at(account.clock, brand.policy.durations)
    if due is None:
        raise ValueError("the account is not leaving")
    return due


async def _end(brand: Brand, ambassador: str, because: LeftBecause, evidence: Evidence) -> datetime:
    for _ in range(ATTEMPTS):
        current = await _standing(brand, ambassador)
        account = current.record
        if account.status is AccountStatus.LEAVING:
            return erasure_due_at(brand, account)
        left = account.changed(
            status=AccountStatus.LEAVING, left_at=brand.now(), left_because=because, sessions=()
        ).owing(())  # what else was to be told concerns an ambassador, and this one is none any more
        left = owing(left, AccountMail.YOU_LEFT, brand.now())
        saved = await save_standing(brand, current, left, evidence)
        if saved:
            await queue_account_mail(brand, saved.record)
            return erasure_due_at(brand, saved.record)
    raise ChangedMeanwhileError


async def _standing(brand: Brand, ambassador: str) -> Versioned[Ambassador]:
    found = await brand.ambassadors.get(ambassador, ambassador)
    if found is None or found.record.status in GONE:
        raise UnknownObjectError
    return found


async def save_standing(
    brand: Brand, current: Versioned[Ambassador], after: Ambassador, evidence: Evidence
) -> Versioned[Ambassador] | None:
    """The account as saved, its change in the ledger; None when somebody was faster."""
    proof = next_entry(
        current.record.proof,
        subject=after.id,
        at=brand.now(),
        before={"status": current.record.status.value},
        after={"status": after.status.value},
        evidence=evidence,
        key=brand.ledger_key,
    )
    await enter_missing(brand, brand.ambassadors, [current.record])
    saved = after.changed(proof=proof).settled(brand.hasher)
    try:
        written = await brand.ambassadors.replace(current, saved)
    except StaleError:
        return None
    await enter_proof(brand, proof)
    return written
