"""The production store: Azure Cosmos DB, one database a brand, through the async SDK."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic_core import from_json, to_json

from shared.adapters import cosmos_query
from shared.adapters.cosmos_batch import Encoded, patiently, write_one, write_partition
from shared.adapters.cosmos_homes import HomedDocuments, in_home, physical
from shared.adapters.cosmos_indexing import indexing_policy, json_path, unique_key_policy
from shared.adapters.store_contract import (
    PLATFORM,
    WHOLE,
    asks_nothing,
    check_brand,
    check_key,
    check_keys,
    check_writes,
    encode,
    field,
    next_cursor,
    plan,
    plan_count,
)
from shared.domain.containers import BRAND_CONTAINERS, PLATFORM_CONTAINERS, Container
from shared.ports import (
    Changes,
    ConflictError,
    CursorError,
    Document,
    Documents,
    Key,
    Outcome,
    Page,
    Query,
    Result,
    StaleError,
    Stored,
    Where,
    Write,
)

if TYPE_CHECKING:
    from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy

CONCURRENCY: Final = 16
"""How many requests of one call are under way at once."""

TOO_MANY_REQUESTS: Final = 429

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_SYSTEM: Final = ("_etag", "_rid", "_self", "_ts", "_attachments")


def database_name(brand: str | None) -> str:
    """The database of a brand, or of the platform: the one place that says so; raises ValueError for a bad name."""
    return PLATFORM if brand is None else f"brand-{check_brand(brand)}"


class CosmosStore:
    """Brands' and the platform's documents in one Cosmos DB account.

    Signs in with the key, or as the managed identity when there is none. http is for the emulator on this machine
    only. The client is made at the first call: importing the SDK is a part of a cold start that not all calls need.
    """

    def __init__(self, url: str, key: str | None, throttled: Callable[[], None] = lambda: None) -> None:
        """`throttled` is called whenever the service answers 429, also where the SDK then tries again by itself."""
        parts = urlsplit(url)
        self.is_emulator = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if parts.scheme != "https" and not self.is_emulator:
            raise ValueError("Cosmos DB is spoken to over https")
        self._url = url
        self._key = key
        self._throttled = throttled
        self._opening = asyncio.Lock()
        self._client: CosmosClient | None = None
        self._credential: Any = None

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand; raises ValueError for what is no brand's name."""
        return self._documents(database_name(brand), container)

    def platform(self, container: Container) -> Documents:
        """A container of the platform."""
        return self._documents(database_name(None), container)

    async def provision(self, brand: str | None) -> None:
        """Makes what is missing of a brand's database, or the platform's, at an emulator or with an account's key.

        A managed identity cannot: the data plane makes no databases, Bicep does. Raises ValueError then.
        """
        from azure.cosmos import PartitionKey

        if self._key is None:
            raise ValueError("databases and containers come from Bicep")
        client = await self.client()
        database = await client.create_database_if_not_exists(database_name(brand))
        for container in physical(PLATFORM_CONTAINERS if brand is None else BRAND_CONTAINERS):
            await database.create_container_if_not_exists(
                container.name,
                PartitionKey(json_path(container.partition)),
                indexing_policy=self._policy(container),
                unique_key_policy=unique_key_policy(container),
            )

    async def drop(self, brand: str) -> None:
        """Deletes a brand's database, with the same right that `provision` needs; gone already is fine."""
        from azure.cosmos.exceptions import CosmosResourceNotFoundError

        client = await self.client()
        with suppress(CosmosResourceNotFoundError):
            await client.delete_database(database_name(brand))

    async def client(self) -> "CosmosClient":
        """The one client, made when first asked for."""
        async with self._opening:
            if self._client is None:
                self._client = await self._open()
        return self._client

    async def database(self, name: str) -> "DatabaseProxy":
        """A database by its name."""
        return (await self.client()).get_database_client(name)

    async def scrub(self, brand: str) -> None:
        """Nothing to do: the service has no files of ours."""

    async def close(self) -> None:
        """Closes the client and lets go of the identity."""
        if self._client is not None:
            await self._client.close()
            self._client = None
        if self._credential is not None:
            await self._credential.close()
            self._credential = None

    def _documents(self, database: str, container: Container) -> Documents:
        documents = CosmosDocuments(self, database, in_home(container))
        return documents if container.home is None else HomedDocuments(container.name, documents)

    async def _open(self) -> "CosmosClient":
        from azure.cosmos.aio import CosmosClient

        credential: Any = self._key
        if credential is None:
            from azure.identity.aio import DefaultAzureCredential

            credential = self._credential = DefaultAzureCredential()
        # The emulator names itself with https, where it does not listen.
        client = CosmosClient(
            self._url,
            credential,
            enable_endpoint_discovery=not self.is_emulator,
            raw_response_hook=self._heard,  # the pipeline's own: it sees each answer, before the SDK tries again
        )
        return await client.__aenter__()

    def _heard(self, answer: Any) -> None:
        if answer.http_response.status_code == TOO_MANY_REQUESTS:
            self._throttled()

    def _policy(self, container: Container) -> dict[str, Any]:
        policy = indexing_policy(container)
        if self.is_emulator:  # it does not read a composite index backwards, as the service does
            policy["compositeIndexes"] += [
                [{**path, "order": "descending"} for path in group] for group in policy["compositeIndexes"]
            ]
        return policy


