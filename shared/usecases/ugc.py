"""Ambassadors' own photos (ACT-2): made harmless, sealed, theirs; used by the brand only by a consent that is in the ledger.

A record names its file before it is written and until it is deleted, so a crash leaves no file that nobody knows of.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared.domain.contest import Contest
from shared.domain.disposition import Done
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.gamification import Act
from shared.domain.ids import new_id
from shared.domain.ledger import Evidence, next_entry
from shared.domain.records import stamp
from shared.domain.sealing import SealBrokenError, new_file_key, seal, unseal
from shared.domain.ugc import Ugc
from shared.ports import Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.images import clean_image
from shared.usecases.limiting import count_against
from shared.usecases.paging import unveiled, veiled
from shared.usecases.playing import played
from shared.usecases.saving import ATTEMPTS, enter_proof

LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to show."""

    data: bytes
    media_type: str


async def upload(brand: Brand, ambassador: str, data: bytes) -> Ugc:
    """Takes a photo; raises InvalidInputError for what is none (see `clean_image`)."""
    await count_against(brand, "photo", ambassador)
    clean = await asyncio.to_thread(clean_image, data, LONGEST)
    now, id = brand.now(), new_id()
    coming = Ugc(
        id=id,
        ambassador_id=ambassador,
        created_at=now,
        file=f"{brand.id}/ugc/{ambassador}/{id}",
        key=new_file_key(),
        media_type=clean.media_type,
        unsettled_since=now,
    )
    stored = await brand.ugc.create(coming)
    await brand.ports.files.write(coming.file or "", seal([clean.data], coming.key or ""))
    try:
        shown = await brand.ugc.replace(stored, coming.changed(unsettled_since=None))
    except StaleError:  # it took so long that the timer took it for left over
        raise ChangedMeanwhileError from None
    await played(brand, ambassador, Act.PHOTO)
    return shown.record


async def own_photo(brand: Brand, ambassador: str, id: str) -> Ugc:
    """A photo of this ambassador's; raises UnknownObjectError for anybody else's."""
    return (await _own(brand, ambassador, id)).record


async def own_photos(brand: Brand, ambassador: str, limit: int, cursor: str | None) -> tuple[list[Ugc], str | None]:
    """A page of this ambassador's photos, newest first."""
    page, following = await brand.ugc.page(
        Query(partition=ambassador, order_by="createdAt", descending=True, limit=limit, cursor=cursor)
    )
    return [item.record for item in page if item.record.shown], following


async def picture_of(brand: Brand, photo: Ugc) -> Picture:
    """The picture of a photo; raises UnknownObjectError when it is gone."""
    if not photo.shown or photo.file is None or photo.key is None:
        raise UnknownObjectError
    try:
        pieces = unseal(brand.ports.files.read(photo.file), photo.key)
        return Picture(b"".join([piece async for piece in pieces]), photo.media_type)
    except (FileNotFoundError, SealBrokenError):
        raise UnknownObjectError from None


async def agree(brand: Brand, ambassador: str, id: str, contest: Contest, ip: str | None) -> Ugc:
    """Records the ambassador's consent that the photo is used for a contest; again changes nothing."""
    return await _consent(brand, ambassador, id, contest, ip)


async def withdraw(brand: Brand, ambassador: str, id: str, ip: str | None) -> Ugc:
    """Takes the consent back at once; again changes nothing."""
    return await _consent(brand, ambassador, id, None, ip)


async def remove(brand: Brand, ambassador: str, id: str) -> None:
    """Deletes a photo for good; what was agreed to about it stays provable."""
    await _erase(brand, await _own(brand, ambassador, id))


async def photos_of_contest(brand: Brand, contest: str, limit: int, cursor: str | None) -> tuple[list[Ugc], str | None]:
    """A page of the photos that the brand may use for a contest now, newest first."""
    page, following = await brand.ugc.page(
        Query(
            where=(Where("consent.contest", "=", contest),),
            order_by="createdAt",
            descending=True,
            limit=limit,
            cursor=unveiled(brand, cursor),
        )
    )
    now = brand.now()
    return [item.record for item in page if item.record.may_be_reused(contest, now)], veiled(brand, following)


