"""What a person answers without an account: to an invitation, or no more mail (CON-6, SUP-3, MAIL-3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.ambassador import Ambassador
from shared.domain.consent import AmbassadorOptIn, stands
from shared.domain.contact import Contact, Origin, last_activity
from shared.domain.errors import UnknownObjectError
from shared.domain.ledger import Evidence
from shared.domain.pending import taken_back
from shared.domain.policy import BrandStatus
from shared.domain.tokens import Purpose
from shared.ports import Query, Where
from shared.usecases.brands import Brand, Brands
from shared.usecases.saving import change
from shared.usecases.suppressing import opt_out_of_brand


class Answer(StrEnum):
    """To an invitation."""

    ACCEPT = "accept"
    DECLINE = "decline"


class Scope(StrEnum):
    """How far an opt-out goes (MAIL-2)."""

    AMBASSADOR = "ambassador"
    BRAND = "brand"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked, by whom, and until when the link holds."""

    brand: Brand
    ambassador: Ambassador | None
    contact: Contact
    mail: str
    expires_at: datetime


async def open_link(brands: Brands, purpose: Purpose, token: str) -> Asked:
    """What a link is about; raises UnknownObjectError for one that is forged, expired, or about a record that is gone."""
    now = brands.ports.clock.now()
    claims = brands.ports.tokens.read(purpose, token, now)
    expires = brands.ports.tokens.expiry(purpose, token)
    if claims is None or expires is None:
        raise UnknownObjectError
    brand = await brands.get(claims["b"])
    found = await brand.contacts.get(claims["a"], claims["c"])
    if found is None:
        raise UnknownObjectError
    over = brand.record.status is BrandStatus.ENDED or not found.record.in_the_book
    if over and purpose is Purpose.INVITATION:  # nothing is agreed to any more; but an opt-out is always taken
        raise UnknownObjectError
    ambassador = await brand.ambassadors.get(claims["a"], claims["a"])
    return Asked(brand, ambassador.record if ambassador else None, found.record, claims["m"], expires)


async def answer_invitation(asked: Asked, answer: Answer, *, text_version: str, ip: str | None) -> Contact:
    """Records a yes or a no; the same answer again changes nothing, another one replaces it while the link holds.

    After an opt-out of all, an old invitation is not the way back: SUP-4 names the ways.
    """
    to = AmbassadorOptIn.INVITATION_ACCEPTED if answer is Answer.ACCEPT else AmbassadorOptIn.INVITATION_DECLINED
    now = asked.brand.now()

    def act(contact: Contact) -> Contact | None:
        state = contact.ambassador_opt_in
        if not contact.in_the_book or state in (to, AmbassadorOptIn.OPT_OUT_GLOBAL):
            return None
        if contact.restricted_at and to is AmbassadorOptIn.INVITATION_ACCEPTED:
            return None  # RET-14; a no is always taken: else a second invitation might follow once it is lifted
        if stands(state, contact.ambassador_opt_in_at, to, now):
            return None
        return _with_opt_in(contact, to, now, "invitation")

    evidence = _evidence(asked, "invitation", text_version, ip)
    return await _changed(asked, act, evidence)


async def opt_out(asked: Asked, scope: Scope, *, mechanism: str, text_version: str | None, ip: str | None) -> Contact:
    """Ends mail from this ambassador, or from all of the brand; an opt-out is never refused, and doing it again is fine."""
    evidence = _evidence(asked, mechanism, text_version, ip)
    if scope is Scope.BRAND:
        await opt_out_of_brand(asked.brand, asked.contact, evidence)
        return await _changed(asked, lambda contact: None, evidence)
    after = await opt_out_of_ambassador(asked.brand, asked.contact, asked.brand.now(), evidence)
    if after is None:
        raise UnknownObjectError
    return after


async def opt_out_of_ambassador(brand: Brand, contact: Contact, at: datetime, evidence: Evidence) -> Contact | None:
    """Opts out the record that stands for the contact's address; gives the contact of the link as it then is.

    A contact that was taken out of the book may have been entered again: then that record is the one to block. When
    nobody did, what is left of the old one keeps the ambassador from entering the address again (SUP-5).
    """
    standing = await _standing(brand, contact)
    return await change(
        brand,
        standing.ambassador_id,
        standing.id,
        lambda current: opted_out_by_mail(current, at, evidence.mechanism),
        evidence,
    )


def opted_out_by_mail(contact: Contact, at: datetime, mechanism: str) -> Contact | None:
    """The contact opted out of its ambassador; None when it is already, or when a later own act stands (CON-6).

    What is left of a contact that was taken out of the book then keeps its address from being entered again (SUP-5).
    """
    state = contact.ambassador_opt_in
    if contact.pending:
        return taken_back(contact, at, mechanism) if contact.asking else None
    if (state.opted_out and state.explicit) or stands(
        state, contact.ambassador_opt_in_at, AmbassadorOptIn.OPT_OUT_EMAIL, at
    ):
        return None
    return _with_opt_in(contact, AmbassadorOptIn.OPT_OUT_EMAIL, at, mechanism)


def _with_opt_in(contact: Contact, to: AmbassadorOptIn, at: datetime, mechanism: str) -> Contact:
    accepted = to is AmbassadorOptIn.INVITATION_ACCEPTED
    return contact.changed(
        address_key=contact.address_key if contact.in_the_book else contact.email_hash or contact.id,
        ambassador_opt_in=to,
        ambassador_opt_in_at=at,
        becomes=None,
        last_activity_at=last_activity(contact, at) if accepted else contact.last_activity_at,
        modified_at=at,
        modified_by=Origin(mechanism=mechanism),
    )


async def _standing(brand: Brand, contact: Contact) -> Contact:
    """The record that now stands for the contact's address: the person may have been entered again (CON-2)."""
    if contact.in_the_book or contact.email_hash is None:
        return contact
    same = Query(where=(Where("emailHash", "=", contact.email_hash),), partition=contact.ambassador_id)
    found = [item.record async for page in brand.contacts.pages(same) for item in page]
    standing = next((other for other in found if other.address_key == other.email_hash), contact)
    if standing.in_the_book:
        return standing
    return await _entered_under_another_key(brand, contact, contact.email_hash) or standing


async def _entered_under_another_key(brand: Brand, contact: Contact, ref: str) -> Contact | None:
    """The live record of the address when a hash key came between the two: their hashes do not tell that they are one."""
    if len(brand.hasher.keys) == 1:
        return None
    async for page in brand.contacts.pages(Query(partition=contact.ambassador_id)):
        for item in page:
            if item.record.in_the_book and item.record.email and brand.hasher.matches(ref, item.record.email):
                return item.record
    return None


async def _changed(asked: Asked, act: Callable[[Contact], Contact | None], evidence: Evidence) -> Contact:
    after = await change(asked.brand, asked.contact.ambassador_id, asked.contact.id, act, evidence)
    if after is None:
        raise UnknownObjectError
    return after


def _evidence(asked: Asked, mechanism: str, text_version: str | None, ip: str | None) -> Evidence:
    return Evidence(
        actor="person",
        mechanism=mechanism,
        text_version=text_version,
        ip_hash=asked.brand.hasher.ref(ip) if ip else None,
        mail=asked.mail,
    )
