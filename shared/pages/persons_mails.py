"""The mails: who sends each on whose behalf, the privacy policy and, but for confirmations, the opt-out (MAIL-2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from shared.pages.brand import Brand
from shared.pages.catalogue import Text, catalogue, day_text, text_version, texts_of
from shared.pages.plain import checked_url, greeted_name, name_of, one_line, paragraphs_of, subject_of
from shared.pages.templating import environment

MailName = Literal[
    "invitation",
    "invitation_reminder",
    "publication",
    "voucher",
    "confirm_sign_up",
    "already_registered",
    "reset_password",
    "new_comment",
    "newsletter",
    "event",
    "challenge",
    "suspended",
    "contacts_migrated",
    "inactive",
    "you_left",
    "you_were_removed",
    "confirm_address",
    "visitor_message",
    "visitor_message_unanswered",
    "your_rights",
    "rights_extended",
    "rights_answered",
    "rights_due",
]


ToAllKind = Literal["newsletter", "event", "challenge"]


@dataclass(frozen=True, slots=True)
class MailContent:
    """A mail ready to send; `text_version` says for the ledger which wording it shows (CON-7)."""

    subject: str
    text: str
    html: str
    text_version: str


def mail_text_version(name: MailName, language: str) -> str:
    """The id of the texts that a mail shows, for the ledger (CON-7)."""
    return text_version("mails", name, language)


def invitation_mail(
    *,
    brand: Brand,
    language: str,
    ambassador_name: str,
    first_name: str | None,
    invitation_url: str,
    opt_out_url: str,
) -> MailContent:
    """The first invitation: asks once, and says that it changes nothing by itself (COL-1)."""
    action = checked_url(invitation_url, "invitation_url")
    return _mail("invitation", brand, language, first_name, ambassador_name, opt_out_url, action)


def invitation_reminder_mail(
    *,
    brand: Brand,
    language: str,
    ambassador_name: str,
    first_name: str | None,
    invitation_url: str,
    opt_out_url: str,
) -> MailContent:
    """The second invitation: the last, and silence means no (RET-2, RET-3)."""
    action = checked_url(invitation_url, "invitation_url")
    return _mail("invitation_reminder", brand, language, first_name, ambassador_name, opt_out_url, action)


def publication_mail(
    *,
    brand: Brand,
    language: str,
    ambassador_name: str,
    first_name: str | None,
    subject: str,
    body: str,
    contents: Sequence[Mapping[str, str | None]],
    photo_urls: Sequence[str] = (),
    opt_out_url: str,
) -> MailContent:
    """What an ambassador publishes by mail (ACT-1); empty lines part the paragraphs of `body`; photos are linked.

    Each of `contents` has `title`, `url` and perhaps `description`; a url that is not http or https raises ValueError with
    its place. In the text part the body is quoted, so that no line of it can pass for one of ours. The RFC 8058 headers
    are the caller's.
    """
    items = [_content(item, at) for at, item in enumerate(contents)]
    return _mail(
        "publication",
        brand,
        language,
        first_name,
        ambassador_name,
        opt_out_url,
        subject=subject,
        paragraphs=paragraphs_of(body),
        contents=items,
        photo_urls=photo_urls,
    )


def voucher_mail(
    *,
    brand: Brand,
    language: str,
    ambassador_name: str,
    first_name: str | None,
    code: str,
    until: date,
    opt_out_url: str,
) -> MailContent:
    """A voucher that its holder asked for: the code, and until when it is good (COL-9). The RFC 8058 headers are the caller's."""
    more = {"code": code}
    return _mail("voucher", brand, language, first_name, ambassador_name, opt_out_url, day=until, more=more)


def confirm_sign_up_mail(*, brand: Brand, language: str, first_name: str | None, confirm_url: str) -> MailContent:
    """To a new ambassador: the link that opens the account (AMB-6)."""
    action = checked_url(confirm_url, "confirm_url")
    return _mail("confirm_sign_up", brand, language, first_name, action_url=action)


def already_registered_mail(
    *, brand: Brand, language: str, first_name: str | None, log_in_url: str | None = None
) -> MailContent:
    """To an address that has an account: somebody tried to sign up with it; the form gave nothing away (AMB-6)."""
    action = checked_url(log_in_url, "log_in_url") if log_in_url else None
    return _mail("already_registered", brand, language, first_name, action_url=action)


def reset_password_mail(*, brand: Brand, language: str, first_name: str | None, reset_url: str) -> MailContent:
    """To an ambassador who forgot the password: the link that sets another, once and for an hour (AMB-7)."""
    action = checked_url(reset_url, "reset_url")
    return _mail("reset_password", brand, language, first_name, action_url=action)


def contacts_migrated_mail(*, brand: Brand, language: str, first_name: str | None, days: int) -> MailContent:
    """To an ambassador whose contacts from before the law were taken over: who may be written to, and who lapses (COL-13)."""
    return _mail("contacts_migrated", brand, language, first_name, more={"days": str(days)})


def you_left_mail(
    *, brand: Brand, language: str, first_name: str | None, until: date, by_the_person: bool
) -> MailContent:
    """To an ambassador whose account has ended, by the own wish or the brand's: until when it can come back (DEL-3)."""
    name: MailName = "you_left" if by_the_person else "you_were_removed"
    return _mail(name, brand, language, first_name, day=until)


def to_all_mail(
    *,
    kind: ToAllKind,
    brand: Brand,
    language: str,
    first_name: str | None,
    subject: str,
    body: str,
    stop_url: str,
) -> MailContent:
    """What the brand writes to its ambassadors; empty lines part the paragraphs of `body` (AMB-4)."""
    return _mail(
        kind, brand, language, first_name, opt_out_url=stop_url, subject=subject, paragraphs=paragraphs_of(body)
    )


