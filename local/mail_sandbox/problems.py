"""Errors of the sandbox's own API as RFC 9457 problems."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse


class ProblemError(Exception):
    """A refusal that the caller can mend: status, a title and, where one is to blame, the field."""

    def __init__(self, status: int, title: str, *, field: str | None = None, reason: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.field = field
        self.reason = reason


async def problem_answer(_request: Request, error: Exception) -> JSONResponse:
    """The problem+json of `error`; Starlette's exception handler for `ProblemError`."""
    if not isinstance(error, ProblemError):
        raise error
    body: dict[str, Any] = {"type": "about:blank", "title": error.title, "status": error.status}
    if error.reason:
        body["detail"] = error.reason
    if error.field is not None:
        body["errors"] = [{"field": error.field, "reason": error.reason}]
    return JSONResponse(body, status_code=error.status, media_type="application/problem+json")


def invalid(field: str, reason: str) -> ProblemError:
    """422 naming the field of the request that is wrong."""
    return ProblemError(422, "The request is not valid", field=field, reason=reason)


async def json_object(request: Request) -> dict[str, Any]:
    """The request's JSON object. Raises ProblemError 422 on anything else."""
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise invalid("", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise invalid("", "the body is not a JSON object")
    return body


def refuse_unknown(body: dict[str, Any], known: set[str]) -> None:
    """Raises ProblemError 422 naming the first field of `body` that is not `known`."""
    for field in body:
        if field not in known:
            raise invalid(field, "unknown field")


def whole_number(body: dict[str, Any], field: str, *, default: int, most: int) -> int:
    """`body[field]` as an integer of 1 to `most`. Raises ProblemError 422 on anything else."""
    value = body.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise invalid(field, f"a whole number from 1 to {most}")
    return value
