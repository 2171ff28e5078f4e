"""Confirming what was entered in a form (COL-11, CON-8, SUP-4): the yes is written down first, and then takes effect.

Whatever stops the second step, the yes is there: the same press again, the next form of the person, or the recovery timer
goes on from it.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.ambassador import AccountMail, AccountStatus, Ambassador
from shared.domain.collecting import Place, Source
from shared.domain.consent import BrandOptIn, OptInClass
from shared.domain.contact import Asking, Confirmed, Contact
from shared.domain.errors import ChangedMeanwhileError, TryAgainError, UnknownObjectError
from shared.domain.jobs import MailBatch
from shared.domain.ledger import Evidence
from shared.domain.merging import place_of
from shared.domain.pending import asks_the_way_back, confirmed, digest, in_its_own_place, joined
from shared.domain.policy import BrandStatus
from shared.domain.records import stamp
from shared.domain.suppression import SuppressionReason
from shared.domain.tokens import Purpose
from shared.domain.vouchers import mailed_lately
from shared.pages.render import Agreement
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.account_mails import owing, queue_account_mail
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Versioned
from shared.usecases.contacts import by_address
from shared.usecases.saving import ATTEMPTS, Edit, change, save
from shared.usecases.suppressing import lift_objection, reach_records, reasons_listed, withdraw
from shared.usecases.vouchers import send as send_voucher
from shared.usecases.vouchers import with_voucher


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a link is about; `lifts` says that the person had opted out before, `done` that the yes was given."""

    brand: Brand
    ambassador: Ambassador | None
    contact: Contact
    mail: str
    lifts: bool
    done: bool

    def agreements(self) -> list[Agreement]:
        """What the yes makes true, as the page says it: everything, and nothing else."""
        asking, becomes = self.contact.asking, self.contact.becomes
        if asking is None or becomes is None:
            return []
        opted_in = becomes.opt_in_class is OptInClass.OPTED_IN
        said: list[tuple[Agreement, bool]] = [
            ("ambassador", opted_in),
            ("way_back", self.lifts),
            ("storage_only", not opted_in),
            ("brand", asking.brand.allows_communications),
            ("brand_storage", asking.brand is BrandOptIn.STORAGE_ONLY),
            ("partners", asking.partners),
            ("message", asking.message is not None),
            ("voucher", opted_in and asking.source is Source.VOUCHER),
        ]
        return [agreement for agreement, holds in said if holds]


def is_of_a_contact(brands: Brands, token: str) -> bool:
    """Whether a link to `/c/` is about a contact's address: else it opens an account."""
    return brands.ports.tokens.expiry(Purpose.CONFIRM_CONTACT, token) is not None


async def open_confirmation(brands: Brands, token: str) -> Confirmation:
    """What a link asks; raises UnknownObjectError when it is forged, lapsed, or about what nobody asks any more.

    The token names the pending record and the one it stands beside, so that the answer is the same when the first has gone.
    """
    claims = brands.ports.tokens.read(Purpose.CONFIRM_CONTACT, token, brands.ports.clock.now())
    if claims is None:
        raise UnknownObjectError
    brand, mail = await brands.get(claims["b"]), claims["m"]
    if brand.record.status is BrandStatus.ENDED:
        raise UnknownObjectError
    account = await brand.ambassadors.get(claims["a"], claims["a"])
    ambassador = account.record if account else None
    pending = await brand.contacts.get(claims["a"], claims["c"])
    if pending and pending.record.pending:
        contact, asking = pending.record, pending.record.asking
        if asking is None or ambassador is None or ambassador.status is not AccountStatus.ACTIVE:
            raise UnknownObjectError
        lifts = False if asking.confirmed else await _lifts(brand, contact)
        return Confirmation(brand, ambassador, contact, mail, lifts, done=asking.confirmed is not None)
    joined_to = pending or await brand.contacts.get(claims["a"], claims.get("s", claims["c"]))
    if joined_to is None or not _stands_confirmed(joined_to.record, mail):
        raise UnknownObjectError
    return Confirmation(brand, ambassador, joined_to.record, mail, lifts=False, done=True)


