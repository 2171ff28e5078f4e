"""Ambassadors' log-in at the brand's own directory or at Facebook, and the sign-up that may follow from it (REG-1, REG-2)."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

import azure.functions as func
from pydantic import ValidationError, field_validator

from functions.accounts import AccountFields
from functions.http import Answer, ShortText, answer, client_ip, operation
from functions.identity import ambassador, flow_cookie, flow_key, signed_in
from functions.log_in_pages import answer_of, door, page, says, to
from functions.standing import check_open
from shared import app
from shared.domain.ambassador import Address, Gender
from shared.domain.errors import AddressTakenError, InvalidInputError, UnknownObjectError
from shared.domain.flows import FlowPurpose
from shared.domain.policy import WhiteListMode
from shared.domain.records import Instant
from shared.pages import render
from shared.usecases import flows, link_address_book, provider_log_in, provider_sign_up, sessions
from shared.usecases.brands import Brand
from shared.usecases.compose import language_of, look
from shared.usecases.provider_log_in import SSO, Known, Newcomer
from shared.usecases.provider_sign_up import Accepted

FLOW_PATH = "/login"
ADDRESS: tuple[render.FieldName, ...] = ("street", "city", "postal_code", "country")
# The fields of the page that stand for a field that a brand may require.
ASKED: dict[str, tuple[render.FieldName, ...]] = {
    "customerId": ("customer_id",),
    "dateOfBirth": ("date_of_birth",),
    "address": ADDRESS,
    "interests": ("interests",),
    "position": ("position",),
}


class SessionState(Answer):
    """The session in force; `csrfToken` goes as X-CSRF-Token with every change asked for by cookie."""

    csrf_token: str
    expires_at: Instant


class NewcomerForm(AccountFields):
    """What the page asks, and nothing that the provider said."""

    email: ShortText | None = None
    gender: Gender
    first_name: ShortText
    last_name: ShortText
    alias: ShortText
    accept_terms: bool = False

    @field_validator("accept_terms")
    @classmethod
    def _accepted(cls, value: bool) -> bool:
        if not value:
            raise ValueError("must be accepted")
        return value


@door(302)
async def begin_log_in(req: func.HttpRequest) -> func.HttpResponse:
    """Sends to the brand's directory (`sso`) or to Facebook (`facebook`)."""
    brand, provider = await app.brand(req.route_params["brand"]), req.route_params["provider"]
    if provider not in (SSO, provider_log_in.FACEBOOK):
        raise UnknownObjectError
    sent = await provider_log_in.begin(brand, provider, client_ip(req))
    return to(sent.url, flow_cookie(sent.key, FLOW_PATH), status=302)


@door(200, 303)
async def finish_log_in(req: func.HttpRequest) -> func.HttpResponse:
    """Takes whom the provider sent back: an ambassador is signed in, anybody else asked to accept the terms.

    An ambassador who let Google or Outlook tell contacts comes back here too: the import begins.
    """
    said, ports = answer_of(req), app.ports_of_the_suite()
    taken = await flows.take(ports, said.get("state"), flow_key(req), FlowPurpose.AMBASSADOR, FlowPurpose.ADDRESS_BOOK)
    links = taken.flow.purpose is FlowPurpose.ADDRESS_BOOK
    check_open((await app.brand(taken.flow.brand or "")).record, changes=links)
    if links:
        brand, job = await link_address_book.finish(app.brands(), taken, said)
        return to(f"{_crm(brand) or f'/login/{brand.id}/linked'}?job={job.id}", flow_cookie("", FLOW_PATH))
    came = await provider_log_in.finish(app.brands(), taken, said)
    if isinstance(came, Known):
        return _signed_in(to(_landing(came.brand), flow_cookie("", FLOW_PATH)), came)
    check_open(came.brand.record, changes=True)
    return page(_asked(req, came, {}), 200, flow_cookie(came.key, FLOW_PATH))


@door(200, 422, takes="application/x-www-form-urlencoded")
async def accept_terms(req: func.HttpRequest) -> func.HttpResponse:
    """Makes the account of a newcomer who accepts the terms."""
    said = _form(req)
    newcomer = await provider_log_in.look(app.brands(), said.pop("flow", ""), flow_key(req))
    check_open(newcomer.brand.record, changes=True)
    try:
        accepted = _accepted(req, newcomer, said)
        done = await provider_sign_up.accept(newcomer, accepted, client_ip(req))
    except ValidationError as error:
        return page(_asked(req, newcomer, said, {str(d["loc"][-1]) for d in error.errors() if d["loc"]}), 422)
    except InvalidInputError as error:
        return page(_asked(req, newcomer, said, {one.field for one in error.errors}), 422)
    except AddressTakenError as error:
        return page(says(req, "address_taken", newcomer.brand), error.status)
    if done is None:
        return page(says(req, "check_mail", newcomer.brand), 200, flow_cookie("", FLOW_PATH))
    landing = says(req, "signed_in", newcomer.brand, _crm(newcomer.brand))
    return _signed_in(page(landing, 200, flow_cookie("", FLOW_PATH)), done)


