"""The page behind the link in the mail of a suspension, by which an ambassador leaves (DEL-6, MAIL-3)."""

import azure.functions as func

from functions.answers import form_fields, page, page_response
from shared import app
from shared.pages import render
from shared.usecases import leaving
from shared.usecases.compose import language_of, look
from shared.usecases.leaving import Asked

NO_CHOICE = 422


@page
async def show_leaving(req: func.HttpRequest) -> func.HttpResponse:
    """Shows the button; whoever opens the link, and however often, changes nothing."""
    return _shown(req, await leaving.open_leave_link(app.brands(), req.route_params["token"]))


@page
async def leave_by_link(req: func.HttpRequest) -> func.HttpResponse:
    """Unsubscribes the ambassador by the form field `leave` (DEL-1); again gives the same answer."""
    asked = await leaving.open_leave_link(app.brands(), req.route_params["token"])
    if form_fields(req).get("leave") != ["yes"]:
        return _shown(req, asked, NO_CHOICE)
    return _shown(req, await leaving.leave_by_link(asked))


def _shown(req: func.HttpRequest, asked: Asked, status: int = 200) -> func.HttpResponse:
    shown = render.leaving_page(
        brand=look(asked.brand.policy),
        language=language_of(asked.brand.policy, asked.account.language, req.headers.get("Accept-Language")),
        until=asked.until.date() if asked.until else None,
    )
    return page_response(shown, status)
