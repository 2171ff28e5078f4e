"""Numbers that tests measure, added up over all processes and printed at the end of the run."""

from collections import Counter
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints what the tests gave to `record_property`."""
    totals: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        if report.when == "call":
            for name, value in report.user_properties:
                totals[name] += value
    if totals:
        terminalreporter.section("measured")
        for name, value in sorted(totals.items()):
            terminalreporter.write_line(f"{value:>9,}  {name}")
