"""What holds for every answer that any test gets of the functions: checked as each comes in."""

from http.cookies import SimpleCookie

import httpx

from shared import app
from shared.domain.cookies import COOKIES, LOG_IN, Place

OURS = {cookie.name: cookie for cookie in COOKIES if cookie.place is not Place.BRAND_SITE}
KEPT = {"serve_site_tag": "public, max-age=300"}  # everything else may be a person's


def check(name: str, response: httpx.Response) -> None:
    """Raises AssertionError for what no answer of this function may be."""
    _check_headers(name, response)
    _check_cookies(response)


def _check_headers(name: str, response: httpx.Response) -> None:
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff", name
    assert headers["referrer-policy"] == "no-referrer", name
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy, name
    assert "unsafe" not in policy, name
    assert "frame-ancestors 'none'" in policy or "sandbox" in policy, name
    assert headers["cache-control"] == (KEPT.get(name, "no-store") if response.is_success else "no-store"), name
    assert ("strict-transport-security" in headers) is _by_tls(), name


def _check_cookies(response: httpx.Response) -> None:
    """Each cookie is one of the table, with the table's flags, and for no more than a part of the paths."""
    for line in response.headers.get_list("set-cookie"):
        jar: SimpleCookie = SimpleCookie(line)
        ((name, morsel),) = jar.items()
        row = OURS[name]
        assert bool(morsel["secure"]) is (row.secure and (_by_tls() or row is not LOG_IN)), line
        assert bool(morsel["httponly"]) is row.http_only, name
        assert morsel["samesite"] == row.same_site, name
        assert morsel["path"] not in ("", "/"), name
        assert not morsel["domain"], name


def _by_tls() -> bool:
    return app.settings().public_url.startswith("https:")
