"""Every query that the Cosmos store can send, and every one that the suite really sends, has its index in the templates."""

import asyncio
import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import pytest

from functions.catalogue import TIMERS, load_all
from functions.http import OPERATIONS
from local.infra.indexes import uncovered
from local.infra.offline import parsed, texts
from local.infra.symbols import loaded_path
from shared.adapters.cosmos_homes import physical
from shared.adapters.sqlite import SqliteStore
from shared.adapters.store_contract import groups, indexed_paths, next_cursor
from shared.domain.containers import BRAND_CONTAINERS, CONTACTS, PLATFORM_CONTAINERS, Container
from shared.domain.staff import Role
from shared.ports import CursorError, Documents, Query, Where
from tests.functions.suite import ENVIRONMENT, serving
from tests.functions.tenants import settle
from tests.functions.test_visibility_walk import routes
from tests.support.cosmos_asked import Asked, AskedCosmos, AskedToo

DATABASE = PurePosixPath("infra/modules/database.bicep")
Made = Mapping[str, Mapping[str, Any]]


def made() -> tuple[str, Made, Made]:
    """The platform's database, and the containers that the templates make in it and in a brand's."""
    template = parsed(texts())[DATABASE]
    path = loaded_path(template, template.declared["suite"])
    assert path is not None
    suite = json.loads(texts()[path])
    return (
        suite["platformDatabase"],
        {container["id"]: container for container in suite["platformContainers"]},
        {container["id"]: container for container in suite["brandContainers"]},
    )


def faults(asked: Iterable[Asked], platform: Made, brand: Made) -> set[str]:
    """What these queries would find no index for."""
    name = made()[0]
    found = set()
    for one in asked:
        containers = platform if one.database == name else brand
        if one.container not in containers:
            found.add(f"there is no container {one.container}")
        else:
            found |= set(uncovered(one.sql, containers[one.container]))
    return found


@cache
def everything_asked() -> frozenset[Asked]:
    """What is sent when every container is asked in each way that its declaration allows; it takes a second or two."""
    store = AskedCosmos()
    asyncio.run(_ask_all(store))
    return frozenset(store.asked)


async def _ask_all(store: AskedCosmos) -> None:
    for container in BRAND_CONTAINERS:
        await _ask(container, store.brand("acme", container))
    for container in PLATFORM_CONTAINERS:
        await _ask(container, store.platform(container))


async def _ask(container: Container, documents: Documents) -> None:
    answered = set()
    for group, where in _conditions(container):
        try:
            await documents.count(where)
        except ValueError:
            pass
        else:
            answered.add(group)
        for query in _queries(group, where):
            try:
                page = await documents.query(query)
            except ValueError:
                continue
            answered.add(group)
            assert page.items == []
            await _go_on(documents, query)
    assert answered >= set(groups(container)), f"{container.name}: an index that answers nothing"


def _conditions(container: Container) -> Iterator[tuple[tuple[str, ...], tuple[Where, ...]]]:
    others = [*indexed_paths(container), *container.unique, "id"]
    more = [(), *((Where(path, "=", "x"),) for path in others)]
    more += [(Where(path, "contains", "x"),) for path in container.contains]
    for group in ((), *groups(container)):
        before = tuple(Where(path, "=", "x") for path in group[:-1])
        last = [tuple[Where, ...]()]
        if group:
            last += [(Where(group[-1], "=", "x"),), (Where(group[-1], "in", ("x", "y")),)]
            last += [(Where(group[-1], ">", "x"), Where(group[-1], "<=", "y"))]
        for end in last:
            for filters in more:
                yield group, (*before, *end, *filters)


def _queries(group: tuple[str, ...], where: tuple[Where, ...]) -> Iterator[Query]:
    for partition in (None, "p"):
        for order in (None, *group[-1:]):
            for descending in (False, True) if order else (False,):
                yield Query(where, partition=partition, order_by=order, descending=descending)


async def _go_on(documents: Documents, query: Query) -> None:
    """The page after, whose cursor has as many values as the order needs."""
    for width in (1, 2, 3):
        further = Query(
            query.where, query.partition, query.order_by, query.descending, cursor=next_cursor(["x"] * width)
        )
        try:
            await documents.query(further)
        except CursorError:
            continue
        return
    raise AssertionError("no cursor fits")


def test_every_query_that_can_be_sent_has_its_index() -> None:
    asked = everything_asked()
    assert len(asked) > 1000
    assert faults(asked, *made()[1:]) == set()
    assert {one.container for one in asked} == {*made()[1], *made()[2]}


async def test_every_query_that_the_suite_sends_has_its_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    load_all()
    store = AskedToo(SqliteStore(None, inline=True))
    async with serving(store) as suite:
        tenants = await settle(suite)
        teams = [await suite.staff(role, "acme") for role in (Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM)]
        reads = [operation for operation in OPERATIONS if operation.methods[0] == "GET"]
        for headers in ({"Authorization": f"Bearer {tenants.mine.me.token}"}, *teams):
            for path in (path for operation in reads for path in routes(operation, "acme", [tenants.mine.contact])):
                await suite.http.get(path, headers=headers, params={"limit": "1", "q": "ada"})
        for name in TIMERS:
            await suite.tick(name)
        await suite.world.drain()
    asked = store.cosmos.asked
    assert len(asked) > 60
    assert faults(asked, *made()[1:]) == set()


@pytest.mark.parametrize(
    ("defect", "says"),
    [
        ("a path", "contacts does not index /emailHash"),
        ("a composite index", "contacts has no composite index of /createdAt, /ambassadorId, /id"),
        ("a direction", "contacts has no composite index of /clock/rule, /clock/since, /ambassadorId, /id"),
        ("a container", "there is no container work"),
    ],
)
def test_a_query_without_its_index_is_found(defect: str, says: str) -> None:
    _, platform, brand = copy.deepcopy(made())
    policy: Any = brand[CONTACTS.name]["indexingPolicy"]
    if defect == "a path":
        policy["includedPaths"] = [path for path in policy["includedPaths"] if path["path"] != "/emailHash/?"]
    elif defect == "a composite index":
        policy["compositeIndexes"] = [group for group in policy["compositeIndexes"] if group[0]["path"] != "/createdAt"]
    elif defect == "a direction":
        (group,) = [group for group in policy["compositeIndexes"] if group[0]["path"] == "/clock/rule"]
        group[1]["order"] = "descending"
    else:
        brand = {name: container for name, container in brand.items() if name != "work"}
    assert faults(everything_asked(), platform, brand) == {says}


def test_an_index_that_nothing_declares_is_not_paid_for() -> None:
    for containers, declared in zip(made()[1:], (PLATFORM_CONTAINERS, BRAND_CONTAINERS), strict=True):
        assert set(containers) == {container.name for container in physical(declared)}
        for container in containers.values():
            policy = container["indexingPolicy"]
            assert {"path": "/*"} in policy["excludedPaths"]
            assert len(policy["compositeIndexes"]) <= 100


def test_an_account_has_room_for_thirty_brands_and_a_database_for_its_containers() -> None:
    _, platform, brand = made()
    assert len(brand) <= 25, "a database of shared throughput holds 25 containers"
    assert 1 + len(platform) + 30 * (1 + len(brand)) <= 500, "an account holds 500 databases and containers"
