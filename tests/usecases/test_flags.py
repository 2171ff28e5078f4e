"""Flags wait for a person, and nothing follows from them by itself (ACT-5)."""

import pytest

from shared.domain.disposition import Done
from shared.domain.errors import DecidedError, UnknownObjectError
from shared.domain.flags import FlagKind
from shared.domain.policy import SweepGuard
from shared.domain.retention import RuleId
from shared.ports import Query
from shared.usecases import leaving
from shared.usecases.brands import Brand
from shared.usecases.flags import close_flag, find_flags, flag
from shared.usecases.sweep import preview
from tests.support.records import days
from tests.support.world import World


@pytest.mark.rule("ACT-5")
async def test_a_flag_is_raised_once_a_day_and_waits(world: World, acme: Brand, ada: str) -> None:
    before = await acme.ambassadors.get(ada, ada)
    for _ in range(2):
        await flag(acme, FlagKind.CLICK_BURST, ada, "120 clicks from one address within an hour")
    world.clock.advance(days=1)
    await flag(acme, FlagKind.CLICK_BURST, ada, "90 clicks from one address within an hour")
    found, _ = await acme.flags.page(Query(order_by="openSince", descending=True))
    assert [item.record.reason[:3] for item in found] == ["90 ", "120"]
    assert await acme.ambassadors.get(ada, ada) == before
    id, why = found[0].record.id, "a class of forty at one school"
    for _ in range(2):
        closed = await close_flag(acme, id, "staff:u1", "harmless", why)
        assert (closed.decision, closed.decided_because, closed.closed_by) == ("harmless", why, "staff:u1")
        world.clock.advance(seconds=1)
    with pytest.raises(DecidedError):
        await close_flag(acme, id, "staff:u2", "fraud", "no school there")
    with pytest.raises(UnknownObjectError):
        await close_flag(acme, "click_burst.none.20300101", "staff:u2", "fraud", "no school there")
    still_open, _ = await find_flags(acme, only_open=True, limit=10, cursor=None)
    assert [flag.reason[:3] for flag in still_open] == ["120"]
    every, _ = await find_flags(acme, only_open=False, limit=10, cursor=None)
    assert [flag.reason[:3] for flag in every] == ["90 ", "120"]
    assert await acme.ambassadors.get(ada, ada) == before, "what was decided is for a person to act on"


async def ids(brand: Brand) -> list[str]:
    """What is flagged, oldest first."""
    return [flag.subject for flag in (await find_flags(brand, only_open=False, limit=10, cursor=None))[0]][::-1]


@pytest.mark.rule("RET-11")
@pytest.mark.rule("RET-17")
@pytest.mark.rule("ACT-5")
async def test_RET_11_a_flag_is_forgotten_a_year_after_it_was_decided_on_or_raised(world: World, acme: Brand) -> None:
    await flag(acme, FlagKind.SIGN_UP_BURST, "one", "12 sign-ups")
    await flag(acme, FlagKind.SIGN_UP_BURST, "two", "12 sign-ups")
    world.clock.advance(days=100)
    await close_flag(
        acme, f"sign_up_burst.two.{world.clock.now() - days(100):%Y%m%d}", "staff:u1", "harmless", "a school"
    )
    world.clock.advance(days=264)
    assert [due async for due in preview(acme, world.clock.now(), acme.policy.durations)] == []
    await world.sweep()
    assert await ids(acme) == ["one", "two"]
    world.clock.advance(days=1)
    (due,) = [due async for due in preview(acme, world.clock.now(), acme.policy.durations)]
    assert (due.rule, due.ambassador, due.done) == (RuleId.FLAG, "one", Done.DELETED)
    await world.sweep()
    assert await ids(acme) == ["two"]
    (run, *_), _ = await acme.runs.page(Query(order_by="startedAt", descending=True))
    (report,) = [report for report in run.record.rules if report.rule is RuleId.FLAG]
    assert (report.due, report.done) == (1, {Done.DELETED: 1})
    world.clock.advance(days=100)
    await world.sweep()
    assert await ids(acme) == []


@pytest.mark.rule("DEL-7")
async def test_DEL_7_a_flag_goes_with_the_account_that_it_is_about(world: World, acme: Brand, ada: str) -> None:
    await flag(acme, FlagKind.CLICK_BURST, ada, "120 clicks")
    await flag(acme, FlagKind.CLICK_BURST, "somebody", "120 clicks")
    await leaving.remove(acme, ada, "staff:s")
    world.clock.advance(days=7)
    await world.sweep()
    assert await ids(acme) == ["somebody"]


@pytest.mark.rule("RET-18")
async def test_RET_18_flags_are_no_part_of_what_a_sweep_stops_at(world: World, acme: Brand, ada: str) -> None:
    guarded = acme.policy.changed(sweep_guard=SweepGuard(records=1))
    await world.brands.save_policy("acme", guarded)
    for n in range(5):
        await flag(acme, FlagKind.SIGN_UP_BURST, f"hash{n}", "12 sign-ups")
    world.clock.advance(days=365)
    await world.sweep()
    assert await ids(acme) == []
