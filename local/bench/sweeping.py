"""A whole sweep, planned, done and reported, of a brand that holds twice as many records as are due."""

import asyncio
import os
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.bench import bare_sweep
from local.bench.embedded import QUEUE_IS, Embedded, scratch_folder
from local.bench.measurement import Measurement, Progress, Target
from local.bench.population import Population
from shared.domain.jobs import RunState
from shared.ports import Query
from shared.usecases import sweep
from shared.usecases.brands import Brand

DUE = 10_000
ROUNDS = 3
TARGET = Target("value", "at least", 2000)
CONDITIONS: dict[str, Any] = {
    "store": "SQLite files, a thread a file",
    "queue": QUEUE_IS,
    "mix": "30% RET-1 deleted, 30% RET-3 opted out with a ledger entry, 40% RET-5 anonymised",
    "due are": "whole books of 200, as an import is when its time has come",
    "includes": "plan with its digest (RET-18), reports",
    "floorIs": "sqlite3: pages of 100, as many conditional writes of rows as large",
}


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long sweeps of the same records took, the median of some; and those of the bare library."""

    ours: float
    bare: float


def measure(rows: int | None, progress: Progress) -> Measurement:
    """Dispositions a second."""
    due = rows or DUE
    seconds = sweeps(due, due * 2, progress)
    conditions = {"due": due, "held": due * 2, "rounds": ROUNDS, **CONDITIONS}
    return Measurement("sweep", due / seconds.ours, "dispositions/s", due / seconds.bare, TARGET, conditions)


def sweeps(due: int, held: int, progress: Progress, *, scattered: bool = False) -> Seconds:
    """Builds the records once and sweeps copies of the files."""
    with scratch_folder() as folder:
        body_bytes = asyncio.run(_build(folder / "built", due, held, progress, scattered))
        progress(f"writing {held:,} bare rows")
        bare_sweep.build(folder / "bare.sqlite3", due, held, body_bytes, scattered=scattered)
        ours, bare = [], []
        for done in range(ROUNDS):
            progress(f"sweeping {due:,} of {held:,}", done, ROUNDS)
            shutil.copytree(folder / "built", folder / "copy")
            os.sync()  # or the disk would still be busy with the copy
            ours.append(asyncio.run(_sweep(folder / "copy", due)))
            shutil.rmtree(folder / "copy")
            shutil.copy(folder / "bare.sqlite3", folder / "copy.sqlite3")
            os.sync()
            bare.append(bare_sweep.sweep(folder / "copy.sqlite3", body_bytes))
            for file in folder.glob("copy.sqlite3*"):
                file.unlink()
        return Seconds(statistics.median(ours), statistics.median(bare))


async def _build(folder: Path, due: int, held: int, progress: Progress, scattered: bool) -> int:
    """Writes the records; gives how large they are on average."""
    embedded = Embedded(folder)
    brand = await embedded.brand()
    await Population(brand).write(due, held, progress, scattered=scattered)
    items, _ = await brand.contacts.page(Query(limit=100))
    sizes = [len(item.record.model_dump_json(by_alias=True, exclude_defaults=True)) for item in items]
    await embedded.close()
    return sum(sizes) // len(sizes)


async def _sweep(folder: Path, due: int) -> float:
    embedded = Embedded(folder)
    brand = await embedded.brand()
    began = time.perf_counter()
    run = await sweep.start_sweep(brand)
    if run is None:
        raise RuntimeError("a sweep was open already")
    while embedded.queue.messages:
        queue, message = embedded.queue.messages.popleft()
        if queue == sweep.QUEUE:  # the rest tells the provider whom to forget, at the provider's pace
            await sweep.run_sweep(brand, message["run"])
    seconds = time.perf_counter() - began
    await _check(brand, run.id, due)
    await embedded.close()
    return seconds


async def _check(brand: Brand, run: str, due: int) -> None:
    ended = await brand.runs.get(run, run)
    if ended is None or ended.record.state is not RunState.DONE:
        raise RuntimeError("the sweep did not end")
    disposed = sum(sum(report.done.values()) for report in ended.record.rules)
    if disposed != due:
        raise RuntimeError(f"the sweep disposed of {disposed} records, not of {due}")
