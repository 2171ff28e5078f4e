"""What goes to Azure with the code is what it needs there."""

import fnmatch
import subprocess
import sys
from pathlib import Path

import pytest

from functions.catalogue import QUEUES, ROUTES, TIMERS
from local.project import ROOT

DEPLOYED = {"function_app.py", "functions", "shared", "host.json", "requirements.txt"}


def test_everything_at_the_top_is_deployed_or_left_at_home() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a working copy")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    at_top = {path.partition("/")[0] for path in listed.stdout.splitlines()}
    lines = (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.rstrip("/") for line in lines if line and not line.startswith("#")]
    left = {name for name in at_top if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)}
    assert at_top - left == DEPLOYED


def test_what_is_deployed_registers_every_function_and_imports_every_module_by_itself(tmp_path: Path) -> None:
    for name in DEPLOYED:
        (tmp_path / name).symlink_to(ROOT / name)
    program = (
        "import function_app; from functions.catalogue import load_all; load_all();"
        "print(len(function_app.app.get_functions()))"
    )
    environment = {"PYTHONPATH": str(tmp_path), "PATH": ""}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) == len(ROUTES) + len(QUEUES) + len(TIMERS)
