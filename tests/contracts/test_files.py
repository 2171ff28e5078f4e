"""What every Files does: blobs on a real Azurite, and the fake that other tests use."""

from collections.abc import AsyncIterator, Iterator

import pytest

from shared.adapters.storage_connection import StorageConnection
from shared.adapters.storage_files import BLOCK_BYTES, StorageFiles
from shared.domain.errors import TryAgainError
from shared.domain.sealing import new_file_key, seal, unseal
from shared.ports import Files
from tests.support.azurite import Azurite
from tests.support.fakes import FakeFiles


@pytest.fixture(params=["fake", "storage"])
async def files(request: pytest.FixtureRequest) -> AsyncIterator[Files]:
    if request.param == "fake":
        yield FakeFiles()
        return
    azurite: Azurite = request.getfixturevalue("azurite")
    adapter = StorageFiles(azurite.connection)
    yield adapter
    await adapter.aclose()


@pytest.fixture
def path(fresh_name: str) -> str:
    return f"acme/imports/{fresh_name}"


async def content(files: Files, path: str) -> bytes:
    return b"".join([chunk async for chunk in files.read(path)])


@pytest.mark.parametrize(
    "size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 7], ids=lambda size: f"{size} bytes"
)
async def test_a_file_reads_as_it_was_written(files: Files, path: str, size: int) -> None:
    written = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    await files.write(path, (written[start : start + 1_000_000] for start in range(0, size, 1_000_000)))
    assert await content(files, path) == written


async def test_writing_again_replaces(files: Files, path: str) -> None:
    await files.write(path, [b"a longer ", b"first version"])
    await files.write(path, [b"second"])
    assert await content(files, path) == b"second"


async def test_a_write_that_breaks_off_leaves_what_was_there(files: Files, path: str) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * BLOCK_BYTES
        raise ConnectionError

    await files.write(path, [b"whole"])
    with pytest.raises(ConnectionError):
        await files.write(path, broken())
    assert await content(files, path) == b"whole"


@pytest.mark.rule("DEL-8")
async def test_a_deleted_file_is_gone_and_can_be_deleted_again(files: Files, path: str) -> None:
    await files.write(path, [b"content"])
    await files.delete(path)
    await files.delete(path)
    with pytest.raises(FileNotFoundError):
        await content(files, path)


@pytest.mark.rule("BAK-3")
async def test_BAK_3_files_are_listed_by_how_their_paths_begin_in_order(files: Files, path: str) -> None:
    assert [found async for found in files.list(path)] == []
    for name in ("/b", "/a/2", "/a/10", "/c"):
        await files.write(path + name, [b"content"])
    await files.write(path + "else", [b"content"])
    assert [found.removeprefix(path) async for found in files.list(path + "/")] == ["/a/10", "/a/2", "/b", "/c"]
    assert [found.removeprefix(path) async for found in files.list(path + "/a/")] == ["/a/10", "/a/2"]
    await files.delete(path + "/b")
    assert [found.removeprefix(path) async for found in files.list(path + "/b")] == []


async def test_a_file_that_never_was_is_not_found(files: Files, path: str) -> None:
    await files.delete(path)
    with pytest.raises(FileNotFoundError):
        await content(files, path)


@pytest.mark.rule("BR-1")
@pytest.mark.parametrize("bad", ["acme/../globex/photo", "acme//photo", "/acme", "acme/.", "", "acme\\..\\globex"])
async def test_no_path_leads_out_of_a_brands_folder(files: Files, bad: str) -> None:
    with pytest.raises(ValueError, match="path"):
        await files.write(bad, [b"content"])
    with pytest.raises(ValueError, match="path"):
        await content(files, bad)
    with pytest.raises(ValueError, match="path"):
        await files.delete(bad)


async def test_a_path_may_hold_what_a_url_would_read_otherwise(files: Files, path: str) -> None:
    odd = path + " é%2F?x#y"
    await files.write(odd, [b"content"])
    assert await content(files, odd) == b"content"


async def test_a_sealed_file_comes_back_from_storage(files: Files, path: str) -> None:
    key, plain = new_file_key(), [b"name,email\n", b"x" * 300_000]
    await files.write(path, seal(plain, key))
    assert b"".join([chunk async for chunk in unseal(files.read(path), key)]) == b"".join(plain)
    assert b"name,email" not in await content(files, path)


async def test_a_connection_needs_an_address() -> None:
    with pytest.raises(ValueError, match="blob service URI"):
        await StorageFiles(StorageConnection()).delete("acme/photo")


async def test_a_connection_without_a_string_uses_the_managed_identity() -> None:
    files = StorageFiles(StorageConnection(blob_service_uri="https://account.blob.core.test"))
    assert files._connected().account_name == "account"
    await files.aclose()


async def test_what_storage_refuses_is_to_be_tried_again(azurite: Azurite) -> None:
    wrong_key = azurite.connection_string.replace("AccountKey=", "AccountKey=AAAA")
    files = StorageFiles(StorageConnection(connection_string=wrong_key))
    with pytest.raises(TryAgainError):
        await files.write("acme/photo", [b"content"])
    await files.aclose()
