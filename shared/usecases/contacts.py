"""The ambassador's own book: entering, finding, editing, releasing and removing contacts (CON, SUP-2, SUP-5, VIS-3)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shared.domain.addresses import clean_address
from shared.domain.anonymisation import anonymised_contact
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, EmailStatus, Origin, SeenEvent
from shared.domain.errors import (
    ChangedMeanwhileError,
    FieldError,
    InvalidInputError,
    NotReleasableError,
    RestrictedError,
    SuppressedError,
    UnknownObjectError,
)
from shared.domain.ids import new_short_id
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import BATCH, Versioned, all_of, chunks
from shared.usecases.paging import page_of
from shared.usecases.saving import ATTEMPTS, Edit, change, save
from shared.usecases.suppressing import listed

IDENTIFYING = ("first_name", "last_name", "email", "facebook_id", "twitter_id", "instagram_id", "customer_id",
               "mobile_phone", "home_phone")  # fmt: skip


async def enter(brand: Brand, ambassador: str, fields: dict[str, Any]) -> tuple[Contact, bool]:
    """Types a contact in (COL-1): a new record, or the known one of the address brought up to date (CON-2).

    Gives the contact and whether it is new. Raises SuppressedError when the address opted out of this ambassador, was
    invited and taken out of the book, or is on the black list; then nothing is stored.
    """
    fields = checked(fields)
    email = fields.get("email")
    if email and await listed(brand, [email]):
        raise SuppressedError
    for _ in range(ATTEMPTS):
        known = await by_address(brand, ambassador, email) if email else None
        try:
            if known is None:
                fresh = new_contact(brand, ambassador, fields, Origin(mechanism="crm"))
                return (await save(brand, Edit(None, fresh))).record, True
            if known.record.shuts_its_address_out:
                raise SuppressedError
            if known.record.pending:
                raise SuppressedError  # neither to be seen nor changed before it is confirmed (COL-11, CON-8)
            after = updated(_free(known.record), fields, brand, Origin(mechanism="crm"))
            return (await save(brand, Edit(known, after))).record, False
        except (ConflictError, StaleError):
            continue
    raise ChangedMeanwhileError


def new_contact(brand: Brand, ambassador: str, fields: dict[str, Any], origin: Origin) -> Contact:
    """A record as an implicit source makes it: `new`, hidden from the brand."""
    now = brand.now()
    return Contact(
        ambassador_id=ambassador,
        ambassador_opt_in=AmbassadorOptIn.NEW,
        ambassador_opt_in_at=now,
        created_at=now,
        created_by=origin,
        modified_at=now,
        modified_by=origin,
        **fields,
    )


def updated(contact: Contact, fields: dict[str, Any], brand: Brand, origin: Origin) -> Contact:
    """The contact with these fields; its consents stay as they are (CON-6)."""
    new = {name: value for name, value in fields.items() if name != "email" and getattr(contact, name) != value}
    return contact.changed(**new, modified_at=brand.now(), modified_by=origin) if new else contact


async def by_address(brand: Brand, ambassador: str, email: str) -> Versioned[Contact] | None:
    """The ambassador's record that stands for an address: the live one, or the opted-out one that only a hash is left of."""
    found = await by_addresses(brand, ambassador, [email])
    return found.get(email)


async def by_addresses(brand: Brand, ambassador: str, emails: Sequence[str]) -> dict[str, Versioned[Contact]]:
    """The same for up to 100 addresses, in one query."""
    spellings: dict[str, list[str]] = {}
    for email in emails:
        for ref in brand.hasher.refs(email):
            spellings.setdefault(ref, []).append(email)
    found = await by_keys(brand, ambassador, list(spellings))
    return {email: item for ref, item in found.items() for email in spellings[ref]}


async def by_keys(brand: Brand, ambassador: str, keys: Sequence[str]) -> dict[str, Versioned[Contact]]:
    """The ambassador's records that stand for what has these keys, a hundred a query: an address or an imported row."""

    async def some(keys: Sequence[str]) -> list[Versioned[Contact]]:
        query = Query(where=(Where("addressKey", "in", tuple(keys)),), partition=ambassador)
        return [item async for page in brand.contacts.pages(query) for item in page]

    found = await all_of(some(chunk) for chunk in chunks(keys, BATCH))
    return {item.record.address_key: item for items in found for item in items}


async def get(brand: Brand, ambassador: str, contact: str) -> Contact:
    """One contact of the ambassador's; what is pending or gone is unknown (VIS-3)."""
    found = await brand.contacts.get(ambassador, contact)
    if found is None or not visible(found.record):
        raise UnknownObjectError
    return found.record


async def find(
    brand: Brand,
    ambassador: str,
    *,
    status: AmbassadorOptIn | None,
    text: str | None,
    limit: int,
    cursor: str | None,
) -> tuple[list[Contact], str | None]:
    """The ambassador's contacts, newest first; `text` looks in what the ambassador may see of them.

    There is a cursor only where a contact of the next page may be known of: none tells that hidden ones follow (VIS-3).
    """
    where: list[Where] = []
    if status:
        where.append(Where("ambassadorOptIn", "=", status.value))
    if text:
        where.append(Where("search", "contains", text.casefold()))
    query = Query(tuple(where), ambassador, "createdAt", descending=True, limit=limit, cursor=cursor)
    return await page_of(brand.contacts, query, _visible_ones)


