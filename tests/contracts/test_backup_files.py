"""Backups lie apart by how long they are kept (BAK-1), and what is immutable does not stop a brand's end (DEL-5)."""

from datetime import UTC, datetime

import pytest

from shared.adapters.backup_files import KEPT, KEYS, BackupFiles
from shared.adapters.storage_connection import StorageConnection
from shared.adapters.storage_files import IMMUTABLE, StorageFiles
from shared.domain.backups import Backup, Kind
from shared.domain.errors import TryAgainError
from shared.usecases.brands import keys_path
from tests.support.acts import entered, fresh_world
from tests.support.azurite import Azurite
from tests.support.disaster import backed_up, everything, restored
from tests.support.scripted_http import Answer, scripted_server
from tests.support.world import brand_record

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def paths_of(brand: str) -> dict[str, str]:
    """One path of each kind, and the container that it belongs in."""
    names = {kind: Backup(id=f"b{kind.value}", kind=kind, started_at=NOW).name for kind in Kind}
    return {
        keys_path(brand): KEYS,
        **{f"{brand}/manifests/{name}": KEPT[kind] for kind, name in names.items()},
        **{f"{brand}/parts/{name}/00000.abc": KEPT[kind] for kind, name in names.items()},
    }


@pytest.mark.rule("BAK-1")
async def test_BAK_1_each_kind_of_backup_lies_where_it_is_kept_for_its_time(azurite: Azurite, fresh_name: str) -> None:
    files = BackupFiles(azurite.connection)
    expected = paths_of(fresh_name)
    for path in expected:
        await files.write(path, [path.encode()])
    assert [path async for path in files.list(f"{fresh_name}/")] == sorted(expected)
    for path, container in expected.items():
        alone = StorageFiles(azurite.connection, container)
        assert [found async for found in alone.list(path)] == [path]
        await alone.aclose()
        assert b"".join([chunk async for chunk in files.read(path)]) == path.encode()
        await files.delete(path)
    assert [path async for path in files.list(f"{fresh_name}/")] == []
    await files.aclose()


@pytest.mark.rule("DEL-5")
async def test_DEL_5_what_is_immutable_stays_and_stops_nothing() -> None:
    async with scripted_server() as account:
        files = BackupFiles(at(account.url))
        account.script(Answer.of({"error": {"code": IMMUTABLE, "message": ""}}, 409))
        await files.delete(f"acme/parts/{Backup(kind=Kind.MONTHLY, started_at=NOW).name}/00000.abc")
        assert account.requests[-1].method == "DELETE"
        assert account.requests[-1].target.startswith("/devstoreaccount1/backups-monthly/acme/parts/")
        account.script(Answer.of({"error": {"code": "LeaseIdMissing", "message": ""}}, 412))
        with pytest.raises(TryAgainError):
            await files.delete(keys_path("acme"))
        account.script(Answer.of({"error": {"code": "SnapshotsPresent", "message": ""}}, 409))
        with pytest.raises(TryAgainError):
            await files.delete(keys_path("acme"))
        await files.aclose()


def at(url: str) -> StorageConnection:
    """An account that is somebody else's."""
    parts = ("DefaultEndpointsProtocol=http", "AccountName=devstoreaccount1", "AccountKey=a2V5")
    return StorageConnection(";".join((*parts, f"BlobEndpoint={url}/devstoreaccount1")))


@pytest.mark.rule("BAK-1")
async def test_BAK_1_what_lies_in_storage_can_be_put_back_and_ends_with_its_brand(
    azurite: Azurite, fresh_name: str
) -> None:
    files = BackupFiles(azurite.connection)
    async with fresh_world(brand_record(fresh_name), backups=files) as world:
        ada = (await world.ambassador(fresh_name)).id
        await entered(world, ada, "grace@example.org", brand=fresh_name)
        await backed_up(world, fresh_name)
        was = await everything(world, fresh_name)
        fresh, report = await restored(world, brand=fresh_name)
        assert await everything(fresh, fresh_name) == was
        assert report.documents == sum(map(len, was.values()))
        await fresh.ports.store.close()
        folders = [path.split("/")[1] async for path in files.list(f"{fresh_name}/")]
        assert set(folders) == {"keys", "manifests", "parts"}
        await world.brands.destroy_keys(fresh_name)
        assert f"{fresh_name}/keys" not in [path async for path in files.list(f"{fresh_name}/")]
    await files.aclose()
