"""A person's rights without an account (RGT-1): asking for a link, all that is held, and a button for each right."""

import json
import re
from collections.abc import Mapping
from typing import Any

import azure.functions as func

from functions.answers import NO_CHOICE, form_fields, page, page_response
from functions.http import client_ip
from shared import app
from shared.domain.addresses import masked
from shared.domain.errors import InvalidInputError, TooManyRequestsError
from shared.domain.held import Held
from shared.domain.ids import new_id
from shared.domain.rights import RECTIFIABLE, RightKind, RightsRequest, RightState
from shared.pages import render
from shared.usecases.access import held_on, provided_csv
from shared.usecases.brands import Brand
from shared.usecases.compose import language_of, look
from shared.usecases.rights import use_right
from shared.usecases.rights_links import OpenRights, ask_for_link, open_rights

# What a button does, and what the page then says; the files say it themselves.
_DOES: Mapping[str, tuple[RightKind, render.Result]] = {
    "rectify": (RightKind.RECTIFICATION, "rectify"),
    "restrict": (RightKind.RESTRICTION, "restrict"),
    "lift": (RightKind.LIFTING, "lift"),
    "object": (RightKind.OBJECTION, "object"),
    "erase": (RightKind.ERASURE, "erase"),
    "ask": (RightKind.OTHER, "ask"),
}
_FILES = ("json", "csv", "provided_json")
# A brand's name is short and has no dot; a token is long, and has two.
_BRAND = re.compile(r"[a-z0-9][a-z0-9-]{1,30}")


@page
async def show_rights(req: func.HttpRequest) -> func.HttpResponse:
    """Of a brand, the form that asks for a link; of a link, everything that is held on the person. Opening changes nothing.

    A program that accepts `application/json` gets the second as JSON.
    """
    if _BRAND.fullmatch(req.route_params["token"]):
        return _asked(req, await app.brand(req.route_params["token"]), "asked")
    opened = await open_rights(app.brands(), req.route_params["token"])
    if req.headers.get("Accept", "").startswith("application/json"):
        return _json(await held_on(opened))
    return await _rights(req, opened, None)


@page
async def use_rights(req: func.HttpRequest) -> func.HttpResponse:
    """Of a brand, takes the form field `email` and answers all alike; of a link, does what the field `do` says."""
    if _BRAND.fullmatch(req.route_params["token"]):
        return await _ask(req, await app.brand(req.route_params["token"]))
    opened = await open_rights(app.brands(), req.route_params["token"])
    fields = {name: values[0] for name, values in form_fields(req).items()}
    do = fields.get("do", "")
    form = fields["form"] if re.fullmatch(r"[a-z2-7]{24}", fields.get("form", "")) else new_id()
    if do in _FILES:
        return await _file(opened, do, form)
    if do not in _DOES or (do == "erase" and fields.get("sure") != "yes"):
        return await _rights(req, opened, "refused", NO_CHOICE)
    kind, result = _DOES[do]
    changes = {name: fields[name] for name in RECTIFIABLE if fields.get(name, "").strip()}
    try:
        request = await use_right(opened, kind, form, changes=changes, text=fields.get("words"))
    except InvalidInputError:
        return await _rights(req, opened, "refused", NO_CHOICE)
    return await _rights(req, await open_rights(app.brands(), req.route_params["token"]), _result(request, result))


def _result(request: RightsRequest, result: render.Result) -> render.Result:
    return "running" if request.state is RightState.RUNNING else result


async def _ask(req: func.HttpRequest, brand: Brand) -> func.HttpResponse:
    try:
        await ask_for_link(brand, form_fields(req).get("email", [""])[0], _language(req, brand), client_ip(req))
    except InvalidInputError:
        return _asked(req, brand, "problem", NO_CHOICE)
    except TooManyRequestsError as error:
        response = _asked(req, brand, "too_many", error.status)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    return _asked(req, brand, "sent")


def _asked(req: func.HttpRequest, brand: Brand, state: render.Asking, status: int = 200) -> func.HttpResponse:
    shown = render.rights_asked_page(brand=look(brand.policy), language=_language(req, brand), state=state)
    return page_response(shown, status)


async def _rights(
    req: func.HttpRequest, opened: OpenRights, result: render.Result | None, status: int = 200
) -> func.HttpResponse:
    policy, link = opened.brand.policy, opened.link
    shown = render.rights_page(
        brand=look(policy),
        language=language_of(policy, link.language),
        held=await held_on(opened),
        email_masked=masked(link.email) if link.email else None,
        form=new_id(),
        result=result,
    )
    return page_response(shown, status)


async def _file(opened: OpenRights, which: str, form: str) -> func.HttpResponse:
    await use_right(opened, RightKind.ACCESS if which == "json" else RightKind.PORTABILITY, form)
    held = await held_on(opened)
    if which == "csv":
        return _attachment(provided_csv(held), "my-data.csv", "text/csv; charset=utf-8")
    return _json(held, only_provided=which != "json")


def _json(held: Held, *, only_provided: bool = False) -> func.HttpResponse:
    content: Any = held.provided_json() if only_provided else held.as_json()
    text = json.dumps(content, ensure_ascii=False, indent=1).encode()
    return _attachment(text, "my-data.json", "application/json; charset=utf-8")


def _attachment(content: bytes, name: str, media_type: str) -> func.HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Type": media_type,
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }
    return func.HttpResponse(content, headers=headers)


def _language(req: func.HttpRequest, brand: Brand) -> str:
    return language_of(brand.policy, None, req.headers.get("Accept-Language"))
