"""A canary with every field filled in, put everywhere: after the erasure in one brand no byte of them is left there (DEL-8).

Done by the search that `./dev audit` makes, over the embedded store and its files on the disk.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.audit import search_the_disk
from local.needles import Needles
from local.state import State
from shared.adapters.sqlite import SqliteStore
from shared.domain import containers as c
from shared.domain.auditing import Finding
from shared.domain.canaries import Canary, sought
from shared.domain.containers import Container
from shared.domain.data_map import PLACES
from shared.domain.records import Record
from shared.domain.rights import PASSED_ON_FOR, RightState
from shared.usecases import back_up, leaving, rights_desk
from shared.usecases.audit import audit_queues
from shared.usecases.erasure import request_erasure
from shared.usecases.export_contacts import export_contacts
from shared.usecases.looking import Wanted
from shared.usecases.searching import Search
from tests.support.acts import ledger_faults
from tests.support.canary import canary_of, empty_fields
from tests.support.canary_activity import CONTEST_DAYS, Placed
from tests.support.canary_places import BY_ITSELF, LEFT_OUT, put_everywhere
from tests.support.fakes import Waiting
from tests.support.world import World, make_world

# What the brand calls its own customer, for as long as the brand's database reads there that it was erased (RGT-6, art. 19).
PASSED_ON = ("store: rights", "reached[].key", "Contact customer id")
NOBODY_TAKES_IT = datetime(2100, 1, 1, tzinfo=UTC)
NOT_ABOUT_THEM = ("nobody", "staff")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store = SqliteStore(tmp_path / "store", inline=True)
    yield await make_world(store)
    await store.close()


async def searched(world: World, folder: Path, *canaries: Canary) -> list[Finding]:
    for brand in ("acme", "globex"):
        await world.ports.store.scrub(brand)
    wanted = sought(canaries)
    search = Search(world.ports, wanted, Needles(wanted), lambda _: None)
    for id in ("acme", "globex"):
        await search.brand(await world.brands.what_is_left(id))
    await search.platform(["acme", "globex"])
    await audit_queues(world.queue, search)
    search_the_disk(search, State(folder))
    return search.findings


async def everything(world: World, brand: str) -> dict[str, Any]:
    """Every document of a brand, and its files, byte for byte."""
    kept: dict[str, Any] = {path: data for path, data in world.files.files.items() if path.startswith(f"{brand}/")}
    for container in c.BRAND_CONTAINERS:
        position: str | None = None
        while True:
            page = await world.ports.store.brand(brand, container).changes(position)
            for document in page.items:
                kept[f"{container.name} {document[container.partition]} {document['id']}"] = json.dumps(document)
            position = page.position
            if not page.more:
                break
    return kept


def place_of(record: Record) -> str:
    (where,) = {place.where for place in PLACES if place.name == type(record).__name__}
    assert isinstance(where, Container)
    return f"store: {where.name}"


def someone(id: str, placed: Placed, since: datetime) -> Canary:
    account = placed.account
    more = {"birth": account.date_of_birth or "", **placed.pictures}
    return canary_of(id, placed.records, "acme", since, **more)


@pytest.mark.rule("DEL-4")
async def test_DEL_4_the_canary_is_in_every_record_that_may_be_about_somebody_with_every_field(world: World) -> None:
    placed = await put_everywhere(world, await world.brand(), "one")
    models = {type(record).__name__ for record in placed.records}
    wanted = {
        place.name
        for place in PLACES
        if isinstance(place.where, Container)
        and place.where in c.BRAND_CONTAINERS
        and place.whose not in NOT_ABOUT_THEM
    }
    assert wanted - models == BY_ITSELF
    for model in sorted(models):
        of_one = [record for record in placed.records if type(record).__name__ == model]
        empty = set.intersection(*map(empty_fields, of_one))
        assert empty == LEFT_OUT.get(model, {}).keys(), model


@pytest.mark.rule("DEL-8")
@pytest.mark.rule("RGT-4")
@pytest.mark.rule("DEL-7")
@pytest.mark.rule("BR-1")
async def test_DEL_8_nothing_of_the_canary_is_left_in_one_brand_and_the_other_is_untouched(
    world: World, tmp_path: Path, record_property: Any
) -> None:
    await put_everywhere(world, await world.brand("globex"), "one")
    await world.drain()
    acme = await world.brand()
    placed = await put_everywhere(world, acme, "one")
    contact = await put_everywhere(world, acme, "two")  # of whom only the contact is erased
    await export_contacts(acme, Wanted(), 100, None)
    backup = await back_up.start_backup(world.brands, "acme")
    assert backup
    await back_up.run_backup(acme, backup.id)
    fail_for_good(world)
    one = someone("one", placed, world.clock.now())

    found = await searched(world, tmp_path, one)
    seen = {(f.value, f.place) for f in found}
    for record in placed.records:
        for label in labels_of(record, one):
            assert (label, place_of(record)) in seen, f"{label} was put there, and not found"
    assert {f.value for f in found if f.place == "files"} >= {"photo", "picture", "uploaded"}
    for place in ("disk: store", "backups"):
        assert {f.value for f in found if f.place == place} >= {"Contact email", "Contact comments", "Ambassador iban"}
    record_property("canary: values put and found", sum(map(len, one.values.values())))
    before = await everything(world, "globex")

    world.clock.advance(timedelta(hours=1))  # what was backed up before may hold them (BAK-3)
    await request_erasure(acme, placed.email, "staff")
    await request_erasure(acme, contact.email, "staff")
    await leaving.remove(acme, placed.account.id, "staff:s")
    requests, _ = await rights_desk.find_requests(acme, only_open=True, limit=10, cursor=None)
    for request in requests:
        await rights_desk.close(acme, request.id, "s", state=RightState.DONE, note="answered", said="It was erased")
    fail_for_good(world)
    await world.drain()

    erased_at = world.clock.advance(timedelta(seconds=1))
    await back_up.start_backup(world.brands, "acme", now=True)
    await world.drain()
    left = of_the_contact(await searched(world, tmp_path, someone("two", contact, erased_at)))
    own = f"{contact.account.id}: "  # the account of the same address is not what was asked for
    stored = [f for f in left if f.place.startswith("store") and not f.what.startswith(own)]
    assert {(f.place, f.what.partition(": ")[2], f.value) for f in stored} == {PASSED_ON}
    assert [f.value for f in left if f.place == "backups"] == []

    world.clock.advance(timedelta(days=8))
    await world.sweep()
    world.clock.advance(timedelta(days=CONTEST_DAYS))
    await world.sweep()
    await world.drain()
    world.clock.advance(PASSED_ON_FOR)
    await world.recover()
    await back_up.start_backup(world.brands, "acme", now=True)
    await world.drain()

    gone = someone("one", placed, world.clock.now())
    left_over = [(f.place, f.what, f.value) for f in await searched(world, tmp_path, gone)]
    assert left_over == []
    assert await ledger_faults(world) == []
    assert await everything(world, "globex") == before
    kept = json.dumps(await everything_documents(world))
    assert all(
        text in kept for text in (acme.hasher.ref(placed.email), placed.contacts[0].city or "", placed.account.id)
    )


def fail_for_good(world: World) -> None:
    """What waits on each queue also lies on its poison queue, as if it had failed five times."""
    for name in [name for name in world.queue.queues if not name.endswith("-poison")]:
        failed = [Waiting(waiting.message, NOBODY_TAKES_IT) for waiting in world.queue.queues[name]]
        world.queue.queues[f"{name}-poison"] += failed


def of_the_contact(findings: list[Finding]) -> list[Finding]:
    return [f for f in findings if (f.value or "").startswith("Contact ")]


def labels_of(record: Record, canary: Canary) -> list[str]:
    return [label for label in canary.values if label.startswith(f"{type(record).__name__} ")]


async def everything_documents(world: World) -> list[str]:
    return [text for text in (await everything(world, "acme")).values() if isinstance(text, str)]
