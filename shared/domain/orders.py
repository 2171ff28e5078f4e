"""Orders and what is kept of them (COL-7, COL-8): with the person while there is one, and as a bare sale for good."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.contact import Sale
from shared.domain.errors import FieldError
from shared.domain.hashing import Hasher
from shared.domain.records import Instant, Record


class RecordedSale(Record):
    """One sale of the brand, by the hash of its order's id, and nothing that leads to a person.

    It is what tells an order that is sent again. `open_since` stands until the person's side was done, so that a repeat after
    a crash does that, and one after years does not bring somebody back whose record has gone.
    """

    id: str
    ambassador_id: str
    at: Instant
    amount: str
    currency: str
    products: tuple[str, ...] = ()
    publication: str | None = None
    voucher: bool = False
    open_since: Instant | None = None

    def same_as(self, other: "RecordedSale") -> bool:
        """Whether an order that is sent again says the same."""
        return (self.ambassador_id, self.amount, self.currency) == (other.ambassador_id, other.amount, other.currency)


@dataclass(frozen=True, slots=True)
class Popin:
    """What the person said in the pop-in: a message for the ambassador, and the box, if it was shown."""

    message: str | None = field(default=None, repr=False)
    ambassador_opt_in: bool | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order as the brand's shop exports it; `ambassador` is any reference that leads to an account."""

    sale: Sale
    ambassador: str
    email: str = field(repr=False)
    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    brand_opt_in: bool | None = None
    popin: Popin | None = None
    publication: str | None = None


class OrderResult(StrEnum):
    """What became of one order."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    CONFIRMATION_ASKED = "confirmation_asked"  # recorded, and the person is asked whether the opt-out is to be lifted
    SALE_ONLY = "sale_only"  # recorded without the person, who opted out or cannot be written to (SUP-4)
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """The answer to one order; `errors` say why it was not recorded."""

    result: OrderResult
    contact: str | None = None
    errors: tuple[FieldError, ...] = ()


def refused_order(field: str, reason: str) -> OrderAnswer:
    """An order that was not recorded."""
    return OrderAnswer(OrderResult.REFUSED, errors=(FieldError(field, reason),))


def sale_refs(hasher: Hasher, order: str) -> tuple[str, ...]:
    """What the record of an order's sale may be called, newest first; ids are told apart to the letter."""
    return hasher.refs(f"order.{hashlib.sha256(order.encode()).hexdigest()}")


def recorded(
    sale: Sale, ambassador: str, id: str, now: datetime, *, publication: str | None, voucher: bool
) -> RecordedSale:
    """The bare record of a sale, whose person's side is still to be done."""
    return RecordedSale(
        id=id,
        ambassador_id=ambassador,
        at=sale.at,
        amount=sale.amount,
        currency=sale.currency,
        products=sale.products,
        publication=publication,
        voucher=voucher,
        open_since=now,
    )
