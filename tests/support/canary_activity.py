"""What a canary did in a brand, and what others do with it: publications, photos, imports, mails, requests of rights."""

from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.ambassador import Ambassador
from shared.domain.community import FeedEntry, Reaction, ReactionKind, month_of
from shared.domain.contact import Contact
from shared.domain.contest import ReuseConsent
from shared.domain.counting import CountShard
from shared.domain.ids import new_id
from shared.domain.jobs import Job, JobState, MailBatch, RowRefusal
from shared.domain.publication import Content, Publication, new_publication_id
from shared.domain.records import Record
from shared.domain.rights import RightKind, RightsLink, RightsRequest, RightState
from shared.domain.sealing import new_file_key, seal
from shared.domain.ugc import Ugc
from shared.usecases.brands import Brand
from shared.usecases.import_contacts import file_path, start_import
from tests.support.canary import MARK, filled
from tests.support.world import World

CONTEST_DAYS = 20


@dataclass(slots=True)
class Placed:
    """One person in one brand."""

    email: str
    account: Ambassador
    contacts: list[Contact] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)  # what stands in a file, by what it is


async def publications(brand: Brand, placed: Placed, tag: str, other: str) -> None:
    now = brand.now()
    for whose in (placed.account.id, other):
        own = whose == placed.account.id
        id = new_publication_id(brand.id, whose)
        content = Content(
            title=f"{MARK}{tag}title", url=f"https://shop.example/{MARK}{tag}page", description=f"{MARK}{tag}words"
        )
        hers = filled(Publication, now, tag, id=id, ambassador_id=whose, contents=(content,), photos=(new_id(),))
        publication = hers if own else hers.changed(subject="News", body="For you", contents=())
        entry = FeedEntry(id=id, month=month_of(now), at=now, ambassador_id=whose, likes=1, comments=1)
        said = filled(
            Reaction,
            now,
            tag,
            id=new_id(),
            publication_id=id,
            kind=ReactionKind.COMMENT,
            ambassador_id=other if own else placed.account.id,
        )
        shard = filled(CountShard, now, tag, id="0", publication_id=id, ambassador_id=whose)
        await brand.activity.create(publication)
        await brand.feed.create(entry)
        await brand.reactions.create(said)
        placed.records.append(said)
        if own:
            await brand.counters.create(shard)
            placed.records += [publication, entry, shard]


async def photos(world: World, brand: Brand, placed: Placed, tag: str) -> None:
    now, until = brand.now(), brand.now() + timedelta(days=CONTEST_DAYS)
    consent = filled(
        ReuseConsent, now, tag, contest=new_id(), until=until, withdrawn_at=None, usage="shown", text_version="1"
    )
    for agreed in (None, consent):
        id = new_id()
        photo = filled(
            Ugc,
            now,
            tag,
            id=id,
            ambassador_id=placed.account.id,
            file=f"{brand.id}/ugc/{id}",
            key=new_file_key(),
            consent=agreed,
            delete_at=until if agreed else None,
            detached_at=None,
            unsettled_since=None,
            proof=None,
        )
        await brand.ugc.create(photo)
        await brand.ports.files.write(photo.file or "", seal([f"{MARK}{tag} her picture".encode()], photo.key or ""))
        placed.records.append(photo)
    placed.pictures = {"photo": f"{MARK}{tag} her face", "picture": f"{MARK}{tag} her picture"}


async def work(world: World, brand: Brand, placed: Placed, tag: str, others: list[str]) -> None:
    now = brand.now()
    job = filled(
        Job,
        now,
        tag,
        id=new_id(),
        kind="import",
        ambassador_id=placed.account.id,
        state=JobState.RUNNING,
        finished_at=None,
        failure="broken",
        account="google",
        file_format="csv",
        refusals=(RowRefusal(row=1, reason="email"),),
        file_key=new_file_key(),
        refused_by_reason={"email": 1},
        batches=(new_id(),),
        grant=world.ports.vault.wrap(f"{MARK}{tag}permission".encode()),
    )
    await brand.jobs.create(job)
    await brand.ports.files.write(
        file_path(brand, job.id), seal([f"{MARK}{tag}friend@example.org".encode()], job.file_key or "")
    )
    batch = filled(
        MailBatch,
        now,
        tag,
        id=new_id(),
        recipients=((others[0], placed.contacts[0].id),),
        open_since=None,
        publication=new_id(),
        skipped={"suppressed": 1},
        refused={placed.contacts[0].id: "refused"},
    )
    await brand.batches.create(batch)
    await start_import(brand, others[1], f"{placed.email}\n{MARK}{tag}.friend@canary.example.org".encode(), "emails")
    placed.records += [job, batch]
    placed.pictures |= {"uploaded": f"{MARK}{tag}friend@example.org"}


async def rights(brand: Brand, placed: Placed, tag: str) -> None:
    now, refs = brand.now(), brand.hasher.refs(placed.email)
    request = filled(
        RightsRequest,
        now,
        tag,
        id=new_id(),
        kind=RightKind.OTHER,
        state=RightState.OPEN,
        subject=refs[0],
        language="en",
        people=refs,
        ambassador=None,
        link=None,
        email=placed.email,
        **dict.fromkeys(("running_since", "notice", "owed_since", "passed_on_at", "closed_at", "closed_by", "note")),
        reached=(),
        listed=False,
        erased={},
        proof=(),
        asked_by="person",
        extended_because="archives",
    )
    link = filled(
        RightsLink,
        now,
        tag,
        id=new_id(),
        email=placed.email,
        subject=refs[0],
        language="en",
        people=refs,
        pending_since=None,
    )
    await brand.rights.create(request)
    await brand.rights_links.create(link)
    placed.records += [request, link]
