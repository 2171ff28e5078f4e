"""What a sweep does to one contact that is due: pure, so that the preview and the sweep cannot differ (RET-17)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.anonymisation import anonymised_contact, detached_contact
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, MailKind, Origin, contact_clock
from shared.domain.policy import Durations
from shared.domain.retention import RULES, Action, RuleId, is_due


class Done(StrEnum):
    """What happened to a record, as reports say it."""

    DELETED = "deleted"
    WARNING_QUEUED = "warning_queued"
    SECOND_INVITATION_QUEUED = "second_invitation_queued"
    OPTED_OUT = "opted_out"
    ANONYMISED = "anonymised"
    LEFT_TO_THE_BRAND = "left_to_the_brand"


@dataclass(frozen=True, slots=True)
class Disposition:
    """The end of one due record: `contact` None is deleted, the same object is left as it is."""

    rule: RuleId
    done: Done
    contact: Contact | None


def dispose(
    contact: Contact, at: datetime, durations: Durations, *, written_at: datetime | None = None
) -> Disposition | None:
    """What the rules ask for a contact at this time; None when it is not due.

    `written_at` is the date to write when the sweep acts later than the time it judges by: a term that begins with this
    act is never shortened (RET-19).
    A record whose next rule is overdue too goes through both at once, so that none is past its day after a sweep.
    """
    clock = contact_clock(contact)
    if clock is None or not is_due(clock, at, durations):
        return None
    now = written_at or at
    match RULES[clock.rule].action:
        case Action.DELETE:
            if _perhaps_has_a_link(contact):
                return Disposition(clock.rule, Done.ANONYMISED, anonymised_contact(contact, at, clock.rule))
            return Disposition(clock.rule, Done.DELETED, None)
        case Action.WARN:
            return None  # accounts alone are warned
        case Action.SEND_SECOND_INVITATION:
            return Disposition(clock.rule, Done.SECOND_INVITATION_QUEUED, contact)
        case Action.OPT_OUT_NO_ACTION:
            lapsed = contact.changed(
                ambassador_opt_in=AmbassadorOptIn.OPT_OUT_NO_ACTION,
                ambassador_opt_in_at=now,
                modified_at=now,
                modified_by=Origin(mechanism=clock.rule),
            )
            return Disposition(clock.rule, Done.OPTED_OUT, lapsed)
        case Action.ANONYMISE:
            if contact.brand_opt_in.allows_communications and not contact.detached_at:
                left = detached_contact(contact, now, clock.rule)
                further = dispose(left, at, durations, written_at=now)
                if further:  # reported under the rule that the record was found by
                    return Disposition(clock.rule, further.done, further.contact)
                return Disposition(clock.rule, Done.LEFT_TO_THE_BRAND, left)
            return Disposition(clock.rule, Done.ANONYMISED, anonymised_contact(contact, now, clock.rule))


def dispose_of_leavers(
    contact: Contact, rule: RuleId, at: datetime, durations: Durations, *, written_at: datetime | None = None
) -> Disposition | None:
    """What becomes of a contact whose ambassador left or is forgotten (DEL-1, RET-7); None: nothing is to be, or may (RET-14).

    Who has a brand opt-in stays with the brand, under the own clock, which goes on; nobody's confirmation is awaited any
    more, so what is pending goes for good; of all others the hashes stay (SUP-5).
    """
    if contact.restricted_at or not contact.in_the_book:
        return None
    now = written_at or at
    if contact.pending and not _perhaps_has_a_link(contact):
        return Disposition(rule, Done.DELETED, None)
    if contact.brand_opt_in is BrandOptIn.NONE or contact.pending:
        return Disposition(rule, Done.ANONYMISED, anonymised_contact(contact, now, rule))
    left = detached_contact(contact, now, rule)
    further = dispose(left, at, durations, written_at=now)
    if further:
        return Disposition(rule, further.done, further.contact)
    return Disposition(rule, Done.LEFT_TO_THE_BRAND, left)


def dispose_at_the_end(
    contact: Contact, rule: RuleId, at: datetime, *, written_at: datetime | None = None
) -> Disposition | None:
    """What becomes of a contact when everybody of the brand goes (RET-9, RET-10); None when nothing is to be, or may (RET-14).

    Nobody is left to stay with, so a brand opt-in keeps nobody; what is pending was never anybody's.
    """
    if contact.restricted_at or contact.anonymised_at:
        return None
    if contact.pending and not _perhaps_has_a_link(contact):
        return Disposition(rule, Done.DELETED, None)
    return Disposition(rule, Done.ANONYMISED, anonymised_contact(contact, written_at or at, rule))


def _perhaps_has_a_link(contact: Contact) -> bool:
    """Whether a mail with an opt-out link, which must go on working (MAIL-2), may have left; a confirmation has none."""
    return contact.doubted is not None and contact.doubted.kind is not MailKind.CONFIRMATION
