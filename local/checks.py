"""`./dev test`: every check and every test, or pytest alone with the arguments given."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local.project import ROOT

PYTEST_WORKERS = 2
# What plays long histories or whole workflows again and again: spread over the workers one by one, and without coverage,
# which would double their time and tell nothing that the other tests do not.
PLAYS = ("tests/usecases/test_five_years.py", "tests/crash")
# What starts processes of its own, where coverage sees nothing.
LOCAL_STACK = ("tests/e2e", "tests/local", "tests/bench", "tests/docs")


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
        "Infrastructure": [python, "-m", "local.infra.policies"],
        "Five years, crashes": [*pytest, "--dist=load", *PLAYS],
        "Local stack": [*pytest, *LOCAL_STACK],
        "Tests": [*pytest, *(f"--ignore={path}" for path in (*PLAYS, *LOCAL_STACK)), *coverage],
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
