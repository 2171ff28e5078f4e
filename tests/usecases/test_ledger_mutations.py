"""A thousand random ways of tampering with the ledger, also of people who were anonymised: each is found (CON-7)."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.domain.containers import LEDGER
from shared.ports import Document, Key, Outcome, Query, Write
from shared.usecases import leaving
from shared.usecases.answer import Answer, Scope
from shared.usecases.collections import chunks
from shared.usecases.erasure import request_erasure
from tests.support.acts import answered, invited, ledger_faults, opted_out
from tests.support.world import World

MUTATIONS = 1000
PEOPLE = 60
SEED = 20300101

Chain = list[Document]


def leaves(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Where in an entry something stands that can be changed."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from leaves(inside, *path, name)
    else:
        yield path


def other(value: Any, random_: random.Random) -> Any:
    """The value with one byte of it changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + random_.choice((-1, 1, 10))
    at = random_.randrange(len(value))
    return value[:at] + random_.choice([c for c in "aZ0z .-_TtfF9" if c != value[at]]) + value[at + 1 :]


def change_a_byte(chains: list[Chain], random_: random.Random) -> list[Chain]:
    (chain,) = chains
    entry = random_.choice(chain)
    *way, name = random_.choice([path for path in leaves(entry) if value_at(entry, path) != ""])
    place = value_at(entry, way)
    place[name] = other(place[name], random_)
    return chains


def value_at(entry: Any, path: Any) -> Any:
    for name in path:
        entry = entry[name]
    return entry


def drop(chains: list[Chain], random_: random.Random) -> list[Chain]:
    (chain,) = chains
    del chain[random_.randrange(len(chain))]
    return chains


def drop_the_tail(chains: list[Chain], random_: random.Random) -> list[Chain]:
    (chain,) = chains
    del chain[random_.randrange(len(chain)) :]
    return chains


def swap(chains: list[Chain], random_: random.Random) -> list[Chain]:
    (chain,) = chains
    one, another = random_.sample(chain, 2)
    for name in ("seq", "id"):
        one[name], another[name] = another[name], one[name]
    return chains


def duplicate(chains: list[Chain], random_: random.Random) -> list[Chain]:
    (chain,) = chains
    copied = dict(random_.choice(chain))
    seq = random_.choice((copied["seq"], len(chain) + 1))
    chain.append({**copied, "seq": seq, "id": f"{copied['subject']}.{900_000 + seq}"})
    return chains


def move(chains: list[Chain], random_: random.Random) -> list[Chain]:
    """To the end of somebody else's chain, with or without the place that it takes there."""
    one, another = chains
    entry = one.pop(random_.randrange(len(one)))
    entry["subject"] = another[0]["subject"]
    if random_.random() < 0.5:
        entry["seq"] = len(another) + 1
    entry["id"] = f"{entry['subject']}.{entry['seq']:06d}x"
    another.append(entry)
    return chains


def drop_a_field(chains: list[Chain], random_: random.Random) -> list[Chain]:
    (chain,) = chains
    entry = random_.choice(chain)
    del entry[random_.choice([name for name in entry if name not in ("id", "subject")])]
    return chains


def say_the_same_otherwise(chains: list[Chain], random_: random.Random) -> list[Chain]:
    """What a reader would not notice, since it takes one for the other."""
    (chain,) = chains
    entry = random_.choice(chain)
    name, value = random_.choice([("at", entry["at"].lower()), ("seq", str(entry["seq"])), ("unknown", None)])
    entry[name] = value
    return chains


KINDS: tuple[tuple[Callable[[list[Chain], random.Random], list[Chain]], int, int], ...] = (
    # what is done, to how many chains, of at least how many entries
    (change_a_byte, 1, 1), (change_a_byte, 1, 1), (change_a_byte, 1, 1), (drop, 1, 1), (drop_the_tail, 1, 1),
    (say_the_same_otherwise, 1, 1), (swap, 1, 2), (duplicate, 1, 1), (move, 2, 1), (drop_a_field, 1, 1),
)  # fmt: skip


