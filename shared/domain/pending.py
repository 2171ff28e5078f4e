"""What somebody entered in a form and has still to confirm (COL-11, CON-8): asked, asked again, taken back, confirmed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.domain.collecting import Arrival, Brings, brings
from shared.domain.consent import AmbassadorOptIn, BrandOptIn, OptInClass, brand_stands, stands
from shared.domain.contact import Asking, Confirmed, Contact, MailKind, Origin, SentMail, last_activity
from shared.domain.ids import new_id
from shared.domain.merging import usable_fields
from shared.domain.suppression import SuppressionReason

A_MAIL_EVERY = timedelta(days=1)
MECHANISM = "confirmation"


def asked(arrival: Arrival, beside: str | None, now: datetime) -> Contact:
    """The pending record of a form; `beside` names the record that keeps standing for the address.

    Its term begins now (RET-4), whenever that what it asks was entered: an order may come days later.
    """
    origin = Origin(mechanism=arrival.source)
    return Contact(
        id=new_id(),
        ambassador_id=arrival.ambassador,
        ambassador_opt_in=AmbassadorOptIn.BLOG_PENDING,
        ambassador_opt_in_at=now,
        becomes=brings(arrival.source, arrival.said).ambassador,
        asking=_asking(arrival),
        beside=beside,
        form_answers=dict(arrival.form_answers),
        created_at=arrival.at,
        created_by=origin,
        modified_at=arrival.at,
        modified_by=origin,
        **usable_fields(arrival),
    )


def asked_again(pending: Contact, arrival: Arrival, now: datetime) -> Contact:
    """The pending record when the form was sent again: the latest boxes count, and the term begins anew (RET-4).

    A mail that left counts for the day (SUP-4) also when its question was taken back since.
    """
    before, asking = pending.asking, _asking(arrival)
    last = next((mail for mail in reversed(pending.mails) if mail.kind is MailKind.CONFIRMATION), None)
    if before:
        asking = asking.changed(message=asking.message or before.message, mail=before.mail, mailed_at=before.mailed_at)
    elif last:
        asking = asking.changed(mail=last.id, mailed_at=last.at)
    return pending.changed(
        **{name: value for name, value in usable_fields(arrival).items() if name != "email"},
        becomes=brings(arrival.source, arrival.said).ambassador,
        asking=asking,
        form_answers={**pending.form_answers, **arrival.form_answers},
        ambassador_opt_in_at=max(pending.ambassador_opt_in_at, now),
        modified_at=arrival.at,
        modified_by=Origin(mechanism=arrival.source),
    )


def with_mail(pending: Contact, asking: Asking, mail: str, now: datetime) -> Contact:
    """The pending record with the mail that goes out for it, now."""
    return pending.changed(asking=asking.changed(mail=mail, mailed_at=now))


def mail_is_due(asking: Asking, now: datetime) -> bool:
    """Whether a confirmation mail may be queued: at most one a day for one address with one ambassador (SUP-4)."""
    return asking.mailed_at is None or now - asking.mailed_at >= A_MAIL_EVERY


def nothing_new(standing: Contact, arrival: Arrival) -> bool:
    """Whether a form says nothing that its person has not confirmed before: then nothing is asked again (CON-8)."""
    state, what = standing.ambassador_opt_in, brings(arrival.source, arrival.said)
    confirmed = standing.in_the_book and state.explicit and state.opt_in_class is OptInClass.OPTED_IN
    answered = arrival.form_answers.items() <= standing.form_answers.items()
    return confirmed and not _more_for_the_brand(standing, what) and answered and not arrival.message


def ticks_more(standing: Contact, arrival: Arrival) -> bool:
    """Whether the box of the brand or of its partners is ticked by who had not ticked it before (COL-11)."""
    return _more_for_the_brand(standing, brings(arrival.source, arrival.said))


def _more_for_the_brand(standing: Contact, what: Brings) -> bool:
    brand_has_it = standing.brand_opt_in.explicit or brand_stands(standing.brand_opt_in, what.brand)
    return not brand_has_it or (what.partners and not standing.partners_opt_in)


def taken_back(pending: Contact, at: datetime, mechanism: str) -> Contact:
    """The pending record when its person wants no mail: it asks nothing any more, is shown to nobody, and goes (RET-4)."""
    return pending.changed(
        becomes=None, asking=None, modified_at=max(at, pending.modified_at), modified_by=Origin(mechanism=mechanism)
    )


def digest(pending: Contact) -> str:
    """Names exactly what pressing the button agrees to, so that a page shown before the form was sent again is no yes to it."""
    asking = pending.asking
    what = [
        pending.becomes,
        *((asking.brand, asking.partners, asking.source, asking.form, asking.message) if asking else ()),
    ]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]


def asks_the_way_back(pending: Contact, reasons: Mapping[SuppressionReason, datetime]) -> bool:
    """Whether a form, sent since the person opted out of all, asks to come back (SUP-4); never past a mail error."""
    opted_out_at = reasons.get(SuppressionReason.GLOBAL_OPT_OUT)
    if opted_out_at is None or len(reasons) > 1 or pending.asking is None or pending.becomes is None:
        return False
    return pending.becomes.opt_in_class is OptInClass.OPTED_IN and pending.asking.at >= opted_out_at


def confirmed(pending: Contact, yes: Confirmed) -> Contact | None:
    """The pending record with its person's yes; that the mail arrived is proved by it. None when it is there, or void."""
    if not pending.pending or pending.asking is None or pending.asking.confirmed:
        return None
    sent = SentMail(id=yes.mail, kind=MailKind.CONFIRMATION, at=pending.asking.mailed_at or pending.asking.at)
    known = any(one.id == yes.mail for one in pending.mails)
    return pending.changed(
        asking=pending.asking.changed(confirmed=yes),
        mails=pending.mails if known else (*pending.mails, sent),
        outgoing=None if pending.outgoing and pending.outgoing.mail == yes.mail else pending.outgoing,
        doubted=None if pending.doubted and pending.doubted.mail == yes.mail else pending.doubted,
    )


