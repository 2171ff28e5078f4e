"""Every page and every mail once in each state, with harmless values."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, get_args

from shared.domain.anonymisation import anonymised_contact
from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, MailKind, Origin, Sale, SentMail
from shared.domain.held import Held, HeldRecord
from shared.domain.ledger import Evidence, next_entry
from shared.domain.rights import RightKind, RightsRequest, RightState
from shared.pages import render
from shared.pages.render import Brand, MailContent, Page

LOGO = "data:image/png;base64,iVBORw0KGgo="
INVITATION_URL = "https://app.example.org/i/token-1"
OPT_OUT_URL = "https://app.example.org/u/token-2"
CONFIRM_URL = "https://app.example.org/c/token-3"
LOG_IN_URL = "https://acme.example.com/log-in"
PHOTO_URL = "https://app.example.org/r/p/photos/a"
CONTENT_URLS = ["https://acme.example.com/box?a=1&b=2", "https://acme.example.com/tea"]


def a_brand(**changes: Any) -> Brand:
    """A brand, but for what is said."""
    values: dict[str, Any] = {
        "name": "Acme",
        "primary_colour": "#1f4f82",
        "text_on_primary": "#ffffff",
        "logo": None,
        "privacy_policy_url": "https://acme.example.com/privacy",
        "sender_name": "Acme News",
    }
    return Brand(**{**values, **changes})


def held(ambassador: str, *, erased: bool = False) -> Held:
    """What an access request finds: a record with everything, or what is left of one."""
    at = datetime(2030, 2, 1, tzinfo=UTC)
    origin = Origin(mechanism="crm")
    contact = Contact(
        ambassador_id="a" * 24,
        first_name="Jean",
        email="jean@example.org",
        comments="Met at the fair",
        tags=("fair", ambassador),
        ambassador_opt_in=AmbassadorOptIn.NEW,
        ambassador_opt_in_at=at,
        sales=(Sale(order="7", at=at, amount="1.00", currency="EUR", products=("tea",)),),
        mails=(SentMail(id="m" * 8, kind=MailKind.INVITATION, at=at),),
        form_answers={"size": "L"},
        created_at=at,
        created_by=origin,
        modified_at=at,
        modified_by=origin,
        restricted_at=at,
    )
    if erased:
        contact = anonymised_contact(contact, at, "test")
    will = {"rule": "RET-1", "action": "delete", "at": at}
    proof = next_entry(
        None,
        subject=contact.id,
        at=at,
        before={},
        after={"ambassadorOptIn": "new"},
        evidence=Evidence(actor="person", mechanism="invitation"),
        key=b"k",
    )
    request = RightsRequest(kind=RightKind.OTHER, state=RightState.OPEN, subject="h", received_at=at, due_at=at)
    return Held(
        at=at,
        email=None if erased else "jean@example.org",
        records=[HeldRecord(contact, None if erased else ambassador, [proof], None if erased else will)],
        listed=[("global_opt_out", at)],
        objected_at=at,
        white_listed=True,
        has_account=not erased,
        requests=[request],
    )


def pages(
    language: str,
    *,
    brand: Brand | None = None,
    ambassador: str = "Camille Roux",
    email: str = "j…@example.org",
    alike: bool = True,
) -> Mapping[str, Page]:
    """Every page in every state; without `alike` one of those that differ by their own words alone."""
    look: dict[str, Any] = {"brand": brand or a_brand(), "language": language}
    person: dict[str, Any] = {**look, "ambassador_name": ambassador, "contact_email_masked": email}
    form: dict[str, Any] = {**person, "agreements": get_args(render.Agreement), "shown": "0123456789abcdef"}
    until = date(2030, 3, 1)
    log_in = {
        name.replace("_", " "): render.log_in_page(name, **look, link=LOG_IN_URL if name == "signed_in" else None)
        for name in (get_args(render.LogInPageName) if alike else ("signed_in",))
    }
    newcomer: dict[str, Any] = {**look, "flow": "f" * 24, "terms_version": "3"}
    asked: list[render.FieldName] = ["first_name", "gender", "date_of_birth", "interests"]
    known: list[tuple[render.FieldName, str]] = [("last_name", "Roux"), ("email", email)]
    return {
        "sign up": render.sign_up_page(
            **newcomer, provider="sso", known=known, fields=[render.Field(name) for name in asked]
        ),
        "sign up refused": render.sign_up_page(
            **newcomer,
            provider="facebook",
            known=known,
            fields=[render.Field(name, ambassador, refused=True) for name in asked],
            terms_refused=True,
            photo=True,
            photo_wanted=True,
        ),
        **log_in,
        "invitation": render.invitation_page(**person, answer=None, until=until),
        "invitation accepted": render.invitation_page(**person, answer="accepted", until=until),
        "invitation declined": render.invitation_page(**person, answer="declined", until=until),
        "invitation closed": render.invitation_page(**person, answer="opted_out_of_brand", until=until),
        "opt-out": render.opt_out_page(**person, result=None),
        "opted out of the ambassador": render.opt_out_page(**person, result="ambassador"),
        "opted out of the brand": render.opt_out_page(**person, result="brand"),
        "confirm address": render.confirm_address_page(**form, confirmed=False),
        "address confirmed": render.confirm_address_page(**form, confirmed=True),
        "confirm sign-up": render.confirm_sign_up_page(**look, confirmed=False),
        "sign-up confirmed": render.confirm_sign_up_page(**look, confirmed=True),
        "leaving": render.leaving_page(**look, until=None),
        "left": render.leaving_page(**look, until=date(2030, 3, 1)),
        "stop notices": render.stop_notices_page(**look, switch="newsletters", stopped=False),
        "notices stopped": render.stop_notices_page(**look, switch="comment_notifications", stopped=True),
        "rights asked": render.rights_asked_page(**look, state="asked"),
        "rights link confirmed": render.rights_asked_page(**look, state="sent"),
        "rights": render.rights_page(**look, held=held(ambassador), email_masked=email, form="a" * 24, result=None),
        "rights erased, confirmed": render.rights_page(
            **look, held=held(ambassador, erased=True), email_masked=None, form="a" * 24, result="erase"
        ),
        "invalid link": render.invalid_link_page(**look),
        "error": render.error_page(**look),
    }


def mails(
    language: str,
    *,
    brand: Brand | None = None,
    ambassador: str = "Camille Roux",
    first_name: str | None = "Jean",
    subject: str = "The winter box",
    body: str = "I tried it.\n\nIt is lovely.",
    title: str = "Winter box",
    description: str | None = "Three candles.",
) -> Mapping[str, MailContent]:
    """Every mail."""
    look: dict[str, Any] = {"brand": brand or a_brand(), "language": language, "first_name": first_name}
    person = {**look, "ambassador_name": ambassador}
    contact = {**person, "opt_out_url": OPT_OUT_URL}
    contents: list[dict[str, str | None]] = [
        {"title": title, "url": CONTENT_URLS[0], "description": description},
        {"title": "Tea", "url": CONTENT_URLS[1]},
    ]
    return {
        "invitation": render.invitation_mail(**contact, invitation_url=INVITATION_URL),
        "invitation_reminder": render.invitation_reminder_mail(**contact, invitation_url=INVITATION_URL),
        "publication": render.publication_mail(
            **contact, subject=subject, body=body, contents=contents, photo_urls=[PHOTO_URL]
        ),
        "voucher": render.voucher_mail(**contact, code="AB12-CD34-EF56", until=date(2030, 3, 1)),
        "new_comment": render.new_comment_mail(
            **look, commenter="Zoé M.", publication=subject, comment=body, stop_url=OPT_OUT_URL
        ),
        **{
            kind: render.to_all_mail(**look, kind=kind, subject=subject, body=body, stop_url=OPT_OUT_URL)
            for kind in get_args(render.ToAllKind)
        },
        "suspended": render.suspended_mail(**look, leave_url=CONFIRM_URL),
        "inactive": render.inactive_mail(**look, day=date(2030, 3, 1)),
        "confirm_sign_up": render.confirm_sign_up_mail(**look, confirm_url=CONFIRM_URL),
        "already_registered": render.already_registered_mail(**look, log_in_url=LOG_IN_URL),
        "reset_password": render.reset_password_mail(**look, reset_url=CONFIRM_URL),
        "contacts_migrated": render.contacts_migrated_mail(**look, days=30),
        "you_left": render.you_left_mail(**look, until=date(2030, 3, 1), by_the_person=True),
        "you_were_removed": render.you_left_mail(**look, until=date(2030, 3, 1), by_the_person=False),
        "confirm_address": render.confirm_address_mail(**person, confirm_url=CONFIRM_URL),
        "your_rights": render.your_rights_mail(
            brand=look["brand"], language=language, rights_url=CONFIRM_URL, until=date(2030, 3, 1)
        ),
        "rights_extended": render.rights_extended_mail(
            brand=look["brand"], language=language, reason=body, until=date(2030, 3, 1)
        ),
        "rights_due": render.rights_due_mail(
            brand=look["brand"], language=language, due=[("a" * 24, "other", datetime(2030, 3, 1, tzinfo=UTC))]
        ),
        "rights_answered": render.rights_answered_mail(brand=look["brand"], language=language, said=body),
        "visitor_message": render.visitor_message_mail(**look, visitor_name=title, message=body, may_answer=True),
        "visitor_message_unanswered": render.visitor_message_mail(
            **look, visitor_name="", message=body, may_answer=False
        ),
    }


PAGE_NAMES = tuple(pages("en"))
MAIL_NAMES = tuple(mails("en"))
