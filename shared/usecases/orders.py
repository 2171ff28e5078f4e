"""Orders that a brand's shop exports (COL-7, COL-8, COL-12): batched, idempotent by the order's id, answered row by row.

First the bare sale is recorded, open; then the person's side is taken in, with the sale in the same write; then the sale is
closed. What is cut short between is gone on with when the shop, which got no answer, sends the order again.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.addresses import clean_address
from shared.domain.collecting import Arrival, Arrived, Said, Source
from shared.domain.collecting import Outcome as Came
from shared.domain.errors import ChangedMeanwhileError, TryAgainError
from shared.domain.orders import (
    Order,
    OrderAnswer,
    OrderResult,
    RecordedSale,
    recorded,
    refused_order,
    sale_refs,
)
from shared.ports import Outcome
from shared.usecases.brands import Brand
from shared.usecases.collect import arrive_many
from shared.usecases.collections import BATCH, Change, Versioned
from shared.usecases.contacts import by_addresses
from shared.usecases.references import accounts_named
from shared.usecases.saving import ATTEMPTS

_BUSY = refused_order("orderId", "was changed too often meanwhile; send it again")
_OTHERWISE = refused_order("orderId", "was sent before with another ambassador, amount or currency")
_RESULTS = {Came.SALE_ONLY: OrderResult.SALE_ONLY, Came.CONFIRMATION_ASKED: OrderResult.CONFIRMATION_ASKED}


@dataclass(slots=True)
class _Row:
    """One order on its way."""

    order: Order
    arrival: Arrival
    refs: tuple[str, ...]
    sale: Versioned[RecordedSale] | None = None


Rows = dict[int, _Row]
Answers = dict[int, OrderAnswer]


async def record_orders(brand: Brand, orders: Sequence[Order]) -> list[OrderAnswer]:
    """Records orders, each with its own answer, in input order; one sent again changes nothing, a bad one costs no good one.

    Of someone who opted out, or is listed, the sale counts without the person (SUP-4).
    """
    accounts = await accounts_named(brand, {order.ambassador for order in orders})
    answers: Answers = {}
    rows: Rows = {}
    for place, order in enumerate(orders):
        account = accounts.get(order.ambassador)
        if account is None:
            field = "publicationId" if order.publication else "ambassador"
            answers[place] = refused_order(field, "leads to no active account of this brand")
            continue
        try:
            arrival = _arrival(brand, order, account.id)
        except ValueError as error:
            answers[place] = refused_order("email", str(error))
            continue
        rows[place] = _Row(order, arrival, sale_refs(brand.hasher, order.sale.order))
    left, tries = rows, dict.fromkeys(rows, ATTEMPTS)
    while left:
        some = _one_of_each(left)
        done = await _record(brand, some)
        for place in some.keys() - done.keys():
            tries[place] -= 1
            if not tries[place]:
                done[place] = _BUSY
        answers |= done
        left = {place: row for place, row in left.items() if place not in answers}
    return [answers[place] for place in range(len(orders))]


def _one_of_each(rows: Rows) -> Rows:
    """The first hundred rows of different orders."""
    first: dict[str, int] = {}
    for place, row in rows.items():
        if len(first) < BATCH:
            first.setdefault(row.refs[0], place)
    return {place: rows[place] for place in first.values()}


async def _record(brand: Brand, rows: Rows) -> Answers:
    """Up to a hundred orders; who lost a race is not among the answers."""
    known = await brand.sales.get_many([(ref, ref) for row in rows.values() for ref in row.refs])
    done: Answers = {}
    new: Rows = {}
    again: Rows = {}
    for place, row in rows.items():
        row.sale = next((known[ref, ref] for ref in row.refs if (ref, ref) in known), None)
        fresh = _bare(brand, row)
        if row.sale is None:
            new[place] = row
        elif not row.sale.record.same_as(fresh):
            done[place] = _OTHERWISE
        elif row.sale.record.open_since is None:
            again[place] = row
    done |= await _recorded_before(brand, again)
    written = await brand.sales.write_many([Change(None, _bare(brand, row)) for row in new.values()])
    for row, result in zip(new.values(), written, strict=True):
        if result.outcome is Outcome.WRITTEN and result.etag:
            row.sale = Versioned(_bare(brand, row), result.etag)
    open_rows = {place: row for place, row in rows.items() if row.sale and place not in done}
    return done | await _with_persons(brand, open_rows)


async def _with_persons(brand: Brand, rows: Rows) -> Answers:
    """Takes the persons in, their messages with them, and closes the sales."""
    arrived = await _arrived(brand, rows)
    closed = [
        (row.sale, row.sale.record.changed(open_since=None)) for p, row in rows.items() if row.sale and p in arrived
    ]
    await brand.sales.write_many([Change(*pair) for pair in closed])
    return {place: _answer(came) for place, came in arrived.items()}


async def _arrived(brand: Brand, rows: Rows) -> dict[int, Arrived]:
    """What became of the persons; one by one when a message among them has to wait, so that it keeps back its own order only."""
    with suppress(ChangedMeanwhileError, TryAgainError):
        return dict(zip(rows, await arrive_many(brand, [row.arrival for row in rows.values()]), strict=True))
    arrived: dict[int, Arrived] = {}
    for place, row in rows.items():
        with suppress(ChangedMeanwhileError, TryAgainError):
            (arrived[place],) = await arrive_many(brand, [row.arrival])
    return arrived


def _answer(came: Arrived) -> OrderAnswer:
    return OrderAnswer(_RESULTS.get(came.outcome, OrderResult.CREATED), came.contact)


async def _recorded_before(brand: Brand, rows: Rows) -> Answers:
    """The answers to orders that were recorded before: `unchanged`, with the contact that still has the sale."""
    by_ambassador: dict[str, list[_Row]] = {}
    for row in rows.values():
        by_ambassador.setdefault(row.arrival.ambassador, []).append(row)
    books = await asyncio.gather(
        *(by_addresses(brand, id, [row.arrival.fields["email"] for row in some]) for id, some in by_ambassador.items())
    )
    standing = dict(zip(by_ambassador, books, strict=True))
    answers: Answers = {}
    for place, row in rows.items():
        found = standing[row.arrival.ambassador].get(row.arrival.fields["email"])
        has_it = found and any(sale.order == row.order.sale.order for sale in found.record.sales)
        answers[place] = OrderAnswer(OrderResult.UNCHANGED, found.record.id if found and has_it else None)
    return answers


def _bare(brand: Brand, row: _Row) -> RecordedSale:
    return recorded(
        row.order.sale,
        row.arrival.ambassador,
        row.refs[0],
        brand.now(),
        publication=row.order.publication,
        voucher=False,
    )


def _arrival(brand: Brand, order: Order, ambassador: str) -> Arrival:
    """The order as an arrival; raises ValueError, with the reason, for what is no address.

    Consents and activity are of the day of the order. What was said in the pop-in of one that comes so late that a question
    about it would have lapsed is left out (RET-4).
    """
    fields = {"email": clean_address(order.email), "first_name": order.first_name, "last_name": order.last_name}
    late = brand.now() - order.sale.at >= timedelta(days=brand.policy.durations.invitation)
    popin = None if late else order.popin
    return Arrival(
        Source.ORDER_POPIN if popin else Source.ORDER,
        ambassador,
        {name: value for name, value in fields.items() if value},
        order.sale.at,
        order.sale.order,
        Said(ambassador=popin.ambassador_opt_in if popin else None, brand=order.brand_opt_in),
        sale=order.sale,
        message=popin.message if popin else None,
    )
