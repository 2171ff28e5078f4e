"""The page of a link that sets another password (AMB-7)."""

from typing import Literal

from shared.domain.passwords import SHORTEST
from shared.pages.brand import Brand
from shared.pages.catalogue import texts_of
from shared.pages.persons_pages import Page
from shared.pages.plain import name_of
from shared.pages.templating import environment, page_headers, style


def new_password_page(*, brand: Brand, language: str, state: Literal["asked", "too_short", "saved"]) -> Page:
    """`/p/{token}`: asks for `password`, says what is wrong with it, or that it is saved."""
    values = {"brand": name_of(brand.name), "processor": brand.processor}
    t = texts_of("pages", "new_password", language, values)
    look = style(brand.primary_colour, brand.readable_text)
    saved = state == "saved"
    html = (
        environment()
        .get_template("pages/new_password.html")
        .render(
            brand=brand,
            brand_name=values["brand"],
            language=language,
            css=look.css,
            t=t,
            title=t["done_title"] if saved else t["title"],
            intro=t["intro"],
            result=t["done"] if saved else None,
            notes=[],
            asks=not saved,
            problem=state == "too_short",
            shortest=SHORTEST,
        )
    )
    return Page(html, page_headers(language, look.source))
