"""Which of several hosts runs the timers: the one that holds a lease on a blob, as with the real host."""

import asyncio
import contextlib
import logging
import time
import uuid
from hashlib import sha256
from pathlib import Path

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.blob.aio import BlobLeaseClient, BlobServiceClient

CONTAINER = "azure-webjobs-hosts"  # where the real host has its locks, too
LEASE_SECONDS = 15  # the shortest that storage grants; the real host takes sixty
ASK_EVERY = 3.0  # seconds: renews, or tries whether the holder is gone

logger = logging.getLogger("host.timers")


class TimerLock:
    """A lease that is renewed while its host lives, and that another host gets when it does not.

    `state` names the app: hosts over one state folder are one app. `instance` tells them apart; the host that comes back
    after a kill takes up its own lease, so that nobody need wait for the dead.
    """

    def __init__(self, connection_string: str, state: Path, instance: int) -> None:
        app = sha256(str(state).encode()).hexdigest()[:32]
        self._service = BlobServiceClient.from_connection_string(connection_string)
        self._blob = self._service.get_blob_client(CONTAINER, f"locks/{app}/timers")
        self._lease = BlobLeaseClient(self._blob, lease_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{app}.{instance}")))
        self._until = 0.0
        self._keeping: asyncio.Task[None] | None = None

    @property
    def held(self) -> bool:
        """Whether this host runs the timers now; a host that was stopped for long knows that it may not."""
        return time.monotonic() < self._until

    async def start(self) -> None:
        """Tries for the lease, and goes on trying or renewing."""
        with contextlib.suppress(ResourceExistsError):
            await self._service.create_container(CONTAINER)
        with contextlib.suppress(ResourceExistsError):
            await self._blob.upload_blob(b"", overwrite=False)
        await self._ask()
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Gives the lease back, so that another host need not wait."""
        if self._keeping:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self.held:
            with contextlib.suppress(AzureError):
                await self._lease.release()
        self._until = 0.0
        await self._service.close()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY)
            await self._ask()

    async def _ask(self) -> None:
        """Takes or renews: storage answers an asking with the id of a running lease by renewing it."""
        asked, before = time.monotonic(), self.held
        try:
            await self._lease.acquire(LEASE_SECONDS)
            self._until = asked + LEASE_SECONDS
        except AzureError as error:  # another host has it, or nobody can be asked
            if before:
                logger.warning("could not renew the timers' lease", exc_info=error)
        if self.held and not before:
            logger.info("this host runs the timers")
