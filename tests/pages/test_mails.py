"""The mails: who sends them on whose behalf, and the links they hold (MAIL-2)."""

import re
from typing import Any

import pytest

from shared.pages import render
from shared.pages.render import LANGUAGES, MailContent
from tests.pages.markup import Markup
from tests.pages.samples import (
    CONFIRM_URL,
    CONTENT_URLS,
    INVITATION_URL,
    LOG_IN_URL,
    MAIL_NAMES,
    OPT_OUT_URL,
    PHOTO_URL,
    a_brand,
    mails,
)

every_mail = pytest.mark.parametrize(
    ("language", "name"), [(language, name) for language in LANGUAGES for name in MAIL_NAMES]
)
PRIVACY = a_brand().privacy_policy_url
TO_AN_ADDRESS = ("your_rights", "rights_extended", "rights_answered", "rights_due")  # no name is asked for, or believed
LINKS = {
    "invitation": [INVITATION_URL, PRIVACY, OPT_OUT_URL],
    "invitation_reminder": [INVITATION_URL, PRIVACY, OPT_OUT_URL],
    "publication": [*CONTENT_URLS, PHOTO_URL, PRIVACY, OPT_OUT_URL],
    "voucher": [PRIVACY, OPT_OUT_URL],
    "new_comment": [PRIVACY, OPT_OUT_URL],
    "newsletter": [PRIVACY, OPT_OUT_URL],
    "event": [PRIVACY, OPT_OUT_URL],
    "challenge": [PRIVACY, OPT_OUT_URL],
    "suspended": [CONFIRM_URL, PRIVACY],
    "inactive": [PRIVACY],
    "confirm_sign_up": [CONFIRM_URL, PRIVACY],
    "already_registered": [LOG_IN_URL, PRIVACY],
    "reset_password": [CONFIRM_URL, PRIVACY],
    "your_rights": [CONFIRM_URL, PRIVACY],
    "rights_extended": [PRIVACY],
    "rights_answered": [PRIVACY],
    "rights_due": [PRIVACY],
    "contacts_migrated": [PRIVACY],
    "you_left": [PRIVACY],
    "you_were_removed": [PRIVACY],
    "confirm_address": [CONFIRM_URL, PRIVACY],
    "visitor_message": [PRIVACY],
    "visitor_message_unanswered": [PRIVACY],
}
OF_AN_AMBASSADOR = ("invitation", "invitation_reminder", "publication", "voucher", "confirm_address")


def _links(mail: MailContent) -> list[str]:
    return Markup(mail.html).values("href")


@every_mail
@pytest.mark.rule("MAIL-2")
def test_a_mail_holds_the_links_it_was_given_and_no_others_in_both_parts(language: str, name: str) -> None:
    mail = mails(language)[name]
    assert _links(mail) == LINKS[name]
    assert re.findall(r"https?://\S+", mail.text) == LINKS[name]


@every_mail
@pytest.mark.rule("MAIL-2")
def test_every_mail_says_who_sends_it_on_whose_behalf(language: str, name: str) -> None:
    mail = mails(language)[name]
    for part in (mail.text, Markup(mail.html).one("body").text):
        assert "Acme" in part and "Popsell" in part
        if name in OF_AN_AMBASSADOR:
            assert "Acme News" in part and "Camille Roux" in part


@every_mail
def test_a_mail_loads_nothing_and_watches_nobody(language: str, name: str) -> None:
    markup = Markup(mails(language)[name].html)
    assert not {e.name for e in markup.elements} & {"img", "link", "script", "iframe", "form", "object"}
    assert not markup.values("src") and not markup.values("background")
    assert "url(" not in mails(language)[name].html


@every_mail
def test_a_mail_can_be_read_by_everybody(language: str, name: str) -> None:
    mail = mails(language)[name]
    markup = Markup(mail.html)
    assert markup.one("html").attributes["lang"] == language
    assert markup.one("h1").text and markup.one("title").text == mail.subject
    assert all(table.attributes["role"] == "presentation" for table in markup.all("table"))
    assert all(link.text for link in markup.all("a"))
    assert "prefers-color-scheme: dark" in markup.one("style").text


@every_mail
def test_both_parts_say_the_same(language: str, name: str) -> None:
    mail = mails(language)[name]
    for element in Markup(mail.html).elements:
        if element.name in ("h1", "h2") or (element.name == "p" and "td" in element.within and "·" not in element.text):
            for line in element.text.split("\n"):
                assert line in mail.text.replace("\n>\n", "\n").replace("> ", "")


@every_mail
@pytest.mark.rule("CON-7")
def test_a_mail_names_the_version_of_its_text(language: str, name: str) -> None:
    assert re.fullmatch(rf"mails/{name}/{language}/[0-9a-f]{{8}}", mails(language)[name].text_version)


@every_mail
def test_a_mail_greets_by_the_first_name_if_it_is_known(language: str, name: str) -> None:
    hello = {"en": "Hello", "fr": "Bonjour"}[language]
    assert (f"\n{hello} Jean,\n" in mails(language)[name].text) == (name not in TO_AN_ADDRESS)
    assert f"\n{hello},\n" in mails(language, first_name=None)[name].text


@pytest.mark.parametrize(
    ("language", "last", "silence"),
    [("en", "last mail", "counts as a no"), ("fr", "le dernier", "que c’est non")],
)
@pytest.mark.rule("RET-3")
def test_the_second_invitation_says_that_it_is_the_last_and_what_silence_means(
    language: str, last: str, silence: str
) -> None:
    shown = mails(language)
    assert last in shown["invitation_reminder"].text and silence in shown["invitation_reminder"].text
    assert silence in shown["invitation"].text and last not in shown["invitation"].text


def test_a_known_account_without_a_log_in_page_gets_no_button() -> None:
    mail = render.already_registered_mail(brand=a_brand(), language="en", first_name=None)
    assert _links(mail) == [PRIVACY]
    assert "Log in" not in mail.text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://example.org/x",
        "//example.org",
        "http://",
        "https://exa mple.org",
        "",
        "https://[x",
        "data:,x",
    ],
)
def test_a_content_links_a_page_of_the_web_or_is_refused_by_name(url: str) -> None:
    values: Any = {"brand": a_brand(), "language": "en", "ambassador_name": "C", "first_name": None}
    contents = [{"title": "Good", "url": "https://example.org/"}, {"title": "Bad", "url": url}]
    with pytest.raises(ValueError, match=r"^contents\[1\]\.url must be an http or https address$"):
        render.publication_mail(**values, subject="s", body="b", contents=contents, opt_out_url=OPT_OUT_URL)


def test_a_content_without_a_title_is_shown_by_its_address() -> None:
    mail = mails("en", title="\n", description=None)["publication"]
    assert f"* {CONTENT_URLS[0]}\n  {CONTENT_URLS[0]}\n" in mail.text


def test_a_publication_without_a_subject_or_body_still_says_whose_it_is() -> None:
    mail = mails("en", subject=" \r\n", body="\n\n")["publication"]
    assert mail.subject == "News from Camille Roux"
    assert ">" not in mail.text
