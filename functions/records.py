"""What the Manager shows of a brand's people: contacts, their file, and ambassadors (VIS-1, VIS-2, VIS-6)."""

from typing import Annotated, Literal

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.contacts import MailAnswer, Retention, SaleAnswer
from functions.http import (
    ID,
    Answer,
    Body,
    Cursor,
    ShortText,
    Shown,
    answer,
    csv_file,
    object_id,
    operation,
    parse_query,
)
from functions.identity import staff
from shared.domain.access_log import Act, Seen
from shared.domain.ambassador import (
    AccountStatus,
    Address,
    CommunicationSwitches,
    CommunitySwitches,
    Gender,
    LeftBecause,
)
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, EmailStatus
from shared.domain.errors import NotRestorableError
from shared.domain.records import Instant
from shared.domain.staff import MAY_LOOK, MAY_REMOVE_AMBASSADORS
from shared.domain.visibility import see_ambassador, see_contact
from shared.usecases import leaving, looking
from shared.usecases.export_contacts import MOST, export_contacts
from shared.usecases.looking import Wanted
from shared.usecases.staff_sessions import StaffCaller


class SoldAnswer(SaleAnswer):
    """A sale, and of what; `order` is empty where it is a month's."""

    order: str
    products: tuple[str, ...]


class ManagedContact(Shown):
    """A contact; which of these fields are there depends on who asks (VIS-2)."""

    id: str = ""
    ambassador_id: str = ""
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    email_status: EmailStatus | None = None
    customer_id: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None
    mobile_phone: str | None = None
    home_phone: str | None = None
    language: str | None = None
    ambassador_opt_in: AmbassadorOptIn | None = None
    ambassador_opt_in_at: Instant | None = None
    brand_opt_in: BrandOptIn | None = None
    brand_opt_in_at: Instant | None = None
    partners_opt_in: bool = False
    partners_opt_in_at: Instant | None = None
    sales: tuple[SoldAnswer, ...] = ()
    form_answers: dict[str, str] | None = None
    last_activity_at: Instant | None = None
    created_at: Instant | None = None
    created_by: str | None = None
    modified_at: Instant | None = None
    modified_by: str | None = None
    retention: Retention | None = None
    facebook_id: str | None = None
    twitter_id: str | None = None
    instagram_id: str | None = None
    photo_url: str | None = None
    type: Literal["hostess", "customer", "prospect"] | None = None
    comments: str | None = None
    opt_in_evidence: str | None = None
    tags: tuple[str, ...] = ()
    mails: tuple[MailAnswer, ...] = ()
    becomes: AmbassadorOptIn | None = None
    last_call_at: Instant | None = None
    owned_by_brand_sync: bool = False
    restricted_at: Instant | None = None
    detached_at: Instant | None = None
    anonymised_at: Instant | None = None


class ManagedContacts(Answer):
    """One page of contacts."""

    items: list[ManagedContact]
    next_cursor: str | None


class ManagedAmbassador(Shown):
    """An account; which of these fields are there depends on who asks. The IBAN is masked but for an administrator."""

    id: str = ""
    status: AccountStatus | None = None
    created_at: Instant | None = None
    confirmed_at: Instant | None = None
    last_login_at: Instant | None = None
    gender: Gender | None = None
    first_name: str | None = None
    last_name: str | None = None
    alias: str | None = None
    blog_alias: str | None = None
    email: str | None = None
    customer_id: str | None = None
    address: Address | None = None
    language: str | None = None
    date_of_birth: str | None = None
    terms_accepted_at: Instant | None = None
    terms_version: str | None = None
    about: str | None = None
    interests: tuple[str, ...] = ()
    position: str | None = None
    iban: str | None = None
    communication: CommunicationSwitches | None = None
    community: CommunitySwitches | None = None
    left_at: Instant | None = None
    left_because: LeftBecause | None = None
    facebook_id: str | None = None
    sso_id: str | None = None


class ManagedAmbassadors(Answer):
    """One page of accounts."""

    items: list[ManagedAmbassador]
    next_cursor: str | None


class RemovalAnswer(Answer):
    """When the account is anonymised (RET-8)."""

    erasure_due_at: Instant


class ContactFilter(Body):
    """Which contacts; `q` looks in names, address and customer ID."""

    status: AmbassadorOptIn | None = None
    brand_opt_in: Literal["blog", "internal_form", "external_form", "brand_database", "storage_only"] | None = None
    ambassador: Annotated[str, StringConstraints(pattern=f"^{ID}$")] | None = None
    q: ShortText | None = None
    cursor: Cursor | None = None

    def wanted(self) -> Wanted:
        """As the use case takes it."""
        opt_in = BrandOptIn(self.brand_opt_in) if self.brand_opt_in else None
        return Wanted(self.status, opt_in, self.ambassador, self.q)


