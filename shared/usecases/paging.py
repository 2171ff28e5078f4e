"""Pages for people who may not see all that the store walks over: their cursors are veiled (VIS-2, VIS-4, BR-1)."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from shared.domain.cursors import unveil, veil
from shared.domain.errors import FieldError, InvalidInputError
from shared.domain.records import Record
from shared.ports import Query
from shared.usecases.brands import Brand
from shared.usecases.collections import Collection

T = TypeVar("T", bound=Record)
Shown = TypeVar("Shown")
See = Callable[[Sequence[T]], Coroutine[Any, Any, Sequence[Shown | None]]]

AHEAD = 10
LOOK_THROUGH = 500  # at once, where much is hidden


def veiled(brand: Brand, cursor: str | None) -> str | None:
    """The store's cursor as an outsider may hold it: it names the last record that was walked over, shown or not."""
    return veil(cursor, brand.ledger_key)


def unveiled(brand: Brand, cursor: str | None) -> str | None:
    """What `veiled` hid; raises InvalidInputError for what is no cursor of this brand's."""
    try:
        return unveil(cursor, brand.ledger_key)
    except ValueError:
        raise InvalidInputError(errors=[FieldError("cursor", "is not one that this list gave")]) from None


async def page_of(collection: Collection[T], query: Query, see: See[T, Shown]) -> tuple[list[Shown], str | None]:
    """A page as full as can be of what `see` shows of the records, None for those that are hidden, and the store's cursor.

    There is a cursor only where something to be shown follows: neither a short page nor a cursor tells of what is hidden.
    """
    found: list[Shown] = []
    size = query.limit
    while True:
        page, cursor = await collection.page(replace(query, limit=size))
        shown = [(place, one) for place, one in enumerate(await see([i.record for i in page])) if one is not None]
        lacking = query.limit - len(found)
        if len(shown) > lacking:  # looked too far: the cursor is to stand behind the last that is shown
            size = shown[lacking - 1][0] + 1
            continue
        found += [one for _, one in shown]
        query = replace(query, cursor=cursor)
        if cursor is None or len(found) == query.limit:
            return found, cursor if cursor and await _more(collection, query, see) else None
        size = LOOK_THROUGH


async def _more(collection: Collection[T], query: Query, see: See[T, Shown]) -> bool:
    """Whether anything that follows is shown; mostly the first is."""
    size = AHEAD
    while True:
        page, cursor = await collection.page(replace(query, limit=size))
        if any(one is not None for one in await see([item.record for item in page])):
            return True
        if cursor is None:
            return False
        query, size = replace(query, cursor=cursor), LOOK_THROUGH
