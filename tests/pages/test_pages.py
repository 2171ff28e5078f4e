"""The person's own pages: what each holds, asks and lets in (MAIL-2, MAIL-3)."""

import base64
import hashlib
import re
from datetime import date
from typing import Any

import pytest

from shared.pages import render
from shared.pages.render import LANGUAGES, Page
from tests.pages.markup import Markup
from tests.pages.samples import LOGO, PAGE_NAMES, a_brand, pages

every_page = pytest.mark.parametrize(
    ("language", "name"), [(language, name) for language in LANGUAGES for name in PAGE_NAMES]
)
RIGHTS = ("json", "csv", "provided_json", "rectify", "lift", "object", "erase", "ask")
ASKED = {
    "invitation": {("answer", "accept"), ("answer", "decline")},
    "invitation accepted": {("answer", "decline")},
    "invitation declined": {("answer", "accept")},
    "opt-out": {("scope", "ambassador"), ("scope", "brand")},
    "opted out of the ambassador": {("scope", "brand")},
    "confirm address": {("confirm", "yes")},
    "confirm sign-up": {("confirm", "yes")},
    "sign up": {("create", "yes")},
    "sign up refused": {("create", "yes")},
    "leaving": {("leave", "yes")},
    "stop notices": {("stop", "yes")},
    "rights asked": {("do", "send")},
    "rights": {("do", what) for what in RIGHTS},
    "rights erased, confirmed": {("do", "json"), ("do", "object"), ("do", "ask")},
}
SIGN_UPS = ("sign up", "sign up refused")
FORMS = (*SIGN_UPS, "rights asked", "rights")  # with fields to fill in
WITH_RESULT = [name for name in PAGE_NAMES if re.search("accepted|declined|closed|opted|confirmed|stopped|^left", name)]


def _read(page: Page) -> Markup:
    return Markup(page.html)


@every_page
@pytest.mark.rule("MAIL-2")
def test_every_page_links_the_privacy_policy_and_says_who_is_responsible(language: str, name: str) -> None:
    markup = _read(pages(language)[name])
    (link,) = [link for link in markup.all("a") if "footer" in link.within]
    assert link.attributes["href"] == a_brand().privacy_policy_url
    assert link.text
    footer = markup.one("footer").text
    assert "Acme" in footer and "Popsell" in footer


@every_page
def test_every_page_can_be_read_by_everybody(language: str, name: str) -> None:
    markup = _read(pages(language)[name])
    assert markup.one("html").attributes["lang"] == language
    assert markup.one("h1").text and "main" in markup.one("h1").within
    assert markup.one("h1").text in markup.one("title").text
    for landmark in ("header", "main", "footer"):
        assert markup.one(landmark).within == ("html", "body")
    (viewport,) = (m.attributes["content"] for m in markup.all("meta") if m.attributes.get("name") == "viewport")
    assert viewport and "scale=1" in viewport and "user-scalable" not in viewport
    ids = markup.values("id")
    assert len(set(ids)) == len(ids)
    assert {*markup.values("aria-describedby"), *markup.values("for")} == set(ids)
    for control in (*markup.all("input"), *markup.all("select")):
        labelled = control.attributes.get("id") in markup.values("for") or "label" in control.within
        assert labelled or control.attributes["type"] == "hidden"


@every_page
@pytest.mark.rule("MAIL-3")
def test_only_the_press_of_a_button_asks_for_a_change_and_by_post(language: str, name: str) -> None:
    markup = _read(pages(language)[name])
    buttons = {(b.attributes["name"], b.attributes["value"]) for b in markup.all("button")}
    assert buttons == ASKED.get(name, set())
    assert bool(buttons) == bool(markup.all("form"))
    for button in markup.all("button"):
        assert button.attributes["type"] == "submit" and button.text
        assert {"form", "fieldset"} <= set(button.within)
    for form in markup.all("form"):
        assert form.attributes == {"method": "post", **({"action": "/login/accept"} if name in SIGN_UPS else {})}
        assert markup.one("legend").text
    assert not markup.all("script")
    filled_in = [field for field in markup.all("input") if field.attributes.get("type") != "hidden"]
    assert bool(filled_in) == (name in FORMS)
    assert not [key for e in markup.elements for key in e.attributes if key.startswith("on") or key == "http-equiv"]


