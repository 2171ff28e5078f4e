"""How many of a contact's sales are kept one by one: the newest; of those before, each month's sum (CON-1, art. 5(1)(c)).

A document of the store holds 2 MB, and a good customer buys for decades. That an order counts once does not rest on this
list: the brand's own record of the sale says so. Only an order that a crash left half done is recognised by it, and of those
there are never more than one call's batch.
"""

from collections.abc import Iterator
from decimal import Decimal

from shared.domain.contact import Sale

ONE_BY_ONE = 200  # twice a batch of orders
PRODUCTS_KEPT = 100_000  # characters, over all sales of a contact


def with_sale(sales: tuple[Sale, ...], sale: Sale) -> tuple[Sale, ...]:
    """The sales with one more, which comes last; those too many go into their months."""
    single = [known for known in sales if known.order]
    months = [known for known in sales if not known.order]
    surplus = max(0, len(single) + 1 - ONE_BY_ONE)
    return (*_by_month([*months, *single[:surplus]]), *_with_few_products([*single[surplus:], sale]))


def coarse(sale: Sale) -> Sale:
    """What is left of a sale that is not kept by itself: its month and amount (DEL-4)."""
    month = sale.at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Sale(order="", at=month, amount=sale.amount, currency=sale.currency, count=sale.count)


def _by_month(sales: list[Sale]) -> list[Sale]:
    sums: dict[tuple[str, str], Sale] = {}
    for sale in map(coarse, sales):
        key = sale.at.isoformat(), sale.currency
        known = sums.get(key)
        amount = str(Decimal(known.amount) + Decimal(sale.amount)) if known else sale.amount
        sums[key] = sale.changed(amount=amount, count=sale.count + (known.count if known else 0))
    return [sums[key] for key in sorted(sums)]


def _with_few_products(sales: list[Sale]) -> list[Sale]:
    """The sales, of which the newest say of what they were, as far as there is room."""

    def newest_first() -> Iterator[Sale]:
        room = PRODUCTS_KEPT
        for sale in reversed(sales):
            room -= sum(map(len, sale.products))
            yield sale if room >= 0 or not sale.products else sale.changed(products=())

    return [*newest_first()][::-1]
