"""Importing an address book (COL-2, COL-14): the file is kept sealed, read row by row, resumed after a crash, and deleted."""

import asyncio
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from shared.domain.address_book import Entry as Row
from shared.domain.address_book import Unreadable, UnreadableFileError, count_entries, read_entries
from shared.domain.addresses import clean_address
from shared.domain.ambassador import AccountStatus
from shared.domain.contact import Contact, Origin
from shared.domain.errors import ChangedMeanwhileError, FieldError, InvalidInputError, UnknownObjectError
from shared.domain.jobs import LISTED_REFUSALS, Job, JobState, RowRefusal
from shared.domain.sealing import SealBrokenError, new_file_key, seal, unseal
from shared.ports import StaleError
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned, in_turns
from shared.usecases.contacts import by_keys, new_contact, updated
from shared.usecases.saving import ATTEMPTS, Edit, save_many
from shared.usecases.suppressing import reasons_by_hash

QUEUE = "imports"
ROWS_A_CHECKPOINT = 1000
ROWS_A_MESSAGE = 200_000
FIELD_LENGTH = 200
TAGS = 50


FIELDS = ("first_name", "last_name", "mobile_phone", "home_phone", "street", "city", "postal_code", "country")


_FAILURES: dict[type[Exception], str] = {SealBrokenError: "file_broken", FileNotFoundError: "file_missing"}


async def start_import(brand: Brand, ambassador: str, file: bytes, file_format: str | None) -> Job:
    """Keeps the file, sealed under a key that goes with the job, and queues its reading; gives the job to watch."""
    if not file.strip():
        raise InvalidInputError(errors=[FieldError("body", "is empty")])
    now = brand.now()
    job = Job(
        kind="import",
        ambassador_id=ambassador,
        started_at=now,
        open_since=now,
        file_format=file_format,
        file_key=new_file_key(),
    )
    await brand.jobs.create(job)
    await brand.ports.files.write(file_path(brand, job.id), seal(_pieces(file), job.file_key or ""))
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "job": job.id}])
    return job


async def get_job(brand: Brand, ambassador: str, job: str) -> Job:
    """A job of this ambassador's; anybody else's is unknown."""
    found = await brand.jobs.get(job, job)
    if found is None or found.record.ambassador_id != ambassador:
        raise UnknownObjectError
    return found.record


async def run_import(brand: Brand, job: str) -> None:
    """Reads on from the last checkpoint; a second message, or another worker, does no harm.

    Each chunk is saved before its checkpoint. What a crash leaves between the two is recognised on the way again by
    the job and row that each record carries, so that nobody is imported, and no row counted, twice.
    """
    current = await brand.jobs.get(job, job)
    if current is None or current.record.finished_at or current.record.grant:
        return  # gone, done, or still to be fetched
    with suppress(StaleError):  # another worker is at it
        if current.record.failure is None and current.record.done != current.record.total:
            with tempfile.TemporaryFile() as file:  # has no name: nothing of it is left, whatever happens
                current = await _read_on(brand, current, file)
        if current:
            await _finish(brand, current)


async def _read_on(brand: Brand, current: Versioned[Job], file: BinaryIO) -> Versioned[Job] | None:
    """The job with every row read, or with the reason why none can be; None when another message goes on with it."""
    owner = await brand.ambassadors.get(current.record.ambassador_id, current.record.ambassador_id)
    if owner and owner.record.status is not AccountStatus.ACTIVE:  # nothing more is taken in for who left (DEL-1)
        return await brand.jobs.replace(current, current.record.changed(failure="ambassador_left"))
    try:
        await _fetch(brand, current.record, file)
        if current.record.total is None:
            total = await asyncio.to_thread(_count, file, current.record)
            current = await brand.jobs.replace(current, current.record.changed(state=JobState.RUNNING, total=total))
    except (UnreadableFileError, SealBrokenError, FileNotFoundError) as error:
        failure = error.reason if isinstance(error, UnreadableFileError) else _FAILURES[type(error)]
        return await brand.jobs.replace(current, current.record.changed(failure=failure))
    rows = islice(read_entries(file, current.record.file_format), current.record.done, None)
    for _ in range(0, ROWS_A_MESSAGE, ROWS_A_CHECKPOINT):
        chunk = [row async for row in in_turns(islice(rows, ROWS_A_CHECKPOINT))]
        if not chunk:
            return current
        tally = _Tally()
        await _take(brand, current.record, chunk, tally)
        current = await brand.jobs.replace(current, tally.onto(current.record, brand.now()))
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "job": current.record.id}])
    return None


