"""The page of a link by which an ambassador of a suspended brand leaves (DEL-6)."""

from datetime import date

from shared.pages.brand import Brand
from shared.pages.catalogue import day_text, texts_of
from shared.pages.persons_pages import Page
from shared.pages.plain import name_of
from shared.pages.templating import environment, page_headers, style


def leaving_page(*, brand: Brand, language: str, until: date | None) -> Page:
    """`/l/{token}`: asks for `leave=yes`; `until` is the day of erasure of an account that has ended."""
    values = {
        "brand": name_of(brand.name),
        "processor": brand.processor,
        "date": day_text(until, language) if until else "",
    }
    t = texts_of("pages", "leaving", language, values)
    look = style(brand.primary_colour, brand.readable_text)
    html = (
        environment()
        .get_template("pages/page.html")
        .render(
            brand=brand,
            brand_name=values["brand"],
            language=language,
            css=look.css,
            t=t,
            title=t["left_title"] if until else t["title"],
            intro=None if until else t["intro"],
            result=t["left"] if until else None,
            field="leave",
            legend=t["legend"],
            choices=[] if until else [{"value": "yes", "label": t["leave"], "means": t["leave_means"]}],
            notes=[t["again"]] if until else [t["otherwise"]],
            action_url=None,
            points_legend="",
            points=(),
            hidden=(),
        )
    )
    return Page(html, page_headers(language, look.source))
