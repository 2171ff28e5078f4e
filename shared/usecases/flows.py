"""Keeping log-ins that are under way: stored when they begin, gone when they are finished, swept when they lapse."""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shared.domain import containers
from shared.domain.errors import UnknownObjectError
from shared.domain.flows import LASTS, Flow, FlowPurpose, browser_ref
from shared.domain.ids import new_id
from shared.domain.records import stamp
from shared.domain.sealing import SealBrokenError, new_file_key, seal_text, unseal_text
from shared.ports import Outcome, Ports, Query, StaleError, Where
from shared.usecases.collections import Change, Collection, Versioned


@dataclass(frozen=True, slots=True)
class Sent:
    """Where the person goes now, and the key that their browser brings back as a cookie."""

    url: str
    key: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A flow that somebody came back with, and what it held."""

    flow: Flow
    content: dict[str, Any]


def redirect_uri(ports: Ports, purpose: FlowPurpose) -> str:
    """Where providers send people back to: one address for ambassadors of every brand, one for the Manager."""
    return f"{ports.public_url}/{'manager' if purpose is FlowPurpose.MANAGER else 'login'}/callback"


async def send(
    ports: Ports,
    purpose: FlowPurpose,
    provider: str,
    *,
    tenant: str | None = None,
    brand: str | None = None,
    more: dict[str, Any] | None = None,
) -> Sent:
    """Begins a log-in; raises UnknownObjectError for a provider that the settings do not know."""
    known = ports.identity.get(provider)
    if known is None:
        raise UnknownObjectError
    id = new_id()
    begun = await known.begin(redirect_uri(ports, purpose), id, tenant)
    key = await keep(ports, id, purpose, provider, brand, {"secrets": begun.secrets, **(more or {})})
    return Sent(begun.url, key)


async def keep(
    ports: Ports, id: str, purpose: FlowPurpose, provider: str, brand: str | None, content: dict[str, Any]
) -> str:
    """Stores a flow sealed under a fresh key, and gives the key."""
    key = new_file_key()
    flow = Flow(
        id=id,
        purpose=purpose,
        provider=provider,
        brand=brand,
        expires_at=ports.clock.now() + LASTS,
        browser=browser_ref(key),
        sealed=seal_text(json.dumps(content), key),
    )
    await _flows(ports).create(flow)
    return key


async def look(ports: Ports, id: str | None, key: str | None, *purposes: FlowPurpose) -> Taken:
    """The flow as it is, for a page that is shown again; raises UnknownObjectError as `take` does."""
    return (await _found(ports, id, key, purposes))[1]


async def take(ports: Ports, id: str | None, key: str | None, *purposes: FlowPurpose) -> Taken:
    """Takes a flow out, once: whoever comes second, or by another browser, or too late, finds none (UnknownObjectError)."""
    current, taken = await _found(ports, id, key, purposes)
    try:
        await _flows(ports).delete(current)
    except StaleError:
        raise UnknownObjectError from None
    return taken


async def _found(
    ports: Ports, id: str | None, key: str | None, purposes: tuple[FlowPurpose, ...]
) -> tuple[Versioned[Flow], Taken]:
    current = await _flows(ports).get(id, id) if id and key else None
    if current is None or key is None or not current.record.is_of(key):
        raise UnknownObjectError
    flow = current.record
    if flow.purpose not in purposes or flow.expires_at <= ports.clock.now():
        raise UnknownObjectError
    with suppress(SealBrokenError, ValueError):
        return current, Taken(flow, json.loads(await unseal_text(flow.sealed, key)))
    raise UnknownObjectError


async def forget_old_flows(ports: Ports) -> int:
    """Deletes the flows that nobody came back with; gives how many."""
    deleted = 0
    old = Query(where=(Where("expiresAt", "<=", stamp(ports.clock.now())),), order_by="expiresAt")
    async for page in _flows(ports).pages(old):
        results = await _flows(ports).write_many([Change(item, None) for item in page])
        deleted += sum(result.outcome is Outcome.WRITTEN for result in results)
    return deleted


def _flows(ports: Ports) -> Collection[Flow]:
    return Collection(ports.store.platform(containers.FLOWS), Flow, "id")
