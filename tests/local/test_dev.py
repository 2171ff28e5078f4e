"""The one command of the project, before anything is installed."""

import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

from local import checks, cli
from local.project import ROOT


@pytest.fixture
def dev() -> Any:
    loader = SourceFileLoader("dev", str(ROOT / "dev"))
    spec = spec_from_loader("dev", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def run(*arguments: str, path: str | None = None, here: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ, **({} if path is None else {"PATH": path}))
    command = [sys.executable, str(here / "dev"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_help_lists_every_command_that_there_is(dev: Any) -> None:
    said = run("help").stdout
    assert all(f"./dev {name} " in said for name in dev.COMMANDS)
    assert list(dev.COMMANDS) == list(cli.MODULES)


def test_an_unknown_command_is_refused() -> None:
    ended = run("dance")
    assert ended.returncode == 2
    assert "no command `dance`" in ended.stderr


def test_an_old_python_is_told_so(dev: Any) -> None:
    with pytest.raises(dev.NotPossibleError, match=r"Python 3\.11 or newer is needed, this is 3\.10"):
        dev.check_python((3, 10))


def test_without_node_it_says_so_before_it_installs_anything(tmp_path: Path) -> None:
    ended = run("run", path=str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.startswith("Node.js 20 or newer with npm is needed")


def test_an_old_node_is_told_so(tmp_path: Path) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.19.0\n")
        (tmp_path / name).chmod(0o755)
    ended = run("run", path=f"{tmp_path}:{os.environ['PATH']}")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Node.js 20 or newer is needed, this is v18.19.0")


def test_what_is_installed_is_not_installed_again_until_the_lock_changes(dev: Any, tmp_path: Path) -> None:
    locked, stamp = tmp_path / "lock.txt", tmp_path / "stamp"
    locked.write_text("a==1")
    assert not dev.is_current(stamp, locked)
    stamp.write_text(dev.digest(locked))
    assert dev.is_current(stamp, locked)
    locked.write_text("a==2")
    assert not dev.is_current(stamp, locked)


@pytest.mark.parametrize(
    ("failing", "step", "runs_pytest"),
    [("mypy", "Types", False), ("--dist=load", "Five years, crashes, the contract", True)],
)
def test_the_checks_stop_at_the_first_that_fails(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    failing: str,
    step: str,
    runs_pytest: bool,
) -> None:
    ran: list[list[str]] = []

    def fail_at_one(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 3 if failing in command else 0, stdout="")

    monkeypatch.setattr(subprocess, "run", fail_at_one)
    assert checks.main([]) == 3
    assert sum("pytest" in command for command in ran) == runs_pytest
    assert f"== {step}: failed" in capfd.readouterr().err


def test_a_lock_says_what_one_package_is(dev: Any) -> None:
    uv = "uv==2 \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n"
    lock = "a==1 \\\n    --hash=sha256:1\n" + uv + "uvicorn==4 \\\n    --hash=sha256:4\n"
    assert dev.locked_lines(lock, "uv") == uv
