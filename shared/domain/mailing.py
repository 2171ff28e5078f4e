"""Whether a mail may go to a contact (MAIL-1): one pure function, asked again right before every mail."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from shared.domain.consent import AmbassadorOptIn, OptInClass
from shared.domain.contact import Contact, MailKind
from shared.domain.pending import asks_the_way_back
from shared.domain.policy import BrandStatus, Policy
from shared.domain.retention import RuleId, is_due
from shared.domain.suppression import SuppressionReason


class Refusal(StrEnum):
    """Why a mail may not go."""

    BRAND_NOT_ACTIVE = "brand_not_active"
    AMBASSADOR_NOT_ACTIVE = "ambassador_not_active"
    RECORD_GONE = "record_gone"
    RESTRICTED = "restricted"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    OBJECTED = "objected"  # art. 21: the person has given this ambassador no leave since
    ADDRESS_BOUNCED = "address_bounced"
    OPTED_OUT = "opted_out"
    ALREADY_INVITED = "already_invited"
    ALREADY_OPTED_IN = "already_opted_in"
    CONFIRMATION_AWAITED = "confirmation_awaited"
    NOTHING_TO_CONFIRM = "nothing_to_confirm"
    NOT_OPTED_IN = "not_opted_in"
    NOT_INVITED = "not_invited"
    TOO_SOON = "too_soon"
    NO_VOUCHER = "no_voucher"
    MAIL_UNDER_WAY = "mail_under_way"


# The reasons that lie in the contact itself: waiting for them to pass is of no use.
LASTING = frozenset({Refusal.NO_ADDRESS, Refusal.SUPPRESSED, Refusal.OBJECTED, Refusal.ADDRESS_BOUNCED})

_OPTED_IN = frozenset(state for state in AmbassadorOptIn if state.opt_in_class is OptInClass.OPTED_IN)
# kind of mail → the states that allow it
_ALLOWED: Mapping[MailKind, frozenset[AmbassadorOptIn]] = {
    MailKind.INVITATION: frozenset({AmbassadorOptIn.NEW}),
    MailKind.SECOND_INVITATION: frozenset({AmbassadorOptIn.INVITATION_SENT}),
    MailKind.CONFIRMATION: frozenset({AmbassadorOptIn.BLOG_PENDING}),
    MailKind.PUBLICATION: _OPTED_IN,
    MailKind.VOUCHER: _OPTED_IN,
}


def refusal(
    contact: Contact,
    kind: MailKind,
    at: datetime,
    policy: Policy,
    *,
    suppressed: bool,
    brand_status: BrandStatus = BrandStatus.ACTIVE,
    ambassador_active: bool = True,
) -> Refusal | None:
    """Why a mail of this kind may not go to this contact now; None when it may.

    `suppressed` is whether the address is on the brand's black list. The order of the checks is the order of weight,
    so that the reason told is the one that matters most.
    """
    state = contact.ambassador_opt_in
    if brand_status is not BrandStatus.ACTIVE:
        return Refusal.BRAND_NOT_ACTIVE
    if not ambassador_active:
        return Refusal.AMBASSADOR_NOT_ACTIVE
    if not contact.in_the_book:
        return Refusal.RECORD_GONE
    if contact.restricted_at:
        return Refusal.RESTRICTED
    if state.opted_out:
        return Refusal.OPTED_OUT
    if suppressed:
        return Refusal.SUPPRESSED
    if not contact.email:
        return Refusal.NO_ADDRESS
    if not contact.email_status.writable:
        return Refusal.ADDRESS_BOUNCED
    if state not in _ALLOWED[kind]:
        return _wrong_state(state, kind)
    if kind is MailKind.CONFIRMATION and (contact.asking is None or contact.asking.confirmed):
        return Refusal.NOTHING_TO_CONFIRM
    if kind is MailKind.SECOND_INVITATION and not _second_invitation_is_due(contact, at, policy):
        return Refusal.TOO_SOON
    return None


def shut_out(
    contact: Contact, kind: MailKind, reasons: Mapping[SuppressionReason, datetime], *, objects: bool = False
) -> Refusal | None:
    """Why what is known of the contact's address in the brand keeps a mail from it; None when nothing does.

    One mail passes an opt-out of all: the confirmation of a form that was sent since, with the box ticked (SUP-4). What an
    objection of the person (`objects`) lets pass is that same question, and what they said yes to themself since.
    """
    if kind is MailKind.CONFIRMATION:
        return Refusal.SUPPRESSED if reasons and not asks_the_way_back(contact, reasons) else None
    if reasons:
        return Refusal.SUPPRESSED
    return Refusal.OBJECTED if objects and not contact.ambassador_opt_in.explicit else None


def _wrong_state(state: AmbassadorOptIn, kind: MailKind) -> Refusal:
    if state is AmbassadorOptIn.BLOG_PENDING:
        return Refusal.CONFIRMATION_AWAITED
    if kind is MailKind.INVITATION and state is AmbassadorOptIn.INVITATION_SENT:
        return Refusal.ALREADY_INVITED
    if kind is MailKind.INVITATION and state.opt_in_class is OptInClass.OPTED_IN:
        return Refusal.ALREADY_OPTED_IN
    return Refusal.NOT_INVITED if kind is MailKind.SECOND_INVITATION else Refusal.NOT_OPTED_IN


def _second_invitation_is_due(contact: Contact, at: datetime, policy: Policy) -> bool:
    clock = contact.clock
    return (
        contact.last_call_at is None
        and clock is not None
        and clock.rule is RuleId.FIRST_INVITATION
        and is_due(clock, at, policy.durations)
    )