def suspended_mail(*, brand: Brand, language: str, first_name: str | None, leave_url: str) -> MailContent:
    """To each ambassador of a brand that is suspended: what that means, and that one can leave (DEL-6)."""
    return _mail("suspended", brand, language, first_name, action_url=checked_url(leave_url, "leave_url"))


def inactive_mail(*, brand: Brand, language: str, first_name: str | None, day: date) -> MailContent:
    """To an ambassador who did not log in for long: from which day on the account is erased without it (RET-7)."""
    return _mail("inactive", brand, language, first_name, day=day)


def new_comment_mail(
    *,
    brand: Brand,
    language: str,
    first_name: str | None,
    commenter: str,
    publication: str,
    comment: str,
    stop_url: str,
) -> MailContent:
    """To the author of a publication: what another ambassador says to it (ACT-3, AMB-4)."""
    more = {"commenter": name_of(commenter), "publication": name_of(publication)}
    said = paragraphs_of(comment)
    return _mail("new_comment", brand, language, first_name, opt_out_url=stop_url, paragraphs=said, more=more)


def confirm_address_mail(
    *, brand: Brand, language: str, ambassador_name: str, first_name: str | None, confirm_url: str
) -> MailContent:
    """To whoever filled in a form: the link that makes it count (COL-11)."""
    action = checked_url(confirm_url, "confirm_url")
    return _mail("confirm_address", brand, language, first_name, ambassador_name, action_url=action)


def visitor_message_mail(
    *, brand: Brand, language: str, first_name: str | None, visitor_name: str, message: str, may_answer: bool
) -> MailContent:
    """To an ambassador: what a visitor of the blog wrote, quoted, and whether the visitor may be answered (COL-5)."""
    name: MailName = "visitor_message" if may_answer else "visitor_message_unanswered"
    return _mail(name, brand, language, first_name, visitor=visitor_name, paragraphs=paragraphs_of(message))


def your_rights_mail(*, brand: Brand, language: str, rights_url: str, until: date) -> MailContent:
    """To whoever asked with this address: the link to everything that is held on them (RGT-2)."""
    action = checked_url(rights_url, "rights_url")
    return _mail("your_rights", brand, language, None, action_url=action, day=until)


def rights_extended_mail(*, brand: Brand, language: str, reason: str, until: date) -> MailContent:
    """That a request takes up to two months longer, and why (art. 12(3), RGT-5)."""
    return _mail("rights_extended", brand, language, None, paragraphs=paragraphs_of(reason), day=until)


def rights_answered_mail(*, brand: Brand, language: str, said: str) -> MailContent:
    """What a person answers to a request (RGT-1)."""
    return _mail("rights_answered", brand, language, None, paragraphs=paragraphs_of(said))


def rights_due_mail(*, brand: Brand, language: str, due: Sequence[tuple[str, str, datetime]]) -> MailContent:
    """To those who answer requests: ids, kinds and days of what is due within a week, and nothing of a person (RGT-5)."""
    lines = [f"{id}: {kind}, {day_text(until.date(), language)}" for id, kind, until in due]
    return _mail("rights_due", brand, language, None, paragraphs=[lines])


def _content(item: Mapping[str, str | None], at: int) -> dict[str, str]:
    url = checked_url(item["url"] or "", f"contents[{at}].url")
    title = one_line(item["title"] or "") or url
    return {"title": title, "url": url, "description": one_line(item.get("description") or "")}


def _mail(
    name: MailName,
    brand: Brand,
    language: str,
    first_name: str | None,
    ambassador_name: str | None = None,
    opt_out_url: str | None = None,
    action_url: str | None = None,
    subject: str = "",
    paragraphs: list[list[str]] | None = None,
    contents: list[dict[str, str]] | None = None,
    photo_urls: Sequence[str] = (),
    more: Mapping[str, str] | None = None,
    day: date | None = None,
    visitor: str = "",
) -> MailContent:
    greeted = greeted_name(first_name)
    values = {
        "brand": name_of(brand.name),
        "processor": brand.processor,
        "sender": name_of(brand.sender_name),
        "ambassador": name_of(ambassador_name or ""),
        "first_name": greeted or "",
        "visitor": name_of(visitor) or str(catalogue(language)["pages"]["some_visitor"]),
        "date": day_text(day, language) if day else "",
        **(more or {}),
    }
    t: dict[str, Text] = texts_of("mails", name, language, values)
    subject = subject_of(subject, str(t["subject"]))
    photos = [_content({"title": str(t["photo"]), "url": url}, at) for at, url in enumerate(photo_urls)]
    shown: dict[str, Any] = {
        "brand": brand,
        "brand_name": values["brand"],
        "language": language,
        "t": t,
        "subject": subject,
        "title": t.get("title", subject),
        "greeting": t["greeting_named"] if greeted else t["greeting"],
        "sent": t["sent_on_behalf"] if ambassador_name else t["sent"],
        "action_url": action_url,
        "opt_out_url": checked_url(opt_out_url, "opt_out_url") if opt_out_url else None,
        "paragraphs": paragraphs or [],
        "contents": [*(contents or []), *photos],
    }
    templates = environment()
    return MailContent(
        subject=subject,
        text=templates.get_template("mails/letter.txt").render(shown),
        html=templates.get_template("mails/letter.html").render(shown),
        text_version=mail_text_version(name, language),
    )
