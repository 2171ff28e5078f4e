"""The person's own pages, without an account: invitation, opt-out, confirmation of a sign-up or of a form (MAIL-2, MAIL-3)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import parse_qs

import azure.functions as func

from functions.catalogue import ROUTES
from functions.http import client_ip, operation, unexpected
from shared import app
from shared.domain.addresses import masked
from shared.domain.ambassador import AccountStatus
from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact
from shared.domain.errors import DomainError
from shared.domain.pending import digest
from shared.domain.tokens import Purpose
from shared.pages import render
from shared.usecases import answer, confirm, sign_up
from shared.usecases.answer import Answer, Asked, Scope
from shared.usecases.compose import language_of, look

NO_CHOICE = 422
# What some pages answer with besides themselves: a file to keep, or nothing at all to a mail program's one click.
ALSO_GIVES = {
    "show_rights": ("application/json",),
    "use_rights": ("application/json", "text/csv"),
    "opt_out": ("text/plain",),
    "stop_notices": ("text/plain",),
}

C = TypeVar("C", Answer, Scope)
Show = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]


def page(show: Show) -> Show:
    """Declares a page; a link that holds no more is answered by a page too, the same for every reason."""

    async def shown(req: func.HttpRequest) -> func.HttpResponse:
        try:
            return await show(req)
        except DomainError as error:
            return invalid_link(req, error)
        except Exception as error:
            return invalid_link(req, unexpected(show.__name__, error))

    shown.__name__, shown.__doc__ = show.__name__, show.__doc__
    changes = "POST" in ROUTES[show.__name__].methods
    answers = {200: None, 404: None} | (dict.fromkeys((403, 409, 422, 429)) if changes else {})
    takes = "application/x-www-form-urlencoded" if changes else None
    gives = ("text/html", *ALSO_GIVES.get(show.__name__, ()))
    return operation(takes=takes, answers=answers, gives=gives)(shown)


@page
async def show_invitation(req: func.HttpRequest) -> func.HttpResponse:
    """Shows the question; whoever opens the link, and however often, changes nothing."""
    asked = await answer.open_link(app.brands(), Purpose.INVITATION, req.route_params["token"])
    return _invitation(req, asked, asked.contact)


@page
async def answer_invitation(req: func.HttpRequest) -> func.HttpResponse:
    """Takes the answer of the form field `answer`."""
    asked = await answer.open_link(app.brands(), Purpose.INVITATION, req.route_params["token"])
    choice = _choice(req, "answer", Answer)
    if choice is None:
        return _invitation(req, asked, asked.contact, NO_CHOICE)
    version = render.page_text_version("invitation", _language(req, asked))
    contact = await answer.answer_invitation(asked, choice, text_version=version, ip=client_ip(req))
    return _invitation(req, asked, contact)


@page
async def show_opt_out(req: func.HttpRequest) -> func.HttpResponse:
    """Shows the choice: this ambassador only, or all of the brand."""
    asked = await answer.open_link(app.brands(), Purpose.OPT_OUT, req.route_params["token"])
    return _opt_out(req, asked, asked.contact)


@page
async def opt_out(req: func.HttpRequest) -> func.HttpResponse:
    """Opts out by the form field `scope`, or by the mail program's one click (RFC 8058) without any page."""
    asked = await answer.open_link(app.brands(), Purpose.OPT_OUT, req.route_params["token"])
    if form_fields(req).get("List-Unsubscribe") == ["One-Click"]:
        version = render.mail_text_version("publication", _language(req, asked))
        await answer.opt_out(asked, Scope.AMBASSADOR, mechanism="one_click", text_version=version, ip=client_ip(req))
        return func.HttpResponse(b"", status_code=200)
    scope = _choice(req, "scope", Scope)
    if scope is None:
        return _opt_out(req, asked, asked.contact, NO_CHOICE)
    version = render.page_text_version("opt_out", _language(req, asked))
    contact = await answer.opt_out(asked, scope, mechanism="opt_out_page", text_version=version, ip=client_ip(req))
    return _opt_out(req, asked, contact)


@page
async def show_confirmation(req: func.HttpRequest) -> func.HttpResponse:
    """Shows the button that confirms an address: for an ambassador's account, or for what was entered in a form."""
    token = req.route_params["token"]
    if not confirm.is_of_a_contact(app.brands(), token):
        return _sign_up(req, await sign_up.open_sign_up(app.brands(), token))
    return _confirmation(req, await confirm.open_confirmation(app.brands(), token))


@page
async def confirm_address(req: func.HttpRequest) -> func.HttpResponse:
    """Opens the account (AMB-6), or lets take effect what the page showed (COL-11); what changed since is shown instead."""
    token = req.route_params["token"]
    if not confirm.is_of_a_contact(app.brands(), token):
        return _sign_up(req, await sign_up.confirm_sign_up(app.brands(), token))
    asked = await confirm.open_confirmation(app.brands(), token)
    version = render.page_text_version("confirm_address", _language_of_confirmation(req, asked))
    shown = form_fields(req).get("shown")
    after = await confirm.confirm(
        app.brands(), token, shown=shown[0] if shown else None, text_version=version, ip=client_ip(req)
    )
    return _confirmation(req, after, 200 if after.done else NO_CHOICE)


def _invitation(req: func.HttpRequest, asked: Asked, contact: Contact, status: int = 200) -> func.HttpResponse:
    answers: dict[AmbassadorOptIn, render.InvitationAnswer] = {
        AmbassadorOptIn.INVITATION_ACCEPTED: "accepted",
        AmbassadorOptIn.INVITATION_DECLINED: "declined",
        AmbassadorOptIn.OPT_OUT_EMAIL: "declined",
        AmbassadorOptIn.OPT_OUT_GLOBAL: "opted_out_of_brand",
    }
    return page_response(
        render.invitation_page(
            brand=look(asked.brand.policy),
            language=_language(req, asked),
            ambassador_name=asked.ambassador.display_name if asked.ambassador else asked.brand.policy.display_name,
            contact_email_masked=masked(contact.email) if contact.email else None,
            answer=answers.get(contact.ambassador_opt_in),
            until=asked.expires_at.date(),
        ),
        status,
    )


def _opt_out(req: func.HttpRequest, asked: Asked, contact: Contact, status: int = 200) -> func.HttpResponse:
    state = contact.ambassador_opt_in
    stopped: render.OptOutScope | None = "ambassador" if state.opted_out else None
    if state is AmbassadorOptIn.OPT_OUT_GLOBAL:
        stopped = "brand"
    return page_response(
        render.opt_out_page(
            brand=look(asked.brand.policy),
            language=_language(req, asked),
            ambassador_name=asked.ambassador.display_name if asked.ambassador else asked.brand.policy.display_name,
            contact_email_masked=masked(contact.email) if contact.email else None,
            result=stopped,
        ),
        status,
    )


def _sign_up(req: func.HttpRequest, opened: sign_up.OpenSignUp) -> func.HttpResponse:
    return page_response(
        render.confirm_sign_up_page(
            brand=look(opened.brand.policy),
            language=language_of(opened.brand.policy, opened.account.language),
            confirmed=opened.account.status is AccountStatus.ACTIVE,
        )
    )


def _confirmation(req: func.HttpRequest, asked: confirm.Confirmation, status: int = 200) -> func.HttpResponse:
    contact, policy = asked.contact, asked.brand.policy
    return page_response(
        render.confirm_address_page(
            brand=look(policy),
            language=_language_of_confirmation(req, asked),
            ambassador_name=asked.ambassador.display_name if asked.ambassador else policy.display_name,
            contact_email_masked=masked(contact.email) if contact.email else None,
            agreements=asked.agreements(),
            shown=digest(contact),
            confirmed=asked.done,
        ),
        status,
    )


def _language_of_confirmation(req: func.HttpRequest, asked: confirm.Confirmation) -> str:
    return language_of(asked.brand.policy, asked.contact.language, req.headers.get("Accept-Language"))


def invalid_link(req: func.HttpRequest, error: DomainError) -> func.HttpResponse:
    """The one page of every link that is not good: unknown, forged, expired, of another brand, or about nobody."""
    language = render.language_of(None, req.headers.get("Accept-Language"))
    brand = render.platform_brand(app.settings().privacy_policy_url)
    if error.status >= 500:
        return page_response(render.error_page(brand=brand, language=language), error.status)
    return page_response(render.invalid_link_page(brand=brand, language=language), error.status)


def _language(req: func.HttpRequest, asked: Asked) -> str:
    preferred = asked.contact.language or (asked.ambassador.language if asked.ambassador else None)
    return language_of(asked.brand.policy, preferred, req.headers.get("Accept-Language"))


def form_fields(req: func.HttpRequest) -> dict[str, list[str]]:
    """The fields of either encoding: RFC 8058 lets mail programs choose, and most send multipart."""
    body = req.get_body()
    if req.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
        return {name: req.form.getlist(name) for name in req.form}
    return parse_qs(body.decode(errors="replace"))


def _choice(req: func.HttpRequest, field: str, choices: type[C]) -> C | None:
    """What was chosen; None for anything else, and then the page asks again."""
    given = form_fields(req).get(field, [""])[0]
    return choices(given) if given in list(choices) else None


def page_response(shown: render.Page, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(shown.html, status_code=status, headers=shown.headers)
