"""The person's own pages (MAIL-2, MAIL-3): a form that is only ever sent by a press of a button, and its result.

Every form posts to the page's own address, unless `action_url` says otherwise, and works without scripts. No-referrer makes
browsers send `Origin: null` with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.pages.brand import Brand
from shared.pages.catalogue import catalogue, day_text, text_version, texts_of
from shared.pages.plain import checked_url, name_of, one_line
from shared.pages.templating import environment, page_headers, style

PageName = Literal[
    "invitation",
    "opt_out",
    "confirm_address",
    "confirm_sign_up",
    "new_password",
    "stop_notices",
    "invalid_link",
    "error",
]
InvitationAnswer = Literal["accepted", "declined", "opted_out_of_brand"]
OptOutScope = Literal["ambassador", "brand"]
# What a confirmation may make true, each said in a sentence.
Agreement = Literal[
    "ambassador", "storage_only", "brand", "brand_storage", "partners", "message", "voucher", "way_back"
]


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and the headers without which it must not be sent."""

    html: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Choice:
    """One button of a form: what it sends, says and means."""

    value: str
    label: str
    means: str


def page_text_version(name: PageName, language: str) -> str:
    """The id of the texts that a page shows, for the ledger (CON-7)."""
    return text_version("pages", name, language)


def invitation_page(
    *,
    brand: Brand,
    language: str,
    ambassador_name: str,
    contact_email_masked: str | None,
    answer: InvitationAnswer | None,
    until: date,
    action_url: str | None = None,
) -> Page:
    """`/i/{token}`: asks for `answer=accept|decline`, shows the answer that stands and lets it be changed.

    Yes and no look alike: agreement is free only where a refusal is as easy (art. 4(11), 7). A person who opted out of the
    whole brand is told so and asked nothing (SUP-4). `until` is the day on which the link
    expires.
    """
    values = _values(brand, language, ambassador=ambassador_name, email=contact_email_masked)
    values["date"] = day_text(until, language)
    t = _texts("invitation", language, values)
    choices = [_Choice("accept", t["accept"], t["accept_means"]), _Choice("decline", t["decline"], t["decline_means"])]
    standing = {"accepted": "accept", "declined": "decline"}.get(answer or "")
    left = [] if answer == "opted_out_of_brand" else [choice for choice in choices if choice.value != standing]
    return _form_page(
        brand,
        language,
        t,
        title=t[f"{answer}_title"] if answer else t["title"],
        intro=None if answer else t["who"],
        result=t[answer] if answer else None,
        field="answer",
        legend=t["change_legend"] if answer else t["legend"],
        choices=left,
        notes=[t["until"]] if standing else [] if answer else [t["silence"], t["until"]],
        action_url=action_url,
    )


def opt_out_page(
    *,
    brand: Brand,
    language: str,
    ambassador_name: str,
    contact_email_masked: str | None,
    result: OptOutScope | None,
    action_url: str | None = None,
) -> Page:
    """`/u/{token}`: asks for `scope=ambassador|brand`, shows what is stopped, and offers what can still be stopped (MAIL-2)."""
    t = _texts("opt_out", language, _values(brand, language, ambassador=ambassador_name, email=contact_email_masked))
    offered = {None: ("ambassador", "brand"), "ambassador": ("brand",), "brand": ()}[result]
    return _form_page(
        brand,
        language,
        t,
        title=t[f"{result}_done_title"] if result else t["title"],
        intro=None if result else t["intro"],
        result=t[f"{result}_done"] if result else None,
        field="scope",
        legend=t["further_legend"] if result else t["legend"],
        choices=[_Choice(name, t[name], t[f"{name}_means"]) for name in offered],
        notes=[t["come_back"]] if result else [],
        action_url=action_url,
    )


def confirm_address_page(
    *,
    brand: Brand,
    language: str,
    ambassador_name: str,
    contact_email_masked: str | None,
    agreements: Sequence[Agreement],
    shown: str,
    confirmed: bool,
    action_url: str | None = None,
) -> Page:
    """`/c/{token}`: shows exactly what `confirm=yes` agrees to, and sends `shown`, which names it, along (COL-11)."""
    values = _values(brand, language, ambassador=ambassador_name, email=contact_email_masked)
    t = _texts("confirm_address", language, values)
    points = [] if confirmed else [t[f"agrees_{agreement}"] for agreement in agreements]
    return _confirmation_page(
        "confirm_address", brand, language, values, confirmed, action_url, points=points, hidden=[("shown", shown)]
    )


