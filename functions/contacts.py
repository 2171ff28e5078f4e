"""The ambassador's contacts: enter, find, edit, remove, release, import (CON, COL-1, COL-2)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import azure.functions as func
from pydantic import Field, StringConstraints, field_validator

from functions.http import Answer, Body, LongText, ShortText, answer, object_id, operation, parse, parse_query
from functions.identity import ambassador
from functions.work import queue_function
from shared import app
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, EmailStatus, MailKind
from shared.domain.errors import NotReleasableError, RestrictedError, SuppressedError
from shared.domain.jobs import Job, JobState, RowRefusal
from shared.domain.policy import Durations
from shared.domain.records import Instant
from shared.domain.retention import Action, RuleId
from shared.domain.visibility import Viewer, see_contact
from shared.usecases import contacts, direct_selling, import_contacts, invite

# Under the host's own 100 MB, which it refuses without saying why.
FILE_LIMIT = 80 << 20

ContactType = Literal["hostess", "customer", "prospect"]


class ContactBody(Body):
    """The fields of a contact that an ambassador enters; each may be left out (CON-1)."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)] | None = None
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    customer_id: ShortText | None = None
    facebook_id: ShortText | None = None
    twitter_id: ShortText | None = None
    instagram_id: ShortText | None = None
    comments: LongText | None = None
    street: ShortText | None = None
    city: ShortText | None = None
    postal_code: ShortText | None = None
    country: ShortText | None = None
    mobile_phone: ShortText | None = None
    home_phone: ShortText | None = None
    language: Literal["en", "fr"] | None = None
    type: ContactType | None = None
    tags: list[ShortText] | None = Field(default=None, max_length=50)

    @field_validator("tags")
    @classmethod
    def _once_each(cls, value: list[str] | None) -> list[str] | None:
        return list(dict.fromkeys(value)) if value is not None else None

    def fields(self) -> dict[str, Any]:
        """What was said, by the record's names."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        if "tags" in said:
            said["tags"] = tuple(self.tags or ())
        return said


class EnteredBody(ContactBody):
    """The same for a contact that is new in the book; what the opt-in rests on that the person gave elsewhere (COL-1)."""

    opt_in_evidence: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] | None = (
        None
    )


class Retention(Answer):
    """What will happen to the record, by which rule and when (RET-17)."""

    rule: RuleId
    action: Action
    at: Instant


class MailAnswer(Answer):
    """A mail that was sent to the contact, and what came of it."""

    kind: MailKind
    sent_at: Instant
    opens: int
    clicks: int


class SaleAnswer(Answer):
    """A sale to the contact, or `count` older ones of a month in one; of what, only the Manager shows (CON-1)."""

    at: Instant
    amount: str
    currency: str
    count: int


class ContactAnswer(Answer):
    """A contact as its ambassador may see it: the address of someone who opted out is null (VIS-3)."""

    id: str
    ambassador_id: str
    first_name: str | None
    last_name: str | None
    email: str | None = None
    email_status: EmailStatus
    customer_id: str | None
    facebook_id: str | None
    twitter_id: str | None
    instagram_id: str | None
    photo_url: str | None
    type: ContactType | None
    opt_in_evidence: str | None
    ambassador_opt_in: AmbassadorOptIn
    ambassador_opt_in_at: Instant
    brand_opt_in: BrandOptIn
    brand_opt_in_at: Instant | None
    partners_opt_in: bool
    partners_opt_in_at: Instant | None
    comments: str | None
    street: str | None
    city: str | None
    postal_code: str | None
    country: str | None
    mobile_phone: str | None
    home_phone: str | None
    language: str | None
    tags: tuple[str, ...]
    mails: tuple[MailAnswer, ...]
    sales: tuple[SaleAnswer, ...]
    created_at: Instant
    created_by: str
    modified_at: Instant
    modified_by: str
    last_activity_at: Instant | None
    retention: Retention | None


class ContactList(Answer):
    """One page of contacts."""

    items: list[ContactAnswer]
    next_cursor: str | None


class ListQuery(Body):
    """How a list is asked for."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: Annotated[str, StringConstraints(max_length=2000)] | None = None
    status: AmbassadorOptIn | None = None
    q: ShortText | None = None


class ImportQuery(Body):
    """What kind of file the body is; guessed when left out."""

    format: Literal["google-csv", "outlook-csv", "vcard", "emails"] | None = None


class JobCreated(Answer):
    """The job to watch."""

    job_id: str


