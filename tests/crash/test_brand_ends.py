"""The end of a brand, and of one suspended for too long, stopped at every durable operation: nobody is left (RET-9, RET-10)."""

from typing import Any

import pytest

from shared.domain import containers
from shared.domain.policy import StatusAction
from shared.ports import Query
from shared.usecases import contacts, sweep
from shared.usecases.brand_care import change_status
from shared.usecases.destroying import destroy
from shared.usecases.verify_ledger import verify_ledger
from tests.crash.playing import Run, every_point
from tests.support.crashing import Crash, Side
from tests.support.records import days
from tests.support.restarting import Suite, make_suite


async def _prepared(action: StatusAction, after: int) -> Suite:
    """A brand with an ambassador and a contact, whose time is over."""
    suite = await make_suite()
    account = await suite.world.ambassador()
    await contacts.enter(await suite.brand(), account.id, {"email": "grace@example.org", "first_name": "Grace"})
    await change_status(suite.world.brands, "acme", action, "the contract says so", "staff:s")
    await suite.drain()
    suite.clock.advance(days(after))
    suite.crashes.clear()
    return suite


async def _timer(suite: Suite) -> None:
    """What the daily timer does, and then the host; a process that dies comes again another time."""
    try:
        for brand in await suite.world.brands.all():
            if not await destroy(suite.world.brands, brand):
                await sweep.start_sweep(await suite.brand(brand))
    except Crash:
        suite.restart()
    await suite.drain()


async def _played(action: StatusAction, after: int, stop_at: int | None, side: Side) -> Suite:
    suite = await _prepared(action, after)
    suite.crashes.stop_at, suite.crashes.side = stop_at, side
    await _timer(suite)
    if stop_at:
        assert suite.crashed == 1
        suite.crashes.stop_at = None
        for _ in range(2):  # two days later all is as it should have been
            suite.clock.advance(days(1))
            await _timer(suite)
    return suite


async def _is_over(suite: Suite, *, ended: bool) -> dict[str, Any]:
    """What holds wherever it was stopped; gives what else is to be the same."""
    record = (await suite.world.brands.record("acme")).record
    assert record.erased_at
    assert (record.destroyed_at is not None) == ended
    left = await suite.world.brands.what_is_left("acme")
    verdicts = [verdict async for verdict in verify_ledger(left)]
    assert verdicts[-1].faults == []
    found: dict[str, Any] = {}
    for container in (containers.CONTACTS, containers.AMBASSADORS, containers.CLAIMS, containers.JOBS, containers.FEED):
        page = await suite.ports.store.brand("acme", container).query(Query())
        found[container.name] = [(item.document["id"] is not None, item.document.get("email")) for item in page.items]
        assert "grace@" not in str([item.document for item in page.items])
        assert "Ada" not in str([item.document for item in page.items])
    keys = await suite.world.brands.keys.get("acme", "acme")
    assert keys
    assert (keys.record.hash == {}) == ended
    copies = [path async for path in suite.ports.backups.list("acme/")]
    assert (copies == []) == ended
    assert len(await suite.world.contacts("globex")) == 0
    return found


@pytest.mark.rule("RET-9")
@pytest.mark.rule("RET-10")
@pytest.mark.rule("DEL-5")
@pytest.mark.rule("RET-16")
@pytest.mark.parametrize(("action", "after"), [(StatusAction.END, 7), (StatusAction.SUSPEND, 183)])
async def test_RET_9_an_end_that_is_cut_short_anywhere_comes_to_its_end(
    action: StatusAction, after: int, record_property: Any
) -> None:
    ended = action is StatusAction.END
    clean = await _played(action, after, None, Side.BEFORE)
    points = list(every_point(Run(clean, {})))
    trace, expected = list(clean.crashes.trace), await _is_over(clean, ended=ended)
    for stop_at, side in points:
        again = await _played(action, after, stop_at, side)
        assert await _is_over(again, ended=ended) == expected, f"{side} {stop_at}: {trace[stop_at - 1]}"
    record_property("crash points", len(points))
