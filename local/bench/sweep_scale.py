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
    some = max(due // 10, 10)
    apart = [sweeps(some, some * times, progress, scattered=True) for times in (MANY, FEW)]
    conditions = {
        "due": due,
        "held": f"{due * MANY} against {due * FEW}",
        "seconds": f"{many.ours:.2f} against {few.ours:.2f}",
        "scattered one by one": f"{apart[0].ours / apart[1].ours:.2f} times"
        f" ({apart[0].bare / apart[1].bare:.2f} the bare library) for {some} of {some * MANY} against {some * FEW}",
        "rounds": ROUNDS,
        **CONDITIONS,
    }
    return Measurement("sweep_scale", many.ours / few.ours, "times", many.bare / few.bare, TARGET, conditions)
