"""A brand's store is lost after thousands were erased or opted out, and restored: whom does that wrong?"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path

from pydantic_core import to_json

from local.bench.embedded import BRAND, Embedded
from local.bench.measurement import Progress
from local.bench.population import Population
from local.clock import ShiftedClock
from shared.domain.anonymisation import anonymised_contact
from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact
from shared.domain.containers import CONTACTS
from shared.domain.ledger import Evidence
from shared.ports import Document, Store
from shared.usecases import back_up, suppressing
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned, chunks
from shared.usecases.replay import replay
from shared.usecases.restore import restore
from shared.usecases.saving import Edit, save_many

CONTACTS_HELD = 100_000
A_GROUP = 10  # of so many contacts one acts
PERSON = Evidence(actor="person", mechanism="opt_out_page", text_version="1")


class Act(StrEnum):
    """What somebody did, or had done, since the first backup."""

    ID_REUSED = "deleted, and the id is another person's by the second backup"
    DELETED = "deleted"
    ANONYMISED = "anonymised"
    OPTED_OUT = "opted out of the ambassador"
    OPTED_OUT_OF_ALL = "opted out of the brand"
    CONSENTED_AGAIN = "opted out, and said yes again"


# Act and which of ten contacts: of those lives (`population.py`) two are new, three invited, three opted out, two said yes.
ACTS: tuple[tuple[Act, int], ...] = (
    (Act.ID_REUSED, 0), (Act.DELETED, 0), (Act.DELETED, 1), (Act.ANONYMISED, 2), (Act.ANONYMISED, 5),
    (Act.OPTED_OUT, 8), (Act.OPTED_OUT, 8), (Act.OPTED_OUT, 3), (Act.OPTED_OUT_OF_ALL, 9), (Act.CONSENTED_AGAIN, 9),
)  # fmt: skip


@dataclass(slots=True)
class Drilled:
    """What the drill found, and how long each part took."""

    held: int
    acts: Counter[Act] = field(default_factory=Counter)
    resurrected: int = 0
    innocents_hit: int = 0
    changed_again: int = 0
    tombstones: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    bytes: int = 0

    @property
    def right(self) -> bool:
        """Whether nobody was wronged."""
        return not (self.resurrected or self.innocents_hit or self.changed_again)


async def drill(folder: Path, held: int, progress: Progress) -> Drilled:
    """Plays it: a brand, a backup, people, a second backup, more people; the store is lost, and put back."""
    found = Drilled(held)
    clock = ShiftedClock(folder / "clock.json")
    lost = Embedded(folder, store=folder / "lost", clock=clock)
    brand = await lost.brand()
    with _timed(found, "the brand's contacts"):
        await Population(brand).write(0, held, progress)
    with _timed(found, "the month's backup"):
        await _backed_up(lost)
    clock.move_to(clock.now() + timedelta(minutes=1))
    with _timed(found, "people before the hour's backup"):
        done = await _acts(brand, clock, lambda act: act is Act.ID_REUSED, progress)
    with _timed(found, "the hour's backup"):
        await _backed_up(lost)
    expected = {id: _digest(document) async for id, document in _documents(lost.store)}
    with _timed(found, "people after it"):
        done |= await _acts(brand, clock, lambda act: act is not Act.ID_REUSED, progress)
    found.acts = Counter(done.values())
    found.bytes = sum(path.stat().st_size for path in (folder / "files" / "backups").rglob("*") if path.is_file())
    await lost.close()
    again = Embedded(folder, store=folder / "restored", clock=clock)
    with _timed(found, "restore, with everything applied"):
        report = await restore(again.brands, BRAND, clock.now(), lambda what, count: progress(what, count, held))
    found.tombstones = report.replayed.tombstones
    with _timed(found, "the second replay"):
        second = await replay(await again.brands.being_restored(BRAND), clock.now() - timedelta(days=2))
    found.changed_again = second.changed
    await _judge(again, expected, done, found)
    await again.close()
    return found


async def _judge(suite: Embedded, expected: dict[str, bytes], done: dict[str, Act], found: Drilled) -> None:
    """Everybody is as the second backup had them, but for those who acted after it."""
    there: set[str] = set()
    async for id, document in _documents(suite.store):
        there.add(id)
        act = done.get(id)
        unchanged = expected.get(id) == _digest(document)
        if act in (None, Act.ID_REUSED, Act.CONSENTED_AGAIN):
            found.innocents_hit += not unchanged
        elif act is Act.DELETED:
            found.resurrected += 1
        elif act is Act.ANONYMISED:
            found.resurrected += "email" in document or "anonymisedAt" not in document
        else:
            found.resurrected += not AmbassadorOptIn(document["ambassadorOptIn"]).opted_out
    found.innocents_hit += sum(id not in there for id in expected if done.get(id) is not Act.DELETED)


async def _acts(brand: Brand, clock: ShiftedClock, wanted: Callable[[Act], bool], progress: Progress) -> dict[str, Act]:
    """Everybody's act of the wanted kinds, in batches as a sweep makes them; gives who did what, by the record's id."""
    who: dict[Act, list[Versioned[Contact]]] = {}
    chosen: dict[tuple[str, str], Act] = {}
    async for _, document in _documents(brand.ports.store):
        act = _act_of(document)
        if act and wanted(act):
            chosen[document["ambassadorId"], document["id"]] = act
    for key, item in (await brand.contacts.get_many(list(chosen))).items():
        who.setdefault(chosen[key], []).append(item)
    for act, items in who.items():
        progress(act)
        for some in chunks(items, 100):
            await _DO[act](brand, some)
    clock.move_to(clock.now() + timedelta(minutes=1))
    for some in chunks(who.get(Act.CONSENTED_AGAIN, ()), 100):
        keys = [(item.record.ambassador_id, item.record.id) for item in some]
        current = list((await brand.contacts.get_many(keys)).values())
        await _say(brand, current, AmbassadorOptIn.INVITATION_ACCEPTED)
    clock.move_to(clock.now() + timedelta(minutes=1))
    return {item.record.id: act for act, items in who.items() for item in items}


def _act_of(document: Document) -> Act | None:
    name = str(document.get("email", "")).partition("@")[0]  # person0000001
    if not name.startswith("person"):
        return None
    number = int(name.removeprefix("person")) - 1
    act, which = ACTS[number // A_GROUP % len(ACTS)]
    return act if number % A_GROUP == which else None


async def _reuse(brand: Brand, some: list[Versioned[Contact]]) -> None:
    await _delete(brand, some)
    others = []
    for item in some:
        other = item.record.changed(email=f"other.{item.record.email}", email_hash=None, created_at=brand.now())
        others.append(Change(None, other.settled(brand.hasher, brand.policy.soft_bounce_limit)))
    await brand.contacts.write_many(others)


async def _delete(brand: Brand, some: list[Versioned[Contact]]) -> None:
    await brand.contacts.write_many([Change(item, None) for item in some])


async def _anonymise(brand: Brand, some: list[Versioned[Contact]]) -> None:
    now = brand.now()
    await save_many(brand, [Edit(item, anonymised_contact(item.record, now, "RET-5")) for item in some])


async def _opt_out(brand: Brand, some: list[Versioned[Contact]]) -> None:
    await _say(brand, some, AmbassadorOptIn.OPT_OUT_EMAIL)


async def _opt_out_of_all(brand: Brand, some: list[Versioned[Contact]]) -> None:
    for item in some:
        await suppressing.opt_out_of_brand(brand, item.record, PERSON)


async def _say(brand: Brand, some: list[Versioned[Contact]], state: AmbassadorOptIn) -> None:
    said = {"ambassador_opt_in": state, "ambassador_opt_in_at": brand.now()}
    await save_many(brand, [Edit(item, item.record.changed(**said), PERSON) for item in some])


_DO = {
    Act.ID_REUSED: _reuse,
    Act.DELETED: _delete,
    Act.ANONYMISED: _anonymise,
    Act.OPTED_OUT: _opt_out,
    Act.OPTED_OUT_OF_ALL: _opt_out_of_all,
    Act.CONSENTED_AGAIN: _opt_out,
}


async def _backed_up(suite: Embedded) -> None:
    if await back_up.start_backup(suite.brands, BRAND, now=True) is None:
        raise RuntimeError("a backup was open already")
    while suite.queue.messages:
        _, message = suite.queue.messages.popleft()
        await back_up.run_backup(await suite.brands.get(BRAND), message["backup"])


async def _documents(store: Store) -> AsyncIterator[tuple[str, Document]]:
    feed, position = store.brand(BRAND, CONTACTS), None
    while True:
        page = await feed.changes(position)
        for document in page.items:
            yield document["id"], document
        if not page.more:
            return
        position = page.position


def _digest(document: Document) -> bytes:
    return blake2b(to_json(dict(sorted(document.items()))), digest_size=16).digest()


@contextmanager
def _timed(found: Drilled, name: str) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        found.seconds[name] = time.perf_counter() - began
