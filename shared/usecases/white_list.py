"""The brand's white list (REG-3): loaded in batches, hashed on the way in, counted and never shown.

A list that replaces another counts from one moment to the next: its entries are stored beside those of the old one, and
one write of the list's own document makes them those that count. What a crash leaves half loaded, or half deleted, the
recovery timer clears away.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.errors import ChangedMeanwhileError
from shared.domain.ids import new_short_id
from shared.domain.white_list import LIST, Allowed, Entitled, Loading, WhiteList, entry_id
from shared.ports import ConflictError, Outcome, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import BATCH, Change, chunks
from shared.usecases.saving import ATTEMPTS

LOADING_TAKES = timedelta(hours=1)  # at most: what still comes after that was cut short

Row = tuple[Entitled, str]


@dataclass(slots=True)
class Loaded:
    """What came in, as counts; `refused` by reason."""

    loaded: Counter[Entitled] = field(default_factory=Counter)
    repeated: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many entries count now, and since when."""

    emails: int = 0
    customer_ids: int = 0
    changed_at: datetime | None = None


async def is_listed(brand: Brand, kind: Entitled, value: str) -> bool:
    """Whether the list that counts now has this value, under any version of the hash key."""
    found = await brand.white_list.get(LIST, LIST)
    if found is None or found.record.load is None:
        return False
    ids = [entry_id(found.record.load, kind, ref) for ref in brand.hasher.refs(value)]
    return bool(await brand.allowed.get_many([(id, id) for id in ids]))


async def counts(brand: Brand) -> Counts:
    """How large the list is. Nothing gives the entries."""
    found = await brand.white_list.get(LIST, LIST)
    if found is None or found.record.load is None:
        return Counts()
    of_load = Where("load", "=", found.record.load)
    return Counts(
        await brand.allowed.count(of_load, Where("kind", "=", Entitled.EMAIL.value)),
        await brand.allowed.count(of_load, Where("kind", "=", Entitled.CUSTOMER_ID.value)),
        found.record.changed_at,
    )


async def load(brand: Brand, rows: Iterable[Row | str], *, replaces: bool) -> Loaded:
    """Takes in a list; a row that is text is the reason why it is refused. Sent again it changes nothing.

    With `replaces` the new list counts once its last row is stored, and the old one, until then whole, is deleted. Else
    each row counts as soon as it is stored.
    """
    call, done, fresh = new_short_id(), Loaded(), new_short_id()

    def begun(current: WhiteList) -> WhiteList:
        into = fresh if replaces or current.load is None else current.load
        coming = Loading(id=call, load=into, since=brand.now())
        return current.changed(load=current.load if replaces else into, coming=(*current.coming, coming))

    mine = next(loading for loading in (await _change(brand, begun)).coming if loading.id == call)
    for some in chunks(rows, BATCH):
        await _store(brand, mine.load, some, done)

    def ended(current: WhiteList) -> WhiteList:
        coming = tuple(loading for loading in current.coming if loading != mine)
        in_time = len(coming) < len(current.coming)  # else it was taken for cut short, and a part is deleted
        counts_now = mine.load if replaces and in_time else current.load
        over = {current.load, mine.load} - {counts_now, None}
        return current.changed(load=counts_now, coming=coming, going=(*current.going, *sorted(filter(None, over))))

    after = await _change(brand, ended)
    await _delete_going(brand, after)
    if after.load != mine.load:
        raise ChangedMeanwhileError("Another list was loaded meanwhile, or this one took too long")
    return done


async def clear_away(brand: Brand, before: datetime) -> int:
    """Deletes what was cut short while it came or went; gives how many loads."""
    found = await brand.white_list.get(LIST, LIST)
    if found is None or found.record.changed_at > before or not (found.record.coming or found.record.going):
        return 0

    def given_up(current: WhiteList) -> WhiteList:
        late = tuple(loading for loading in current.coming if loading.since <= brand.now() - LOADING_TAKES)
        coming = tuple(loading for loading in current.coming if loading not in late)
        over = sorted({loading.load for loading in late} - {current.load})
        return current.changed(coming=coming, going=(*current.going, *over))

    after = await _change(brand, given_up)
    await _delete_going(brand, after)
    return len(after.going)


async def _store(brand: Brand, load: str, rows: list[Row | str], done: Loaded) -> None:
    fresh: dict[str, Entitled] = {}
    for row in rows:
        if isinstance(row, str):
            done.refused[row] += 1
            continue
        kind, value = row
        id = entry_id(load, kind, brand.hasher.ref(value))
        done.repeated += id in fresh
        fresh[id] = kind
    changes: list[Change[Allowed]] = [Change(None, Allowed(id=id, load=load, kind=kind)) for id, kind in fresh.items()]
    for kind, result in zip(fresh.values(), await brand.allowed.write_many(changes), strict=True):
        if result.outcome is Outcome.WRITTEN:
            done.loaded[kind] += 1
        else:
            done.repeated += 1


async def _delete_going(brand: Brand, list: WhiteList) -> None:
    for load in list.going:
        async for page in brand.allowed.pages(Query(where=(Where("load", "=", load),), order_by="kind")):
            await brand.allowed.write_many([Change(item, None) for item in page])
    if list.going:
        gone = set(list.going)
        await _change(brand, lambda current: current.changed(going=tuple(sorted({*current.going} - gone))))


async def _change(brand: Brand, act: Callable[[WhiteList], WhiteList]) -> WhiteList:
    for _ in range(ATTEMPTS):
        current = await brand.white_list.get(LIST, LIST)
        after = act(current.record if current else WhiteList(id=LIST, changed_at=brand.now())).changed(
            changed_at=brand.now()
        )
        with suppress(ConflictError, StaleError):
            if current is None:
                return (await brand.white_list.create(after)).record
            return (await brand.white_list.replace(current, after)).record
    raise ChangedMeanwhileError
