"""The local host as a process: it stops without dropping work, and a killed one forgets nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from local.project import ROOT
from tests.local.conftest import HOST_JSON
from tests.support.azurite import Azurite, running_azurite

SLOW = json.dumps({"seconds": 1})


@pytest.fixture(scope="module")
def own_azurite() -> Iterator[Azurite]:
    """Queues that the session's host does not listen to."""
    with running_azurite() as running:
        yield running


@contextmanager
def host(folder: Path, azurite: Azurite) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    (folder / "host.json").write_text(json.dumps(HOST_JSON))
    environment = {**os.environ, "AzureWebJobsStorage": azurite.connection_string}
    command = [sys.executable, "-m", "tests.local.serve_tiny", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
                yield process, client
        finally:
            process.kill()


def outcomes(folder: Path, function: str) -> list[str]:
    lines = (folder / "state" / "logs" / "functions.log").read_text().splitlines()
    return [entry["outcome"] for line in lines if (entry := json.loads(line)).get("function") == function]


def test_told_to_stop_it_finishes_what_runs_and_exits_0(tmp_path: Path, own_azurite: Azurite) -> None:
    policy = TextBase64EncodePolicy()
    with (
        host(tmp_path, own_azurite) as (process, client),
        QueueClient.from_connection_string(
            own_azurite.connection_string, "slow", message_encode_policy=policy
        ) as queue,
    ):
        queue.send_message(SLOW)
        while client.post("/admin/drain?timeout=0").json().get("functions") != ["do_slow"]:
            pass
        process.terminate()
        assert process.wait(20) == 0
        assert queue.get_queue_properties().approximate_message_count == 0
    assert outcomes(tmp_path, "do_slow") == ["succeeded"]


def test_the_moved_clock_and_a_timer_that_was_not_run_survive_a_kill(tmp_path: Path, own_azurite: Azurite) -> None:
    with host(tmp_path, own_azurite) as (process, client):
        client.post("/admin/clock", json={"advance": "P3D"})
        client.post("/admin/drain")
        told = client.get("/admin/clock").json()["now"]
        process.kill()
        process.wait()
    assert outcomes(tmp_path, "sweep_daily") == ["succeeded"]
    timers = tmp_path / "state" / "timers.json"
    last = json.loads(timers.read_text())
    timers.write_text(json.dumps(last | {"sweep_daily": "2020-01-01T00:00:00+00:00"}))
    with host(tmp_path, own_azurite) as (_, client):
        assert client.post("/admin/drain").status_code == 200
        assert client.get("/admin/clock").json()["now"] >= told
    assert outcomes(tmp_path, "sweep_daily") == ["succeeded", "succeeded"]
