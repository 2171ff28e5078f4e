"""The whole drill: a brand backed up twice, a tenth of its people gone or opted out, the store lost and put back."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from local.bench.embedded import BRAND, scratch_folder
from local.bench.losing import CONTACTS_HELD, drill
from local.bench.measurement import Measurement, Progress, Target

TARGET = Target("value", "at most", 60)


def measure(rows: int | None, progress: Progress) -> Measurement:
    """Seconds from an empty folder to a restored brand that was replayed twice; raises RuntimeError when anybody is wronged."""
    held = rows or CONTACTS_HELD
    with scratch_folder() as folder:
        began, cpu = time.perf_counter(), time.process_time()
        found = asyncio.run(drill(folder, held, progress))
        seconds, worked = time.perf_counter() - began, time.process_time() - cpu
        if not found.right:
            raise RuntimeError(f"{found.resurrected} resurrected, {found.innocents_hit} innocents hit")
        floor = _copied(folder / "lost" / f"{BRAND}.sqlite3", folder)
    conditions = {
        "contacts": held,
        "acts": found.acts.total(),
        "tombstones": found.tombstones,
        "backupBytes": found.bytes,
        "cpuSeconds": round(worked, 1),
        "seconds": {name: round(value, 1) for name, value in found.seconds.items()},
        "resurrected": found.resurrected,
        "innocentsHit": found.innocents_hit,
        "floorIs": "sqlite3's backup API: the brand's file there and back",
    }
    return Measurement("drill", seconds, "s", floor, TARGET, conditions)


def _copied(lost: Path, folder: Path) -> float:
    began = time.perf_counter()
    for source, target in ((lost, folder / "bare.backup"), (folder / "bare.backup", folder / "bare.sqlite3")):
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)
    return time.perf_counter() - began