async def confirm(brands: Brands, token: str, *, shown: str | None, text_version: str, ip: str | None) -> Confirmation:
    """Gives the yes to what `shown` names, and lets it take effect; given again, the answer is the same.

    When the form was sent again meanwhile with other boxes, nothing is confirmed: what is given back is the new question.
    """
    opened = await open_confirmation(brands, token)
    brand, asked = opened.brand, opened.contact
    yes = Confirmed(
        at=brand.now(), mail=opened.mail, text_version=text_version, ip_hash=brand.hasher.ref(ip) if ip else None
    )
    expected = shown if shown is not None else digest(asked)

    def act(current: Contact) -> Contact | None:
        return confirmed(current, yes) if digest(current) == expected else None

    if not opened.done:
        after = await change(brand, asked.ambassador_id, asked.id, act)
        if after is None or not after.pending or after.asking is None:
            return await open_confirmation(brands, token)  # another press was faster, or it was taken back
        opened = replace(opened, contact=after, done=after.asking.confirmed is not None)
    if opened.done:
        await complete(brand, asked.ambassador_id, asked.id)
    return opened


async def complete(brand: Brand, ambassador: str, contact: str) -> None:
    """Lets a yes take effect; whatever was done of it before, and whoever else is at it."""
    for _ in range(ATTEMPTS):
        current = await brand.contacts.get(ambassador, contact)
        if current is None or not current.record.pending or current.record.asking is None:
            return
        with suppress(StaleError, ConflictError):
            if await _completed(brand, current, current.record.asking):
                return
    raise ChangedMeanwhileError


async def complete_again(brand: Brand, before: datetime) -> int:
    """Goes on with every yes that was given then or earlier and has not taken effect; gives how many.

    One that has to wait (for a full letter-box, or somebody else's writes) keeps no other from its turn.
    """
    waiting = Query(where=(Where("asking.confirmed.at", "<=", stamp(before)),), order_by="asking.confirmed.at")
    found = 0
    async for page in brand.contacts.pages(waiting):
        for item in page:
            with suppress(TryAgainError, ChangedMeanwhileError):
                await complete(brand, item.record.ambassador_id, item.record.id)
        found += len(page)
    return found


async def _completed(brand: Brand, current: Versioned[Contact], asking: Asking) -> bool:
    """One try; False when the address was freed for it and it has to be looked at again."""
    pending, yes = current.record, asking.confirmed
    if yes is None or pending.email is None or pending.restricted_at:
        return True
    standing = await by_address(brand, pending.ambassador_id, pending.email) if pending.beside else None
    place = place_of(standing.record if standing else None)
    if place is Place.RESTRICTED:
        return True  # RET-14: as long as the pending record lasts, the recovery timer asks again
    if standing and place is Place.SHUT_OUT:
        given_up = standing.record.changed(address_key=standing.record.id)
        await save(brand, Edit(standing, given_up))
        return False
    await _lift(brand, pending, asking, yes)
    account = await _with_message(brand, pending, asking, standing.record if standing else pending)
    evidence = _evidence(pending, asking, yes)
    after = joined(standing.record, pending, asking, yes) if standing else in_its_own_place(pending, asking, yes)
    after, voucher = await _with_voucher(brand, after, asking)
    await save(brand, Edit(standing or current, after, evidence))
    if standing:
        await brand.contacts.delete(current)
    if voucher:
        await send_voucher(brand, voucher)
    if account:
        await queue_account_mail(brand, account)
    return True


async def _lift(brand: Brand, pending: Contact, asking: Asking, yes: Confirmed) -> None:
    """SUP-4: the opt-out of all ends for the brand; every other ambassador's record has been told, and stays opted out.

    An objection (art. 21) ends with a yes to the brand itself, and not with one to an ambassador.
    """
    if pending.email and asking.brand.allows_communications:
        await lift_objection(brand, brand.hasher.refs(pending.email), yes.at)
    if pending.email is None or pending.becomes is None or pending.becomes.opt_in_class is not OptInClass.OPTED_IN:
        return
    for ref in brand.hasher.refs(pending.email):
        entry = await brand.suppressions.get(ref, ref)
        opted_out_at = entry.record.reasons.get(SuppressionReason.GLOBAL_OPT_OUT) if entry else None
        if opted_out_at and opted_out_at <= yes.at:
            await reach_records(brand, ref)
            await withdraw(brand, ref, SuppressionReason.GLOBAL_OPT_OUT)


