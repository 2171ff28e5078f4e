"""What was under way when a backup was made, and must not go on by itself after a restore: nobody is mailed by it.

A mail that waited then has most likely left since, and nothing in the backup knows of it. So no batch, mail to an ambassador
or import goes on; who still wants it asks again. Sessions end: one that was closed since must not open again.
"""

from dataclasses import dataclass

from shared.domain.contact import Contact
from shared.domain.jobs import JobState
from shared.ports import Outcome, Query, Result
from shared.usecases.brands import Brand
from shared.usecases.collections import Change
from shared.usecases.compose import custom_id
from shared.usecases.import_contacts import file_path
from shared.usecases.saving import Edit, save_many
from shared.usecases.send_mails import as_sent, doubted

REASON = "restored"


@dataclass(frozen=True, slots=True)
class Settled:
    """How much was under way."""

    batches: int
    newsletters: int
    notices: int
    jobs: int
    sweeps: int
    accounts: int
    claims: int


async def settle(brand: Brand) -> Settled:
    """Closes what was open; doing it again finds nothing."""
    return Settled(
        batches=await _batches(brand),
        newsletters=await _newsletters(brand),
        notices=await _notices(brand),
        jobs=await _jobs(brand),
        sweeps=await _sweeps(brand),
        accounts=await _accounts(brand),
        claims=await _claims(brand),
    )


async def _batches(brand: Brand) -> int:
    closed = 0
    async for page in brand.batches.pages(Query(order_by="openSince")):
        changes = []
        for item in page:
            left = len(item.record.recipients) - item.record.sent - sum(item.record.skipped.values())
            skipped = {**item.record.skipped, REASON: left}
            changes.append(Change(item, item.record.changed(open_since=None, skipped=skipped)))
        closed += _written(await brand.batches.write_many(changes))
    return closed


async def _newsletters(brand: Brand) -> int:
    closed = 0
    async for page in brand.newsletters.pages(Query(order_by="openSince")):
        over = {"open_since": None, "finished_at": brand.now()}
        changes = [
            Change(item, item.record.changed(**over, skipped={**item.record.skipped, REASON: 1})) for item in page
        ]
        closed += _written(await brand.newsletters.write_many(changes))
    return closed


async def _notices(brand: Brand) -> int:
    """What a person was to be told about an own request; the request itself goes on."""
    closed = 0
    async for page in brand.rights.pages(Query(order_by="owedSince")):
        changes = [Change(item, item.record.owing(None, brand.now())) for item in page]
        closed += _written(await brand.rights.write_many(changes))
    return closed


async def _jobs(brand: Brand) -> int:
    closed = 0
    async for page in brand.jobs.pages(Query(order_by="openSince")):
        for item in page:
            await brand.ports.files.delete(file_path(brand, item.record.id))
        over = {"open_since": None, "state": JobState.FAILED, "failure": REASON, "file_key": None, "grant": None}
        changes = [Change(item, item.record.changed(**over, finished_at=brand.now())) for item in page]
        closed += _written(await brand.jobs.write_many(changes))
    return closed


async def _sweeps(brand: Brand) -> int:
    """The next hour opens a new one, which judges by its own date."""
    gone = 0
    async for page in brand.runs.pages(Query(order_by="openSince")):
        gone += _written(await brand.runs.write_many([Change(item, None) for item in page]))
    return gone


async def _accounts(brand: Brand) -> int:
    """No mail is owed any more, and nobody is signed in."""
    changed = 0
    async for page in brand.ambassadors.pages(Query()):
        changes = [
            Change(item, item.record.changed(sessions=()).owing(()))
            for item in page
            if item.record.sessions or item.record.owed
        ]
        changed += _written(await brand.ambassadors.write_many(changes))
    return changed


async def _claims(brand: Brand) -> int:
    """A mail that was about to leave: the provider is asked, and when it cannot tell, the mail may have left (MAIL-4)."""
    settled = 0
    async for page in brand.contacts.pages(Query(order_by="outgoing.at")):
        edits = [Edit(item, await _without_claim(brand, item.record)) for item in page]
        settled += sum(saved is not None for saved in await save_many(brand, edits))
    return settled


async def _without_claim(brand: Brand, contact: Contact) -> Contact:
    claim = contact.outgoing
    if claim is None:
        return contact
    accepted = await brand.ports.mailer.was_accepted(custom_id(brand, contact, claim.mail))
    return as_sent(contact, claim) if accepted else doubted(contact, claim)


def _written(results: list[Result]) -> int:
    return sum(result.outcome is Outcome.WRITTEN for result in results)
