"""`./dev test`: every check and every test, or pytest alone with the arguments given."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local.project import ROOT

PYTEST_WORKERS = 2
# By itself, so that its histories are spread over the workers one by one.
FIVE_YEARS = "tests/usecases/test_five_years.py"
# What plays whole workflows again and again, or another process: measuring coverage would double their time for nothing new.
WITHOUT_COVERAGE = ("tests/crash", "tests/e2e", "tests/local", "tests/bench", "tests/docs")


def main(argv: Sequence[str]) -> int:
    """0 when all pass; else the exit code of the first that failed, the later ones not run."""
    python = sys.executable
    if argv:
        return _run([python, "-m", "pytest", *argv])
    coverage = ["--cov", "--cov-branch", "--cov-report=term-missing:skip-covered"]
    pytest = [python, "-m", "pytest", "-n", str(PYTEST_WORKERS)]
    steps = {
        "Lint": [python, "-m", "ruff", "check"],
        "Format": [python, "-m", "ruff", "format", "--check"],
        "Types": [python, "-m", "mypy"],
        "Imports": [str(Path(python).parent / "lint-imports")],
        "Five years": [*pytest, "--dist=load", FIVE_YEARS],
        "Crashes, local stack": [*pytest, *WITHOUT_COVERAGE],
        "Tests": [*pytest, *(f"--ignore={path}" for path in (FIVE_YEARS, *WITHOUT_COVERAGE)), *coverage],
    }
    for name, command in steps.items():
        print(f"\n== {name}", flush=True)
        failed = _run(command)
        if failed:
            print(f"\n== {name}: failed", file=sys.stderr, flush=True)
            return failed
    print("\n== All passed", flush=True)
    return 0


def _run(command: Sequence[str]) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode
