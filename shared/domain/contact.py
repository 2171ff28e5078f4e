"""A contact: one person in the book of one ambassador (CON-1), and what follows from its fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from shared.domain.collecting import Source
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.hashing import Hasher
from shared.domain.ids import new_id
from shared.domain.ledger import Entry
from shared.domain.mail_events import EventKind
from shared.domain.records import Instant, Record
from shared.domain.retention import Clock, RuleId


class EmailStatus(StrEnum):
    """What the mail provider said of the address (CON-3); the last four are not written to."""

    OK = "ok"
    NOT_VERIFIED = "not_verified"
    SOFT_BOUNCE = "soft_bounce"
    HARD_BOUNCE = "hard_bounce"
    SPAM = "spam"
    BLOCKED = "blocked"

    @property
    def definitive(self) -> bool:
        """Whether the address goes on the black list (SUP-1)."""
        return self in (EmailStatus.HARD_BOUNCE, EmailStatus.SPAM, EmailStatus.BLOCKED)

    @property
    def writable(self) -> bool:
        """Whether a mail may go to the address."""
        return self in (EmailStatus.OK, EmailStatus.NOT_VERIFIED)


class MailKind(StrEnum):
    """What a mail to a contact is for (MAIL-1)."""

    INVITATION = "invitation"
    SECOND_INVITATION = "second_invitation"
    CONFIRMATION = "confirmation"
    PUBLICATION = "publication"
    VOUCHER = "voucher"


class Origin(Record):
    """Which way a record came in or was changed: mechanism, and the job and row that tell a repeat from a change.

    `content` is the keyed hash of an imported row without address, by which the same row is known in a later file.
    """

    mechanism: str
    job: str | None = None
    row: int | None = None
    content: str | None = None


class SentMail(Record):
    """One mail that really left."""

    id: str
    kind: MailKind
    at: Instant
    publication: str | None = None


class Outgoing(Record):
    """A mail that is about to be handed over: the claim that lets a crash be told from a mail never tried."""

    mail: str
    kind: MailKind
    at: Instant
    publication: str | None = None


class SeenEvent(Record):
    """One event about the contact's address; `key` tells a repeat (a keyed hash), `mail` the mail it is about."""

    key: str
    kind: EventKind | Literal["released", "cleared"]  # by the ambassador (CON-3); by staff, after a mail error (SUP-4)
    at: Instant
    mail: str | None = None


class Confirmed(Record):
    """The press of the button behind a confirmation mail: the proof of what then takes effect, whatever comes between."""

    at: Instant
    mail: str
    text_version: str | None = None
    ip_hash: str | None = None


class Asking(Record):
    """What somebody entered in a form and has still to confirm (COL-11); `becomes` on the record says the rest.

    `mail` is the one mail that may go out for it, `mailed_at` when it was queued: at most one a day (SUP-4).
    """

    source: Source
    at: Instant
    brand: BrandOptIn
    partners: bool = False
    form: str | None = None
    text_version: str | None = None
    ip_hash: str | None = None
    message: str | None = None
    mail: str | None = None
    mailed_at: Instant | None = None
    confirmed: Confirmed | None = None


class Sale(Record):
    """One order or purchase; products are for the Manager only. Without an order it is the sum of a month's."""

    order: str
    at: Instant
    amount: str
    currency: str
    products: tuple[str, ...] = ()
    count: int = 1  # how many orders the amount is of


class IssuedVoucher(Record):
    """The voucher that a contact has in hand, and the newest mail that carries it."""

    code: str
    mail: str
    at: Instant
    expires_at: Instant