async def _visible_ones(contacts: Sequence[Contact]) -> list[Contact | None]:
    return [contact if visible(contact) else None for contact in contacts]


def visible(contact: Contact) -> bool:
    """Whether the ambassador may know of the record."""
    return contact.in_the_book and not contact.pending


async def edit(brand: Brand, ambassador: str, contact: str, fields: dict[str, Any]) -> Contact:
    """Changes fields of a contact. An address can be changed only while nobody has answered or been asked under it."""
    for _ in range(ATTEMPTS):
        current = await brand.contacts.get(ambassador, contact)
        if current is None or not visible(current.record):
            raise UnknownObjectError
        after = await _edited(brand, _free(current.record), checked(fields, current.record))
        try:
            return (await save(brand, Edit(current, after))).record
        except StaleError:
            continue
        except ConflictError:
            raise _address_error("is that of another contact of yours") from None
    raise ChangedMeanwhileError


async def _edited(brand: Brand, contact: Contact, fields: dict[str, Any]) -> Contact:
    origin = Origin(mechanism="crm")
    after = updated(contact, fields, brand, origin)
    email = fields.get("email", contact.email)
    if email == contact.email:
        return after
    untouched = contact.ambassador_opt_in in (AmbassadorOptIn.NEW, AmbassadorOptIn.SOCIAL_ONLY)
    if not untouched or contact.outgoing or contact.doubted or contact.mails or contact.proof:
        raise _address_error("cannot be changed once the person was written to; enter the new address as a new contact")
    if email is not None:
        known = await by_address(brand, contact.ambassador_id, email)
        if await listed(brand, [email]) or (known and known.record.shuts_its_address_out):
            raise SuppressedError
        if known and known.record.id != contact.id:
            raise _address_error("is that of another contact of yours")
    return after.changed(email=email, email_hash=None, events=(), modified_at=brand.now(), modified_by=origin)


async def release(brand: Brand, ambassador: str, contact: str) -> Contact:
    """Lets an address be written to again after a soft bounce, and only then (CON-3)."""
    await get(brand, ambassador, contact)
    now = brand.now()

    def released(current: Contact) -> Contact:
        if not visible(current):
            raise UnknownObjectError
        if _free(current).email_status is not EmailStatus.SOFT_BOUNCE:
            raise NotReleasableError
        after_all = max(event.at for event in current.events) + timedelta(seconds=1)
        mark = SeenEvent(key=new_short_id(), kind="released", at=max(now, after_all))
        return current.changed(
            events=(*current.events, mark), modified_at=now, modified_by=Origin(mechanism="released")
        )

    after = await change(brand, ambassador, contact, released)
    if after is None:
        raise UnknownObjectError
    return after


async def remove(brand: Brand, ambassador: str, contact: str) -> None:
    """Takes a contact out of the book: deleted for good when nobody was asked yet; else anonymised, or left to the brand.

    A mail that left holds an opt-out link, which must go on working, and a consent its proof (MAIL-2, SUP-5, CON-7).
    Who was invited and did not answer cannot be entered again: else taking out and entering would invite without end.
    """
    from shared.domain.anonymisation import detached_contact

    for _ in range(ATTEMPTS):
        current = await brand.contacts.get(ambassador, contact)
        if current is None or not visible(current.record):
            raise UnknownObjectError
        record, now = perhaps_invited(_free(current.record)), brand.now()
        try:
            if record.proof is None and not (record.mails or record.outgoing or record.doubted):
                await brand.contacts.delete(current)
            elif record.brand_opt_in is not BrandOptIn.NONE:
                await save(brand, Edit(current, detached_contact(record, now, "removed_by_ambassador")))
            else:
                await save(brand, Edit(current, anonymised_contact(record, now, "removed_by_ambassador")))
            return
        except StaleError:
            continue
    raise ChangedMeanwhileError


def perhaps_invited(contact: Contact) -> Contact:
    """The contact; as invited when an invitation may have left, so that removing it in that moment frees no address."""
    claim = contact.outgoing or contact.doubted
    if claim is None or contact.ambassador_opt_in is not AmbassadorOptIn.NEW:
        return contact
    return contact.changed(ambassador_opt_in=AmbassadorOptIn.INVITATION_SENT, ambassador_opt_in_at=claim.at)


def _free(contact: Contact) -> Contact:
    """The contact, unless its person restricted it (RET-14)."""
    if contact.restricted_at:
        raise RestrictedError
    return contact


def checked(fields: dict[str, Any], onto: Contact | None = None) -> dict[str, Any]:
    """The fields of a contact with a clean address; raises InvalidInputError unless something says who the contact is (CON-1)."""
    fields = dict(fields)
    if fields.get("email") is not None:
        try:
            fields["email"] = clean_address(fields["email"])
        except ValueError as error:
            raise _address_error(str(error)) from None
    merged = {name: fields.get(name, getattr(onto, name, None) if onto else None) for name in IDENTIFYING}
    if not any(merged.values()):
        raise InvalidInputError(
            errors=[FieldError("", "needs at least one of name, email, social id, customer id or phone")]
        )
    return fields


def _address_error(reason: str) -> InvalidInputError:
    return InvalidInputError(errors=[FieldError("email", reason)])
