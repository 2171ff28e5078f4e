"""Timer triggers on the suite's clock: one run at a time and on one host, one for all that a moved clock passed."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.functions.timer import TimerRequest
from croniter import croniter

from local.clock import ShiftedClock
from local.host.functions import Function, TimerTrigger, UnsupportedFunctionError
from local.host.invocations import Invocations

LOOK_EVERY = 0.2  # seconds; another process may have moved the clock
PAST_DUE_AFTER = timedelta(seconds=10)


class Timer:
    """One timer function and when it is due."""

    def __init__(self, function: Function, last: datetime) -> None:
        assert isinstance(function.trigger, TimerTrigger)
        self._schedule = function.trigger.schedule
        if not croniter.is_valid(self._schedule, second_at_beginning=True):
            raise UnsupportedFunctionError(f"{function.name}: {self._schedule} is not an NCRONTAB schedule")
        self.function = function
        self.last = last
        self.due = self.after(last)
        self.is_running = False

    def after(self, moment: datetime) -> datetime:
        """The next occurrence; a day must fit both day fields, as NCRONTAB reads them."""
        following: datetime = croniter(
            self._schedule, moment, ret_type=datetime, second_at_beginning=True, day_or=False
        ).get_next()
        return following

    def request(self, now: datetime) -> TimerRequest:
        """What the function is told."""
        return TimerRequest(
            past_due=now - self.due > PAST_DUE_AFTER,
            schedule={"AdjustForDST": True},
            schedule_status={
                "Last": self.last.isoformat(),
                "Next": self.due.isoformat(),
                "LastUpdated": self.last.isoformat(),
            },
        )


class Timers:
    """All timer functions of the host; what ran last is kept in a file, so that a restart misses nothing.

    Only while `is_mine` says so they run here: other hosts over the same file read in it what was run elsewhere.
    """

    def __init__(
        self,
        functions: Sequence[Function],
        clock: ShiftedClock,
        runs: Invocations,
        path: Path,
        is_mine: Callable[[], bool] = lambda: True,
    ) -> None:
        self._clock = clock
        self._runs = runs
        self._path = path
        self._is_mine = is_mine
        self._were_mine = False
        self._looking: asyncio.Task[None] | None = None
        now = clock.now()
        self._timers = [Timer(each, now) for each in functions if isinstance(each.trigger, TimerTrigger)]
        self._read()

    def start(self) -> None:
        """Begins to watch the clock."""
        self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Starts no more; what runs goes on."""
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def fire_due(self) -> None:
        """Starts every timer whose time has come and that does not run already."""
        if not self._mine():
            return
        now = self._clock.now()
        for timer in self._timers:
            if timer.due <= now and not timer.is_running:
                timer.is_running = True
                self._runs.spawn(self._fire(timer, now))

    @property
    def due(self) -> list[str]:
        """The names of the timers that should run now or do, here or on another host."""
        if not self._mine():
            self._read()
        now = self._clock.now()
        return [timer.function.name for timer in self._timers if timer.is_running or timer.due <= now]

    async def _look(self) -> None:
        while True:
            self.fire_due()
            await asyncio.sleep(LOOK_EVERY)

    async def _fire(self, timer: Timer, now: datetime) -> None:
        try:
            await self._runs.run(timer.function, timer.request(now))
            # Kept after the run: a host killed during it runs it again.
            timer.last, timer.due = now, timer.after(now)
            self._keep()
        finally:
            timer.is_running = False

    def _mine(self) -> bool:
        """Whether they run here; whoever gets them goes on from what the host before did."""
        mine = self._is_mine()
        if mine and not self._were_mine:
            self._read()
            self._keep()
        self._were_mine = mine
        return mine

    def _read(self) -> None:
        """Takes over what another host, or this one before it was restarted, ran last."""
        kept = json.loads(self._path.read_text()) if self._path.exists() else {}
        for timer in self._timers:
            if timer.function.name in kept and not timer.is_running:
                timer.last = datetime.fromisoformat(kept[timer.function.name]).astimezone(UTC)
                timer.due = timer.after(timer.last)

    def _keep(self) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps({timer.function.name: timer.last.isoformat() for timer in self._timers}))
        beside.replace(self._path)
