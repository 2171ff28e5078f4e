"""The caller's own key for a request, under which it is done once however often it is sent."""

import re

import azure.functions as func

from shared.domain.errors import FieldError, InvalidInputError

HEADER = "Idempotency-Key"


def idempotency_key(req: func.HttpRequest) -> str | None:
    """The key; None without one. Raises InvalidInputError for what is none."""
    key: str | None = req.headers.get(HEADER)
    if key is not None and not re.fullmatch(r"[!-~]{1,200}", key):
        raise InvalidInputError(errors=[FieldError(HEADER, "must be 1 to 200 visible ASCII characters")])
    return key
