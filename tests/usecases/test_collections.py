"""Long work side by side and in turns: nothing is left running, and others have the event loop meanwhile."""

import asyncio
import subprocess
import sys

import pytest

from shared.collector import OBJECTS_A_LOOK
from shared.usecases.collections import BATCH, all_of, in_turns


async def test_of_what_is_done_side_by_side_the_first_error_is_told_once_all_have_ended() -> None:
    ended: list[int] = []

    async def work(number: int) -> int:
        await asyncio.sleep(0.001 * number)
        ended.append(number)
        if number in (1, 2):
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="2"):
        await all_of(work(number) for number in (3, 2, 1))
    assert sorted(ended) == [1, 2, 3]
    assert await all_of(work(number) for number in (3, 0)) == [3, 0]


@pytest.mark.parametrize(("items", "turns"), [(0, 0), (BATCH, 0), (BATCH + 1, 1), (3 * BATCH, 2)])
async def test_others_have_the_event_loop_after_every_hundred(items: int, turns: int) -> None:
    had = 0

    async def other() -> None:
        nonlocal had
        while True:
            await asyncio.sleep(0)
            had += 1

    waiting = asyncio.create_task(other())
    await asyncio.sleep(0)  # it begins
    assert [item async for item in in_turns(range(items))] == list(range(items))
    assert had == turns
    waiting.cancel()


def test_the_suite_has_cycles_looked_for_seldom_and_loads_no_use_case_before_it_is_called() -> None:
    program = """
import gc, sys, function_app
early = [name for name in sys.modules if name.startswith(("shared.usecases", "shared.app"))]
print(gc.get_threshold()[0], gc.get_freeze_count(), len(early))
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    looks, left_alone, too_early = map(int, told)
    assert looks == OBJECTS_A_LOOK
    assert left_alone > 10_000
    assert too_early == 0, "a cold start would take twice its time"
