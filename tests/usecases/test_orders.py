"""Orders come in as the guide has it: once, with their person where there is one, and as a bare sale where there is not."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Sale
from shared.domain.orders import Order, OrderAnswer, OrderResult, Popin, RecordedSale
from shared.domain.retention import RuleId
from shared.domain.suppression import SuppressionReason
from shared.ports import Query
from shared.usecases import answer
from shared.usecases.orders import record_orders
from shared.usecases.suppressing import suppress
from tests.support.acts import answered, fresh_world, invited, ledger_faults, opted_out, rotated
from tests.support.counting import CountingStore
from tests.support.world import World

pytestmark = pytest.mark.rule("COL-7")
R, S, B = OrderResult, AmbassadorOptIn, BrandOptIn
GRACE = "grace@example.org"
N = 250


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A suite in memory."""
    async with fresh_world() as made:
        yield made


@pytest.fixture
async def ada(world: World) -> str:
    """An ambassador's id."""
    return (await world.ambassador()).id


def order(world: World, ambassador: str, id: str = "O-1", at: datetime | None = None, **fields: Any) -> Order:
    """An order of 19.90 EUR."""
    amount = fields.pop("amount", "19.90")
    sale = Sale(order=id, at=at or world.clock.now(), amount=amount, currency="EUR", products=("tea",))
    made: dict[str, Any] = {"ambassador": ambassador, "email": GRACE, "first_name": "Grace"}
    return Order(sale=sale, **(made | fields))


async def sent(world: World, *orders: Order) -> list[OrderAnswer]:
    """The answers to one call, when everything is at rest again."""
    answers = await record_orders(await world.brand(), orders)
    await world.drain()
    return answers


async def results(world: World, *orders: Order) -> list[OrderResult]:
    """What became of each order."""
    return [one.result for one in await sent(world, *orders)]


async def sales(world: World) -> list[RecordedSale]:
    """The bare sales of the brand."""
    acme = await world.brand()
    return [item.record async for page in acme.sales.pages(Query()) for item in page]


async def grace(world: World) -> Contact:
    """Her record."""
    return await world.contact_of(GRACE)


@pytest.mark.rule("CON-1")
@pytest.mark.rule("RET-13")
@pytest.mark.parametrize(
    ("brand_opt_in", "ambassador", "brand"),
    [
        (True, S.OPT_IN_ORDER, B.BRAND_DATABASE),
        (False, S.STORAGE_ONLY, B.STORAGE_ONLY),
        (None, S.STORAGE_ONLY, B.STORAGE_ONLY),
    ],
)
async def test_an_order_brings_what_the_brand_says_and_counts_as_activity(
    world: World, ada: str, brand_opt_in: bool | None, ambassador: AmbassadorOptIn, brand: BrandOptIn
) -> None:
    yesterday = world.clock.now() - timedelta(days=1)
    (one,) = await sent(world, order(world, ada, at=yesterday, brand_opt_in=brand_opt_in))
    contact = await grace(world)
    assert (one.result, one.contact) == (R.CREATED, contact.id)
    assert (contact.ambassador_opt_in, contact.brand_opt_in) == (ambassador, brand)
    assert contact.sales == (Sale(order="O-1", at=yesterday, amount="19.90", currency="EUR", products=("tea",)),)
    assert contact.last_activity_at == yesterday
    assert contact.clock and (contact.clock.rule, contact.clock.since) == (RuleId.INACTIVE, yesterday)
    assert await ledger_faults(world) == []


@pytest.mark.rule("COL-8")
@pytest.mark.parametrize(
    ("brand_opt_in", "box", "ambassador", "brand"),
    [
        (True, None, S.OPT_IN_ORDER, B.BRAND_DATABASE),
        (None, True, S.OPT_IN_ORDER_POPIN, B.STORAGE_ONLY),
        (False, True, S.OPT_IN_ORDER_POPIN, B.STORAGE_ONLY),
        (False, False, S.STORAGE_ONLY, B.STORAGE_ONLY),
        (None, None, S.STORAGE_ONLY, B.STORAGE_ONLY),
    ],
)
async def test_the_pop_in_asks_for_the_ambassador_where_the_brand_has_no_yes(
    world: World, ada: str, brand_opt_in: bool | None, box: bool | None, ambassador: AmbassadorOptIn, brand: BrandOptIn
) -> None:
    popin = Popin("Thank you for the tea!", box)
    assert await results(world, order(world, ada, brand_opt_in=brand_opt_in, popin=popin)) == [R.CREATED]
    contact = await grace(world)
    assert (contact.ambassador_opt_in, contact.brand_opt_in) == (ambassador, brand)
    (mail,) = world.mailer.sent_to("ada@example.org")
    assert "Thank you for the tea!" in mail.text
    account = await (await world.brand()).ambassadors.get(ada, ada)
    assert account and account.record.owed == (), "what was passed on is not kept"


@pytest.mark.rule("COL-12")
async def test_an_order_sent_again_changes_nothing_and_one_that_says_otherwise_is_refused(
    world: World, ada: str
) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    first = order(world, ada, brand_opt_in=True, popin=Popin("Hello"))
    (made,) = await sent(world, first)
    before, mails = await world.contacts(), len(world.mailer.outbox)
    world.clock.advance(days=3)
    await rotated(world)
    assert await sent(world, first, first) == [OrderAnswer(R.UNCHANGED, made.contact)] * 2
    for other in (order(world, bob), order(world, ada, amount="20")):
        (refused,) = await sent(world, other)
        assert (refused.result, [error.field for error in refused.errors]) == (R.REFUSED, ["orderId"])
    assert await results(world, order(world, ada, id="o-1")) == [R.CREATED], "ids are told apart to the letter"
    assert len(await sales(world)) == 2 and len(world.mailer.outbox) == mails
    assert [sale.order for sale in (await grace(world)).sales] == ["O-1", "o-1"]
    assert before[0].proof == (await grace(world)).proof


