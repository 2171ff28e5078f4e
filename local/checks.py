"""`./dev test`: every check and every test, or pytest alone with the arguments given."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.project import ROOT

PYTEST_WORKERS = 2
# What plays long histories or whole workflows, or tries whole lists of values, again and again: spread over the workers one
# by one, and without coverage, which would double their time and tell nothing that the other tests do not.
PLAYS = (
    "tests/usecases/test_five_years.py",
    "tests/usecases/test_lives.py",
    "tests/usecases/test_dictionary.py",
    "tests/crash",
    "tests/functions/test_bodies.py",
    "tests/functions/test_brand_partition.py",
    "tests/functions/test_schemathesis.py",
    "tests/functions/test_visibility_walk.py",
    "tests/pages/test_user_text.py",
)
# Its tests wait for the processes that they start.
LOCAL_STACK_WORKERS = 3
LOCAL_STACK = ("tests/e2e", "tests/local", "tests/bench", "tests/docs", "tests/infra")


def main(argv: Sequence[str]) -> int:
    """0 when all pass; else the exit code of the first that failed, the later ones not run."""
    python = sys.executable
    if argv:
        return _run([python, "-m", "pytest", *argv])
    coverage = ["--cov", "--cov-branch", "--cov-report=term-missing:skip-covered"]
    pytest = [python, "-m", "pytest", "-n", str(PYTEST_WORKERS)]
    reading = {
        "Lint": [python, "-m", "ruff", "check"],
        "Format": [python, "-m", "ruff", "format", "--check"],
        "Types": [python, "-m", "mypy"],
        "Imports": [str(Path(python).parent / "lint-imports")],
        "Infrastructure": [python, "-m", "local.infra.policies"],
    }
    running = {
        "Five years, crashes, the contract": [*pytest, "--dist=load", *PLAYS],
        "Local stack": [*pytest, "-n", str(LOCAL_STACK_WORKERS), *LOCAL_STACK],
        "Tests": [*pytest, *(f"--ignore={path}" for path in (*PLAYS, *LOCAL_STACK)), *coverage],
    }
    if failed := _side_by_side(reading):
        return failed
    for name, command in running.items():
        print(f"\n== {name}", flush=True)
        if failed := _run(command):
            return _said_to_fail(name, failed)
    print("\n== All passed", flush=True)
    return 0


def _side_by_side(steps: Mapping[str, Sequence[str]]) -> int:
    """Runs what needs one core each, two at a time; says of each, in order, what it said."""
    with ThreadPoolExecutor(PYTEST_WORKERS) as pool:
        for name, ran in zip(steps, pool.map(_captured, steps.values()), strict=True):
            print(f"\n== {name}\n{ran.stdout}", end="", flush=True)
            if ran.returncode:
                pool.shutdown(cancel_futures=True)
                return _said_to_fail(name, ran.returncode)
    return 0


def _said_to_fail(name: str, code: int) -> int:
    print(f"\n== {name}: failed", file=sys.stderr, flush=True)
    return code


def _captured(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _run(command: Sequence[str]) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode
