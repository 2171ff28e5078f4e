"""Staff look at the brand's contacts and ambassadors (VIS-1, VIS-2): the store is asked for what is theirs to see, and no more.

What a viewer may not see has no part in a page, its order, its cursor or its time: it is not read and then left out.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact
from shared.domain.errors import UnknownObjectError
from shared.domain.records import Record, stamp
from shared.domain.visibility import Standing, Viewer, ambassador_standing, sees_all
from shared.ports import Query, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Collection
from shared.usecases.paging import unveiled, veiled

T = TypeVar("T", bound=Record)

SHOWN = Where("brandSees", "=", True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which contacts a list is to hold."""

    status: AmbassadorOptIn | None = None
    brand_opt_in: BrandOptIn | None = None
    ambassador: str | None = None
    text: str | None = None


async def find_contacts(
    brand: Brand, viewer: Viewer, wanted: Wanted, limit: int, cursor: str | None
) -> tuple[list[Contact], str | None]:
    """One page of the contacts that the viewer may see, newest first."""
    order: str | None = "createdAt"
    where = [_everything(brand) if sees_all(viewer) else SHOWN]
    if wanted.status:
        where.append(Where("ambassadorOptIn", "=", wanted.status.value))
    if wanted.brand_opt_in:
        where.append(Where("brandOptIn", "=", wanted.brand_opt_in.value))
    if wanted.text and not sees_all(viewer):
        where.append(Where("brandSearch", "contains", wanted.text.casefold()))
    elif wanted.text and "@" in wanted.text:
        # Of an opted-out or a pending record only the hash tells the address.
        where[0] = Where("emailHash", "in", brand.hasher.refs(wanted.text))
        order = None
    elif wanted.text:
        where.append(Where("search", "contains", wanted.text.casefold()))
    query = Query(tuple(where), wanted.ambassador, order, descending=True, limit=limit)
    return await _page(brand, brand.contacts, query, cursor)


async def get_contact(brand: Brand, viewer: Viewer, contact: str) -> Contact:
    """The contact of an id; what the viewer may not see is unknown."""
    where = [Where("id", "=", contact), *([] if sees_all(viewer) else [SHOWN])]
    page, _ = await brand.contacts.page(Query(tuple(where), limit=1))
    if not page:
        raise UnknownObjectError
    return page[0].record


async def find_ambassadors(
    brand: Brand, viewer: Viewer, status: AccountStatus | None, text: str | None, limit: int, cursor: str | None
) -> tuple[list[Ambassador], str | None]:
    """One page of the accounts that the viewer may see, newest first."""
    where = [_everything(brand) if sees_all(viewer) else SHOWN]
    if status:
        where.append(Where("status", "=", status.value))
    if text:
        where.append(Where("search", "contains", text.casefold()))
    query = Query(tuple(where), order_by="createdAt", descending=True, limit=limit)
    return await _page(brand, brand.ambassadors, query, cursor)


async def get_ambassador(brand: Brand, viewer: Viewer, ambassador: str) -> Ambassador:
    """One account; what the viewer may not see is unknown."""
    found = await brand.ambassadors.get(ambassador, ambassador)
    if found is None or ambassador_standing(found.record, viewer) is Standing.HIDDEN:
        raise UnknownObjectError
    return found.record


async def _page(
    brand: Brand, collection: Collection[T], query: Query, cursor: str | None
) -> tuple[list[T], str | None]:
    page, next_cursor = await collection.page(replace(query, cursor=unveiled(brand, cursor)))
    return [item.record for item in page], veiled(brand, next_cursor)


def _everything(brand: Brand) -> Where:
    """Every record, in a form that an index answers; those of an instance whose clock is ahead, too."""
    return Where("createdAt", "<=", stamp(brand.now() + timedelta(days=1)))
