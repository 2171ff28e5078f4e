"""How to reach the storage account: by a connection string, or as the app's managed identity."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.domain.errors import TryAgainError

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

# The SDK's own first retry waits 15 seconds, longer than a person waits for a page. What still fails after
# these few seconds is tried again by the queue or the timer.
CLIENT_OPTIONS: Mapping[str, Any] = {
    "initial_backoff": 1,
    "increment_base": 2,
    "random_jitter_range": 1,
    "retry_total": 3,
    "connection_timeout": 5,
    "read_timeout": 30,
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StorageConnection:
    """The settings of one storage account; a connection string, when there is one, decides alone.

    Else the service URIs are asked under the managed identity: the user-assigned one of `client_id`, or the
    app's own.
    """

    connection_string: str | None = field(default=None, repr=False)
    queue_service_uri: str | None = None
    blob_service_uri: str | None = None
    client_id: str | None = None

    def credential(self) -> "AsyncTokenCredential":
        """The managed identity, to be closed by who asked for it."""
        from azure.identity.aio import ManagedIdentityCredential

        return ManagedIdentityCredential(client_id=self.client_id)


@contextmanager
def storage_faults() -> Iterator[None]:
    """Turns what the SDK raises into TryAgainError without its message; the log names the kind of fault."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        code = getattr(error, "error_code", None)
        _log.warning("storage fault: %s %s", type(error).__name__, code or "without a code")
        raise TryAgainError("storage did not take the request") from None
