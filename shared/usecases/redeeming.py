"""Redeeming a voucher in a shop (COL-9): once, by one order; the purchase is a sale like any other, and an act (RET-13).

The voucher says first by which order it is used up; then the sale is recorded, then it stands with its person, and last the
voucher and the person are parted. The same order again goes on with what was cut short, and has the same answer.
"""

from contextlib import suppress
from datetime import datetime

from shared.domain.contact import Contact, Origin, Sale, last_activity
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError, VoucherExpiredError, VoucherRedeemedError
from shared.domain.orders import recorded, sale_refs
from shared.domain.sales import with_sale
from shared.domain.vouchers import Redeemed, Voucher, clean_code
from shared.ports import ConflictError, StaleError
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.saving import ATTEMPTS, change

_ORIGIN = Origin(mechanism="voucher_redeemed")


async def redeem(
    brand: Brand, code: str, *, order: str | None, amount: str, currency: str, products: tuple[str, ...]
) -> Voucher:
    """The voucher, used up by this order; without an id the order is the voucher's own.

    Raises UnknownObjectError for a code that is none, VoucherRedeemedError when another order used it up, VoucherExpiredError.
    """
    id, now = clean_code(code), brand.now()
    if id is None:
        raise UnknownObjectError
    sale = Sale(order=order or f"voucher.{id}", at=now, amount=amount, currency=currency, products=products)
    for _ in range(ATTEMPTS):
        current = await brand.vouchers.get(id, id)
        if current is None:
            raise UnknownObjectError
        used = current.record.redeemed
        if used is None:
            if current.record.expires_at <= now:
                raise VoucherExpiredError
            used = Redeemed(order=sale_refs(brand.hasher, sale.order)[0], at=now, amount=amount, currency=currency)
            try:
                current = await brand.vouchers.replace(current, current.record.changed(redeemed=used))
            except StaleError:
                continue
        elif used.order not in sale_refs(brand.hasher, sale.order) or (used.amount, used.currency) != (
            amount,
            currency,
        ):
            raise VoucherRedeemedError
        return await _parted(brand, current, used, sale.changed(at=used.at))
    raise ChangedMeanwhileError


async def _parted(brand: Brand, current: Versioned[Voucher], used: Redeemed, sale: Sale) -> Voucher:
    voucher = current.record
    if voucher.contact_id is None:
        return voucher
    bare = recorded(sale, voucher.ambassador_id, used.order, used.at, publication=None, voucher=True)
    with suppress(ConflictError):  # there already: cut short before, or exported by the shop as an order
        await brand.sales.create(bare.changed(open_since=None))
    await change(brand, voucher.ambassador_id, voucher.contact_id, lambda contact: _bought(contact, sale, used.at))
    parted = voucher.changed(contact_id=None)
    with suppress(StaleError):  # somebody else did the same
        await brand.vouchers.replace(current, parted)
    return parted


def _bought(contact: Contact, sale: Sale, at: datetime) -> Contact | None:
    """The contact with the purchase; of one who is gone, or restricted, the sale counts without the person (SUP-4, RET-14)."""
    if contact.anonymised_at or contact.restricted_at or any(known.order == sale.order for known in contact.sales):
        return None
    return contact.changed(
        sales=with_sale(contact.sales, sale),
        last_activity_at=last_activity(contact, at),
        modified_at=at,
        modified_by=_ORIGIN,
    )
