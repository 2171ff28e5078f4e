"""A host that serves the tiny app from a thread, on real queues."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.addresses import listen
from local.host import logs
from local.host.server import App, Host
from local.state import State
from tests.local import tiny_app
from tests.support.azurite import Azurite

HOST_JSON: dict[str, Any] = {
    "version": "2.0",
    "extensions": {
        "http": {"routePrefix": ""},
        "queues": {
            "batchSize": 4,
            "newBatchSize": 2,
            "maxDequeueCount": 3,
            "visibilityTimeout": "00:00:00",
            "messageEncoding": "base64",
        },
    },
}
LARGEST_BODY = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Running:
    """A host that answers."""

    client: httpx.Client
    state: State
    connection_string: str

    def calls(self, function: str) -> list[dict[str, Any]]:
        """What the tiny app remembers of a function, oldest first."""
        return [call for call in tiny_app.seen if call["function"] == function]

    def drain(self) -> dict[str, Any]:
        """Waits until the host is at rest."""
        answer = self.client.post("/admin/drain?timeout=20")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def log(self) -> list[dict[str, Any]]:
        """The host's log so far."""
        path = self.state.logs / "functions.log"
        return [json.loads(line) for line in path.read_text().splitlines()]


async def seed() -> None:
    """Remembers that it was called."""
    tiny_app.remember("seed")


async def describe() -> dict[str, Any]:
    """Stands in for the demo brands."""
    return {"brands": {}}


@contextmanager
def serving(app: App, state: State, connection_string: str) -> Iterator[Running]:
    """Serves an app on a free port until the end of the block."""
    hosts: list[Host] = []
    loops: list[asyncio.AbstractEventLoop] = []
    up = threading.Event()
    listening = listen(0)
    port = listening.getsockname()[1]

    async def serve() -> None:
        host = Host(app, state, listening)
        hosts.append(host)
        loops.append(asyncio.get_running_loop())
        running = asyncio.create_task(host.serve())
        ready = asyncio.create_task(host.ready.wait())
        await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
        up.set()
        ready.cancel()
        await running

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert up.wait(20)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            yield Running(client, state, connection_string)
    finally:
        loops[0].call_soon_threadsafe(hosts[0].stop)
        thread.join()
        listening.close()


@pytest.fixture(scope="session")
def host(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One host for all tests of a process."""
    folder = tmp_path_factory.mktemp("host")
    (folder / "host.json").write_text(json.dumps(HOST_JSON))
    state = State(folder / "state")
    state.open()
    log, root = logs.to_file(state.logs / "functions.log"), logging.getLogger()
    level = root.level
    root.addHandler(log)
    logs.quieten()
    root.setLevel(logging.INFO)
    app = App("tests.local.tiny_app", folder / "host.json", seed=seed, describe=describe, largest_body=LARGEST_BODY)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AzureWebJobsStorage", azurite.connection_string)
            with serving(app, state, azurite.connection_string) as running:
                yield running
    finally:
        root.removeHandler(log)
        root.setLevel(level)
        log.close()
