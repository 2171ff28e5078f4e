"""Cold start: what the import of the functions adds to that of the two libraries they cannot be without."""

import os
import statistics
import subprocess
import sys

from local.bench.measurement import Measurement, Progress, Target
from local.project import ROOT

ROUNDS = 15
QUICK_ROUNDS = 3
TARGET = Target("ratio", "at most", 1.3)
OURS = "import function_app"
BARE = "import azure.functions, pydantic"

_TIMED = """
import time
began = time.perf_counter()
{statement}
print(time.perf_counter() - began)
"""


def measure(rows: int | None, progress: Progress) -> Measurement:
    """Milliseconds, the median of fresh interpreters; both in turn, so that a busy machine slows both."""
    rounds = ROUNDS if rows is None else QUICK_ROUNDS
    for statement in (OURS, BARE):
        _import_seconds(statement)  # leaves the bytecode behind for all that follow
    ours, bare = [], []
    for done in range(rounds):
        progress("importing in fresh interpreters", done, rounds)
        ours.append(_import_seconds(OURS))
        bare.append(_import_seconds(BARE))
    return Measurement(
        "cold_start",
        statistics.median(ours) * 1000,
        "ms",
        statistics.median(bare) * 1000,
        TARGET,
        {
            "rounds": rounds,
            "fastest": round(min(ours) * 1000),
            "fastestFloor": round(min(bare) * 1000),
            "floorIs": BARE,
        },
    )


def _import_seconds(statement: str) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    answer = subprocess.run(
        [sys.executable, "-c", _TIMED.format(statement=statement)],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(answer.stdout)
