"""The pages around a log-in at somebody else's identity provider: it went well, or why it did not (REG-1, VIS-5)."""

from typing import Literal

from shared.pages.brand import Brand
from shared.pages.catalogue import texts_of
from shared.pages.persons_pages import Page
from shared.pages.plain import name_of
from shared.pages.templating import environment, page_headers, style

LogInPageName = Literal[
    "log_in_lapsed",
    "log_in_refused",
    "no_access",
    "manager_welcome",
    "signed_in",
    "check_mail",
    "contacts_linked",
    "address_taken",
    "not_open",
]


def log_in_page(name: LogInPageName, *, brand: Brand, language: str, link: str | None = None) -> Page:
    """A page that says one thing; `link` is where the person can go on."""
    values = {"brand": name_of(brand.name), "processor": brand.processor}
    t = texts_of("pages", name, language, values)
    look = style(brand.primary_colour, brand.readable_text)
    html = (
        environment()
        .get_template("pages/log_in.html")
        .render(
            brand=brand,
            brand_name=values["brand"],
            language=language,
            css=look.css,
            t=t,
            title=t["title"],
            intro=t["intro"],
            result=None,
            choices=[],
            notes=[t["advice"]],
            link=link,
        )
    )
    return Page(html, page_headers(language, look.source))
