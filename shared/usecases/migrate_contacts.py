"""Contacts from before the law applied (COL-13): taken over once, with the consent that their activity stands for.

With activity they are opted in, as of that day; without, they are `new` as of the day they came, and lapse like any (RET-1).
Each ambassador is told by one mail, however many calls it takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.domain.addresses import clean_address
from shared.domain.ambassador import AccountMail, Ambassador
from shared.domain.collecting import Arrival, Outcome, Said, Source
from shared.domain.errors import FieldError
from shared.domain.syncing import to_the_letter
from shared.usecases.account_mails import owing, queue_account_mail
from shared.usecases.accounts import change_account
from shared.usecases.brands import Brand
from shared.usecases.collect import arrive_many
from shared.usecases.collections import BATCH, chunks
from shared.usecases.references import accounts_named

_CLOCKS_DIFFER = timedelta(minutes=10)
_TOLD = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)
_REASONS = {
    Outcome.SUPPRESSED: FieldError("email", "is on the brand's black list"),
    Outcome.OPTED_OUT: FieldError("email", "its person opted out of this ambassador, or was taken out of the book"),
    Outcome.RESTRICTED: FieldError("email", "its person restricted the record (art. 18)"),
}


@dataclass(frozen=True, slots=True)
class OldContact:
    """One contact as it was kept before; `ambassador` is any reference that leads to an account."""

    ambassador: str
    email: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)
    last_activity_at: datetime | None


@dataclass(frozen=True, slots=True)
class Migrated:
    """The answer to one row; without an outcome it was not read as a contact."""

    outcome: Outcome | None
    contact: str | None = None
    errors: tuple[FieldError, ...] = ()


async def migrate_contacts(brand: Brand, contacts: Sequence[OldContact]) -> list[Migrated]:
    """Takes contacts over, each with its own answer, in input order; sent again, a row changes nothing (COL-13)."""
    accounts = await accounts_named(brand, {contact.ambassador for contact in contacts})
    now = brand.now()
    answers: dict[int, Migrated] = {}
    arrivals: dict[int, Arrival] = {}
    for place, contact in enumerate(contacts):
        judged = _arrival(contact, accounts.get(contact.ambassador), now)
        if isinstance(judged, FieldError):
            answers[place] = Migrated(None, errors=(judged,))
        else:
            arrivals[place] = judged
    for places in chunks(sorted(arrivals, key=lambda place: arrivals[place].ambassador), BATCH):
        arrived = await arrive_many(brand, [arrivals[place] for place in places])
        for place, came in zip(places, arrived, strict=True):
            reason = _REASONS.get(came.outcome)
            answers[place] = Migrated(came.outcome, came.contact, (reason,) if reason else ())
    await _tell(brand, {arrivals[place].ambassador for place in arrivals if answers[place].outcome in _TOLD}, now)
    return [answers[place] for place in range(len(contacts))]


def _arrival(contact: OldContact, account: Ambassador | None, now: datetime) -> Arrival | FieldError:
    active_at = contact.last_activity_at
    if account is None:
        return FieldError("ambassador", "is no active account of this brand")
    if active_at and active_at > now + _CLOCKS_DIFFER:
        return FieldError("lastActivityAt", "must not be in the future")
    try:
        email = clean_address(contact.email)
    except ValueError as error:
        return FieldError("email", str(error))
    return Arrival(
        Source.MIGRATION,
        account.id,
        {**contact.fields, "email": email},
        min(active_at or now, now),
        to_the_letter(email),
        Said(ambassador=active_at is not None),
    )


async def _tell(brand: Brand, ambassadors: set[str], now: datetime) -> None:
    """One mail to each ambassador in all: that it is owed is saved together with that it was."""

    def told(account: Ambassador) -> Ambassador:
        if account.migration_told_at:
            return account
        return owing(account, AccountMail.CONTACTS_MIGRATED, now).changed(migration_told_at=now)

    for ambassador in sorted(ambassadors):
        account = await change_account(brand, ambassador, told)
        if account.migration_told_at == now:
            await queue_account_mail(brand, account)
