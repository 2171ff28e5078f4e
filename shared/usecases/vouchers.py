"""Issuing vouchers, to opted-in contacts alone (COL-9): the code goes by a mail that is judged like any publication.

The voucher and the mail's batch are stored before the contact that names both, and the batch is queued after it: whatever a
crash leaves is found by the recovery timer and sent, or refused when it is about to leave.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from shared.domain.contact import Contact, IssuedVoucher, MailKind
from shared.domain.jobs import MailBatch
from shared.domain.mailing import refusal
from shared.domain.records import stamp
from shared.domain.vouchers import Voucher, mailed_lately, new_code
from shared.ports import Outcome, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change
from shared.usecases.invite import QUEUE, mail_of
from shared.usecases.saving import ATTEMPTS, Edit, save

KEPT_AFTER_ITS_END = timedelta(days=365)


async def issue(brand: Brand, ambassador: str, contact: str) -> None:
    """Mails the contact a voucher: the one in hand, or a new one; nothing to who may not be written to, or was lately."""
    for _ in range(ATTEMPTS):
        current, now = await brand.contacts.get(ambassador, contact), brand.now()
        if current is None or mailed_lately(current.record, now):
            return
        if refusal(current.record, MailKind.VOUCHER, now, brand.policy, suppressed=False):
            return  # the black list is asked when the mail is about to leave
        after, batch = await with_voucher(brand, current.record, now)
        with suppress(StaleError):
            await save(brand, Edit(current, after))
            await send(brand, batch)
            return


async def with_voucher(brand: Brand, contact: Contact, now: datetime) -> tuple[Contact, MailBatch]:
    """The contact with a voucher in hand, to be saved, and the mail that then is to be sent with it."""
    batch = MailBatch(
        mail_kind=MailKind.VOUCHER,
        recipients=((contact.ambassador_id, contact.id),),
        started_at=now,
        open_since=now,
    )
    await brand.batches.create(batch)
    held = contact.voucher
    if held and held.expires_at > now and await _still_good(brand, held.code):
        return contact.changed(voucher=held.changed(mail=mail_of(batch), at=now)), batch
    voucher = Voucher(
        id=new_code(),
        ambassador_id=contact.ambassador_id,
        contact_id=contact.id,
        issued_at=now,
        expires_at=now + timedelta(days=brand.policy.voucher_days),
    )
    await brand.vouchers.create(voucher)
    issued = IssuedVoucher(code=voucher.id, mail=mail_of(batch), at=now, expires_at=voucher.expires_at)
    return contact.changed(voucher=issued), batch


async def send(brand: Brand, batch: MailBatch) -> None:
    """Queues the mail of a voucher that its contact holds now."""
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "batch": batch.id}])


async def forget_old_vouchers(brand: Brand) -> int:
    """Deletes vouchers that ended a year ago; gives how many."""
    deleted = 0
    old = Query(where=(Where("expiresAt", "<=", stamp(brand.now() - KEPT_AFTER_ITS_END)),), order_by="expiresAt")
    async for page in brand.vouchers.pages(old):
        results = await brand.vouchers.write_many([Change(item, None) for item in page])
        deleted += sum(result.outcome is Outcome.WRITTEN for result in results)
    return deleted


async def _still_good(brand: Brand, code: str) -> bool:
    found = await brand.vouchers.get(code, code)
    return found is not None and found.record.redeemed is None
