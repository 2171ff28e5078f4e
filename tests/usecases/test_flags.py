"""Flags wait for a person, and nothing follows from them by itself (ACT-5)."""

import pytest

from shared.domain.flags import FlagKind
from shared.ports import Query
from shared.usecases.brands import Brand
from shared.usecases.flags import flag
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
    closed = found[0].record.closed(world.clock.now(), "staff", "a class of forty at one school")
    await acme.flags.replace(found[0], closed)
    assert len((await acme.flags.page(Query(order_by="openSince")))[0]) == 1
