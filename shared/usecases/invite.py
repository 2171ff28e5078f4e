"""Asking for mails: who gets one is judged now for the answer, and again right before each mail leaves (MAIL-4)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count as counting

from shared.domain.community import FeedEntry, month_of
from shared.domain.consent import AmbassadorOptIn, OptInClass
from shared.domain.contact import Contact, MailKind
from shared.domain.counting import Counted
from shared.domain.errors import FieldError, InvalidInputError, UnknownObjectError
from shared.domain.gamification import Act
from shared.domain.ids import derived_id, new_id
from shared.domain.jobs import Job, JobState, MailBatch
from shared.domain.mailing import Refusal, refusal
from shared.domain.publication import Channel, Content, Publication, is_on, new_publication_id
from shared.ports import ConflictError, Query, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import BATCH, Change, chunks
from shared.usecases.community import visible_publication
from shared.usecases.contacts import visible
from shared.usecases.counting import count_one
from shared.usecases.playing import played

QUEUE = "mails"
A_BATCH = 50


@dataclass(frozen=True, slots=True)
class Skipped:
    """A contact that gets no mail, and why."""

    contact: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was queued under which job, and what was not."""

    job: str
    queued: int
    skipped: list[Skipped]


@dataclass(frozen=True, slots=True)
class Seed:
    """What names all that a request makes; `again` says that it may have made some of it before."""

    id: str
    again: bool = False


async def invite(brand: Brand, ambassador: str, contacts: Sequence[str] | None, *, seed: Seed | None = None) -> Asked:
    """Queues invitations to these contacts, or to all that are new (MAIL-1)."""
    chosen = _named(brand, ambassador, contacts) if contacts is not None else _in_state(brand, ambassador, _NEW)
    return await _ask(brand, ambassador, MailKind.INVITATION, chosen, seed or Seed(new_id()))


async def publish(
    brand: Brand,
    ambassador: str,
    *,
    subject: str,
    body: str,
    contents: Sequence[Content],
    contacts: Sequence[str] | None,
    photos: Sequence[str] = (),
    reshare_of: str | None = None,
    seed: Seed | None = None,
) -> tuple[Publication, Asked]:
    """Keeps a publication and queues it to these contacts, or to all that are opted in (ACT-1, MAIL-1).

    Raises InvalidInputError for a photo that is not the ambassador's own, or a content that is not on the brand's sites.
    """
    seed = seed or Seed(new_id())
    publication = await _kept(brand, ambassador, Channel.EMAIL, subject, body, contents, photos, reshare_of, seed)
    chosen = _named(brand, ambassador, contacts) if contacts is not None else _in_state(brand, ambassador, _OPTED_IN)
    return publication, await _ask(brand, ambassador, MailKind.PUBLICATION, chosen, seed, publication.id)


async def share(
    brand: Brand,
    ambassador: str,
    channel: Channel,
    *,
    subject: str,
    body: str,
    contents: Sequence[Content],
    photos: Sequence[str] = (),
    reshare_of: str | None = None,
    seed: Seed | None = None,
) -> Publication:
    """Keeps a publication that the ambassador makes on a social network; what becomes of it there is only counted (ACT-4)."""
    seed = seed or Seed(new_id())
    return await _kept(brand, ambassador, channel, subject, body, contents, photos, reshare_of, seed)


async def _kept(
    brand: Brand,
    ambassador: str,
    channel: Channel,
    subject: str,
    body: str,
    contents: Sequence[Content],
    photos: Sequence[str],
    reshare_of: str | None,
    seed: Seed,
) -> Publication:
    """The publication, with its place in the flow: first the place, for one of nothing does no harm.

    Of what it passes on, another ambassador's publication, it is counted that somebody did.
    """
    if reshare_of:
        try:
            await visible_publication(brand, ambassador, reshare_of)
        except UnknownObjectError:
            raise InvalidInputError(errors=[FieldError("reshareOf", "is not in the community's flow")]) from None
    errors = [
        FieldError(f"contents.{place}.url", "is not on a site of the brand")
        for place, content in enumerate(contents)
        if not is_on(content.url, brand.policy.content_hosts)
    ]
    if errors:
        raise InvalidInputError(errors=errors)
    for place, photo in enumerate(photos):
        found = await brand.ugc.get(ambassador, photo)
        if found is None or not found.record.shown:
            raise InvalidInputError(errors=[FieldError(f"photos.{place}", "is not a photo of yours")])
    now = brand.now()
    publication = Publication(
        id=new_publication_id(brand.id, ambassador, seed.id),
        ambassador_id=ambassador,
        channel=channel,
        subject=subject,
        body=body,
        contents=tuple(contents),
        photos=tuple(dict.fromkeys(photos)),
        created_at=now,
    )
    known = await brand.activity.get(ambassador, publication.id) if seed.again else None
    if known is None:
        with suppress(ConflictError):
            await brand.feed.create(FeedEntry(id=publication.id, month=month_of(now), at=now, ambassador_id=ambassador))
        await brand.activity.create(publication)
    if reshare_of:
        await count_one(brand, reshare_of, Counted.RESHARES, publication.id)
    await played(brand, ambassador, Act.PUBLISHED if channel is Channel.EMAIL else Act.SHARED)
    return known.record if known else publication


