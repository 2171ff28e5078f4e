"""What each mail says: texts and links for one person, ready for the provider (MAIL-2, MAIL-3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.ambassador import Ambassador
from shared.domain.contact import Contact, MailKind, Outgoing
from shared.domain.custom_id import CustomId
from shared.domain.policy import Policy
from shared.domain.publication import Publication, photo_path, tracked_path
from shared.domain.tokens import Purpose
from shared.pages import render
from shared.ports import OutgoingMail
from shared.usecases.brands import Brand

# An answer can be given, and changed, for this long after the mail.
INVITATION_HOLDS = timedelta(days=90)
# An opt-out link is good for longer than any record that it is about.
OPT_OUT_HOLDS = timedelta(days=5 * 365)
# A confirmation can be given, and shown again, for as long as a policy may let it wait (RET-4).
CONFIRMATION_HOLDS = timedelta(days=60)


_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def custom_id(brand: Brand, contact: Contact, mail: str) -> str:
    """The id that the provider keeps with a mail and gives back with its events."""
    return str(CustomId(brand.id, contact.ambassador_id, contact.id, mail))


def compose(
    brand: Brand, ambassador: Ambassador, contact: Contact, claim: Outgoing, publication: Publication | None
) -> OutgoingMail:
    """The mail that the contact's claim stands for."""
    opt_out_url = link(brand, Purpose.OPT_OUT, contact, claim, OPT_OUT_HOLDS)
    name = " ".join(part for part in (contact.first_name, contact.last_name) if part)
    content = _content(brand, ambassador, contact, claim, publication, opt_out_url)
    headers = {}
    if claim.kind in (MailKind.PUBLICATION, MailKind.VOUCHER):
        headers = {"List-Unsubscribe": f"<{opt_out_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return OutgoingMail(
        custom_id=custom_id(brand, contact, claim.mail),
        sender_email=brand.policy.sender.email,
        sender_name=_one_line(f"{ambassador.display_name} · {brand.policy.sender.name}"),
        to_email=contact.email or "",
        # Before the address is confirmed, the name may be anybody's words.
        to_name=None if claim.kind is MailKind.CONFIRMATION else _one_line(name) or None,
        subject=_one_line(content.subject),
        text=content.text,
        html=content.html,
        headers=headers,
    )


def _content(
    brand: Brand,
    ambassador: Ambassador,
    contact: Contact,
    claim: Outgoing,
    publication: Publication | None,
    opt_out_url: str,
) -> render.MailContent:
    language = language_of(brand.policy, contact.language or ambassador.language)
    if claim.kind is MailKind.PUBLICATION and publication:
        return render.publication_mail(
            brand=look(brand.policy),
            language=language,
            ambassador_name=ambassador.display_name,
            first_name=contact.first_name,
            subject=publication.subject,
            body=publication.body,
            contents=[
                {**item.model_dump(), "url": brand.ports.public_url + tracked_path(publication.id, place)}
                for place, item in enumerate(publication.contents)
            ],
            photo_urls=[brand.ports.public_url + photo_path(publication.id, photo) for photo in publication.photos],
            opt_out_url=opt_out_url,
        )
    if claim.kind is MailKind.VOUCHER and contact.voucher:
        return render.voucher_mail(
            brand=look(brand.policy),
            language=language,
            ambassador_name=ambassador.display_name,
            first_name=contact.first_name,
            code=contact.voucher.code,
            until=contact.voucher.expires_at.date(),
            opt_out_url=opt_out_url,
        )
    if claim.kind is MailKind.CONFIRMATION:
        return render.confirm_address_mail(
            brand=look(brand.policy),
            language=language,
            ambassador_name=ambassador.display_name,
            first_name=contact.first_name,
            confirm_url=link(brand, Purpose.CONFIRM_CONTACT, contact, claim, CONFIRMATION_HOLDS),
        )
    write = render.invitation_mail if claim.kind is MailKind.INVITATION else render.invitation_reminder_mail
    return write(
        brand=look(brand.policy),
        language=language,
        ambassador_name=ambassador.display_name,
        first_name=contact.first_name,
        invitation_url=link(brand, Purpose.INVITATION, contact, claim, INVITATION_HOLDS),
        opt_out_url=opt_out_url,
    )


PATHS: Mapping[Purpose, str] = {
    Purpose.INVITATION: "i",
    Purpose.OPT_OUT: "u",
    Purpose.CONFIRM_SIGN_UP: "c",
    Purpose.RESET_PASSWORD: "p",
    Purpose.CONFIRM_CONTACT: "c",
    Purpose.STOP_NOTICES: "n",
    Purpose.LEAVE: "l",
    Purpose.RIGHTS: "rights",
}


def link(brand: Brand, purpose: Purpose, contact: Contact, claim: Outgoing, holds: timedelta) -> str:
    """A personal link for one purpose; the same for every try of one mail."""
    claims = {"b": brand.id, "a": contact.ambassador_id, "c": contact.id, "m": claim.mail}
    if contact.beside:
        claims["s"] = contact.beside
    return f"{brand.ports.public_url}/{PATHS[purpose]}/{brand.ports.tokens.issue(purpose, claims, claim.at + holds)}"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail to an ambassador says."""

    content: render.MailContent
    headers: Mapping[str, str] = field(default_factory=dict)
    reply_to: str | None = None


def to_ambassador(brand: Brand, account: Ambassador, custom_id: str, letter: Letter) -> OutgoingMail:
    """A letter from the brand to one of its ambassadors, ready for the provider."""
    return OutgoingMail(
        custom_id=custom_id,
        sender_email=brand.policy.sender.email,
        sender_name=_one_line(brand.policy.sender.name),
        to_email=account.email,
        to_name=_one_line(account.display_name),
        subject=_one_line(letter.content.subject),
        text=letter.content.text,
        html=letter.content.html,
        headers=letter.headers,
        reply_to=letter.reply_to,
    )


def _one_line(text: str) -> str:
    """Text for a mail's header: a line break there could begin a header of somebody else's making."""
    return _BREAKS.sub(" ", text).strip()


def look(policy: Policy) -> render.Brand:
    """The brand as its pages and mails show it (BR-2)."""
    return render.Brand(
        name=policy.display_name,
        primary_colour=policy.primary_colour,
        text_on_primary=policy.text_on_primary,
        logo=policy.logo,
        privacy_policy_url=policy.privacy_policy_url,
        sender_name=policy.sender.name,
    )


def language_of(policy: Policy, preferred: str | None, accept_language: str | None = None) -> str:
    """The person's language if the brand speaks it, else the brand's first."""
    wanted = render.language_of(preferred, accept_language)
    return wanted if wanted in policy.languages else policy.languages[0]
