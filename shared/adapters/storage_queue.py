"""Queues of an Azure storage account (or Azurite) behind the Queue port."""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.adapters.storage_connection import CLIENT_OPTIONS, StorageConnection, storage_faults
from shared.ports import Held, LookedAt

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.storage.queue import QueueMessage
    from azure.storage.queue.aio import QueueClient, QueueServiceClient

# A message holds 64 KiB, and base64 makes four bytes of three.
LONGEST_MESSAGE_BYTES = 48 * 1024

EPOCH = datetime.fromtimestamp(0, UTC)

LEASED_SINCE = "PopReceiptMismatch"

_AT_ONCE = 16
_LOOKED_AT = 32  # the most that one look may ask for; there is no second page of it


class StorageQueue:
    """Sends messages as base64 of compact JSON, which is what the Functions host reads by default.

    A queue is made when the first message finds it missing: asking each time would double the calls.
    """

    def __init__(self, connection: StorageConnection) -> None:
        self._connection = connection
        self._service: QueueServiceClient | None = None
        self._credential: AsyncTokenCredential | None = None

    async def send(self, queue: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        """Puts each message on the queue, invisible for the delay (at most 7 days).

        Raises ValueError, before anything is sent, for a message that is too long; TryAgainError when the
        storage does not take them all, and then some may have gone.
        """
        texts = [_encoded(message) for message in messages]
        client = self._client(queue)
        with storage_faults():
            for start in range(0, len(texts), _AT_ONCE):
                sends = [_put(client, text, delay_seconds) for text in texts[start : start + _AT_ONCE]]
                results = await asyncio.gather(*sends, return_exceptions=True)
                for error in results:
                    if isinstance(error, BaseException):
                        raise error

    async def look(self) -> AsyncIterator[LookedAt]:
        """Each queue of the account: its count, which is about right while others write, and its first messages, not taken.

        Raises TryAgainError.
        """
        service = self._service = self._service or self._connected()
        with storage_faults():
            async for queue in service.list_queues():
                client = service.get_queue_client(queue.name)
                count = (await client.get_queue_properties()).approximate_message_count
                seen = [_decoded(m.content) for m in await client.peek_messages(max_messages=_LOOKED_AT)]
                yield LookedAt(queue.name, max(count or 0, len(seen)), seen)

    async def depth(self, queue: str) -> int:
        """About how many messages lie on the queue; raises TryAgainError."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_faults():
            try:
                return (await self._client(queue).get_queue_properties()).approximate_message_count or 0
            except ResourceNotFoundError:  # nothing was ever sent
                return 0

    async def peek(self, queue: str) -> list[Held]:
        """Up to 32 messages, as they lie there; raises TryAgainError."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_faults():
            try:
                return [_held(message) for message in await self._client(queue).peek_messages(max_messages=_LOOKED_AT)]
            except ResourceNotFoundError:
                return []

    async def lease(self, queue: str, seconds: int) -> list[Held]:
        """Up to 32 messages, invisible to others for so long; raises TryAgainError."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_faults():
            try:
                # One page is one request; going on would ask until the queue is empty.
                pages = self._client(queue).receive_messages(messages_per_page=_LOOKED_AT, visibility_timeout=seconds)
                page = await anext(pages.by_page(), None)
                return [] if page is None else [_held(message) async for message in page]
            except ResourceNotFoundError:
                return []

    async def release(self, queue: str, held: Held) -> None:
        """Lets others see a leased message again; raises TryAgainError."""
        await self._while_leased(self._client(queue).update_message(held.id, held.receipt, visibility_timeout=0))

    async def remove(self, queue: str, held: Held) -> None:
        """Deletes a leased message; raises TryAgainError."""
        await self._while_leased(self._client(queue).delete_message(held.id, held.receipt))

    async def _while_leased(self, call: Awaitable[object]) -> None:
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        with storage_faults(), suppress(ResourceNotFoundError):
            try:
                await call
            except HttpResponseError as error:
                if getattr(error, "error_code", None) != LEASED_SINCE:  # which the storage client adds
                    raise

    async def aclose(self) -> None:
        """Lets go of the connections."""
        if self._service:
            await self._service.close()
        if self._credential:
            await self._credential.close()
        self._service = self._credential = None

    def _client(self, queue: str) -> "QueueClient":
        from azure.storage.queue import TextBase64EncodePolicy

        self._service = self._service or self._connected()
        return self._service.get_queue_client(queue, message_encode_policy=TextBase64EncodePolicy())

    def _connected(self) -> "QueueServiceClient":
        from azure.storage.queue.aio import QueueServiceClient

        to = self._connection
        if to.connection_string:
            return QueueServiceClient.from_connection_string(to.connection_string, **CLIENT_OPTIONS)
        if not to.queue_service_uri:
            raise ValueError("neither a connection string nor a queue service URI is set")
        self._credential = to.credential()
        return QueueServiceClient(to.queue_service_uri, self._credential, **CLIENT_OPTIONS)


async def _put(client: "QueueClient", text: str, delay_seconds: int) -> None:
    from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

    try:
        await client.send_message(text, visibility_timeout=delay_seconds)
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):  # somebody else was first
            await client.create_queue()
        await client.send_message(text, visibility_timeout=delay_seconds)


def _held(message: "QueueMessage") -> Held:
    content: Any
    try:
        content = json.loads(base64.b64decode(message.content, validate=True))
    except ValueError:  # nobody of ours sent that
        content = None
    return Held(
        id=message.id,
        since=message.inserted_on or EPOCH,
        dequeue_count=message.dequeue_count or 0,
        message=content if isinstance(content, dict) else None,
        receipt=message.pop_receipt,
    )


def _encoded(message: Mapping[str, Any]) -> str:
    text = json.dumps(message, separators=(",", ":"))
    if len(text) > LONGEST_MESSAGE_BYTES:
        raise ValueError("a queue message is too long")
    return text


def _decoded(content: str) -> bytes:
    """The message as the functions get it; as it lies there when it is no base64."""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return content.encode()
