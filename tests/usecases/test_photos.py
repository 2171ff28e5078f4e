"""Ambassadors' photos: sealed, replaced, taken away, and never left behind (AMB-1)."""

import asyncio
import io
from collections.abc import Iterable

import pytest
from PIL import Image

from shared.domain.ambassador import Ambassador
from shared.domain.errors import ChangedMeanwhileError, InvalidInputError, UnknownObjectError
from shared.usecases import leaving, photos
from shared.usecases.accounts import active_account
from shared.usecases.brands import Brand
from tests.support.pictures import bomb, photo_from_a_telephone, picture
from tests.support.records import days
from tests.support.world import World


async def account_of(brand: Brand, id: str) -> Ambassador:
    return (await active_account(brand, id)).record


@pytest.mark.rule("AMB-1")
async def test_AMB_1_a_photo_is_kept_small_without_metadata_and_sealed(world: World, acme: Brand, ada: str) -> None:
    await photos.save_photo(acme, ada, photo_from_a_telephone(1, (1000, 800)))
    account = await account_of(acme, ada)
    shown = await photos.read_photo(acme, account)
    assert Image.open(io.BytesIO(shown.data)).size == (512, 410) and b"Secret" not in shown.data
    assert account.photo and list(world.files.files) == [account.photo.file]
    stored = world.files.files[account.photo.file]
    assert shown.data[:20] not in stored and account.photo.file.startswith("acme/")
    assert account.loose_files == ()


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize("data", [b"<svg/>", picture("GIF"), bomb()])
async def test_AMB_1_what_is_refused_leaves_the_photo_before_as_it_was(
    world: World, acme: Brand, ada: str, data: bytes
) -> None:
    await photos.save_photo(acme, ada, picture())
    before = await account_of(acme, ada)
    with pytest.raises(InvalidInputError):
        await photos.save_photo(acme, ada, data)
    assert await account_of(acme, ada) == before and len(world.files.files) == 1


@pytest.mark.rule("AMB-1")
async def test_AMB_1_a_new_photo_replaces_the_old_one_and_its_file(world: World, acme: Brand, ada: str) -> None:
    await photos.save_photo(acme, ada, picture(size=(10, 10)))
    await photos.save_photo(acme, ada, picture(size=(20, 20)))
    account = await account_of(acme, ada)
    assert account.photo and list(world.files.files) == [account.photo.file]
    shown = await photos.read_photo(acme, account)
    assert Image.open(io.BytesIO(shown.data)).size == (20, 20)


@pytest.mark.rule("AMB-1")
async def test_AMB_1_taken_away_it_is_gone_and_taking_it_away_again_is_fine(
    world: World, acme: Brand, ada: str
) -> None:
    await photos.save_photo(acme, ada, picture())
    for _ in range(2):
        await photos.remove_photo(acme, ada)
    assert world.files.files == {}
    with pytest.raises(UnknownObjectError):
        await photos.read_photo(acme, await account_of(acme, ada))


async def test_of_photos_of_one_moment_one_is_kept_and_no_file_is_left(world: World, acme: Brand, ada: str) -> None:
    await asyncio.gather(*(photos.save_photo(acme, ada, picture(size=(10 + n, 10))) for n in range(3)))
    account = await account_of(acme, ada)
    assert account.photo and list(world.files.files) == [account.photo.file]
    assert account.loose_files == () and account.loose_since is None


async def test_a_file_that_a_crash_left_is_found_and_what_comes_too_late_is_not_shown(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = world.files.write

    async def slow(path: str, chunks: Iterable[bytes]) -> None:
        await write(path, chunks)
        world.clock.advance(minutes=11)
        assert (await world.recover()).loose_files == 1

    monkeypatch.setattr(world.files, "write", slow)
    with pytest.raises(ChangedMeanwhileError):
        await photos.save_photo(acme, ada, picture())
    assert world.files.files == {}
    account = await account_of(acme, ada)
    assert (account.photo, account.loose_files) == (None, ())


@pytest.mark.rule("DEL-4")
@pytest.mark.rule("DEL-8")
async def test_DEL_4_the_photo_goes_with_the_account_and_comes_back_with_it(
    world: World, acme: Brand, ada: str
) -> None:
    await photos.save_photo(acme, ada, picture())
    await leaving.remove(acme, ada, "brand")
    with pytest.raises(UnknownObjectError):
        await photos.save_photo(acme, ada, picture())
    await leaving.restore(acme, ada, "brand")
    await photos.read_photo(acme, await account_of(acme, ada))
    await leaving.remove(acme, ada, "brand")
    world.clock.advance(days(7))
    await world.sweep()
    assert world.files.files == {}


@pytest.mark.parametrize("harm", ["lost", "swapped"])
async def test_a_file_that_is_lost_or_not_ours_is_no_photo(world: World, acme: Brand, ada: str, harm: str) -> None:
    await photos.save_photo(acme, ada, picture())
    account = await account_of(acme, ada)
    assert account.photo
    if harm == "lost":
        world.files.files.clear()
    else:
        world.files.files[account.photo.file] = b"another file"
    with pytest.raises(UnknownObjectError):
        await photos.read_photo(acme, account)
