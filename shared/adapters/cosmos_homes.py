"""Kinds of documents that share a container of Cosmos DB: each sees its own alone, under ids that no other can have.

An account holds 500 containers and a database of shared throughput 25, so kinds of which a brand has few documents live together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from shared.adapters.store_contract import WHOLE, groups
from shared.domain.containers import Container
from shared.ports import Changes, Document, Documents, Key, Page, Query, Result, Stored, Where, Write

KIND: Final = "storedAs"
"""The field that tells whose a document of a shared container is."""


def physical(containers: Iterable[Container]) -> list[Container]:
    """The containers as the service has them: one for each that is by itself, and one for each home."""
    found: dict[str, Container] = {}
    for container in containers:
        shared = in_home(container)
        known = found.get(shared.name)
        if known is None:
            found[shared.name] = shared
            continue
        indexes = tuple(dict.fromkeys((*known.indexes, *shared.indexes)))
        texts = tuple(dict.fromkeys((*known.contains, *shared.contains)))
        found[shared.name] = replace(known, indexes=indexes, contains=texts)
    return list(found.values())


def in_home(container: Container) -> Container:
    """The container that a kind lives in; raises ValueError for one that cannot share."""
    if container.home is None:
        return container
    if container.partition != "id" or container.unique:
        raise ValueError(f"{container.name}: only what is partitioned by its id alone can share a container")
    indexes = ((KIND,), *((KIND, *group) for group in groups(container)))
    return Container(container.home, partition="id", indexes=indexes, contains=container.contains)


class HomedDocuments:
    """One kind's view of a shared container."""

    def __init__(self, name: str, shared: Documents) -> None:
        self._name = name
        self._shared = shared

    async def read(self, key: Key) -> Stored | None:
        """The document, by a point read."""
        found = await self._shared.read(self._key(key))
        return self._own(found) if found else None

    async def read_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        """Those of up to 100 documents that exist."""
        own = {self._key(key): key for key in keys}
        found = await self._shared.read_many(list(own))
        return {own[key]: self._own(stored) for key, stored in found.items()}

    async def create(self, key: Key, document: Document) -> str:
        """Writes a new document and gives its ETag; raises ConflictError."""
        return await self._shared.create(self._key(key), self._homed(document))

    async def replace(self, key: Key, document: Document, etag: str) -> str:
        """Replaces and gives the new ETag; raises StaleError."""
        return await self._shared.replace(self._key(key), self._homed(document), etag)

    async def delete(self, key: Key, etag: str) -> None:
        """Deletes; raises StaleError."""
        await self._shared.delete(self._key(key), etag)

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        """Up to 100 conditional writes; each has its own outcome."""
        return await self._shared.write_many(
            [
                Write(self._key(w.key), self._homed(w.document) if w.document is not None else None, w.etag)
                for w in writes
            ]
        )

    async def query(self, query: Query) -> Page:
        """One page of the kind's documents that match."""
        partition = self._id(query.partition) if query.partition is not None else None
        page = await self._shared.query(replace(query, where=self._where(query.where), partition=partition))
        return Page([self._own(stored) for stored in page.items], page.cursor)

    async def count(self, where: tuple[Where, ...]) -> int:
        """How many of the kind's documents match."""
        return await self._shared.count(self._where(where))

    async def ranges(self) -> Sequence[str]:
        """One: a kind of few documents."""
        return (WHOLE,)

    async def changes(self, since: str | None, limit: int = 500) -> Changes:
        """The kind's part of a page of the home's feed."""
        found = await self._shared.changes(since, limit)
        own = [self._bare(item) for item in found.items if item.get(KIND) == self._name]
        return Changes(own, found.position, found.more)

    def _where(self, where: tuple[Where, ...]) -> tuple[Where, ...]:
        own = (replace(w, value=self._id(w.value)) if w.field == "id" else w for w in where)
        return (Where(KIND, "=", self._name), *own)

    def _id(self, id: str) -> str:
        return f"{self._name}:{id}"

    def _key(self, key: Key) -> Key:
        return Key(self._id(key.partition), self._id(key.id))

    def _homed(self, document: Document) -> Document:
        return {**document, "id": self._id(str(document.get("id"))), KIND: self._name}

    def _own(self, stored: Stored) -> Stored:
        return Stored(self._bare(stored.document), stored.etag)

    def _bare(self, document: Document) -> Document:
        rest = {name: value for name, value in document.items() if name != KIND}
        return {**rest, "id": str(rest["id"]).removeprefix(f"{self._name}:")}