def _count(file: BinaryIO, job: Job) -> int:
    total = count_entries(file, job.file_format)
    file.seek(0)
    return total


class _Tally:
    """What became of the rows of one chunk."""

    def __init__(self) -> None:
        self.accepted = 0
        self.updated = 0
        self.refusals: list[RowRefusal] = []

    def refuse(self, row: int, reason: str) -> None:
        self.refusals.append(RowRefusal(row=row, reason=reason))

    def add(self, other: "_Tally") -> None:
        """Counts the rows of a part."""
        self.accepted += other.accepted
        self.updated += other.updated
        self.refusals += other.refusals

    def onto(self, job: Job, now: datetime) -> Job:
        """The job with these rows counted."""
        reasons = dict(job.refused_by_reason)
        for refusal in self.refusals:
            reasons[refusal.reason] = reasons.get(refusal.reason, 0) + 1
        self.refusals.sort(key=lambda refusal: refusal.row)
        return job.changed(
            state=JobState.RUNNING,
            open_since=now,  # so that the recovery timer leaves a job alone that gets on
            done=job.done + self.accepted + self.updated + len(self.refusals),
            accepted=job.accepted + self.accepted,
            updated=job.updated + self.updated,
            refused=job.refused + len(self.refusals),
            refused_by_reason=reasons,
            refusals=(*job.refusals, *self.refusals)[:LISTED_REFUSALS],
        )


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """A row that may be taken; `keys` are what its person is known by in a book, under each version of the hash key."""

    number: int
    fields: dict[str, Any]
    keys: tuple[str, ...]

    @property
    def email(self) -> str | None:
        email: str | None = self.fields["email"]
        return email


async def _take(brand: Brand, job: Job, rows: Sequence[Row | Unreadable], tally: _Tally) -> None:
    """Saves rows: one look at the black list, one at the book, one write, each in batches that go side by side."""
    left = list(_cleaned(brand, rows, tally))
    suppressed = set(await reasons_by_hash(brand, {row.email: row.keys for row in left if row.email}))
    try:
        tally.add(await _taken(brand, job, left, suppressed))
    except ValueError:  # a record that no store can hold: it costs its own row, and no other
        for row in left:
            try:
                tally.add(await _taken(brand, job, [row], suppressed))
            except ValueError:
                tally.refuse(row.number, "too_large")


async def _taken(brand: Brand, job: Job, rows: Sequence[_Cleaned], suppressed: set[str]) -> _Tally:
    """Saves rows as far as somebody else's writes allow, and the rest again; raises ValueError when one is too large."""
    tally, left = _Tally(), list(rows)
    for _ in range(ATTEMPTS):
        known = await by_keys(brand, job.ambassador_id, [key for row in left for key in row.keys])
        left = await _write(brand, job, left, suppressed, known, tally)
        if not left:
            return tally
    raise ChangedMeanwhileError


async def _write(
    brand: Brand,
    job: Job,
    rows: Sequence[_Cleaned],
    suppressed: set[str],
    known: dict[str, Versioned[Contact]],
    tally: _Tally,
) -> list[_Cleaned]:
    """Counts and writes the rows; gives those that must be judged again since somebody else wrote meanwhile."""
    edits: dict[str, Edit] = {}
    taken: dict[str, list[tuple[_Cleaned, bool]]] = {}
    async for row in in_turns(rows):
        if row.email in suppressed:
            tally.refuse(row.number, "suppressed")
            continue
        person = row.keys[0]
        before = next((known[key] for key in row.keys if key in known), None)
        origin = _origin(brand, job, row)
        if person in edits:
            edits[person] = Edit(edits[person].before, _merged(edits[person].after, row.fields, brand, origin))
            taken[person].append((row, False))
        elif before is None:
            edits[person] = Edit(None, new_contact(brand, job.ambassador_id, row.fields, origin))
            taken[person] = [(row, True)]
        elif before.record.ambassador_opt_in.opted_out:
            tally.refuse(row.number, "opted_out")
        elif before.record.shuts_its_address_out:
            tally.refuse(row.number, "already_invited")
        else:
            made_here = before.record.created_by.job == job.id and before.record.created_by.row == row.number
            edits[person] = Edit(before, _merged(before.record, row.fields, brand, origin))
            taken[person] = [(row, made_here)]
    lost = await _save_changed(brand, edits)
    for person, rows_taken in taken.items():
        for _, fresh in rows_taken if person not in lost else ():
            tally.accepted += fresh
            tally.updated += not fresh
    return [row for person, rows_taken in taken.items() if person in lost for row, _ in rows_taken]


