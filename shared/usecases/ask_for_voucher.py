"""Asking for a voucher (COL-9): an opted-in contact gets it by mail; anybody else is asked first, as on a blog (COL-5).

What an opted-in contact ticks for the brand or its partners is asked, too, and the voucher does not wait for it (COL-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.addresses import clean_address
from shared.domain.collecting import Arrival, Said, Source
from shared.domain.consent import OptInClass
from shared.domain.errors import FieldError, InvalidInputError, UnknownObjectError
from shared.domain.pending import ticks_more
from shared.domain.policy import BrandStatus
from shared.usecases.brands import Brand
from shared.usecases.collect import arrive
from shared.usecases.contacts import by_address
from shared.usecases.limiting import count_against
from shared.usecases.references import account_on_a_page
from shared.usecases.vouchers import issue


@dataclass(frozen=True, slots=True)
class VoucherRequest:
    """What somebody entered; `fields` are a contact's by name, `ambassador` an id or the name of a page."""

    email: str = field(repr=False)
    ambassador: str
    said: Said
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)


async def ask_for_voucher(brand: Brand, request: VoucherRequest, *, text_version: str, ip: str | None) -> None:
    """Takes a request; nothing of the answer tells who is opted in.

    Raises UnknownObjectError for an ambassador that is none, InvalidInputError for what is no address, TooManyRequestsError.
    """
    if brand.record.status is not BrandStatus.ACTIVE:
        raise UnknownObjectError
    try:
        email = clean_address(request.email)
    except ValueError as error:
        raise InvalidInputError(errors=[FieldError("email", str(error))]) from None
    if ip:
        await count_against(brand, "voucher-from", ip)
    await count_against(brand, "voucher", email)
    account = await account_on_a_page(brand, request.ambassador)
    if account is None:
        raise UnknownObjectError
    arrival = Arrival(
        Source.VOUCHER,
        account.id,
        {**request.fields, "email": email},
        brand.now(),
        "voucher",
        request.said,
        text_version=text_version,
        ip_hash=brand.hasher.ref(ip) if ip else None,
    )
    known = await by_address(brand, account.id, email)
    if known and known.record.in_the_book and known.record.ambassador_opt_in.opt_in_class is OptInClass.OPTED_IN:
        await issue(brand, account.id, known.record.id)
        if not ticks_more(known.record, arrival):
            return
    await arrive(brand, arrival)