class CosmosDocuments:
    """One container of one database."""

    def __init__(self, store: CosmosStore, database: str, container: Container) -> None:
        self._store = store
        self._database = database
        self._container = container

    async def read(self, key: Key) -> Stored | None:
        """The document, by a point read."""
        from azure.cosmos.exceptions import CosmosResourceNotFoundError

        check_key(key)
        proxy = await self._proxy()
        try:
            return _stored(await patiently(lambda: proxy.read_item(key.id, key.partition)))
        except CosmosResourceNotFoundError:
            return None

    async def read_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        """Those of up to 100 documents that exist, by one request a physical partition."""
        check_keys(keys)
        if not keys:
            return {}
        proxy = await self._proxy()
        wanted: Any = [(key.id, key.partition) for key in dict.fromkeys(keys)]
        items = await patiently(lambda: proxy.read_items(wanted, max_concurrency=CONCURRENCY))
        return {self._key_of(item): _stored(item) for item in items}

    async def create(self, key: Key, document: Document) -> str:
        """Writes a new document and gives its ETag; raises ConflictError."""
        return _etag(await self._write(Write(key, document, None)))

    async def replace(self, key: Key, document: Document, etag: str) -> str:
        """Replaces and gives the new ETag; raises StaleError, ConflictError when a unique value is taken."""
        return _etag(await self._write(Write(key, document, etag)))

    async def delete(self, key: Key, etag: str) -> None:
        """Deletes; raises StaleError."""
        await self._write(Write(key, None, etag))

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        """Up to 100 conditional writes: a batch a partition, a request for a partition's only write."""
        check_writes(writes)
        proxy = await self._proxy()
        partitions: dict[str, dict[int, Encoded]] = defaultdict(dict)
        for index, write in enumerate(writes):
            partitions[write.key.partition][index] = (write, self._encode(write))
        results: dict[int, Result] = {}
        turn = asyncio.Semaphore(CONCURRENCY)

        async def send(partition: str, mine: dict[int, Encoded]) -> None:
            async with turn:
                answers = await write_partition(proxy, partition, list(mine.values()))
            results.update(zip(mine, answers, strict=True))

        sent = await asyncio.gather(*(send(*item) for item in partitions.items()), return_exceptions=True)
        for failure in sent:
            if failure is not None:
                raise failure
        return [results[index] for index in range(len(writes))]

    async def query(self, query: Query) -> Page:
        """One page, by one index; the cursor is ours, for the SDK's does not hold across partitions with a sort."""
        chosen = plan(self._container, query)
        if asks_nothing(query.where):
            return Page([], None)
        text, parameters = cosmos_query.select(self._container, query, chosen)
        scope = _scope(query)
        items = await self._ask(text, parameters, query.limit + 1, **scope)
        if (
            "feed_range" in scope
        ):  # one that was split meanwhile gives the answer of each of its partitions, one after the other
            items = _sorted(items, cosmos_query.keyset(self._container, query, chosen), query)
        page = [_stored(item) for item in items[: query.limit]]
        if len(items) <= query.limit:
            return Page(page, None)
        last = items[query.limit - 1]
        return Page(
            page, next_cursor([field(last, path) for path in cosmos_query.keyset(self._container, query, chosen)])
        )

    async def count(self, where: tuple[Where, ...]) -> int:
        """How many match, over all partitions, by the index."""
        plan_count(self._container, where)
        if asks_nothing(where):
            return 0
        return int(sum(await self._ask(*cosmos_query.count(where), None)))

    async def ranges(self) -> Sequence[str]:
        """The feed ranges: one a physical partition, and good after it is split."""
        proxy = await self._proxy()

        async def ask() -> list[str]:
            return [to_json(found).decode() async for found in proxy.read_feed_ranges()]

        return await patiently(ask)

    async def changes(self, since: str | None, limit: int = 500) -> Changes:
        """A page of the change feed (latest versions); the position is the service's own, over all of its partitions."""
        proxy = await self._proxy()
        headers: list[Any] = []  # not those of the client, which its other requests write to

        async def ask() -> list[Document]:
            headers.clear()
            place: dict[str, Any] = {"start_time": "Beginning"} if since is None else {"continuation": since}
            feed = proxy.query_items_change_feed(
                max_item_count=limit, response_hook=lambda said, _: headers.append(said), **place
            ).by_page()
            async for page in feed:
                return [item async for item in page]
            return []

        try:
            items = await patiently(ask)
        except ValueError:
            raise CursorError("not a position of this feed") from None
        position = headers[-1]["etag"]
        return Changes([_stored(item).document for item in items], position, more=bool(items))

    async def _ask(self, text: str, parameters: list[dict[str, Any]], size: int | None, **scope: Any) -> Any:
        proxy = await self._proxy()

        async def ask() -> list[Any]:
            found = proxy.query_items(text, parameters=parameters, max_item_count=size, **scope)
            return [item async for item in found]

        return await patiently(ask)

    async def _write(self, write: Write) -> Result:
        check_writes([write])
        result = await write_one(await self._proxy(), (write, self._encode(write)))
        if result.outcome is Outcome.CONFLICT:
            raise ConflictError("the id or a unique value is taken")
        if result.outcome is Outcome.STALE:
            raise StaleError("the document changed or went")
        return result

    def _encode(self, write: Write) -> bytes:
        return encode(self._container, write.key, write.document).body if write.document is not None else b""

    def _key_of(self, item: Document) -> Key:
        return Key(field(item, self._container.partition), item["id"])

    async def _proxy(self) -> "ContainerProxy":
        return (await self._store.database(self._database)).get_container_client(self._container.name)


def _scope(query: Query) -> dict[str, Any]:
    """Which documents a query is about, as the SDK wants it."""
    if query.partition is not None:
        return {"partition_key": query.partition}
    return {} if query.range in (None, WHOLE) else {"feed_range": from_json(query.range)}


def _sorted(items: list[Document], paths: Sequence[str], query: Query) -> list[Document]:
    """The first of them in the query's order, which each partition keeps for itself."""
    items.sort(key=lambda item: [field(item, path) for path in paths], reverse=query.descending)
    return items[: query.limit + 1]


def _stored(item: Document) -> Stored:
    return Stored({name: value for name, value in item.items() if name not in _SYSTEM}, item["_etag"])


def _etag(result: Result) -> str:
    return result.etag or ""
