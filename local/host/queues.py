"""Queue triggers: receives, leases, retries and poisons messages as the real host does."""

import asyncio
import base64
import binascii
import contextlib
import logging
import os
import uuid
from collections.abc import Callable, Sequence

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.functions.queue import QueueMessage as FunctionMessage
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.host.functions import Function, QueueTrigger, UnsupportedFunctionError
from local.host.invocations import Invocations
from local.host.settings import QueueSettings

# The real host leases for ten minutes; here a killed host's messages come back soon.
LEASE_SECONDS = 15
RENEW_SECONDS = 5
SHORTEST_WAIT = 0.1
LONGEST_WAIT = 1.0
POISON_SUFFIX = "-poison"

logger = logging.getLogger("host.queues")
# The library's class has no annotations.
_new_message: Callable[..., FunctionMessage] = FunctionMessage


class Lease:
    """A received message that stays invisible to others while its function runs."""

    def __init__(self, client: QueueClient, message: QueueMessage) -> None:
        self._client = client
        self._message = message
        self._receipt = message.pop_receipt

    async def keep(self) -> None:
        """Renews until cancelled, or until the message is no longer ours."""
        try:
            while True:
                await asyncio.sleep(RENEW_SECONDS)
                await self.end_in(LEASE_SECONDS)
        except AzureError as error:
            logger.warning("lost a lease", extra={"queue": self._client.queue_name}, exc_info=error)

    async def end_in(self, seconds: float) -> None:
        """Makes the message visible again after that time."""
        updated = await self._client.update_message(self._message.id, self._receipt, visibility_timeout=int(seconds))
        self._receipt = updated.pop_receipt

    async def delete(self) -> None:
        """Takes the message off the queue for good."""
        await self._client.delete_message(self._message.id, self._receipt)


class Listener:
    """Feeds one queue's messages to its function."""

    def __init__(
        self,
        function: Function,
        client: QueueClient,
        poison: QueueClient,
        settings: QueueSettings,
        runs: Invocations,
    ) -> None:
        self._function = function
        self._settings = settings
        self._runs = runs
        self._in_flight = 0
        self._changed = asyncio.Event()
        self.client = client
        self.poison = poison

    async def listen(self) -> None:
        """Receives until cancelled; what is in flight then goes on by itself."""
        wait = SHORTEST_WAIT
        while True:
            received = 0
            if self._in_flight <= self._settings.new_batch_size:
                try:
                    received = await self._receive()
                except Exception as error:  # a listener that gave up would be noticed by nobody
                    logger.warning("cannot receive", extra={"queue": self.client.queue_name}, exc_info=error)
                    await asyncio.sleep(LONGEST_WAIT)
            if received:
                wait = SHORTEST_WAIT
                continue
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait)
            wait = SHORTEST_WAIT if self._in_flight else min(wait * 1.5, LONGEST_WAIT)

    def wake(self) -> None:
        """Receives at once instead of at the next turn: somebody saw a message."""
        self._changed.set()

    async def depth(self) -> int:
        """How many messages the queue holds, in flight and waiting to be tried again included."""
        return (await self.client.get_queue_properties()).approximate_message_count or 0

    async def poison_depth(self) -> int:
        """How many messages were given up; 0 when there never was one."""
        try:
            return (await self.poison.get_queue_properties()).approximate_message_count or 0
        except AzureError:
            return 0

    async def _receive(self) -> int:
        size = self._settings.batch_size
        pages = self.client.receive_messages(messages_per_page=size, visibility_timeout=LEASE_SECONDS).by_page()
        # One page is one request; going on would fetch until the queue is empty. There is none when it is.
        page = await anext(pages, None)
        messages = [message async for message in page] if page is not None else []
        for message in messages:
            self._in_flight += 1
            self._runs.spawn(self._handle(message))
        return len(messages)

    async def _handle(self, message: QueueMessage) -> None:
        lease = Lease(self.client, message)
        try:
            await self._run_and_settle(message, lease)
        except AzureError as error:
            # The lease runs out and the message comes again: functions bear being run twice.
            logger.warning("cannot settle a message", extra={"queue": self.client.queue_name}, exc_info=error)
        finally:
            self._in_flight -= 1
            self._changed.set()

    async def _run_and_settle(self, message: QueueMessage, lease: Lease) -> None:
        try:
            body = self._decode(message.content)
        except ValueError:
            logger.error("a message is not %s", self._settings.encoding, extra={"queue": self.client.queue_name})
            await self._give_up(message, lease)
            return
        keeping = asyncio.create_task(lease.keep())
        try:
            result = await self._runs.run(self._function, to_function(message, body))
        except asyncio.CancelledError:
            # The host stops: the next one need not wait for the lease to run out.
            keeping.cancel()
            await lease.end_in(0)
            raise
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        if result.ok:
            await lease.delete()
        elif (message.dequeue_count or 0) >= self._settings.max_dequeue_count:
            await self._give_up(message, lease)
        else:
            await lease.end_in(self._settings.retry_after.total_seconds())

    async def _give_up(self, message: QueueMessage, lease: Lease) -> None:
        with contextlib.suppress(ResourceExistsError):
            await self.poison.create_queue()
        await self.poison.send_message(message.content, time_to_live=-1)
        await lease.delete()
        logger.error("a message went to %s", self.poison.queue_name, extra={"messageId": message.id})

    def _decode(self, content: str) -> bytes:
        if self._settings.encoding == "none":
            return content.encode()
        try:
            body = base64.b64decode(content, validate=True)
            body.decode()
        except binascii.Error:
            raise ValueError("not base64") from None
        return body


class Queues:
    """All queue functions of the host."""

    def __init__(self, functions: Sequence[Function], settings: QueueSettings, runs: Invocations) -> None:
        self._services: dict[str, QueueServiceClient] = {}
        self._listening: list[asyncio.Task[None]] = []
        self.listeners = []
        for function in functions:
            if isinstance(function.trigger, QueueTrigger):
                service = self._service(function.trigger.connection)
                client = service.get_queue_client(function.trigger.queue)
                poison = service.get_queue_client(function.trigger.queue + POISON_SUFFIX)
                self.listeners.append(Listener(function, client, poison, settings, runs))

    async def create(self) -> None:
        """Makes the queues that are not there yet."""
        for listener in self.listeners:
            with contextlib.suppress(ResourceExistsError):
                await listener.client.create_queue()

    def start(self) -> None:
        """Begins to receive."""
        self._listening = [asyncio.create_task(listener.listen()) for listener in self.listeners]

    async def stop(self) -> None:
        """Receives no more; what is in flight goes on."""
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)

    async def close(self) -> None:
        """Lets go of the connections."""
        for service in self._services.values():
            await service.close()

    def _service(self, connection: str) -> QueueServiceClient:
        if connection not in self._services:
            text = os.environ.get(connection)
            if not text:
                raise UnsupportedFunctionError(f"the setting {connection} holds no connection string")
            self._services[connection] = QueueServiceClient.from_connection_string(text)
        return self._services[connection]


def to_function(message: QueueMessage, body: bytes) -> FunctionMessage:
    """The message as the worker hands it to a function."""
    return _new_message(
        id=message.id,
        body=body.decode(),
        dequeue_count=message.dequeue_count,
        expiration_time=message.expires_on,
        insertion_time=message.inserted_on,
        time_next_visible=message.next_visible_on,
        pop_receipt=message.pop_receipt,
    )


def by_hand(body: str) -> FunctionMessage:
    """A message that is on no queue, for a function run by hand."""
    return _new_message(id=str(uuid.uuid4()), body=body, dequeue_count=1)