async def photo_of_contest(brand: Brand, contest: str, ambassador: str, id: str) -> Ugc:
    """A photo that the brand may use for a contest now; raises UnknownObjectError for every other one."""
    found = await brand.ugc.get(ambassador, id)
    if found is None or not found.record.may_be_reused(contest, brand.now()):
        raise UnknownObjectError
    return found.record


async def delete_unsettled_photos(brand: Brand, before: datetime) -> int:
    """Deletes the photos that a crash left half written or half deleted; gives how many."""
    left = Query(where=(Where("unsettledSince", "<=", stamp(before)),), order_by="unsettledSince")
    deleted = 0
    async for page in brand.ugc.pages(left):
        deleted += (await delete_photos(brand, page))[f"done.{Done.DELETED}"]
    return deleted


async def delete_photos(brand: Brand, photos: Sequence[Versioned[Ugc]]) -> Counter[str]:
    """Deletes photos that are due (RET-12); what changed meanwhile is judged again another time (RET-16)."""
    tally: Counter[str] = Counter()
    for item in photos:
        try:
            await _erase(brand, item)
            tally[f"done.{Done.DELETED}"] += 1
        except StaleError:
            tally["skipped.changed_meanwhile"] += 1
    return tally


async def end_photos(brand: Brand, ambassador: str, now: datetime) -> None:
    """Deletes the photos of an ambassador who goes, but for those that a contest's consent still holds (DEL-7, RET-12)."""
    async for page in brand.ugc.pages(Query(partition=ambassador)):
        for item in page:
            photo = item.record
            if photo.consent and photo.may_be_reused(photo.consent.contest, now):
                if photo.detached_at is None:
                    await brand.ugc.replace(item, photo.changed(detached_at=now, caption=None))
            elif photo.file:
                await _erase(brand, item)


async def erase_photos(brand: Brand, page: Sequence[Versioned[Ugc]]) -> int:
    """Deletes photos whatever was agreed to about them, for nobody is left to use them; gives how many changed meanwhile."""
    waiting = 0
    for item in page:
        if item.record.file:
            try:
                await _erase(brand, item)
            except StaleError:
                waiting += 1
    return waiting


async def _erase(brand: Brand, item: Versioned[Ugc]) -> None:
    """Marks it as going, deletes the file, and then the record, or what of it is no proof; may be cut short anywhere."""
    photo = item.record
    if photo.file and photo.unsettled_since is None:
        item = await brand.ugc.replace(item, photo.changed(unsettled_since=brand.now()))
    if photo.file:
        await brand.ports.files.delete(photo.file)
    if photo.proof is None:
        await brand.ugc.delete(item)
    else:
        await brand.ugc.replace(item, item.record.emptied())


async def _consent(brand: Brand, ambassador: str, id: str, contest: Contest | None, ip: str | None) -> Ugc:
    for _ in range(ATTEMPTS):
        current = await _own(brand, ambassador, id)
        before, now = current.record, brand.now()
        after = before.agreed(contest, now) if contest else before.withdrawn(now)
        if before.proof:
            await enter_proof(brand, before.proof)  # should a crash have kept it from the ledger
        if after == before:
            return before
        proof = next_entry(
            before.proof,
            subject=id,
            at=now,
            before=said(before),
            after=said(after),
            evidence=Evidence(
                actor=f"ambassador:{ambassador}",
                mechanism="contest" if contest else "contest_withdrawn",
                text_version=contest.text_version if contest else None,
                ip_hash=brand.hasher.ref(ip) if ip else None,
            ),
            key=brand.ledger_key,
        )
        with suppress(StaleError):
            saved = await brand.ugc.replace(current, after.changed(proof=proof))
            await enter_proof(brand, proof)
            return saved.record
    raise ChangedMeanwhileError


def said(photo: Ugc) -> dict[str, str | int | None]:
    """What the consent says, for the ledger."""
    consent = photo.consent
    if consent is None or consent.withdrawn_at:
        return {"reuse": None}
    return {"reuse": consent.contest, "usage": consent.usage, "days": consent.days}


async def _own(brand: Brand, ambassador: str, id: str) -> Versioned[Ugc]:
    found = await brand.ugc.get(ambassador, id)
    if found is None or not found.record.shown:
        raise UnknownObjectError
    return found
