"""The stores that the contract suite runs over, and documents to put into them."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.cosmos import CosmosStore
from shared.adapters.sqlite import SqliteStore
from shared.domain.ids import new_id
from shared.ports import Document, Documents, Key, Query, Store, Stored, Where, Write
from tests.support.cosmos_emulator import KEY

ACCOUNT = os.environ.get("COSMOS_TEST_ENDPOINT")
STORES = ["sqlite", "sqlite in memory", "cosmos emulator", *(["cosmos account"] if ACCOUNT else [])]


@pytest.fixture
def the_brand() -> str:
    """A brand of this test's own."""
    return f"acme-{new_id().lower()}"


@pytest.fixture
def other_brand() -> str:
    """Another."""
    return f"globex-{new_id().lower()}"


@pytest.fixture(params=STORES)
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, the_brand: str, other_brand: str
) -> AsyncIterator[Store]:
    """Each store, with the databases of two brands and of the platform."""
    if request.param.startswith("sqlite"):
        in_memory = request.param == "sqlite in memory"
        sqlite = SqliteStore(None if in_memory else tmp_path, inline=in_memory)
        yield sqlite
        await sqlite.close()
        return
    if request.param == "cosmos account":
        cosmos = CosmosStore(ACCOUNT or "", os.environ["COSMOS_TEST_KEY"])
    else:
        cosmos = CosmosStore(request.getfixturevalue("cosmos_emulator"), KEY)
    for brand in (the_brand, other_brand, None):
        await cosmos.provision(brand)
    yield cosmos
    for brand in (the_brand, other_brand):
        await cosmos.drop(brand)
    await cosmos.close()


def contact(id: str | None = None, ambassador: str = "ambassador-1", **fields: Any) -> Document:
    """A contact's document, with what its container wants."""
    id = id or new_id()
    return {"id": id, "ambassadorId": ambassador, "addressKey": f"own-{id}", **fields}


def key(document: Document) -> Key:
    """Where a contact's document lives."""
    return Key(document["ambassadorId"], document["id"])


def creation(document: Document) -> Write:
    """The write that creates a contact's document."""
    return Write(key(document), document, None)


async def put(documents: Documents, *contacts: Document) -> list[Stored]:
    """Creates them all and gives them back as stored."""
    for start in range(0, len(contacts), 100):
        await documents.write_many([creation(document) for document in contacts[start : start + 100]])
    return [found for document in contacts if (found := await documents.read(key(document)))]


async def ids(documents: Documents, *where: Where, **rest: Any) -> list[str]:
    """The ids of every page, in order."""
    return [stored.document["id"] for stored in await pages(documents, *where, **rest)]


async def pages(documents: Documents, *where: Where, **rest: Any) -> list[Stored]:
    """Every page, in order."""
    found: list[Stored] = []
    query = Query(where=where, **rest)
    while True:
        page = await documents.query(query)
        assert len(page.items) <= query.limit
        found += page.items
        if page.cursor is None:
            return found
        query = replace(query, cursor=page.cursor)
