"""Ports that count: how often the running call asked the store, sent messages or called the provider, and who was refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.calling import running
from shared.domain.containers import Container
from shared.ports import (
    Changes,
    Document,
    Documents,
    Fate,
    Key,
    Mailer,
    OutgoingMail,
    Page,
    Query,
    Queue,
    Result,
    SendResult,
    Store,
    Stored,
    Telemetry,
    Where,
    Write,
)


def _read(count: int = 1) -> None:
    if call := running():
        call.reads += count


def _written(count: int = 1) -> None:
    if call := running():
        call.writes += count


class CountedStore:
    """Any store, counted."""

    def __init__(self, store: Store) -> None:
        self.counted = store

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand."""
        return _CountedDocuments(self.counted.brand(brand, container))

    def platform(self, container: Container) -> Documents:
        """A container of the platform."""
        return _CountedDocuments(self.counted.platform(container))

    async def scrub(self, brand: str) -> None:
        """Lets erased bytes leave the files."""
        await self.counted.scrub(brand)

    async def close(self) -> None:
        """Closes the store."""
        await self.counted.close()


class _CountedDocuments:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def read(self, key: Key) -> Stored | None:
        _read()
        return await self._documents.read(key)

    async def read_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        _read(len(keys))
        return await self._documents.read_many(keys)

    async def create(self, key: Key, document: Document) -> str:
        _written()
        return await self._documents.create(key, document)

    async def replace(self, key: Key, document: Document, etag: str) -> str:
        _written()
        return await self._documents.replace(key, document, etag)

    async def delete(self, key: Key, etag: str) -> None:
        _written()
        await self._documents.delete(key, etag)

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        _written(len(writes))
        return await self._documents.write_many(writes)

    async def query(self, query: Query) -> Page:
        _read()
        return await self._documents.query(query)

    async def count(self, where: tuple[Where, ...]) -> int:
        _read()
        return await self._documents.count(where)

    async def ranges(self) -> Sequence[str]:
        _read()
        return await self._documents.ranges()

    async def changes(self, since: str | None, limit: int = 500) -> Changes:
        _read()
        return await self._documents.changes(since, limit)


class CountedQueue:
    """Any queue, counted by what is sent."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def send(self, queue: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        """Puts each message on the queue."""
        if call := running():
            call.messages += len(messages)
        await self._queue.send(queue, messages, delay_seconds=delay_seconds)

    def __getattr__(self, name: str) -> Any:
        """Whatever else a queue can do is not counted."""
        return getattr(self._queue, name)


class CountedMailer:
    """Any mailer, counted by calls; mails that the provider will never take are told as they happen."""

    def __init__(self, mailer: Mailer, telemetry: Telemetry) -> None:
        self._mailer = mailer
        self._telemetry = telemetry

    async def send(self, mails: Sequence[OutgoingMail]) -> list[SendResult]:
        """Hands over up to 50 mails."""
        self._called()
        results = await self._mailer.send(mails)
        if refused := sum(result.fate is Fate.REFUSED for result in results):
            self._telemetry.add("popsell.mail.refused", refused)
        return results

    async def was_accepted(self, custom_id: str) -> bool | None:
        """Whether the provider knows a mail."""
        self._called()
        return await self._mailer.was_accepted(custom_id)

    async def forget(self, address: str) -> bool:
        """Has the provider delete what it keeps on an address."""
        self._called()
        return await self._mailer.forget(address)

    def _called(self) -> None:
        if call := running():
            call.provider_calls += 1

    def __getattr__(self, name: str) -> Any:
        """Letting go of connections is not counted."""
        return getattr(self._mailer, name)
