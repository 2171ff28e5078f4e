"""A whole local suite of a benchmark's own: free ports, a temporary state folder, taken down at the end."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from local.addresses import Ports, busy, free_port
from local.bench.embedded import scratch_folder
from local.environment import functions_environment
from local.project import ROOT
from local.state import State
from local.suite_client import Suite

READY_SECONDS = 60
STOP_SECONDS = 30
_LARGEST_PORT = 65000


@dataclass(frozen=True, slots=True)
class RunningSuite:
    """Where it is, and what its parts know."""

    ports: Ports
    state: State
    client: Suite

    @property
    def environment(self) -> dict[str, str]:
        """The settings of its functions."""
        return functions_environment(ROOT, self.ports, self.state)

    def host_process(self) -> int:
        """The process id of the functions host; raises RuntimeError where there is no /proc to look in."""
        wanted = f"local.host\0--port\0{self.ports.first}\0".encode()
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if wanted in entry.read_bytes():
                    return int(entry.parent.name)
            except OSError:
                continue  # it ended meanwhile
        raise RuntimeError("the functions host is not in /proc; this benchmark needs Linux")


@contextmanager
def running_suite() -> Iterator[RunningSuite]:
    """Starts `./dev run` and waits until it is ready; raises RuntimeError with its last words."""
    ports = _free_ports()
    with scratch_folder() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "STORE_URL"}
        command = ["-m", "local.supervisor", "--port", str(ports.first), "--state", str(folder / "state")]
        with running(command, f"{ports.functions.url}/admin/functions", folder / "run.log", environment):
            state = State(folder / "state")
            with closing(httpx.Client(timeout=600, trust_env=False)) as http:
                yield RunningSuite(ports, state, Suite(ports.functions.url, ports.mail.url, http))


@contextmanager
def running(
    arguments: Sequence[str], ready_url: str, log: Path, environment: dict[str, str] | None = None
) -> Iterator[int]:
    """A Python process that answers at the address, stopped at the end; gives its id."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            _wait_until_ready(process, ready_url, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(url, trust_env=False).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"it did not become ready:\n{log.read_text(errors='replace')[-2000:]}")


def _free_ports() -> Ports:
    while True:
        ports = Ports(free_port())
        if ports.first < _LARGEST_PORT and not busy(ports.all()):
            return ports