class Contact(Record):
    """The record; derived fields (hash, keys, clock) are set by `settled` and by nothing else."""

    id: str = Field(default_factory=new_id)
    ambassador_id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    facebook_id: str | None = None
    twitter_id: str | None = None
    instagram_id: str | None = None
    photo_url: str | None = None
    customer_id: str | None = None
    type: Literal["hostess", "customer", "prospect"] | None = None
    comments: str | None = None
    opt_in_evidence: str | None = None  # what the ambassador wrote of an opt-in that was given elsewhere (COL-1)
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None
    mobile_phone: str | None = None
    home_phone: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()

    ambassador_opt_in: AmbassadorOptIn
    ambassador_opt_in_at: Instant
    becomes: AmbassadorOptIn | None = None
    asking: Asking | None = None  # a pending record without it asks nothing any more, and goes by its clock
    beside: str | None = None  # a pending record that leaves its address to another one: that one's id
    brand_opt_in: BrandOptIn = BrandOptIn.NONE
    brand_opt_in_at: Instant | None = None
    partners_opt_in: bool = False
    partners_opt_in_at: Instant | None = None
    objected_at: Instant | None = (
        None  # art. 21: no source but the person's own confirmed act gives leave to write (CON-6)
    )

    mails: tuple[SentMail, ...] = ()
    outgoing: Outgoing | None = None
    doubted: Outgoing | None = None  # the claim given back that the provider did not know of: the mail may have left
    last_call_at: Instant | None = None  # the second invitation went, or was due and could not go
    events: tuple[SeenEvent, ...] = ()
    sales: tuple[Sale, ...] = ()
    voucher: IssuedVoucher | None = None
    # To the brand's own questions: for the brand, not for the ambassador.
    form_answers: Mapping[str, str] = Field(default_factory=dict)
    last_activity_at: Instant | None = None

    created_at: Instant
    created_by: Origin
    modified_at: Instant
    modified_by: Origin
    owned_by_brand_sync: bool = False
    restricted_at: Instant | None = None
    detached_at: Instant | None = None
    anonymised_at: Instant | None = None

    email_hash: str | None = None
    facebook_hash: str | None = None
    twitter_hash: str | None = None
    instagram_hash: str | None = None
    address_key: str = ""
    email_status: EmailStatus = EmailStatus.NOT_VERIFIED
    search: str | None = None
    brand_sees: bool = False
    brand_search: str | None = None
    clock: Clock | None = None
    proof: Entry | None = None

    @property
    def in_the_book(self) -> bool:
        """Whether the record is still the ambassador's: neither anonymised nor left to the brand alone (RET-15)."""
        return self.anonymised_at is None and self.detached_at is None

    @property
    def pending(self) -> bool:
        """Whether an address confirmation is awaited, so that nobody sees the record (COL-11)."""
        return self.ambassador_opt_in is AmbassadorOptIn.BLOG_PENDING

    @property
    def shuts_its_address_out(self) -> bool:
        """Whether the ambassador may not enter the address (again): its person opted out, or was invited and removed."""
        return self.ambassador_opt_in.opted_out or not self.in_the_book

    @property
    def shown_to_the_brand(self) -> bool:
        """Whether brand users may know of the record: a brand opt-in, confirmed, of somebody still known (VIS-2).

        While its person restricts it, it is kept and shown to nobody for use (RET-14).
        """
        return self.the_brands_too and self.restricted_at is None

    @property
    def the_brands_too(self) -> bool:
        """Whether the record is the brand's as well: a brand opt-in, confirmed, of somebody still known."""
        return self.brand_opt_in is not BrandOptIn.NONE and not self.pending and self.anonymised_at is None

    @property
    def hides_its_address(self) -> bool:
        """Whether not even the own ambassador sees the address: of who opted out, or restricted it (VIS-3, RET-14)."""
        return self.ambassador_opt_in.opted_out or self.restricted_at is not None

    @property
    def _keeps_its_address_for_good(self) -> bool:
        # Who was invited and taken out of the book could be invited without end if the address were free again.
        return self.ambassador_opt_in.opted_out or self.ambassador_opt_in is AmbassadorOptIn.INVITATION_SENT

    def settled(self, hasher: Hasher, soft_bounce_limit: int) -> "Contact":
        """The record with every derived field made anew; each save goes through here."""
        email_hash = hasher.ref(self.email) if self.email else self.email_hash
        never_gave_it_up = self.address_key == self.email_hash and self._keeps_its_address_for_good
        keeps_address = self.in_the_book or never_gave_it_up
        return self.changed(
            email_hash=email_hash,
            facebook_hash=hasher.ref(self.facebook_id) if self.facebook_id else self.facebook_hash,
            twitter_hash=hasher.ref(self.twitter_id) if self.twitter_id else self.twitter_hash,
            instagram_hash=hasher.ref(self.instagram_id) if self.instagram_id else self.instagram_hash,
            address_key=self._address_key(email_hash if keeps_address else None),
            email_status=email_status(self.events, soft_bounce_limit),
            search=self._search_text(),
            brand_sees=self.shown_to_the_brand,
            brand_search=self._brands_search_text(),
            clock=contact_clock(self),
        )

    def _address_key(self, email_hash: str | None) -> str:
        """What is unique among the ambassador's records.

        Of one address there may be one record, and one pending one beside it. Of a record without address, what its row
        said or which row it was, so that a repeat is seen.
        """
        if email_hash:
            return f"pending.{email_hash}" if self.pending and self.beside else email_hash
        row = self.created_by
        if not self.in_the_book:
            return self.id
        return row.content or (f"{row.job}.{row.row}" if row.job else self.id)

    def _search_text(self) -> str | None:
        """What the ambassador may find the record by: never a hidden address (VIS-3)."""
        if not self.in_the_book or self.pending:
            return None
        return _findable(self.first_name, self.last_name, None if self.hides_its_address else self.email)

    def _brands_search_text(self) -> str | None:
        """What brand users may find the record by; nothing of a record that they may not see."""
        return (
            _findable(self.first_name, self.last_name, self.email, self.customer_id)
            if self.shown_to_the_brand
            else None
        )


