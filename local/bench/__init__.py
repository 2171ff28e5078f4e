"""`./dev bench`: the numbers that the product promises, each beside its floor: the same work with the bare library."""

import argparse
import sys
import traceback
from collections.abc import Sequence
from functools import partial

from local.bench.cold_start import measure as cold_start
from local.bench.drilling import measure as drill
from local.bench.erasing import measure as erasure
from local.bench.import_memory import measure as import_memory
from local.bench.importing import measure as import_rows
from local.bench.load import measure as load
from local.bench.measurement import Benchmark, Measurement
from local.bench.sweep_scale import measure as sweep_scale
from local.bench.sweeping import measure as sweep
from local.bench.syncing import measure as sync
from local.bench.terminal import Teller, table
from local.bench.webhook import measure as webhook
from shared.collector import look_for_cycles_seldom

BENCHMARKS: dict[str, Benchmark] = {
    "cold_start": cold_start,
    "sweep": sweep,
    "sweep_scale": sweep_scale,
    "import": import_rows,
    "import_memory": import_memory,
    "webhook": webhook,
    "sync": sync,
    "drill": drill,
    "erasure": erasure,
    "load": load,
}


def main(argv: Sequence[str]) -> int:
    """Runs the named benchmarks, or all; 0 whether or not targets are met, 1 when one could not be run."""
    arguments = _parse(argv)
    look_for_cycles_seldom()  # as the suite does wherever it runs
    done: list[Measurement] = []
    names = arguments.name or list(BENCHMARKS)
    for name in names:
        teller = Teller(name)
        try:
            measurement = _benchmark(name, arguments)(arguments.rows, teller)
        except Exception:
            teller.finish()
            traceback.print_exc()
            continue
        teller.finish()
        done.append(measurement)
        if arguments.json:
            print(measurement.line(), flush=True)
    if done and not arguments.json:
        print(table(done))
    for name in set(names) - {measurement.name for measurement in done}:
        print(f"{name} could not be run", file=sys.stderr)
    return 0 if len(done) == len(names) else 1


def _benchmark(name: str, arguments: argparse.Namespace) -> Benchmark:
    if BENCHMARKS[name] is load:
        return partial(load, rate=arguments.rate, seconds=arguments.seconds)
    return BENCHMARKS[name]


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"which: {', '.join(BENCHMARKS)}; all when left out")
    parser.add_argument("--json", action="store_true", help="a line of JSON each instead of the table")
    parser.add_argument("--rows", type=int, help="rows, records or events instead of the targets' own number")
    parser.add_argument("--rate", type=float, help="load alone: requests a second instead of 500")
    parser.add_argument("--seconds", type=float, help="load alone: for how long instead of two minutes")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.name) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    if arguments.rows is not None and arguments.rows < 1:
        parser.error("--rows is at least 1")
    return arguments
