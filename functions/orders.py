"""The brand's shop exports its orders (COL-7, COL-8, COL-12): a batch a call, an answer a row."""

from datetime import timedelta
from typing import Annotated, Any, Self

import azure.functions as func
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from functions.http import ROWS_LIMIT, Answer, Body, LongText, ShortText, answer, operation, parse
from functions.identity import api_key
from functions.rows import ROWS_A_CALL, Moment, RowError, key_of, read_rows, shown_errors
from shared.domain.api_keys import ApiScope
from shared.domain.contact import Sale
from shared.domain.errors import FieldError
from shared.domain.money import amount_text, currency_code
from shared.domain.orders import Order, OrderAnswer, OrderResult, Popin, refused_order
from shared.domain.publication import parse_publication_id
from shared.usecases.brands import Brand
from shared.usecases.orders import record_orders

Amount = Annotated[str, BeforeValidator(amount_text)]
Currency = Annotated[str, StringConstraints(max_length=3), AfterValidator(currency_code)]
Products = Annotated[list[ShortText], Field(max_length=100)]
AHEAD = timedelta(minutes=10)  # as much as a shop's clock may be


class PopinBody(Body):
    """What the person said in the pop-in."""

    message: LongText | None = None
    ambassador_opt_in: bool | None = None


class OrderBody(Body):
    """One order; `publicationId` or `ambassador` says whose contact it is of, `at` when, if not just now."""

    order_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    publication_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    ambassador: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    amount: Amount
    currency: Currency
    products: Products = Field(default=[])
    brand_opt_in: bool | None = None
    popin: PopinBody | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _somebodys(self) -> Self:
        if not (self.publication_id or self.ambassador):
            raise ValueError("needs publicationId or ambassador")
        return self


class OrdersBody(Body):
    """Up to a thousand orders."""

    orders: list[OrderBody] = Field(min_length=1, max_length=ROWS_A_CALL)


class OrderRows(Body):
    """The same with its rows unread."""

    orders: list[Any] = Field(min_length=1, max_length=ROWS_A_CALL)


class RecordedOrder(Answer):
    """What became of one order; `orderId` is null where the row had none that can be repeated."""

    order_id: str | None
    result: OrderResult
    contact_id: str | None
    errors: list[RowError]


class OrdersAnswer(Answer):
    """An answer for each order, in the order they were sent."""

    items: list[RecordedOrder]


@operation(auth="api_key", body=OrdersBody, up_to=ROWS_LIMIT, answers={200: OrdersAnswer})
async def receive_orders(req: func.HttpRequest) -> func.HttpResponse:
    """Records orders. One that is sent again changes nothing; a bad one costs no good one."""
    brand = await api_key(req, ApiScope.ORDERS)
    sent = parse(req, OrderRows).orders
    read = [_judged(brand, row) for row in read_rows(sent, OrderBody)]
    done = iter(await record_orders(brand, [row for row in read if isinstance(row, Order)]))
    answers = [next(done) if isinstance(row, Order) else row for row in read]
    items = [_shown(key_of(row, "orderId"), one) for row, one in zip(sent, answers, strict=True)]
    return answer(200, OrdersAnswer(items=items))


def _judged(brand: Brand, row: OrderBody | tuple[FieldError, ...]) -> Order | OrderAnswer:
    """The row as an order, or why it is none."""
    if isinstance(row, tuple):
        return OrderAnswer(OrderResult.REFUSED, errors=row)
    now = brand.now()
    if row.at and row.at > now + AHEAD:
        return refused_order("at", "must not be in the future")
    return Order(
        sale=Sale(
            order=row.order_id,
            at=min(row.at or now, now),
            amount=row.amount,
            currency=row.currency,
            products=tuple(row.products),
        ),
        ambassador=_ambassador(brand, row),
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        brand_opt_in=row.brand_opt_in,
        popin=Popin(row.popin.message or None, row.popin.ambassador_opt_in) if row.popin else None,
        publication=row.publication_id,
    )


def _ambassador(brand: Brand, row: OrderBody) -> str:
    """Whose contact it is; a publication of another brand leads to nobody."""
    if not row.publication_id:
        return row.ambassador or ""
    publication = parse_publication_id(row.publication_id)
    return publication.ambassador if publication and publication.brand == brand.id else ""


def _shown(order: str | None, done: OrderAnswer) -> RecordedOrder:
    return RecordedOrder(order_id=order, result=done.result, contact_id=done.contact, errors=shown_errors(done.errors))
