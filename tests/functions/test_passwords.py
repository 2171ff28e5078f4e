"""Forgotten passwords over HTTP and as a page (AMB-7)."""

from typing import Any

import httpx
import pytest

from tests.functions.suite import PASSWORD, Suite
from tests.functions.tenants import link
from tests.functions.test_accounts import log_in, sign_up
from tests.pages.markup import Markup

FORGOT = "/api/brands/acme/password/forgot"
RESET = "/api/brands/acme/password"
ADA, NEW = "ada@example.org", "another good password"


async def forget(suite: Suite, email: str) -> httpx.Response:
    """Asks for a link, and lets the mail leave."""
    response = await suite.http.post(FORGOT, json={"email": email})
    await suite.world.drain()
    return response


@pytest.mark.rule("AMB-7")
@pytest.mark.rule("AMB-6")
async def test_AMB_7_asking_is_answered_the_same_whoever_it_is(suite: Suite) -> None:
    await suite.sign_in(ADA)
    await sign_up(suite, "unconfirmed@example.org")
    answers = [await forget(suite, email) for email in (ADA, "unconfirmed@example.org", "stranger@example.org")]
    assert {(a.status_code, a.content, tuple(a.headers.items())) for a in answers} == {
        (202, b"", tuple(answers[0].headers.items()))
    }
    assert (await suite.http.post(FORGOT, json={"email": "nobody"})).status_code == 422


@pytest.mark.rule("AMB-7")
@pytest.mark.rule("MAIL-3")
async def test_AMB_7_the_page_asks_and_only_a_press_sets_the_password(suite: Suite) -> None:
    await suite.sign_in(ADA)
    await forget(suite, ADA)
    path = "/p/" + link(suite, ADA, "p")
    for method in ("GET", "HEAD", "GET"):
        assert (await suite.http.request(method, path)).status_code == 200
    assert (await log_in(suite, ADA)).status_code == 200
    for short in ("", "hunter2", "x" * 1001):
        refused = await suite.http.post(path, data={"password": short})
        assert refused.status_code == 422
        field = Markup(refused.text).one("input").attributes
        assert field["aria-invalid"] == "true" and "password-problem" in (field["aria-describedby"] or "")
        assert not short or short not in refused.text
    saved = await suite.http.post(path, data={"password": NEW})
    assert saved.status_code == 200 and Markup(saved.text).values("role") == ["status"]
    assert (await suite.http.post(path, data={"password": NEW})).text == saved.text
    assert (await suite.http.get(path)).status_code == 404
    assert (await log_in(suite, ADA)).status_code == 401
    assert (await log_in(suite, ADA, NEW)).status_code == 200


@pytest.mark.rule("AMB-7")
async def test_AMB_7_an_app_sets_it_by_json_and_a_void_link_is_unknown(suite: Suite) -> None:
    me = await suite.sign_in(ADA)
    await forget(suite, ADA)
    token = link(suite, ADA, "p")
    too_short = await suite.http.post(RESET, json={"token": token, "password": "short"})
    assert (too_short.status_code, too_short.json()["errors"][0]["field"]) == (422, "password")
    assert (await suite.http.post(RESET, json={"token": token, "password": NEW})).status_code == 204
    assert (await me.call("GET", "/me")).status_code == 401
    for body in ({"token": token, "password": PASSWORD}, {"token": "x", "password": NEW}):
        assert (await suite.http.post(RESET, json=body)).status_code == 404
    assert (await log_in(suite, ADA, NEW)).status_code == 200


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_page_can_be_read_by_everybody(suite: Suite, language: str) -> None:
    me = await suite.sign_in(ADA)
    await me.call("PATCH", "/me", json={"language": language})
    await forget(suite, ADA)
    page = await suite.http.get("/p/" + link(suite, ADA, "p"))
    markup = Markup(page.text)
    field: dict[str, Any] = markup.one("input").attributes
    assert markup.one("html").attributes["lang"] == page.headers["content-language"] == language
    assert markup.one("label").attributes["for"] == field["id"] == field["name"] == "password"
    assert (field["type"], field["autocomplete"], field["minlength"]) == ("password", "new-password", "10")
    described = {id for ids in markup.values("aria-describedby") for id in (ids or "").split()}
    assert described == set(markup.values("id")) - {"password"}
    assert markup.one("form").attributes == {"method": "post"} and not markup.all("script")
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
