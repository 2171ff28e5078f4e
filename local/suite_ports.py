"""The ports of a suite's state folder, for commands that work on it beside or instead of a running suite."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from local.addresses import Ports
from local.azurite import blob_command, queue_command
from local.clock import ShiftedClock
from local.environment import functions_environment
from local.project import ROOT
from local.state import State
from shared import app

READY_WITHIN = 30.0


@contextmanager
def suite_of(state_folder: Path, port: int) -> Iterator[State]:
    """The composition root over a state folder: at the suite's clock, and with its Azurite, started here when none runs."""
    ports, state = Ports(port), State(state_folder.resolve())
    state.open()
    os.environ.update(functions_environment(ROOT, ports, state))
    app.override(clock=ShiftedClock(state.clock))
    started: list[subprocess.Popen[bytes]] = []
    try:
        for service, command in ((ports.blobs, blob_command), (ports.queues, queue_command)):
            if service.is_free:
                state.azurite.mkdir(parents=True, exist_ok=True)
                log = subprocess.DEVNULL
                started.append(subprocess.Popen(command(service.number, state.azurite), stdout=log, stderr=log))
                _wait_for(service.url)
        yield state
    finally:
        for process in started:
            process.terminate()
            process.wait()


def run(work: Awaitable[int]) -> int:
    """Runs a command's coroutine and closes what it opened."""

    async def closed() -> int:
        try:
            return await work
        finally:
            await app.close()

    return asyncio.run(closed())


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=2, trust_env=False)
            return
        except httpx.HTTPError:
            time.sleep(0.05)
    print(f"{url} does not answer", file=sys.stderr)
