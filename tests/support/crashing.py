"""Ports that count every durable operation and stop the process at one of them: before, in the middle of, or after it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain.containers import Container
from shared.ports import (
    Changes,
    Clock,
    Document,
    Documents,
    Key,
    OutgoingMail,
    Page,
    Query,
    Result,
    SendResult,
    Store,
    Stored,
    Where,
    Write,
)
from tests.support.fakes import FakeFiles, FakeMailer, FakeQueue, Waiting

REDELIVERED_AFTER = timedelta(seconds=10)
DELIVERIES = 5


class Crash(BaseException):
    """The process is gone: nothing catches it, and nothing that it had in memory survives."""


class Side(StrEnum):
    """When the process stops: PARTLY is in the middle of a batch, with every second item done."""

    BEFORE = "before"
    PARTLY = "partly"
    AFTER = "after"


@dataclass(slots=True)
class Crashes:
    """Counts durable operations, and crashes at the planned one, once; or, with `ill`, in every try of one handler."""

    stop_at: int | None = None
    side: Side = Side.BEFORE
    trace: list[str] = field(default_factory=list)
    batches: set[int] = field(default_factory=set)  # the operations that have more than one item
    begun: set[int] = field(
        default_factory=set
    )  # the operations that are the first of what a handler, caller or timer does
    ill: str | None = None  # a queue whose handler dies at every delivery
    ill_at: int = 1  # at which of its operations
    _handling: str | None = None
    _begun_at: int = 0

    def handling(self, queue: str | None) -> None:
        """Tells whose handler runs now; None is a caller or a timer."""
        self._handling, self._begun_at = queue, len(self.trace)
        self.begun.add(len(self.trace) + 1)

    def clear(self) -> None:
        """Forgets what was done: the story begins."""
        self.trace.clear()
        self.batches.clear()
        self.begun.clear()

    def enters(self, name: str, items: int = 1) -> bool:
        """Counts one operation; raises Crash before it, or tells whether only a part of it shall be done."""
        self.trace.append(name)
        if items > 1:
            self.batches.add(len(self.trace))
        if not self._now():
            return False
        if self.side is Side.BEFORE:
            raise Crash(name)
        return self.side is Side.PARTLY and items > 1

    def leaves(self) -> None:
        """Raises Crash when the operation that has just taken effect was the last."""
        if self._now():
            raise Crash(self.trace[-1])

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        """One operation of one item, whether it succeeds or is refused."""
        self.enters(name)
        try:
            yield
        finally:
            self.leaves()

    def _now(self) -> bool:
        if self.ill and self._handling == self.ill:
            return len(self.trace) - self._begun_at == self.ill_at
        return len(self.trace) == self.stop_at


class CrashingStore:
    """Any store, with writes that may be the last."""

    def __init__(self, store: Store, crashes: Crashes) -> None:
        self._store = store
        self._crashes = crashes

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand."""
        return _CrashingDocuments(self._store.brand(brand, container), container.name, self._crashes)

    def platform(self, container: Container) -> Documents:
        """A container of the platform."""
        return _CrashingDocuments(self._store.platform(container), container.name, self._crashes)

    async def scrub(self, brand: str) -> None:
        """Lets erased bytes leave the files."""
        await self._store.scrub(brand)

    async def close(self) -> None:
        """Closes the store."""
        await self._store.close()


class _CrashingDocuments:
    def __init__(self, documents: Documents, name: str, crashes: Crashes) -> None:
        self._documents = documents
        self._name = name
        self._crashes = crashes

    async def read(self, key: Key) -> Stored | None:
        return await self._documents.read(key)

    async def read_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        return await self._documents.read_many(keys)

    async def query(self, query: Query) -> Page:
        return await self._documents.query(query)

    async def count(self, where: tuple[Where, ...]) -> int:
        return await self._documents.count(where)

    async def ranges(self) -> Sequence[str]:
        return await self._documents.ranges()

    async def changes(self, since: str | None, limit: int = 500) -> Changes:
        return await self._documents.changes(since, limit)

    async def create(self, key: Key, document: Document) -> str:
        with self._crashes.around(f"{self._name}.create"):
            return await self._documents.create(key, document)

    async def replace(self, key: Key, document: Document, etag: str) -> str:
        with self._crashes.around(f"{self._name}.replace"):
            return await self._documents.replace(key, document, etag)

    async def delete(self, key: Key, etag: str) -> None:
        with self._crashes.around(f"{self._name}.delete"):
            await self._documents.delete(key, etag)

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        if not writes:
            return await self._documents.write_many(writes)
        if self._crashes.enters(f"{self._name}.write_many", len(writes)):
            await self._documents.write_many(writes[1::2])
            raise Crash(f"{self._name}.write_many")
        results = await self._documents.write_many(writes)
        self._crashes.leaves()
        return results