async def lives(world: World) -> None:
    """People with chains of one to four entries: a third of them erased, some with an ambassador who left."""
    ada, bea = [await world.ambassador("acme", f"{name}@example.org") for name in ("ada", "bea")]
    emails = [f"person{n}@example.org" for n in range(PEOPLE)]
    for account, some in ((ada, emails[::2]), (bea, emails[1::2])):
        await invited(world, account.id, *some)
    for n, email in enumerate(emails):
        for what in (Answer.ACCEPT, Answer.DECLINE, Answer.ACCEPT)[: n % 3 + 1]:
            world.clock.advance(minutes=1)
            await answered(world, email, what)
        if n % 3 == 1:
            await request_erasure(await world.brand(), email, "staff")
        elif n % 5 == 0:
            await opted_out(world, email, Scope.BRAND)
    await leaving.remove(await world.brand(), bea.id, "staff:s")
    world.clock.advance(days=8)
    await world.sweep()
    await world.drain()


async def stored(world: World) -> dict[str, Chain]:
    """Every chain by its subject, as it lies in the store."""
    chains: dict[str, Chain] = {}
    documents, query = world.ports.store.brand("acme", LEDGER), Query(limit=1000)
    for item in (await documents.query(query)).items:
        chains.setdefault(item.document["subject"], []).append(item.document)
    return {subject: sorted(chain, key=lambda entry: int(entry["seq"])) for subject, chain in chains.items()}


async def replace(world: World, before: list[Document], after: list[Document]) -> None:
    """Writes what somebody with a hand on the store would."""
    documents = world.ports.store.brand("acme", LEDGER)
    for entries, gone in ((before, True), (after, False)):
        for some in chunks(entries, 100):
            keys = [Key(str(entry["subject"]), str(entry["id"])) for entry in some]
            there = await documents.read_many(keys) if gone else {}
            writes = [
                Write(key, None if gone else entry, there[key].etag if gone else None)
                for key, entry in zip(keys, some, strict=True)
            ]
            assert all(result.outcome is Outcome.WRITTEN for result in await documents.write_many(writes))


@pytest.mark.rule("CON-7")
async def test_CON_7_each_of_a_thousand_mutations_is_found_also_after_anonymisation(
    world: World, record_property: Any
) -> None:
    await lives(world)
    assert await ledger_faults(world) == []
    anonymous = {contact.id for contact in await world.contacts() if contact.anonymised_at}
    random_, done, of_nobody = random.Random(SEED), Counter[str](), 0
    while done.total() < MUTATIONS:
        chains = await stored(world)
        waiting = random_.sample(sorted(chains), len(chains))
        before: list[Document] = []
        after: list[Document] = []
        mutated: list[tuple[str, set[str]]] = []
        while len(waiting) > 1 and done.total() < MUTATIONS:
            act, many, least = random_.choice(KINDS)
            subjects = [waiting.pop() for _ in range(many)]
            if min(len(chains[subject]) for subject in subjects) < least:
                continue
            wanted = [copy_of(chains[subject]) for subject in subjects]
            after += [entry for chain in act(wanted, random_) for entry in chain]
            before += [entry for subject in subjects for entry in chains[subject]]
            mutated.append((act.__name__, set(subjects)))
            done[act.__name__] += 1
            of_nobody += bool(anonymous & set(subjects))
        await replace(world, before, after)
        said = " ".join(await ledger_faults(world))
        for name, whose in mutated:
            assert any(subject in said for subject in whose), f"{name} of {whose} was not found"
        await replace(world, after, before)
        assert await ledger_faults(world) == []
    assert of_nobody > MUTATIONS / 4
    record_property("ledger: random mutations, each of them found", done.total())
    record_property("ledger: of them after anonymisation", of_nobody)


def copy_of(chain: Chain) -> Chain:
    return [{name: dict(v) if isinstance(v, dict) else v for name, v in entry.items()} for entry in chain]
