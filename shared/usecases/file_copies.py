"""Copies of a brand's pictures beside its backups, and back (BAK-1, BAK-3): each once a month, sealed under the brand's key.

Inside, a picture is as sealed as it lies: what opens it stands in its document alone. A restore brings back those that a document
still names once everybody's later word was applied: of who was erased since, no document does.

Files of backups are immutable. So a copy that was not stored as it was read stays, beside a file that says so, and the next
try has a name of its own.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from shared.domain.backups import Backup
from shared.domain.containers import AMBASSADORS, UGC, Container
from shared.domain.errors import TryAgainError
from shared.domain.ids import new_short_id
from shared.domain.sealing import SealBrokenError, seal, unseal
from shared.ports import Document, Query
from shared.usecases.backup_parts import BrokenBackupError
from shared.usecases.brands import Brand

VOID = ".void"


@dataclass(slots=True)
class Copying:
    """The copies of the month that a backup belongs to; `made` counts those of this message."""

    brand: Brand
    backup: Backup
    made: int = 0
    _month: Backup | None = None
    _there: dict[str, str] = field(default_factory=dict)

    async def copy(self, container: Container, documents: Sequence[Document]) -> None:
        """Copies the pictures of documents that have no copy yet; raises TryAgainError."""
        named = [file for document in documents if (file := _picture_of(container, document))]
        if not named:
            return
        if self._month is None:
            full = await self.brand.backups.get(self.backup.full, self.backup.full) if self.backup.full else None
            self._month = full.record if full else self.backup
            self._there = await _copies(self.brand, self._month)
        for file in named:
            if file not in self._there:
                with suppress(FileNotFoundError):  # deleted in this moment
                    self._there[file] = await _copied(self.brand, file, _folder(self.brand, self._month))
                    self.made += 1


@dataclass(slots=True)
class Brought:
    """How many pictures came back, and how many of those that the documents name have no good copy."""

    back: int = 0
    lost: int = 0


async def bring_back(brand: Brand, month: Backup) -> Brought:
    """Puts the pictures back that the brand's documents name and its files lack; no picture keeps the rest from coming back."""
    copies, brought = await _copies(brand, month), Brought()
    there = {path async for path in brand.ports.files.list(f"{brand.id}/")}
    async for file in _named(brand):
        if file in there:
            continue
        try:
            await brand.ports.files.write(file, [await _opened(brand, copies.get(file, ""))])
            brought.back += 1
        except BrokenBackupError:
            brought.lost += 1
    return brought


def _folder(brand: Brand, month: Backup) -> str:
    """Where the copies of a month lie; its name says how long they are kept."""
    return f"{brand.id}/files/{month.name}/"


async def _copies(brand: Brand, month: Backup) -> dict[str, str]:
    """The good copies of a month, by the files that they are of."""
    folder = _folder(brand, month)
    paths = {path async for path in brand.ports.backups.list(folder)}
    good = [path for path in paths if not path.endswith(VOID) and f"{path}{VOID}" not in paths]
    return {f"{brand.id}/{path.removeprefix(folder).rpartition('.')[0]}": path for path in good}


def _picture_of(container: Container, document: Document) -> str | None:
    """The picture that a stored document names; one that is still being written, or is being deleted, is none."""
    if container is AMBASSADORS:
        return (document.get("photo") or {}).get("file")
    if container is UGC and not document.get("unsettledSince"):
        return document.get("file")
    return None


async def _named(brand: Brand) -> AsyncIterator[str]:
    async for accounts in brand.ambassadors.pages(Query(order_by="createdAt")):
        for account in accounts:
            if account.record.photo:
                yield account.record.photo.file
    async for photos in brand.ugc.pages(Query(order_by="createdAt")):
        for photo in photos:
            if photo.record.shown and photo.record.file:
                yield photo.record.file


async def _copied(brand: Brand, file: str, folder: str) -> str:
    """Copies one picture, sealed once more under the brand's key, and reads it back; gives where it lies."""
    data, backups = b"".join([piece async for piece in brand.ports.files.read(file)]), brand.ports.backups
    path = f"{folder}{file.removeprefix(f'{brand.id}/')}.{new_short_id()}"
    await backups.write(path, seal([data], brand.backup_key))
    with suppress(BrokenBackupError):
        if await _opened(brand, path) == data:
            return path
    await backups.write(f"{path}{VOID}", seal([], brand.backup_key))
    raise TryAgainError("a picture was not stored as it was written")


async def _opened(brand: Brand, copy: str) -> bytes:
    """A copy as the picture lay; raises BrokenBackupError, also when there is none."""
    try:
        if not copy:
            raise FileNotFoundError
        return b"".join([piece async for piece in unseal(brand.ports.backups.read(copy), brand.backup_key)])
    except (FileNotFoundError, SealBrokenError):
        raise BrokenBackupError(copy) from None
