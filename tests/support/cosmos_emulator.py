"""A real server that speaks Cosmos DB's protocol, on a free port for the time of a test session, in memory."""

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from local.cosmos_emulator import KEY, emulator_command

__all__ = ["KEY", "cosmos_emulator", "published_emulator", "running_emulator"]

_LISTENS = re.compile(r"Ready to accept HTTP connections at 127\.0\.0\.1:(\d+)")


@contextmanager
def running_emulator(*, as_published: bool = False) -> Iterator[str]:
    """Starts the emulator and gives its address; as published, or with batches as the service has them."""
    with subprocess.Popen(
        emulator_command(0, as_published=as_published), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        reader = threading.Thread(target=_read_on, args=(process.stdout,))
        try:
            port = _port(process.stdout)
            reader.start()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()  # it holds nothing that is worth an orderly end
            if reader.is_alive():
                reader.join()


@pytest.fixture(scope="session")
def cosmos_emulator() -> Iterator[str]:
    """One emulator for all tests of a process."""
    with running_emulator() as url:
        yield url


@pytest.fixture(scope="session")
def published_emulator() -> Iterator[str]:
    """The emulator as npm has it, to see what it lacks."""
    with running_emulator(as_published=True) as url:
        yield url


def _port(output: IO[str]) -> int:
    said = []
    for line in output:
        said.append(line)
        if matched := _LISTENS.search(line):
            return int(matched[1])
    raise RuntimeError("the Cosmos DB emulator did not come up:\n" + "".join(said))


def _read_on(output: IO[str]) -> None:
    """It prints its faults, and stops working when nobody reads them."""
    for _ in output:
        pass
