"""What stands on every answer, whichever function gives it: an answer says otherwise only by naming the header itself."""

from collections.abc import Mapping

import azure.functions as func

SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    # Of what is no page: whatever a browser takes it for, it loads nothing, and no site shows it in a frame.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
HSTS = "max-age=31536000; includeSubDomains"


def secured(response: func.HttpResponse, *, by_tls: bool) -> func.HttpResponse:
    """The answer with each header that it does not name; `by_tls` says that people reach the suite by https alone."""
    for name, value in SECURITY_HEADERS.items():
        if name not in response.headers:
            response.headers[name] = value
    if by_tls:
        response.headers["Strict-Transport-Security"] = HSTS
    return response
