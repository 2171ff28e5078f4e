"""One way for every HTTP function: declare, parse, call one use case, answer; errors become problem+json here alone."""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Literal, TypeVar

import azure.functions as func
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    model_serializer,
)
from pydantic.alias_generators import to_camel

from functions.catalogue import ROUTES
from functions.headers import secured
from functions.standing import check_standing
from shared import app
from shared.calling import calling
from shared.domain.errors import (
    DomainError,
    FieldError,
    InvalidInputError,
    MalformedError,
    TooLargeError,
    TooManyRequestsError,
    UnknownObjectError,
)
from shared.domain.telemetry import Call

log = logging.getLogger("popsell")

Auth = Literal["public", "ambassador", "staff", "mail_provider", "api_key", "social_network"]
SIGN_IN: Mapping[Auth, str] = {"mail_provider": "Basic", "api_key": "ApiKey", "social_network": "Signature"}
Handler = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]
M = TypeVar("M", bound=BaseModel)

# The most bytes of a body, unless an operation says otherwise: of a JSON object, of a call of a thousand rows, of a
# page's form and of whatever has no body to send.
JSON_LIMIT, ROWS_LIMIT, FORM_LIMIT = 128 << 10, 1 << 20, 32 << 10

# As `new_id` makes them; whatever else a path or a body says is no id of anything.
ID = r"[a-z2-7]{24}"

ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]


class Body(BaseModel):
    """The base of every request body: camelCase, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, defer_build=True)


Cursor = Annotated[str, StringConstraints(max_length=2000)]


class PageQuery(Body):
    """How a list is asked for."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor | None = None


class Answer(BaseModel):
    """The base of every answer: camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class Shown(Answer):
    """The base of answers made by the policy of visibility: a field that it did not give is not there, not even as null."""

    @model_serializer(mode="wrap")
    def _what_was_given(self, whole: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]  # a type here would take the place of the model's schema
        hidden = {to_camel(name) for name in type(self).model_fields if name not in self.model_fields_set}
        return {name: value for name, value in whole(self).items() if name not in hidden}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the public contract, as the documents and the tests that walk every route read it."""

    name: str
    says: str
    methods: tuple[str, ...]
    path: str
    auth: Auth
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    takes: str | None  # the media type of a body that is no JSON object
    up_to: int  # the most bytes of a body
    answers: Mapping[int, type[BaseModel] | None]
    gives: tuple[str, ...]  # the media types of answers that are no JSON object
    problems: tuple[type[DomainError], ...]  # besides those that follow from all of this
    while_suspended: bool


OPERATIONS: list[Operation] = []


HANDLERS: dict[str, Handler] = {}


def operation(
    *,
    auth: Auth = "public",
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    takes: str | None = None,
    up_to: int | None = None,
    answers: Mapping[int, type[BaseModel] | None],
    gives: tuple[str, ...] = (),
    problems: tuple[type[DomainError], ...] = (),
    while_suspended: bool = False,
) -> Callable[[Handler], Handler]:
    """Declares what the catalogue's route of this name does; whatever it raises is answered as problem+json.

    At a suspended brand only what changes nothing is done, and what is said to be done `while_suspended` (BR-3). A body
    of more than `up_to` bytes is refused before anything reads it, however it was sent.
    """
    most = up_to or (JSON_LIMIT if body else FORM_LIMIT)

    def register(handler: Handler) -> Handler:
        name, route, says = handler.__name__, ROUTES[handler.__name__], (handler.__doc__ or "").strip()
        OPERATIONS.append(
            Operation(
                name,
                says,
                route.methods,
                route.path,
                auth,
                body,
                query,
                takes,
                most,
                answers,
                gives,
                problems,
                while_suspended,
            )
        )

        async def guarded(req: func.HttpRequest, call: Call) -> func.HttpResponse:
            try:
                if len(req.get_body()) > most:
                    raise TooLargeError(most)
                await check_standing(req, route.path, while_suspended=while_suspended)
                return await handler(req)
            except DomainError as error:
                _told(call, error)
                return problem(error, SIGN_IN.get(auth, "Bearer"))
            except Exception as error:
                call.failed(type(error).__name__)
                return problem(unexpected(name, error))

        async def told(req: func.HttpRequest) -> func.HttpResponse:
            with calling(app.telemetry(), name, req.headers.get("traceparent")) as call:
                response = await guarded(req, call)
                call.status = response.status_code
                return secured(response, by_tls=app.settings().public_url.startswith("https:"))

        HANDLERS[name] = told
        return handler

    return register