def _origin(brand: Brand, job: Job, row: _Cleaned) -> Origin:
    content = None if row.email else brand.hasher.ref(_content(row.fields))
    return Origin(
        mechanism=f"import_{job.account or job.file_format or 'file'}", job=job.id, row=row.number, content=content
    )


def _content(fields: dict[str, Any]) -> str:
    """What a row without address says of its person; no address reads like it."""
    return "\n".join(fields[name] or "" for name in FIELDS)


async def _save_changed(brand: Brand, edits: dict[str, Edit]) -> set[str]:
    """Saves what really changes (a row that says nothing new costs no write); gives those that lost a race."""
    changed = {ref: e for ref, e in edits.items() if e.before is None or e.after != e.before.record}
    saved = await save_many(brand, list(changed.values()))
    return {ref for ref, item in zip(changed, saved, strict=True) if item is None}


def _merged(contact: Contact, fields: dict[str, Any], brand: Brand, origin: Origin) -> Contact:
    """The contact with what the file adds: an import fills gaps and never overwrites what was entered by hand.

    One whose confirmation is awaited stays as it is: nobody is to see it, or to add to it (COL-11); nor is a restricted
    one touched (RET-14).
    """
    if contact.pending or contact.restricted_at:
        return contact
    gaps = {name: value for name, value in fields.items() if value and not getattr(contact, name)}
    tags = tuple(dict.fromkeys((*contact.tags, *fields["tags"])))[: max(TAGS, len(contact.tags))]
    return updated(contact, {**gaps, "tags": tags}, brand, origin)


def _cleaned(brand: Brand, rows: Iterable[Row | Unreadable], tally: _Tally) -> Iterator[_Cleaned]:
    for row in rows:
        if isinstance(row, Unreadable):
            tally.refuse(row.number, row.reason)
            continue
        fields: dict[str, Any] = {name: getattr(row, name) for name in FIELDS}
        if max(map(len, filter(None, (*fields.values(), *row.tags))), default=0) > FIELD_LENGTH:
            tally.refuse(row.number, "field_too_long")
            continue
        fields["tags"] = row.tags[:TAGS]
        try:
            fields["email"] = clean_address(row.email) if row.email else None
        except ValueError:
            tally.refuse(row.number, "invalid_email")
            continue
        yield _Cleaned(row.number, fields, brand.hasher.refs(fields["email"] or _content(fields)))


async def _fetch(brand: Brand, job: Job, file: BinaryIO) -> None:
    async for piece in unseal(brand.ports.files.read(file_path(brand, job.id)), job.file_key or ""):
        file.write(piece)
    file.seek(0)


async def _finish(brand: Brand, current: Versioned[Job]) -> None:
    """Deletes the file, closes the job and forgets its key; what a crash cuts short here is done again."""
    await brand.ports.files.delete(file_path(brand, current.record.id))
    state = JobState.FAILED if current.record.failure else JobState.DONE
    done = current.record.changed(state=state, finished_at=brand.now(), open_since=None, file_key=None)
    await brand.jobs.replace(current, done)


def file_path(brand: Brand, job: str) -> str:
    """Where a job's file lies."""
    return f"{brand.id}/imports/{job}"


def _pieces(file: bytes) -> Iterator[bytes]:
    view = memoryview(file)
    for start in range(0, len(file), 1 << 20):
        yield bytes(view[start : start + (1 << 20)])
