"""The backups' files, by how long they are kept: a container of its own for each time, so that Azure can hold each to it."""

from collections.abc import AsyncIterator, Iterable
from typing import Final

from shared.adapters.storage_connection import StorageConnection
from shared.adapters.storage_files import StorageFiles
from shared.domain.backups import Kind, kind_of

KEYS: Final = "backup-keys"
KEPT: Final = {Kind.MONTHLY: "backups-monthly", Kind.DAILY: "backups-hourly", Kind.HOURLY: "backups-hourly"}
"""Immutable and deleted by rules of the storage account (infra/modules/backups.bicep); the keys are neither (DEL-5)."""


class BackupFiles:
    """The Files port over the containers of the backups' account: a path's name says which of them it is in."""

    def __init__(self, connection: StorageConnection) -> None:
        names = dict.fromkeys((KEYS, *KEPT.values()))
        self._containers = {name: StorageFiles(connection, name) for name in names}

    async def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Stores the chunks as one file. Raises TryAgainError, also for what is there and immutable; ValueError."""
        await self._of(path).write(path, chunks)

    def read(self, path: str) -> AsyncIterator[bytes]:
        """The file in chunks. Raises FileNotFoundError, TryAgainError, ValueError."""
        return self._of(path).read(path)

    async def delete(self, path: str) -> None:
        """Deletes the file; what is still immutable stays until its day, when the account deletes it."""
        await self._of(path).delete(path)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """The paths that begin so, of all containers, in the order of their bytes. Raises TryAgainError."""
        waiting = [aiter(files.list(prefix)) for files in self._containers.values()]
        heads = [(await anext(paths, None), paths) for paths in waiting]
        while here := [(path, paths) for path, paths in heads if path is not None]:
            first, paths = min(here, key=lambda head: head[0].encode())
            yield first
            heads = [*(head for head in here if head[1] is not paths), (await anext(paths, None), paths)]

    async def aclose(self) -> None:
        """Lets go of the connections."""
        for files in self._containers.values():
            await files.aclose()

    def _of(self, path: str) -> StorageFiles:
        kind = kind_of(path)
        return self._containers[KEYS if kind is None else KEPT[kind]]
