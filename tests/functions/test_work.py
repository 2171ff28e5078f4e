"""Queue and timer functions: one brand's fault is its own, and events come back for as long as it takes."""

import asyncio

import azure.functions as func
import pytest

from functions.catalogue import QUEUES, ROUTES, TIMERS
from functions.http import HANDLERS, client_ip
from functions.work import AT_ONCE, MESSAGE_HANDLERS, TIMER_HANDLERS, FailedError, for_each
from shared.usecases import mail_events
from tests.support.world import World


def test_the_catalogue_and_the_modules_name_the_same_functions() -> None:
    assert set(HANDLERS) == set(ROUTES)
    assert set(MESSAGE_HANDLERS) == set(QUEUES)
    assert set(TIMER_HANDLERS) == set(TIMERS)


@pytest.mark.rule("BR-1")
@pytest.mark.rule("RET-16")
async def test_a_brand_that_fails_keeps_no_other_from_its_turn() -> None:
    done = []

    async def do(brand: str) -> None:
        if brand == "broken":
            raise KeyError("of no use to anybody")
        done.append(brand)

    with pytest.raises(FailedError) as failed:
        await for_each(["acme", "broken", "globex"], do)
    assert done == ["acme", "globex"]
    assert failed.value.args == ("KeyError",)


@pytest.mark.rule("MAIL-4")
async def test_events_that_could_not_be_applied_come_back_later_and_later_and_are_never_given_up(world: World) -> None:
    message = {"brand": "acme", "events": []}
    delays = []
    for _ in range(12):
        sent = world.clock.now()
        await mail_events.try_later(world.queue, message)
        (waiting,) = world.queue.queues[mail_events.QUEUE]
        delays.append((waiting.visible_at - sent).total_seconds())
        message = waiting.message
        world.queue.queues[mail_events.QUEUE].clear()
    assert delays[:3] == [60, 120, 240]
    assert delays[-1] == 6 * 3600
    assert message["events"] == []


@pytest.mark.parametrize(
    ("header", "caller"),
    [
        ("203.0.113.9:51234", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("[2001:db8:0:7::5]:443", "2001:db8:0:7::/64"),
        ("2001:db8:0:7::6", "2001:db8:0:7::/64"),
        ("somewhere", "somewhere"),
        ("", None),
    ],
)
def test_a_caller_is_the_address_that_the_nearest_proxy_saw_without_its_port(header: str, caller: str | None) -> None:
    request = func.HttpRequest("GET", "https://suite.example/", headers={"X-Forwarded-For": header}, body=b"")
    assert client_ip(request) == caller


async def test_a_timer_goes_through_some_brands_at_once_and_not_through_all() -> None:
    at_once: list[int] = []
    under_way = 0

    async def look(_brand: str) -> None:
        nonlocal under_way
        under_way += 1
        at_once.append(under_way)
        await asyncio.sleep(0)
        under_way -= 1

    await for_each([f"brand-{number}" for number in range(100)], look)
    assert (len(at_once), max(at_once)) == (100, AT_ONCE)
