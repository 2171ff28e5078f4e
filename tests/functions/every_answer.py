"""What holds for every answer that any test gets of the functions: checked as each comes in."""

from functools import cache
from http.cookies import SimpleCookie
from typing import Any

import httpx
import jsonschema_rs

from functions.contract import contract
from functions.http import OPERATIONS
from shared import app
from shared.domain.cookies import COOKIES, LOG_IN, Place

PROBLEM = "application/problem+json"
OURS = {cookie.name: cookie for cookie in COOKIES if cookie.place is not Place.BRAND_SITE}
KEPT = {"serve_site_tag": "public, max-age=300"}  # everything else may be a person's


def check(name: str, response: httpx.Response) -> None:
    """Raises AssertionError for what no answer of this function may be."""
    _check_headers(name, response)
    _check_cookies(response)
    _check_contract(name, response)


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


def _check_contract(name: str, response: httpx.Response) -> None:
    """The status, the media type and the content are among those that the contract names."""
    method = response.request.method.lower()
    responses = _described()[name, "get" if method == "head" else method]["responses"]
    kind = response.json()["type"] if response.content and response.headers["content-type"] == PROBLEM else ""
    if response.status_code >= 500:
        assert kind or response.headers["content-type"].startswith("text/html"), name
        return
    assert str(response.status_code) in responses, f"{name}: {response.status_code} {kind} is not in the contract"
    said = responses[str(response.status_code)]
    media_type = response.headers["content-type"].partition(";")[0]
    if not response.content:
        return
    content = said.get("content", {})
    assert media_type in content, f"{name}: {response.status_code} {media_type} is not in the contract"
    if kind:
        kinds = {f"urn:popsell:problem:{one}" for one in content[PROBLEM]["examples"]}
        assert kind in kinds, f"{name}: {response.status_code} {kind} is not in the contract"
    if "$ref" in content[media_type]["schema"]:
        _validator(content[media_type]["schema"]["$ref"]).validate(response.json())


@cache
def _described() -> dict[tuple[str, str], dict[str, Any]]:
    paths = contract()["paths"]
    return {(op.name, m.lower()): paths[op.path][m.lower()] for op in OPERATIONS for m in op.methods if m != "HEAD"}


@cache
def _validator(reference: str) -> Any:
    return jsonschema_rs.validator_for(
        {"$ref": reference, "components": contract()["components"]}, validate_formats=True
    )
