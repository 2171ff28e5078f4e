"""Forgotten passwords: asking for a link, its page, and the same for apps (AMB-7)."""

from typing import Annotated, Literal

import azure.functions as func
from pydantic import Field, SecretStr, StringConstraints

from functions.answers import NO_CHOICE, form_fields, page, page_response
from functions.http import Body, ShortText, answer, client_ip, operation, parse
from shared import app
from shared.domain.errors import TooManyRequestsError
from shared.domain.passwords import LONGEST, SHORTEST
from shared.pages import render
from shared.usecases import resetting
from shared.usecases.compose import language_of, look


class ForgottenBody(Body):
    """Whose password was forgotten."""

    email: ShortText


class NewPasswordBody(Body):
    """A link's token, and the password to set."""

    token: Annotated[str, StringConstraints(max_length=2000)]
    password: SecretStr = Field(min_length=SHORTEST, max_length=LONGEST)


@operation(body=ForgottenBody, answers={202: None}, problems=(TooManyRequestsError,))
async def forget_password(req: func.HttpRequest) -> func.HttpResponse:
    """Mails a link that sets another password; the answer is the same whether or not the address is known."""
    brand = await app.brand(req.route_params["brand"])
    await resetting.forget_password(brand, parse(req, ForgottenBody).email, client_ip(req))
    return answer(202)


@operation(body=NewPasswordBody, answers={204: None}, problems=(TooManyRequestsError,))
async def reset_password(req: func.HttpRequest) -> func.HttpResponse:
    """Sets the password of a link, once, and ends every session of the account."""
    await app.brand(req.route_params["brand"])
    body = parse(req, NewPasswordBody)
    await resetting.save_password(app.brands(), body.token, body.password.get_secret_value(), req.route_params["brand"])
    return answer(204)


@page
async def show_new_password(req: func.HttpRequest) -> func.HttpResponse:
    """Asks for the new password; opening the link changes nothing."""
    opened = await resetting.open_reset(app.brands(), req.route_params["token"])
    return _page(opened, "asked")


@page
async def save_new_password(req: func.HttpRequest) -> func.HttpResponse:
    """Takes the form field `password`."""
    password = form_fields(req).get("password", [""])[0]
    if not SHORTEST <= len(password) <= LONGEST:
        opened = await resetting.open_reset(app.brands(), req.route_params["token"])
        return _page(opened, "too_short", NO_CHOICE)
    return _page(await resetting.save_password(app.brands(), req.route_params["token"], password), "saved")


def _page(
    opened: resetting.OpenReset, state: Literal["asked", "too_short", "saved"], status: int = 200
) -> func.HttpResponse:
    policy = opened.brand.policy
    language = language_of(policy, opened.account.record.language)
    return page_response(render.new_password_page(brand=look(policy), language=language, state=state), status)
