"""Backing up a brand (BAK-1): every container's changes since the backup before, in sealed parts, and a manifest at the end.

The record in the store says how far it is: each part is written and read back before the record names it, so a run that was
cut short goes on there. What makes the parts a backup is the manifest, which is written last.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from shared.domain.backups import MARGIN, Backup, BackupState, Manifest, as_backed_up, due, too_old
from shared.domain.containers import BRAND_CONTAINERS, Container
from shared.domain.tombstones import What
from shared.ports import Key, Outcome, Query, StaleError
from shared.usecases.backup_parts import encode, write_manifest, write_part
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Change, Versioned, chunks
from shared.usecases.file_copies import Copying
from shared.usecases.remembering import log_of
from shared.usecases.staff_copies import seats_of

QUEUE = "backups"
PART_BYTES = 4 * 1024 * 1024
A_PAGE = 500
PARTS_A_MESSAGE = 16
PICTURES_A_MESSAGE = 500
# After so many parts it took so long that the containers are walked through once more, for what was written meanwhile.
LONG = 2

# The ledger is read after the records whose newest entries it has, so that it never lacks one that a record builds on.
CONTAINERS: tuple[Container, ...] = tuple(container for container in BRAND_CONTAINERS if container.backed_up)


async def start_backup(brands: Brands, id: str, *, now: bool = False) -> Backup | None:
    """Opens the backup of a brand that is due and queues it; None when one is open, or this hour's is done.

    `now` makes one however short ago the last was.
    """
    brand = await brands.get(id)
    keys = await brands.keys.get(id, id)
    if keys:
        await brands.copy_keys(keys.record)
    newest = await _newest(brand)
    opened = [backup for backup in newest if backup.state is BackupState.RUNNING]
    if opened:
        await _queue(brand, opened[0])
        return None
    done = newest[0] if newest else None
    moment = brand.now()
    if done and not now and done.started_at.replace(minute=0, second=0) == moment.replace(minute=0, second=0):
        return None
    full = await brand.backups.get(done.full, done.full) if done and done.full else None
    backup = due(moment, done, full.record if full else done if done and done.full is None else None)
    await brand.backups.create(backup)
    await _queue(brand, backup)
    return backup


async def run_backup(brand: Brand, backup: str) -> None:
    """Goes on with a backup until it is done, or for some parts and then by another message; twice, late or beside another."""
    current = await brand.backups.get(backup, backup)
    if current is None or current.record.state is not BackupState.RUNNING:
        return
    with suppress(StaleError):  # another worker is at it
        run = _Run(brand, current)
        if await run.walk():
            await run.finish()
        else:
            await _queue(brand, current.record)


async def forget_old_backups(brand: Brand) -> int:
    """Deletes the backups that are past their time, the manifests first, and the tombstones that none needs; gives how many."""
    files, now = brand.ports.backups, brand.now()
    gone = await log_of(brand.ports, brand.id).forget()
    for folder in ("manifests", "parts", "files"):
        old = [path async for path in files.list(f"{brand.id}/{folder}/") if too_old(path, now)]
        for path in old:
            await files.delete(path)
        gone += len(old)
    async for page in brand.backups.pages(Query(order_by="startedAt")):
        expired = [item for item in page if too_old(item.record.name, now)]
        results = await brand.backups.write_many([Change(item, None) for item in expired])
        gone += sum(result.outcome is Outcome.WRITTEN for result in results)
        if len(expired) < len(page):
            break
    return gone


async def _newest(brand: Brand) -> list[Backup]:
    """The newest backups, newest first; a running one is the first."""
    found, _ = await brand.backups.page(Query(order_by="startedAt", descending=True, limit=2))
    return [item.record for item in found]


async def _queue(brand: Brand, backup: Backup) -> None:
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "backup": backup.id}])


@dataclass(slots=True)
class _Run:
    """One worker at one backup."""

    brand: Brand
    current: Versioned[Backup]
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    written: int = 0
    documents: Counter[str] = field(default_factory=Counter)
    copying: Copying = field(init=False)

    def __post_init__(self) -> None:
        self.copying = Copying(self.brand, self.current.record)

    async def walk(self) -> bool:
        """Reads the changes of each container; False when there is more for another message."""
        backup = self.current.record
        positions, place = dict(backup.positions), backup.place
        while place < len(CONTAINERS) * (2 if self._is_long() else 1):
            again = place >= len(CONTAINERS)
            container = CONTAINERS[place % len(CONTAINERS)]
            feed = self.brand.ports.store.brand(self.brand.id, container)
            page = await feed.changes(positions.get(container.name), A_PAGE)
            await self.copying.copy(container, page.items)  # before the documents that open the pictures
            for document in page.items:
                self._add(encode((container.name, as_backed_up(container, document))))
                self.documents[container.name] += 1
            positions[container.name] = page.position
            if not page.more:
                place += 1
            round_ends = place == len(CONTAINERS) and not page.more
            if self.size >= PART_BYTES or (round_ends and self.lines):
                await self._checkpoint(positions, place, again=again)
                if self.written >= PARTS_A_MESSAGE:
                    return False
            if self.copying.made >= PICTURES_A_MESSAGE:
                await self._checkpoint(positions, place, again=again)
                return False
        await self._checkpoint(positions, place, again=place > len(CONTAINERS))
        return True

    async def finish(self) -> None:
        """Says what is gone, writes the manifest, and counts the backup as done."""
        deleted = await self._deleted()
        backup = self.current.record
        await self._checkpoint(backup.positions, backup.place, again=True)
        done = self.current.record.changed(
            state=BackupState.DONE, open_since=None, finished_at=self.brand.now(), deleted=deleted
        )
        manifest = Manifest(backup=done, brand=self.brand.record, staff=await seats_of(self.brand))
        await write_manifest(self.brand.ports.backups, manifest, self.brand.backup_key)
        await self.brand.backups.replace(self.current, done)

    async def _deleted(self) -> int:
        """What was deleted since the backup before: told by the tombstones, and true only of what is not there now.

        Neither feed has deletions; a list of all that is left would cost a walk over everything each hour.
        """
        backup = self.current.record
        if backup.base_at is None:
            return 0
        names = {container.name: container for container in CONTAINERS}
        told: dict[str, set[Key]] = {name: set() for name in names}
        async for stone in log_of(self.brand.ports, self.brand.id).since(backup.base_at - MARGIN):
            if (stone.what is What.DELETED and stone.container in names) or stone.what is What.UNLISTED:
                told[stone.container].add(Key(stone.partition, stone.record))
        deleted = 0
        for name, keys in told.items():
            documents = self.brand.ports.store.brand(self.brand.id, names[name])
            for some in chunks(sorted(keys, key=lambda key: (key.partition, key.id)), 100):
                there = await documents.read_many(some)
                for key in some:
                    if key not in there:
                        self._add(encode((name, key.partition, key.id)))
                        deleted += 1
        return deleted

    def _is_long(self) -> bool:
        return len(self.current.record.parts) >= LONG

    def _add(self, line: bytes) -> None:
        self.lines.append(line)
        self.size += len(line)

    async def _checkpoint(self, positions: Mapping[str, str], place: int, *, again: bool) -> None:
        """Writes what was gathered as a part, and in the record how far that is."""
        backup = self.current.record
        if self.lines:
            part = await write_part(
                self.brand.ports.backups, self.brand.id, backup, self.brand.backup_key, self.lines, again=again
            )
            backup = backup.changed(parts=(*backup.parts, part))
            self.lines, self.size, self.written = [], 0, self.written + 1
        after = backup.changed(
            positions=dict(positions),
            place=place,
            open_since=self.brand.now(),  # so that the recovery timer leaves one alone that gets on
            documents=dict(Counter(backup.documents) + self.documents),
        )
        self.documents.clear()
        self.current = await self.brand.backups.replace(self.current, after)
