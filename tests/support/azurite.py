"""A real Azurite on free ports for the time of a test session, in memory, with an account of its own."""

import base64
import os
import re
import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from shared.adapters.storage_connection import StorageConnection
from shared.domain.ids import new_id

_PROGRAM = Path(__file__).resolve().parents[2] / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
_OPTIONS = ("--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry")
_FREE_PORTS = ("--blobPort", "0", "--queuePort", "0", "--tablePort", "0")
_LISTENS = re.compile(r"Azurite (Blob|Queue) service is successfully listening at (http://127\.0\.0\.1:\d+)")
_ACCOUNT = "testaccount"


@dataclass(frozen=True, slots=True)
class Azurite:
    """Where a running Azurite is reached."""

    connection_string: str

    @property
    def connection(self) -> StorageConnection:
        """The same, as the adapters want it."""
        return StorageConnection(connection_string=self.connection_string)


@contextmanager
def running_azurite() -> Iterator[Azurite]:
    """Starts Azurite and stops it; raises RuntimeError with its words when it does not come up."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    with subprocess.Popen(
        ("node", str(_PROGRAM), *_OPTIONS, *_FREE_PORTS),
        env=os.environ | {"AZURITE_ACCOUNTS": f"{_ACCOUNT}:{key}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        reader = threading.Thread(target=_read_on, args=(process.stdout,))
        try:
            found = _addresses(process.stdout)
            reader.start()
            endpoints = ";".join(f"{kind}Endpoint={url}/{_ACCOUNT}" for kind, url in found.items())
            yield Azurite(f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={key};{endpoints}")
        finally:
            process.kill()  # it holds nothing that is worth an orderly end
            if reader.is_alive():
                reader.join()


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One Azurite for all tests of a process."""
    with running_azurite() as running:
        yield running


@pytest.fixture
def fresh_name() -> str:
    """A name that no other test uses, fit for a queue."""
    return f"t-{new_id()}"


def _addresses(output: IO[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    said = []
    for line in output:
        said.append(line)
        if matched := _LISTENS.search(line):
            found[matched[1]] = matched[2]
        if len(found) == 2:
            return found
    raise RuntimeError("Azurite did not come up:\n" + "".join(said))


def _read_on(output: IO[str]) -> None:
    """It prints a line a request, and stops working when nobody reads them."""
    for _ in output:
        pass
