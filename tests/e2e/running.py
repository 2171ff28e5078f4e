"""A real `./dev run` on free ports: started, asked over HTTP, killed, and looked at from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom

import httpx

from local.addresses import Ports, busy
from local.project import ROOT
from local.suite_client import Suite

DEV = [sys.executable, str(ROOT / "dev")]
STARTS_WITHIN = 60  # seconds


class Running:
    """One suite over one state folder, which outlives it."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        self._options = options
        self.port = _free_ports()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it and waits for `Ready`; raises AssertionError with its last words."""
        log = self.state.with_suffix(".log").open("a")
        with log:
            command = [*DEV, "run", "--port", str(self.port), "--state", str(self.state), *self._options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, text=True, cwd=ROOT)
        ends = time.monotonic() + STARTS_WITHIN
        while f"Ready: http://localhost:{self.port}" not in self._said_now():
            assert self._process.poll() is None, self._said()[-2000:]
            assert time.monotonic() < ends, self._said()[-2000:]
            time.sleep(0.05)
        self._begun = len(self._said())

    @contextmanager
    def client(self) -> Iterator[Suite]:
        """A client of it, and of its mail sandbox."""
        with httpx.Client(timeout=120, trust_env=False) as http:
            yield Suite(f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.port + 1}", http)

    def dev(
        self, *arguments: str, timeout: float = 120, settings: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs another command of `./dev` in a second shell, with these settings in its environment."""
        return subprocess.run(
            [*DEV, *arguments],
            env={**os.environ, **(settings or {})},
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=timeout,
            check=False,
        )

    def processes(self) -> dict[int, str]:
        """Every process of the suite, by id, with its command line."""
        assert self._process
        found, waiting = {}, [self._process.pid]
        while waiting:
            pid = waiting.pop()
            with suppress(FileNotFoundError, ProcessLookupError):
                found[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
                for task in Path(f"/proc/{pid}/task").iterdir():
                    waiting += map(int, (task / "children").read_text().split())
        return found

    def kill_the_host(self) -> None:
        """`kill -9` of the functions host; the rest of the suite then ends by itself."""
        (host,) = [pid for pid, command in self.processes().items() if "local.host" in command]
        os.kill(host, signal.SIGKILL)
        assert self._process
        assert self._process.wait(60) == 1

    def interrupt(self) -> int:
        """Ctrl-C; gives the exit code."""
        assert self._process
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(60)

    def stop(self) -> None:
        """Ends it, if it still runs."""
        if self._process and self._process.poll() is None:
            self.interrupt()

    def _said(self) -> str:
        return self.state.with_suffix(".log").read_text(errors="replace")

    def _said_now(self) -> str:
        return self._said()[getattr(self, "_begun", 0) :]


def alive(pids: list[int]) -> list[int]:
    """Those of the processes that are still there and not just waiting to be buried."""
    there = []
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                there.append(pid)
    return there


def _free_ports() -> int:
    while True:
        first = SystemRandom().randrange(20_000, 30_000)  # below those that outgoing connections take
        ports = Ports(first, hosts=2, cosmos=True)  # as many as any of the tests takes
        with suppress(OSError), socket.socket():
            if not busy(ports.all()):
                return first
