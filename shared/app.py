"""The composition root: which adapter stands behind each port, made once and only when first needed."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from shared.calling import running
from shared.domain import containers
from shared.domain.quarantine import QuarantinedEvent
from shared.domain.staff import StaffMember
from shared.domain.tokens import Tokens
from shared.ports import Backlog, Ports, Store, Telemetry
from shared.providers import Lazily, address_books, identity_providers, social_networks
from shared.settings import Settings, read_settings
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Collection
from shared.usecases.placing import store_of

_overrides: dict[str, Any] = {}


def override(**ports: Any) -> None:
    """Puts other adapters behind ports, named as in `Ports`, or `telemetry`; for hosts and tests, before the first use."""
    _overrides.update(ports)
    for made in (settings, telemetry, ports_of_the_suite, brands):
        made.cache_clear()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return read_settings(os.environ)


@lru_cache(maxsize=1)
def telemetry() -> Telemetry:
    """Where the suite tells of itself; nowhere, and at no cost, unless a setting says so."""
    if "telemetry" in _overrides:
        return cast("Telemetry", _overrides["telemetry"])
    if connection := settings().insights:
        from shared.adapters.azure_monitor import to_azure_monitor

        return to_azure_monitor(connection)
    from shared.adapters.silent import Silent

    return Silent()


@lru_cache(maxsize=1)
def ports_of_the_suite() -> Ports:
    """Every port with its adapter; no connection is opened before it is used."""
    from shared.adapters.backup_files import BackupFiles
    from shared.adapters.clock import SystemClock
    from shared.adapters.mailjet import MailjetMailer
    from shared.adapters.storage_connection import StorageConnection
    from shared.adapters.storage_files import StorageFiles
    from shared.adapters.storage_queue import StorageQueue
    from shared.adapters.vault import EnvelopeVault

    s = settings()
    storage = StorageConnection(s.storage, s.storage_queue_uri, s.storage_blob_uri, s.storage_client_id)
    backups = StorageConnection(s.backup_storage, None, s.backup_blob_uri, s.storage_client_id)
    made: dict[str, Any] = {
        "queue": StorageQueue(storage),
        "files": StorageFiles(storage),
        "tombstones": StorageFiles(storage, "tombstones"),
        "backups": BackupFiles(backups),
        "mailer": MailjetMailer(s.mailjet_url, s.mailjet_api_key, s.mailjet_api_secret),
        "clock": SystemClock(),
        "vault": EnvelopeVault(s.master_keys),
        "tokens": Tokens(s.token_keys),
        "public_url": s.public_url,
        "bcrypt_cost": s.bcrypt_cost,
        "identity": identity_providers(s),
        "address_books": address_books(s),
        "networks": social_networks(s),
        **{name: port for name, port in _overrides.items() if name != "telemetry"},
    }
    if "store" not in made:
        made["store"] = _store(s.store_url, s.cosmos_key)
        made["accounts"] = {
            name: made["store"] if url == s.store_url else _store(url, s.cosmos_key)
            for name, url in s.store_accounts.items()
        }
    return Ports(**_counted(made))


def _counted(made: dict[str, Any]) -> dict[str, Any]:
    """The ports as they are told of; as they are when nobody hears."""
    from shared.adapters.silent import Silent

    if isinstance(telemetry(), Silent):
        return made
    from shared.adapters.counted import CountedMailer, CountedQueue, CountedStore

    return made | {
        "store": CountedStore(made["store"]),
        "accounts": {name: CountedStore(store) for name, store in made.get("accounts", {}).items()},
        "queue": CountedQueue(made["queue"]),
        "mailer": CountedMailer(made["mailer"], telemetry()),
    }


@lru_cache(maxsize=1)
def brands() -> Brands:
    """The directory of brands."""
    return Brands(ports_of_the_suite())


def backlog() -> Backlog:
    """What lies on the queues."""
    return cast("Backlog", ports_of_the_suite().queue)


async def brand(id: str) -> Brand:
    """One brand; raises UnknownObjectError when there is none."""
    opened = await brands().get(id)
    if call := running():
        call.brands.add(id)
    return opened


def quarantine() -> Collection[QuarantinedEvent]:
    """The mail events that are kept aside."""
    return Collection(ports_of_the_suite().store.platform(containers.QUARANTINE), QuarantinedEvent, "id")


def staff() -> Collection[StaffMember]:
    """The named users of the Manager."""
    return Collection(ports_of_the_suite().store.platform(containers.STAFF), StaffMember, "id")


async def scrub() -> None:
    """Lets erased bytes leave the files of an embedded store now, in every brand; for hosts that come to rest."""
    for id in await brands().all():
        await store_of(ports_of_the_suite(), (await brands().record(id)).record).scrub(id)


async def close() -> None:
    """Lets go of every connection that was opened; for hosts that stop in order."""
    if ports_of_the_suite.cache_info().currsize:
        ports = ports_of_the_suite()
        for store in (ports.store, *ports.accounts.values()):
            await store.close()
        files = (ports.files, ports.tombstones, ports.backups)
        lazy = (ports.identity, ports.address_books, ports.networks)
        asked = [one for some in lazy if isinstance(some, Lazily) for one in some.made()]
        for port in (ports.queue, *files, ports.mailer, *asked):
            if isinstance(port, Closing):
                await port.aclose()


@runtime_checkable
class Closing(Protocol):
    """An adapter that holds connections."""

    async def aclose(self) -> None:
        """Lets go of them."""
        ...


def _store(url: str, key: str | None) -> Store:
    if url.startswith("sqlite://"):
        from shared.adapters.sqlite import SqliteStore

        return SqliteStore(Path(url.removeprefix("sqlite://")))
    from shared.adapters.cosmos import CosmosStore

    return CosmosStore(url, key, lambda: telemetry().add("popsell.store.throttled"))
