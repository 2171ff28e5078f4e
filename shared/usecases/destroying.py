"""The keys of a brand that ended (DEL-5), once nobody is left (RET-9): no hash leads anywhere, no backup can be read."""

from shared.domain.retention import RuleId
from shared.usecases.access_log import forget_old_accesses
from shared.usecases.brands import Brands
from shared.usecases.placing import store_of


async def destroy(brands: Brands, id: str) -> bool:
    """Destroys the keys of a brand whose people were erased, and deletes its backups; gives whether it did, or had.

    First the keys, so that what a crash leaves of the backups is unreadable; last the word that all is done, so that
    whatever was cut short is taken up again by the next timer.
    """
    current = (await brands.record(id)).record
    if current.destroyed_at:
        await forget_old_accesses(await brands.what_is_left(id))  # the one thing that still has a date (RET-11)
        return True
    if current.erasing != RuleId.BRAND_ENDED.value or current.erased_at is None:
        return False
    await brands.destroy_keys(id)
    for files in (brands.ports.backups, brands.ports.tombstones):
        for path in [path async for path in files.list(f"{id}/")]:
            await files.delete(path)
    await store_of(brands.ports, current).scrub(id)
    latest = await brands.record(id)
    await brands.save(latest, latest.record.changed(destroyed_at=brands.ports.clock.now()))
    return True
