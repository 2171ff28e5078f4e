"""Typed views of the store: records in, records out, each with the ETag that a write must present."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast

from shared.domain.errors import FieldError, InvalidInputError
from shared.domain.records import Record
from shared.ports import CursorError, Documents, Key, Query, Result, Where, Write

T = TypeVar("T", bound=Record)
Item = TypeVar("Item")

BATCH = 100


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A record as read or written, and its ETag."""

    record: T
    etag: str


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """One write of a batch: `before` None creates, `after` None deletes."""

    before: Versioned[T] | None
    after: T | None


class Collection(Generic[T]):
    """One container of one brand, as records of one model."""

    def __init__(self, documents: Documents, model: type[T], partition: str) -> None:
        self._documents = documents
        self._model = model
        self._partition = partition

    async def get(self, partition: str, id: str) -> Versioned[T] | None:
        """The record, by a point read; None when there is none."""
        stored = await self._documents.read(Key(partition, id))
        return Versioned(self._model.from_document(stored.document), stored.etag) if stored else None

    async def get_many(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Versioned[T]]:
        """Those of the (partition, id) pairs that exist."""
        found: dict[tuple[str, str], Versioned[T]] = {}
        wanted = chunks([Key(*key) for key in dict.fromkeys(keys)], BATCH)
        for some in await all_of(self._documents.read_many(chunk) for chunk in wanted):
            for key, stored in some.items():
                found[key.partition, key.id] = Versioned(self._model.from_document(stored.document), stored.etag)
        return found

    async def create(self, record: T) -> Versioned[T]:
        """Writes a new record; raises ConflictError."""
        document = record.to_document()
        return Versioned(record, await self._documents.create(self._key(document), document))

    async def replace(self, before: Versioned[T], after: T) -> Versioned[T]:
        """Replaces what was read; raises StaleError when it changed since."""
        document = after.to_document()
        return Versioned(after, await self._documents.replace(self._key(document), document, before.etag))

    async def delete(self, before: Versioned[T]) -> None:
        """Deletes what was read; raises StaleError when it changed since."""
        await self._documents.delete(self._key(before.record.to_document()), before.etag)

    async def write_many(self, changes: Sequence[Change[T]]) -> list[Result]:
        """Conditional writes in batches; each has its own outcome, in input order."""
        writes = [self._write(change) async for change in in_turns(changes)]
        results = await all_of(self._documents.write_many(some) for some in chunks(writes, BATCH))
        return [result for some in results for result in some]

    async def ranges(self) -> Sequence[str]:
        """The ranges by which a walk over all records can be shared out."""
        return await self._documents.ranges()

    async def say_again(self, records: Sequence[T]) -> None:
        """Repeats what had to be written once these records were saved; here nothing."""

    async def page(self, query: Query) -> tuple[list[Versioned[T]], str | None]:
        """One page of what matches, and the cursor of the next; raises InvalidInputError for a cursor of another list."""
        try:
            page = await self._documents.query(query)
        except CursorError:
            raise InvalidInputError(errors=[FieldError("cursor", "is not one that this list gave")]) from None
        return [Versioned(self._model.from_document(s.document), s.etag) for s in page.items], page.cursor

    async def pages(self, query: Query) -> AsyncIterator[list[Versioned[T]]]:
        """Every page of what matches, one after the other."""
        while True:
            items, cursor = await self.page(query)
            if items:
                yield items
            if cursor is None:
                return
            query = replace(query, cursor=cursor)

    async def count(self, *where: Where) -> int:
        """How many records match."""
        return await self._documents.count(where)

    def _write(self, change: Change[T]) -> Write:
        kept = change.after or (change.before.record if change.before else None)
        if kept is None:
            raise ValueError("a change needs a record before or after")
        document = kept.to_document()
        return Write(
            self._key(document),
            document if change.after else None,
            change.before.etag if change.before else None,
        )

    def _key(self, document: dict[str, object]) -> Key:
        return Key(str(document[self._partition]), str(document["id"]))


async def all_of(asked: Iterable[Awaitable[Item]]) -> list[Item]:
    """What each gives, done side by side; raises the first error once all have ended."""
    several = list(asked)
    if len(several) == 1:  # most have one, and a task costs as much as a read
        return [await several[0]]
    answers = await asyncio.gather(*several, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return cast("list[Item]", answers)


async def in_turns(items: Iterable[Item]) -> AsyncIterator[Item]:
    """Each of the items; after every hundred, others have the event loop."""
    for number, item in enumerate(items):
        if number and number % BATCH == 0:
            await asyncio.sleep(0)
        yield item


def chunks(items: Iterable[Item], size: int) -> Iterable[list[Item]]:
    """The items in lists of up to this size."""
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
