"""An ambassador's photo (AMB-1): made harmless, sealed under a key that stands in the account alone, and in no place twice.

A file is named in the account, among the loose ones, before it is written and until it is deleted. So a crash leaves no
file that nobody knows of: the recovery timer deletes what stays loose.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared.domain.ambassador import Ambassador, LooseFile, StoredPhoto
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.records import stamp
from shared.domain.sealing import SealBrokenError, new_file_key, seal, unseal
from shared.ports import Query, StaleError, Where
from shared.usecases.accounts import change_account
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.images import clean_image

LONGEST = 512


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture to show."""

    data: bytes
    media_type: str


async def save_photo(brand: Brand, ambassador: str, data: bytes) -> None:
    """Takes a photo in place of the one before; raises InvalidInputError for what is none (see `clean_image`)."""
    clean = await asyncio.to_thread(clean_image, data, LONGEST)
    file, now = f"{brand.id}/photos/{ambassador}/{new_id()}", brand.now()
    fresh = StoredPhoto(file=file, key=new_file_key(), media_type=clean.media_type)
    coming = LooseFile(file=file, since=now, coming=True)
    await change_account(brand, ambassador, lambda account: account.changed(loose_files=(*account.loose_files, coming)))
    await brand.ports.files.write(file, seal([clean.data], fresh.key))

    def shown(account: Ambassador) -> Ambassador:
        if coming not in account.loose_files:
            raise ChangedMeanwhileError  # it took so long that the file was taken for left over
        return _put_down(account, now, without=file).changed(photo=fresh)

    await _delete_put_down(brand, await change_account(brand, ambassador, shown))


async def read_photo(brand: Brand, account: Ambassador) -> Photo:
    """The photo of an account; raises UnknownObjectError when there is none."""
    if account.photo is None:
        raise UnknownObjectError
    try:
        pieces = unseal(brand.ports.files.read(account.photo.file), account.photo.key)
        return Photo(b"".join([piece async for piece in pieces]), account.photo.media_type)
    except (FileNotFoundError, SealBrokenError):
        raise UnknownObjectError from None


async def remove_photo(brand: Brand, ambassador: str) -> None:
    """Takes the photo away; doing it again is fine."""
    now = brand.now()
    await _delete_put_down(brand, await change_account(brand, ambassador, lambda account: _put_down(account, now)))


async def delete_loose_files(brand: Brand, before: datetime) -> int:
    """Deletes the files that have been loose since then or longer; gives how many."""
    deleted = 0
    waiting = Query(where=(Where("looseSince", "<=", stamp(before)),), order_by="looseSince")
    async for page in brand.ambassadors.pages(waiting):
        for item in page:
            with suppress(StaleError):  # then another time
                deleted += await _delete_old(brand, item, before)
    return deleted


async def _delete_old(brand: Brand, account: Versioned[Ambassador], before: datetime) -> int:
    """Marks what is still coming as not coming any more, so that no slow request shows it; deletes it; forgets it."""
    given_up = tuple(
        loose.changed(coming=False) if loose.since <= before else loose for loose in account.record.loose_files
    )
    account = await brand.ambassadors.replace(account, account.record.changed(loose_files=given_up))
    old = [loose for loose in given_up if loose.since <= before]
    for loose in old:
        await brand.ports.files.delete(loose.file)
    await brand.ambassadors.replace(account, _without(account.record, old).settled(brand.hasher))
    return len(old)


async def _delete_put_down(brand: Brand, account: Ambassador) -> None:
    """Deletes what is not shown any more; what another request is just writing stays."""
    old = [loose for loose in account.loose_files if not loose.coming]
    for loose in old:
        await brand.ports.files.delete(loose.file)
    if old:
        with suppress(UnknownObjectError):  # the account ended meanwhile: the end finds what it names
            await change_account(brand, account.id, lambda current: _without(current, old))


def _put_down(account: Ambassador, now: datetime, *, without: str | None = None) -> Ambassador:
    """The account without its photo, whose file is loose now; `without` names a file that is loose no more."""
    loose = tuple(loose for loose in account.loose_files if loose.file != without)
    if account.photo:
        loose = (*loose, LooseFile(file=account.photo.file, since=now))
    return account.changed(photo=None, loose_files=loose)


def _without(account: Ambassador, gone: Sequence[LooseFile]) -> Ambassador:
    return account.changed(loose_files=tuple(loose for loose in account.loose_files if loose not in gone))
