"""A store that counts what it is asked: the budgets of the design are these numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.domain.containers import Container
from shared.ports import Changes, Document, Documents, Key, Page, Query, Result, Store, Stored, Where, Write


@dataclass(slots=True)
class Counts:
    """What was asked since the last reset, by container."""

    point_reads: Counter[str] = field(default_factory=Counter)
    read_batches: Counter[str] = field(default_factory=Counter)
    batch_reads: Counter[str] = field(default_factory=Counter)  # documents asked for within the batches
    queries: Counter[str] = field(default_factory=Counter)
    cross_partition_queries: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)  # documents, also those within batches
    write_batches: Counter[str] = field(default_factory=Counter)

    def reset(self) -> None:
        """Forgets."""
        for name in self.__slots__:
            getattr(self, name).clear()


class CountingStore:
    """Any store, counted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.counts = Counts()

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand."""
        return _Counted(self._store.brand(brand, container), container.name, self.counts)

    def platform(self, container: Container) -> Documents:
        """A container of the platform."""
        return _Counted(self._store.platform(container), container.name, self.counts)

    async def scrub(self, brand: str) -> None:
        """Lets erased bytes leave the files."""
        await self._store.scrub(brand)

    async def close(self) -> None:
        """Closes the store."""
        await self._store.close()


class _Counted:
    def __init__(self, documents: Documents, name: str, counts: Counts) -> None:
        self._documents = documents
        self._name = name
        self._counts = counts

    async def read(self, key: Key) -> Stored | None:
        self._counts.point_reads[self._name] += 1
        return await self._documents.read(key)

    async def read_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        self._counts.read_batches[self._name] += 1
        self._counts.batch_reads[self._name] += len(keys)
        return await self._documents.read_many(keys)

    async def create(self, key: Key, document: Document) -> str:
        self._counts.writes[self._name] += 1
        return await self._documents.create(key, document)

    async def replace(self, key: Key, document: Document, etag: str) -> str:
        self._counts.writes[self._name] += 1
        return await self._documents.replace(key, document, etag)

    async def delete(self, key: Key, etag: str) -> None:
        self._counts.writes[self._name] += 1
        await self._documents.delete(key, etag)

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        self._counts.write_batches[self._name] += 1
        self._counts.writes[self._name] += len(writes)
        return await self._documents.write_many(writes)

    async def query(self, query: Query) -> Page:
        self._counts.queries[self._name] += 1
        if query.partition is None:
            self._counts.cross_partition_queries[self._name] += 1
        return await self._documents.query(query)

    async def ranges(self) -> Sequence[str]:
        return await self._documents.ranges()

    async def changes(self, since: str | None, limit: int = 500) -> Changes:
        self._counts.queries[self._name] += 1
        return await self._documents.changes(since, limit)

    async def count(self, where: tuple[Where, ...]) -> int:
        self._counts.counts[self._name] += 1
        return await self._documents.count(where)
