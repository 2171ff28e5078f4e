"""Putting a backup back (BAK-3), into an empty store only; nobody knows the brand until its people's later word is applied.

The brand's record says that it is being restored, and to which time: every way into a brand asks that record, so nothing is
read and nothing mailed before the end. A restore that was cut short is started again and comes to the same end.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.backups import MARGIN, Manifest, chain
from shared.domain.containers import BRAND_CONTAINERS, LEDGER, Container
from shared.domain.errors import RestoreRefusedError
from shared.domain.ledger import Entry
from shared.domain.records import stamp
from shared.ports import ConflictError, Document, Key, Outcome, Query, Write
from shared.usecases.back_up import CONTAINERS
from shared.usecases.backup_parts import Line, manifests, read_part
from shared.usecases.brands import Brand, Brands, backup_key
from shared.usecases.collections import BATCH, Change, all_of, chunks
from shared.usecases.file_copies import Brought, bring_back
from shared.usecases.placing import store_of
from shared.usecases.replay import Replayed, replay
from shared.usecases.saving import repair_proofs
from shared.usecases.settling import Settled, settle
from shared.usecases.staff_copies import seat_again

AT_ONCE = 1000
REPAIRED = timedelta(days=3)

Progress = Callable[[str, int], None]


@dataclass(slots=True)
class Restored:
    """What a restore did."""

    backup: str
    made_at: datetime
    documents: int
    settled: Settled
    replayed: Replayed
    pictures: Brought
    seats: int


async def restore(brands: Brands, id: str, at: datetime, progress: Progress = lambda what, count: None) -> Restored:
    """Puts a brand back as it was at the newest backup before a time, and applies every erasure and opt-out since.

    Raises RestoreRefusedError when the brand holds anything, when its keys were destroyed (DEL-5), or when there is no
    such backup; BrokenBackupError when a file of it is not what was written.
    """
    keys = await brands.keys.get(id, id)
    wrapped = keys.record if keys else await brands.copied_keys(id)
    if wrapped is None:
        raise RestoreRefusedError("The brand's keys are gone, and with them its backups")
    key = backup_key(brands.ports, wrapped)
    known = [manifest async for manifest in manifests(brands.ports.backups, id, key)]
    pieces = chain(known, at)
    if not pieces:
        raise RestoreRefusedError("There is no backup from before that time")
    resumed = await _claim(brands, id, at, known[-1])
    if keys is None:
        with suppress(ConflictError):
            await brands.keys.create(wrapped)
    brand = await brands.being_restored(id)
    began = pieces[0].backup.started_at
    loading = _Loading(brand, stamp(began - MARGIN))
    documents = await loading.run(pieces, progress)
    await loading.align_ledger()
    progress("settling what was under way", 0)
    settled = await settle(brand)
    progress("applying what people said since", 0)
    replayed = await replay(brand, began - MARGIN)
    if replayed.unsaved:
        raise RestoreRefusedError("Somebody wrote to the brand meanwhile; start the restore again")
    progress("bringing pictures back", 0)
    pictures = await bring_back(brand, pieces[-1].backup)
    if resumed:
        await repair_proofs(brand, REPAIRED)  # what the try that was cut short had applied without its entry
    seats = await seat_again(brand, known[-1].staff)
    await _open(brands, id)
    return Restored(pieces[0].backup.id, began, documents, settled, replayed, pictures, seats)


async def _claim(brands: Brands, id: str, at: datetime, newest: Manifest) -> bool:
    """Closes the brand until the restore is done; raises RestoreRefusedError unless it is empty.

    Gives whether it was closed already, by a restore to the same time that was cut short.
    """
    current = await brands.records.get(id, id)
    if current and current.record.restoring_to:
        if current.record.restoring_to != at:
            asked = stamp(current.record.restoring_to)
            raise RestoreRefusedError(f"A restore to {asked} is under way; end it first, by the same command")
        return True
    store = store_of(brands.ports, current.record if current else newest.brand)
    for container in BRAND_CONTAINERS:
        if (await store.brand(id, container).query(Query(limit=1))).items:
            raise RestoreRefusedError(f"The brand is not empty: it has {container.name}")
    if current:
        await brands.records.replace(current, current.record.changed(restoring_to=at))
    else:
        # The policy and the status that the newest backup knows, however old the one that is put back.
        await brands.records.create(newest.brand.changed(restoring_to=at))
    brands.forget(id)
    return False


async def _open(brands: Brands, id: str) -> None:
    current = await brands.records.get(id, id)
    if current:
        await brands.records.replace(current, current.record.changed(restoring_to=None))
    brands.forget(id)


@dataclass(slots=True)
class _Loading:
    """Documents on their way into the store, the newest version of each first, so that each is written once."""

    brand: Brand
    fuzzy_since: str  # what was written from here on may be in one container and not yet in another
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    waiting: dict[str, list[Write]] = field(default_factory=dict)
    entries: defaultdict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))  # the fresh ones
    heads: dict[str, Document] = field(default_factory=dict)  # of the records that changed just then
    containers: dict[str, Container] = field(default_factory=lambda: {c.name: c for c in CONTAINERS})

    async def run(self, pieces: list[Manifest], progress: Progress) -> int:
        """Writes every document of the newest piece, then those of the piece before it that were not written since."""
        written = 0
        async for line, remember in self._lines(pieces):
            container = self.containers.get(line[0])
            if container is None:  # of an earlier version of this suite
                continue
            key = _key(container, line)
            if (container.name, key.partition, key.id) in self.seen:
                continue
            if remember:
                self.seen.add((container.name, key.partition, key.id))
            if len(line) == 2:
                self._note(container, line[1])
                self.waiting.setdefault(container.name, []).append(Write(key, line[1], None))
                if len(self.waiting[container.name]) == AT_ONCE:
                    written += await self._write(container)
                    progress("documents", written)
        for name in list(self.waiting):
            written += await self._write(self.containers[name])
        progress("documents", written)
        return written

    async def align_ledger(self) -> None:
        """Lets each chain end where its record says: the record, or its newest entry, may be a moment older (CON-7)."""
        last = {subject: int(head["seq"]) for subject, head in self.heads.items()}
        beyond = [
            (subject, id)
            for subject, entries in self.entries.items()
            for id, seq in entries.items()
            if seq > last.get(subject, 0)
        ]
        found = await self.brand.ledger.get_many(beyond)
        await self.brand.ledger.write_many([Change(item, None) for item in found.values()])
        lacking = (head for subject, head in self.heads.items() if head["id"] not in self.entries[subject])
        await self.brand.ledger.write_many([Change(None, Entry.from_document(head)) for head in lacking])

    async def _lines(self, pieces: list[Manifest]) -> AsyncIterator[tuple[Line, bool]]:
        """Every line, the newest first; and whether an older one of the same document may follow."""
        for manifest in pieces:
            full = manifest.backup.base is None
            for part in reversed(manifest.backup.parts):
                for line in await read_part(self.brand.ports.backups, part, self.brand.backup_key):
                    yield line, part.again or not full

    def _note(self, container: Container, document: Document) -> None:
        since = self.fuzzy_since
        if container is LEDGER and document["at"] >= since:
            self.entries[document["subject"]][document["id"]] = document["seq"]
            return
        proof = document.get("proof")
        # The head of a chain of the ledger; a request's own proof is a list that stands in it whole.
        if isinstance(proof, dict) and (proof["at"] >= since or document["id"] in self.entries):
            self.heads[document["id"]] = proof

    async def _write(self, container: Container) -> int:
        """Creates what waits; what is there already came from a newer piece, or from a try that was cut short."""
        documents = self.brand.ports.store.brand(self.brand.id, container)
        newest = {write.key: write for write in reversed(self.waiting.pop(container.name))}
        writes = list(reversed(newest.values()))
        batches = list(chunks(writes, BATCH))
        if _are_strangers(container, writes):
            answers = await all_of(map(documents.write_many, batches))
        else:
            answers = [await documents.write_many(batch) for batch in batches]
        results = [result for answer in answers for result in answer]
        refused = [w.key for w, result in zip(writes, results, strict=True) if result.outcome is not Outcome.WRITTEN]
        there = [key for some in chunks(refused, BATCH) for key in await documents.read_many(some)]
        for write in writes:
            if write.key in refused and write.key not in there and write.document:
                # Two records of one address, of two moments: the newer one has it. What the older one had become
                # stands in its tombstone.
                without = {**write.document, **dict.fromkeys(container.unique, write.key.id)}
                await documents.create(write.key, without)
        return len(writes)


def _are_strangers(container: Container, writes: Sequence[Write]) -> bool:
    """Whether no two of them want the same unique value, so that it does not matter which is written first."""
    wanted = [
        (write.key.partition, path, write.document[path])
        for write in writes
        if write.document
        for path in container.unique
    ]
    return len(set(wanted)) == len(wanted)


def _key(container: Container, line: Line) -> Key:
    if len(line) == 3:
        return Key(line[1], line[2])
    return Key(str(line[1][container.partition]), str(line[1]["id"]))
