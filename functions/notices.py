"""The page behind a mail's link that turns one kind of mail to an ambassador off (AMB-4, MAIL-3)."""

import azure.functions as func

from functions.answers import form_fields, page, page_response
from shared import app
from shared.pages import render
from shared.usecases import notices
from shared.usecases.compose import language_of, look
from shared.usecases.notices import Stopping

NO_CHOICE = 422


@page
async def show_notices(req: func.HttpRequest) -> func.HttpResponse:
    """Shows the button; whoever opens the link, and however often, changes nothing."""
    return _shown(req, await notices.open_stop_link(app.brands(), req.route_params["token"]))


@page
async def stop_notices(req: func.HttpRequest) -> func.HttpResponse:
    """Turns the mails off by the form field `stop`, or by the mail program's one click (RFC 8058) without any page."""
    asked = await notices.open_stop_link(app.brands(), req.route_params["token"])
    form = form_fields(req)
    if form.get("List-Unsubscribe") == ["One-Click"]:
        await notices.stop(asked)
        return func.HttpResponse(b"", status_code=200)
    if form.get("stop") != ["yes"]:
        return _shown(req, asked, NO_CHOICE)
    return _shown(req, await notices.stop(asked))


def _shown(req: func.HttpRequest, asked: Stopping, status: int = 200) -> func.HttpResponse:
    policy, account = asked.brand.policy, asked.account.record
    shown = render.stop_notices_page(
        brand=look(policy),
        language=language_of(policy, account.language, req.headers.get("Accept-Language")),
        switch=asked.switch.value,
        stopped=asked.stopped,
    )
    return page_response(shown, status)
