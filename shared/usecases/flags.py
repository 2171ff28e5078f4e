"""Flags for staff to look into and decide on (ACT-5): nothing follows from one by itself (art. 22)."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from shared.domain.disposition import Done
from shared.domain.errors import ChangedMeanwhileError, DecidedError, UnknownObjectError
from shared.domain.flags import Flag
from shared.ports import ConflictError, Outcome, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned
from shared.usecases.saving import ATTEMPTS


async def flag(brand: Brand, kind: str, subject_id: str, reason: str) -> None:
    """Raises a flag about a subject (an id or a keyed hash) with its reason; once a day for the same kind and subject."""
    now = brand.now()
    raised = Flag.raised(f"{kind}.{subject_id}.{now:%Y%m%d}", kind, subject_id, reason, now)
    with suppress(ConflictError):
        await brand.flags.create(raised)


async def forget_flags_about(brand: Brand, subject: str) -> None:
    """Deletes the flags about an account that goes (DEL-7)."""
    async for page in brand.flags.pages(Query(where=(Where("subject", "=", subject),))):
        await brand.flags.write_many([Change(item, None) for item in page])


async def forget_flags(brand: Brand, flags: Sequence[Versioned[Flag]]) -> Counter[str]:
    """Deletes flags that are due; who changed meanwhile stays, and is judged again another time (RET-16)."""
    results = await brand.flags.write_many([Change(item, None) for item in flags])
    gone = sum(result.outcome is Outcome.WRITTEN for result in results)
    return +Counter({f"done.{Done.DELETED}": gone, "skipped.changed_meanwhile": len(flags) - gone})


async def find_flags(brand: Brand, *, only_open: bool, limit: int, cursor: str | None) -> tuple[list[Flag], str | None]:
    """One page of the flags, newest first; those that wait, or all."""
    order = "openSince" if only_open else "at"
    page, cursor = await brand.flags.page(Query(order_by=order, descending=True, limit=limit, cursor=cursor))
    return [item.record for item in page], cursor


async def close_flag(brand: Brand, id: str, by: str, decision: str, because: str) -> Flag:
    """Writes down what a person decided, and why; the same again changes nothing. Raises DecidedError for another word."""
    for _ in range(ATTEMPTS):
        current = await brand.flags.get(id, id)
        if current is None:
            raise UnknownObjectError
        known = current.record
        if known.closed_at:
            if (known.decision, known.decided_because) != (decision, because):
                raise DecidedError
            return known
        with suppress(StaleError):
            return (await brand.flags.replace(current, known.closed(brand.now(), by, decision, because))).record
    raise ChangedMeanwhileError
