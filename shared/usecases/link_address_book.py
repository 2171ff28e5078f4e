"""Importing an address book by account link (COL-2): permission, fetch, and then the import that every file goes through."""

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from shared.domain.address_book import written
from shared.domain.ambassador import AccountStatus
from shared.domain.errors import LogInRefusedError, UnknownObjectError
from shared.domain.flows import FlowPurpose
from shared.domain.hashing import WrappedKey
from shared.domain.ids import new_id
from shared.domain.jobs import Job
from shared.domain.sealing import new_file_key, seal
from shared.ports import ConflictError, StaleError
from shared.usecases import flows, import_contacts
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Versioned
from shared.usecases.flows import Sent, Taken
from shared.usecases.sessions import Caller

QUEUE = "address-book-links"
LARGEST = 100 << 20  # bytes: as much as a file may have
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Linking:
    """A link that was begun, and the id that its job will have once the person is back."""

    sent: Sent
    job: str


async def begin(caller: Caller, provider: str) -> Linking:
    """Begins a link; raises UnknownObjectError for a provider that the settings do not know."""
    ports = caller.brand.ports
    book = ports.address_books.get(provider)
    if book is None:
        raise UnknownObjectError
    id, job = new_id(), new_id()
    begun = await book.begin(flows.redirect_uri(ports, FlowPurpose.ADDRESS_BOOK), id)
    content = {"secrets": begun.secrets, "ambassador": caller.id, "job": job}
    key = await flows.keep(ports, id, FlowPurpose.ADDRESS_BOOK, provider, caller.brand.id, content)
    return Linking(Sent(begun.url, key), job)


async def finish(brands: Brands, taken: Taken, answer: Mapping[str, str]) -> tuple[Brand, Job]:
    """Takes the permission that the person gave, and queues the fetch.

    Raises LogInRefusedError for an answer that is not good, UnknownObjectError for an account without access.
    """
    brand, provider = await brands.get(taken.flow.brand or ""), taken.flow.provider
    token = await brand.ports.address_books[provider].finish(taken.content["secrets"], answer)
    if not await _has_access(brand, taken.content["ambassador"]):
        raise UnknownObjectError
    now = brand.now()
    job = Job(
        id=taken.content["job"],
        kind="import",
        ambassador_id=taken.content["ambassador"],
        started_at=now,
        open_since=now,
        file_format=written.FORMAT,
        file_key=new_file_key(),
        account=provider,
        grant=brand.ports.vault.wrap(token.encode()),
    )
    with suppress(ConflictError):
        await brand.jobs.create(job)
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "job": job.id}])
    return brand, job


async def fetch(brand: Brand, id: str) -> None:
    """Fetches the contacts into the job's sealed file, forgets the permission, and queues the import.

    A second message, or a crash at any point, fetches anew into the same file. Raises TryAgainError while the provider
    does not answer: the queue tries again, and after it the recovery timer, until the permission is not good any more.
    """
    current = await brand.jobs.get(id, id)
    if current is None or current.record.grant is None:
        return
    job = current.record
    with tempfile.TemporaryFile() as file:  # has no name: nothing of it is left, whatever happens
        failure = await _fetched(brand, job, file)
        if failure is None:
            file.seek(0)
            pieces = iter(lambda: file.read(PIECE), b"")
            await brand.ports.files.write(import_contacts.file_path(brand, id), seal(pieces, job.file_key or ""))
    with suppress(StaleError):  # another worker was faster
        await _let_go(brand, current, failure)


async def _let_go(brand: Brand, current: Versioned[Job], failure: str | None) -> None:
    """The job without the permission, for the import to read or to close."""
    await brand.jobs.replace(current, current.record.changed(grant=None, failure=failure, open_since=brand.now()))
    await brand.ports.queue.send(import_contacts.QUEUE, [{"brand": brand.id, "job": current.record.id}])


async def _fetched(brand: Brand, job: Job, file: BinaryIO) -> str | None:
    """Writes the contacts; gives the reason why there are none."""
    book = brand.ports.address_books.get(job.account or "")
    if book is None or not await _has_access(brand, job.ambassador_id):
        return "no_access"
    try:
        token = brand.ports.vault.unwrap(WrappedKey(job.grant or "")).decode()
        file.write(written.header())
        async for page in book.pages(token):
            file.write(written.rows(page))
            if file.tell() > LARGEST:
                return "too_large"
    except (LogInRefusedError, ValueError):
        return "link_refused"
    return None


async def _has_access(brand: Brand, ambassador: str) -> bool:
    account = await brand.ambassadors.get(ambassador, ambassador)
    return account is not None and account.record.status is AccountStatus.ACTIVE
