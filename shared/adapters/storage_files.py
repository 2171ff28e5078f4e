"""Blobs of an Azure storage account (or Azurite) behind the Files port."""

import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from shared.adapters.storage_connection import CLIENT_OPTIONS, StorageConnection, storage_faults

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.storage.blob.aio import BlobClient, BlobServiceClient

# As much as aiohttp sends in one go without holding up the loop; a blob may have 50,000 blocks.
BLOCK_BYTES = 1024 * 1024
IMMUTABLE = "BlobImmutableDueToPolicy"


class StorageFiles:
    """Files as block blobs of one container, which is made when the first file finds it missing.

    A store keeps deleted bytes for a while (soft delete, extents not yet reused): what is personal goes in
    sealed (`shared.domain.sealing`).
    """

    def __init__(self, connection: StorageConnection, container: str = "files") -> None:
        self._connection = connection
        self._container = container
        self._service: BlobServiceClient | None = None
        self._credential: AsyncTokenCredential | None = None

    async def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Stores the chunks as one file, replacing what was there only once the last has arrived.

        Holds a block of 1 MiB in memory, whatever the length. Raises TryAgainError; ValueError for a bad
        path.
        """
        from azure.storage.blob import BlobBlock

        blob = self._blob(path)
        write_id = secrets.token_hex(4)  # two writers of one path must not share block ids
        staged = []
        for number, block in enumerate(_blocks(chunks)):
            block_id = base64.b64encode(f"{write_id}-{number:05}".encode()).decode()
            await self._stored(partial(blob.stage_block, block_id, block))
            staged.append(BlobBlock(block_id))
        await self._stored(partial(blob.commit_block_list, staged))

    async def read(self, path: str) -> AsyncIterator[bytes]:
        """The file in chunks of up to 1 MiB.

        Raises FileNotFoundError; TryAgainError, also when the file is replaced meanwhile; ValueError for a
        bad path.
        """
        from azure.core.exceptions import ResourceNotFoundError

        blob = self._blob(path)
        with storage_faults():
            try:
                download = await blob.download_blob()
            except ResourceNotFoundError:
                raise FileNotFoundError("there is no such file") from None
            async for chunk in download.chunks():
                yield chunk

    async def delete(self, path: str) -> None:
        """Deletes the file, if it is there; one that the account keeps immutable stays until its day, and its rules delete it.

        Raises TryAgainError; ValueError for a bad path.
        """
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        with storage_faults():
            try:
                await self._blob(path).delete_blob(delete_snapshots="include")
            except ResourceNotFoundError:
                return
            except ResourceExistsError as refused:  # what the SDK makes of any 409
                if getattr(refused, "error_code", None) != IMMUTABLE:
                    raise

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """The paths that begin so, in the order of their bytes. Raises TryAgainError."""
        from azure.core.exceptions import ResourceNotFoundError

        container = self._connected().get_container_client(self._container)
        with storage_faults():
            try:
                async for name in container.list_blob_names(name_starts_with=prefix):
                    yield name
            except ResourceNotFoundError:  # nothing was written yet
                return

    async def aclose(self) -> None:
        """Lets go of the connections."""
        if self._service:
            await self._service.close()
        if self._credential:
            await self._credential.close()
        self._service = self._credential = None

    async def _stored(self, call: Callable[[], Awaitable[object]]) -> None:
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        with storage_faults():
            try:
                await call()
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):  # somebody else was first
                    await self._connected().create_container(self._container)
                await call()

    def _blob(self, path: str) -> "BlobClient":
        # A dot segment would be resolved on the way, and end in another brand's folder (BR-1).
        if any(part in ("", ".", "..") for part in path.split("/")) or "\\" in path:
            raise ValueError("not a path of a file")
        return self._connected().get_blob_client(self._container, path)

    def _connected(self) -> "BlobServiceClient":
        from azure.storage.blob.aio import BlobServiceClient

        if self._service:
            return self._service
        to, options = self._connection, dict(CLIENT_OPTIONS)
        options |= {"max_single_get_size": BLOCK_BYTES, "max_chunk_get_size": BLOCK_BYTES}
        if to.connection_string:
            self._service = BlobServiceClient.from_connection_string(to.connection_string, **options)
            return self._service
        if not to.blob_service_uri:
            raise ValueError("neither a connection string nor a blob service URI is set")
        self._credential = to.credential()
        self._service = BlobServiceClient(to.blob_service_uri, self._credential, **options)
        return self._service


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of one size, whatever the chunks."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= BLOCK_BYTES:
            yield bytes(waiting[:BLOCK_BYTES])
            del waiting[:BLOCK_BYTES]
    if waiting:
        yield bytes(waiting)
