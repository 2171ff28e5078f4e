"""The mail sandbox as a process: it says what it lacks, serves, hangs on demand, and stops when told."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import httpx
import pytest

ENVIRONMENT = {
    "MAILJET_API_KEY": "key",
    "MAILJET_API_SECRET": "secret",
    "MAILJET_WEBHOOK_USER": "hook",
    "MAILJET_WEBHOOK_PASSWORD": "word",
}
MAIL = {
    "From": {"Email": "a@acme.test"},
    "To": [{"Email": "ada@example.org"}],
    "TextPart": "x",
    "CustomID": "c",
}


def command(port: int, state: Path) -> list[str]:
    webhook = ["--webhook-url", "http://127.0.0.1:9/hook"]
    return [sys.executable, "-m", "local.mail_sandbox", "--port", str(port), "--state", str(state), *webhook]


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture
def process(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command(port, tmp_path),
        env=os.environ | ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as running:
        try:
            wait_until_ready(port, running)
            yield running
        finally:
            running.kill()


def wait_until_ready(port: int, running: subprocess.Popen[bytes]) -> None:
    pause = Event()
    while running.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/api/stats")
        except httpx.TransportError:
            pause.wait(0.05)
        else:
            return
    pytest.fail("the mail sandbox ended at once")


def test_a_time_out_after_acceptance_leaves_a_mail_and_does_not_keep_the_process_from_stopping(
    process: subprocess.Popen[bytes], port: int
) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=("key", "secret")) as client:
        client.post("/api/faults", json={"next": 2, "kind": "timeout_after_accept"})
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v3.1/send", json={"Messages": [MAIL]}, timeout=0.3)
        assert client.get("/v3/REST/message?CustomID=c").json()["Count"] == 1
        with socket.create_connection(("127.0.0.1", port)) as hanging:
            hanging.sendall(
                b"POST /v3.1/send HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic a2V5OnNlY3JldA==\r\n"
                b"Content-Length: 2\r\n\r\n{}"
            )
            while client.get("/api/faults").json()["waiting"]:
                Event().wait(0.02)
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (0, b"")


def test_a_missing_setting_is_named(port: int, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAILJET_")}
    ended = subprocess.run(command(port, tmp_path), env=environment, capture_output=True, check=False)
    assert ended.returncode == 2
    assert b"MAILJET_API_KEY, MAILJET_API_SECRET" in ended.stderr
