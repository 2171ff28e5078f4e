"""A store that is lost, and a suite that gets a backup of it back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from inspect import isasyncgenfunction
from typing import Any

from shared.adapters.sqlite import SqliteStore
from shared.domain.contact import Contact
from shared.ports import Store
from shared.usecases import back_up
from shared.usecases.answer import Answer
from shared.usecases.brands import Brands
from shared.usecases.replay import replay
from shared.usecases.restore import Restored, restore
from tests.support.acts import answered, invited
from tests.support.world import World


class Interrupted:
    """A port in whose first call of one method something else happens."""

    def __init__(self, port: Any, method: str, happens: Callable[[], Awaitable[None]]) -> None:
        self._port = port
        self._method = method
        self._happens: Callable[[], Awaitable[None]] | None = happens

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name != self._method or self._happens is None:
            return method
        happens, self._happens = self._happens, None
        if isasyncgenfunction(method):

            async def listed(*args: Any) -> AsyncIterator[Any]:
                await happens()
                async for item in method(*args):
                    yield item

            return listed

        async def called(*args: Any) -> Any:
            answer = await method(*args)
            await happens()
            return answer

        return called


async def backed_up(world: World, brand: str = "acme", *, now: bool = True) -> None:
    """Makes the backup that is due, and a moment passes."""
    await back_up.start_backup(world.brands, brand, now=now)
    await world.drain()
    world.clock.advance(seconds=1)


def after_the_loss(world: World, store: Store | None = None) -> World:
    """The same suite with an empty store: everything else is still there."""
    ports = replace(world.ports, store=store or SqliteStore(None, inline=True))
    return World(ports, world.clock, world.queue, world.mailer, world.files, Brands(ports))


async def restored(world: World, at: datetime | None = None, brand: str = "acme") -> tuple[World, Restored]:
    """The suite after its store was lost and a brand put back."""
    fresh = after_the_loss(world)
    fresh.queue.queues.clear()
    return fresh, await restore(fresh.brands, brand, at or world.clock.now())


async def everything(world: World, brand: str = "acme") -> dict[str, list[dict[str, Any]]]:
    """Every document of a brand's containers that are backed up."""
    found: dict[str, list[dict[str, Any]]] = {}
    for container in back_up.CONTAINERS:
        feed = world.ports.store.brand(brand, container)
        position: str | None = None
        documents: list[dict[str, Any]] = []
        while True:
            page = await feed.changes(position)
            documents += page.items
            position = page.position
            if not page.more:
                break
        if documents:
            found[container.name] = sorted(documents, key=lambda document: str(document["id"]))
    return found


async def accepted(world: World, ada: str, *emails: str) -> list[Contact]:
    """Contacts who said yes, a day ago."""
    await invited(world, ada, *emails)
    found = [await answered(world, email, Answer.ACCEPT) for email in emails]
    world.clock.advance(days=1)
    return found


async def replayed_again(world: World, brand: str = "acme") -> int:
    """How much a second replay changes."""
    opened = await world.brands.being_restored(brand)
    return (await replay(opened, world.clock.now() - timedelta(days=400))).changed


async def states(world: World) -> dict[str, str]:
    """The opt-in of every contact that still has an address."""
    return {c.email: c.ambassador_opt_in.value for c in await world.contacts() if c.email}
