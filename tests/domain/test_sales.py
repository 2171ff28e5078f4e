"""A contact's sales stay few, however much somebody buys, and lose no amount (CON-1)."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.contact import Sale
from shared.domain.sales import ONE_BY_ONE, PRODUCTS_KEPT, with_sale

pytestmark = pytest.mark.rule("CON-1")
FIRST = datetime(2030, 1, 15, 12, tzinfo=UTC)


def a_sale(number: int, **more: object) -> Sale:
    """The n-th order, three a day, each of 1.10 in one of two currencies."""
    at, currency = FIRST + timedelta(hours=8 * number), "EUR" if number % 3 else "USD"
    return Sale(order=f"O-{number}", at=at, amount="1.10", currency=currency).changed(**more)


def bought(count: int, **more: object) -> tuple[Sale, ...]:
    """What is kept of that many orders."""
    sales: tuple[Sale, ...] = ()
    for number in range(count):
        sales = with_sale(sales, a_sale(number, **more))
    return sales


def test_the_newest_are_kept_one_by_one_and_the_older_as_sums_of_their_months() -> None:
    assert bought(ONE_BY_ONE) == tuple(a_sale(number) for number in range(ONE_BY_ONE))
    sales = bought(3 * ONE_BY_ONE)
    assert [sale.order for sale in sales if sale.order] == [f"O-{n}" for n in range(2 * ONE_BY_ONE, 3 * ONE_BY_ONE)]
    months = [sale for sale in sales if not sale.order]
    keys = [(sale.at, sale.currency) for sale in months]
    assert keys == sorted(set(keys)) and all(sale.at.day == 1 and sale.at.hour == 0 for sale in months)
    for currency in ("EUR", "USD"):
        numbers = [n for n in range(3 * ONE_BY_ONE) if a_sale(n).currency == currency]
        of = [sale for sale in sales if sale.currency == currency]
        assert sum(Decimal(sale.amount) for sale in of) == len(numbers) * Decimal("1.10")
        assert sum(sale.count for sale in of) == len(numbers)


def test_a_document_stays_far_below_what_a_store_takes() -> None:
    products = tuple(f"{n:03}" + "é" * 197 for n in range(100))
    sales: tuple[Sale, ...] = ()
    for number in range(2 * ONE_BY_ONE):
        sales = with_sale(sales, a_sale(number, order=f"{number:0200}", products=products))
    stored = json.dumps([sale.to_document() for sale in sales], ensure_ascii=False).encode()
    assert len(stored) < 500_000
    told = [sale for sale in sales if sale.products]
    assert told == list(sales[-len(told) :]) and len(told) == PRODUCTS_KEPT // 20_000


def test_an_order_without_products_keeps_its_place_among_those_that_have_some() -> None:
    sales = with_sale(bought(2), a_sale(2, products=("tea",)))
    assert [sale.products for sale in sales] == [(), (), ("tea",)]
