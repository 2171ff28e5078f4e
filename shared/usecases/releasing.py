"""Staff release an address that is listed for a mail error (SUP-4): a person decides, and it stays written down who and why."""

import logging
from contextlib import suppress
from datetime import timedelta

from shared.domain.addresses import clean_address
from shared.domain.contact import Contact, Origin, SeenEvent
from shared.domain.errors import ChangedMeanwhileError, FieldError, InvalidInputError, NotReleasableError
from shared.domain.ids import new_short_id
from shared.ports import Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.saving import ATTEMPTS, change

log = logging.getLogger("popsell")


async def release_suppression(brand: Brand, address: str, reason: str, by: str) -> None:
    """Lets an address be written to again after a mail error; `by` names the member of staff.

    Every record of it is cleared first and the list last, so that a release that was cut short is asked for again. An
    opt-out of all stays: only its person lifts it. Raises NotReleasableError when no mail error is listed.
    """
    try:
        address = clean_address(address)
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError("email", str(error))]) from None
    refs = brand.hasher.refs(address)
    entries = await brand.suppressions.get_many([(ref, ref) for ref in refs])
    if not any(entry.record.release(brand.now(), by, reason) != entry.record for entry in entries.values()):
        raise NotReleasableError
    async for page in brand.contacts.pages(Query(where=(Where("emailHash", "in", refs),))):
        for item in page:
            await change(brand, item.record.ambassador_id, item.record.id, lambda contact: _cleared(brand, contact))
    for ref in refs:
        await _release(brand, ref, reason, by)


def _cleared(brand: Brand, contact: Contact) -> Contact | None:
    """The contact whose address takes mail again; None when nothing definitive is known of it."""
    if not contact.email_status.definitive:
        return None
    now = brand.now()
    after_all = max(event.at for event in contact.events) + timedelta(seconds=1)
    mark = SeenEvent(key=new_short_id(), kind="cleared", at=max(now, after_all))
    return contact.changed(
        events=(*contact.events, mark), modified_at=now, modified_by=Origin(mechanism="released_by_staff")
    )


async def _release(brand: Brand, ref: str, reason: str, by: str) -> None:
    for _ in range(ATTEMPTS):
        current = await brand.suppressions.get(ref, ref)
        released = current.record.release(brand.now(), by, reason) if current else None
        if current is None or released is None or released == current.record:
            return
        with suppress(StaleError):
            await brand.suppressions.replace(current, released)
            log.info("suppression released", extra={"brand": brand.id, "of": list(released.released[-1].of)})
            return
    raise ChangedMeanwhileError
