"""Doing once what is asked for twice under one key (`Idempotency-Key`): the second time the first answer is given.

The request is written down before it is done, with the name of what it will make. Cut short, it is taken up under the same name
by the repeat, and finds what is there already.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from shared.domain.errors import InProgressError, InvalidInputError, KeyReusedError
from shared.domain.ids import new_id
from shared.domain.records import stamp
from shared.domain.repeats import BUSY_FOR, KEPT_FOR, Repeat, refs_of, said_as, says_the_same
from shared.ports import ConflictError, Outcome, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned

Answer = Mapping[str, Any]
Do = Callable[[str, bool], Awaitable[Answer]]


async def once(brand: Brand, scope: str, key: str | None, body: bytes, do: Do) -> Answer:
    """The answer of `do(seed, again)`, which is done once for each key of a scope; without a key each time.

    `again` says that it may have been begun before. Raises KeyReusedError for another body under the key, InProgressError while
    the first request is still at it, and whatever `do` raises: then the key is free for a corrected body.
    """
    if key is None:
        return await do(new_id(), False)
    current, again = await _begun(brand, scope, key, body)
    if current.record.answer is not None:
        return current.record.answer
    try:
        answer = await do(current.record.seed, again)
    except InvalidInputError:
        await brand.repeats.write_many([Change(current, None)])
        raise
    except Exception:
        await brand.repeats.write_many([Change(current, current.record.changed(busy_until=None))])
        raise
    await brand.repeats.write_many([Change(current, current.record.answered(answer))])
    return answer


async def forget_repeats(brand: Brand) -> int:
    """Deletes requests of a week ago; gives how many."""
    old = Query(where=(Where("at", "<=", stamp(brand.now() - KEPT_FOR)),), order_by="at")
    deleted = 0
    async for page in brand.repeats.pages(old):
        results = await brand.repeats.write_many([Change(item, None) for item in page])
        deleted += sum(result.outcome is Outcome.WRITTEN for result in results)
    return deleted


async def _begun(brand: Brand, scope: str, key: str, body: bytes) -> tuple[Versioned[Repeat], bool]:
    """The request, taken by this caller, and whether it was begun before."""
    refs, now = refs_of(brand.hasher, scope, key), brand.now()
    known = next(iter((await brand.repeats.get_many([(ref, ref) for ref in refs])).values()), None)
    if known is None:
        fresh = Repeat(id=refs[0], said=said_as(brand.hasher, body), seed=new_id(), at=now, busy_until=now + BUSY_FOR)
        with suppress(ConflictError):
            return await brand.repeats.create(fresh), False
        raise InProgressError
    if not says_the_same(brand.hasher, known.record, body):
        raise KeyReusedError
    if known.record.answer is not None:
        return known, True
    if known.record.busy(now):
        raise InProgressError
    with suppress(StaleError):
        return await brand.repeats.replace(known, known.record.changed(busy_until=now + BUSY_FOR)), True
    raise InProgressError