@dataclass(slots=True)
class Delivery:
    """One message in somebody's hands; it comes back unless it is said to be done."""

    queue: str
    message: dict[str, Any]
    times: int


class CrashingQueue(FakeQueue):
    """A queue that delivers at least once, again after ten seconds, and gives a message up after the fifth time."""

    def __init__(self, clock: Clock, crashes: Crashes) -> None:
        super().__init__(clock)
        self._crashes = crashes
        self._failed: list[tuple[dict[str, Any], int]] = []  # messages that came back, by identity
        self.sent = 0
        self.lose: int | None = None  # which message, counted from 1, gets lost
        self.lost: str | None = None
        self.poison: list[Delivery] = []

    async def send(self, queue: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        """Puts each message on the queue, but for the one that gets lost."""
        if not messages:
            return
        if self._crashes.enters(f"queue {queue}", len(messages)):
            await super().send(queue, messages[1::2], delay_seconds=delay_seconds)
            raise Crash(queue)
        kept = []
        for message in messages:
            self.sent += 1
            if self.sent == self.lose:
                self.lost = queue
            else:
                kept.append(message)
        await super().send(queue, kept, delay_seconds=delay_seconds)
        self._crashes.leaves()

    def take(self, queue: str) -> Delivery | None:
        """The oldest message that is visible now; None when there is none."""
        message = self.pop(queue)
        if message is None:
            return None
        times = next((times for known, times in self._failed if known is message), 0)
        self._failed = [item for item in self._failed if item[0] is not message]
        return Delivery(queue, message, times + 1)

    def give_back(self, delivery: Delivery) -> None:
        """The handler failed or died: the message comes again later, or is given up."""
        if delivery.times >= DELIVERIES:
            self.poison.append(delivery)
            return
        self.queues[delivery.queue].append(Waiting(delivery.message, self._clock.now() + REDELIVERED_AFTER))
        self._failed.append((delivery.message, delivery.times))


class CrashingFiles(FakeFiles):
    """Files whose writing and deleting may be the last thing done."""

    def __init__(self, crashes: Crashes) -> None:
        super().__init__()
        self._crashes = crashes

    async def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Stores the file."""
        with self._crashes.around("files.write"):
            await super().write(path, chunks)

    async def delete(self, path: str) -> None:
        """Deletes the file."""
        with self._crashes.around("files.delete"):
            await super().delete(path)


class CrashingMailer(FakeMailer):
    """A provider whose answer may never arrive, and whose look-up may know of a mail only some time after it took it."""

    def __init__(self, clock: Clock, crashes: Crashes) -> None:
        super().__init__()
        self._clock = clock
        self._crashes = crashes
        self._accepted_at: dict[str, datetime] = {}
        self.lag = timedelta(0)

    async def send(self, mails: Sequence[OutgoingMail]) -> list[SendResult]:
        """Takes up to 50 mails; the crash afterwards is the answer that nobody hears."""
        if self._crashes.enters("mailer.send", len(mails)):
            await self._accept(mails[1::2])
            raise Crash("mailer.send")
        results = await self._accept(mails)
        self._crashes.leaves()
        return results

    async def was_accepted(self, custom_id: str) -> bool | None:
        """Whether the provider's look-up knows of the mail by now."""
        known = await super().was_accepted(custom_id)
        at = self._accepted_at.get(custom_id)
        return known if not known or at is None else self._clock.now() - at >= self.lag

    async def forget(self, address: str) -> bool:
        """Forgets an address; the crash afterwards is the answer that nobody hears."""
        with self._crashes.around("mailer.forget"):
            return await super().forget(address)

    async def _accept(self, mails: Sequence[OutgoingMail]) -> list[SendResult]:
        before = len(self.outbox)
        results = await super().send(mails)
        for mail in self.outbox[before:]:
            self._accepted_at.setdefault(mail.custom_id, self._clock.now())
        return results
