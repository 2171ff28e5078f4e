"""The suite leaves no process behind, however it ends."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import httpx
import pytest

from local.addresses import LOOPBACK, Ports, listen
from local.project import ROOT
from local.state import State
from local.supervisor import main, only_suite_of


@contextmanager
def stand_ins(folder: Path, *kinds: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.local.stand_ins", str(folder), *kinds]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as suite:
        try:
            yield suite
        finally:
            suite.kill()


def read_until(suite: subprocess.Popen[str], start: str) -> str:
    assert suite.stdout is not None
    return next(line for line in suite.stdout if line.startswith(start))


def pids(folder: Path) -> list[int]:
    return [int(path.read_text()) for path in folder.glob("*.pid")]


def is_alive(pid: int) -> bool:
    try:
        # The state follows the name in brackets; a zombie has ended, whoever has not yet asked.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def all_gone(folder: Path) -> bool:
    """Whether every process ends within ten seconds."""
    for _ in range(200):
        if not any(is_alive(pid) for pid in pids(folder)):
            return True
        Event().wait(0.05)
    return False


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and only Linux ends orphans for us")


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_ends_everything_and_exits_0(tmp_path: Path, number: signal.Signals) -> None:
    with stand_ins(tmp_path, "plain", "deaf", "parent") as suite:
        read_until(suite, "Ready: ")
        assert len(pids(tmp_path)) == 4
        assert all(is_alive(pid) for pid in pids(tmp_path))
        suite.send_signal(number)
        said, _ = suite.communicate(timeout=20)
        assert suite.returncode == 0
    assert [line for line in said.splitlines() if line.startswith("Stopping")] == [
        "Stopping parent-2",
        "Stopping deaf-1",
        "Stopping plain-0",
    ]
    assert all_gone(tmp_path)


@linux
def test_a_part_that_does_not_start_takes_the_others_down(tmp_path: Path) -> None:
    with stand_ins(tmp_path, "plain", "broken") as suite:
        said, _ = suite.communicate(timeout=20)
        assert suite.returncode == 1
    assert "broken-1 ended by itself (exit code 1)" in said
    assert "it is broken" in said
    assert "Ready" not in said
    assert all_gone(tmp_path)


@linux
def test_a_part_that_dies_takes_the_others_down(tmp_path: Path) -> None:
    with stand_ins(tmp_path, "plain", "plain") as suite:
        url = read_until(suite, "Ready: ").split()[1]
        httpx.get(f"{url}die", trust_env=False)
        said, _ = suite.communicate(timeout=20)
        assert suite.returncode == 1
    assert "plain-1 ended by itself (exit code 3)" in said
    assert all_gone(tmp_path)


@linux
def test_killed_outright_it_leaves_no_process_either(tmp_path: Path) -> None:
    with stand_ins(tmp_path, "plain", "plain") as suite:
        read_until(suite, "Ready: ")
        suite.kill()
        suite.wait()
        assert all_gone(tmp_path)


def test_a_port_in_use_is_named_with_its_purpose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port - 3), "--state", str(tmp_path / "state")]) == 1
    said = capsys.readouterr().out
    assert f"Port {port} is in use; it was wanted for: queues (Azurite)" in said
    assert "Starting" not in said


def test_a_folder_with_other_peoples_files_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["--state", str(tmp_path), "--reset"]) == 1
    assert "not a state folder" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_suites_do_not_share_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = State(tmp_path)
    state.open()
    with only_suite_of(state):
        assert main(["--state", str(tmp_path)]) == 1
    assert "Another ./dev run uses" in capsys.readouterr().out


def test_every_port_follows_the_first_and_is_on_loopback() -> None:
    ports = Ports(8000).all()
    assert sorted(port.number for port in ports) == [8000, 8001, 8002, 8003, 8005]
    assert {port.url.rpartition(":")[0] for port in ports} == {f"http://{LOOPBACK}"}


@linux
def test_a_child_ends_itself_when_its_parent_was_gone_already() -> None:
    code = "import os; from local.children import die_with; die_with(os.getppid() + 1)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGTERM
