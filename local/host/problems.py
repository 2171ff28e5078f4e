"""Refusals of the admin routes as RFC 9457 problems."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

TITLES = {
    404: "Not found",
    405: "Method not allowed",
    422: "Not acceptable as given",
    504: "Not idle in time",
}


def problem(status: int, detail: str, **members: Any) -> JSONResponse:
    """A problem document; `members` are its extension members."""
    content = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    return JSONResponse(content | members, status_code=status, media_type="application/problem+json")


async def on_http_exception(_request: Request, error: Exception) -> Response:
    """What the router refuses, in the same form."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail)
