"""The local host feeds queue functions as the real one does, from a real queue."""

import json
from base64 import b64encode
from typing import Any

import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from tests.local import tiny_app
from tests.local.conftest import Running


def queue(host: Running, name: str) -> QueueClient:
    return QueueClient.from_connection_string(
        host.connection_string, name, message_encode_policy=TextBase64EncodePolicy()
    )


def send(host: Running, name: str, *bodies: dict[str, Any]) -> None:
    with queue(host, name) as client:
        for body in bodies:
            client.send_message(json.dumps(body))


def test_every_message_reaches_its_function_once_and_leaves_the_queue(host: Running) -> None:
    before = len(host.calls("do_work"))
    send(host, "work", *({"n": number} for number in range(20)))
    host.drain()
    calls = host.calls("do_work")[before:]
    assert sorted(call["body"]["n"] for call in calls) == list(range(20))
    message = calls[0]["message"]
    assert message.id and message.pop_receipt and message.dequeue_count == 1
    assert message.insertion_time < message.expiration_time
    assert message.time_next_visible > message.insertion_time


def test_a_failed_message_comes_again(host: Running) -> None:
    tiny_app.fail_times["twice"] = 2
    send(host, "shaky", {"key": "twice"})
    host.drain()
    counts = [call["count"] for call in host.calls("do_shaky") if call["body"]["key"] == "twice"]
    assert counts == [1, 2, 3]


def test_a_message_that_always_fails_goes_to_the_poison_queue_and_does_not_hold_up_the_drain(
    host: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    tiny_app.fail_times["always"] = 99
    send(host, "shaky", {"key": "always"})
    told = host.drain()
    counts = [call["count"] for call in host.calls("do_shaky") if call["body"]["key"] == "always"]
    assert counts == [1, 2, 3], "maxDequeueCount times"
    assert told["poison"] == {"shaky-poison": 1}
    with QueueClient.from_connection_string(host.connection_string, "shaky-poison") as poison:
        given_up = next(iter(poison.receive_messages()))
        assert given_up.content == b64encode(b'{"key": "always"}').decode()
        poison.delete_message(given_up)
    assert "someone@example.com" not in (host.state.logs / "functions.log").read_text()
    assert "someone@example.com" not in capfd.readouterr().err


def test_a_message_in_another_encoding_is_poison_at_once(host: Running) -> None:
    with QueueClient.from_connection_string(host.connection_string, "work") as plain:
        plain.send_message("{not base64}")
    assert host.drain()["poison"] == {"work-poison": 1}
    with QueueClient.from_connection_string(host.connection_string, "work-poison") as poison:
        poison.clear_messages()


def test_a_drain_that_runs_out_of_time_names_what_is_not_at_rest(host: Running) -> None:
    send(host, "slow", {"seconds": 1.5})
    answer = host.client.post("/admin/drain?timeout=0.3")
    assert answer.status_code == 504
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["queues"] == {"slow": 1}
    host.drain()
    assert host.calls("do_slow")[-1]["state"] == "done"
