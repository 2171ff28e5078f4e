"""Ambassadors' accounts: sign-up by form, confirmation, session, own data (AMB, REG-1)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import azure.functions as func
from pydantic import Field, SecretStr, StringConstraints, field_validator

from functions.http import Answer, Body, LongText, ShortText, answer, client_ip, operation, parse
from functions.identity import ambassador, signed_in, signed_out, signing_brand
from functions.work import queue_function
from shared import app
from shared.domain.ambassador import (
    AccountStatus,
    Address,
    Ambassador,
    CommunicationSwitches,
    CommunitySwitches,
    Gender,
)
from shared.domain.errors import RegistrationClosedError, TooManyRequestsError, UnauthenticatedError
from shared.domain.iban import clean_iban
from shared.domain.passwords import LONGEST, SHORTEST
from shared.domain.records import Instant
from shared.domain.visibility import Viewer, see_ambassador
from shared.usecases import account_mails, leaving, sessions, sign_up

DateOfBirth = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


def a_day_in_the_past(value: str | None) -> str | None:
    """The date of birth, if it can be one; raises ValueError."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day of the calendar") from None
    if not date(1900, 1, 1) <= day <= app.ports_of_the_suite().clock.now().date():
        raise ValueError("must be a day in the past")
    return value


class PostalAddress(Body):
    """A postal address."""

    street: ShortText | None = None
    city: ShortText | None = None
    postal_code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)] | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None


class AccountFields(Body):
    """The fields that an ambassador enters and may change."""

    customer_id: ShortText | None = None
    language: Literal["en", "fr"] | None = None
    date_of_birth: DateOfBirth | None = None
    address: PostalAddress | None = None
    about: LongText | None = None
    interests: list[ShortText] | None = Field(default=None, max_length=50)
    position: ShortText | None = None
    iban: Annotated[str, StringConstraints(max_length=60)] | None = None

    @field_validator("date_of_birth")
    @classmethod
    def _in_the_past(cls, value: str | None) -> str | None:
        return a_day_in_the_past(value)

    @field_validator("iban")
    @classmethod
    def _an_iban(cls, value: str | None) -> str | None:
        return clean_iban(value) if value else None


class SignUpBody(AccountFields):
    """The sign-up form (AMB-1)."""

    email: ShortText
    password: SecretStr = Field(min_length=SHORTEST, max_length=LONGEST)
    gender: Gender
    first_name: ShortText
    last_name: ShortText
    alias: ShortText
    accept_terms: bool

    @field_validator("accept_terms")
    @classmethod
    def _accepted(cls, value: bool) -> bool:
        if not value:
            raise ValueError("must be accepted")
        return value


class AccountPatch(AccountFields):
    """What an ambassador may change; what is left out stays."""

    gender: Gender | None = None
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    alias: ShortText | None = None
    communication: CommunicationSwitches | None = None
    community: CommunitySwitches | None = None

    @field_validator(
        "gender", "first_name", "last_name", "alias", "language", "communication", "community", mode="before"
    )
    @classmethod
    def _not_emptied(cls, value: object) -> object:
        if value is None:
            raise ValueError("cannot be emptied")
        return value


class TokenBody(Body):
    """A link's token."""

    token: Annotated[str, StringConstraints(max_length=2000)]


class Credentials(Body):
    """What a log-in says."""

    email: ShortText
    password: SecretStr = Field(max_length=1000)


class Confirmed(Answer):
    """The account is open."""

    status: AccountStatus


class SessionAnswer(Answer):
    """A session; `csrfToken` goes as X-CSRF-Token with every change asked for by cookie."""

    token: str
    csrf_token: str
    expires_at: Instant


class Leaving(Answer):
    """The account has ended; its data is erased then (RET-8)."""

    erasure_due_at: Instant


class Account(Answer):
    """An ambassador's own data."""

    id: str
    status: AccountStatus
    created_at: Instant
    email: str
    gender: Gender
    first_name: str
    last_name: str
    alias: str
    blog_alias: str | None
    customer_id: str | None
    language: str
    date_of_birth: str | None
    address: Address
    about: str | None
    interests: tuple[str, ...]
    position: str | None
    iban: str | None
    photo: bool
    communication: CommunicationSwitches
    community: CommunitySwitches
    terms_accepted_at: Instant
    terms_version: str
    score: int
    level: str
    badges: tuple[str, ...]
    awards: tuple[str, ...]


