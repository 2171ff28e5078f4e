"""What an ambassador did goes with the account (DEL-7): publications with all that hangs on them, reactions, flags, photos."""

from contextlib import suppress

from shared.domain.ambassador import Ambassador
from shared.domain.community import month_of
from shared.domain.errors import UnknownObjectError
from shared.domain.publication import parse_publication_id
from shared.ports import Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change
from shared.usecases.flags import forget_flags_about
from shared.usecases.reacting import recount
from shared.usecases.ugc import end_photos

SHARDS_AT_ONCE = 100


async def erase_activity(brand: Brand, account: Ambassador) -> None:
    """Erases it; may be cut short anywhere and done again. What others said to a publication goes with it."""
    async for page in brand.activity.pages(Query(partition=account.id)):
        for item in page:
            await _erase_publication(brand, item.record.id, month_of(item.record.created_at))
            with suppress(StaleError):
                await brand.activity.delete(item)
    left_over = Query(where=(Where("ambassadorId", "=", account.id),))
    async for entries in brand.feed.pages(left_over):  # a place whose publication never came
        await brand.feed.write_many([Change(item, None) for item in entries])
    async for reactions in brand.reactions.pages(left_over):
        for publication in {item.record.publication_id for item in reactions}:
            await _erase_reactions(brand, account.id, publication)
    await forget_flags_about(brand, account.id)
    await end_photos(brand, account.id, brand.now())


async def remove_publication(brand: Brand, ambassador: str, id: str) -> None:
    """Takes an own publication back: out of the flow, with all that was said to it, and its links lead nowhere any more.

    A mail that did not leave yet never will. Raises UnknownObjectError for anybody else's.
    """
    whose = parse_publication_id(id)
    found = await brand.activity.get(ambassador, id) if whose and whose.ambassador == ambassador else None
    if found is None:
        raise UnknownObjectError
    await _erase_publication(brand, id, month_of(found.record.created_at))
    with suppress(StaleError):
        await brand.activity.delete(found)


async def _erase_reactions(brand: Brand, ambassador: str, publication: str) -> None:
    """Takes the count down first: after a crash there might be no reaction left that leads to it."""
    own = Query(where=(Where("ambassadorId", "=", ambassador),), partition=publication)
    found = [item async for page in brand.reactions.pages(own) for item in page]
    await recount(brand, publication, without=[item.record for item in found])
    await brand.reactions.write_many([Change(item, None) for item in found])


async def _erase_publication(brand: Brand, id: str, month: str) -> None:
    async for reactions in brand.reactions.pages(Query(partition=id)):
        await brand.reactions.write_many([Change(item, None) for item in reactions])
    async for shards in brand.counters.pages(Query(partition=id, limit=SHARDS_AT_ONCE)):
        await brand.counters.write_many([Change(item, None) for item in shards])
    place = await brand.feed.get(month, id)
    if place:
        with suppress(StaleError):
            await brand.feed.delete(place)
