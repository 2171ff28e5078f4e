"""Pictures come back with the brand, and nobody's who was erased since (BAK-1, BAK-3)."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.domain.errors import TryAgainError, UnknownObjectError
from shared.domain.ids import new_id
from shared.usecases import back_up, leaving, photos, ugc
from shared.usecases.brands import Brand, Brands
from shared.usecases.file_copies import VOID, Brought
from shared.usecases.restore import Restored, restore
from tests.support.disaster import backed_up
from tests.support.fakes import FakeFiles
from tests.support.pictures import picture
from tests.support.world import World

pytestmark = [pytest.mark.rule("BAK-1"), pytest.mark.rule("BAK-3")]


async def everything_lost(world: World) -> tuple[World, Restored]:
    """An empty installation: no store, no files; what is left are backups and tombstones."""
    fresh = replace(world.ports, store=SqliteStore(None, inline=True), files=FakeFiles())
    suite = World(fresh, world.clock, world.queue, world.mailer, world.files, Brands(fresh))
    suite.queue.queues.clear()
    return suite, await restore(suite.brands, "acme", world.clock.now())


async def copies(world: World) -> list[str]:
    """The copies in the backups' account."""
    return [path async for path in world.ports.backups.list("acme/files/")]


async def account_photo(brand: Brand, ambassador: str) -> bytes | None:
    """What is shown of an account; None for no photo."""
    found = await brand.ambassadors.get(ambassador, ambassador)
    return (await photos.read_photo(brand, found.record)).data if found and found.record.photo else None


async def test_pictures_come_back_into_an_empty_installation(world: World, acme: Brand, ada: str) -> None:
    await photos.save_photo(acme, ada, picture())
    own = await ugc.upload(acme, ada, picture())
    before = await account_photo(acme, ada), (await ugc.picture_of(acme, own)).data
    await backed_up(world)
    fresh, done = await everything_lost(world)
    again = await fresh.brand()
    assert done.pictures == Brought(back=2)
    assert (await account_photo(again, ada), (await ugc.picture_of(again, own)).data) == before


@pytest.mark.rule("DEL-8")
async def test_whoever_was_erased_or_took_a_picture_away_since_has_none_afterwards(
    world: World, acme: Brand, ada: str
) -> None:
    bea = (await world.ambassador("acme", "bea@example.org")).id
    for ambassador in (ada, bea):
        await photos.save_photo(acme, ambassador, picture())
    gone, stays = await ugc.upload(acme, bea, picture()), await ugc.upload(acme, bea, picture())
    of_ada = await ugc.upload(acme, ada, picture())
    await backed_up(world)
    world.clock.advance(minutes=1)
    await ugc.remove(acme, bea, gone.id)
    await photos.remove_photo(acme, bea)
    await leaving.remove(acme, ada, "staff:s")
    world.clock.advance(days=7)
    await world.sweep()
    fresh, done = await everything_lost(world)
    assert done.pictures == Brought(back=1)
    assert [path async for path in fresh.ports.files.list("acme/")] == [stays.file]
    found = await (await fresh.brand()).ugc.get(ada, of_ada.id)
    assert found is None or found.record.file is None


async def test_a_picture_is_copied_once_a_month_and_goes_with_its_time(world: World, acme: Brand, ada: str) -> None:
    await photos.save_photo(acme, ada, picture())
    await backed_up(world)
    first = await copies(world)
    for _ in range(3):  # whoever logs in is in each hour's backup, the photo is not
        world.clock.advance(hours=1)
        current = await acme.ambassadors.get(ada, ada)
        assert current
        await acme.ambassadors.replace(current, current.record.changed(about=new_id()))
        await backed_up(world)
    assert await copies(world) == first and len(first) == 1
    await ugc.upload(acme, ada, picture())
    world.clock.advance(hours=1)
    await backed_up(world)
    assert len(await copies(world)) == 2
    world.clock.advance(days=32)
    await backed_up(world)
    assert len(await copies(world)) == 4
    world.clock.advance(days=366)
    await back_up.forget_old_backups(await world.brand())
    assert await copies(world) == []


async def test_a_copy_is_sealed_twice_and_read_back_and_one_that_is_broken_is_told(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await photos.save_photo(acme, ada, picture())
    shown = await account_photo(acme, ada)
    (file,) = [path async for path in world.ports.files.list("acme/photos/")]
    backups = world.ports.backups
    write = backups.write

    async def cut_off(path: str, chunks: Iterable[bytes]) -> None:
        whole = b"".join(chunks)
        await write(path, [whole[:-1] if "/files/" in path else whole])

    with monkeypatch.context() as patched:
        patched.setattr(backups, "write", cut_off)
        with pytest.raises(TryAgainError):
            await backed_up(world)
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert sum(path.endswith(VOID) for path in await copies(world)) == 1 and len(await copies(world)) == 3
    lies = b"".join([piece async for piece in world.ports.files.read(file)])
    for path in await copies(world):
        assert lies not in b"".join([piece async for piece in backups.read(path)])
    fresh, done = await everything_lost(world)
    assert done.pictures == Brought(back=1) and await account_photo(await fresh.brand(), ada) == shown
    assert isinstance(backups, FakeFiles)
    for path in [path for path in backups.files if "/files/" in path]:
        backups.files[path] = backups.files[path][:-1]
    fresh, done = await everything_lost(world)
    assert done.pictures == Brought(lost=1), "and the rest of the brand is back"
    found = await (await fresh.brand()).ambassadors.get(ada, ada)
    assert found and found.record.photo
    with pytest.raises(UnknownObjectError):
        await photos.read_photo(await fresh.brand(), found.record)
