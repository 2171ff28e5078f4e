"""Whether this instance can do its work now: each part that it cannot be without is asked something cheap."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from shared.domain.errors import NotReadyError
from shared.ports import Backlog, Files, Query
from shared.usecases.brands import Brands

WITHIN_SECONDS = 2.0
ANY_QUEUE = "mails"
NOBODYS_FOLDER = "ready/"


async def check_ready(brands: Brands, backlog: Backlog) -> None:
    """Raises NotReadyError that names the parts which do not answer, or not in time; nothing of what they said."""
    ports = brands.ports
    parts: Mapping[str, Callable[[], Awaitable[object]]] = {
        "store": lambda: brands.records.page(Query(limit=1)),
        "keys": lambda: _unwrap_one(brands),
        "queues": lambda: backlog.depth(ANY_QUEUE),
        "files": lambda: _list(ports.files),
        "tombstones": lambda: _list(ports.tombstones),
        "backups": lambda: _list(ports.backups),
    }
    answers = await asyncio.gather(*(_answers(ask) for ask in parts.values()))
    failing = [name for name, answered in zip(parts, answers, strict=True) if not answered]
    if failing:
        raise NotReadyError(f"Not ready: {', '.join(failing)}")


async def _answers(ask: Callable[[], Awaitable[object]]) -> bool:
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            await ask()
    except Exception:  # whatever it is, the part is not there
        return False
    return True


async def _unwrap_one(brands: Brands) -> None:
    """The keys of some brand open under the master keys that are here; a platform without brands has none."""
    page, _ = await brands.keys.page(Query(limit=1))
    for keys in page:
        for wrapped in (*keys.record.hash.values(), keys.record.ledger):
            brands.ports.vault.unwrap(wrapped)


async def _list(files: Files) -> None:
    async for _ in files.list(NOBODYS_FOLDER):
        return
