"""`./dev run`: starts the whole suite on one machine, watches it, and takes all of it down again."""

import argparse
import asyncio
import fcntl
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.addresses import Ports, busy
from local.children import Child, Spec
from local.parts import host_parts, supporting_parts
from local.project import ROOT
from local.state import LOCK, NotAStateFolderError, State

LARGEST_PORT = 65535
MOST_HOSTS = 8


class SuiteError(Exception):
    """The suite cannot start or go on; the text says why, to the developer."""


class Suite:
    """Processes in stages: each stage is ready before the next begins, and all end in the opposite order."""

    def __init__(self, stages: Sequence[Sequence[Spec]], logs: Path) -> None:
        self._stages = stages
        self._logs = logs
        self._children: list[Child] = []
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Asks for the end."""
        self._stopping.set()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Runs until asked to stop; raises SuiteError when a process cannot start or ends by itself."""
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            for stage in self._stages:
                if not await self._start(stage, stopping):
                    return
            on_ready()
            while not stopping.done():
                endings = [child.ended for child in self._children]
                await asyncio.wait([stopping, *endings], return_when=asyncio.FIRST_COMPLETED)
                self._raise_if_ended([child for child in self._children if not child.spec.again])
                await self._start_again(stopping)
        finally:
            stopping.cancel()
            await self._stop_all()

    async def _start_again(self, stopping: asyncio.Task[bool]) -> None:
        """Starts what ended by itself and may; it must become ready, or the suite ends."""
        for child in [child for child in self._children if child.spec.again and child.ended.done()]:
            if not stopping.done():
                say(f"{child.spec.name} ended by itself")
                self._children.remove(child)
                await self._start([child.spec], stopping)

    async def _start(self, stage: Sequence[Spec], stopping: asyncio.Task[bool]) -> bool:
        """Starts a stage and waits until all of it is ready; False when asked to stop meanwhile."""
        started = []
        for spec in stage:
            say(f"Starting {spec.name}")
            try:
                child = await Child.start(spec, self._logs, ROOT)
            except OSError as error:
                raise SuiteError(f"{spec.name} does not start: {error.strerror}") from None
            self._children.append(child)
            started.append(child)
        ready = asyncio.create_task(_all_ready(started))
        try:
            needed = [*started, *(child for child in self._children if not child.spec.again)]
            endings = [child.ended for child in needed]
            await asyncio.wait([stopping, ready, *endings], return_when=asyncio.FIRST_COMPLETED)
            self._raise_if_ended(needed)
        finally:
            ready.cancel()
        return not stopping.done()

    def _raise_if_ended(self, needed: Sequence[Child]) -> None:
        for child in needed:
            if child.ended.done() and not self._stopping.is_set():
                # What was echoed stands above already.
                lines = "" if child.spec.echo else "\n".join(f"  {line}" for line in child.last_lines)
                raise SuiteError(
                    f"{child.spec.name} ended by itself (exit code {child.ended.result()})\n{lines}".rstrip()
                )

    async def _stop_all(self) -> None:
        for child in reversed(self._children):
            say(f"Stopping {child.spec.name}")
            await child.stop()


async def _all_ready(children: Sequence[Child]) -> None:
    await asyncio.gather(*(child.until_ready() for child in children))


def main(argv: Sequence[str]) -> int:
    """0 after Ctrl-C or SIGTERM; 1, with the reason, when it could not start or a part of it died."""
    arguments = _parse(argv)
    ports = Ports(arguments.port, arguments.hosts, cosmos=arguments.store == "cosmos")
    state = State(arguments.state.resolve())
    try:
        state.open()
        with only_suite_of(state):
            for port in (taken := busy(ports.all())):
                say(f"Port {port.number} is in use; it was wanted for: {port.purpose}")
            if taken:
                return 1
            if arguments.reset:
                say(f"Emptying {state.root}")
                state.empty()
            return asyncio.run(_run(ports, state))
    except (SuiteError, NotAStateFolderError) as error:
        say(str(error))
        return 1


def say(line: str) -> None:
    """Tells the developer, at once even through a pipe."""
    print(line, flush=True)


async def _run(ports: Ports, state: State) -> int:
    hosts = [[host] for host in host_parts(ports, state, ROOT)]
    suite = Suite([supporting_parts(ports, state), *hosts], state.logs)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, suite.stop)

    def announce() -> None:
        for port in ports.all():
            say(f"  {port.url}  {port.purpose}")
        say(f"  {state.root}  data and logs")
        say(f"Ready: http://localhost:{ports.first}")

    await suite.run(announce)
    say("Stopped")
    return 0


@contextmanager
def only_suite_of(state: State) -> Iterator[None]:
    """Holds the folder, since two suites would overwrite each other's queues; raises SuiteError when taken."""
    with (state.root / LOCK).open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SuiteError(f"Another ./dev run uses {state.root}") from None
        yield


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev run", description="Starts the suite; Ctrl-C ends it.")
    parser.add_argument("--port", type=int, default=7071, help="the functions' port; the others follow it")
    parser.add_argument("--state", type=Path, default=ROOT / ".state", help="folder that holds all it writes")
    parser.add_argument("--reset", action="store_true", help="start empty")
    stores = ("sqlite", "cosmos")
    parser.add_argument(
        "--store", choices=stores, default="sqlite", help="files, or an emulator of Cosmos DB that forgets at the end"
    )
    parser.add_argument("--hosts", type=int, default=1, help="how many hosts serve the functions, as when scaled out")
    arguments = parser.parse_args(argv)
    if not 1 <= arguments.hosts <= MOST_HOSTS:
        parser.error(f"--hosts is between 1 and {MOST_HOSTS}")
    last = LARGEST_PORT - 4 - arguments.hosts
    if not 0 < arguments.port <= last:
        parser.error(f"--port is between 1 and {last}")
    return arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
