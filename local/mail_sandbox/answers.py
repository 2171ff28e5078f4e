"""The answers of Mailjet's Send API v3.1, the good and the bad."""

from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse

Json = dict[str, Any]


def message_error(code: str, message: str, related: list[str], *, status: int = 400) -> Json:
    """One entry of a refused message's `Errors`."""
    return {
        "ErrorIdentifier": str(uuid4()),
        "ErrorCode": code,
        "StatusCode": status,
        "ErrorMessage": message,
        "ErrorRelatedTo": related,
    }


def refused_message(errors: list[Json]) -> Json:
    """A message that is not sent: neither CustomID nor recipient, the caller correlates by its place."""
    return {"Status": "error", "Errors": errors}


def global_error(code: str, message: str, *, status: int = 400, related: list[str] | None = None) -> JSONResponse:
    """An answer to the whole call: nothing was sent."""
    body = {"ErrorIdentifier": str(uuid4()), "ErrorCode": code, "ErrorMessage": message, "StatusCode": status}
    return JSONResponse(body | ({"ErrorRelatedTo": related} if related else {}), status_code=status)


def malformed() -> JSONResponse:
    """The global error of a body that is no JSON or of another shape."""
    return global_error("mj-0002", "Malformed JSON, please review the syntax and properties types.")


def unauthorised() -> JSONResponse:
    """The answer to wrong API credentials."""
    message = "API key authentication/authorization failure. You may be unauthorized to access the API."
    return global_error("mj-0015", message, status=401)


def too_many_requests() -> JSONResponse:
    """Over the rate; without Retry-After, as Mailjet does."""
    return JSONResponse({"ErrorMessage": "Too Many Requests", "StatusCode": 429}, status_code=429)


def internal_error() -> JSONResponse:
    """Mailjet's own failure."""
    body = {"ErrorIdentifier": str(uuid4()), "ErrorMessage": "Internal Server Error", "StatusCode": 500}
    return JSONResponse(body, status_code=500)