async def queue_batches(brand: Brand, batches: Sequence[MailBatch]) -> None:
    """Keeps the batches and queues a message for each; a message that is lost is found by the recovery timer."""
    await brand.batches.write_many([Change(None, batch) for batch in batches])
    await _queue(brand, batches)


async def _queue(brand: Brand, batches: Sequence[MailBatch]) -> None:
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "batch": batch.id} for batch in batches])


def mail_of(batch: MailBatch) -> str:
    """The id that the batch's mail has within each of its contacts: the same at every try."""
    return batch.id[:8]


async def mail_job(brand: Brand, job: Job) -> Job:
    """The job with the progress that its batches tell."""
    found = await brand.batches.get_many([(batch, batch) for batch in job.batches])
    batches = [item.record for item in found.values()]
    sent = sum(batch.sent for batch in batches)
    skipped: dict[str, int] = {}
    for batch in batches:
        for reason, count in batch.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + count
    finished = all(batch.open_since is None for batch in batches)
    return job.changed(
        state=JobState.DONE if finished else JobState.RUNNING,
        done=sent + sum(skipped.values()),
        accepted=sent,
        refused=sum(skipped.values()),
        refused_by_reason=skipped,
    )


_NEW = frozenset({AmbassadorOptIn.NEW})
_OPTED_IN = frozenset(state for state in AmbassadorOptIn if state.opt_in_class is OptInClass.OPTED_IN)


async def _ask(
    brand: Brand,
    ambassador: str,
    kind: MailKind,
    chosen: AsyncIterator[tuple[str, Contact | None]],
    seed: Seed,
    publication: str | None = None,
) -> Asked:
    """Queues the mails, in batches that the seed names: asked again, whoever is in one already stays there."""
    now = brand.now()
    before = await _batches_before(brand, seed.id) if seed.again else {}
    waiting = {contact for batch in before.values() for _, contact in batch.recipients}
    queued: list[str] = []
    skipped: list[Skipped] = []
    async for contact_id, contact in chosen:
        if contact_id in waiting:
            continue
        reason = _reason(brand, contact, kind, now)
        if reason:
            skipped.append(Skipped(contact_id, reason))
        else:
            queued.append(contact_id)
    numbers = (number for number in counting() if number not in before)
    batches = [
        MailBatch(
            id=derived_id(seed.id, number),
            mail_kind=kind,
            publication=publication,
            recipients=tuple((ambassador, contact) for contact in ids),
            started_at=now,
            open_since=now,
        )
        for number, ids in zip(numbers, chunks(queued, A_BATCH), strict=False)
    ]
    every = [*before.values(), *batches]
    job = Job(
        id=derived_id(seed.id, "job"),
        kind="mail",
        ambassador_id=ambassador,
        started_at=now,
        total=len(waiting) + len(queued),
        batches=tuple(batch.id for batch in every),
    )
    await brand.batches.write_many([Change(None, batch) for batch in batches])
    with suppress(ConflictError):  # of a request that was cut short after it: then all batches are those of before
        await brand.jobs.create(job)
    await _queue(brand, every)
    return Asked(job.id, len(waiting) + len(queued), skipped)


async def _batches_before(brand: Brand, seed: str) -> dict[int, MailBatch]:
    """The batches that a request which was cut short has kept, by their numbers."""
    found: dict[int, MailBatch] = {}
    for first in counting(0, BATCH):
        ids = {derived_id(seed, number): number for number in range(first, first + BATCH)}
        some = await brand.batches.get_many([(id, id) for id in ids])
        if not some:
            return found
        found |= {ids[id]: item.record for (id, _), item in some.items()}
    return found


def _reason(brand: Brand, contact: Contact | None, kind: MailKind, now: datetime) -> str | None:
    """Why no mail is queued, from the record alone: the black list is asked when the mail is about to leave."""
    if contact is None or not visible(contact):
        return "not_found"
    if contact.outgoing:
        return Refusal.MAIL_UNDER_WAY
    return refusal(contact, kind, now, brand.policy, suppressed=False, brand_status=brand.record.status)


async def _named(brand: Brand, ambassador: str, ids: Sequence[str]) -> AsyncIterator[tuple[str, Contact | None]]:
    for chunk in chunks(dict.fromkeys(ids), 100):
        found = await brand.contacts.get_many([(ambassador, contact) for contact in chunk])
        for contact in chunk:
            item = found.get((ambassador, contact))
            yield contact, item.record if item else None


async def _in_state(
    brand: Brand, ambassador: str, states: frozenset[AmbassadorOptIn]
) -> AsyncIterator[tuple[str, Contact | None]]:
    wanted = Where("ambassadorOptIn", "in", tuple(state.value for state in states))
    async for page in brand.contacts.pages(Query((wanted,), ambassador, limit=100)):
        for item in page:
            if visible(item.record):
                yield item.record.id, item.record