@every_page
def test_no_page_loads_anything(language: str, name: str) -> None:
    page = pages(language, brand=a_brand(logo=LOGO))[name]
    markup = _read(page)
    assert markup.values("src") == [LOGO]
    assert markup.one("img").attributes["alt"] == "Acme"
    assert {e.name for e in markup.elements if "href" in e.attributes} == {"a"}
    assert "url(" not in page.html and "@import" not in page.html
    assert not markup.values("style")


@every_page
@pytest.mark.rule("MAIL-3")
def test_the_headers_let_nothing_in_or_out(language: str, name: str) -> None:
    page = pages(language)[name]
    policy = page.headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    css = re.search("<style>(.*?)</style>", page.html, re.DOTALL)
    assert css
    digest = base64.b64encode(hashlib.sha256(css[1].encode()).digest()).decode()
    assert directives == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "data:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Content-Language"] == language
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "geolocation=()" in page.headers["Permissions-Policy"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGE_NAMES)
def test_a_result_is_announced(language: str, name: str) -> None:
    markup = _read(pages(language)[name])
    assert (markup.values("role") == ["status"]) == (name in WITH_RESULT)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.rule("MAIL-3")
def test_the_invitation_says_until_when_the_answer_can_be_changed(language: str) -> None:
    day = {"en": "1 March 2030", "fr": "1er mars 2030"}[language]
    shown = pages(language)
    for name in ("invitation", "invitation accepted", "invitation declined"):
        assert day in shown[name].html
    assert day not in shown["invitation closed"].html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_invitation_names_who_asks_for_whom_and_to_which_address(language: str) -> None:
    main = _read(pages(language)["invitation"]).one("main").text
    assert all(word in main for word in ("Camille Roux", "Acme", "example.org"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.rule("SUP-4")
def test_an_old_invitation_is_no_way_back_from_an_opt_out_of_all(language: str) -> None:
    assert not _read(pages(language)["invitation closed"]).all("button")


def test_yes_and_no_look_alike() -> None:
    accept, decline = _read(pages("en")["invitation"]).all("button")
    assert accept.attributes.keys() == decline.attributes.keys()
    assert accept.within == decline.within


def test_an_address_that_is_gone_is_called_just_that() -> None:
    page = render.opt_out_page(
        brand=a_brand(), language="en", ambassador_name="Camille", contact_email_masked=None, result=None
    )
    assert "your email address" in page.html


def test_a_form_posts_elsewhere_on_this_site_if_told_to() -> None:
    ask: Any = {"brand": a_brand(), "language": "en", "confirmed": False}
    assert _read(render.confirm_sign_up_page(**ask, action_url="/a/x")).one("form").attributes["action"] == "/a/x"
    for url in ("javascript:alert(1)", "//evil.example", "/\\evil.example", "data:text/html,x"):
        with pytest.raises(ValueError, match="action_url"):
            render.confirm_sign_up_page(**ask, action_url=url)


def test_a_page_of_no_known_brand_is_the_platforms() -> None:
    brand = render.platform_brand("https://platform.example.com/privacy")
    markup = _read(render.invalid_link_page(brand=brand, language="en"))
    assert markup.one("a").attributes["href"] == "https://platform.example.com/privacy"
    assert "run by Popsell" in markup.one("footer").text


def test_the_same_page_comes_out_every_time() -> None:
    assert pages("fr") == pages("fr")
    again = render.invitation_page(
        brand=a_brand(),
        language="en",
        ambassador_name="Camille Roux",
        contact_email_masked="j…@example.org",
        answer=None,
        until=date(2030, 3, 1),
    )
    assert again == pages("en")["invitation"]