@door(200)
async def show_signed_in(req: func.HttpRequest) -> func.HttpResponse:
    """Where a log-in ends as long as no other page is set."""
    return page(says(req, "signed_in", await app.brand(req.route_params["brand"])))


@door(200)
async def show_linked(req: func.HttpRequest) -> func.HttpResponse:
    """Where an account link ends as long as no other page is set."""
    return page(says(req, "contacts_linked", await app.brand(req.route_params["brand"])))


@operation(auth="ambassador", answers={200: SessionState})
async def read_session(req: func.HttpRequest) -> func.HttpResponse:
    """The session, and the token that changes by cookie need."""
    caller = await ambassador(req)
    expires_at = sessions.session_of(caller).expires_at
    return answer(200, SessionState(csrf_token=sessions.csrf_token(caller), expires_at=expires_at))


def _signed_in(response: func.HttpResponse, known: Known) -> func.HttpResponse:
    return signed_in(response, known.brand, known.session.token, known.session.account)


def _language(req: func.HttpRequest, brand: Brand) -> str:
    """What the page is shown in, and the account then has."""
    return language_of(brand.policy, None, req.headers.get("Accept-Language"))


def _crm(brand: Brand) -> str | None:
    url = app.settings().crm_url
    return url.replace("{brand}", brand.id) if url else None


def _landing(brand: Brand) -> str:
    return _crm(brand) or f"/login/{brand.id}/done"


def _form(req: func.HttpRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(req.get_body().decode(errors="replace")).items()}


def _accepted(req: func.HttpRequest, newcomer: Newcomer, said: dict[str, str]) -> Accepted:
    """What was entered, as far as it was asked for; what the provider said is not to be changed here."""
    asked = _missing(newcomer)
    entered: dict[str, Any] = {name: said[name] for name in asked if said.get(name, "").strip()}
    if address := {name: entered.pop(name) for name in ADDRESS if name in entered}:
        entered["address"] = address
    if "interests" in entered:
        entered["interests"] = [one for one in map(str.strip, entered["interests"].split(",")) if one]
    known = {name: value for name, value in _known(newcomer) if name in ("first_name", "last_name")}
    form = NewcomerForm.model_validate({**known, **entered, "accept_terms": said.get("accept_terms") == "yes"})
    fields = form.model_dump(exclude={"email", "accept_terms"}, exclude_none=True)
    if form.address:
        fields["address"] = Address(**form.address.model_dump())
    fields["language"] = _language(req, newcomer.brand)
    return Accepted(form.email, fields, photo_wanted=said.get("photo") == "yes")


def _known(newcomer: Newcomer) -> list[tuple[render.FieldName, str]]:
    """What the provider said that would be stored."""
    said: dict[str, str] = provider_log_in.directory_fields(newcomer.brand.policy, newcomer.identity)
    names: Iterable[render.FieldName] = ("first_name", "last_name", "email", "customer_id")
    return [(name, said[name]) for name in names if name in said]


def _missing(newcomer: Newcomer) -> list[render.FieldName]:
    """What the account needs and the provider did not say."""
    needed: list[render.FieldName] = ["first_name", "last_name", "email", "gender", "alias"]
    for required in newcomer.brand.policy.required_ambassador_fields:
        needed += ASKED[required]
    if newcomer.brand.policy.registration.white_list is WhiteListMode.CUSTOMER_IDS and newcomer.provider != SSO:
        needed.append("customer_id")
    known = {name for name, _ in _known(newcomer)}
    return [name for name in dict.fromkeys(needed) if name not in known]


def _asked(req: func.HttpRequest, newcomer: Newcomer, said: dict[str, str], refused: Iterable[str] = ()) -> render.Page:
    policy, wrong = newcomer.brand.policy, set(refused)
    if wrong:  # all that is missing at once, and not one after the other
        wrong |= {name for name in _missing(newcomer) if not said.get(name, "").strip()}
    wrong |= {name for required in wrong & ASKED.keys() for name in ASKED[required]}
    snake = {name.replace("_", ""): name for name in (*_missing(newcomer), "accept_terms")}
    wrong |= {snake[name.lower()] for name in wrong if name.lower() in snake}
    return render.sign_up_page(
        brand=look(policy),
        language=_language(req, newcomer.brand),
        provider=newcomer.provider,
        flow=newcomer.flow,
        known=_known(newcomer),
        fields=[render.Field(name, said.get(name, ""), name in wrong) for name in _missing(newcomer)],
        terms_version=policy.terms_version,
        photo=newcomer.has_picture,
        photo_wanted=said.get("photo") == "yes",
        terms_refused="accept_terms" in wrong,
    )
