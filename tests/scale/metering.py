"""What a story costs at the ports: requests, request units by documented charges, messages, and what is written where."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from shared.adapters.cosmos_homes import in_home
from shared.adapters.cosmos_indexing import indexing_policy
from shared.domain.containers import Container
from shared.ports import Changes, Document, Documents, Key, Page, Query, Result, Store, Stored, Write

# Microsoft's own figures: 1 KB is read by its key for 1 RU and written for 5; 100 KB for 10 and 50.
READ, A_KB_READ = 1.0, 9 / 99
WRITE, A_KB_WRITTEN = 5.0, 45 / 99
# Assumptions, to be measured at a real account: what each further indexed path adds to a write (the suite indexes few of each
# document's fields, the figure above is with all of 1 KB's), that a replace touches both versions, what a query costs before it
# finds anything, in each physical partition it goes to, and what each KB of its answer adds.
AN_INDEX, REPLACED, QUERY, A_KB_ANSWERED = 0.2, 2.0, 2.5, 0.5


@dataclass(slots=True)
class Cost:
    """What was asked while one thing happened."""

    ru: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    executions: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Meter:
    """Costs by phase, and the writes to each logical partition."""

    def __init__(self) -> None:
        self.phases: dict[str, Cost] = {}
        self.partitions: Counter[tuple[str, str]] = Counter()
        self._now = "before"

    @contextmanager
    def phase(self, name: str) -> Iterator[Cost]:
        """Counts what happens in the block under a name."""
        before, self._now = self._now, name
        try:
            yield self.cost
        finally:
            self._now = before

    @property
    def cost(self) -> Cost:
        """That of the phase which goes on."""
        return self.phases.setdefault(self._now, Cost())

    def asked(self, what: str, ru: float) -> None:
        """One request to the store."""
        self.cost.ru += ru
        self.cost.requests[what] += 1

    def wrote(self, container: Container, writes: Iterable[Write]) -> None:
        """Writes of one request, each at the charge of its own kind."""
        indexed = len(indexing_policy(in_home(container))["includedPaths"]) * AN_INDEX
        for write in writes:
            self.partitions[in_home(container).name, write.key.partition] += 1
            charge = WRITE + (_kilobytes(write.document) - 1) * A_KB_WRITTEN + indexed
            replaced = write.document is not None and write.etag is not None
            self.cost.ru += charge * (REPLACED if replaced else 1)


class MeteredStore:
    """Any store, metered."""

    def __init__(self, store: Store, meter: Meter) -> None:
        self._store = store
        self._meter = meter

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand."""
        return _Metered(self._store.brand(brand, container), container, self._meter)

    def platform(self, container: Container) -> Documents:
        """A container of the platform."""
        return _Metered(self._store.platform(container), container, self._meter)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _Metered:
    def __init__(self, documents: Documents, container: Container, meter: Meter) -> None:
        self._documents = documents
        self._container = container
        self._meter = meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    async def read(self, key: Key) -> Stored | None:
        found = await self._documents.read(key)
        self._meter.asked("read", _read(found.document if found else None))
        return found

    async def read_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        found = await self._documents.read_many(keys)
        if keys:
            self._meter.asked("read", sum(_read(found[key].document if key in found else None) for key in set(keys)))
        return found

    async def create(self, key: Key, document: Document) -> str:
        etag = await self._documents.create(key, document)
        self._meter.asked("write", 0)
        self._meter.wrote(self._container, [Write(key, document, None)])
        return etag

    async def replace(self, key: Key, document: Document, etag: str) -> str:
        new = await self._documents.replace(key, document, etag)
        self._meter.asked("write", 0)
        self._meter.wrote(self._container, [Write(key, document, etag)])
        return new

    async def delete(self, key: Key, etag: str) -> None:
        await self._documents.delete(key, etag)
        self._meter.asked("write", 0)
        self._meter.wrote(self._container, [Write(key, None, etag)])

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        results = await self._documents.write_many(writes)
        for _ in {write.key.partition for write in writes}:  # a batch a logical partition
            self._meter.asked("write", 0)
        self._meter.wrote(self._container, writes)
        return results

    async def query(self, query: Query) -> Page:
        page = await self._documents.query(query)
        across = "query across" if query.partition is None else "query"
        self._meter.asked(across, QUERY + sum(_kilobytes(item.document) for item in page.items) * A_KB_ANSWERED)
        return page

    async def count(self, where: Any) -> int:
        self._meter.asked("query across", QUERY)
        return await self._documents.count(where)

    async def changes(self, since: str | None, limit: int = 500) -> Changes:
        found = await self._documents.changes(since, limit)
        self._meter.asked("change feed", 1 + sum(_read(item) for item in found.items))
        return found


def _kilobytes(document: Mapping[str, Any] | None) -> float:
    return max(1.0, len(to_json(document)) / 1024) if document else 1.0


def _read(document: Mapping[str, Any] | None) -> float:
    return READ + (_kilobytes(document) - 1) * A_KB_READ