class ContactQuery(ContactFilter):
    """How a list of contacts is asked for."""

    limit: int = Field(default=50, ge=1, le=200)


class ExportQuery(ContactFilter):
    """How a file of contacts is asked for."""

    limit: int = Field(default=MOST, ge=1, le=MOST)


class AmbassadorQuery(Body):
    """How a list of accounts is asked for; `q` looks in names, alias, address and customer ID."""

    status: AccountStatus | None = None
    q: ShortText | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor | None = None


@operation(auth="staff", query=ContactQuery, answers={200: ManagedContacts})
async def list_managed_contacts(req: func.HttpRequest) -> func.HttpResponse:
    """The brand's contacts that the caller may see, newest first."""
    caller = await staff(req, MAY_LOOK)
    query = parse_query(req, ContactQuery)
    found, cursor = await looking.find_contacts(caller.brand, caller.viewer, query.wanted(), query.limit, query.cursor)
    await caller.sees(Seen.CONTACTS, len(found))
    return answer(200, ManagedContacts(items=[_contact(caller, contact) for contact in found], next_cursor=cursor))


@operation(auth="staff", answers={200: ManagedContact})
async def read_managed_contact(req: func.HttpRequest) -> func.HttpResponse:
    """One contact; what the caller may not see is unknown."""
    caller = await staff(req, MAY_LOOK)
    contact = await looking.get_contact(caller.brand, caller.viewer, object_id(req))
    await caller.sees(Seen.CONTACTS, 1, Act.READ)
    return answer(200, _contact(caller, contact))


@operation(auth="staff", query=ExportQuery, answers={200: None}, gives=("text/csv",))
async def export_managed_contacts(req: func.HttpRequest) -> func.HttpResponse:
    """The brand's contacts with a brand opt-in as CSV (VIS-6), newest first; `X-Next-Cursor` when there are more."""
    caller = await staff(req, MAY_LOOK)
    query = parse_query(req, ExportQuery)
    export = await export_contacts(caller.brand, query.wanted(), query.limit, query.cursor)
    await caller.sees(Seen.CONTACTS, export.rows, Act.EXPORTED)
    return csv_file(export.content, "contacts.csv", export.cursor)


@operation(auth="staff", query=AmbassadorQuery, answers={200: ManagedAmbassadors})
async def list_managed_ambassadors(req: func.HttpRequest) -> func.HttpResponse:
    """The brand's ambassadors, newest first."""
    caller = await staff(req, MAY_LOOK)
    query = parse_query(req, AmbassadorQuery)
    found, cursor = await looking.find_ambassadors(
        caller.brand, caller.viewer, query.status, query.q, query.limit, query.cursor
    )
    await caller.sees(Seen.AMBASSADORS, len(found))
    items = [ManagedAmbassador(**see_ambassador(account, caller.viewer)) for account in found]
    return answer(200, ManagedAmbassadors(items=items, next_cursor=cursor))


@operation(auth="staff", answers={202: RemovalAnswer})
async def remove_managed_ambassador(req: func.HttpRequest) -> func.HttpResponse:
    """Ends an ambassador's account (DEL-2): without access at once, restorable until `erasureDueAt`."""
    caller = await staff(req, MAY_REMOVE_AMBASSADORS)
    account = await looking.get_ambassador(caller.brand, caller.viewer, object_id(req))
    await caller.sees(Seen.AMBASSADORS, 1, Act.CHANGED)
    due = await leaving.remove(caller.brand, account.id, f"staff:{caller.member.id}")
    return answer(202, RemovalAnswer(erasure_due_at=due))


@operation(auth="staff", answers={200: ManagedAmbassador}, problems=(NotRestorableError,))
async def restore_managed_ambassador(req: func.HttpRequest) -> func.HttpResponse:
    """Takes the end of an account back within the time (DEL-3)."""
    caller = await staff(req, MAY_REMOVE_AMBASSADORS)
    account = await looking.get_ambassador(caller.brand, caller.viewer, object_id(req))
    await caller.sees(Seen.AMBASSADORS, 1, Act.CHANGED)
    back = await leaving.restore(caller.brand, account.id, f"staff:{caller.member.id}")
    return answer(200, ManagedAmbassador(**see_ambassador(back, caller.viewer)))


@operation(auth="staff", answers={200: ManagedAmbassador})
async def read_managed_ambassador(req: func.HttpRequest) -> func.HttpResponse:
    """One ambassador."""
    caller = await staff(req, MAY_LOOK)
    account = await looking.get_ambassador(caller.brand, caller.viewer, object_id(req))
    await caller.sees(Seen.AMBASSADORS, 1, Act.READ)
    return answer(200, ManagedAmbassador(**see_ambassador(account, caller.viewer)))


def _contact(caller: StaffCaller, contact: Contact) -> ManagedContact:
    return ManagedContact(**see_contact(contact, caller.viewer, caller.brand.policy.durations))