def in_its_own_place(pending: Contact, asking: Asking, yes: Confirmed) -> Contact:
    """The confirmed record as it stands for its address from now on."""
    state = pending.becomes or AmbassadorOptIn.STORAGE_ONLY
    return pending.changed(
        ambassador_opt_in=state,
        ambassador_opt_in_at=yes.at,
        brand_opt_in=asking.brand,
        brand_opt_in_at=None if asking.brand is BrandOptIn.NONE else yes.at,
        partners_opt_in=asking.partners,
        partners_opt_in_at=yes.at if asking.partners else None,
        objected_at=None if asking.brand.allows_communications else pending.objected_at,
        becomes=None,
        asking=None,
        beside=None,
        last_activity_at=last_activity(pending, yes.at),
        modified_at=yes.at,
        modified_by=Origin(mechanism=MECHANISM),
    )


def joined(standing: Contact, pending: Contact, asking: Asking, yes: Confirmed) -> Contact:
    """The standing record with what the confirmed one brings (CON-6): an own act, so that an earlier opt-out gives way.

    Gaps are filled, and nothing that was entered by hand is overwritten. Joining again changes nothing.
    """
    after: dict[str, Any] = {}
    state = pending.becomes or AmbassadorOptIn.STORAGE_ONLY
    current, since = standing.ambassador_opt_in, standing.ambassador_opt_in_at
    if state is not current and not stands(current, since, state, yes.at):
        after |= {"ambassador_opt_in": state, "ambassador_opt_in_at": yes.at}
    if asking.brand is not standing.brand_opt_in and not brand_stands(standing.brand_opt_in, asking.brand):
        after |= {"brand_opt_in": asking.brand, "brand_opt_in_at": yes.at}
    if asking.brand.allows_communications:
        after |= {"objected_at": None}
    if asking.partners and not standing.partners_opt_in:
        after |= {"partners_opt_in": True, "partners_opt_in_at": yes.at}
    gaps = ("first_name", "last_name", "language", "mobile_phone", "customer_id")
    after |= {name: getattr(pending, name) for name in gaps if not getattr(standing, name)}
    known = {mail.id for mail in standing.mails}
    return standing.changed(
        **after,
        form_answers={**standing.form_answers, **pending.form_answers},
        mails=(*standing.mails, *(mail for mail in pending.mails if mail.id not in known)),
        last_activity_at=last_activity(standing, yes.at),
        modified_at=max(standing.modified_at, yes.at),
        modified_by=Origin(mechanism=MECHANISM),
    )


def _asking(arrival: Arrival) -> Asking:
    what = brings(arrival.source, arrival.said)
    return Asking(
        source=arrival.source,
        at=arrival.at,
        brand=what.brand,
        partners=what.partners,
        form=arrival.form,
        text_version=arrival.text_version,
        ip_hash=arrival.ip_hash,
        message=arrival.message,
    )
