"""The benchmarks on the terminal: progress beside the results, and a table at the end."""

import sys
import time
from collections.abc import Sequence

from local.bench.measurement import Measurement

_HEADINGS = ("name", "value", "unit", "floor", "ratio", "target", "")
_EVERY = 0.2  # seconds between two looks at a counter


class Teller:
    """Progress on stderr, so that results can be piped: one line that changes, or a line a phrase where none can."""

    def __init__(self, benchmark: str) -> None:
        self._benchmark = benchmark
        self._last = ""
        self._told_at = 0.0
        self._changes = sys.stderr.isatty()

    def __call__(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Shows the phrase; counters only now and then."""
        now = time.monotonic()
        if text == self._last and (not self._changes or (now - self._told_at < _EVERY and done != total)):
            return
        self._last, self._told_at = text, now
        counter = f" {done:,} of {total:,}" if done is not None and total is not None and self._changes else ""
        line = f"{self._benchmark}: {text}{counter}"
        print(f"\r\x1b[2K{line}" if self._changes else line, end="" if self._changes else "\n", file=sys.stderr)
        sys.stderr.flush()

    def finish(self) -> None:
        """Leaves a clean line."""
        if self._changes:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def table(measurements: Sequence[Measurement]) -> str:
    """Every result in a row, with its target, and below what it was measured under."""
    rows = [_HEADINGS, *map(_row, measurements)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.append("")
    for each in measurements:
        lines.append(f"{each.name}: " + ", ".join(f"{name} {value}" for name, value in each.conditions.items()))
        lines += each.detail
    return "\n".join(lines)


def _row(each: Measurement) -> tuple[str, ...]:
    target = each.target
    return (
        each.name,
        _number(each.value),
        each.unit,
        _number(each.floor),
        f"{each.ratio:.2f}",
        f"{target.of} {target.comparison} {_number(target.bound)}",
        "met" if each.met else "NOT MET",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
