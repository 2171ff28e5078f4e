"""The same sweep in a brand that holds fifty times as many records: it must not take longer for what is not due."""

from local.bench.measurement import Measurement, Progress, Target
from local.bench.sweeping import CONDITIONS, DUE, ROUNDS, sweeps

FEW, MANY = 2, 100  # times as many held as are due
TARGET = Target("value", "at most", 1.2)


def measure(rows: int | None, progress: Progress) -> Measurement:
    """How many times as long the large brand's sweep takes."""
    due = rows or DUE
    few = sweeps(due, due * FEW, progress)
    many = sweeps(due, due * MANY, progress)
    conditions = {
        "due": due,
        "held": f"{due * MANY} against {due * FEW}",
        "seconds": f"{many.ours:.2f} against {few.ours:.2f}",
        "rounds": ROUNDS,
        **CONDITIONS,
    }
    return Measurement("sweep_scale", many.ours / few.ours, "times", many.bare / few.bare, TARGET, conditions)
