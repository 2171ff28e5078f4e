"""Mixed requests a second that the local stack holds: open loop, client and server on the same cores, nothing switched off."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from local.addresses import LOOPBACK, free_port
from local.bench.embedded import scratch_folder
from local.bench.load_client import Request, Told, drive
from local.bench.load_mix import AMBASSADORS, MIX, Mix, people
from local.bench.measurement import Measurement, Progress, Target
from local.bench.suites import running, running_suite
from local.suite_client import Suite

RATE, SECONDS = 500.0, 120.0
TRY_SECONDS = 6.0
LADDER = (1.0, 0.7, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05)
"""Shares of the wished rate that are tried, from above, until one is held."""
HELD_P95 = 1000.0  # milliseconds: above it requests only wait for each other
TARGET = Target("value", "at least", RATE)
_MB = 1024 * 1024


@dataclass(slots=True)
class Looks:
    """What a process takes: resident memory, second by second, and processor time over all."""

    process: int
    memory: list[float] = field(default_factory=list)
    _cpu: float = 0.0
    _at: float = 0.0

    def begin(self) -> None:
        """Counts from here."""
        self.memory.clear()
        self._cpu, self._at = self._used(), time.perf_counter()

    def look(self) -> None:
        """One more look."""
        pages = int(Path(f"/proc/{self.process}/statm").read_text().split()[1])
        self.memory.append(pages * os.sysconf("SC_PAGE_SIZE") / _MB)

    @property
    def share(self) -> float:
        """Of one core, since it began."""
        return (self._used() - self._cpu) / (time.perf_counter() - self._at)

    def at(self) -> str:
        """Memory when it began, in the middle, and at the end."""
        middle, end = self.memory[len(self.memory) // 2], self.memory[-1]
        return f"{self.memory[0]:.0f} MB, {middle:.0f} MB, {end:.0f} MB"

    def _used(self) -> float:
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(
    rows: int | None, progress: Progress, *, rate: float | None = None, seconds: float | None = None
) -> Measurement:
    """The rate that is held for the time, with latencies by kind; `rows` is a short form: so many requests, no ladder."""
    rate, seconds = rate or (100.0 if rows else RATE), seconds or (rows / 100.0 if rows else SECONDS)
    short = seconds < 2 * TRY_SECONDS
    with running_suite() as suite:
        who = people(suite.client, 2 if short else AMBASSADORS, progress)
        host = Looks(suite.host_process())
        mix = Mix(who, int(datetime.fromisoformat(suite.client.now()).timestamp()))
        rates = [rate] if short else _promising(suite.client, mix, rate, progress)
        held, mine, told, used = _held(suite.client, mix, rates, seconds, host, progress)
    floor, idle = _floor(mine, held, min(seconds, 20.0), progress)
    conditions = {
        "seconds": round(seconds),
        "errors": 0,
        "p50, p95, p99 in ms": _ms(told),
        "floor's": _ms(floor),
        "host's share of a core": f"{used:.0%}, idle function {idle:.0%}",
        "host's memory at the start, in the middle, at the end": host.at(),
        "client's own delay at worst": f"{1000 * told.late_start:.0f} ms",
        "callers": f"{len(who.accounts)} ambassadors, {len(mine):,} addresses",
        "suite": "one local host, Azurite, SQLite files, mail sandbox; the client beside them",
        "floorIs": "the same client and host with a function that does nothing",
        **(
            {} if held >= rate else {"reason": f"{rate:.0f}/s is not held: the host is one process with one event loop"}
        ),
    }
    return Measurement(
        "load", held, "requests/s", floor.answered / floor.seconds, TARGET, conditions, tuple(_by_kind(told))
    )


def _promising(suite: Suite, mix: Mix, rate: float, progress: Progress) -> list[float]:
    """The rates to hold for the whole time, from the highest that is held for a few seconds downwards."""
    rates = [rate * share for share in LADDER]
    while len(rates) > 1:
        progress(f"trying {rates[0]:.0f} requests/s")
        told = asyncio.run(
            drive(suite.url, mix.take(int(rates[0] * TRY_SECONDS)), rates[0], progress, most_waiting=2 * rates[0])
        )
        suite.drain()
        if not told.errors and told.percentiles()[1] < HELD_P95:
            break
        del rates[0]
    return rates


def _held(
    suite: Suite, mix: Mix, rates: Sequence[float], seconds: float, host: Looks, progress: Progress
) -> tuple[float, list[Request], Told, float]:
    """The first of the rates that is held for the whole time without an error, and what was found; raises RuntimeError."""
    errors: dict[str, int] = {}
    for rate in rates:
        mine = mix.take(int(rate * seconds))
        told, used = _driven(suite.url, mine, rate, progress, host)
        progress("waiting for queues")
        suite.call("POST", "/admin/drain?timeout=600", expect=200)
        if not told.errors:
            return rate, mine, told, used
        errors = dict(told.errors)
        progress(f"{rate:.0f} requests/s is not held: {errors}")
    raise RuntimeError(f"not even the last rate was held: {errors}")


def _driven(url: str, some: Sequence[Request], rate: float, progress: Progress, host: Looks) -> tuple[Told, float]:
    host.begin()
    told = asyncio.run(drive(url, some, rate, progress, every_second=host.look, most_waiting=10 * rate))
    return told, host.share


def _floor(some: Sequence[Request], rate: float, seconds: float, progress: Progress) -> tuple[Told, float]:
    """The same requests to a function that does nothing, and the share of a core that its host takes."""
    progress("the same to a function that does nothing")
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    with scratch_folder() as folder:
        command = ["-m", "local.bench.idle_app", "--port", str(port), "--state", str(folder / "state")]
        with running(command, f"{url}/", folder / "log") as process:
            allowed = [Request(each.kind, each.method, each.path, each.headers, each.body) for each in some]
            return _driven(url, allowed[: int(rate * seconds)], rate, progress, Looks(process))


def _by_kind(told: Told) -> Iterator[str]:
    yield f"  {'kind':<24}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'number':>9}"
    for kind in MIX:
        if times := told.latencies.get(kind):
            yield f"  {kind:<24}" + "".join(f"{ms:>9.1f}" for ms in told.percentiles(kind)) + f"{len(times):>9,}"


def _ms(told: Told) -> str:
    return ", ".join(f"{ms:.1f}" for ms in told.percentiles())
