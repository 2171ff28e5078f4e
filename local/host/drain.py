"""Says when a suite is at rest: no message on any queue, no timer due, no function at work."""

import asyncio
import time
from dataclasses import dataclass

from local.host.invocations import Invocations
from local.host.queues import Queues
from local.host.timers import Timers

LOOK_EVERY = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Busy:
    """What is not at rest; false when everything is."""

    queues: dict[str, int]
    functions: list[str]

    def __bool__(self) -> bool:
        return bool(self.queues or self.functions)

    @property
    def reasons(self) -> list[str]:
        """One phrase each."""
        waiting = [f"{name} holds {count}" for name, count in self.queues.items()]
        return waiting + [f"{name} runs or is due" for name in self.functions]


class Drain:
    """Looks until nothing is left to do."""

    def __init__(self, queues: Queues, timers: Timers, runs: Invocations) -> None:
        self._queues = queues
        self._timers = timers
        self._runs = runs

    async def wait(self, seconds: float) -> Busy:
        """Waits that long at most; gives something false when two looks found rest with nothing begun between."""
        deadline = time.monotonic() + seconds
        rested_at: int | None = None
        while True:
            began = self._runs.started
            busy = await self._look()
            if not busy and self._runs.is_idle and began == self._runs.started:
                if rested_at == began:
                    return busy
                rested_at = began
            else:
                rested_at = None
                if time.monotonic() >= deadline:
                    return busy if busy else Busy({}, ["a function"])
            await asyncio.sleep(LOOK_EVERY)

    async def poison(self) -> dict[str, int]:
        """How many messages each queue gave up, those without any left out."""
        depths = {listener.poison.queue_name: await listener.poison_depth() for listener in self._queues.listeners}
        return {name: depth for name, depth in depths.items() if depth}

    async def _look(self) -> Busy:
        depths = {}
        for listener in self._queues.listeners:
            depths[listener.client.queue_name] = depth = await listener.depth()
            if depth:
                listener.wake()
        functions = sorted({*self._runs.at_work, *self._timers.due})
        return Busy({name: depth for name, depth in depths.items() if depth}, functions)