async def _with_voucher(brand: Brand, after: Contact, asking: Asking) -> tuple[Contact, MailBatch | None]:
    """The confirmed contact with the voucher that was asked for, and the mail that carries it (COL-9)."""
    opted_in = after.ambassador_opt_in.opt_in_class is OptInClass.OPTED_IN
    if asking.source is not Source.VOUCHER or not opted_in or mailed_lately(after, brand.now()):
        return after, None
    return await with_voucher(brand, after, brand.now())


async def _with_message(brand: Brand, pending: Contact, asking: Asking, sender: Contact) -> Ambassador | None:
    """The ambassador's account, owed the visitor's message; None when there is none to pass on (COL-5)."""
    if not asking.message:
        return None
    return await pass_on(brand, pending.ambassador_id, asking.message, about=f"{sender.id}.{asking.mail or ''}")


async def pass_on(brand: Brand, ambassador: str, message: str, *, about: str) -> Ambassador | None:
    """Keeps a message for the ambassador until it left by mail; what waits already is not doubled.

    `about` names the contact who wrote, a dot, and what tells the message from others.

    Raises TryAgainError while too many wait. None when the account has no access: then nobody is to read it.
    """
    for _ in range(ATTEMPTS):
        current = await brand.ambassadors.get(ambassador, ambassador)
        if current is None or current.record.status is not AccountStatus.ACTIVE:
            return None
        known = [owed for owed in current.record.owed if owed.about and _same_message(owed.about, about)]
        if any(owed.about == about for owed in known):
            return current.record
        if known:  # what told of it before never came to have its sender stored
            mails = (owed.changed(about=about) if owed in known else owed for owed in current.record.owed)
            after = current.record.owing(tuple(mails))
        else:
            after = owing(current.record, AccountMail.VISITOR_MESSAGE, brand.now(), about=about, text=message)
        if after == current.record:
            raise TryAgainError
        with suppress(StaleError):
            return (await brand.ambassadors.replace(current, after)).record
    raise ChangedMeanwhileError


def _same_message(one: str, other: str) -> bool:
    """Whether two tell of one message; its sender may have got another id, when the first was never stored."""
    return bool(tells := one.partition(".")[2]) and tells == other.partition(".")[2]


async def _lifts(brand: Brand, pending: Contact) -> bool:
    """Whether the yes undoes an opt-out; raises UnknownObjectError when the person opted out of all since the form."""
    if pending.email is None:
        raise UnknownObjectError
    reasons = (await reasons_listed(brand, [pending.email])).get(pending.email, {})
    if SuppressionReason.GLOBAL_OPT_OUT in reasons:
        if not asks_the_way_back(pending, reasons):
            raise UnknownObjectError
        return True
    standing = await by_address(brand, pending.ambassador_id, pending.email) if pending.beside else None
    opted_in = pending.becomes is not None and pending.becomes.opt_in_class is OptInClass.OPTED_IN
    return opted_in and standing is not None and standing.record.ambassador_opt_in.opted_out


def _stands_confirmed(contact: Contact, mail: str) -> bool:
    """Whether the record shows that the mail was answered, and its person has not opted out since."""
    answered = any(sent.id == mail for sent in contact.mails)
    return contact.in_the_book and answered and not contact.pending and not contact.ambassador_opt_in.opted_out


def _evidence(pending: Contact, asking: Asking, yes: Confirmed) -> Evidence:
    return Evidence(
        actor="person",
        mechanism=asking.source,
        text_version=yes.text_version,
        ip_hash=yes.ip_hash,
        mail=yes.mail,
        reason=" ".join(part for part in (asking.form, asking.text_version) if part) or None,
    )
