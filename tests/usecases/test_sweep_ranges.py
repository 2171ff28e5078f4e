"""A sweep of a brand whose contacts lie in several ranges: shared out, done once, and told in one report (RET-16)."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.domain.jobs import Run, RunState
from shared.domain.retention import RuleId
from shared.ports import Query
from shared.usecases import sweep, sweep_pages, sweep_parts
from tests.support.acts import entered, fresh_world, invited
from tests.support.ranged import RangedStore
from tests.support.world import World

RANGES = 3


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A suite whose contacts lie in three ranges, an ambassador's in one; few are worth sharing out."""
    monkeypatch.setattr(sweep_parts, "SHARED_FROM", 1)
    async with fresh_world(store=RangedStore(SqliteStore(None, inline=True), RANGES)) as made:
        yield made


async def books(world: World) -> None:
    """Four ambassadors: each has a contact who was never invited, two who were, and all of their dates have come."""
    for number in range(4):
        ambassador = await world.ambassador(email=f"ambassador{number}@example.org")
        await entered(world, ambassador.id, f"never{number}@example.org")
        await invited(world, ambassador.id, f"one{number}@example.org", f"two{number}@example.org")
    world.clock.advance(days=31)


async def the_run(world: World) -> Run:
    """The only one there is."""
    ((run,), _) = await (await world.brand()).runs.page(Query(order_by="startedAt"))
    return run.record


@pytest.mark.rule("RET-16")
async def test_RET_16_ranges_are_swept_by_a_message_each_and_summed_up_in_one_report(world: World) -> None:
    await books(world)
    brand = await world.brand()
    await sweep.start_sweep(brand)
    sent: Counter[str] = Counter()
    while message := world.queue.pop(sweep.QUEUE):
        sent["part" if "part" in message else "run"] += 1
        await world.handle(sweep.QUEUE, message)
    assert sent == {"run": 2, "part": RANGES}
    run = await the_run(world)
    assert (run.state, run.open_since, run.parts) == (RunState.DONE, None, 0)
    reports = {report.rule: (report.due, sum(report.done.values()), report.finished) for report in run.rules}
    assert reports[RuleId("RET-1")] == (4, 4, True)
    assert reports[RuleId("RET-2")] == (8, 8, True)
    assert all(finished for _, _, finished in reports.values())
    await world.drain()
    assert Counter(len(contact.mails) for contact in await world.contacts()) == {2: 8}


@pytest.mark.rule("RET-16")
async def test_RET_16_messages_that_come_twice_and_late_do_nothing_twice(world: World) -> None:
    await books(world)
    await sweep.start_sweep(await world.brand())
    seen = []
    while message := world.queue.pop(sweep.QUEUE):
        seen.append(message)
        for _ in range(2):
            await world.handle(sweep.QUEUE, message)
    run = await the_run(world)
    for message in seen:
        await world.handle(sweep.QUEUE, message)
    assert await the_run(world) == run
    await world.drain()
    assert Counter(len(contact.mails) for contact in await world.contacts()) == {2: 8}
    assert {report.rule: sum(report.done.values()) for report in run.rules}[RuleId("RET-1")] == 4


@pytest.mark.rule("RET-16")
async def test_RET_16_a_long_range_goes_on_by_another_message_and_the_others_do_not_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await books(world)
    monkeypatch.setattr(sweep_pages, "A_PAGE", 1)
    monkeypatch.setattr(sweep_parts, "PAGES_A_MESSAGE", 2)
    await sweep.start_sweep(await world.brand())
    messages = 0
    while message := world.queue.pop(sweep.QUEUE):
        messages += "part" in message
        await world.handle(sweep.QUEUE, message)
    assert messages > RANGES
    assert (await the_run(world)).state is RunState.DONE


@pytest.mark.rule("RET-16")
async def test_RET_16_only_a_range_that_nothing_was_heard_of_is_asked_for_again(world: World) -> None:
    await books(world)
    brand = await world.brand()
    await sweep.start_sweep(brand)
    await world.handle(sweep.QUEUE, world.queue.pop(sweep.QUEUE) or {})
    heard = world.queue.pop(sweep.QUEUE) or {}
    await world.handle(sweep.QUEUE, heard)
    while world.queue.pop(sweep.QUEUE):  # those of the other two are lost
        pass
    world.clock.advance(seconds=(sweep_parts.LOST_AFTER + timedelta(seconds=1)).total_seconds())
    await world.recover()
    await world.handle(sweep.QUEUE, world.queue.pop(sweep.QUEUE) or {})
    again = []
    while message := world.queue.pop(sweep.QUEUE):
        again.append(message["part"])
        await world.handle(sweep.QUEUE, message)
        if len(again) == 2:
            break
    assert sorted([heard["part"], *again]) == [0, 1, 2]
    await world.drain()
    assert (await the_run(world)).state is RunState.DONE


@pytest.mark.rule("RET-16")
async def test_RET_16_few_that_are_due_are_swept_in_one_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await books(world)
    monkeypatch.setattr(sweep_parts, "SHARED_FROM", 13)
    await sweep.start_sweep(await world.brand())
    await world.handle(sweep.QUEUE, world.queue.pop(sweep.QUEUE) or {})
    assert world.queue.pop(sweep.QUEUE) is None
    assert (await the_run(world)).state is RunState.DONE