def _told(call: Call, error: DomainError) -> None:
    if error.status >= 500:
        call.failed(type(error).__name__)
    else:
        call.refused()


def unexpected(function: str, error: Exception) -> DomainError:
    """Logs an error that nobody foresaw, by its type alone: its message may repeat what it choked on (VIS-8)."""
    log.error("unexpected error", extra={"function": function, "error": type(error).__name__})
    return DomainError()


def parse(req: func.HttpRequest, model: type[M]) -> M:
    """The JSON body as a model, types as they are; raises errors that name each field and the reason, never the value."""
    try:
        return model.model_validate_json(req.get_body(), strict=True)
    except ValidationError as error:
        raise _refused(error) from None


def parse_query(req: func.HttpRequest, model: type[M]) -> M:
    """The query parameters as a model."""
    try:
        return model.model_validate(dict(req.params))
    except ValidationError as error:
        raise _refused(error) from None


def checked(model: type[M], fields: Mapping[str, Any]) -> M:
    """A record of these fields; raises errors as a body does, each named as the body names it."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _refused(error) from None


def object_id(req: func.HttpRequest, parameter: str = "id") -> str:
    """The id that the path names; raises UnknownObjectError for what cannot be one, before any store chokes on it."""
    id: str = req.route_params[parameter]
    if not re.fullmatch(ID, id):
        raise UnknownObjectError
    return id


def _refused(error: ValidationError) -> DomainError:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if any(detail["type"] == "json_invalid" for detail in details):
        return MalformedError("The body is not JSON")
    return InvalidInputError(
        errors=[FieldError(".".join(map(str, d["loc"])), d["msg"].removeprefix("Value error, ")) for d in details]
    )


def answer(
    status: int, content: BaseModel | None = None, *, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """A JSON answer, or an empty one."""
    text = content.model_dump_json(by_alias=True) if content is not None else ""
    return func.HttpResponse(
        text,
        status_code=status,
        headers=headers,
        mimetype="application/json" if text else "text/plain",
    )


def csv_file(content: bytes, name: str, next_cursor: str | None) -> func.HttpResponse:
    """A file to keep; `X-Next-Cursor` says that there is more, and where it begins."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if next_cursor:
        headers["X-Next-Cursor"] = next_cursor
    return func.HttpResponse(content, headers=headers, mimetype="text/csv", charset="utf-8")


def problem(error: DomainError, scheme: str = "Bearer") -> func.HttpResponse:
    """The answer to an error (RFC 9457); `scheme` is how the caller is to sign in."""
    content: dict[str, Any] = {
        "type": f"urn:popsell:problem:{error.kind}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail or error.title,
        "errors": [{"field": e.field, "reason": e.reason} for e in error.errors],
    }
    headers: dict[str, str] = {}
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = scheme
    return func.HttpResponse(
        json.dumps(content), status_code=error.status, headers=headers, mimetype="application/problem+json"
    )


def client_ip(req: func.HttpRequest) -> str | None:
    """The address that the nearest proxy saw, as one caller is counted by; what callers wrote before it is not believed.

    Without its port, and of an IPv6 address the /64: a household or a server has all of that for itself.
    """
    last = req.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::\d+)?", last)
    host = bracketed.group(1) if bracketed else last.rsplit(":", 1)[0] if last.count(":") == 1 else last
    try:
        address = ip_address(host)
    except ValueError:
        return host or None
    return str(address) if address.version == 4 else str(ip_network(f"{host}/64", strict=False))
