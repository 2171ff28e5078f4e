"""What the Cosmos store sends as queries, without a server: the real adapter over a client that writes down and finds nothing."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple, cast

from shared.adapters.cosmos import CosmosStore
from shared.domain.containers import Container
from shared.ports import Documents, Query, Store, Where


class Asked(NamedTuple):
    """One query: to which database and container of the service, in its words."""

    database: str
    container: str
    sql: str


class AskedCosmos(CosmosStore):
    """The Cosmos store as it is, but for where its queries end."""

    def __init__(self) -> None:
        super().__init__("https://account.documents.test:443/", None)
        self.asked: set[Asked] = set()

    async def client(self) -> Any:
        """A client that only listens."""
        return _Client(self.asked)


class AskedToo:
    """A store whose every query is also sent to the Cosmos adapter, to see what it would ask."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.cosmos = AskedCosmos()

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand."""
        return _too(self._store.brand(brand, container), self.cosmos.brand(brand, container))

    def platform(self, container: Container) -> Documents:
        """A container of the platform."""
        return _too(self._store.platform(container), self.cosmos.platform(container))

    async def scrub(self, brand: str) -> None:
        """Lets erased bytes leave the files."""
        await self._store.scrub(brand)

    async def close(self) -> None:
        """Closes the store."""
        await self._store.close()


def _too(real: Documents, asked: Documents) -> Documents:
    class Both:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        async def query(self, query: Query) -> Any:
            page = await real.query(query)
            await asked.query(query)
            return page

        async def count(self, where: tuple[Where, ...]) -> int:
            await asked.count(where)
            return await real.count(where)

    return cast("Documents", Both())


class _Client:
    """As much of the SDK's client, database and container as a query needs."""

    def __init__(self, asked: set[Asked], database: str = "", container: str = "") -> None:
        self._asked, self._database, self._container = asked, database, container

    def get_database_client(self, name: str) -> "_Client":
        return _Client(self._asked, name)

    def get_container_client(self, name: str) -> "_Client":
        return _Client(self._asked, self._database, name)

    async def query_items(self, sql: str, **_: Any) -> AsyncIterator[Any]:
        self._asked.add(Asked(self._database, self._container, sql))
        nothing: tuple[Any, ...] = ()
        for found in nothing:
            yield found
