"""What every Queue does: the Storage queues on a real Azurite, and the fake that other tests use."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from azure.storage.queue import TextBase64DecodePolicy
from azure.storage.queue.aio import QueueServiceClient

from shared.adapters.storage_connection import StorageConnection
from shared.adapters.storage_queue import StorageQueue
from shared.domain.errors import TryAgainError
from shared.ports import Backlog, Queue, Queues
from tests.support.azurite import Azurite
from tests.support.fakes import FakeClock, FakeQueue


@dataclass
class Subject:
    """A queue adapter, and a way to see what arrived."""

    queue: Queue
    backlog: Backlog
    take_all: Callable[[str], Awaitable[list[dict[str, Any]]]]


@pytest.fixture(params=["fake", "storage"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield fake_subject()
        return
    azurite: Azurite = request.getfixturevalue("azurite")
    queue = StorageQueue(azurite.connection)
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:

        async def take_all(name: str) -> list[dict[str, Any]]:
            client = service.get_queue_client(name, message_decode_policy=TextBase64DecodePolicy())
            return [json.loads(m.content) async for m in client.receive_messages(messages_per_page=32)]

        yield Subject(queue, queue, take_all)
    await queue.aclose()


def fake_subject() -> Subject:
    queue = FakeQueue(FakeClock(), anything=True)

    async def take_all(name: str) -> list[dict[str, Any]]:
        return list(iter(lambda: queue.pop(name), None))

    return Subject(queue, queue, take_all)


async def test_every_message_arrives_once_and_unchanged(subject: Subject, fresh_name: str) -> None:
    sent = [{"brand": "acme", "ids": ["é", "日本", str(number)]} for number in range(50)]
    await subject.queue.send(fresh_name, sent)
    received = await subject.take_all(fresh_name)
    assert sorted(received, key=lambda m: int(m["ids"][2])) == sent


async def test_a_queue_is_there_once_it_is_used(subject: Subject, fresh_name: str) -> None:
    await subject.queue.send(fresh_name, [{"n": 1}])
    await subject.queue.send(fresh_name, [{"n": 2}])
    assert sorted(m["n"] for m in await subject.take_all(fresh_name)) == [1, 2]


async def test_queues_are_apart(subject: Subject, fresh_name: str) -> None:
    await subject.queue.send(fresh_name, [{"n": 1}])
    await subject.queue.send(fresh_name + "-other", [{"n": 2}])
    assert await subject.take_all(fresh_name) == [{"n": 1}]


async def test_looking_at_queues_takes_nothing(subject: Subject, fresh_name: str) -> None:
    sent = [{"n": f"é{number}"} for number in range(3)]
    await subject.queue.send(f"{fresh_name}-poison", sent)
    assert isinstance(subject.queue, Queues)
    for _ in range(2):
        (found,) = [looked async for looked in subject.queue.look() if looked.name == f"{fresh_name}-poison"]
        assert found.messages == 3
        assert sorted(json.loads(message)["n"] for message in found.seen) == [m["n"] for m in sent]
    assert len(await subject.take_all(f"{fresh_name}-poison")) == 3


async def test_a_delayed_message_is_not_seen_before_its_time(subject: Subject, fresh_name: str) -> None:
    await subject.queue.send(fresh_name, [{"n": "later"}], delay_seconds=3600)
    await subject.queue.send(fresh_name, [{"n": "now"}])
    assert await subject.take_all(fresh_name) == [{"n": "now"}]


async def test_what_lies_on_a_queue_is_seen_leased_and_deleted(subject: Subject, fresh_name: str) -> None:
    queue = subject.backlog
    assert (await queue.depth(fresh_name), await queue.peek(fresh_name), await queue.lease(fresh_name, 60)) == (
        0,
        [],
        [],
    )
    await subject.queue.send(fresh_name, [{"n": number} for number in range(40)])
    assert await queue.depth(fresh_name) == 40
    looked = await queue.peek(fresh_name)
    assert len(looked) == 32
    assert {held.receipt for held in looked} == {None}
    leased = await queue.lease(fresh_name, 60)
    assert sorted(held.message["n"] for held in leased if held.message) == list(range(32))
    assert {held.dequeue_count for held in leased} == {1}
    rest = await queue.lease(fresh_name, 60)
    assert len(rest) == 8 and await queue.lease(fresh_name, 60) == []
    for held in (*leased, *rest[1:], leased[0]):  # what is gone already is fine
        await queue.remove(fresh_name, held)
    await queue.release(fresh_name, leased[0])
    assert (await queue.depth(fresh_name), await queue.peek(fresh_name)) == (1, [])
    await queue.release(fresh_name, rest[0])
    assert [held.id for held in await queue.peek(fresh_name)] == [rest[0].id]


async def test_a_message_that_is_none_of_ours_is_seen_without_its_words(azurite: Azurite, fresh_name: str) -> None:
    queue = StorageQueue(azurite.connection)
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        client = await service.create_queue(fresh_name)
        for text in ("no base64", "bm8ganNvbg==", "W10="):
            await client.send_message(text)
    assert [held.message for held in await queue.peek(fresh_name)] == [None] * 3
    await queue.aclose()


async def test_a_message_that_somebody_else_leased_since_stays(azurite: Azurite, fresh_name: str) -> None:
    queue = StorageQueue(azurite.connection)
    await queue.send(fresh_name, [{"n": 1}])
    (mine,) = await queue.lease(fresh_name, 1)
    await asyncio.sleep(1.1)
    (theirs,) = await queue.lease(fresh_name, 60)
    await queue.remove(fresh_name, mine)
    assert await queue.depth(fresh_name) == 1
    await queue.remove(fresh_name, theirs)
    assert await queue.depth(fresh_name) == 0
    await queue.aclose()


async def test_no_messages_are_no_work(subject: Subject, fresh_name: str) -> None:
    await subject.queue.send(fresh_name, [])


async def test_the_longest_message_fits(subject: Subject, fresh_name: str) -> None:
    longest = {"ids": "x" * (48 * 1024 - len('{"ids":""}'))}
    await subject.queue.send(fresh_name, [longest])
    assert await subject.take_all(fresh_name) == [longest]


async def test_one_message_too_long_and_none_is_sent(subject: Subject, fresh_name: str) -> None:
    await subject.queue.send(fresh_name, [{"n": "before"}])
    with pytest.raises(ValueError, match="too long"):
        await subject.queue.send(fresh_name, [{"n": "with it"}, {"ids": "x" * 48 * 1024}])
    assert await subject.take_all(fresh_name) == [{"n": "before"}]


async def test_the_fake_shows_a_delayed_message_when_its_time_has_come() -> None:
    clock = FakeClock()
    queue = FakeQueue(clock, anything=True)
    await queue.send("work", [{"n": 1}], delay_seconds=60)
    clock.advance(seconds=59)
    assert queue.pop("work") is None
    clock.advance(seconds=1)
    assert queue.pop("work") == {"n": 1}


@pytest.mark.rule("VIS-8")
async def test_what_storage_refuses_is_said_without_its_words(
    azurite: Azurite, caplog: pytest.LogCaptureFixture
) -> None:
    queue = StorageQueue(azurite.connection)
    with pytest.raises(TryAgainError) as caught:
        await queue.send("No Queue Is Called This", [{"n": 1}])
    await queue.aclose()
    assert str(caught.value) == "try-again"
    assert caught.value.__suppress_context__
    assert "storage fault" in caplog.text


async def test_a_connection_needs_an_address() -> None:
    with pytest.raises(ValueError, match="queue service URI"):
        await StorageQueue(StorageConnection()).send("work", [{"n": 1}])


async def test_a_connection_without_a_string_uses_the_managed_identity() -> None:
    connection = StorageConnection(queue_service_uri="https://account.queue.core.test", client_id="identity")
    queue = StorageQueue(connection)
    assert queue._connected().account_name == "account"
    await queue.aclose()


@pytest.mark.rule("BAK-5")
def test_a_connection_does_not_show_its_secret() -> None:
    assert "hush" not in repr(StorageConnection(connection_string="AccountKey=hush"))