def _findable(*parts: str | None) -> str | None:
    return " ".join(part for part in parts if part).casefold() or None


def email_status(events: Sequence[SeenEvent], soft_bounce_limit: int) -> EmailStatus:
    """The status that a set of events means, in whatever order they came (CON-3).

    The worst definitive event decides; else `soft_bounce_limit` soft bounces in a row without a delivery count as a hard
    one; else the last word. What staff cleared counts no more.
    """
    events = still_counting(events)
    if not events:
        return EmailStatus.NOT_VERIFIED
    kinds = {event.kind for event in events}
    for kind, status in _DEFINITIVE:
        if kind in kinds:
            return status
    if repeated_soft_bounce(events, soft_bounce_limit):
        return EmailStatus.HARD_BOUNCE
    telling = [event.kind for event in events if event.kind in _STATUS]
    return _STATUS[telling[-1]] if telling else EmailStatus.NOT_VERIFIED


def repeated_soft_bounce(events: Sequence[SeenEvent], limit: int) -> datetime | None:
    """When the soft bounces in a row reached the limit; None when they never did.

    Only a sign that a mail arrived breaks the row: a release by hand says nothing of the address.
    """
    in_a_row = 0
    for event in still_counting(events):
        if event.kind == EventKind.SOFT_BOUNCE:
            in_a_row += 1
            if in_a_row >= limit:
                return event.at
        elif event.kind in _ARRIVED:
            in_a_row = 0
    return None


def still_counting(events: Sequence[SeenEvent]) -> list[SeenEvent]:
    """The events, in order, that staff have not cleared: one from before then that comes late is cleared too."""
    ordered = in_order(events)
    cleared = [place for place, event in enumerate(ordered, start=1) if event.kind == "cleared"]
    return ordered[cleared[-1] :] if cleared else ordered


def in_order(events: Sequence[SeenEvent]) -> list[SeenEvent]:
    """The events by their own time; what happened in one second, in an order that does not depend on arrival."""
    return sorted(events, key=lambda event: (event.at, event.kind, event.key))


_DEFINITIVE = (
    (EventKind.SPAM, EmailStatus.SPAM),
    (EventKind.HARD_BOUNCE, EmailStatus.HARD_BOUNCE),
    (EventKind.BLOCKED, EmailStatus.BLOCKED),
)
_ARRIVED = frozenset({EventKind.DELIVERED, EventKind.OPEN, EventKind.CLICK})
_STATUS: dict[str, EmailStatus] = {
    EventKind.SOFT_BOUNCE: EmailStatus.SOFT_BOUNCE,
    EventKind.DELIVERED: EmailStatus.OK,
    EventKind.OPEN: EmailStatus.OK,
    EventKind.CLICK: EmailStatus.OK,
    "released": EmailStatus.NOT_VERIFIED,
}


def last_activity(contact: Contact, at: datetime) -> datetime:
    """The later of the contact's last deliberate act and this one (RET-13)."""
    return max(contact.last_activity_at or at, at)


def contact_clock(contact: Contact) -> Clock | None:
    """The rule a contact stands under; None when nothing may or need happen (RET-14, anonymised, the brand's own)."""
    if contact.anonymised_at or contact.restricted_at:
        return None
    state, since = contact.ambassador_opt_in, contact.ambassador_opt_in_at
    if contact.detached_at and not (state.opted_out and not contact.brand_opt_in.allows_communications):
        if contact.owned_by_brand_sync:
            return None
        return Clock(
            rule=RuleId.INACTIVE,
            since=_latest(contact.created_at, contact.last_activity_at, contact.brand_opt_in_at),
        )
    if state is AmbassadorOptIn.BLOG_PENDING:
        return Clock(rule=RuleId.PENDING_CONFIRMATION, since=since)
    if state is AmbassadorOptIn.NEW and contact.brand_opt_in is BrandOptIn.NONE:
        return Clock(rule=RuleId.NEVER_INVITED, since=since)
    if state is AmbassadorOptIn.INVITATION_SENT:
        if contact.last_call_at:
            return Clock(rule=RuleId.SECOND_INVITATION, since=contact.last_call_at)
        return Clock(rule=RuleId.FIRST_INVITATION, since=since)
    if state.opted_out:
        return Clock(rule=RuleId.OPTED_OUT, since=since)
    if contact.owned_by_brand_sync:
        return None
    return Clock(rule=RuleId.INACTIVE, since=_latest(contact.created_at, contact.last_activity_at))


def _latest(first: datetime, *others: datetime | None) -> datetime:
    return max((first, *(moment for moment in others if moment)))
