"""What each operation may cost, counted at the port: the budgets of the design."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.domain.collecting import Said, Source
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.usecases import import_contacts, invite, leaving, sessions, sweep
from shared.usecases.collect import arrive_many
from tests.support.acts import event_of, fresh_world, invited, opted_out, receive
from tests.support.counting import CountingStore
from tests.support.forms import TICKED, an_arrival
from tests.support.world import World
from tests.usecases.test_accounts import ADA, PASSWORD, confirmed
from tests.usecases.test_sweeps import aged

N = 250


@pytest.fixture
async def counted() -> AsyncIterator[tuple[World, CountingStore]]:
    """A suite whose store counts."""
    store = CountingStore(SqliteStore(None, inline=True))
    async with fresh_world(store=store) as world:
        yield world, store


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize(("event", "listed"), [("sent", 0), ("bounce", 0), ("spam", 1), ("blocked", 1), ("unsub", 0)])
async def test_one_mail_event_costs_two_point_reads_and_two_writes_at_most(
    counted: tuple[World, CountingStore], event: str, listed: int
) -> None:
    world, store = counted
    await invited(world, (await world.ambassador()).id, "grace@example.org")
    store.counts.reset()
    await receive(world, [event_of(world.mailer.outbox[0], event, world.clock.now())])
    counts = store.counts
    assert counts.point_reads.total() + counts.batch_reads.total() <= 2
    assert counts.queries.total() == 0
    assert counts.writes.pop("suppressions", 0) == listed
    assert counts.writes.total() <= 2


@pytest.mark.rule("COL-14")
async def test_importing_costs_two_reads_and_one_write_a_row_in_batches_of_a_hundred(
    counted: tuple[World, CountingStore],
) -> None:
    world, store = counted
    ada = (await world.ambassador()).id
    rows = "".join(f"First{n},c{n}@example.org\n" for n in range(N))
    acme = await world.brand()
    await import_contacts.start_import(acme, ada, f"First Name,E-mail 1 - Value\n{rows}".encode(), None)
    store.counts.reset()
    await world.drain()
    counts = store.counts
    assert counts.batch_reads["suppressions"] == N and counts.read_batches["suppressions"] == N // 100 + 1
    assert counts.queries["contacts"] == N // 100 + 1 and counts.cross_partition_queries.total() == 0
    assert counts.writes["contacts"] == N and counts.write_batches["contacts"] == N // 100 + 1
    assert counts.writes["jobs"] <= N // import_contacts.ROWS_A_CHECKPOINT + 4


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("named", [True, False])
async def test_inviting_costs_a_read_of_contact_and_black_list_two_writes_and_a_fiftieth_call_each(
    counted: tuple[World, CountingStore], named: bool
) -> None:
    world, store = counted
    acme, ada = await world.brand(), (await world.ambassador()).id
    await aged(acme, ada, [(AmbassadorOptIn.NEW, BrandOptIn.NONE, 0, False, False)] * N)
    ids = [contact.id for contact in await world.contacts()] if named else None
    store.counts.reset()
    await invite.invite(acme, ada, ids)
    asking = store.counts.queries["contacts"]
    assert store.counts.batch_reads["contacts"] <= (N if named else 0) and asking <= (0 if named else N // 100 + 1)
    store.counts.reset()
    await world.drain()
    counts, calls = store.counts, -(-N // 50)
    assert counts.batch_reads["contacts"] == counts.batch_reads["suppressions"] == N
    assert counts.writes["contacts"] == 2 * N and counts.write_batches["contacts"] == 2 * calls
    assert counts.queries.total() == counts.point_reads["contacts"] == 0
    assert len(world.mailer.calls) == calls and world.mailer.lookups == []


@pytest.mark.rule("RET-16")
async def test_a_sweep_costs_what_is_due_and_nothing_of_what_is_held(counted: tuple[World, CountingStore]) -> None:
    world, store = counted
    acme, ada = await world.brand(), (await world.ambassador()).id
    due = [(AmbassadorOptIn.OPT_OUT_EMAIL, BrandOptIn.NONE, 400, False, False)] * N
    due += [(AmbassadorOptIn.NEW, BrandOptIn.NONE, 40, False, False)] * N

    async def cost() -> tuple[int, int]:
        store.counts.reset()
        await sweep.start_sweep(acme)
        await world.drain()
        counts = store.counts
        return counts.queries["contacts"], counts.writes["contacts"] + counts.writes["ledger"]

    await aged(acme, ada, due)
    small = await cost()
    assert small[0] <= 2 * (N // 100 + 1) + 5 and small[1] <= 2 * 2 * N
    await aged(acme, (await world.ambassador(email="b@example.org")).id, due)
    held = [(AmbassadorOptIn.OPT_IN_BLOG, BrandOptIn.NONE, 10, False, False)] * (4 * N)
    await aged(acme, (await world.ambassador(email="c@example.org")).id, held)
    assert await cost() == small


@pytest.mark.rule("AMB-7")
async def test_a_signed_in_request_costs_one_point_read(counted: tuple[World, CountingStore]) -> None:
    world, store = counted
    acme = await confirmed(world)
    token = (await sessions.sign_in(acme, ADA, PASSWORD)).token
    store.counts.reset()
    world.clock.advance(timedelta(seconds=5))
    await sessions.caller(await world.brand(), token)
    assert store.counts.point_reads == {"ambassadors": 1}
    assert store.counts.queries.total() == store.counts.batch_reads.total() == store.counts.writes.total() == 0


@pytest.mark.rule("RET-8")
async def test_RET_8_an_accounts_end_costs_its_own_contacts_and_nothing_of_what_is_held(
    counted: tuple[World, CountingStore],
) -> None:
    world, store = counted
    acme = await world.brand()

    async def cost(email: str) -> tuple[int, int]:
        leaver = (await world.ambassador(email=email)).id
        await aged(acme, leaver, [(AmbassadorOptIn.OPT_IN_BLOG, BrandOptIn.NONE, 10, False, False)] * N)
        await leaving.remove(acme, leaver, "brand")
        await world.drain()
        world.clock.advance(timedelta(days=7))
        store.counts.reset()
        await sweep.start_sweep(await world.brand())
        await world.drain()
        return store.counts.queries["contacts"], store.counts.writes["contacts"] + store.counts.writes["ambassadors"]

    small = await cost("a@example.org")
    assert small[0] <= 2 * (N // 100 + 1) + 8 and small[1] <= N + 2
    held = [(AmbassadorOptIn.OPT_IN_BLOG, BrandOptIn.NONE, 10, False, False)] * (4 * N)
    await aged(acme, (await world.ambassador(email="stays@example.org")).id, held)
    assert await cost("b@example.org") == small


@pytest.mark.rule("CON-6")
async def test_a_hundred_arrivals_cost_a_look_at_the_list_a_query_an_ambassador_and_batches_of_writes(
    counted: tuple[World, CountingStore],
) -> None:
    world, store = counted
    acme, books = await world.brand(), [(await world.ambassador(email=f"{name}@example.org")).id for name in "ab"]
    orders = [
        an_arrival(acme, books[number % 2], Source.ORDER, Said(brand=True), email=f"c{number}@example.org")
        for number in range(100)
    ]
    store.counts.reset()
    await arrive_many(acme, orders)
    counts = store.counts
    assert counts.read_batches["suppressions"] == 1 and counts.point_reads.total() == 0
    assert counts.queries["contacts"] == len(books) and counts.cross_partition_queries.total() == 0
    assert counts.writes["contacts"] == 100 and counts.write_batches["contacts"] == 1
    assert counts.writes["ledger"] == 100 and counts.write_batches["ledger"] == 1


@pytest.mark.rule("COL-11")
async def test_a_form_costs_no_query_over_partitions_and_three_writes_before_its_mail(
    counted: tuple[World, CountingStore],
) -> None:
    world, store = counted
    acme, ada = await world.brand(), (await world.ambassador()).id
    store.counts.reset()
    await arrive_many(acme, [an_arrival(acme, ada, Source.BLOG, TICKED)])
    assert dict(store.counts.writes) == {"batches": 1, "contacts": 1, "limits": 1}, (
        "the last keeps a mailbox from being filled"
    )
    assert store.counts.queries.total() == 1 and store.counts.cross_partition_queries.total() == 0


@pytest.mark.rule("BAK-3")
async def test_BAK_3_an_import_leaves_no_tombstone_a_sweep_one_file_a_page_and_an_opt_out_one(
    counted: tuple[World, CountingStore],
) -> None:
    world, _ = counted
    acme, ada = await world.brand(), (await world.ambassador()).id
    rows = "".join(f"First{n},c{n}@example.org\n" for n in range(N))
    await import_contacts.start_import(acme, ada, f"First Name,E-mail 1 - Value\n{rows}".encode(), None)
    before = await tombstones(world)
    await world.drain()
    assert await tombstones(world) == before
    world.clock.advance(days=31)
    await world.sweep()
    assert await world.contacts() == []
    assert await tombstones(world) - before == N // 100 + 1
    await invited(world, ada, "grace@example.org")
    before = await tombstones(world)
    await opted_out(world, "grace@example.org")
    assert await tombstones(world) - before == 1


async def tombstones(world: World) -> int:
    """How many files the tombstones take."""
    return len([path async for path in world.ports.tombstones.list("acme/")])
