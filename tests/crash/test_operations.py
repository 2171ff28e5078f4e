"""What the technical team asks for, cut short at each of its durable operations, and asked for again."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.adapters.vault import EnvelopeVault
from shared.domain import containers
from shared.domain.staff import StaffMember
from shared.usecases import poison
from shared.usecases.brands import Brands
from shared.usecases.collections import Collection
from shared.usecases.onboarding import First, make_brand, name_account_team
from shared.usecases.rewrapping import rewrap
from tests.support.crashing import Crash, Crashes, CrashingFiles, CrashingQueue, CrashingStore, Side
from tests.support.fakes import FakeClock
from tests.support.world import World, brand_record, make_world

Act = Callable[[World], Awaitable[None]]
State = Callable[[World], Awaitable[Any]]

NEW, OLD = b"n" * 32, b"m" * 32
TEAM = [First("t.1", "Tom"), First("t.2", "Tina")]
KEPT = "mails" + poison.SUFFIX


async def onboard(world: World) -> None:
    """A brand and its first account team."""
    brands = Brands(world.ports)
    await make_brand(brands, brand_record("initech"))
    await name_account_team(users(world), await brands.get("initech"), TEAM, "t.0")


async def onboarded(world: World) -> Any:
    """The brand works, and who may come in."""
    record = (await Brands(world.ports).get("initech")).record
    people = [await users(world).get(member.id, member.id) for member in TEAM]
    return record.id, record.created_at, [person.record.role_at("initech") for person in people if person]


async def wrap_anew(world: World) -> None:
    """Everything under a new master key."""
    await rewrap(Brands(replace(world.ports, vault=EnvelopeVault([NEW, OLD]))), 100, None)


async def wrapped_anew(world: World) -> Any:
    """The old one may go, here and beside the backups."""
    alone = Brands(replace(world.ports, vault=EnvelopeVault([NEW])))
    copies = [await alone.copied_keys(id) for id in ("acme", "globex")]
    found = [
        (await alone.get(id)).backup_key != "" and alone.ports.vault.is_newest(copy.ledger)
        for id, copy in zip(("acme", "globex"), copies, strict=True)
        if copy
    ]
    assert found == [True, True]
    return found


async def put_back(world: World) -> None:
    """Every message that was kept aside."""
    world.clock.advance(seconds=poison.LEASE_SECONDS)

    async def note(brands: Mapping[str, int]) -> None:
        assert set(brands) == {"acme"}

    await poison.replay(world.queue, world.queue, "mails", note)


async def was_put_back(world: World) -> Any:
    """Each is back, some perhaps twice, and none is kept."""
    return {waiting.message["batch"] for waiting in world.queue.queues["mails"]}, world.queue.queues[KEPT]


def users(world: World) -> Collection[StaffMember]:
    """The named users."""
    return Collection(world.ports.store.platform(containers.STAFF), StaffMember, "id")


async def played(act: Act, state: State, stop_at: int | None, side: Side = Side.BEFORE) -> tuple[Any, list[str]]:
    """What it ends with, and the operations of the first try, which ends at one of them if that is said."""
    crashes = Crashes(side=side)
    clock, store = FakeClock(), SqliteStore(None, inline=True)
    queue = CrashingQueue(clock, crashes)
    world = await make_world(CrashingStore(store, crashes), clock=clock, queue=queue, backups=CrashingFiles(crashes))
    world.queue = queue
    await queue.send(KEPT, [{"brand": "acme", "batch": letter * 24} for letter in "abc"])
    crashes.clear()
    crashes.stop_at = stop_at
    try:
        with suppress(Crash):
            await act(world)
        crashes.stop_at, operations = None, list(crashes.trace)
        await act(world)
        await act(world)  # and once more, for nothing
        return await state(world), operations
    finally:
        await store.close()


@pytest.mark.parametrize(
    ("act", "state", "least"), [(onboard, onboarded, 4), (wrap_anew, wrapped_anew, 4), (put_back, was_put_back, 3)]
)
async def test_wherever_it_was_cut_short_it_ends_the_same_when_it_is_asked_for_again(
    act: Act, state: State, least: int
) -> None:
    expected, operations = await played(act, state, None)
    assert len(operations) >= least
    for stop_at, operation in enumerate(operations, 1):
        for side in (Side.BEFORE, Side.AFTER):
            ended, done = await played(act, state, stop_at, side)
            assert len(done) == stop_at
            assert ended == expected, (operation, side)
