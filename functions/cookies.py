"""The tag for a brand's own site, and the list of every cookie, both made from the one table (COO)."""

from datetime import timedelta

import azure.functions as func

from functions.http import Answer, answer, operation
from shared import app
from shared.domain.cookies import Cookie, Place, cookies_of, tag_settings
from shared.domain.policy import BrandStatus
from shared.pages.languages import language_of
from shared.pages.site_tag import SILENT, site_tag
from shared.usecases.brands import Brand


class CookieAnswer(Answer):
    """One cookie: where it lies, who sets it what for, what stands in it, and for how long."""

    name: str
    place: Place
    set_by: str
    purpose: str
    data: str
    lifetime_hours: float
    secure: bool
    http_only: bool
    same_site: str
    needs_consent: bool


class CookieList(Answer):
    """Every cookie that a visitor or an ambassador of the brand can meet."""

    items: list[CookieAnswer]
    next_cursor: None = None


@operation(answers={200: None}, gives=("text/javascript",))
async def serve_site_tag(req: func.HttpRequest) -> func.HttpResponse:
    """The script for the brand's own site; it may be kept for five minutes, so that a change of policy is soon there."""
    brand = await app.brand(req.route_params["brand"])
    running = brand.record.status is BrandStatus.ACTIVE
    script = site_tag(tag_settings(brand.policy)) if running else SILENT
    headers = {
        "Cache-Control": "public, max-age=300",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return func.HttpResponse(script, headers=headers, mimetype="text/javascript")


@operation(answers={200: CookieList})
async def list_cookies(req: func.HttpRequest) -> func.HttpResponse:
    """Every cookie, for the brand's own cookie page; in English or French as the caller reads (COO-3)."""
    brand = await app.brand(req.route_params["brand"])
    language = language_of(None, req.headers.get("Accept-Language"))
    items = [_answer(brand, cookie, language) for cookie in cookies_of(brand.policy)]
    return answer(200, CookieList(items=items), headers={"Vary": "Accept-Language", "Content-Language": language})


def _answer(brand: Brand, cookie: Cookie, language: str) -> CookieAnswer:
    return CookieAnswer(
        name=cookie.name,
        place=cookie.place,
        set_by=cookie.set_by[language],
        purpose=cookie.purpose[language],
        data=cookie.data[language],
        lifetime_hours=cookie.lifetime(brand.policy) / timedelta(hours=1),
        secure=cookie.secure,
        http_only=cookie.http_only,
        same_site=cookie.same_site,
        needs_consent=cookie.analytics,
    )