class JobAnswer(Answer):
    """How far a job is; `total` is null until the file was counted. The first 1,000 refusals are listed, all are counted."""

    id: str
    kind: Literal["import", "mail"]
    state: JobState
    total: int | None
    done: int
    accepted: int
    updated: int
    refused: int
    refused_by_reason: dict[str, int]
    refusals: tuple[RowRefusal, ...]
    failure: str | None
    started_at: Instant
    finished_at: Instant | None


@operation(
    auth="ambassador",
    body=EnteredBody,
    answers={201: ContactAnswer, 200: ContactAnswer},
    problems=(SuppressedError, RestrictedError),
)
async def enter_contact(req: func.HttpRequest) -> func.HttpResponse:
    """Enters a contact, or brings the known one of the address up to date."""
    caller = await ambassador(req)
    fields = {name: value for name, value in parse(req, EnteredBody).fields().items() if value is not None}
    contact, new = await direct_selling.enter(caller.brand, caller.id, fields)
    return answer(201 if new else 200, _shown(contact, caller.brand.policy.durations))


@operation(auth="ambassador", query=ListQuery, answers={200: ContactList})
async def list_contacts(req: func.HttpRequest) -> func.HttpResponse:
    """The ambassador's contacts, newest first."""
    caller = await ambassador(req)
    query = parse_query(req, ListQuery)
    found, cursor = await contacts.find(
        caller.brand, caller.id, status=query.status, text=query.q, limit=query.limit, cursor=query.cursor
    )
    items = [_shown(contact, caller.brand.policy.durations) for contact in found]
    return answer(200, ContactList(items=items, next_cursor=cursor))


@operation(auth="ambassador", answers={200: ContactAnswer})
async def read_contact(req: func.HttpRequest) -> func.HttpResponse:
    """One contact."""
    caller = await ambassador(req)
    contact = await contacts.get(caller.brand, caller.id, object_id(req))
    return answer(200, _shown(contact, caller.brand.policy.durations))


@operation(
    auth="ambassador", body=ContactBody, answers={200: ContactAnswer}, problems=(SuppressedError, RestrictedError)
)
async def edit_contact(req: func.HttpRequest) -> func.HttpResponse:
    """Changes fields of a contact; null empties one."""
    caller = await ambassador(req)
    fields = parse(req, ContactBody).fields()
    direct_selling.check(caller.brand, fields)
    contact = await contacts.edit(caller.brand, caller.id, object_id(req), fields)
    return answer(200, _shown(contact, caller.brand.policy.durations))


@operation(auth="ambassador", answers={204: None})
async def remove_contact(req: func.HttpRequest) -> func.HttpResponse:
    """Takes a contact out of the book."""
    caller = await ambassador(req)
    await contacts.remove(caller.brand, caller.id, object_id(req))
    return answer(204)


@operation(auth="ambassador", answers={200: ContactAnswer}, problems=(NotReleasableError, RestrictedError))
async def release_contact(req: func.HttpRequest) -> func.HttpResponse:
    """Lets an address be written to again after a soft bounce (CON-3)."""
    caller = await ambassador(req)
    contact = await contacts.release(caller.brand, caller.id, object_id(req))
    return answer(200, _shown(contact, caller.brand.policy.durations))


@operation(
    auth="ambassador",
    query=ImportQuery,
    takes="application/octet-stream",
    up_to=FILE_LIMIT,
    answers={202: JobCreated},
)
async def import_address_book(req: func.HttpRequest) -> func.HttpResponse:
    """Takes an exported address book; the job tells the progress and each refused row."""
    caller = await ambassador(req)
    query = parse_query(req, ImportQuery)
    job = await import_contacts.start_import(caller.brand, caller.id, req.get_body(), query.format)
    return answer(202, JobCreated(job_id=job.id))


@operation(auth="ambassador", answers={200: JobAnswer})
async def read_job(req: func.HttpRequest) -> func.HttpResponse:
    """How far a job of the ambassador's is."""
    caller = await ambassador(req)
    job = await import_contacts.get_job(caller.brand, caller.id, object_id(req, "jobId"))
    if job.kind == "mail":
        job = await invite.mail_job(caller.brand, job)
    return answer(200, _job(job))


@queue_function(import_contacts.QUEUE)
async def run_import(message: Mapping[str, Any]) -> None:
    """Reads an imported file, or reads on where a crash stopped it."""
    await import_contacts.run_import(await app.brand(message["brand"]), message["job"])


def _shown(contact: Contact, durations: Durations) -> ContactAnswer:
    return ContactAnswer(**see_contact(contact, Viewer.OWN_AMBASSADOR, durations))


def _job(job: Job) -> JobAnswer:
    return JobAnswer(**{name: getattr(job, name) for name in JobAnswer.model_fields})
