"""Counts over several instances: no document is a hot spot, and none of them is lost."""

import asyncio

import pytest

from shared.domain.counting import KEYS_KEPT, SHARDS, Counted, CountShard
from shared.domain.publication import new_publication_id
from shared.usecases.brands import Brand
from shared.usecases.counting import Counts, count_one, counts_of

pytestmark = pytest.mark.rule("ACT-4")


async def test_what_many_count_at_once_adds_up(acme: Brand, ada: str) -> None:
    id = new_publication_id("acme", ada)
    await asyncio.gather(*(count_one(acme, id, Counted.CLICKS) for _ in range(60)))
    await asyncio.gather(*(count_one(acme, id, Counted.OPENS, f"key {n % 10}") for n in range(40)))
    assert await counts_of(acme, [id]) == {id: Counts(opens=10, clicks=60)}
    shards = await acme.counters.get_many([(id, str(shard)) for shard in range(SHARDS)])
    assert len(shards) > 1


async def test_another_brands_publication_is_not_counted(acme: Brand, ada: str) -> None:
    for id in (new_publication_id("globex", ada), "x"):
        await count_one(acme, id, Counted.CLICKS)
        assert await counts_of(acme, [id]) == {id: Counts()}


def test_a_shard_remembers_its_newest_keys() -> None:
    shard = CountShard(id="0", publication_id="p", ambassador_id="a")
    for n in range(KEYS_KEPT + 5):
        shard = shard.plus(Counted.OPENS, str(n))
    assert shard.opens == KEYS_KEPT + 5 and len(shard.keys) == KEYS_KEPT
    assert shard.plus(Counted.OPENS, str(KEYS_KEPT + 4)) == shard
