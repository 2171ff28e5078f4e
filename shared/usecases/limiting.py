"""Rate limits that hold over every instance, since the count is in the store."""

from datetime import timedelta

from shared.domain.errors import TooManyRequestsError
from shared.domain.limits import LIMITS, Window
from shared.domain.records import stamp
from shared.ports import ConflictError, Outcome, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change


async def count_against(brand: Brand, operation: str, caller: str) -> None:
    """Counts one more time for a caller (an address, an IP: stored as keyed hash); raises TooManyRequestsError over it."""
    limit, now, id = LIMITS[operation], brand.now(), _id(brand, operation, caller)
    for _ in range(20):
        current = await brand.limits.get(id, id)
        try:
            if current is None:
                await brand.limits.create(Window(id=id, since=now, count=1))
                return
            window = current.record.counted(limit, now)
            if window.count > limit.times:
                raise TooManyRequestsError(int((window.since + limit.window - now).total_seconds()) or 1)
            await brand.limits.replace(current, window)
            return
        except (ConflictError, StaleError):
            continue
    raise TooManyRequestsError(1)


async def give_back(brand: Brand, operation: str, caller: str) -> None:
    """Takes one time back: what was counted did not come about."""
    id = _id(brand, operation, caller)
    for _ in range(20):
        current = await brand.limits.get(id, id)
        if current is None or current.record.count == 0:
            return
        try:
            await brand.limits.replace(current, current.record.changed(count=current.record.count - 1))
            return
        except StaleError:
            continue


async def forgive(brand: Brand, operation: str, caller: str) -> None:
    """Forgets the count: who got in was not guessing."""
    current = await brand.limits.get(id := _id(brand, operation, caller), id)
    if current:
        await brand.limits.write_many([Change(current, None)])


async def forget_old_windows(brand: Brand) -> int:
    """Deletes the counts of windows long over; gives how many."""
    deleted = 0
    old = Query(where=(Where("since", "<=", stamp(brand.now() - timedelta(days=1))),), order_by="since")
    async for page in brand.limits.pages(old):
        results = await brand.limits.write_many([Change(item, None) for item in page])
        deleted += sum(result.outcome is Outcome.WRITTEN for result in results)
    return deleted


def _id(brand: Brand, operation: str, caller: str) -> str:
    return f"{operation}.{brand.hasher.ref(caller)}"
