"""The brand's keys that lead to a contact go with it (COL-12, DEL-8): else each is a way back to whoever is only a hash.

They go before the record is written: what is due, or asked for, is found again after a crash, and then its keys are gone
already. A record that was not written after all gets them back; what a crash loses then, the brand's next row gives again.
"""

from collections.abc import Iterable

from shared.domain.contact import Contact
from shared.domain.syncing import SyncKey
from shared.ports import Outcome, Query, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import BATCH, Change, chunks


async def take_keys(brand: Brand, contacts: Iterable[Contact]) -> list[SyncKey]:
    """Deletes the keys that lead to contacts; gives those that were there. Of who never came by them nothing is asked."""
    taken: list[SyncKey] = []
    for ids in chunks((contact.id for contact in contacts if contact.owned_by_brand_sync), BATCH):
        async for page in brand.sync_keys.pages(Query(where=(Where("contactId", "in", tuple(ids)),))):
            results = await brand.sync_keys.write_many([Change(item, None) for item in page])
            taken += [i.record for i, r in zip(page, results, strict=True) if r.outcome is Outcome.WRITTEN]
    return taken


async def give_back(brand: Brand, keys: Iterable[SyncKey], contacts: Iterable[str]) -> None:
    """Puts the keys of these contacts back, where nobody gave them away meanwhile."""
    kept = set(contacts)
    await brand.sync_keys.write_many([Change(None, key) for key in keys if key.contact_id in kept])