@pytest.mark.rule("COL-12")
async def test_two_orders_of_one_person_in_one_call_are_two_sales_of_one_record(world: World, ada: str) -> None:
    made = await sent(
        world, order(world, ada, "1"), order(world, ada, "2", email=GRACE.upper()), order(world, ada, "1")
    )
    assert [one.result for one in made] == [R.CREATED, R.CREATED, R.UNCHANGED]
    assert len({one.contact for one in made}) == 1
    assert [sale.order for sale in (await grace(world)).sales] == ["1", "2"]


async def test_a_bad_order_loses_no_good_one(world: World, ada: str) -> None:
    rows = [order(world, "nobody", "1"), order(world, ada, "2", email="none"), order(world, ada, "3")]
    made = await sent(world, *rows)
    assert [one.result for one in made] == [R.REFUSED, R.REFUSED, R.CREATED]
    assert [[error.field for error in one.errors] for one in made] == [["ambassador"], ["email"], []]
    assert len(await sales(world)) == 1


@pytest.mark.rule("SUP-4")
@pytest.mark.parametrize("reason", [SuppressionReason.GLOBAL_OPT_OUT, SuppressionReason.SPAM])
async def test_of_a_listed_address_the_sale_counts_without_the_person(
    world: World, ada: str, reason: SuppressionReason
) -> None:
    acme = await world.brand()
    await suppress(acme, acme.hasher.ref(GRACE), reason, world.clock.now())
    one = order(world, ada, brand_opt_in=True, popin=Popin("Hello"))
    assert await sent(world, one) == [OrderAnswer(R.SALE_ONLY)]
    assert await sent(world, one) == [OrderAnswer(R.UNCHANGED)]
    assert await world.contacts() == [] and world.mailer.outbox == []
    (sale,) = await sales(world)
    assert (sale.ambassador_id, sale.amount, sale.products, sale.open_since) == (ada, "19.90", ("tea",), None)
    assert GRACE not in str(sale) and "O-1" not in str(sale)


@pytest.mark.rule("SUP-4")
@pytest.mark.rule("COL-8")
async def test_who_opted_out_of_all_and_ticks_the_box_is_asked_by_mail(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE, answer.Scope.BRAND)
    world.clock.advance(days=1)
    ticked = order(world, ada, popin=Popin("Hello", ambassador_opt_in=True))
    assert [one.result for one in await sent(world, ticked)] == [R.CONFIRMATION_ASKED]
    assert len(await sales(world)) == 1
    assert len(world.mailer.sent_to(GRACE)) == 2 and world.mailer.sent_to("ada@example.org") == []
    assert await results(world, ticked) == [R.UNCHANGED]
    assert len(world.mailer.sent_to(GRACE)) == 2


@pytest.mark.rule("CON-6")
async def test_no_order_lifts_an_opt_out_but_the_sale_is_kept(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    await answered(world, GRACE, answer.Answer.DECLINE)
    assert await results(world, order(world, ada, brand_opt_in=True)) == [R.CREATED]
    contact = await grace(world)
    assert contact.ambassador_opt_in is S.INVITATION_DECLINED
    assert [sale.order for sale in contact.sales] == ["O-1"]


@pytest.mark.rule("DEL-4")
async def test_an_order_sent_again_after_years_brings_nobody_back(world: World, ada: str) -> None:
    old = order(world, ada, brand_opt_in=False)
    await sent(world, old)
    world.clock.advance(days=1100)
    await world.sweep()
    (left,) = await world.contacts()
    assert left.anonymised_at and [(sale.order, sale.amount) for sale in left.sales] == [("", "19.90")]
    assert await sent(world, old) == [OrderAnswer(R.UNCHANGED)]
    assert len(await world.contacts()) == 1


async def test_a_pop_in_that_comes_too_late_to_be_confirmed_says_nothing(world: World, ada: str) -> None:
    long_ago = world.clock.now() - timedelta(days=16)
    late = order(world, ada, at=long_ago, popin=Popin("Hello", ambassador_opt_in=True))
    assert await results(world, late) == [R.CREATED]
    assert (await grace(world)).ambassador_opt_in is S.STORAGE_ONLY
    assert world.mailer.outbox == []


async def test_what_it_costs() -> None:
    """Two reads and a write of the contact each, and the sale's own; all in batches of a hundred."""
    store = CountingStore(SqliteStore(None, inline=True))
    async with fresh_world(store=store) as world:
        ada = (await world.ambassador()).id
        orders = [order(world, ada, f"O{n}", email=f"c{n}@example.org") for n in range(N)]
        batches = N // 100 + 1
        store.counts.reset()
        assert set(await results(world, *orders)) == {R.CREATED}
        counts = store.counts
        assert counts.batch_reads["sales"] == counts.batch_reads["suppressions"] == N
        assert counts.queries == {"contacts": batches} and counts.cross_partition_queries.total() == 0
        assert counts.writes == {"contacts": N, "sales": 2 * N, "ledger": N}
        assert counts.write_batches["contacts"] == batches and counts.write_batches["sales"] == 2 * batches
