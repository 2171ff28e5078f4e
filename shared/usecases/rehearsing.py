"""A rehearsal: the product's own timers over the real records, with every write noted and none of them done.

So it is the timers' own words that say what is kept too long, and no second table of how long what may be kept.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.domain.containers import Container
from shared.ports import (
    Changes,
    Document,
    Documents,
    Files,
    Key,
    Outcome,
    Page,
    Ports,
    Query,
    Result,
    Store,
    Stored,
    Where,
    Write,
)

_ETAG = "rehearsed"


class Rehearsal:
    """Ports that only read, at a time of their own; `deleted` counts by container or folder what would have gone."""

    def __init__(self, ports: Ports, at: datetime) -> None:
        self.deleted: Counter[str] = Counter()
        files: dict[str, Any] = {
            name: _Files(getattr(ports, name), name, self.deleted) for name in ("files", "tombstones", "backups")
        }
        self.ports = replace(
            ports,
            store=_Store(ports.store, self.deleted),
            accounts={name: _Store(store, self.deleted) for name, store in ports.accounts.items()},
            queue=_Queue(),
            clock=_StandingClock(at),
            **files,
        )


@dataclass(frozen=True, slots=True)
class _StandingClock:
    at: datetime

    def now(self) -> datetime:
        return self.at


class _Queue:
    async def send(self, queue: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        return


@dataclass(frozen=True, slots=True)
class _Store:
    store: Store
    deleted: Counter[str]

    def brand(self, brand: str, container: Container) -> Documents:
        return _Documents(self.store.brand(brand, container), f"store: {container.name}", self.deleted)

    def platform(self, container: Container) -> Documents:
        return _Documents(self.store.platform(container), f"store: {container.name}", self.deleted)

    async def scrub(self, brand: str) -> None:
        return

    async def close(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class _Documents:
    documents: Documents
    name: str
    deleted: Counter[str]

    async def read(self, key: Key) -> Stored | None:
        return await self.documents.read(key)

    async def read_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        return await self.documents.read_many(keys)

    async def query(self, query: Query) -> Page:
        return await self.documents.query(query)

    async def count(self, where: tuple[Where, ...]) -> int:
        return await self.documents.count(where)

    async def ranges(self) -> Sequence[str]:
        return await self.documents.ranges()

    async def changes(self, since: str | None, limit: int = 500) -> Changes:
        return await self.documents.changes(since, limit)

    async def create(self, key: Key, document: Document) -> str:
        return _ETAG

    async def replace(self, key: Key, document: Document, etag: str) -> str:
        return _ETAG

    async def delete(self, key: Key, etag: str) -> None:
        self.deleted[self.name] += 1

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        self.deleted[self.name] += sum(write.document is None for write in writes)
        return [Result(Outcome.WRITTEN, None if write.document is None else _ETAG) for write in writes]


@dataclass(frozen=True, slots=True)
class _Files:
    files: Files
    name: str
    deleted: Counter[str]

    async def write(self, path: str, chunks: Iterable[bytes]) -> None:
        return

    def read(self, path: str) -> AsyncIterator[bytes]:
        return self.files.read(path)

    async def delete(self, path: str) -> None:
        self.deleted[self.name] += 1

    def list(self, prefix: str) -> AsyncIterator[str]:
        return self.files.list(prefix)
