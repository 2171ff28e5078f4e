"""What the doors of identity providers have in common: redirects, cookies, and a page for every way to fail."""

import logging
from collections.abc import Awaitable, Callable, Mapping

import azure.functions as func

from functions.http import operation, unexpected
from shared import app
from shared.domain.errors import (
    BrandSuspendedError,
    DomainError,
    ForbiddenError,
    LogInRefusedError,
    RegistrationClosedError,
    TooManyRequestsError,
)
from shared.pages import render
from shared.usecases.brands import Brand
from shared.usecases.compose import language_of, look

log = logging.getLogger("popsell")

Show = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]


def door(*statuses: int, takes: str | None = None) -> Callable[[Show], Show]:
    """Declares a page of a log-in; what goes wrong is answered by a page, and logged by its reason alone."""

    def declare(show: Show) -> Show:
        async def shown(req: func.HttpRequest) -> func.HttpResponse:
            try:
                return await show(req)
            except DomainError as error:
                return _failed(req, show.__name__, error)
            except Exception as error:
                return _failed(req, show.__name__, unexpected(show.__name__, error))

        shown.__name__, shown.__doc__ = show.__name__, show.__doc__
        return operation(takes=takes, answers=dict.fromkeys((*statuses, 403, 404, 429)), gives=("text/html",))(shown)

    return declare


def to(url: str, *cookies: str, status: int = 303) -> func.HttpResponse:
    """Sends the browser on."""
    return with_cookies(func.HttpResponse(status_code=status, headers={"Location": url}), *cookies)


def page(shown: render.Page, status: int = 200, *cookies: str) -> func.HttpResponse:
    """A page."""
    return with_cookies(func.HttpResponse(shown.html, status_code=status, headers=shown.headers), *cookies)


def with_cookies(response: func.HttpResponse, *cookies: str) -> func.HttpResponse:
    """The answer with cookies, which are the one header that may repeat."""
    for cookie in cookies:
        response.headers.add_header("Set-Cookie", cookie)
    return response


def says(
    req: func.HttpRequest, name: render.LogInPageName, brand: Brand | None = None, link: str | None = None
) -> render.Page:
    """A page that says one thing, in the brand's look or the platform's, in the browser's language."""
    accepts = req.headers.get("Accept-Language")
    if brand is None:
        shown = render.platform_brand(app.settings().privacy_policy_url)
        return render.log_in_page(name, brand=shown, language=render.language_of(None, accepts), link=link)
    return render.log_in_page(
        name, brand=look(brand.policy), language=language_of(brand.policy, None, accepts), link=link
    )


def answer_of(req: func.HttpRequest) -> Mapping[str, str]:
    """What the provider sent the person back with."""
    return dict(req.params)


def _failed(req: func.HttpRequest, name: str, error: DomainError) -> func.HttpResponse:
    if isinstance(error, LogInRefusedError):
        log.warning("log_in_refused", extra={"function": name, "reason": error.reason})
        return page(says(req, "log_in_refused"), error.status)
    if isinstance(error, RegistrationClosedError | BrandSuspendedError):
        return page(says(req, "not_open"), error.status)
    if isinstance(error, ForbiddenError):
        return page(says(req, "no_access"), error.status)
    if error.status < 500 and not isinstance(error, TooManyRequestsError):
        return page(says(req, "log_in_lapsed"), error.status)
    brand = render.platform_brand(app.settings().privacy_policy_url)
    shown = render.error_page(brand=brand, language=render.language_of(None, req.headers.get("Accept-Language")))
    response = page(shown, error.status)
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response