def confirm_sign_up_page(
    *,
    brand: Brand,
    language: str,
    confirmed: bool,
    action_url: str | None = None,
) -> Page:
    """`/c/{token}`: asks for `confirm=yes`, which opens the ambassador's account (AMB-6)."""
    values = _values(brand, language)
    return _confirmation_page("confirm_sign_up", brand, language, values, confirmed, action_url)


def stop_notices_page(
    *,
    brand: Brand,
    language: str,
    switch: str,
    stopped: bool,
    action_url: str | None = None,
) -> Page:
    """`/n/{token}`: asks for `stop=yes`; no more mails of one kind to an ambassador (AMB-4)."""
    values = _values(brand, language) | {"what": str(catalogue(language)["pages"]["switches"][switch])}
    t = _texts("stop_notices", language, values)
    return _form_page(
        brand,
        language,
        t,
        title=t["stopped_title"] if stopped else t["title"],
        intro=None if stopped else t["intro"],
        result=t["stopped"] if stopped else None,
        field="stop",
        legend=t["legend"],
        choices=[] if stopped else [_Choice("yes", t["stop"], t["stop_means"])],
        notes=[t["again"]] if stopped else [],
        action_url=action_url,
    )


def invalid_link_page(*, brand: Brand, language: str) -> Page:
    """The one page for a link that is forged, expired or about nothing any more: the three look the same (BR-1)."""
    return _message_page("invalid_link", brand, language)


def error_page(*, brand: Brand, language: str) -> Page:
    """The page for whatever went wrong on our side."""
    return _message_page("error", brand, language)


def _confirmation_page(
    name: PageName,
    brand: Brand,
    language: str,
    values: dict[str, str],
    confirmed: bool,
    action_url: str | None,
    points: Sequence[str] = (),
    hidden: Sequence[tuple[str, str]] = (),
) -> Page:
    t = _texts(name, language, values)
    return _form_page(
        brand,
        language,
        t,
        title=t["confirmed_title"] if confirmed else t["title"],
        intro=None if confirmed else t["intro"],
        result=t["confirmed"] if confirmed else None,
        field="confirm",
        legend=t["legend"],
        choices=[] if confirmed else [_Choice("yes", t["confirm"], t["confirm_means"])],
        notes=[] if confirmed else [t["otherwise"]],
        action_url=action_url,
        points_legend=t.get("points_legend", ""),
        points=points,
        hidden=hidden,
    )


def _message_page(name: PageName, brand: Brand, language: str) -> Page:
    t = _texts(name, language, _values(brand, language))
    return _form_page(
        brand,
        language,
        t,
        title=t["title"],
        intro=t["intro"],
        result=None,
        field="",
        legend="",
        choices=[],
        notes=[t["advice"]],
        action_url=None,
    )


def _form_page(
    brand: Brand,
    language: str,
    t: dict[str, str],
    *,
    title: str,
    intro: str | None,
    result: str | None,
    field: str,
    legend: str,
    choices: list[_Choice],
    notes: list[str],
    action_url: str | None,
    points_legend: str = "",
    points: Sequence[str] = (),
    hidden: Sequence[tuple[str, str]] = (),
) -> Page:
    look = style(brand.primary_colour, brand.readable_text)
    html = (
        environment()
        .get_template("pages/page.html")
        .render(
            brand=brand,
            brand_name=name_of(brand.name),
            language=language,
            css=look.css,
            t=t,
            title=title,
            intro=intro,
            result=result,
            field=field,
            legend=legend,
            choices=choices,
            notes=notes,
            action_url=checked_action(action_url),
            points_legend=points_legend,
            points=points,
            hidden=hidden,
        )
    )
    return Page(html, page_headers(language, look.source))


def checked_action(url: str | None) -> str | None:
    """Where a form posts to: a path of this site, or an address on http or https; raises ValueError for others."""
    if url is None or (url.startswith("/") and not url.startswith("//") and "\\" not in url):
        return url
    return checked_url(url, "action_url")


def _values(brand: Brand, language: str, *, ambassador: str = "", email: str | None = None) -> dict[str, str]:
    return {
        "brand": name_of(brand.name),
        "processor": brand.processor,
        "ambassador": name_of(ambassador),
        # The joiner keeps "j…" and "@example.org" on one line.
        "email": one_line(email or "").replace("…@", "…\u2060@") or catalogue(language)["pages"]["some_address"],
    }


def _texts(name: PageName, language: str, values: dict[str, str]) -> dict[str, str]:
    return {key: str(text) for key, text in texts_of("pages", name, language, values).items()}
