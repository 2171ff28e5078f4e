"""Bursts from one address are flagged, and what is kept for it is soon nobody's (ACT-5)."""

from datetime import timedelta

import pytest

from shared.domain.ambassador import Ambassador
from shared.domain.flags import FlagKind
from shared.domain.tracing import AGENTS_KEPT, BURSTS, Burst, Trace, Visitor
from shared.ports import Query
from shared.usecases.brands import Brand
from shared.usecases.flags import find_flags
from shared.usecases.tracing import forget_traces, notice
from tests.support.world import World

pytestmark = pytest.mark.rule("ACT-5")
IP = "203.0.113.77"
FIREFOX = "Mozilla/5.0 Firefox/133.0"
CLICKS = BURSTS[FlagKind.CLICK_BURST].times


async def flags(brand: Brand) -> list[tuple[str, str, str]]:
    """Kind, subject and reason of each flag, newest first."""
    found, _ = await find_flags(brand, only_open=True, limit=10, cursor=None)
    return [(flag.kind, flag.subject, flag.reason) for flag in found]


async def stored(brand: Brand) -> list[Trace]:
    """Everything that is kept."""
    return [item.record async for page in brand.traces.pages(Query(order_by="at")) for item in page]


async def account(brand: Brand, id: str) -> Ambassador:
    """The account as it is stored."""
    found = await brand.ambassadors.get(id, id)
    assert found
    return found.record


async def test_a_burst_of_clicks_is_flagged_once_with_the_reason_and_punishes_nobody(
    world: World, acme: Brand, ada: str
) -> None:
    before = await account(acme, ada)
    for n in range(CLICKS + 20):
        if n == CLICKS - 1:
            assert await flags(acme) == []
        await notice(acme, FlagKind.CLICK_BURST, Visitor(IP, FIREFOX if n % 2 else "Other"), ada)
    reason = f"{CLICKS} times within 60 minutes from one address, by 2 browsers"
    assert await flags(acme) == [("click_burst", ada, reason)]
    assert await account(acme, ada) == before


async def test_the_same_clicks_from_many_addresses_or_over_hours_are_no_burst(
    world: World, acme: Brand, ada: str
) -> None:
    for n in range(CLICKS * 2):
        await notice(acme, FlagKind.CLICK_BURST, Visitor(f"203.0.113.{n}", FIREFOX), ada)
    for _ in range(CLICKS * 2):
        world.clock.advance(minutes=2)
        await notice(acme, FlagKind.CLICK_BURST, Visitor(IP, FIREFOX), ada)
    assert await flags(acme) == []


async def test_a_burst_of_sign_ups_is_flagged_by_its_hash(world: World, acme: Brand) -> None:
    for _ in range(BURSTS[FlagKind.SIGN_UP_BURST].times):
        await notice(acme, FlagKind.SIGN_UP_BURST, Visitor(IP, FIREFOX))
    ((kind, subject, _),) = await flags(acme)
    assert kind == "sign_up_burst" and subject in {trace.id.split(".")[1] for trace in await stored(acme)}


async def test_an_address_is_kept_as_a_hash_that_is_another_one_tomorrow_and_at_another_brand(
    world: World, acme: Brand
) -> None:
    globex = await world.brand("globex")
    ids = set()
    for brand in (acme, globex):
        for _ in range(2):
            await notice(brand, FlagKind.SIGN_UP_BURST, Visitor(IP, FIREFOX))
            world.clock.advance(days=1)
        traces = [trace for trace in await stored(brand) if trace.salt is None]
        ids |= {trace.id for trace in traces}
        assert IP not in str(traces) and {agent for trace in traces for agent in trace.agents} == {FIREFOX}
    assert len(ids) == 4


async def test_a_salt_is_forgotten_with_its_day_and_a_trace_with_the_policys(world: World, acme: Brand) -> None:
    await notice(acme, FlagKind.SIGN_UP_BURST, Visitor(IP, FIREFOX))
    await forget_traces(acme)
    assert len(await stored(acme)) == 2
    world.clock.advance(days=1)
    await world.recover()
    (left,) = await stored(acme)
    assert left.salt is None
    world.clock.advance(days=acme.policy.trace_days - 1)
    await world.recover()
    assert await stored(acme) == []


async def test_two_days_of_outage_leave_no_salt(world: World, acme: Brand) -> None:
    for _ in range(3):
        await notice(acme, FlagKind.SIGN_UP_BURST, Visitor(IP, FIREFOX))
        world.clock.advance(days=1)
    await world.recover()
    assert [trace for trace in await stored(acme) if trace.salt] == []


def test_a_window_begins_anew_and_few_browsers_are_remembered(world: World) -> None:
    now, burst = world.clock.now(), Burst(3, timedelta(minutes=10))
    trace = Trace(id="t", at=now)
    for n in range(AGENTS_KEPT + 3):
        trace = trace.again(f"Browser {n} " + "x" * 900, burst, now)
    assert trace.count == AGENTS_KEPT + 3 and len(trace.agents) == AGENTS_KEPT
    assert max(map(len, trace.agents)) == 200
    later = trace.again("B", burst, now + burst.window)
    assert (later.count, later.at) == (1, now + burst.window)
