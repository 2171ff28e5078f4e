"""Contests that a brand defines (ACT-2)."""

from contextlib import suppress
from datetime import datetime

from shared.domain.contest import Contest
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.records import stamp
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.saving import ATTEMPTS


async def save_contest(brand: Brand, id: str, *, title: str, usage: str, ends_at: datetime, days: int) -> Contest:
    """Defines a contest, or defines it anew; consents that were given keep saying what they said."""
    for _ in range(ATTEMPTS):
        current = await brand.contests.get(id, id)
        created = current.record.created_at if current else brand.now()
        contest = Contest(id=id, title=title, usage=usage, ends_at=ends_at, days=days, created_at=created)
        with suppress(StaleError, ConflictError):
            if current is None:
                await brand.contests.create(contest)
            elif contest != current.record:
                await brand.contests.replace(current, contest)
            return contest
    raise ChangedMeanwhileError


async def get_contest(brand: Brand, id: str) -> Contest:
    """A contest; raises UnknownObjectError."""
    found = await brand.contests.get(id, id)
    if found is None:
        raise UnknownObjectError
    return found.record


async def open_contest(brand: Brand, id: str, text_version: str) -> Contest:
    """A contest that still takes photos, and says what the person was shown; raises UnknownObjectError, ChangedMeanwhileError."""
    contest = await get_contest(brand, id)
    if contest.ends_at <= brand.now():
        raise UnknownObjectError
    if contest.text_version != text_version:
        raise ChangedMeanwhileError("The contest's terms changed: read them again")
    return contest


async def open_contests(brand: Brand) -> list[Contest]:
    """The contests that take photos now, the next to end first."""
    query = Query(where=(Where("endsAt", ">", stamp(brand.now())),), order_by="endsAt", limit=100)
    return [item.record for item in (await brand.contests.page(query))[0]]


async def all_contests(brand: Brand, limit: int, cursor: str | None) -> tuple[list[Contest], str | None]:
    """A page of every contest, the last to end first."""
    query = Query(order_by="endsAt", descending=True, limit=limit, cursor=cursor)
    page, following = await brand.contests.page(query)
    return [item.record for item in page], following
