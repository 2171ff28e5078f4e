"""A store that has several ranges, as a large container of Cosmos DB has; no store that runs here has more than one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from shared.domain.containers import CONTACTS, Container
from shared.ports import Document, Documents, Key, Page, Query, Result, Store, Write


class RangedStore:
    """Any store, whose contacts lie in so many ranges: each ambassador's in the next, in the order in which they came."""

    def __init__(self, store: Store, count: int) -> None:
        self._store = store
        self._count = count
        self._places: dict[tuple[str, str], int] = {}

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand."""
        documents = self._store.brand(brand, container)
        return _Ranged(documents, self._count, self._place_of(brand)) if container is CONTACTS else documents

    def _place_of(self, brand: str) -> Callable[[str], int]:
        return lambda ambassador: self._places.setdefault((brand, ambassador), len(self._places) % self._count)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _Ranged:
    def __init__(self, documents: Documents, count: int, place_of: Callable[[str], int]) -> None:
        self._documents = documents
        self._count = count
        self._place_of = place_of

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    async def ranges(self) -> Sequence[str]:
        """By name of their number."""
        return [f"range {number}" for number in range(self._count)]

    async def query(self, query: Query) -> Page:
        """The page, less what lies in other ranges."""
        page = await self._documents.query(replace(query, range=None))
        if query.range is None:
            return page
        wanted = (await self.ranges()).index(query.range)
        here = [item for item in page.items if self._place_of(item.document[CONTACTS.partition]) == wanted]
        return Page(here, page.cursor)

    async def create(self, key: Key, document: Document) -> str:
        """The document, in its ambassador's range."""
        self._place_of(key.partition)
        return await self._documents.create(key, document)

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        """The writes, each in its ambassador's range."""
        for write in writes:
            self._place_of(write.key.partition)
        return await self._documents.write_many(writes)
