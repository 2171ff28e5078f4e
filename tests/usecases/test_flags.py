"""Flags wait for a person, and nothing follows from them by itself (ACT-5)."""

import pytest

from shared.domain.errors import DecidedError, UnknownObjectError
from shared.domain.flags import FlagKind
from shared.ports import Query
from shared.usecases.brands import Brand
from shared.usecases.flags import close_flag, find_flags, flag
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