@operation(body=SignUpBody, answers={202: None}, problems=(RegistrationClosedError, TooManyRequestsError))
async def sign_up_ambassador(req: func.HttpRequest) -> func.HttpResponse:
    """Takes a sign-up; the answer is the same whether or not the address is known."""
    brand = await app.brand(req.route_params["brand"])
    body = parse(req, SignUpBody)
    fields = body.model_dump(exclude={"email", "password", "accept_terms"}, exclude_none=True)
    form = sign_up.SignUp(body.email, body.password.get_secret_value(), fields)
    await sign_up.sign_up(brand, form, client_ip(req), req.headers.get("User-Agent", ""))
    return answer(202)


@operation(body=TokenBody, answers={200: Confirmed})
async def confirm_ambassador(req: func.HttpRequest) -> func.HttpResponse:
    """Opens the account of a confirmation link."""
    await app.brand(req.route_params["brand"])
    token = parse(req, TokenBody).token
    opened = await sign_up.confirm_sign_up(app.brands(), token, req.route_params["brand"])
    return answer(200, Confirmed(status=opened.account.status))


@operation(
    body=Credentials,
    answers={200: SessionAnswer},
    while_suspended=True,
    problems=(UnauthenticatedError, TooManyRequestsError),
)
async def open_session(req: func.HttpRequest) -> func.HttpResponse:
    """Signs an ambassador in."""
    brand = await signing_brand(req)
    body = parse(req, Credentials)
    opened = await sessions.sign_in(brand, body.email, body.password.get_secret_value(), client_ip(req))
    content = SessionAnswer(token=opened.token, csrf_token=opened.csrf_token, expires_at=opened.expires_at)
    return signed_in(answer(200, content), brand, opened.token, opened.account)


@operation(auth="ambassador", answers={204: None}, while_suspended=True)
async def close_session(req: func.HttpRequest) -> func.HttpResponse:
    """Signs the ambassador out of this session."""
    caller = await ambassador(req)
    await sessions.sign_out(caller)
    return signed_out(answer(204), caller.brand)


@operation(auth="ambassador", answers={200: Account})
async def read_account(req: func.HttpRequest) -> func.HttpResponse:
    """The ambassador's own data."""
    caller = await ambassador(req)
    return answer(200, _account(caller.account.record))


@operation(auth="ambassador", body=AccountPatch, answers={200: Account})
async def edit_account(req: func.HttpRequest) -> func.HttpResponse:
    """Changes the ambassador's own data."""
    caller = await ambassador(req)
    body = parse(req, AccountPatch)
    fields: dict[str, object] = {name: getattr(body, name) for name in body.model_fields_set}
    if "address" in fields:
        fields["address"] = Address(**body.address.model_dump()) if body.address else Address()
    if "interests" in fields:
        fields["interests"] = tuple(body.interests or ())
    after = await sessions.edit_account(caller, fields)
    return answer(200, _account(after))


@operation(auth="ambassador", answers={202: Leaving}, while_suspended=True)
async def leave(req: func.HttpRequest) -> func.HttpResponse:
    """Ends the ambassador's account: access ends at once, the data at `erasureDueAt`; until then it can come back (DEL-1)."""
    caller = await ambassador(req)
    due = await leaving.leave(caller)
    return signed_out(answer(202, Leaving(erasure_due_at=due)), caller.brand)


@queue_function(account_mails.QUEUE)
async def send_account_mails(message: Mapping[str, Any]) -> None:
    """Sends mails that ambassadors are owed."""
    mails = [(ambassador, mail) for ambassador, mail in message["mails"]]
    await account_mails.send_account_mails(await app.brand(message["brand"]), mails)


def _account(account: Ambassador) -> Account:
    return Account(**see_ambassador(account, Viewer.OWN_AMBASSADOR))
