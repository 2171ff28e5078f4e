"""An open-loop load: requests leave at their times whether or not the ones before were answered, and waiting counts."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import aiohttp

from local.bench.measurement import Progress

TIMEOUT = 30.0  # seconds; a request that took longer is an error
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a kind, and the answers that it may have."""

    kind: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    allowed: tuple[int, ...] = (200,)


@dataclass(slots=True)
class Told:
    """What a load found: seconds from the time a request was due until its answer, by kind, and what went wrong."""

    seconds: float = 0.0
    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    late_start: float = 0.0  # how late the client itself was at worst

    @property
    def answered(self) -> int:
        """How many requests were answered."""
        return sum(map(len, self.latencies.values()))

    def percentiles(self, kind: str | None = None) -> tuple[float, ...]:
        """p50, p95 and p99 in milliseconds, of a kind or of all."""
        every = sorted(self.latencies[kind] if kind else [t for some in self.latencies.values() for t in some])
        return tuple(1000 * every[min(len(every) * percent // 100, len(every) - 1)] for percent in PERCENTILES)


async def drive(
    url: str,
    requests: Sequence[Request],
    rate: float,
    progress: Progress,
    *,
    every_second: Callable[[], None] = lambda: None,
    most_waiting: float = inf,
) -> Told:
    """Sends each request at its time, so many a second; `every_second` may look at the server meanwhile.

    When more than `most_waiting` wait for their answers, no more are sent, and that is an error of its own.
    """
    told = Told()
    # Given up before the server does, or a request may meet a connection that is just being closed.
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=2)
    async with aiohttp.ClientSession(
        url, connector=connector, timeout=aiohttp.ClientTimeout(TIMEOUT), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        under_way: set[asyncio.Task[None]] = set()
        began = time.perf_counter()
        watching = asyncio.create_task(_watch(told, len(requests), rate, progress, every_second))
        for number, request in enumerate(requests):
            if len(under_way) > most_waiting:
                told.errors["too many wait"] += 1
                break
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            else:
                await asyncio.sleep(0)
                told.late_start = max(told.late_start, -wait)
            task = asyncio.create_task(_send(session, request, due, told))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)
        told.seconds = time.perf_counter() - began
        watching.cancel()
    return told


async def _send(session: aiohttp.ClientSession, request: Request, due: float, told: Told) -> None:
    options: dict[str, Any] = {"headers": request.headers, "data": request.body, "allow_redirects": False}
    try:
        async with session.request(request.method, request.path, **options) as answer:
            await answer.read()
            if answer.status not in request.allowed:
                told.errors[f"{request.kind}: {answer.status}"] += 1
    except (aiohttp.ClientError, TimeoutError) as error:
        told.errors[f"{request.kind}: {type(error).__name__}"] += 1
    told.latencies[request.kind].append(time.perf_counter() - due)


async def _watch(told: Told, total: int, rate: float, progress: Progress, every_second: Callable[[], None]) -> None:
    while True:
        every_second()
        progress(f"{rate:.0f} requests/s", told.answered, total)
        await asyncio.sleep(1)
