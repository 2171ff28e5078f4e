"""Watching for bursts from one address (ACT-5): counted under a salt of the day, flagged with the reason, never punished."""

import secrets
from contextlib import suppress
from datetime import timedelta

from shared.domain.flags import FlagKind
from shared.domain.records import stamp
from shared.domain.tracing import BURSTS, Trace, Visitor, salt_id, trace_id
from shared.ports import ConflictError, Outcome, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change
from shared.usecases.flags import flag

ATTEMPTS = 5


async def notice(brand: Brand, kind: FlagKind, visitor: Visitor, subject: str | None = None) -> None:
    """Counts what an address did; a burst raises a flag about the subject, or about the hash itself.

    A trace is worth less than what it is of: when every try is outrun it is left out.
    """
    id = trace_id(kind, await _salt(brand), visitor.ip, subject)
    burst, now = BURSTS[kind], brand.now()
    for _ in range(ATTEMPTS):
        current = await brand.traces.get(id, id)
        trace = (current.record if current else Trace(id=id, at=now)).again(visitor.user_agent, burst, now)
        if trace.count == burst.times:
            minutes = int(burst.window.total_seconds() // 60)
            reason = f"{trace.count} times within {minutes} minutes from one address, by {len(trace.agents)} browsers"
            await flag(brand, kind, subject or id.split(".")[1], reason)
        with suppress(ConflictError, StaleError):
            if current is None:
                await brand.traces.create(trace)
            else:
                await brand.traces.replace(current, trace)
            return


async def forget_traces(brand: Brand) -> int:
    """Deletes the salts of days that are over, and traces older than the policy says; gives how many."""
    now = brand.now()
    days = [salt_id(now - timedelta(days=back)) for back in range(1, brand.policy.trace_days + 2)]
    deleted = await brand.traces.write_many(
        [Change(item, None) for item in (await brand.traces.get_many([(day, day) for day in days])).values()]
    )
    old = Query(where=(Where("at", "<=", stamp(now - timedelta(days=brand.policy.trace_days))),), order_by="at")
    async for page in brand.traces.pages(old):
        deleted += await brand.traces.write_many([Change(item, None) for item in page])
    return sum(result.outcome is Outcome.WRITTEN for result in deleted)


async def _salt(brand: Brand) -> bytes:
    """Today's salt, made by whoever needs it first."""
    id = salt_id(brand.now())
    known = await brand.traces.get(id, id)
    if known is None:
        salt = brand.ports.vault.wrap(secrets.token_bytes(32))
        try:
            known = await brand.traces.create(Trace(id=id, at=brand.now(), salt=salt))
        except ConflictError:
            known = await brand.traces.get(id, id)
    if known is None or known.record.salt is None:
        raise ConflictError("the day's salt was forgotten in this moment")
    return brand.ports.vault.unwrap(known.record.salt)
