"""Processes that a suite starts: their output kept, their end noticed, none outliving the suite."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

PR_SET_PDEATHSIG = 1
LAST_LINES = 15
ASK_EVERY = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Spec:
    """How to start a process and how to see that it is ready."""

    name: str
    command: list[str]
    ready_url: str
    """Answers, with anything below 500, once the process is ready."""
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_seconds: float = 5.0
    """How long it may take to end by itself."""
    echo: bool = False
    """Whether its output also goes to the terminal."""
    again: bool = False
    """Whether it is started again when it ends by itself, as a scaled-out app's hosts are."""


class Child:
    """One running process."""

    def __init__(self, spec: Spec, process: asyncio.subprocess.Process, log: Path) -> None:
        self.spec = spec
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._process = process
        self._reading = asyncio.create_task(self._read(log))
        self.ended = asyncio.create_task(process.wait())

    @classmethod
    async def start(cls, spec: Spec, logs: Path, directory: Path) -> "Child":
        """Starts it in a process group of its own, so that Ctrl-C reaches the suite alone; raises OSError."""
        parent = os.getpid()
        process = await asyncio.create_subprocess_exec(
            *spec.command,
            cwd=directory,
            env={**os.environ, **spec.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: die_with(parent),
        )
        return cls(spec, process, logs / f"{spec.name}.log")

    async def until_ready(self) -> bool:
        """True once it answers, False when it ended before."""
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            while not self.ended.done():
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(self.spec.ready_url)).status_code < 500:
                        return not self.ended.done()
                await asyncio.sleep(ASK_EVERY)
        return False

    async def stop(self) -> None:
        """Ends it and whatever it started: politely first, by force after its grace."""
        self._signal(signal.SIGTERM)
        await asyncio.wait([self.ended], timeout=self.spec.grace_seconds)
        self._signal(signal.SIGKILL)
        await self.ended
        await self._reading

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _read(self, log: Path) -> None:
        assert self._process.stdout is not None
        with log.open("ab") as file:
            async for line in self._process.stdout:
                file.write(line)
                file.flush()
                text = line.decode(errors="replace").rstrip()
                self.last_lines.append(text)
                if self.spec.echo:
                    print(f"[{self.spec.name}] {text}", file=sys.stderr, flush=True)


def die_with(parent: int) -> None:
    """Asks the kernel to end this process when its parent dies, however that dies; Linux only."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), signal.SIGTERM)
